"""Every notebook runs from top to bottom, and what it stores is what a run gives."""
import json
import re

import nbformat
import pytest
from conftest import EVERY, FLAGS, LESSONS, QUESTIONNAIRES, ROOT, TOOLS, run, same_versions

from course_lib.tools.cli import printed, run_notebook
from course_lib.tools.quiz import read_questions
from course_lib.tools.ranges import figures, read_headlines, read_ranges

name = lambda path: path.relative_to(ROOT).with_suffix('').as_posix()
LEFT_OUT = {'slow', 'real', 'gpu'} - set(FLAGS)


@pytest.mark.parametrize('path', LESSONS, ids=name)
def test_lesson(path, record_property):
    "A lesson runs in a fresh kernel; each headline figure, stored or fresh, lies in its range, and the versions are those stored."
    nb = nbformat.read(path, as_version=4)
    stored = printed(nb, without=LEFT_OUT)
    fresh = printed(run_notebook(path, ROOT, FLAGS, timeout=600), without=LEFT_OUT)
    before, now = figures(read_headlines(stored)), figures(read_headlines(fresh))
    assert now, 'a lesson prints at least one headline figure'
    assert [*before] == [*now]
    for what, range_ in read_ranges(nb, read_headlines(stored)).items():
        if what not in now: continue                                     # of a cell that is left out
        assert range_.holds(before[what]) and range_.holds(now[what]), f'{what}: stored {before[what]:g}, but a run gives {now[what]:g}, expected {range_.low:g} to {range_.high:g}'
    pinned, here = (re.findall(r'^versions \|.*', text, re.M) for text in (stored, fresh))
    assert pinned and here and (pinned == here or same_versions()), 'stored outputs come from other versions: make save'
    record_property('notebook', name(path))


@pytest.mark.parametrize('path', LESSONS, ids=name)
def test_ranges(path):
    "What is stored of ranges comes from several seeds, on several kinds of processors, and is that of figures that the lesson prints."
    nb = nbformat.read(path, as_version=4)
    if 'headlines' not in nb.metadata: return                            # not measured: each figure must be met exactly
    measured, known = nb.metadata.headlines.measured, nb.metadata.headlines.figures
    assert measured.seeds >= 4 and 'SSE' in measured.processors and 'AVX2' in measured.processors
    assert {*known} == {*figures(read_headlines(printed(nb)))}
    assert all(low <= high for r in known.values() for low, high in (r.seeds, r.processors))


@pytest.mark.parametrize('path', TOOLS + QUESTIONNAIRES, ids=name)
def test_by_nbdev(path, record_property):
    "nbdev_test runs the notebook; it says so itself, and does not merely find nothing to run."
    done = run('nbdev_test', '--path', path, '--n_workers', '0', '--do_print', '--flags', ' '.join(FLAGS), timeout=300)
    assert done.returncode == 0 and 'Success.' in done.stdout and f'Completed {path}' in done.stdout, _place(path, done.stdout) + done.stdout
    record_property('notebook', name(path))
    if path in QUESTIONNAIRES: record_property('questions', _tally(path))


def _place(path, output)->str:
    "Notebook and question of the cell that nbdev_test names in its output."
    found = re.search(r'Executing Cell #(\d+)', output)
    if not found or path not in QUESTIONNAIRES: return f'{path.name}:\n'
    cells = json.loads(path.read_text(encoding='utf-8'))['cells'][:int(found[1])]
    heads = re.findall(r'^### (\S+)', '\n'.join(''.join(c['source']) for c in cells if c['cell_type'] == 'markdown'), re.M)
    return f'{path.name}, question {heads[-1] if heads else "none yet"}:\n'


def _tally(path)->list:
    "Id, kind and number of refused answers of each question; what the notebook stores must say the same."
    questions = read_questions(path)
    wrong_cells = [c for c in json.loads(path.read_text(encoding='utf-8'))['cells'] if ''.join(c['source']).startswith('#| wrong')]
    for question, cell in zip(questions, wrong_cells, strict=True):
        stored = ''.join(''.join(o.get('text', '')) for o in cell['outputs']).splitlines()
        assert stored[:1] == ['accepted: the reference'], f'{question.id}: the stored output does not accept the reference'
        assert [line.split(' -> ')[0] for line in stored[1:]] == [f'refused:  {why}' for why in question.whys], question.id
    return [(q.id, q.kind, len(q.whys)) for q in questions]


def test_no_notebook_is_forgotten():
    "Every notebook of either folder is a lesson, a tool or a questionnaire: nothing lies where no test looks."
    assert EVERY == {*LESSONS, *TOOLS, *QUESTIONNAIRES}


def test_each_lesson_has_its_questionnaire():
    assert LESSONS and [p.name for p in LESSONS] == [p.name for p in QUESTIONNAIRES]


@pytest.mark.parametrize('path', QUESTIONNAIRES, ids=name)
def test_enough_questions(path):
    "At least ten a lesson, numbered from 01 without a gap."
    ids = [q.id for q in read_questions(path)]
    assert ids == [f'{path.name[:2]}-{i:02}' for i in range(1, len(ids) + 1)] and len(ids) >= (19 if path.name[:2] == '01' else 10)
