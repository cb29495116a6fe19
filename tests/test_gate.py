"""The gate itself: things planted in a copy of the checkout, each of which must turn the tests red."""
import json
import re

import pytest
from conftest import LESSONS, QUESTIONNAIRES, ROOT, TOOLS, run

FIRST = LESSONS[0].stem


def plant(path, source='assert 1 == 2, "planted"', at=2):
    "Put a code cell into a notebook, behind the first ones."
    nb = json.loads(path.read_text(encoding='utf-8'))
    nb['cells'].insert(at, dict(cell_type='code', execution_count=None, id='planted', metadata={}, outputs=[], source=source))
    path.write_text(json.dumps(nb), encoding='utf-8')


def red(checkout, *selection):
    "The output of the chosen tests of the copy, which must fail."
    done = run('python', '-m', 'pytest', '-n', '0', *selection, cwd=checkout)
    assert done.returncode == 1 and ' failed' in done.stdout, done.stdout
    return done.stdout


@pytest.mark.parametrize('paths', [LESSONS, TOOLS, QUESTIONNAIRES], ids=['lessons', 'tools', 'questionnaires'])
def test_failing_cell(checkout, paths):
    "A failing assertion in each notebook, all at once: each is told. It stands before the imports, so as not to wait for these."
    planted = [path.relative_to(ROOT) for path in paths]
    for path in planted: plant(checkout/path, at=1)
    names = [path.with_suffix('').as_posix() for path in planted]
    told = re.split(r'^_+ \w+\[(\S+)\] _+$', red(checkout, 'tests/test_notebooks.py', '-k', ' or '.join(names)), flags=re.M)
    assert sorted(name for name, why in zip(told[1::2], told[2::2]) if 'planted' in why) == sorted(names)


def test_hand_edited_module(checkout):
    with (checkout/'course_lib'/'losses.py').open('a') as f: f.write('\nextra = 1\n')
    assert 'edit the notebook, then make prepare' in red(checkout, 'tests/test_library.py', '-k', 'test_library_equals')


def test_stray_module(checkout):
    (checkout/'course_lib'/'stray.py').write_text('x = 1\n')
    red(checkout, 'tests/test_library.py', '-k', 'test_library_equals')


def test_uncleaned_notebook(checkout):
    path = checkout/'nbs'/f'{FIRST}.ipynb'
    nb = json.loads(path.read_text(encoding='utf-8'))
    next(c for c in nb['cells'] if c['cell_type'] == 'code')['execution_count'] = 7
    path.write_text(json.dumps(nb, indent=1), encoding='utf-8')
    assert 'are not clean: make prepare' in red(checkout, 'tests/test_library.py', '-k', 'clean')


def test_deleted_questionnaire(checkout):
    (checkout/'questionnaire'/f'{FIRST}.ipynb').unlink()
    red(checkout, 'tests/test_notebooks.py', '-k', 'has_its')


def test_false_headline(checkout):
    "A stored figure that a run does not give."
    path = checkout/'nbs'/f'{LESSONS[1].stem}.ipynb'
    text = path.read_text(encoding='utf-8')
    assert 'headline | accuracy, three clouds | 0.' in text
    path.write_text(text.replace('headline | accuracy, three clouds | 0.', 'headline | accuracy, three clouds | 1.'), encoding='utf-8')
    assert 'but a run gives' in red(checkout, 'tests/test_notebooks.py', '-k', LESSONS[1].stem + ' and test_lesson')


RULES = [
    ('from course_lib.losses import softmax', 'test_imports_look_back'), ('from math import *', 'test_no_star_import'),
    ('%%capture\nprint(1)', 'test_nothing_can_fail_unseen'), ('!ls', 'test_nothing_can_fail_unseen'),
    ('#| eval: false\nassert 1 == 2', 'test_nothing_is_switched_off'), ('#| export\ndef naked(x): return x', 'test_public_names'),
    ('#| export\ndef untried(\n    x,  # a number\n):\n    "The number."\n    return x', 'test_public_names')]


def test_house_rules(checkout):
    "Each rule broken in a lesson of its own, all at once: each is told, and no other lesson. What is no Python breaks more than one."
    for path, (source, _) in zip(LESSONS, RULES): plant(checkout/'nbs'/path.name, source)
    out = red(checkout, 'tests/test_house_rules.py', '-k', ' or '.join({test for _, test in RULES}))
    told = set(re.findall(r'^FAILED \S+::(\w+)\[nbs/(\w+)\]', out, re.M))
    wanted = {(test, path.stem) for path, (_, test) in zip(LESSONS, RULES)}
    assert wanted <= told and {stem for _, stem in told} == {stem for _, stem in wanted}, out


def test_lenient_check(checkout):
    "A check that accepts one of the listed wrong answers."
    path = checkout/'questionnaire'/f'{LESSONS[1].stem}.ipynb'
    nb = json.loads(path.read_text(encoding='utf-8'))
    cell = next(c for c in nb['cells'] if ''.join(c['source']).startswith('#| check'))
    cell['source'] = '#| check\ndef check(answer):\n    assert answer != "x", "no"'
    path.write_text(json.dumps(nb), encoding='utf-8')
    out = red(checkout, 'tests/test_notebooks.py', '-k', f'questionnaire/{path.stem} and nbdev')
    assert 'the check accepts a wrong answer' in out and f'{path.name}, question {path.stem[:2]}-01:' in out, out


def test_notebooks_where_no_test_looks(checkout):
    places = 'nbs/appendix.ipynb', 'nbs/tools/more/x.ipynb', 'questionnaire/more/x.ipynb'
    for place in places:
        (checkout/place).parent.mkdir(exist_ok=True)
        (checkout/place).write_text('{"cells": []}')
    out = red(checkout, 'tests/test_notebooks.py', '-vv', '-k', 'forgotten')
    assert all(re.search(rf"Path\('\S+{place}'\)", out) for place in places), out
