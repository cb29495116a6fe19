"""The benchmarks: the stored results show what they must, and the scripts that took them run."""
import json
import sys
from collections import Counter

import pytest
from benchmarks.judge import LIMITS, verdicts
from benchmarks.tasks import TASKS
from conftest import ROOT, run

RESULTS = json.loads((ROOT/'benchmarks'/'results.json').read_text(encoding='utf-8'))


def test_stored_results_hold():
    "All rounds of all competitors are there, on all rows, under the versions of constraints.txt; each limit holds."
    counted = Counter((t['task'], t['who']) for t in RESULTS['times'])
    assert set(counted) == {(task, who) for task in TASKS for who in ('bare', 'ours', 'fastai', 'lightning')} | {('dot', 'fastai_lean')} and min(counted.values()) >= 7
    assert RESULTS['share'] == 1. and all(t['train'] > 0 and t['valid'] > 0 for t in RESULTS['times'])
    pinned = dict(line.strip().split('==') for line in (ROOT/'constraints.txt').read_text().splitlines() if '==' in line)
    assert {vs['torch'].split('+')[0] for vs in RESULTS['versions'].values()} == {pinned['torch']}
    found = list(verdicts(RESULTS['times']))
    assert len(found) == len(LIMITS) and [row for row, holds in found if not holds] == []


def test_a_limit_that_does_not_hold_is_seen():
    "Made-up times: all equal but for ours, which costs a fifth more, so that each limit is missed; and a competitor that does not do the work."
    times = [dict(task=task, round=i, who=who, train=1.2 if who == 'ours' else 1., valid=1.2 if who == 'ours' else 1., updates=9, loss=2.)
             for task in TASKS for i in range(3) for who in ('bare', 'ours', 'fastai')]
    assert [holds for _, holds in verdicts(times)] == [False] * len(LIMITS)
    for idle in (dict(updates=7), dict(loss=2.5)):
        with pytest.raises(ValueError, match='fastai did other work'): list(verdicts([dict(t, **idle) if t['who'] == 'fastai' else t for t in times]))


@pytest.mark.skipif(sys.platform == 'win32', reason='needs a terminal of POSIX')
def test_scripts_run(tmp_path):
    "A round on a hundredth of the rows; the file is whole, and says what it was taken on."
    done = run('python', 'benchmarks/run.py', '--pairs', '1', '--share', '0.01', '--epochs', '1', '--out', tmp_path/'out.json', cwd=ROOT)
    assert 'ours / bare' in done.stdout, done.stdout
    results = json.loads((tmp_path/'out.json').read_text())
    assert len(results['times']) == 4 and results['machine']['cpu'] and results['versions']['ours']['torch']
    done = run('python', 'benchmarks/run.py', '--pairs', '1', '--share', '0.01', '--rivals', sys.executable, cwd=ROOT)     # where no fastai is
    assert done.returncode != 0 and 'fastai ended' in done.stdout and 'PackageNotFoundError' in done.stdout, done.stdout
