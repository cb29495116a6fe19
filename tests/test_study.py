"""The student's side: copies that give nothing away, checks that hold there, cards that Anki opens."""
import json
import os
import subprocess
import sys

import nbformat
import pytest
from conftest import LESSONS, QUESTIONNAIRES, run

from course_lib.tools.cli import printed, run_notebook
from course_lib.tools.quiz import read_questions
from course_lib.tools.study import card, students_copy

ids = lambda path: path.stem


@pytest.mark.parametrize('path', QUESTIONNAIRES, ids=ids)
def test_copy_gives_nothing_away(path):
    "No line of an answer, a check, a witness, a hint or a reason stands in the copy, but those that the question itself shows."
    copy = students_copy(path)
    nbformat.validate(copy)
    cells = [c.source for c in copy.cells]
    for q in read_questions(path):
        asked = f'mine = """\n"""\nanswer = ...\ncheck(\'{q.id}\', answer, mine)' if q.kind == 'explain' else f"answer = ...\ncheck('{q.id}', answer)"
        assert sum(f'### {q.id} · {q.kind}' in c for c in cells) == 1 and asked in cells
        shown = '\n'.join(cells)
        for secret in (q.hint, q.prose, q.witness, q.answer, q.check, *q.whys):
            for line in filter(None, map(str.strip, secret.splitlines())):
                if len(line) > 12 and line not in q.text + q.probe: assert line not in shown, f'{q.id}: {line}'


@pytest.fixture
def answered(checkout):
    "A function that runs a notebook of a student's: for each question of `path` the cells that `cells_of` gives; returns what it printed."
    def go(path, cells_of):
        copy = students_copy(path)
        code = nbformat.v4.new_code_cell
        cells = [code(copy.cells[1].source), *(code(source) for q in read_questions(path) for source in cells_of(q))]
        folder = checkout/'my_answers'
        folder.mkdir(exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=copy.metadata), folder/'answered.ipynb')
        return printed(run_notebook(folder/'answered.ipynb', checkout, timeout=120))
    return go


@pytest.mark.parametrize('path', QUESTIONNAIRES, ids=ids)
def test_checks_hold_in_a_copy(answered, path):
    "In a student's notebook every reference answer is right, and every listed wrong one is refused."
    def cells_of(q):
        yield f"{q.answer}\ncheck('{q.id}', answer)"
        yield f"def verify(check, answer, wrong):\n    for value, why in wrong: check('{q.id}', value)\n\n{q.wrong}"
    told = [line for line in answered(path, cells_of).splitlines() if line[:6] in {f'{q.id}:' for q in read_questions(path)}]
    for q in read_questions(path):
        mine = [line for line in told if line.startswith(f'{q.id}:')]
        assert mine[0].startswith(f'{q.id}: right.'), mine[0]
        assert len(mine) == 1 + len(q.whys) and all(line.startswith(f'{q.id}: not yet. ') for line in mine[1:]), mine


def test_endless_answer(answered):
    "It ends within its limit, is told so, and the next cell works."
    def cells_of(q):
        if q.id != '02-11': return []
        return ["def answer(scores):\n    while True: pass", "check('02-11', answer, limit=3)", "print('the next cell')", "check('02-09', math.log(10))"]
    out = answered(QUESTIONNAIRES[1], cells_of)
    assert '02-11: not yet. no result after 3 s' in out and out.endswith('the next cell\n02-09: right.\n'), out


def test_quiz_never_overwrites(checkout):
    done = run('course_quiz', '02', cwd=checkout)
    mine = checkout/'my_answers'/LESSONS[1].name
    assert done.returncode == 0 and mine.exists(), done.stdout
    mine.write_text('my own work')
    done = run('course_quiz', cwd=checkout)
    assert 'stays as it is' in done.stdout and mine.read_text() == 'my own work' and (checkout/'my_answers'/LESSONS[0].name).exists(), done.stdout
    done = run('course_progress', cwd=checkout)
    assert done.returncode == 0 and 'passed' in done.stdout and LESSONS[0].stem in done.stdout, done.stdout
    assert run('course_quiz', '99', cwd=checkout).returncode == 2


def test_cards_open_in_anki(checkout):
    "Anki's own import code takes every card, with every field as it was written."
    from anki.collection import Collection, ImportCsvRequest
    done = run('course_cards', cwd=checkout)
    assert done.returncode == 0, done.stdout
    path = checkout/'my_answers'/'cards.txt'
    collection = Collection(str(checkout/'anki.anki2'))
    metadata = collection.get_csv_metadata(path=str(path), delimiter=None)
    collection.import_csv(ImportCsvRequest(path=str(path), metadata=metadata))
    notes = [collection.get_note(id) for id in collection.find_notes('')]
    wanted = {card(q) for p in QUESTIONNAIRES for q in read_questions(p)}
    assert {(n.fields[0], n.fields[1], ' '.join(sorted(n.tags))) for n in notes} == {(f, b, ' '.join(sorted(t.split()))) for f, b, t in wanted}
    assert {collection.decks.name(n.cards()[0].did) for n in notes} == {'Deep Learning, Checked'}
    collection.close()


def test_two_notebooks_record_at_once(checkout):
    "None of the tries of two processes is lost, and the file is whole."
    code = "from course_lib.tools.study import _record\nfor _ in range(150): _record('02-01', tries=1)"
    env = {**os.environ, 'PYTHONPATH': str(checkout)}
    both = [subprocess.Popen([sys.executable, '-c', code], cwd=checkout, env=env) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    progress = json.loads((checkout/'my_answers'/'progress.json').read_text())
    assert progress == {'02-01': dict(tries=300, passed=False, revealed=False)}
