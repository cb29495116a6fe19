"""What the site's pages say: everything here is read from the notebooks, the library and the README; nothing is told twice.

`write_pages(root, out)` writes Sphinx's sources: notebooks as a reader should see them, and pages made from all of them.
"""
import ast
import html
import importlib
import inspect
import json
import re
from configparser import ConfigParser
from dataclasses import dataclass, field
from pathlib import Path
from runpy import run_path
from textwrap import dedent

import nbformat
from fastcore.docments import docments

from course_lib.tools.cli import count_checks, directives, find_lessons, printed, read_opening
from course_lib.tools.films import dense_corner, film_ratings
from course_lib.tools.quiz import Question, read_questions
from course_lib.tools.ranges import read_headlines, read_ranges
from course_lib.spreadsheet import first_factors, solve, write_workbook
from speed import speed_page, speed_plots

FLAGS = dict(real='On the real data set: left out unless asked for. What stands below was stored from such a run.',
             slow='A long run: left out unless asked for. What stands below was stored from such a run.',
             gpu='For a GPU: left out unless asked for. What stands below was stored from such a run.')


@dataclass
class Page:
    "A notebook of the course and the module that it exports."
    path: Path                                   # of the notebook
    folder: str                                  # of the page: 'nbs' or 'nbs/tools'
    number: str = ''                             # '02', or '' for a tool
    title: str = ''
    about: str = ''
    questions: list = field(default_factory=list)
    names: dict = field(default_factory=dict)    # public name -> id of the cell that exports it

    @property
    def module(self): return self.path.stem[3:] if self.number else f'tools.{self.path.stem}'
    @property
    def url(self): return f'{self.folder}/{self.path.stem}.html'
    @property
    def questions_url(self): return f'questionnaire/{self.path.stem}.html'
    @property
    def api_url(self): return f'api/{self.module}.html'


def read_page(path:Path, root:Path)->Page:
    "What the site needs to know of the notebook at `path`."
    is_lesson = path.parent.name == 'nbs'
    title, about = read_opening(path)
    names = {name: cell.id for cell in nbformat.read(path, 4).cells for name in exported_names(cell)}
    questions = read_questions(root/'questionnaire'/path.name) if is_lesson else []
    return Page(path, path.parent.relative_to(root).as_posix(), path.stem[:2] if is_lesson else '', title, about, questions, names)


def exported_names(cell)->list:
    "The public functions, classes and constants that a cell exports."
    if cell.cell_type != 'code' or 'export' not in directives(cell.source): return []
    names = []
    for node in ast.parse(cell.source).body:
        patched = isinstance(node, ast.FunctionDef) and any(getattr(getattr(d, 'func', d), 'id', '') == 'patch' for d in node.decorator_list)      # or @patch(as_prop=True)
        if patched and not node.name.startswith('_'): names.append(f'{node.args.args[0].annotation.id}.{node.name}')      # a method
        elif not patched and isinstance(node, (ast.FunctionDef, ast.ClassDef)): names.append(node.name)
        elif isinstance(node, ast.Assign): names += [t.id for t in node.targets if isinstance(t, ast.Name) and t.id.isupper()]
    return [name for name in names if not name.startswith('_')]


# Small pieces

def md(text): return nbformat.v4.new_markdown_cell(text)
def raw(text): return md(text)                    # HTML in a cell of its own: what stands between two such cells is rendered as usual
def as_source(page_url): return page_url.removesuffix('.html') + '.ipynb'
def up(page_url): return '../' * page_url.count('/')


def linked(source:str, page:Page, here:str, pages)->str:
    "Prose with links: to questions by their id, to lessons by their name, to workbooks, to the names of the library in the table of names."
    number = {p.number: p for p in pages if p.number}
    source = re.sub(r'\b(Question|question) ((\d\d)-\d\d)\b', lambda m: m[0] if m[3] not in number else
                    f'<a href="{up(here)}{number[m[3]].questions_url}#q-{m[2]}">{m[0]}</a>', source)
    source = re.sub(r'`(\d\d)_\w+`', lambda m: m[0] if m[1] not in number else f'<a href="{up(here)}{number[m[1]].url}">{m[1]} {number[m[1]].title}</a>', source)
    source = re.sub(r'`((solved|start)\.xlsx)`', r'<a href="build/\1" download><code>\1</code></a>', source)
    if not source.startswith('## Under other names'): return source
    return '\n'.join(re.sub(r'^\|[^|]*', lambda m: api_links(m[0], page, here), line) for line in source.split('\n'))


