"""Right answers are accepted in each form that a student types; wrong and hostile ones are refused, with a word of help."""
import math
import sys
from unittest.mock import MagicMock

import pytest
from answers import ALL
from answers.forms import Yes
from conftest import QUESTIONNAIRES

from course_lib.tools.quiz import read_questions, verdict

QUESTIONS = {q.id: (path, q) for path in QUESTIONNAIRES for q in read_questions(path)}
_spaces = {}


def check_of(id):
    "The check of a question, in the names that its questionnaire imports."
    from course_lib.tools.study import _preamble
    path, question = QUESTIONS[id]
    if path not in _spaces: exec(_preamble(path), space := {}); _spaces[path] = space
    exec(compile(question.check, f'check {id}', 'exec'), space := dict(_spaces[path]))
    return space['check']


def test_every_question_is_tried():
    "At least six forms of the right answer, six wrong ones, three of which the questionnaire does not show."
    assert sorted(QUESTIONS) == sorted(ALL)
    for id, (right, wrong) in ALL.items(): assert len(right) >= 6 and len(wrong) >= 6, id


@pytest.mark.parametrize('id', ALL)
def test_right_forms(id):
    for answer in ALL[id][0]: assert (said := verdict(check_of(id), answer)) is None, f'{answer!r} is right, but the check says: {said}'


@pytest.mark.parametrize('id', ALL)
def test_wrong_answers(id):
    for answer in ALL[id][1]: assert verdict(check_of(id), answer), f'{answer!r} is wrong, and is not refused with a word'


HOSTILE = dict(
    none=None, object=object(), equal=Yes(), mock=MagicMock(), nan=math.nan, inf=math.inf, true=True, type=float, ellipsis='...', empty='', nothing=[],
    nested=[[[[]]]], dict={}, error=ValueError('x'), anything=lambda *args, **kwargs: None, echo=lambda *args, **kwargs: args, yes=lambda *args, **kwargs: Yes(),
    raises=lambda *args, **kwargs: [][1], asserts=lambda *args, **kwargs: exec('assert False'), huge=10 ** 400, long='9' * 5000, deep=lambda *args: deep(*args))
def deep(*args): return deep(*args)


@pytest.mark.parametrize('id', ALL)
def test_hostile_answers(id):
    "Refused for every question, with a message; the check itself does not break."
    for name, answer in HOSTILE.items():
        try: said = verdict(check_of(id), answer)
        except Exception as e: said = f'{e}'            # `study.judge` says that the check could not use such an answer
        assert said, name


def first_of(id): return right if isinstance(right := ALL[id][0][0], tuple) else (right,)


@pytest.mark.parametrize('id', [id for id in ALL if callable(first_of(id)[0])])
def test_answers_that_do_not_come_back(id, monkeypatch, tmp_path):
    "An answer that ends the program, or never ends, is refused, and the session lives on."
    from course_lib.tools.study import judge
    def forever(*args):
        while True: pass
    first, *rest = first_of(id)
    def in_place(f): return (f, *rest) if rest else f       # where a pair is asked for: its first part
    assert 'no result after' in judge(id, in_place(forever), limit=1.)
    assert 'SystemExit' in judge(id, in_place(lambda *args: sys.exit()), limit=60.)
