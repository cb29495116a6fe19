"""Time an epoch of `Learner.fit_one_cycle` beside a bare PyTorch loop, fastai 2 and Lightning, in turns, and judge the ratios.

    python benchmarks/run.py [--rounds 7] [--rivals .venv-bench/bin/python] [--out benchmarks/results.json]

Each competitor lives in a process of its own with two threads; one runs at a time. A round that is not counted comes first.
In each round a competitor's turn is three runs, each with a fresh model, of which the best counts."""
import sys
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.judge import LIMITS                                 # noqa: E402
from benchmarks.race import Worker, arguments, finish, has_movielens  # noqa: E402
from benchmarks.tasks import TASKS                                  # noqa: E402


def turns(tasks, workers, rounds):
    "(task, round, worker) in their order; bare and ours side by side; who comes first changes."
    for task in tasks:
        racing = [w for w in workers if w.who in ('bare', 'ours', *TASKS[task].rivals)]
        for i in range(-1, rounds): yield from ((task, i, w) for w in (racing if i % 2 else [racing[1], racing[0], *racing[:1:-1]]))


def main():
    parser = arguments(__doc__, rounds=7)
    parser.add_argument('--runs', type=int, default=3, help='runs in a turn, of which the best counts')
    parser.add_argument('--rivals', help='Python of an environment with fastai and lightning; without it they are left out')
    parser.add_argument('--share', type=float, default=1., help='share of the rows, for a quick try')
    parser.add_argument('--tasks', nargs='+', choices=TASKS, default=[*TASKS], help='what is timed; all, if not named')
    args = parser.parse_args()
    tasks = [task for task in args.tasks if task != 'movielens' or has_movielens()]
    rivals = [who for who in ('fastai', 'fastai_lean', 'lightning') if args.rivals and any(who in TASKS[task].rivals for task in tasks)]
    pythons = dict(bare=sys.executable, ours=sys.executable) | dict.fromkeys(rivals, args.rivals)
    workers = [Worker(python, who, threads=args.threads) for who, python in pythons.items()]
    times = [dict(task=task, round=i, who=w.who, **w.best(args.runs, task=task, share=args.share))
             for task, i, w in tqdm([*turns(tasks, workers, args.rounds)], disable=None)]
    times = [t for t in times if t['round'] >= 0]
    finish(args.out, times, LIMITS['results'], args.threads, share=args.share, runs=args.runs, versions={w.who: w.versions for w in workers})


if __name__ == '__main__': main()