def api_links(text:str, page:Page, here:str)->str:
    "Each quoted name of the page's module as a link to its entry."
    def link(m): return m[0] if m[1] not in page.names else f'<a href="{up(here)}{page.api_url}#course_lib.{page.module}.{m[1]}"><code>{m[1]}</code></a>'
    return re.sub(r'`(\w+)`', link, text)


def trio(page:Page, here:str)->str:
    "Links between a lesson, its questions and its module, as they stand on top of each of the three."
    links = [('Lesson' if page.number else 'Notebook', page.url)]
    if page.questions: links.append((f'{len(page.questions)} questions', page.questions_url))
    links.append((f'Module <code>{page.module}</code>', page.api_url))
    current = lambda url: ' aria-current="page"' if url == here else ''
    items = ''.join(f'<a href="{up(here)}{url}"{current(url)}>{text}</a>' for text, url in links)
    return f'<nav class="trio" aria-label="{page.number} {page.title}">{items}</nav>'


def opening(source:str, page:Page, here:str)->str:
    "The first cell: title, links, subtitle, and the card as a list."
    title, _, rest = source.partition('\n')
    subtitle, _, rest = rest.partition('\n')
    facts, _, rest = rest.strip().partition('\n\n') if rest.strip().startswith('**') else ('', '', rest)
    facts = re.sub(r'`questionnaire/\d\d_\w+\.ipynb`', f'[{len(page.questions)} on this lesson]({up(here)}{as_source(page.questions_url)})', facts)
    facts = [f'* {line}' for line in re.split(r' · (?=\*\*)|\n', facts) if line]
    shown = [title, trio(page, here), f':::{{container}} subtitle\n{subtitle.removeprefix("> ")}\n:::']
    if facts: shown.append(':::{container} facts\n' + '\n'.join(facts) + '\n:::')
    return '\n\n'.join([*shown, rest.strip()])


def without_directives(source:str)->str:
    "A code cell as readers see it."
    return re.sub(r'\A(\s*#\|[^\n]*\n?)+', '', source).strip('\n')


def toctree(names, caption=''):
    "A hidden table of contents, which orders the pages."
    return '\n'.join(['```{toctree}', ':hidden:', *([f':caption: {caption}'] if caption else []), '', *names, '```'])


# Lessons and tools

def lesson_page(page:Page, pages)->nbformat.NotebookNode:
    "A lesson without directives and hidden cells, its solutions folded, its exported names linked to the library."
    nb = nbformat.read(page.path, 4)
    cells, ranges = [md(opening(nb.cells[0].source, page, page.url))], read_ranges(nb, read_headlines(printed(nb)))
    for cell in nb.cells[1:]:
        for output in cell.get('outputs', []):
            if output.output_type == 'stream': output.text = rounded(output.text, ranges)
            if table := output.get('data', {}).get('text/html'): output.data['text/html'] = table.replace('<td>NaN</td>', '<td class="gap" aria-label="no value"></td>')
        cells += [md(linked(cell.source, page, page.url, pages))] if cell.cell_type == 'markdown' else shown_code(cell, page)
    if page.questions: cells.append(md(toctree([f'Questions </questionnaire/{page.path.stem}>'])))
    return with_cells(nb, cells)


def rounded(text:str, ranges:dict)->str:
    "What a cell printed, its headline figures with the digits that their ranges allow, and with the ranges."
    def line(match):
        h, = read_headlines(match[0])
        range_ = ranges[h.what]
        return ' | '.join(['headline', h.what, range_.shown(h.value), *[f'range {range_}'] * (range_.width > 0),
                           *([f'{h.beside[0]} {ranges[" | ".join([h.what, h.beside[0]])].shown(h.beside[1])}'] if h.beside else [])])
    return re.sub(r'^headline \| .+$', line, text, flags=re.M)


