"""The mutation script finds the places, and tells a mutant that is noticed from one that is not."""
import ast

import pytest
from conftest import ROOT
from mutate import exported_cells, mutants_of, read_listed

from course_lib.tools.quiz import read_questions

SOURCE = '''#| export
def clip(
    x:float,     # a number
    low:int=0,   # least value
)->float:
    "At least `low`."
    if x < low: raise ValueError(f"{x} is below {low - 1}")
    return max(-x, low) * 2
'''


def test_places():
    "Signs, constants, comparisons, arguments and statements are found; docstrings, annotations and messages are not."
    found = {m.name for m in mutants_of('cell', SOURCE)}
    for expected in ('clip: return max(-x, low) * 2 => return max(-x, low) / 2', 'clip: return max(-x, low) * 2 => return max(-x, low) * 3',
                     'clip: return max(-x, low) * 2 => return max(+x, low) * 2', 
                     'clip: return max(-x, low) * 2 => (nothing)'): assert expected in found, found
    assert any('if x <= low' in name for name in found) and any('low: int=1' in name for name in found)
    assert not any('At leastx' in name or 'belowx' in name for name in found)
    for mutant in mutants_of('cell', SOURCE):
        assert mutant.source.startswith('#| export\n') and ast.unparse(ast.parse(mutant.source)) != ast.unparse(ast.parse(SOURCE))


@pytest.mark.parametrize('module', ['01_training', '02_losses', 'tools/quiz'])
def test_real_modules(module):
    "There are enough places to draw 60 from, and each mutant is a program."
    places = [m for cell, source in exported_cells(ROOT/'nbs'/f'{module}.ipynb') for m in mutants_of(cell, source)]
    assert len(places) >= 60
    for mutant in places: ast.parse(mutant.source)


def test_listed():
    "Each listed mutant still exists, and has a reason."
    for module, name in read_listed():
        if module.startswith('questionnaire/'):
            assert name in {f'{q.id}, {m.name}' for q in read_questions(ROOT/f'{module}.ipynb') if q.kind in ('code', 'do') for m in mutants_of(q.id, q.answer)}, name
            continue
        notebook = next(p for p in (ROOT/'nbs').rglob('*.ipynb') if p.stem in (module, f'{p.stem[:2]}_{module}'))
        assert name in {m.name for cell, source in exported_cells(notebook) for m in mutants_of(cell, source)}, name


def test_stored():
    "What is stored of a module's mutants could come from a run: for a module that exists, and at least nine in ten noticed."
    import json
    from mutate import STORED
    modules = {path.stem.lstrip('0123456789_') for path in (ROOT/'nbs').rglob('*.ipynb')}
    for module, found in json.loads(STORED.read_text(encoding='utf-8')).items():
        assert module in modules and 0.9 * found['drawn'] <= found['noticed'] <= found['drawn'] <= found['places'], module
