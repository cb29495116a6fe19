"""The benchmarks: the stored results show what they must, and the scripts that took them run."""
import json
import random
import sys
from collections import Counter

import pytest
from benchmarks.growth import SIZES, WORK
from benchmarks.judge import LIMITS, verdicts
from benchmarks.tasks import TASKS
from conftest import FLAGS, ROOT, run

FILES = {name: json.loads((ROOT/'benchmarks'/f'{name}.json').read_text(encoding='utf-8')) for name in LIMITS}
posix = pytest.mark.skipif(sys.platform == 'win32', reason='needs a terminal of POSIX')


def counted(name): return Counter((t['task'], t['who']) for t in FILES[name]['times'])


@pytest.mark.parametrize('name', LIMITS)
def test_stored_results_hold(name):
    "Each limit of a file holds, under the versions of constraints.txt, with two threads."
    results = FILES[name]
    pinned = dict(line.strip().split('==') for line in (ROOT/'constraints.txt').read_text().splitlines() if '==' in line)
    assert {vs['torch'].split('+')[0] for vs in results['versions'].values() if 'torch' in vs} == {pinned['torch']}
    assert results['machine']['cpu'] and results['machine']['threads'] == 2
    found = list(verdicts(results['times'], LIMITS[name]))
    assert len(found) == len(LIMITS[name]) and [row for row, holds in found if not holds] == []


def test_stored_results_are_whole():
    "All rounds of all competitors, on all rows and all sizes."
    runs, collab, growth, loaders = map(counted, ('results', 'collab', 'growth', 'loaders'))
    assert set(runs) == {(name, who) for name, task in TASKS.items() for who in ('bare', 'ours', *task.rivals)} and min(runs.values()) >= 7
    assert FILES['results']['share'] == 1. and all(t['train'] > 0 and t['valid'] > 0 for t in FILES['results']['times'])
    assert all(t['updates'] == 5 * 1250 for t in FILES['results']['times'] if t['task'] == 'movielens')
    rankers = {('ranking', who) for who in FILES['collab']['chosen']}
    assert set(collab) == {('recipes', who) for who in ('surprise', 'quick', 'recommended')} | rankers and min(collab.values()) >= 5
    assert {('ranking', who) for who in ('popularity', 'ours', 'als', 'bpr')} == rankers
    assert set(growth) == {(task, f'{n} {who}') for task, who in WORK for n in SIZES} and min(growth.values()) >= 3
    assert all(t['per rating'] > 0 and t['ratings'] in SIZES for t in FILES['growth']['times'])
    assert set(loaders) == {(task, who) for task, *_ in LIMITS['loaders'] for who in ('ours', 'torch')} and min(loaders.values()) >= 7
    assert FILES['loaders']['share'] == 1.


@pytest.mark.parametrize('name', LIMITS)
def test_a_limit_that_does_not_hold_is_seen(name):
    "Each limit alone, with figures just on either side of it."
    for limit in LIMITS[name]:
        task, part, who, how, other, word, most = limit
        for off in (-1e-6, 1e-6):
            figures = {who: {'/': most, '-': 0.9 + most, 'alone': most}[how] + off, other: 0.9 if how == '-' else 1.}
            times = [{'task': task, 'round': 0, 'who': w, 'updates': 9, 'loss': 1., part: figure} for w, figure in figures.items() if w]
            assert [holds for _, holds in verdicts(times, [limit])] == [(off < 0) == (word == 'at most')], limit


def test_other_work_is_seen():
    "A competitor that makes fewer updates, or comes to another loss than the bare loop."
    times = [dict(task='movielens', round=0, who=who, train=1., updates=20, loss=2.) for who in ('bare', 'ours', 'fastai')]
    for idle in (dict(updates=14), dict(loss=2.5)):
        with pytest.raises(ValueError, match='fastai did other work'): list(verdicts([dict(t, **idle) if t['who'] == 'fastai' else t for t in times], []))