def shown_code(cell, page:Page)->list:
    "What a code cell of a lesson becomes: nothing, the cell, or the cell with what belongs around it."
    found = directives(cell.source)
    if {'hide', 'default_exp'} & found.keys(): return []
    names = exported_names(cell)
    cell.source = without_directives(cell.source)
    if 'fig-alt' in found: cell.metadata['mystnb'] = {'image': {'alt': found['fig-alt']}}
    before, after = [], []
    if 'proof' in found:
        before, after = [raw(proof_head(cell.id, found['proof'], count_checks(cell.source)))], [raw('</details>')]
    if 'setup' in found:
        before, after = [raw('<details class="setup"><summary>Setup</summary>')], [raw('</details>')]
    if 'solution' in found:
        before, after = [raw(f'<details class="solution"><summary>Solution {found["solution"]}</summary>')], [raw('</details>')]
    before += [raw(f'<p class="flag">{text}</p>') for flag, text in FLAGS.items() if flag in found]
    if names:
        links = ', '.join(f'<a href="{up(page.url)}{page.api_url}#course_lib.{page.module}.{name}"><code>{name}</code></a>' for name in names)
        before += [raw(f'<div class="exported" id="cell-{cell.id}">Into the library: {links}</div>')]
    return [*before, cell, *after]


def in_code(text:str)->str:
    "A caption as HTML: what stands between backticks is code."
    return re.sub(r'`([^`]+)`', r'<code>\1</code>', html.escape(text, quote=False))


def proof_head(cell_id:str, caption:str, n:int)->str:
    "What stays in view of a proof: a tick, its caption, and the number of its checks. A link to the anchor within opens it."
    return (f'<details class="proof"><summary><span class="tick">✓</span> {in_code(caption)} <span class="count">{checks(n)}</span></summary>'
            f'<span class="anchor" id="proof-{cell_id}"></span>')


def checks(n:int)->str: return f'{n} check' + 's' * (n != 1)


@dataclass
class Proof:
    "A cell of a lesson that only asserts."
    cell: str                                    # id
    caption: str
    n: int                                       # checks in it
    names: set                                   # what it calls or reads


def read_proofs(page:Page)->list:
    "The proofs of a lesson, in their order."
    found = []
    for cell in nbformat.read(page.path, 4).cells:
        if cell.cell_type != 'code' or 'proof' not in (told := directives(cell.source)): continue
        names = {n.attr if isinstance(n, ast.Attribute) else n.id for n in ast.walk(ast.parse(cell.source)) if isinstance(n, (ast.Name, ast.Attribute))}
        found.append(Proof(cell.id, told['proof'], count_checks(cell.source), names))
    return found


def proved_page(pages, root:Path)->str:
    "What is proved: the captions of all proofs, by lesson, and how many planted faults were noticed."
    faults = json.loads((root/'tests'/'mutations.json').read_text(encoding='utf-8'))
    proofs = {page.number: read_proofs(page) for page in pages}
    every = [proof for some in proofs.values() for proof in some]
    lines = ['# What is proved', '', ':::{container} subtitle', 'Each line is a cell that fails if the line is false', ':::', '',
             f'{len(every)} proofs with {sum(p.n for p in every)} checks. All of them run whenever the course is tested, and when you run a lesson.', '']
    for page in pages:
        if not (some := proofs[page.number]): continue
        lines += [f'## {page.number} {page.title}', '', f'{len(some)} proofs, {checks(sum(p.n for p in some))}.{noticed(faults.get(page.module))}', '']
        lines += [f'* <a href="{page.url}#proof-{p.cell}">{in_code(p.caption)}</a> ({checks(p.n)})' for p in some] + ['']
    return '\n'.join(lines)


def noticed(found)->str: # an entry of mutations.json, or None
    "A sentence on the faults that were planted in a module; nothing if none were."
    if found is None: return ''
    return (f' Of {found["drawn"]} small faults planted at random in its module, one at a time, {found["noticed"]} ({found["noticed"] / found["drawn"]:.0%}) made its proofs, '
            f'its questions or the tests fail: <code>{found["command"]}</code>, {found["date"]}.')


def with_cells(nb, cells):
    "The notebook with other cells, each with an id of its own."
    for i, cell in enumerate(cells): cell['id'] = f'c{i}'
    return nbformat.v4.new_notebook(cells=cells, metadata={'kernelspec': nb.metadata.kernelspec, 'language_info': {'name': 'python'}})


# Questions as cards

def questions_page(page:Page, root:Path)->nbformat.NotebookNode:
    "A questionnaire as cards: question, hint, answer with its witness, usual wrong answers."
    nb = nbformat.read(root/'questionnaire'/page.path.name, 4)
    start = next(i for i, c in enumerate(nb.cells) if c.source.startswith('### '))
    cells = [md(opening(nb.cells[0].source, page, page.questions_url)), raw(f'<div>{progress([page])}</div>')]
    cells += [c for c in nb.cells[1:start] if c.cell_type == 'markdown']
    rest, by_id = nb.cells[start:], {q.id: q for q in page.questions}
    heads = [i for i, c in enumerate(rest) if re.match(r'##+ ', c.source) and c.cell_type == 'markdown'] + [len(rest)]
    for i, j in zip(heads, heads[1:]):
        found = re.match(r'### (\d\d-\d\d)', rest[i].source)
        cells += question_card(by_id[found[1]], rest[i:j]) if found else rest[i:j]
    return with_cells(nb, cells)


