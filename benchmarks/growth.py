"""Time training per rating from 100 thousand to 10 million made-up ratings of 5,000 films, in batches of 4,096, with 50 factors:
with 20,000 users (`fixed`), and with one user for every 50 ratings (`growing`), there with dense and with sparse gradients.

    python benchmarks/growth.py [--rounds 3] [--out benchmarks/growth.json]

Each size has a process of its own, whose peak memory is noted, from the table of ratings on. As many ratings
are timed for each size, in ten parts, of which the fastest counts: what else the machine does can only make them longer."""
import sys
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.judge import LIMITS                                 # noqa: E402
from benchmarks.race import Worker, arguments, finish               # noqa: E402

SIZES = 100_000, 1_000_000, 10_000_000
WORK = [('fixed', 'dense'), ('growing', 'dense'), ('growing', 'sparse')]


def measure(task, who, n, round_, at_least, threads):
    "A row of the results, from a process of its own; and its versions."
    worker = Worker(sys.executable, who, 'growth_worker.py', threads)
    row = worker.ask(n=n, n_users=20_000 if task == 'fixed' else n // 50, at_least=at_least)
    worker.close()
    return dict(task=task, who=f'{n} {who}', round=round_, **row), worker.versions


def main():
    parser = arguments(__doc__, rounds=3)
    parser.add_argument('--sizes', type=int, nargs='+', default=SIZES, help='numbers of ratings')
    parser.add_argument('--at-least', type=int, default=10_000_000, help='ratings that are timed')
    args = parser.parse_args()
    jobs = [(task, who, n, i, args.at_least, args.threads) for i in range(args.rounds) for task, who in WORK for n in args.sizes]
    times, versions = zip(*(measure(*job) for job in tqdm(jobs, disable=None)))
    finish(args.out, list(times), LIMITS['growth'], args.threads, at_least=args.at_least, versions=dict(ours=versions[0]))


if __name__ == '__main__': main()
