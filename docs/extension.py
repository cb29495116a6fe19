"""How the pages look: formulas as MathML, buttons on top of a page, questions as cards, a start page of its own."""
import re
from urllib.parse import urlencode

from docutils import nodes
from latex2mathml.converter import convert


def spaced(mathml:str)->str:
    "MathML with what latex2mathml leaves out: room after log, and primes of full height."
    mathml = mathml.replace('<mi>log</mi>', '<mi>log</mi><mspace width="0.17em" />')
    return re.sub(r'<msup>(<mi>[^<]*</mi>)<mi>&#x02032;</mi></msup>', r'<mrow>\1<mo lspace="0" rspace="0">&#x02032;</mo></mrow>', mathml)


def formula(display:str):
    "A visitor that writes a formula as MathML, which browsers render without a script."
    def visit(self, node):
        reachable = ' tabindex="0"' if display == 'block' else ''         # a long one scrolls, by keyboard too
        self.body.append(f'<span class="formula {display}"{reachable}>{spaced(convert(node.astext(), display=display))}</span>')
        raise nodes.SkipNode
    return visit, None


def make_cards(app, doctree):
    "Mark the sections of questions, so that style and script find them; their anchors are the ids."
    for section in doctree.findall(nodes.section):
        found = re.match(r'(\d\d-\d\d) · (\w+)', section[0].astext())
        if not found: continue
        section['classes'] += ['question', found[2]]
        section['ids'].insert(0, f'q-{found[1]}')


def page_context(app, pagename, templatename, context, doctree):
    "Buttons of notebooks, a description of its own for each page, and the start page's own template."
    context['header_buttons'] = buttons(app.config, pagename)
    if doctree is not None and pagename != app.config.root_doc: context['description'] = description(doctree, app.config.project)
    context['wide_page'] = pagename.startswith(('nbs/', 'questionnaire/'))
    return 'landing.html' if pagename == app.config.root_doc else None


def description(doctree, project:str)->str:
    "Title and subtitle of a page, as a search engine shows them."
    title = next((node.astext() for node in doctree.findall(nodes.title)), '')
    subtitle = next((node.astext() for node in doctree.findall(nodes.container) if 'subtitle' in node['classes']), '')
    return ': '.join(filter(None, [title, ' '.join(subtitle.split())])) + f' ({project})'


def buttons(config, pagename:str)->list:
    "Where a notebook can be run, had, seen as source, or reported on."
    repository = f'https://github.com/{config.repository}'
    link = lambda text, url: dict(type='link', text=text, url=url)
    report = link('Report a mistake', f'{repository}/issues/new?{urlencode(dict(template="mistake.yml", place=pagename))}')
    if not pagename.startswith(('nbs/', 'questionnaire/')): return []
    path = f'{pagename}.ipynb'
    run = [link('Open in Colab', f'https://colab.research.google.com/github/{config.repository}/blob/{config.branch}/{path}'),
           link('Open in Codespaces', f'https://codespaces.new/{config.repository}')]
    have = [link('Download notebook', '../' * pagename.count('/') + path),
            link('Source on GitHub', f'{repository}/blob/{config.branch}/{path}'), report]
    return [dict(type='group', buttons=run, icon='fas fa-rocket', tooltip='Run this notebook', label='run'),
            dict(type='group', buttons=have, icon='fas fa-download', tooltip='Download, source, report', label='have')]


def add_written_files(app, config):
    "The list of questions, and the notebooks to download, which pages.py wrote beside the pages."
    config.html_static_path.append(str(app.srcdir/'_static'))
    config.html_extra_path.append(str(app.srcdir.parent/'files'))


def setup(app):
    app.add_config_value('repository', '', 'html')
    app.add_config_value('branch', 'main', 'html')
    app.add_html_math_renderer('mathml', formula('inline'), formula('block'))
    app.connect('config-inited', add_written_files)
    app.connect('doctree-read', make_cards, priority=400)             # before the contents of the page are collected
    app.connect('html-page-context', page_context, priority=900)      # after the theme's own
    return dict(version='1', parallel_read_safe=True, parallel_write_safe=True)