def question_card(q:Question, cells)->list:
    "The cells of one question, its hint and answer folded."
    code = {role: c for c in cells if c.cell_type == 'code' for role in directives(c.source) if role in ('witness', 'answer', 'check', 'wrong')}
    refusals = refused_answers(q, code['wrong'])
    for c in code.values(): show_code(c)
    code['check'].source, code['check'].outputs = f'{code["check"].source}\n\n{code["wrong"].source}', code['wrong'].outputs
    return [md(f'## {q.id} · {q.kind}\n\n{q.text}' + (f'\n\n:::{{container}} probe\n{q.probe[0].upper() + q.probe[1:]}\n:::' if q.probe else '')),
            *folded('hint', 'Hint', [md(q.hint)]),
            *folded('answer', 'Answer', [
                *([md(q.prose), raw('<p class="label">Witness: these lines fail if the answer is false.</p>'), code['witness'],
                   raw('<p class="label">The answer to the small question:</p>')] if q.prose else []),
                code['answer'],
                raw(f'<p class="label">Usual wrong answers{" (what they name is written in the check below)" if q.kind in ("code", "plot") else ""}:</p>'), md('\n'.join(f'* {line}' for line in refusals)),
                *folded('check', 'The check, and what it said of each', [code['check']])])]


def show_code(cell):
    "Take the directives off a cell, and keep what they say of its figure."
    alt = directives(cell.source).get('fig-alt')
    if alt: cell.metadata['mystnb'] = {'image': {'alt': alt}}
    cell.source = without_directives(cell.source)


def folded(kind:str, summary:str, cells)->list:
    "`cells`, folded under a line that opens them, with scripts or without."
    return [raw(f'<details class="{kind}"><summary>{summary}</summary>'), *cells, raw('</details>')]


def refused_answers(q:Question, cell)->list:
    "The usual wrong answers as markdown: what it is, and why it is wrong."
    call = ast.parse(cell.source).body[-1].value
    values = [ast.get_source_segment(cell.source, pair.elts[0]) for pair in call.keywords[0].value.elts]
    return [f'{as_code(" ".join(value.split()))}: {why}' for value, why in zip(values, q.whys)]


def as_code(text:str)->str:
    "Inline code, whatever backticks it holds."
    return f'`` {text} ``' if '`' in text else f'`{text}`'


def progress(pages)->str:
    "Where the script of the cards shows what is known; empty without it."
    lessons = html.escape(json.dumps([p.number for p in pages]))
    return f'<span class="progress-of" data-lessons="{lessons}"></span>'


def question_index(pages)->str:
    "All question ids by page, for the script of the cards."
    table = [dict(lesson=p.number, title=p.title, url=p.questions_url, ids=[q.id for q in p.questions]) for p in pages]
    return f'window.courseQuestions = {json.dumps(table)};\n'


def practice_page(pages)->str:
    "All questionnaires, what is known of each, and the review."
    lines = ['# Practice', '', ':::{container} subtitle', 'What you know, what you do not know yet, and the review that asks for it again', ':::', '',
             '<div id="practice-tools"></div>', '<noscript><p>Marks and review need scripts; the questions can be read without.</p></noscript>', '',
             'On each card, say whether you knew the answer. The marks stay in this browser and go nowhere else. The review asks what you did '
             'not know; what you knew it asks again after 1, 3, 7, 16 and 35 days.', '', '| lesson | questions |', '|---|---|']
    lines += [f'| {p.number} [{p.title}]({as_source(p.url)}) | [{len(p.questions)} questions]'
              f'({as_source(p.questions_url)}) {progress([p])} |' for p in pages]
    return '\n'.join(lines)


# Pages made from all lessons

def glossary_page(pages)->str:
    "Each term with the sentence that introduces it: a lesson sets a term in bold where it first explains it."
    entries = sorted((term for page in pages for term in terms(page)), key=lambda entry: entry[0].lower())
    lines = ['# Glossary', '', ':::{container} subtitle', 'Each term in the sentence that introduces it, and the lesson that builds it', ':::', '']
    for term, sentence, section, page in entries:
        lines += [f'(term-{slug(term)})=', term, f': {sentence} <span class="where">Lesson {page.number}, '
                  f'<a href="{page.url}#{slug(section)}">{html.escape(section)}</a></span>', '']
    return '\n'.join(lines)


