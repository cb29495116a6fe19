"""Answers to the questions of lesson 01, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, tensor

from answers.forms import letter, number, plotted, several, whole, with_guides


def sgd(w, lr): w.data -= lr * w.grad
def sgd_out(w, lr):
    with torch.no_grad(): w.copy_(w - lr * w.grad)
@torch.no_grad()
def sgd_add(w, lr): w.add_(w.grad, alpha=-lr)
def sgd_sub(w, lr): w.data.sub_(lr * w.grad)
def sgd_torch(w, lr): torch.optim.SGD([w], lr).step()
def sgd_numpy(w, lr): w.detach().numpy()[:] -= lr * w.grad.numpy()

def epoch(step, clear):
    "One epoch, with a way to step and a way to clear."
    def run(model, params, batches, loss_func, lr):
        for xb, yb in batches:
            loss = loss_func(model(xb), yb)
            loss.backward()
            for p in params: step(p, lr)
            for p in params: clear(p)
    return run
def to_none(p): p.grad = None
def to_zero(p): p.grad.zero_()
def epoch_autograd(model, params, batches, loss_func, lr):
    for xb, yb in batches:
        for p, g in zip(params, torch.autograd.grad(loss_func(model(xb), yb), params)): p.data -= lr * g
def epoch_torch(model, params, batches, loss_func, lr):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in batches:
        opt.zero_grad(); loss_func(model(xb), yb).backward(); opt.step()
def mean_twice(model, params, batches, loss_func, lr):
    for xb, yb in batches:
        (loss_func(model(xb), yb) / len(xb)).backward()
        for p in params: p.data -= lr * p.grad; p.grad = None
def clear_first(model, params, batches, loss_func, lr):
    for xb, yb in batches:
        loss_func(model(xb), yb).backward()
        for p in params: p.grad = None; p.data -= 0.
def first_batch(model, params, batches, loss_func, lr): epoch(sgd, to_none)(model, params, [next(batches)], loss_func, lr)
def keeps_rate(model, params, batches, loss_func, lr): epoch(sgd, to_none)(model, params, batches, loss_func, 0.01)

class Pairs:
    def __init__(self, xs, ys): self.xs, self.ys = xs, ys
    def __len__(self): return len(self.xs)
    def __getitem__(self, i):
        if i >= len(self): raise IndexError(i)
        return self.xs[i], self.ys[i]
def appended(xs, ys):
    out = []
    for i in range(len(xs)): out.append((xs[i], ys[i]))
    return out

def trained(make, lr, n=300, bs=None, opt=None):
    "A training loop for a net of any make."
    def train(x, y):
        torch.manual_seed(0)
        net = make()
        optimizer = (opt or torch.optim.SGD)(net.parameters(), lr=lr)
        for i in range(n):
            at = torch.arange(len(x)) if bs is None else torch.randperm(len(x))[:bs]
            loss = F.binary_cross_entropy_with_logits(net(x[at]), y[at])
            optimizer.zero_grad(); loss.backward(); optimizer.step()
        return net
    return train
def deep(): return nn.Sequential(nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 1))
def line(): return nn.Linear(64, 1)
def by_grad(x, y):
    w, b = torch.zeros(64, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    for _ in range(600):
        loss = F.binary_cross_entropy_with_logits(x @ w + b, y)
        for p, g in zip((w, b), torch.autograd.grad(loss, (w, b))): p.data -= 0.5 * g
    return lambda new: new @ w + b
def perceptron(x, y):
    w, b = torch.zeros(64), 0.
    for _ in range(50):
        for row, t in zip(x, 2 * y[:, 0] - 1):
            if t * (row @ w + b) <= 0: w, b = w + t * row, b + t
    return lambda new: (new @ w + b)[:, None]


ALL = {
'01-01': (number(0), [0.25, 0.1, '1', -0.25, 1, True]),
'01-02': ([plotted(torch.sigmoid, torch.linspace(-6, 6, n)) for n in (25, 50, 500)] + [with_guides(plotted(torch.sigmoid, torch.linspace(-6, 6, 100))),
           plotted(lambda x: 1 / (1 + np.exp(-x)), np.arange(-6, 6.1, 0.1)), plotted(lambda x: (torch.tanh(x / 2) + 1) / 2, torch.linspace(-8, 8, 200))],
          [plotted(torch.sigmoid, torch.linspace(-3, 3, 100)), plotted(torch.sigmoid, torch.linspace(-6, 6, 5)), plotted(lambda x: 0.99 * torch.sigmoid(x), torch.linspace(-6, 6, 100)),
           plotted(lambda x: torch.sigmoid(-x), torch.linspace(-6, 6, 100)), plotted(lambda x: torch.sigmoid(1.1 * x), torch.linspace(-6, 6, 100)),
           plotted(lambda x: 0.5 + x / (2 * (1 + x.abs())), torch.linspace(-6, 6, 100)), 'a curve']),
'01-03': (['AB', 'ab', 'A and B', 'A, B', ['A', 'B'], ('a', 'b'), 'A B', 'A/B'], ['A', 'B', 'A=B', 'BA', 'ABAB', 'A>B', ['A', 'A'], 2]),
'01-04': ([sgd, sgd_out, sgd_add, sgd_sub, sgd_torch, sgd_numpy],
          [lambda w, lr: None, lambda w, lr: w.data.sub_(w.grad), lambda w, lr: w.data.mul_(1 - lr), lambda w, lr: w.data.sub_(lr * w.grad / w.grad.norm()),
           lambda w, lr: w.data.sub_(lr * w.grad.mean()), lambda w, lr: (w.data.sub_(lr * w.grad), w.grad.zero_())]),
'01-05': (several(3, 6), [(2, 6), (3, 38), (6, 3), 3, (3, 6, 0), '3', (2.1875, 6)]),
'01-06': ([epoch(sgd, to_none), epoch(sgd_add, to_zero), epoch(sgd_torch, to_none), epoch_autograd, epoch_torch, epoch(sgd_out, to_zero)],
          [mean_twice, clear_first, first_batch, keeps_rate, epoch(lambda w, lr: w.data.add_(lr * w.grad), to_none), epoch(sgd, lambda p: p.grad.mul_(0.9))]),
'01-07': ([lambda xs, ys: list(zip(xs, ys)), lambda xs, ys: [(x, y) for x, y in zip(xs, ys)], Pairs, appended, lambda xs, ys: tuple(zip(xs, ys)),
           lambda xs, ys: [(xs[i], ys[i]) for i in range(len(xs))], lambda xs, ys: dict(enumerate(zip(xs, ys)))],
          [lambda xs, ys: [[x, y] for x, y in zip(xs, ys)], lambda xs, ys: (p for p in zip(xs, ys)), lambda xs, ys: list(zip(xs, ys))[:3], lambda xs, ys: list(zip(xs, reversed(ys))),
           lambda xs, ys: [f'{x}{y}' for x, y in zip(xs, ys)], lambda xs, ys: [x for p in zip(xs, ys) for x in p]]),
'01-08': (several(1, 1), [(0, 5), (5, 0), (1, 0), (1, 2), (0, 1), 5, (13, 0), '(1)']),
'01-09': (number(0.5), [0, 128, 128.5, 1, -0.5, '64', 0.51]),
'01-10': (whole(24), [8, 6, 12, 18, 16, 20, 36, 24.5]),
'01-11': (number(30.), [45, 15, 6, 10, -30, 31, 'six times five']),
'01-12': (number(12.), [4, 8, 64, 0, 3, -12]),
'01-13': ([trained(line, 1., 400), trained(deep, 0.5, 800), trained(line, 1., 800, bs=64), trained(deep, 0.01, 300, opt=torch.optim.Adam), by_grad,
           trained(line, 0.05, 300, opt=torch.optim.Adam)],
          [perceptron, lambda x, y: (lambda new: torch.zeros(len(new), 1)), trained(line, 1e-5), trained(line, 1., 400, opt=lambda p, lr: torch.optim.SGD([*p][:1], lr)),
           lambda x, y: nn.Linear(64, 1), lambda x, y: trained(line, 1.)(x[:20], y[:20]), lambda x, y: None]),
'01-14': ([plotted(F.relu, torch.linspace(-2, 2, n)) for n in (41, 81, 401)] + [with_guides(plotted(F.relu, torch.linspace(-3, 3, 121))), plotted(lambda x: np.maximum(x, 0), np.arange(-2, 2.01, 0.05)),
           plotted(lambda x: x.clamp(min=0), torch.linspace(-2, 2, 101))],
          [plotted(lambda x: F.relu(-x), torch.linspace(-2, 2, 81)), plotted(F.elu, torch.linspace(-2, 2, 81)), plotted(F.relu6, torch.linspace(-8, 8, 321)), plotted(F.relu, torch.linspace(0, 2, 81)),
           plotted(lambda x: 2 * F.relu(x), torch.linspace(-2, 2, 81)), plotted(F.gelu, torch.linspace(-2, 2, 81)), None]),
'01-15': (whole(65), [64, 2591, 51, 66, 1920, 1]),
'01-16': (letter('C'), ['A', 'B', 'D', 'E', 'CD', 'none', 3]),
'01-17': (whole(32), [10, 31, 25, 5, 64, 16, 33]),
'01-18': (several(23, 25), [(18, 25), (23, 5), (25, 23), (23, 45), (23, 15), (26, 25), 23]),
'01-19': ([([(3, 5), (5, 8), (8, 10)], [(4, 5), (4, 8), (4, 10)]), ([[3, 5], [5, 8], [8, 10]], [[4, 5], [4, 8], [4, 10]]), (((3, 5), (5, 8), (8, 10)), ((4, 5), (4, 8), (4, 10))),
           [['3, 5', '5, 8', '8, 10'], ['4, 5', '4, 8', '4, 10']], ([torch.zeros(3, 5).shape, torch.zeros(5, 8).shape, torch.zeros(8, 10).shape], [torch.zeros(4, n).shape for n in (5, 8, 10)]),
           ([tensor([3, 5]), tensor([5, 8]), tensor([8, 10])], [tensor([4, n]) for n in (5, 8, 10)])],
          [([(5, 3), (8, 5), (10, 8)], [(4, 5), (4, 8), (4, 10)]), ([(3, 5), (5, 8)], [(4, 5), (4, 8)]), ([(3, 5), (5, 8), (8, 10)], [(5, 4), (8, 4), (10, 4)]), ([(3, 5), (5, 8), (8, 10)], [(4, 5), (4, 8)]),
           [(3, 5), (5, 8), (8, 10)], ([(3, 5), (5, 8), (8, 10)], [(4,), (4,), (4,)]), 'five']),
'01-20': (several(0.4, 0.7, 0.1, 1.1) + [np.float32([0.4, 0.7, 0.1, 1.1])], [(1.1, 0.7, 0.4, 0.1), (0.1, 0.4, 0.7, 1.1), (0.4, 0.1, 0.7, 1.1), (0.7, 0.4, 0.1, 1.1), (0.4, 0.7, 0.1), 0.4, (0.4, 0.4, 0.1, 1.1)]),
}
