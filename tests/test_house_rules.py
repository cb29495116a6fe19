"""The rules of the house that a script can check, on every notebook."""
import ast
import json
import pkgutil
import re
from importlib import import_module

import pytest
from conftest import EXPORT_CELL, INSTALL_CELL, LESSONS, QUESTIONNAIRES, ROOT, TOOLS

from course_lib.tools.cli import count_checks, directives, read_opening

ALL = LESSONS + TOOLS + QUESTIONNAIRES
module_of = lambda path: path.stem[3:] if path in LESSONS else f'tools.{path.stem}'
name = lambda path: path.relative_to(ROOT).with_suffix('').as_posix()
on = lambda paths: pytest.mark.parametrize('path', paths, ids=name)


def cells(path, kind='code'):
    "The cells of a kind: (source, outputs, id)."
    found = json.loads(path.read_text(encoding='utf-8'))['cells']
    return [(''.join(c['source']), c.get('outputs', []), c['id']) for c in found if c['cell_type'] == kind]


def trees(path):
    "The syntax trees of all code cells."
    return [ast.parse(source) for source, *_ in cells(path)]


def imports(tree):
    "(module, name) of every import in a tree; name is None for `import module`."
    for node in ast.walk(tree):
        if isinstance(node, ast.Import): yield from ((alias.name, None) for alias in node.names)
        if isinstance(node, ast.ImportFrom): yield from ((node.module or '', alias.name) for alias in node.names)


@on(ALL)
def test_no_star_import(path):
    assert [m for tree in trees(path) for m, n in imports(tree) if n == '*'] == []


@on(ALL)
def test_imports_look_back(path):
    "Lesson N uses only lessons of lower number, and the tools; a tool uses only tools. A questionnaire may use its own lesson."
    numbers = {p.stem[3:]: int(p.stem[:2]) for p in LESSONS}
    used = {m.removeprefix('course_lib.') for tree in trees(path) for m, _ in imports(tree) if m.startswith('course_lib.')}
    assert used <= {*numbers, 'tools', *map(module_of, TOOLS)}, 'an import from a module that no notebook exports'
    if path in TOOLS: limit = 0
    else: limit = int(path.stem[:2]) + (path in QUESTIONNAIRES)
    assert [m for m in used if numbers.get(m, -1) >= limit] == []


@on(ALL)
def test_nothing_can_fail_unseen(path):
    "No output capture by magic, no shell command, no thread: a failure in them passes the notebook's test."
    for source, *_ in cells(path):
        if path in TOOLS and 'export' in directives(source): continue      # `study` runs answers in a thread, and raises what they raise
        assert not re.search(r'^\s*(%%|!|%(sx|system|capture)\b)', source, re.M), source
        used = {node.attr if isinstance(node, ast.Attribute) else node.id for node in ast.walk(ast.parse(source))
                if isinstance(node, (ast.Attribute, ast.Name))}
        assert not used & {'Thread', 'ThreadPoolExecutor', 'system', 'getoutput', 'Popen'}, source


@on(ALL)
def test_nothing_is_switched_off(path):
    "The only cells that may be left out are those with a flag of tst_flags, and the summary counts them."
    for source, *_ in cells(path): assert directives(source).get('eval', 'true').lower() == 'true', source


@on(LESSONS + TOOLS)
def test_export_cell(path):
    "The export stands last, hidden and alone; nbdev does not test a cell that holds it. A lesson opens with Colab's installation."
    sources = [source for source, *_ in cells(path)]
    if path in LESSONS: assert (sources.pop(0), sources[-1]) == (INSTALL_CELL, EXPORT_CELL)
    else: assert sources[-1] == '#| hide\nimport nbdev; nbdev.nbdev_' + 'export()'
    assert [s for s in sources[:-1] if 'nbdev_export' + '(' in s] == []
    assert sources[0] == f"#| default_exp {module_of(path)}"


@on(ALL)
def test_opening(path):
    "Title and subtitle; a lesson's card says what it builds, needs, takes, and on which data."
    assert all(read_opening(path))
    if path in LESSONS + TOOLS:
        first = cells(path, 'markdown')[0][0]
        for word in ('**Builds**', '**Needs**', '**Runs in**', '**Data**'): assert word in first, word
    if path in LESSONS:
        text = '\n'.join(source for source, *_ in cells(path, 'markdown'))
        for heading in ('## On real data', '## Exercises', '## Left out, and next'): assert heading in text, heading