def terms(page:Page):
    "(term, sentence, section, page) for each term in bold in the prose of a lesson."
    section = page.title
    for cell in nbformat.read(page.path, 4).cells[1:]:
        if cell.cell_type != 'markdown': continue
        for paragraph in cell.source.split('\n'):
            if paragraph.startswith('#'): section = paragraph.lstrip('# ')
            if section == 'Exercises' or '**' not in paragraph: continue
            for sentence in re.split(r'(?<=[.?!])\s+(?=[A-Z(`*])', paragraph):
                for term in re.findall(r'\*\*(.+?)\*\*', sentence):
                    term = term if term.isupper() or term[1:].lower() != term[1:] else term[0].lower() + term[1:]
                    yield term, sentence.replace('**', ''), section, page


def slug(text:str)->str:
    "The anchor that Sphinx gives to a heading."
    from docutils.nodes import make_id
    return make_id(text)


def names_page(pages, root:Path)->str:
    "The tables 'Under other names' of all lessons as one, and the lines that the tests try."
    lines = ['# Ours, fastai, PyTorch', '', ':::{container} subtitle', 'Where to find in other libraries what the lessons build, and what differs there', ':::', '', '::::{container} names',
             '| ours | fastai | PyTorch | what differs |', '|---|---|---|---|']
    for page in pages:
        for ours, *rest in other_names(page):
            lines.append(f'| {api_links(ours, page, "names.html")} | {" | ".join(rest)} |')
    lines += ['::::', '', 'Our names and those of PyTorch are looked up by a test. Those of fastai (version 2) are not: it is not installed with the course.']
    return '\n'.join([*lines, '', *calls_table(root)])


def calls_table(root:Path)->list:
    "Lines of code that students bring, as the tests try them: those that work, and what is said of the others."
    calls = run_path(str(root/'tests'/'calls.py'))['CALLS']
    told = lambda call: f'refused: *{call.refused}*' if call.refused else f'works{"; " * bool(call.note)}{call.note}'
    cell = lambda text: text.replace('|', r'\|')
    code = lambda call: '<br>'.join(as_code(line.replace('    ', '\u00a0' * 4)) for line in call.line.splitlines())
    return ['## Lines that you may bring', '', f'A test runs each of these {len(calls)} lines: {sum(not call.refused for call in calls)} work, the others are refused with the words that stand beside them.', '',
            '::::{container} names', '| lesson | as others write it | here |', '|---|---|---|',
            *(f'| {call.lesson} | {cell(code(call))} | {cell(told(call))} |' for call in calls), '::::']


def other_names(page:Page)->list:
    "The rows of a lesson's table of names, as lists of four cells of markdown."
    text = '\n'.join(c.source for c in nbformat.read(page.path, 4).cells if c.cell_type == 'markdown')
    section = re.search(r'^## Under other names\n(.*?)(?=^## |\Z)', text, re.M | re.S)
    rows = [line.strip('| ') for line in section[1].split('\n') if line.startswith('|')] if section else []
    return [[cell.strip() for cell in re.split(r'(?<!\\)\|', row)] for row in rows[2:]]


# The library

def api_page(page:Page)->str:
    "The public names of a module: signature, what each argument is, and the cell that builds it."
    module = importlib.import_module(f'course_lib.{page.module}')
    lines = [f'# course_lib.{page.module}', '', trio(page, page.api_url), '', ':::{container} subtitle', page.about, ':::', '',
             f'```{{py:module}} course_lib.{page.module}\n```', '']
    for name, cell in page.names.items():
        cls, _, added = name.partition('.')
        if name in module.__all__: lines += [described(getattr(module, name), name, page, cell), '']
        elif added and cls not in module.__all__: lines += [method(getattr(getattr(module, cls), added), name, f':module: course_lib.{page.module}\n', built_in(page, cell, name)), '']
    if not page.number: lines.append(toctree([f'Notebook </{page.url.removesuffix(".html")}>']))
    return '\n'.join(lines)


