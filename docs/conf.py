"""Sphinx's settings; addresses and names come from settings.ini."""
import sys
from configparser import ConfigParser
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))
_parser = ConfigParser(delimiters=['='])
_parser.read(DOCS.parent/'settings.ini', encoding='utf-8')
SETTINGS = _parser['DEFAULT']

project = 'Deep Learning, Checked'
author = SETTINGS['author']
copyright = SETTINGS['copyright']
version = release = SETTINGS['version']
language = 'en'
repository = f"{SETTINGS['user']}/{SETTINGS['repo']}"
branch = SETTINGS['branch']

extensions = ['myst_nb', 'sphinx.ext.githubpages', 'extension']
templates_path = ['_templates']
html_static_path = ['_static']                 # extension.py adds what pages.py wrote

nb_execution_mode = 'off'                       # what the site shows was run and stored by `make save`, and tested since
nb_merge_streams = True
myst_enable_extensions = ['colon_fence', 'dollarmath', 'deflist']
myst_heading_anchors = 3
add_module_names = False
html_domain_indices = False
python_maximum_signature_line_length = 10_000          # in one line, which wraps: lists of arguments are invalid HTML
html_math_renderer = 'mathml'

html_theme = 'sphinx_book_theme'
html_title = project
html_copy_source = False
html_show_sphinx = False
html_favicon = '_static/icon.svg'
html_context = dict(default_mode='light', repository=repository, description=SETTINGS['description'])
html_css_files = ['course.css']
html_js_files = [('questions.js', {'defer': 'defer'}), ('cards.js', {'defer': 'defer'}), ('page.js', {'defer': 'defer'})]
html_theme_options = dict(show_toc_level=2, navigation_with_keys=False, use_download_button=False, use_fullscreen_button=False,
                          home_page_in_toc=False, footer_content_items=['copyright', 'extra-footer'], navbar_start=[], navbar_center=[], navbar_end=[], navbar_persistent=[], search_bar_text='Search the course', toc_title='On this page',
                          extra_footer='<p>Code under the Apache License 2.0, prose and figures under <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>.</p>',
                          pygments_light_style='a11y-high-contrast-light', pygments_dark_style='a11y-high-contrast-dark')
