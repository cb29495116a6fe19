"""Change a module in many places, one at a time, and see whether its lesson, its questionnaire or its tests notice.

    python tests/mutate.py losses [--draw 60] [--jobs 2] [--save]
    python tests/mutate.py questionnaire/07_collab

The second changes each answer in code of a questionnaire, in all places, and asks the question's own check.

Places: signs and operators, constants (axes and defaults among them), comparisons, arguments, whole statements.
`--save` stores how many were noticed, for the site's page of what is proved."""
import argparse
import ast
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LISTED = ROOT/'tests'/'equivalent_mutants.txt'
STORED = ROOT/'tests'/'mutations.json'
NOT_COPIED = shutil.ignore_patterns('.git', '.venv*', '__pycache__', '.*_cache', '.hypothesis', '*.egg-info', 'build')
BROAD = {'test_notebooks.py', 'test_house_rules.py', 'test_gate.py', 'test_drop_in.py', 'test_library.py', 'test_mutate.py'}

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
             ast.Pow: ast.Mult, ast.MatMult: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
             ast.And: ast.Or, ast.Or: ast.And}
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
               ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}
LIMIT = 30.        # seconds that a check may take over a changed answer
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Raise, ast.Return, ast.If, ast.For, ast.While, ast.Continue, ast.Break)


class Mutant(NamedTuple):
    cell:str    # id of the notebook's cell
    name:str    # 'function: statement before => statement after', which does not change when lines move
    source:str  # the changed cell


def edits(node):
    "Functions that change `node` in place, one for each way in which it can change."
    def put(**fields): return lambda n: [setattr(n, key, value) for key, value in fields.items()]
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in OPERATORS: yield put(op=OPERATORS[type(node.op)]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub): yield put(op=ast.UAdd())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not): yield put(operand=ast.UnaryOp(ast.Not(), node.operand))
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            if type(op) in COMPARISONS: yield put(ops=[*node.ops[:i], COMPARISONS[type(op)](), *node.ops[i + 1:]])
    if isinstance(node, ast.IfExp): yield put(body=node.orelse, orelse=node.body)
    if isinstance(node, ast.Constant) and node.value is not None and node.value is not Ellipsis:
        value = node.value
        yield put(value=(not value) if isinstance(value, bool) else value + 1 if isinstance(value, (int, float)) else value + type(value)(b'x' if isinstance(value, bytes) else 'x'))
    if isinstance(node, ast.Call):
        for i in range(len(node.keywords)): yield put(keywords=node.keywords[:i] + node.keywords[i + 1:])
        if len(node.args) >= 2 and not any(isinstance(a, ast.Starred) for a in node.args[:2]) and getattr(node.func, 'id', '') not in ('min', 'max'):
            yield put(args=[node.args[1], node.args[0], *node.args[2:]])


def untouched(tree)->set:
    "Nodes that carry no behaviour: docstrings, annotations, the texts of messages."
    out = set()
    for node in ast.walk(tree):
        skip = []
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and node.body and ast.get_docstring(node, clean=False) is not None: skip.append(node.body[0])
        if isinstance(node, ast.arg) and node.annotation: skip.append(node.annotation)
        if isinstance(node, ast.FunctionDef) and node.returns: skip.append(node.returns)
        if isinstance(node, ast.AnnAssign): skip.append(node.annotation)
        if isinstance(node, ast.JoinedStr): skip += [v for v in node.values if isinstance(v, ast.Constant)]
        if isinstance(node, (ast.Import, ast.ImportFrom)): skip.append(node)
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') in ('ValueError', 'TypeError', 'AssertionError', 'GrammarError') and node.args and isinstance(node.args[0], ast.Constant): skip.append(node.args[0])
        for s in skip: out |= set(map(id, ast.walk(s)))
    return out


def head(statement)->str:
    "A statement on one line; of a compound one only its head, with its first statement if that is all it has."
    text = ast.unparse(statement)
    lines = [line.strip() for line in text.splitlines()]
    return lines[0] if len(lines) == 1 else f'{lines[0]} {lines[1]}'