def library_page(lessons, tools)->str:
    "All modules, and what each is about."
    row = lambda p: f'| [`{p.module}`]({p.api_url.removesuffix(".html")}.md) | {p.about} | [{p.title}]({as_source(p.url)}) |'
    return '\n'.join(['# Library', '', ':::{container} subtitle', 'The package `course_lib`, which the notebooks export: a module for each lesson, and the tools behind them', ':::', '',
                      'All names in one list: <a href="genindex.html">index</a>.', '', '| module | what it holds | built in |', '|---|---|---|', *map(row, lessons), *map(row, tools), '',
                      toctree([p.api_url.removesuffix('.html') for p in [*lessons, *tools]])])


def described(obj, name:str, page:Page, cell:str)->str:
    "One public name as a directive of Sphinx's Python domain."
    where = built_in(page, cell, name)
    kind = 'class' if inspect.isclass(obj) else 'function' if callable(obj) else 'data'
    if kind == 'data':
        value = f':value: {json.dumps(repr(obj))}\n' if len(repr(obj)) <= 60 else ''
        return f'::::{{py:data}} {name}\n:module: course_lib.{page.module}\n{value}\n{about_constant(name, page, cell)}\n\n{where}\n::::'
    body = [inspect.getdoc(obj) or '', arguments(obj), where]
    if kind == 'class': body += [method(getattr(obj, m), m) for m in own_methods(obj)]
    return (f'::::::{{py:{kind}}} {name}{signature(obj)}\n:module: course_lib.{page.module}\n\n' + '\n\n'.join(filter(None, body)) + '\n::::::')


def built_in(page:Page, cell:str, name:str)->str:
    "Links to the cell that builds a name, and to the proofs that use it."
    uses = [p for p in (read_proofs(page) if page.number else []) if name.split('.')[-1] in p.names]
    proved = ''.join(f'<br>Proved: <a href="../{page.url}#proof-{p.cell}">{in_code(p.caption)}</a>' for p in uses)
    return f'<p class="where"><a href="../{page.url}#cell-{cell}">Built in {"lesson " + page.number if page.number else "the notebook"}</a>{proved}</p>'


def about_constant(name:str, page:Page, cell:str)->str:
    "The comment beside a constant, or the paragraph before its cell."
    cells = nbformat.read(page.path, 4).cells
    at = next(i for i, c in enumerate(cells) if c.id == cell)
    beside = re.search(rf'^{name} = .*?# *(.+)$', cells[at].source, re.M)
    if beside: return beside[1]
    before = next(c.source for c in cells[at::-1] if c.cell_type == 'markdown').split('\n')[-1].strip()
    return '' if before.startswith('#') else before


def own_methods(cls)->list:
    "The public documented methods and properties that a class itself defines, or its notebook; those that a later lesson adds stand on that one's page."
    found = {n: f.fget if isinstance(f, property) else f for n, f in vars(cls).items() if not n.startswith('_')}
    return [n for n, f in found.items() if inspect.isfunction(f) and f.__doc__ and f.__module__ == cls.__module__]


def method(f, name:str, options='', where='')->str:
    "A method, or a property, which takes no arguments."
    f = f.fget if isinstance(f, property) else f
    return f':::::{{py:method}} {name}{signature(f)}\n{options}\n{inspect.getdoc(f)}\n\n{arguments(f)}\n\n{where}\n:::::'


def signature(obj)->str:
    "Arguments as the source writes them, or nothing where there are none to show."
    if getattr(obj, '__wrapped__', None) is not None and obj.__module__.startswith('course_lib'): obj = inspect.unwrap(obj)   # a command
    if inspect.isclass(obj) and issubclass(obj, Exception): return ''
    try: node = ast.parse(dedent(inspect.getsource(obj))).body[0]
    except (OSError, TypeError): return ''
    if isinstance(node, ast.ClassDef):
        made = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == '__init__'), None)
        if made is None: return fields(node) if hasattr(obj, '__dataclass_fields__') or hasattr(obj, '_fields') else ''
        node = made
    node.args.args = [a for a in node.args.args if a.arg not in ('self', 'cls')]
    for a in (*node.args.args, *node.args.kwonlyargs):                    # an annotation that is a call is for the command line
        if isinstance(a.annotation, ast.Call): a.annotation = None
    returns = f' -> {ast.unparse(node.returns)}' if node.returns else ''
    return f'({ast.unparse(node.args)}){returns}'


