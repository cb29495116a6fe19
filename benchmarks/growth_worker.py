"""One size of growth.py in a process of its own: trains on ratings made up at random, and answers with seconds per rating and memory.

    python growth_worker.py dense|sparse FD                         answers are lines of JSON, as in worker.py"""
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.worker import serve                                 # noqa: E402
from course_lib.collab import CollabDataLoaders, DotProductBias     # noqa: E402
from course_lib.learner import Callback, Learner                    # noqa: E402
from course_lib.tools.trials import fused_adamw                     # noqa: E402

FACTORS, BS, FILMS = 50, 4096, 5000
PACKAGES = dict(dense=['torch', 'pandas'], sparse=['torch', 'pandas'])


def made_up(n:int, n_users:int):
    "A table of n ratings, no user and film twice."
    rng = np.random.default_rng(0)
    cells = np.unique(rng.integers(0, n_users * FILMS, int(1.2 * n), dtype='int64'))
    cells = rng.permutation(cells)[:n]
    return pd.DataFrame(dict(user=(cells // FILMS).astype('int32'), film=(cells % FILMS).astype('int16'), rating=rng.integers(1, 6, n).astype('float32')))


class Timed(Callback):
    "Seconds for a rating: of each tenth of the work, without drawing the order of a pass; and of drawing it."
    def __init__(self, ratings): self.tenth, self.drawing, self.tenths, self.spent, self.seen = ratings / 10, 0., [], 0., 0
    def before_train(self, learn): self.since = time.perf_counter()

    def before_batch(self, learn):
        if learn.training and learn.batch == 0: self.drawing += self.passed()

    def after_batch(self, learn):
        if not learn.training: return
        self.spent += self.passed(); self.seen += len(learn.xb)
        if self.seen >= 0.99 * self.tenth: self.tenths.append(self.spent / self.seen); self.spent = self.seen = 0

    def passed(self):
        since, self.since = self.since, time.perf_counter()
        return self.since - since


def learner(dls, sparse:bool):
    "Dot product with biases; dense gradients with fused AdamW, or sparse ones with SparseAdam."
    model = DotProductBias(*dls.sizes, FACTORS, y_range=(0, 5.5))
    for table in model.children(): table.sparse = sparse
    opt = (lambda groups, lr: torch.optim.SparseAdam(groups, lr=lr)) if sparse else fused_adamw
    return Learner(dls, model, F.mse_loss, opt_func=opt)


def grow(who, n:int, n_users:int, at_least:int):
    "Seconds for a rating in passes over at least so many, of the fastest tenth of them; peak memory in GiB."
    torch.manual_seed(0)
    start = time.perf_counter()
    ratings = made_up(n, n_users)
    dls = CollabDataLoaders.from_df(ratings, valid=ratings[:BS], bs=BS)
    loaded, learn, n_epochs = time.perf_counter() - start, learner(dls, who == 'sparse'), max(1, -(-at_least // n))
    timed = Timed(n * n_epochs)
    with learn.no_logging(): learn.fit(n_epochs, 1e-3, cbs=timed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == 'darwin' else 2**20)
    return {'per rating': min(timed.tenths) + timed.drawing / (n * n_epochs), 'GiB': peak, 'loading': loaded, 'ratings': n, 'users': n_users}


if __name__ == '__main__': serve(grow, PACKAGES)