def told(path):
    "(term, sentence) for each term in bold in a lesson, as the glossary shows them."
    from pages import read_page, terms
    return [(term, sentence) for term, sentence, *_ in terms(read_page(path, ROOT))]


@on(LESSONS)
def test_terms_and_names(path):
    "Bold marks the place that explains a term, once in the course: the glossary is made of it. A table tells the names elsewhere; they exist."
    prose = lambda p: '\n'.join(source for source, *_ in cells(p, 'markdown')[1:] if not source.startswith('## Exercises'))
    text, earlier = prose(path), ''.join(prose(p) for p in LESSONS if p < path).lower()
    terms = re.findall(r'\*\*(.+?)\*\*', text.lower())
    assert terms and len(set(terms)) == len(terms) and [term for term in terms if f'**{term}**' in earlier] == []
    alone = [sentence for _, sentence in told(path) if re.match(r'(So|But|Then|That|Such|Its|It|This|These|What|Or|And)\b', sentence) or sentence.endswith(':')]
    assert alone == [], 'a sentence that explains a term is read alone in the glossary'
    rows = [row.split('|') for row in re.findall(r'^\|(.*)\|$', text.split('## Under other names')[1].split('\n## ')[0], re.M)][2:]
    modules = map(module_of, [path, *TOOLS])
    quoted, public = re.compile(r'`(.+?)`').findall, {name for m in modules for name in import_module(f'course_lib.{m}').__all__}
    assert rows and all(quoted(ours) and differs.strip() for ours, _, _, differs in rows)
    assert [name for ours, *_ in rows for name in quoted(ours) if name not in public] == []
    for _, _, theirs, _ in rows:
        for found in quoted(theirs): pkgutil.resolve_name(found)


@on(LESSONS)
def test_exercises_have_solutions(path):
    "As many solutions, which run, as exercises."
    exercises = next(s for s, *_ in cells(path, 'markdown') if s.startswith('## Exercises'))
    numbers = re.findall(r'^(\d+)\. \*\*', exercises, re.M)
    solved = [directives(s)['solution'] for s, *_ in cells(path) if 'solution' in directives(s)]
    assert 3 <= len(numbers) <= 5 and solved == numbers


@on(ALL)
def test_figures_have_text(path):
    "Each figure has a text alternative that says something."
    for source, outputs, _ in cells(path):
        if any(o.get('data', {}).keys() & {'image/png', 'image/svg+xml'} for o in outputs):
            assert len(directives(source).get('fig-alt', '').split()) >= 6, source


@on(ALL)
def test_stored_outputs(path):
    "No stored error, no warning; ids are stable and unlike; the notebook is not heavy."
    nb = json.loads(path.read_text(encoding='utf-8'))
    outputs = [o for _, outs, _ in cells(path) for o in outs]
    assert outputs or path in TOOLS, 'the notebook was never run before it was stored'
    assert [o for o in outputs if o['output_type'] == 'error' or o.get('name') == 'stderr'] == []
    ids = [c['id'] for c in nb['cells']]
    assert (nb['nbformat'], nb['nbformat_minor']) == (4, 5) and len(set(ids)) == len(ids)
    assert path.stat().st_size < 400_000


@on(LESSONS + TOOLS)
def test_public_names(path):
    "Each exported public name has a docstring, comments on its arguments, and a cell that uses it and can fail."
    code = [(source, ast.parse(source)) for source, *_ in cells(path)]
    exported = [node for source, tree in code if 'export' in directives(source) for node in tree.body
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith('_')]
    checking = [tree for source, tree in code if 'export' not in directives(source) and can_fail(tree)]
    used = {node.attr if isinstance(node, ast.Attribute) else node.id for tree in checking for node in ast.walk(tree)
            if isinstance(node, (ast.Attribute, ast.Name))}
    assert [n.name for n in exported if not ast.get_docstring(n)] == []
    assert [n.name for n in exported if n.name not in used] == []
    for source, _ in code:
        if 'export' in directives(source): assert undocumented(source) == []


