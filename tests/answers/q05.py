"""Answers to the questions of lesson 05, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import numpy as np
import torch
from torch import tensor

from answers.forms import number, several, whole
from course_lib.learner import Callback, Learner


def set_rates(learn, rates):
    for group, lr in zip(learn.opt.param_groups, rates): group['lr'] = lr

class Warm(Callback):
    "The rates noted when a run begins, a share of them before each step."
    def __init__(self, n): self.n = n
    def before_fit(self, learn): self.lrs = [g['lr'] for g in learn.opt.param_groups]
    def share(self, learn): return min(1, (learn.step + 1) / self.n)
    def before_step(self, learn): set_rates(learn, [lr * self.share(learn) for lr in self.lrs])
class ByIf(Warm):
    def before_step(self, learn):
        for group, lr in zip(learn.opt.param_groups, self.lrs):
            group['lr'] = lr * (learn.step + 1) / self.n if learn.step < self.n else lr
class AtBatch(Warm):
    def before_batch(self, learn): Warm.before_step(self, learn)
    def before_step(self, learn): pass
class AtLoss(Warm):
    order = -20
    def after_loss(self, learn):
        if learn.training: Warm.before_step(self, learn)
    before_step = after_loss
class OwnCount(Warm):
    def before_fit(self, learn): super().before_fit(learn); self.i = 0
    def before_step(self, learn): set_rates(learn, [lr * min(1, (self.i + 1) / self.n) for lr in self.lrs])
    def after_step(self, learn): self.i += 1
class StopsThere(Warm):
    def before_step(self, learn):
        if learn.step <= self.n: super().before_step(learn)
class InGroups(Callback):
    "Keeps the rates in the groups themselves."
    def __init__(self, n): self.n = n
    def before_fit(self, learn):
        for group in learn.opt.param_groups: group['full'] = group['lr']
    def before_step(self, learn):
        for group in learn.opt.param_groups: group['lr'] = group['full'] * min(1., (learn.step + 1) / self.n)
def factory(n): return Warm(n)

class OneMore(Warm):
    def share(self, learn): return min(1, (learn.step + 1) / (self.n + 1))
class ByEpoch(Warm):
    def share(self, learn): return min(1, (learn.epoch + 1) / self.n)
class ByBatch(Warm):
    def share(self, learn): return min(1, (learn.batch + 1) / self.n)
class OfRun(Warm):
    def share(self, learn): return (learn.step + 1) / learn.n_steps
class Squared(Warm):
    def share(self, learn): return super().share(learn) ** 2
class Multiplies(Warm):
    def before_step(self, learn): set_rates(learn, [g['lr'] * self.share(learn) for g in learn.opt.param_groups])
class LastGroup(Warm):
    def before_step(self, learn): set_rates(learn, [self.lrs[-1] * self.share(learn)] * len(self.lrs))
class OfLearner(Warm):
    def before_step(self, learn): set_rates(learn, [learn.lr * self.share(learn)] * len(self.lrs))
class AtEpoch(Warm):
    def before_epoch(self, learn): Warm.before_step(self, learn)
    def before_step(self, learn): pass
class NotReset(Warm):
    i = 0
    def before_step(self, learn): set_rates(learn, [lr * min(1, (self.i + 1) / self.n) for lr in self.lrs])
    def after_step(self, learn): self.i += 1
class OnceNoted(Warm):
    lrs = None
    def before_fit(self, learn): self.lrs = self.lrs or [g['lr'] for g in learn.opt.param_groups]
class OnlyWarm(Warm):
    def before_step(self, learn):
        if learn.step < self.n: super().before_step(learn)
        else: set_rates(learn, [0.1 * lr for lr in self.lrs])
class NoCallback:
    order, in_trials = 0, True
    __init__, before_fit, share, before_step = Warm.__init__, Warm.before_fit, Warm.share, Warm.before_step

ALL = {
'05-01': ([['dls', 'loss_func', 'model'], ('dls', 'loss_func', 'model'), {'model', 'dls', 'loss_func'}, 'dls, model, loss_func', 'dls, loss_func and model', "'dls', 'model', 'loss_func'", ['model', 'loss_func', 'dls'], np.array(['dls', 'loss_func', 'model'])],
          [['dls', 'model'], ['dls', 'loss_func', 'model', 'opt_func'], 'model', ['dls', 'loss_func'], ['dls', 'loss_func', 'model', 'lr'], ['dls', 'model', 'metrics'], [], ['data', 'model', 'loss_func'], 3, ['dls', 'loss_func', 'model', 'cbs'], (torch.nn.Linear, Learner)]),
'05-02': (['before_step', 'before_batch', 'Before_step', "'before_step'", '`before_step`', ['before_step'], 'before_step()', 'after_loss', 'before_backward', 'after_backward', 'after_pred', Warm.before_step],
          ['after_step', 'after_batch', 'after_epoch', 'before_fit', 'before_epoch', 'before_train', 'before_validate', 'before_update', 'step', 'before step', 'after_cancel_batch', 3, ['before_step', 'before_batch']]),
'05-03': (number(0.7, '70 %', '7/10', 105 / 150), [0.6, 0.85, 105, 1.8, 0.8, 0.9, 0.71, '0,7', 70]),
'05-04': (['BDCA', 'bdca', 'B, D, C, A', ['B', 'D', 'C', 'A'], 'b d c a', ('b', 'd', 'c', 'a'), 'B-D-C-A'.replace('-', ' '), 'BDCA.'], ['ABCD', 'ACBD', 'DBCA', 'BD', 'ACDB', 'BDAC', 'BBCA', 'CBDA', 4, 'DBAC']),
'05-05': (whole(2), [10, 2.5, 3, 40, 4, 1, 0, 8]),
'05-06': ([Warm, ByIf, AtBatch, AtLoss, OwnCount, StopsThere, InGroups, factory], [OneMore, ByEpoch, ByBatch, OfRun, Squared, Multiplies, LastGroup, OfLearner, AtEpoch, NotReset, OnceNoted, OnlyWarm, NoCallback, Callback, Warm(4), lambda n: None]),
'05-07': (several(0.6, 0.8) + ['3/5, 4/5', (0.6, '80 %')], [(1, 1), (3, 4), (0.8, 0.6), (0.707, 0.707), (0.6, -0.8), (0.43, 0.57), (1, 0), 1, (0.75, 1), 5]),
'05-08': (whole(30), [26, 25, 90, 40, 45, 20, 31, 29, 30.5]),
'05-09': (['ABCDE', 'abcde', 'a, b, c, d, e', ['a', 'b', 'c', 'd', 'e'], {'a', 'b', 'c', 'd', 'e'}, 'edcba', 'A B C D and E'], ['a', 'abc', 'abde', 'abce', 'abcd', 'abcdef', 'f', 'bcde', 'acde', 'all', ['a', 'b', 'c', 'd'], 5]),
'05-10': (['AD', 'ad', 'a, d', ['a', 'd'], {'a', 'd'}, 'a and d', 'DA', ('D', 'A')], ['abd', 'acd', 'd', 'none', 'a', 'abcd', 'bc', '', 2, 'ade', ['a', 'b']]),
'05-11': ([('2.0', (16, 4)), ['2.0', [16, 4]], ('2.0', '16, 4'), ("'2.0'", torch.zeros(16, 4).shape), ('layer 2.0', tensor([16, 4])), ("layer '2.0'", (16., 4.)), ('2.0', np.array([16, 4])), (' 2.0 ', '(16, 4)')],
          [('2', (16, 4)), ('0', (16, 8)), ('2.0', (16, 5)), ('2.1', (16, 3)), (2.0, (16, 4)), ('2.0', (4, 16)), ('20', (16, 4)), ('1', (16, 4)), ('2.0', 4), '2.0', ('2.0', (16, 4), 5), ((16, 4), '2.0'), ('', (16, 4)), ('2.', (16, 4))]),
}