def fields(node)->str:
    "The fields of a dataclass or a named tuple as arguments."
    found = [n for n in node.body if isinstance(n, ast.AnnAssign)]
    def default(n):
        value = ast.unparse(n.value)
        return f'{ast.unparse(n.value.keywords[0].value)}()' if value.startswith('field(default_factory') else value
    return f'({", ".join(n.target.id + ": " + ast.unparse(n.annotation) + (" = " + default(n) if n.value else "") for n in found)})'


def arguments(obj)->str:
    "A table of the arguments that a comment explains, and of what comes back."
    if inspect.isclass(obj) and issubclass(obj, Exception): return ''
    try: found = docments(inspect.unwrap(obj) if not inspect.isclass(obj) else obj, full=True)
    except (TypeError, ValueError, OSError): return ''
    rows = [('returns' if name == 'return' else f'`{name}`', explained(item)) for name, item in found.items() if explained(item)]
    if not rows: return ''
    cell = lambda text: ' '.join(str(text).split()).replace('|', '\\|')
    return '\n'.join(['| | |', '|---|---|', *(f'| {name} | {cell(text)} |' for name, text in rows)])


def explained(item)->str:
    "What the comment of an argument says, or the help that a command shows for it; quoted words are code."
    anno = item.get('anno')
    text = item.get('docment') or getattr(anno, 'help', None) or next((m.get('help') for m in getattr(anno, '__metadata__', ()) if isinstance(m, dict)), '')
    return re.sub(r"(?<!\w)'[^' ]*'", lambda m: f'`{m[0]}`', text or '')


# The landing page

def landing_page(root:Path, pages)->str:
    "The README as a start page: promise, first step, picture, lessons, and why to trust them."
    readme = (root/'README.md').read_text(encoding='utf-8')
    title, promise = re.match(r'# (.+)\n\n(.+)\n', readme).groups()
    first, _, rest = promise.partition('. ')
    picture = (root/'docs'/'lesson.svg').read_text(encoding='utf-8')
    trust = re.search(r'^## (What you can rely on)\n+(.*?)(?=\n\n[^*]|\Z)', readme, re.M | re.S)
    commands = re.search(r'^## Two commands\n+(```.*?```)', readme, re.M | re.S)[1]
    cost = re.search(r'^`make run` (makes an environment.+?\)), ', readme, re.M)[1] + '; then it runs every lesson and prints what each reached. No data is fetched.'
    crops = ''.join(f'<svg viewBox="{x} 12 232 204" role="img" aria-hidden="true"><use href="#lesson-picture" width="960" height="250"/></svg>' for x in (9, 247, 485, 721))
    parts = [f'# {title}', f':::{{container}} promise\n{first}.\n:::', f':::{{container}} about\n{rest}\n:::',
             raw_block(f'<p class="start"><a class="first-step" href="{pages[0].url}">Start with lesson {pages[0].number}</a> '
                       f'<span>{reading_time(pages[0])}Nothing to install: read it here, with all results.</span></p>'),
             '## How a lesson works', raw_block(f'<div class="picture">{picture.replace("<svg ", "<svg id=lesson-picture ", 1)}</div><div class="crops">{crops}<p>{lesson_words(picture)}</p></div>'),
             '## The lessons', raw_block('<ol class="lessons">' + ''.join(map(lesson_tile, pages)) + '</ol>'),
             '## Run it yourself', 'In a browser: ' + openers(root) + '. On your own machine:', commands.replace('```\n', '```console\n', 1), cost[0].upper() + cost[1:],
             f'## {trust[1]}', trust[2],
             toctree([f'{p.number} {p.title} <{p.url.removesuffix(".html")}>' for p in pages], 'Lessons'), toctree(['practice', 'proved', 'glossary', 'names', 'library', 'speed'], 'Look up')]
    return '\n\n'.join(parts)


def lesson_words(picture:str)->str:
    "The sentence under the picture."
    return re.search(r'class="words"[^>]*>([^<]+)<', picture)[1]


def raw_block(text:str)->str: return re.sub(r'\n\s*\n', '\n', f'<div>\n{text}\n</div>')


def facts(page:Page)->dict:
    "What the card of a lesson says: {'Runs in': '10 s on one CPU core', ...}."
    return dict(re.findall(r'\*\*(\w[\w ]*)\*\* (.+?)(?= · \*\*|$)', nbformat.read(page.path, 4).cells[0].source, re.M))


def reading_time(page:Page)->str:
    "About how long a lesson takes to read, at 100 words of prose a minute and as long again for its code."
    words = sum(len(c.source.split()) for c in nbformat.read(page.path, 4).cells if c.cell_type == 'markdown')
    return f'{max(10, round(2 * words / 100, -1)):.0f} minutes to read. '