def mutants_of(cell:str, source:str)->list[Mutant]:
    "All mutants of one exported cell."
    directives = '\n'.join(line for line in source.splitlines() if line.startswith('#|'))
    tree = ast.parse(source)
    skip, found = untouched(tree), []

    def record(function, before, tree_after, after):
        text = ast.unparse(ast.fix_missing_locations(tree_after))
        if text != ast.unparse(tree): found.append(Mutant(cell, f'{function}: {before} => {after}', f'{directives}\n{text}'))     # two equal arguments exchanged

    def visit(node, path, function, statement):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)): function = node.name
        if isinstance(node, ast.stmt): statement = path
        if id(node) not in skip:
            for i, _ in enumerate(edits(node)):
                changed = copy.deepcopy(tree)
                list(edits(at(changed, path)))[i](at(changed, path))
                record(function, head(at(tree, statement)), changed, head(at(ast.fix_missing_locations(changed), statement)))
            if isinstance(node, SIMPLE) and path[:-1]:
                changed = copy.deepcopy(tree)
                *up, (field, index) = path
                getattr(at(changed, up), field)[index] = ast.Pass()
                record(function, head(node), changed, '(nothing)')
        for field, value in ast.iter_fields(node):
            if field in ('annotation', 'returns') or isinstance(node, (ast.Import, ast.ImportFrom)): continue
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST): visit(child, [*path, (field, index)], function, statement)

    for i, node in enumerate(tree.body): visit(node, [('body', i)], '', [('body', i)])
    return found


def at(tree, path):
    "The node that lies at the end of `path`, a list of (field, index or None)."
    for field, index in path:
        tree = getattr(tree, field)
        if index is not None: tree = tree[index]
    return tree


def exported_cells(notebook:Path):
    "Id and source of each cell that goes into the module."
    for cell in json.loads(notebook.read_text(encoding='utf-8'))['cells']:
        source = ''.join(cell['source'])
        if cell['cell_type'] == 'code' and source.replace(' ', '').startswith('#|export'): yield cell['id'], source


def steps_for(notebook:Path, module:str)->list[list[str]]:
    "The commands that may notice, the likeliest first, each run in a copy of the checkout."
    nbdev = lambda path: ['nbdev_test', '--path', str(path.relative_to(ROOT)), '--n_workers', '0']
    own = ROOT/'questionnaire'/notebook.name
    questionnaires = [own] if own.exists() else sorted((ROOT/'questionnaire').glob('*.ipynb'))[:1]
    tests = [p for p in sorted((ROOT/'tests').glob('test_*.py')) if p.name not in BROAD and re.search(rf'course_lib\.(tools\.)?{module}\b', p.read_text(encoding='utf-8'))]
    pytest = [['python', '-m', 'pytest', '-n', '0', '-x', *(str(p.relative_to(ROOT)) for p in tests)]] if tests else []
    return [nbdev(notebook), *map(nbdev, questionnaires), *pytest]


def first_failure(steps:list, folder:Path)->str:
    "Which of the export and the `steps` fails in `folder`; empty if none does."
    env = {**os.environ, 'PYTHONPATH': str(folder), 'OMP_NUM_THREADS': '1', 'MPLBACKEND': 'agg'}
    for step in [['nbdev_export'], *steps]:
        command = [str(Path(sys.executable).with_name(step[0])), *step[1:]]
        try: done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=900 if step[1:3] == ['-m', 'pytest'] else 300)
        except subprocess.TimeoutExpired: return f'{step[0]}: no end'
        if done.returncode: return ' '.join(step[:3])
    return ''


def is_noticed(mutant:Mutant, notebook:Path, steps:list, folder:Path)->str:
    "Which step fails on the mutant in the copy `folder` of the checkout; empty if none does."
    path = folder/notebook.relative_to(ROOT)
    original = path.read_text(encoding='utf-8')
    nb = json.loads(original)
    next(c for c in nb['cells'] if c['id'] == mutant.cell)['source'] = mutant.source
    path.write_text(json.dumps(nb), encoding='utf-8')
    try: return first_failure(steps, folder)
    finally: path.write_text(original, encoding='utf-8')