def undocumented(source):
    "Public functions of an exported cell with an argument that no comment explains (`self` and the like need none)."
    lines, found = source.splitlines(), []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith('_'): continue
        bare = [a.arg for a in (*node.args.args, *node.args.kwonlyargs) if a.arg != 'self' and '#' not in lines[a.lineno - 1] and '_many(' not in lines[a.lineno - 1]]
        if bare: found.append(f'{node.name}: {bare}')
    return found


def can_fail(tree):
    "Whether the code asserts something, by `assert` or by a function of a testing library."
    called = lambda node: getattr(node.func, 'id', getattr(node.func, 'attr', ''))
    return any(isinstance(node, ast.Assert) or isinstance(node, ast.Call) and called(node).startswith(('assert_', 'test_'))
               for node in ast.walk(tree))


def sort_of(source)->str:
    "Which of the four sorts a code cell is, or '' for one that has no part in the story."
    found = directives(source)
    if {'hide', 'default_exp', 'real', 'slow', 'gpu', 'solution'} & found.keys(): return ''
    return next((sort for sort in ('export', 'proof', 'setup') if sort in found), 'story')


def body(source)->list: return [line for line in source.splitlines() if line.strip() and not line.startswith('#|')]


@on(LESSONS)
def test_story_and_proof(path):
    "Story cells are short and assert next to nothing; exported cells hold one idea."
    by_sort = {sort: [source for source, *_ in cells(path) if sort_of(source) == sort] for sort in ('story', 'export', 'proof', 'setup')}
    for source in by_sort['story']:
        assert len(body(source)) <= (12 if 'fig-alt' in directives(source) else 8) and count_checks(source) <= 1, source
    for source in by_sort['export']: assert len(body(source)) <= 30 and count_checks(source) == 0, source
    for sort in ('story', 'export', 'proof'):
        assert [line for source in by_sort[sort] for line in body(source) if len(line) > 88] == []
    visible, folded = (sum(len(body(source)) for sort in sorts for source in by_sort[sort]) for sorts in (('story', 'export'), ('proof', 'setup')))
    assert visible + folded < 100 or visible <= 0.65 * (visible + folded)


@on(LESSONS)
def test_proofs_prove(path):
    "A proof says in at most 100 characters what would fail if it were false, and checks something."
    proofs = [source for source, *_ in cells(path) if sort_of(source) == 'proof']
    assert proofs
    for source in proofs: assert 0 < len(directives(source)['proof']) <= 100 and count_checks(source) > 0, source


@on(ALL)
def test_proofs_are_folded(path):
    "In JupyterLab, proofs and setup are folded, and nothing else is."
    from course_lib.tools.cli import fold, read_notebook
    assert not fold(read_notebook(path)), 'make prepare'


@on(LESSONS)
def test_budget(path):
    "A lesson that grows past these sizes has two subjects in it. (Lesson 01, the longest on purpose, comes near: it starts from nothing.)"
    prose = [line for source, *_ in cells(path, 'markdown') for line in source.splitlines() if not line.startswith(('|', '$$'))]
    words = sum(len(line.split()) for line in prose)
    in_view = [source for source, *_ in cells(path) if sort_of(source) not in ('proof', 'setup')]
    most = 125 if path.stem == '04_data' else 105      # it grows method by method, and each has a cell of its own
    assert len(in_view) + len(cells(path, 'markdown')) <= most and words <= (2450 if path.stem[:2] == '01' else 2100)
    module = (ROOT/'course_lib'/f'{path.stem[3:]}.py').read_text(encoding='utf-8').splitlines()
    assert len(module) <= {'04_data': 480}.get(path.stem, 400) and max(map(len, module)) <= 140


@on(LESSONS + QUESTIONNAIRES)
def test_columns(path):
    "What students read fits a page: no code line of more than 120 columns, but text alternatives and the line for Colab."
    lines = [line for source, *_ in cells(path) if source != INSTALL_CELL for line in source.splitlines()]
    assert [line for line in lines if len(line) > 120 and not line.startswith('#| fig-alt:')] == []


@on(LESSONS + TOOLS)
def test_functions_are_short(path):
    "No exported function of more than 25 lines, arguments and docstring not counted."
    for source, *_ in cells(path):
        if 'export' not in directives(source): continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef): assert node.end_lineno - node.body[0].lineno < 25, node.name