def lesson_tile(page:Page)->str:
    "One lesson on the start page, with what it reached when it was last run."
    nb = nbformat.read(page.path, 4)
    headlines = read_headlines(printed(nb))                          # none before the lesson was first run
    ranges = read_ranges(nb, headlines)
    shown, named = lambda what, value: ranges[what].shown(value), dict(ceiling='the best possible', reference='for comparison')
    reached = ''.join(f'<p class="reached">{html.escape(h.what)}: <b>{shown(h.what, h.value)}</b>'
                      + (f', {named[h.beside[0]]} {shown(" | ".join([h.what, h.beside[0]]), h.beside[1])}' if h.beside else '') + '</p>' for h in headlines[-1:])
    links = (f'<a href="{page.questions_url}">{len(page.questions)} questions</a> · <a href="{page.api_url}">module {page.module}</a> · '
             f'runs in {html.escape(facts(page)["Runs in"])}')
    return (f'<li><h3><a href="{page.url}"><span>{page.number}</span> {html.escape(page.title)}</a></h3><p>{html.escape(page.about)}</p>'
            f'{reached}<p class="links">{links}</p>{progress([page])}</li>')


def openers(root:Path)->str:
    "The README's links to places that run notebooks, which settings.ini names."
    line = re.search(r'^Without installing anything: (.+)\.$', (root/'README.md').read_text(encoding='utf-8'), re.M)
    return line[1]


# Writing

def all_pages(root:Path)->tuple:
    "The lessons and the tools of the checkout."
    lessons = [read_page(path, root) for path in find_lessons(root)]
    return lessons, [read_page(path, root) for path in sorted((root/'nbs'/'tools').glob('*.ipynb'))]


def sources(root:Path)->dict:
    "All of Sphinx's sources: {path: text}."
    lessons, tools = all_pages(root)
    texts = {'index.md': landing_page(root, lessons), 'practice.md': practice_page(lessons),
             'glossary.md': glossary_page(lessons), 'proved.md': proved_page(lessons, root), 'names.md': names_page(lessons, root), 'library.md': library_page(lessons, tools), 'speed.md': speed_page(root), **speed_plots(root),
             '_static/questions.js': question_index(lessons)}
    for page in [*lessons, *tools]:
        texts[as_source(page.url)] = nbformat.writes(lesson_page(page, lessons))
        texts[page.api_url.removesuffix('.html') + '.md'] = api_page(page)
        if page.questions: texts[as_source(page.questions_url)] = nbformat.writes(questions_page(page, root))
    return texts


def not_found_page(root:Path)->str:
    "What a server shows for an address that is not there: whole in itself, since it may be shown at any depth."
    config = ConfigParser(delimiters=['='])
    config.read(root/'settings.ini', encoding='utf-8')
    home = f"/{config['DEFAULT']['repo']}/"
    links = ''.join(f'<li><a href="{home}{page.url}">{page.number} {page.title}</a></li>' for page in all_pages(root)[0])
    return (f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            '<title>Not found · Deep Learning, Checked</title><meta name="robots" content="noindex">'
            '<style>body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }</style></head>'
            f'<body><main><h1>There is no such page</h1><p>The address may be old or mistyped. <a href="{home}index.html">Start page</a>, or a lesson:</p><ul>{links}</ul></main></body></html>')


def write_files(texts:dict, out:Path):
    for name, text in texts.items():
        (out/name).parent.mkdir(parents=True, exist_ok=True)
        (out/name).write_text(text, encoding='utf-8')


def write_workbooks(folder:Path):
    "The two workbooks that lesson 08 writes when it is run."
    ratings, films, _ = film_ratings()
    table, titles = dense_corner(ratings), dict(zip(films.film, films.title))
    for name, fit in dict(solved=solve, start=first_factors).items():
        write_workbook(folder/f'{name}.xlsx', table, fit(table), fit(table, bias=True), titles)


def write_pages(root:Path, out:Path):
    "Write Sphinx's sources into `out`/pages, and into `out`/files what there is to download: the notebooks as they are, and the workbooks."
    write_files(sources(root), out/'pages')
    notebooks = [p for folder in ('nbs', 'questionnaire') for p in (root/folder).rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts]
    write_files({p.relative_to(root).as_posix(): p.read_text(encoding='utf-8') for p in notebooks}, out/'files')
    write_workbooks(out/'files'/'nbs'/'build')
