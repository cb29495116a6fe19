"""What is timed: two models and their data, made up, the same for all. Needs PyTorch only, so that every environment can import it."""
import time

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
        user, item = x[:, 0], x[:, 1]
        scores = (self.users(user) * self.items(item)).sum(1) + self.user_bias(user)[:, 0] + self.item_bias(item)[:, 0]
        return 5.5 * scores.sigmoid()


class Mlp:
    "(a) 784-64-10 on 60,000 rows"
    title = 'an MLP 784-64-10 on 60,000 rows'
    loss_func = staticmethod(F.cross_entropy)

    @staticmethod
    def model(): return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))

    @staticmethod
    def metric(scores, target): return (scores.argmax(1) == target).float().mean()

    @staticmethod
    def data(size):
        gen = torch.Generator().manual_seed(0)
        return torch.rand(size, 784, generator=gen), torch.randint(0, 10, (size,), generator=gen)
    size = 60_000, 10_000                                           # to train on, to measure on


class Dot:
    "(b) a dot product with biases on 80,000 ratings"
    title = 'a dot product of 50 factors with biases on 80,000 ratings'
    loss_func = staticmethod(F.mse_loss)
    model = DotProduct

    @staticmethod
    def metric(scores, target): return (scores - target).abs().mean()

    @staticmethod
    def data(size):
        gen = torch.Generator().manual_seed(0)
        x = torch.stack([torch.randint(0, n, (size,), generator=gen) for n in (943, 1682)], 1)
        return x, torch.randint(1, 6, (size,), generator=gen).float()
    size = 80_000, 20_000


TASKS = dict(mlp=Mlp, dot=Dot)


class Batches:
    "Batches indexed from tensors, in a new order each time if `shuffle`: what the bare loop uses, for rivals that take any iterable."
    def __init__(self, x, y, shuffle): self.x, self.y, self.shuffle = x, y, shuffle
    def __len__(self): return -(-len(self.x) // BS)
    def __iter__(self):
        if not self.shuffle:
            for i in range(0, len(self.x), BS): yield self.x[i:i + BS], self.y[i:i + BS]
        else:
            for rows in torch.randperm(len(self.x)).split(BS): yield self.x[rows], self.y[rows]


def bare(task, train, valid):
    "Seconds of training and of validation, updates, and validation loss: one epoch of a loop that does nothing else."
    model = task.model()
    opt = torch.optim.AdamW(model.parameters(), fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-3, total_steps=-(-len(train[0]) // BS))
    model.train()
    updates, start = 0, time.perf_counter()
    for xb, yb in Batches(*train, True):
        loss = task.loss_func(model(xb), yb)
        loss.backward(); opt.step(); opt.zero_grad(); cycle.step()
        updates += 1
    middle = time.perf_counter()
    model.eval()
    with torch.no_grad():
        total = metric = n = 0
        for xb, yb in Batches(*valid, False):
            scores = model(xb)
            total += task.loss_func(scores, yb) * len(xb); metric += task.metric(scores, yb) * len(xb); n += len(xb)
        loss, _ = (total / n).item(), (metric / n).item()
    return middle - start, time.perf_counter() - middle, updates, loss
