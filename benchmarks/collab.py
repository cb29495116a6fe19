"""Compare the recipes of lesson 07 with Surprise's SVD on the five folds of MovieLens 100k, and its ranking with implicit's.

    python benchmarks/collab.py [--rounds 5] [--rivals .venv-bench/bin/python] [--out benchmarks/collab.json]

Each competitor lives in a process of its own; one runs at a time, in turns, and a first round does not count. Each round has
a seed of its own. Rankers: of some settings each takes that which ranks each person's last film but one best (NDCG at 10);
then all are measured on the last, among all films that the person has not rated before. Without the data nothing is done."""
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.collab_worker import last_out, ratings              # noqa: E402
from benchmarks.judge import LIMITS                                 # noqa: E402
from benchmarks.race import Worker, arguments, finish, has_movielens  # noqa: E402
from course_lib.collab import hit_rate, ndcg, ranks                 # noqa: E402

SETTINGS = dict(popularity=[{}],
                ours=[dict(n_negatives=k, n_epochs=n, wd=wd, lr=lr) for k, n in ((4, 10), (10, 20)) for wd in (0.1, 0.3) for lr in (0.01, 0.02)],
                als=[dict(factors=f, regularization=r, alpha=a) for f in (10, 20, 50) for r in (0.01, 1.) for a in (0.5, 1., 5.)],
                bpr=[dict(factors=f, learning_rate=lr, iterations=n) for f in (50, 100, 200) for lr in (0.003, 0.01, 0.03) for n in (50, 100, 200)])


def rank(worker, back, seed, **how)->dict:
    "How a ranker does on the film that was hidden: seconds, hit rate and NDCG at 10."
    rows = ratings()
    train, hidden = last_out(rows, back)
    with TemporaryDirectory() as folder:
        out = Path(folder)/'scores.npy'
        answer = worker.ask(task='ranking', back=back, seed=seed, out=str(out), **how)
        scores = torch.from_numpy(np.load(out)).float()
    seen = torch.zeros(scores.shape, dtype=torch.bool)
    seen[:, 0] = True                                               # films are numbered from 1
    seen[torch.tensor(train.user.to_numpy()), torch.tensor(train.film.to_numpy())] = True
    users, films = torch.tensor(hidden.user.to_numpy()), torch.tensor(hidden.film.to_numpy())
    places = ranks(scores[users], films, seen[users])
    return answer | {'hit rate': hit_rate(places), 'NDCG': ndcg(places)}


def choose(worker)->tuple:
    "The best of the settings of a ranker, and how each did on the last film but one."
    found = [(how, round(rank(worker, 2, 0, **how)['NDCG'], 4)) for how in SETTINGS[worker.who]]
    return max(found, key=lambda pair: pair[1])[0], found


def racing(who, rivals, threads):
    "Workers; those of rivals only if there is an environment for them."
    pythons = dict(surprise=rivals, als=rivals, bpr=rivals)
    return [Worker(pythons.get(w, sys.executable), w, 'collab_worker.py', threads) for w in who if pythons.get(w, True)]


def main():
    parser = arguments(__doc__, rounds=5)
    parser.add_argument('--rivals', help='Python of an environment with Surprise and implicit; without it they are left out')
    args = parser.parse_args()
    if not has_movielens(): return
    fitting = racing(('surprise', 'quick', 'recommended'), args.rivals, args.threads)
    rankers = racing(SETTINGS, args.rivals, args.threads)
    chosen = {w.who: choose(w) for w in tqdm(rankers, desc='settings', disable=None)}
    times = []
    for i in tqdm(range(-1, args.rounds), disable=None):
        times += [dict(task='recipes', round=i, who=w.who, **w.ask(task='recipes', seed=i + 1)) for w in fitting[::1 if i % 2 else -1]]
        if i >= 0: times += [dict(task='ranking', round=i, who=w.who, **rank(w, 1, i + 1, **chosen[w.who][0])) for w in rankers]
    times = [t for t in times if t['round'] >= 0]
    finish(args.out, times, LIMITS['collab'], args.threads, versions={w.who: w.versions for w in fitting + rankers},
           chosen={who: dict(how=how, tried=tried) for who, (how, tried) in chosen.items()})


if __name__ == '__main__': main()
