"""Answers to the questions of lesson 07, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import math

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn, tensor

from answers.forms import letter, number, several, whole
from course_lib.collab import CollabNN, DotProductBias, sigmoid_range


def pivot(ratings): return ratings.pivot(index='user', columns='film', values='rating')
def unstack(ratings): return ratings.set_index(['user', 'film'])['rating'].unstack()
def counted_first(ratings):
    if ratings.duplicated(['user', 'film']).any(): raise ValueError('somebody rates a film twice')
    return ratings.pivot_table(index='user', columns='film', values='rating')
def by_groups(ratings):
    if ratings.groupby(['user', 'film']).size().max() > 1: raise ValueError('twice')
    return ratings.groupby(['user', 'film']).rating.first().unstack()
def by_crosstab(ratings):
    if len(ratings[['user', 'film']].drop_duplicates()) < len(ratings): raise ValueError('twice')
    return pd.crosstab(ratings.user, ratings.film, values=ratings.rating, aggfunc='mean')
def by_hand(ratings):
    users, films = sorted(ratings.user.unique()), sorted(ratings.film.unique())
    table = pd.DataFrame(math.nan, index=users, columns=films)
    cells = table.to_numpy().copy()
    at = {u: i for i, u in enumerate(users)}, {f: i for i, f in enumerate(films)}
    for u, f, r in zip(ratings.user, ratings.film, ratings.rating):
        if not math.isnan(cells[at[0][u], at[1][f]]): raise ValueError(f'{u} rates {f} twice')
        cells[at[0][u], at[1][f]] = r
    return pd.DataFrame(cells, index=users, columns=films)
def last_wins(ratings): return pivot(ratings.drop_duplicates(['user', 'film'], keep='last'))
def assert_instead(ratings):
    if ratings.duplicated(['user', 'film']).any(): raise KeyError('twice')
    return pivot(ratings)
def every_number(ratings): return pivot(ratings).reindex(range(1, ratings.user.max() + 1))
def from_the_top(ratings): return pivot(ratings).sort_index(ascending=False)
def adds_column(ratings):
    ratings['stars'] = ratings.rating
    return pivot(ratings)

def same_length(f):
    "`f` for lists of one length only."
    def dot(a, b):
        if len(a) != len(b): raise ValueError('lists of different length')
        return f(a, b)
    return dot
def loop(a, b):
    total = 0.
    for i in range(len(a)): total += a[i] * b[i]
    return total
def strict(a, b): return sum(x * y for x, y in zip(a, b, strict=True))
def emptied(a, b):
    total = 0
    while a: total += a.pop() * b.pop()
    return total
def only_shorter(a, b):
    if len(a) > len(b): raise ValueError
    return sum(x * y for x, y in zip(a, b))

def film(check=lambda s: 0.5 <= s <= 5, mean=lambda r: sum(r) / len(r), store=list, add='append', error=ValueError):
    "A class of films, with a way to look at stars and a way to average."
    class Film:
        def __init__(self, title):
            self.title = title
            self.ratings = store()
        def rate(self, stars):
            if not check(stars): raise error('from 0.5 to 5')
            getattr(self.ratings, add)(stars)
        def mean(self): return mean(self.ratings) if self.ratings else float('nan')
    return Film
class Sums:
    def __init__(self, title): self.title, self.total, self.n = title, 0., 0
    def rate(self, stars):
        if math.isnan(stars) or stars < 0.5 or stars > 5: raise ValueError(f'{stars} stars')
        self.total += stars; self.n += 1
    def mean(self): return self.total / self.n if self.n else np.nan
class Tensors:
    def __init__(self, title): self.title, self.stars = title, torch.zeros(0)
    def rate(self, stars):
        if not 0.5 <= stars <= 5: raise ValueError
        self.stars = torch.cat([self.stars, tensor([float(stars)])])
    def mean(self): return self.stars.mean()
class Default(Sums):
    def __init__(self, title, ratings=[]): self.title, self.ratings = title, ratings
    def rate(self, stars):
        if not 0.5 <= stars <= 5: raise ValueError
        self.ratings.append(stars)
    def mean(self): return sum(self.ratings) / len(self.ratings) if self.ratings else math.nan
class NoTitle(Sums):
    def __init__(self, title): self.total, self.n = 0., 0
class Zero(Sums):
    def mean(self): return self.total / max(self.n, 1)
class Emptied(Sums):
    def mean(self): found = Sums.mean(self); self.total, self.n = 0., 0; return found

class Product(nn.Module):
    "The first model, with a way to start and a way to multiply."
    start, multiply, extra = 0.1, staticmethod(lambda u, i: (u * i).sum(1)), 0
    def __init__(self, n_users, n_items, n_factors):
        super().__init__()
        self.u, self.i = nn.Embedding(n_users + self.extra, n_factors), nn.Embedding(n_items, n_factors)
        if self.start is not None:
            for table in self.children(): nn.init.normal_(table.weight, std=self.start)
    def forward(self, x): return self.multiply(self.u(x[:, 0]), self.i(x[:, 1]))
class FromOne(Product): start = None
class Smaller(Product): start = 0.05
class ByEinsum(Product): multiply = staticmethod(lambda u, i: torch.einsum('nf,nf->n', u, i))
class ByMatrix(Product): multiply = staticmethod(lambda u, i: (u[:, None] @ i[:, :, None]).flatten())
class ItemsFirst(nn.Module):
    def __init__(self, n_users, n_items, n_factors):
        super().__init__()
        self.items = nn.Parameter(0.3 * torch.randn(n_items, n_factors))
        self.users = nn.Parameter(0.3 * torch.randn(n_users, n_factors))
    def forward(self, x): return (self.users[x[:, 0]] * self.items[x[:, 1]]).sum(dim=1)
class Uniform(nn.Module):
    def __init__(self, n_users, n_items, n_factors):
        super().__init__()
        self.users, self.items = nn.Embedding(n_users, n_factors), nn.Embedding(n_items, n_factors)
        nn.init.uniform_(self.users.weight, -0.2, 0.2); nn.init.uniform_(self.items.weight, -0.2, 0.2)
    def forward(self, x):
        users, items = x.T
        return torch.sum(self.users(users) * self.items(items), -1)
class Column(Product): multiply = staticmethod(lambda u, i: (u * i).sum(1, keepdim=True))
class Mean(Product): multiply = staticmethod(lambda u, i: (u * i).mean(1))
class Ranged(Product): multiply = staticmethod(lambda u, i: sigmoid_range((u * i).sum(1), 0, 5.5))
class Cosine(Product): multiply = staticmethod(F.cosine_similarity)
class OneMore(Product): extra = 1
class Zeros(Product): start = 0.
class NoSum(Product): multiply = staticmethod(lambda u, i: u * i)

class Ten(nn.Module):
    "A score for each of ten classes, by one of several ways."
    def __init__(self, n_users, n_items, way='deep', n=8):
        super().__init__()
        self.way, self.u, self.i = way, nn.Embedding(n_users, n), nn.Embedding(n_items, n)
        self.line, self.out = nn.Linear(2 * n, 10), nn.Linear(n, 10)
        self.deep = nn.Sequential(nn.Linear(2 * n, 64), nn.ReLU(), nn.Linear(64, 10))
        if way == 'product': nn.init.normal_(self.u.weight, std=0.1); nn.init.normal_(self.i.weight, std=0.1)
    def forward(self, x):
        u, i = self.u(x[:, 0]), self.i(x[:, 1])
        if self.way == 'line': return self.line(torch.cat([u, i], 1))
        if self.way == 'product': return self.out(u * i)
        scores = self.deep(torch.cat([u, i], 1))
        return getattr(scores, self.way)() if self.way in ('relu', 'sigmoid') else scores
def ten(way): return lambda n_users, n_items: Ten(n_users, n_items, way)
class LogProbs(Ten):
    def forward(self, x): return super().forward(x).log_softmax(1)
class Eleven(Ten):
    def forward(self, x): return F.pad(super().forward(x), (0, 1))
class OnlyUser(Ten):
    def forward(self, x): return super().forward(x * tensor([1, 0]))
class Untrained(Ten):
    def forward(self, x): return super().forward(x).detach() + 0 * self.out.bias.sum()
def from_table(stars): return torch.bucketize(stars, torch.arange(1, 11) / 2)
def rounded(stars): return torch.round(stars * 2 - 1).long()
def small_ints(stars): return (stars * 2 - 1).int()
def one_each(stars): return tensor([int(2 * s) - 1 for s in stars])
def to_long(stars): return ((stars - 0.5) / 0.5).to(torch.int64)
def halved(stars): return (2 * stars).int() // 2
def as_floats(stars): return 2 * stars - 1
def in_a_list(stars): return [int(2 * s) - 1 for s in stars]

def by_exp(x, low, high): return low + (high - low) / (1 + (-x).exp())
def by_tanh(x, low, high): return (low + high) / 2 + (high - low) / 2 * (x / 2).tanh()
def by_method(x, low, high): return x.sigmoid() * (high - low) + low
def by_lerp(x, low, high): return (1 - torch.sigmoid(x)) * low + torch.sigmoid(x) * high
def by_softplus(x, low, high): return low + (high - low) * F.logsigmoid(x).exp()
def detached(x, low, high): return by_method(x.detach(), low, high)
def in_place(x, low, high): return by_method(x.data.mul_(1.), low, high) if x.requires_grad else x.sigmoid_().mul_(high - low).add_(low)
def by_erf(x, low, high): return low + (high - low) * (1 + torch.erf(x / 2)) / 2
def by_floats(x, low, high): return [low + (high - low) / (1 + math.exp(-v)) for v in x.flatten()]
def twice_borrowed(x, low, high): return sigmoid_range(x, low, high) * 1.
shape_3 = torch.zeros(3).shape
log_odds = math.log(7 / 3)

ALL = {
'07-01': ([('stays', 'grows'), ['stays', 'grows'], 'stays, grows', 'Stays and grows', "'stays', 'grows'", '(stays; grows)', ('STAYS', 'Grows.')],
          [('grows', 'stays'), ('falls', 'falls'), ('falls', 'grows'), 'grows', ('stays', 'grows', 'grows'), ('the same', 'grows'), ['grows', 'grows'], 2]),
'07-02': (number(4.72, '4.720', 4.7199), [4, 2.4, 3.28, 2, 4.7, 5.04, '4,72', 2.72, (1.8, 0.4)]),
'07-03': (whole(1), [True, 50, 0, 2, 10, 5, 1.5, 'one film', 400]),
'07-04': (several(15, 8), [(8, 15), (15, 7), 15, (35, 28), (15, 8, 7), (7, 0), (12, 5), '15']),
'07-05': ([pivot, unstack, counted_first, by_groups, by_crosstab, by_hand], [last_wins, assert_instead, every_number, from_the_top, adds_column, lambda r: r, lambda r: pivot(r).to_numpy(), lambda r: None]),
'07-06': (letter('D'), ['A', 'B', 'C', 'E', 'AD', 'sign', 4]),
'07-07': ([strict, same_length(lambda a, b: sum(map(lambda p: p[0] * p[1], zip(a, b)))), same_length(loop), same_length(lambda a, b: math.fsum(x * y for x, y in zip(a, b))),
           same_length(lambda a, b: sum([a[i] * b[i] for i in range(len(a))])), lambda a, b: np.dot(np.array(a), np.array(b))],
          [loop, emptied, only_shorter, same_length(lambda a, b: torch.dot(torch.tensor(a), torch.tensor(b)).item()), same_length(lambda a, b: float(torch.Tensor(a) @ torch.Tensor(b))),
           same_length(lambda a, b: abs(strict(a, b))), same_length(lambda a, b: strict(a, b) or None), same_length(lambda a, b: round(strict(a, b), 3))]),
'07-08': (several(4, 5), [(5, 4), (4, 4), (5, 5), (8, 9), (16, 17), (4, 6), 4]),
'07-09': (whole(4212), [4200, 4206, 3510, 3505, 4211, 701, '4,212', 120701]),
'07-10': ([(4, [1, 0, 0, 2, 0]), [4, [1, 0, 0, 2, 0]], ('4', '1, 0, 0, 2, 0'), (4., (1., 0., 0., 2., 0.)), (tensor(4), tensor([1., 0, 0, 2, 0])), (np.int64(4), np.array([1, 0, 0, 2, 0])), ([4], ['1', '0', '0', '2', '0'])],
          [(3, [1, 0, 0, 2, 0]), (4, [2, 0, 0, 1, 0]), (4, [1, 0, 0, 2]), (4, 2), (5, [1, 0, 0, 2, 0]), 4, (4, [0, 1, 0, 2, 0]), (4, [1, 0, 0, 0.5, 0])]),
'07-11': (number(500_000., 500_000, '5e5'), [1_000_000, 250_000, 125_000, 2e6, 64, '500,000', 501_000]),
'07-12': (number(8., 8, 7.6, 8.4, '8.0', math.sqrt(64)), [64, 7.5, 8.5, 1, 0.64, 4, 0, '8,0']),
'07-13': ([film(), film(mean=np.mean), film(check=lambda s: s >= 0.5 and s <= 5), film(mean=lambda r: math.fsum(r) / len(r)), Sums, Tensors,
           film(check=lambda s: s in np.arange(1, 11) / 2)],
          [film(store=set, add='add'), film(mean=lambda r: round(sum(r) / len(r), 2)), film(check=lambda s: not (s < 0.5 or s > 5)), film(check=lambda s: 0.5 < s <= 5), film(error=TypeError), Default, NoTitle, Zero, Emptied,
           film(mean=lambda r: sorted(r)[len(r) // 2]), film(check=lambda s: s <= 5)]),
'07-14': ([([3, 1, 3], (3,)), ((3, 1, 3), (3,)), [[3, 1, 3], [3]], (tensor([3, 1, 3]), shape_3), (np.array([3, 1, 3]), (3,)), ('3, 1, 3', '(3,)'), ([3., 1., 3.], 3), ([3, 1, 3], [3])],
          [([3, 7], (2,)), ([[3], [1], [3]], (3, 1)), ([7, 9, 2], (3,)), ([3, 1, 3], (1, 3)), ([3, 1, 3], (3, 2)), ([3, 1, 3],), [3, 1, 3], ([3, 1, 2], (3,)), ([3, 1], 3), ([3, 1, 3], ())]),
'07-15': ([Product, Smaller, ByEinsum, ByMatrix, ItemsFirst, Uniform], [Column, Mean, Ranged, Cosine, OneMore, Zeros, FromOne, NoSum, DotProductBias, lambda *sizes: None]),
'07-16': (several(16, 1), [(4, 1), (16, 16), (1, 16), (16, 0), (16, 4), 16, (3, 1), (15, 1)]),
'07-17': ([(ten('deep'), from_table), (ten('line'), rounded), (ten('product'), small_ints), (LogProbs, one_each), [lambda n, m: CollabNN(n, m, n_out=10), to_long], (Ten, lambda s: (2 * s - 1).to(torch.int16))],
          [(ten('relu'), to_long), (ten('sigmoid'), to_long), (Eleven, to_long), (OnlyUser, to_long), (Untrained, to_long), (Ten, halved), (Ten, as_floats), (Ten, in_a_list), (to_long, Ten), Ten, (CollabNN, to_long),
           (lambda n, m: nn.Linear(2, 10), to_long)]),
'07-18': (several(0.6, 0), [(0, 0.6), (0.7, 0), (0.6, 1), (0.6, 10), (0.8, 0), (-0.6, 0), 0.6, (0.64, 0)]),
'07-19': ([by_exp, by_tanh, by_method, by_lerp, by_softplus, lambda x, low, high: low + (high - low) * F.sigmoid(x)],
          [detached, in_place, by_erf, by_floats, sigmoid_range, twice_borrowed, lambda x, low, high: x.sigmoid(), lambda x, low, high: torch.sigmoid(x).clamp(low, high), lambda x, low, high: high + (low - high) * x.sigmoid()]),
'07-20': ([(log_odds, math.inf), (0.847, math.inf), [0.8473, float('inf')], (tensor(log_odds), torch.inf), '0.847, inf', (np.log(7 / 3), np.inf), ('0.847', 'Infinity'), tensor([0.8473, math.inf])],
          [(0.85, math.inf), (0.847, 5), (0.847, -math.inf), (math.inf, 0.847), (-0.847, math.inf), (0.981, math.inf), (0.7, math.inf), 0.847, (0.847, math.nan), (0.368, math.inf)]),
'07-21': (several(0.4, 1 / 6) + [(0.4, 0.17), (0.4, 0.167), '40%, 0.17', ('2/5', '1/6')],
          [(0.6, 0.17), (0.4, 0.42), (0.4, 0.22), (0.17, 0.4), (2, 0.83), (0.4, 0.2), (0.2, 0.17), 0.4, (0.4, 0.26)]),
'07-22': (several(2560, 0.2), [(2048, 0.2), (2560, 0.25), (0.2, 2560), (512, 0.2), (2560, 0.8), (2560, 1), 2560, (516, 0.01)]),
}
