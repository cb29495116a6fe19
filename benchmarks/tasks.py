"""What is timed: models and their data, the same for all. Needs PyTorch only, so that every environment can import it."""
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

BS = 64


class DotProduct(nn.Module):
    "Ratings from two rows of factors and two biases."
    def __init__(self, n_users=943, n_items=1682, n_factors=50):
        super().__init__()
        self.users, self.items = nn.Embedding(n_users, n_factors), nn.Embedding(n_items, n_factors)
        self.user_bias, self.item_bias = nn.Embedding(n_users, 1), nn.Embedding(n_items, 1)
        for table in (self.users, self.items, self.user_bias, self.item_bias): nn.init.normal_(table.weight, std=0.01)

    def forward(self, x):                                           # (N, 2) long: user, item
        user, item = x.unbind(1)
        fit = (self.users(user) * self.items(item)).sum(1, keepdim=True)
        return 5.5 * (fit + self.user_bias(user) + self.item_bias(item)).squeeze(1).sigmoid()


class MadeUp:
    "A task whose rows are drawn at random by `data`: `size` to train on and to measure on, one epoch."
    n_epochs, lr, wd = 1, 1e-3, 0.01
    rivals = 'fastai', 'lightning'

    @staticmethod
    def groups(model): return model.parameters()

    @classmethod
    def load(cls, share):
        "Training and validation set, (x, y) each."
        return [cls.data(int(size * share)) for size in cls.size]


class Mlp(MadeUp):
    "(a) 784-64-10 on 60,000 rows"
    title = 'an MLP 784-64-10 on 60,000 rows'
    loss_func = staticmethod(F.cross_entropy)
    size = 60_000, 10_000

    @staticmethod
    def model(): return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))

    @staticmethod
    def metric(scores, target): return (scores.argmax(1) == target).float().mean()

    @staticmethod
    def data(size):
        gen = torch.Generator().manual_seed(0)
        return torch.rand(size, 784, generator=gen), torch.randint(0, 10, (size,), generator=gen)


class Dot(MadeUp):
    "(b) a dot product with biases on 80,000 ratings"
    title = 'a dot product of 50 factors with biases on 80,000 ratings'
    loss_func = staticmethod(F.mse_loss)
    model = DotProduct
    size = 80_000, 20_000
    rivals = 'fastai', 'fastai_lean', 'lightning'

    @staticmethod
    def metric(scores, target): return (scores - target).abs().mean()

    @staticmethod
    def data(size):
        gen = torch.Generator().manual_seed(0)
        x = torch.stack([torch.randint(0, n, (size,), generator=gen) for n in (943, 1682)], 1)
        return x, torch.randint(1, 6, (size,), generator=gen).float()


class Movielens:
    "(c) the same model on MovieLens 100k, five epochs"
    title = 'the same model on MovieLens 100k, fold 1, five epochs'
    loss_func, model, metric = staticmethod(F.mse_loss), DotProduct, staticmethod(Dot.metric)
    n_epochs, lr, wd = 5, 5e-3, 0.1
    rivals = ('fastai',)

    @staticmethod
    def groups(model):
        "As `collab_learner` makes them: less decay for the biases."
        factors, biases = [model.users.weight, model.items.weight], [model.user_bias.weight, model.item_bias.weight]
        return [dict(params=factors), dict(params=biases, weight_decay=0.01)]

    @staticmethod
    def load(share):
        "Training and test set of fold 1; of each the first rows, if `share` is below 1."
        rows = read_movielens()
        test, train = rows[:len(rows) // 5], rows[len(rows) // 5:]
        return [(part[:, :2] - 1, part[:, 2].float()) for part in (rows[:int(len(rows) * share)] for rows in (train, test))]


TASKS = dict(mlp=Mlp, dot=Dot, movielens=Movielens)


def movielens_file():
    "The ratings of MovieLens 100k in the folder that $COURSE_DATA names; None if they are not there."
    folder = Path(os.environ.get('COURSE_DATA', '.'))/'ml-100k'
    return next((path for path in (folder/'u.data', folder/'ml-100k'/'u.data') if path.is_file()), None)


def read_movielens():
    "Its rows in their order, (N, 4) long: user and film from 1, stars, seconds since 1970."
    return torch.tensor([[int(cell) for cell in line.split('\t')] for line in movielens_file().read_text().splitlines()])


class Batches:
    "Batches indexed from tensors, in a new order each time if `shuffle`: what the bare loop uses, for rivals that take any iterable."
    def __init__(self, x, y, shuffle): self.x, self.y, self.shuffle = x, y, shuffle
    def __len__(self): return -(-len(self.x) // BS)
    def __iter__(self):
        if not self.shuffle:
            for i in range(0, len(self.x), BS): yield self.x[i:i + BS], self.y[i:i + BS]
        else:
            for rows in torch.randperm(len(self.x)).split(BS): yield self.x[rows], self.y[rows]


class Clock:
    "Seconds spent in training and in validation, over all epochs."
    def __init__(self): self.since, self.spent = {}, dict(train=0., valid=0.)
    def start(self, part): self.since[part] = time.perf_counter()
    def stop(self, part): self.spent[part] += time.perf_counter() - self.since[part]


def bare(task, train, valid):
    "Seconds of training and of validation, updates, and validation loss: a loop that does nothing else."
    model, clock, n_steps = task.model(), Clock(), task.n_epochs * -(-len(train[0]) // BS)
    opt = torch.optim.AdamW(task.groups(model), weight_decay=task.wd, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(opt, task.lr, total_steps=n_steps)
    updates = 0
    for _ in range(task.n_epochs):
        clock.start('train')
        model.train()
        for xb, yb in Batches(*train, True):
            loss = task.loss_func(model(xb), yb)
            loss.backward(); opt.step(); opt.zero_grad(); cycle.step()
            updates += 1
        clock.stop('train'); clock.start('valid')
        loss, _ = measure(task, model, valid)
        clock.stop('valid')
    return clock, updates, loss


@torch.no_grad()
def measure(task, model, valid):
    "Validation loss and metric."
    model.eval()
    total = metric = n = 0
    for xb, yb in Batches(*valid, False):
        scores = model(xb)
        total += task.loss_func(scores, yb) * len(xb); metric += task.metric(scores, yb) * len(xb); n += len(xb)
    return (total / n).item(), (metric / n).item()
