"""Answers to the questions of lesson 03, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import math

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn, tensor

from answers.forms import letter, number, several
from course_lib.losses import cross_entropy
from course_lib.multilabel import binary_cross_entropy_with_logits, one_hot, one_hot_decode

NAMES = pd.DataFrame({'name': ['ape', 'bee', 'cat']}).iloc[1:, 0]


def by_lists(labels, vocab):
    if any(label not in vocab for row in labels for label in row): raise ValueError('unknown')
    return [[int(label in row) for label in vocab] for row in labels]
def by_index(labels, vocab):
    target = torch.zeros(len(labels), len(vocab))
    for i, row in enumerate(labels):
        for label in row: target[i, list(vocab).index(label)] = 1.      # which raises ValueError itself
    return target
def by_bool(labels, vocab): return tensor(by_lists(labels, vocab), dtype=torch.bool)
def by_array(labels, vocab): return np.array(by_lists(labels, vocab))
def by_rows(labels, vocab):
    column = {label: i for i, label in enumerate(vocab)}
    rows = []
    for labels_of_row in labels:
        row = torch.zeros(len(vocab), dtype=torch.long)
        for label in labels_of_row:
            if label not in column: raise ValueError(label)
            row[column[label]] = 1
        rows.append(row)
    return torch.stack(rows)
def by_one_hot(labels, vocab):
    def row(labels): return F.one_hot(tensor([list(vocab).index(v) for v in labels]), len(vocab)).amax(0) if labels else torch.zeros(len(vocab)).long()
    return torch.stack([row(labels_of_row) for labels_of_row in labels])
def in_loops(target, vocab):
    found = []
    for row in target:
        found.append(tuple(vocab[i] for i in range(len(vocab)) if row[i] == 1))
    return found
def by_nonzero(target, vocab): return [tuple(vocab[i] for i in row.nonzero().flatten().tolist()) for row in target]
def in_rows(target, vocab): return [[label for label, yes in zip(vocab, row) if yes > 0.5] for row in target.numpy()]
def appended(labels, vocab):
    vocab += sorted({label for row in labels for label in row} - set(vocab))
    return by_index(labels, vocab)
def transposed(labels, vocab): return by_index(labels, vocab).T
def always_three(labels, vocab): return by_index(labels, ['dog', 'bus', 'cat'])
def asserts(labels, vocab):
    assert all(label in vocab for row in labels for label in row)
    return by_index(labels, vocab)
def last_only(labels, vocab): return by_index([row[-1:] for row in labels], vocab)
def flat(target, vocab): return [label for row in in_loops(target, vocab) for label in row]
def backward(target, vocab): return [row[::-1] for row in in_loops(target, vocab)]
def first_hit(target, vocab): return [row[:1] for row in in_loops(target, vocab)]
def no_empty(target, vocab): return [row for row in in_loops(target, vocab) if row]
def of_course(labels, vocab): return one_hot(labels, vocab)

def same_shape(f):
    "`f` for scores and targets of one shape only."
    def loss(scores, target):
        if tuple(scores.shape) != tuple(target.shape): raise ValueError('shapes differ')
        return f(scores, target)
    return loss
@same_shape
def by_logsigmoid(s, y): return -(y * F.logsigmoid(s) + (1 - y) * F.logsigmoid(-s)).mean()
@same_shape
def by_softplus(s, y): return (F.softplus(s) - s * y).mean()
@same_shape
def by_logaddexp(s, y): return (torch.logaddexp(s, torch.zeros_like(s)) - s * y).mean()
@same_shape
def by_logsumexp(s, y): return torch.stack([s, torch.zeros_like(s)]).logsumexp(0).sub(s * y).sum() / s.numel()
@same_shape
def by_signs(s, y): return torch.logaddexp((1 - 2 * y) * s, torch.zeros_like(s)).mean()
@same_shape
def by_log_softmax(s, y):
    two = torch.stack([torch.zeros_like(s), s], -1).log_softmax(-1)
    return -torch.where(y == 1, two[..., 1], two[..., 0]).mean()
@same_shape
def by_where(s, y): return -torch.where(y == 1, F.logsigmoid(s), F.logsigmoid(-s)).mean()
@same_shape
def stops_at_0(s, y):
    s = torch.where(y == 1, -s, s)
    return torch.where(s > 0, s + (-s.abs()).exp().log1p(), (-s.abs()).exp().log1p()).mean()
@same_shape
def double_naive(s, y): return -torch.where(y == 1, s.double().sigmoid(), 1 - s.double().sigmoid()).log().mean()
@same_shape
def with_eps(s, y): return -(y * (s.sigmoid() + 1e-8).log() + (1 - y) * (1 - s.sigmoid() + 1e-8).log()).mean()
@same_shape
def by_module(s, y): return nn.BCEWithLogitsLoss()(s, y)
@same_shape
def by_bce(s, y): return F.binary_cross_entropy(s.sigmoid(), y)
@same_shape
def by_cross_entropy(s, y): return F.cross_entropy(torch.stack([torch.zeros_like(s), s], -1).flatten(0, -2), y.flatten().long())
@same_shape
def by_margin(s, y): return F.multilabel_soft_margin_loss(s, y)
@same_shape
def of_lesson_2(s, y): return cross_entropy(torch.stack([torch.zeros_like(s), s], -1).flatten(0, -2), y.flatten().long())
@same_shape
def by_sum(s, y): return (F.softplus(s) - s * y).sum()
@same_shape
def by_row(s, y): return (F.softplus(s) - s * y).mean(1).sum()
@same_shape
def in_place(s, y): return (F.softplus(s) - s.data.mul_(y)).mean()
@same_shape
def cut(s, y): return (F.softplus(s.clamp(-500, 500)) - s.clamp(-500, 500) * y).mean()
def only_numbers(s, y):
    if s.numel() != y.numel(): raise ValueError
    return by_softplus(s.flatten(), y.flatten())
def by_assert(s, y):
    assert s.shape == y.shape
    return (F.softplus(s) - s * y).mean()
of_torch = F.binary_cross_entropy_with_logits
course = binary_cross_entropy_with_logits


ALL = {
'03-01': (several(1, 0), [(1, 1), (0, 0), (3, 0), (0, 1), (1, 3), 1, (1, 0.5), (1, 0, 0)]),
'03-02': ([(by_lists, in_loops), (by_index, by_nonzero), [by_bool, in_rows], (by_array, in_loops), (by_rows, by_nonzero), (by_one_hot, in_rows)],
          [(appended, in_loops), (transposed, in_loops), (always_three, in_loops), (asserts, in_loops), (last_only, in_loops), (by_index, flat), (by_index, backward), (by_index, first_hit), (by_index, no_empty),
           (of_course, in_loops), (by_index, one_hot_decode), (in_loops, by_index), by_index, (by_index, ['dog'])]),
'03-03': ([(2, ['bee', 'cat']), [2, ('bee', 'cat')], (np.int64(2), NAMES), (2., NAMES.tolist()), ('2', 'bee, cat'), (tensor(2), ['bee', 'cat']), (2, NAMES.to_numpy()), (2, "['bee', 'cat']"), (2, ['Bee', 'Cat'])],
          [(6, ['bee', 'cat']), (2, ['cat']), (2, ['ape', 'bee']), ('ape', ['bee', 'cat']), (2, ['cat', 'bee']), (2, ['bee', 'cat', 'ape']), 2, (4, ['bee', 'cat']), (2, 2), (2, 'bee'), (2, ['bee', 'cow']), (['bee', 'cat'], 2)]),
'03-04': ([['label', 'x1'], ('label', 'x1'), {'label', 'x1'}, ['x1', 'label'], 'label, x1', "'label' and 'x1'", pd.Index(['label', 'x1']), ['Label', 'X1']],
          [['label', 'mean', 'x1'], ['label', 'is valid', 'x1'], ['label'], [], ['x1'], ['label', 'mean', 'is valid', 'x1'], 'mean', ['label', 'x2'], 2, ['is valid', 'mean'], {'label', 'x1', 'y'}]),
'03-05': (several(100, 200), [(math.inf, 200), (100, 100), (200, 200), (0, 0), (200, 100), 100, (100, math.inf), (-100, 200), (100, 0), (2, 200)]),
'03-06': (number(0.94, '94 %', '47/50', 0.9400), [0, 0.06, 0.5, 0.95, 94, 0.9, 1, '0,94', 0.988]),
'03-07': (letter('B'), ['A', 'C', 'D', 'E', 'AB', 'none', 2]),
'03-08': (several(0.5, 0.75, 0.6) + ['50 %, 75 %, 60 %', ('1/2', '3/4', '3/5')], [(0.75, 0.5, 0.6), (0.5, 0.75, 0.625), (0.5, 0.75), (0.15, 0.75, 0.25), (0.5, 0.75, 0.66), (0.6, 0.5, 0.75), 0.6, (50, 75, 60), (0.5, 0.67, 0.57)]),
'03-09': (number((1 + 2 / 3 + 3 / 4) / 3, 0.81, 0.806, '0.8056', '29/36'), [0.6, 0.7033, 0.75, 1, 0.8, 0.82, 0.483, 2.42, '0,81']),
'03-10': (number(math.log(0.2), -1.61, -1.609, '-1.6094'), [0.223, -0.223, 1.609, 0.2, -1.6, -0.8, '-1,61', -2.3, 'minus infinity']),
'03-11': (several(-0.5, -1.5) + ['-1/2, -3/2'], [(0.5, 1.5), (-0.5, -0.5), (-1, -3), (0, 0), (-1.5, -0.5), -0.5, (-0.5, 1.5), (-0.5, -2), (-0.5, -0.167)]),
'03-12': ([by_logsigmoid, by_softplus, by_logaddexp, by_logsumexp, by_signs, by_log_softmax, by_where],
          [double_naive, with_eps, by_module, by_bce, by_cross_entropy, by_margin, of_lesson_2, by_sum, by_row, in_place, cut, only_numbers, by_assert, stops_at_0, of_torch, course]),
}
