"""The parser of the grammar on the course's own questionnaires, broken in one place at a time."""
import json
import random

import pytest
from conftest import QUESTIONNAIRES

from course_lib.tools.quiz import GrammarError, read_questions, verify

PATH = QUESTIONNAIRES[0]
CELLS = json.loads(PATH.read_text(encoding='utf-8'))['cells']
STARTS = [i for i, c in enumerate(CELLS) if ''.join(c['source']).startswith('### ')]


def parse(cells, tmp_path, name=PATH.name):
    (tmp_path/name).write_text(json.dumps({'cells': cells}), encoding='utf-8')
    return read_questions(tmp_path/name)


def broken(cells, tmp_path, *says):
    "Reading fails with an error that names the notebook and holds each of `says`."
    with pytest.raises(GrammarError) as caught: parse(cells, tmp_path)
    for part in (PATH.name, *says): assert part in str(caught.value), caught.value


def with_source(i, source): return [*CELLS[:i], {**CELLS[i], 'source': source}, *CELLS[i + 1:]]


def test_reads_all_of_it(tmp_path):
    questions = parse(CELLS, tmp_path)
    assert questions == read_questions(PATH) and len(questions) == len(STARTS)
    for q in questions:
        assert q.text and q.hint and q.answer and q.check.strip() and len(q.whys) >= 2
        assert bool(q.probe) == bool(q.prose) == bool(q.witness) == (q.kind == 'explain')
        assert not any(text.startswith(('**', '#|')) for text in (q.hint, q.prose, q.witness))


@pytest.mark.parametrize('i', range(STARTS[0], len(CELLS)))
def test_each_cell_is_needed(tmp_path, i):
    "Without any one cell of the questions the notebook does not parse, and the error names the question."
    question = max(s for s in STARTS if s <= i)
    id = ''.join(CELLS[question]['source']).split()[1]
    if i in STARTS[1:]: id = ''.join(CELLS[max(s for s in STARTS if s < i)]['source']).split()[1]   # its cells now follow the one before
    broken([*CELLS[:i], *CELLS[i + 1:]], tmp_path, f'question {id}' if i > STARTS[0] else 'before the first question')


def test_two_cells_swapped(tmp_path):
    "Neighbors within a question, swapped."
    rng = random.Random(0)
    inside = [i for i in range(STARTS[0] + 1, len(CELLS) - 1) if i not in STARTS and i + 1 not in STARTS]
    for i in rng.sample(inside, 20): broken([*CELLS[:i], CELLS[i + 1], CELLS[i], *CELLS[i + 2:]], tmp_path, 'question 01-')


def test_repeated_id_and_foreign_id(tmp_path):
    first = CELLS[STARTS[0]:STARTS[1]]
    broken([*CELLS, *first], tmp_path, 'question 01-01', 'the id stands twice')
    with pytest.raises(GrammarError, match='the id belongs to lesson 01'): parse(CELLS, tmp_path, '02_other.ipynb')


@pytest.mark.parametrize('source, says', [
    ("#| wrong\nverify(check, answer, wrong=[(1, 'a')])", '1 wrong answers, expected at least two'),
    ("#| wrong\nverify(check, answer, wrong=[(1, 'a'), (1, 'b')])", 'the same wrong answer stands twice'),
    ("#| wrong\nverify(check, answer, wrong=[(1, 'a'), (2, '')])", 'has no text that says why'),
    ("#| wrong\n#| eval: false\nverify(check, answer, wrong=[(1, 'a'), (2, 'b')])", 'could keep the cell from running'),
    ("#| check\ndef check(answer): print(answer)", 'expected #| wrong')])
def test_wrong_cell(tmp_path, source, says):
    broken(with_source(STARTS[1] - 1, source), tmp_path, 'question 01-01', says)


def test_check_that_asserts_nothing(tmp_path):
    broken(with_source(STARTS[1] - 2, '#| check\ndef check(answer): return answer == 0'), tmp_path, 'question 01-01', 'the check asserts nothing')


def test_a_wrong_answer_that_is_accepted():
    def check(answer): assert answer != 'no', 'that is a no'
    with pytest.raises(AssertionError, match='accepts a wrong answer .said softly.'): verify(check, 'yes', wrong=[('no', 'the opposite'), ('maybe', 'said softly')])