def refusals(name:str)->list[tuple[Mutant, str]]:
    "All mutants of the answers in code of a questionnaire, and what each question's check says of them; empty if it takes one."
    sys.path.insert(0, str(ROOT))
    from course_lib.tools.quiz import read_questions, verdict
    from course_lib.tools.study import _preamble, within
    path, spaces = ROOT/f'{name}.ipynb', []
    def fresh(*sources):
        if not spaces: exec(_preamble(path), space := {'__name__': path.stem}); spaces.append(space)
        exec('\n'.join(sources), space := dict(spaces[0]))
        return space
    def said(question, source):
        try: return within(LIMIT, lambda: verdict(fresh(question.check)['check'], fresh(source)['answer'])) or ''
        except BaseException as e: return f'{type(e).__name__}: {e}'          # `study.judge` refuses such an answer
    found = []
    for question in read_questions(path):
        if question.kind not in ('code', 'do'): continue            # a plot's ranges and labels are the student's
        if right := said(question, question.answer): sys.exit(f'mutate: {question.id} refuses its own answer: {right}')
        for mutant in mutants_of(question.id, question.answer):
            found.append((mutant._replace(name=f'{question.id}, {mutant.name}'), said(question, mutant.source)))
            print(f'{"refused " if found[-1][1] else "ACCEPTED"} {found[-1][0].name}' + f'   [{" ".join(found[-1][1].split())[:90]}]' * bool(found[-1][1]), flush=True)
    return found


def read_listed()->dict:
    "The mutants that nobody could see, with the reason: lines `module | name | reason`."
    lines = [line for line in LISTED.read_text(encoding='utf-8').splitlines() if line.strip() and not line.startswith('#')]
    rows = [[part.strip() for part in line.split(' | ')] for line in lines]
    if bad := [row for row in rows if len(row) != 3 or not row[2]]: raise ValueError(f'{LISTED.name}: {bad[0]} is not `module | mutant | reason`')
    return {(module, name): reason for module, name, reason in rows}


def store(module:str, found:dict):
    "Put the result for one module beside those of the others."
    stored = json.loads(STORED.read_text(encoding='utf-8')) if STORED.exists() else {}
    STORED.write_text(json.dumps({**stored, module: found}, indent=1, sort_keys=True) + '\n', encoding='utf-8')


def of_module(args)->list[tuple[Mutant, str]]:
    "Mutants drawn from a module, and the step that notices each; empty if none does."
    notebook = next((p for p in (ROOT/'nbs').rglob('*.ipynb') if p.stem in (args.module, f'{p.stem[:2]}_{args.module}')), None)
    if notebook is None: sys.exit(f'mutate: no notebook exports {args.module!r}')
    places = [mutant for cell, source in exported_cells(notebook) for mutant in mutants_of(cell, source)]
    args.places, drawn = len(places), random.Random(0).sample(places, min(args.draw, len(places)))
    steps = steps_for(notebook, args.module)
    print(f'{args.module}: {len(places)} places, {len(drawn)} drawn; each is shown to: {"; ".join(" ".join(s) for s in steps)}', flush=True)
    with tempfile.TemporaryDirectory() as tmp, ThreadPoolExecutor(args.jobs) as pool:
        folders = SimpleQueue()
        for i in range(args.jobs): folders.put(shutil.copytree(ROOT, Path(tmp)/str(i), ignore=NOT_COPIED))
        if failing := first_failure(steps, Path(tmp)/'0'): sys.exit(f'mutate: {failing} fails without any mutant')
        def try_one(mutant):
            folder = folders.get()
            try: return is_noticed(mutant, notebook, steps, folder)
            finally: folders.put(folder)
        seen = []
        for mutant, step in zip(drawn, pool.map(try_one, drawn)):
            seen.append((mutant, step))
            print(f'{"noticed  " if step else "UNNOTICED"} {mutant.name}' + (f'   [{step}]' if step else ''), flush=True)
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('module', help='such as losses')
    parser.add_argument('--draw', type=int, default=60, help='how many mutants, drawn with seed 0')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='mutants at a time')
    parser.add_argument('--save', action='store_true', help='store how many were noticed')
    args = parser.parse_args()
    seen = refusals(args.module) if args.module.startswith('questionnaire/') else of_module(args)
    unnoticed, listed = [m for m, step in seen if not step], read_listed()
    share = 1 - len(unnoticed) / len(seen)
    print(f'\n{args.module}: {len(seen) - len(unnoticed)} of {len(seen)} noticed ({share:.1%})')
    for m in unnoticed: print(f'  {m.name}\n      {listed.get((args.module, m.name), "NOT LISTED: add a check, or the reason why nobody could see it")}')
    if args.save: store(args.module, dict(places=args.places, drawn=len(seen), noticed=len(seen) - len(unnoticed), date=date.today().isoformat(), command=f'python tests/mutate.py {args.module} --draw {args.draw} --save'))
    missing = [m for m in unnoticed if (args.module, m.name) not in listed]
    sys.exit((share < 0.9 and not args.module.startswith('questionnaire/')) or bool(missing))


if __name__ == '__main__': main()