@pytest.fixture
def few_ratings(tmp_path):
    "A folder with a file in the form of MovieLens 100k: 80 people, 100 films, 4,000 ratings."
    rng = random.Random(0)
    cells = rng.sample([(user, film) for user in range(1, 81) for film in range(1, 101)], 4000)
    (tmp_path/'ml-100k').mkdir()
    (tmp_path/'ml-100k'/'u.data').write_text(''.join(f'{user}\t{film}\t{rng.randint(1, 5)}\t{i}\n' for i, (user, film) in enumerate(cells)))
    return tmp_path


def script(name, *args, **env): return run('python', f'benchmarks/{name}.py', '--rounds', '1', '--threads', '1', *args, cwd=ROOT, **env)


@posix
def test_run_runs(tmp_path, few_ratings):
    "A round on a hundredth of the made-up rows; the file is whole, and says what it was taken on. A rival that is missing is named."
    done = script('run', '--share', '0.01', '--runs', '1', '--out', tmp_path/'out.json', COURSE_DATA=str(tmp_path/'none'))
    assert 'ours / bare' in done.stdout and 'course_data ml-100k' in done.stdout, done.stdout
    results = json.loads((tmp_path/'out.json').read_text())
    assert len(results['times']) == 4 and results['machine']['cpu'] and results['versions']['ours']['torch']
    done = script('run', '--tasks', 'movielens', '--runs', '1', COURSE_DATA=str(few_ratings))
    assert 'ours - bare' in done.stdout, done.stdout
    done = script('run', '--share', '0.01', '--tasks', 'dot', '--rivals', sys.executable)             # where no fastai is
    assert done.returncode != 0 and 'fastai ended' in done.stdout and 'PackageNotFoundError' in done.stdout, done.stdout


@posix
def test_collab_runs(tmp_path, few_ratings):
    "The recipes and the rankers, without rivals; without data nothing is done, and said."
    done = script('collab', '--out', tmp_path/'out.json', COURSE_DATA=str(few_ratings))
    assert 'quick' in done.stdout and 'NDCG' in done.stdout, done.stdout
    results = json.loads((tmp_path/'out.json').read_text())
    assert {(t['task'], t['who']) for t in results['times']} == {('recipes', 'quick'), ('recipes', 'recommended'), ('ranking', 'popularity'), ('ranking', 'ours')}
    done = script('collab', '--out', tmp_path/'no.json', COURSE_DATA=str(tmp_path/'none'))
    assert done.returncode == 0 and 'course_data ml-100k' in done.stdout and not (tmp_path/'no.json').exists(), done.stdout


@posix
def test_growth_runs(tmp_path):
    "A hundredth of the least size."
    done = script('growth', '--sizes', '5000', '--at-least', '1', '--out', tmp_path/'out.json')
    assert done.returncode == 0 and len(json.loads((tmp_path/'out.json').read_text())['times']) == len(WORK), done.stdout


def test_loaders_runs(tmp_path):
    "A hundredth of the rows and files."
    done = script('loaders', '--share', '0.02', '--out', tmp_path/'out.json')
    assert 'torch / ours' in done.stdout and len(json.loads((tmp_path/'out.json').read_text())['times']) == 6, done.stdout


@pytest.mark.skipif(not FLAGS, reason='needs MovieLens 100k')
def test_folds_are_those_of_the_course():
    "The workers read the file themselves; its rows and folds are those of `movielens` and `fold`."
    from benchmarks.collab_worker import folds, ratings
    from course_lib.tools.films import fold, movielens
    theirs = movielens()[0]
    assert ratings().equals(theirs)
    for k, parts in enumerate(folds(ratings()), 1): assert all(a.equals(b) for a, b in zip(parts, fold(theirs, k)))
    assert [len(y) for _, y in TASKS['movielens'].load(1.)] == [len(part) for part in fold(theirs, 1)]
