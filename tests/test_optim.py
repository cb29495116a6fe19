"""Optimizers beside PyTorch's, what fastai said once, a sweep that leaves nothing behind, and runs that go on where they were killed."""
import copy
import json
import math
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course_lib import optim
from course_lib.tools.core import set_seed
from course_lib.data import DataLoader, DataLoaders, Dataset
from course_lib.learner import Callback, CancelBatchException, CancelFitException, GradientAccumulation, GradientClip, Learner, spread
from course_lib.losses import cross_entropy
from course_lib.optim import LRFinder, combined_cos, sched_exp, suggest_lrs
from course_lib.tools.store import Checkpoint, rng_state
from course_lib.training import accuracy

FASTAI = json.loads((Path(__file__).parent/'fixtures'/'fastai.json').read_text(encoding='utf-8'))
PAIRS = [(optim.SGD, torch.optim.SGD), (optim.RMSProp, torch.optim.RMSprop), (optim.Adam, torch.optim.Adam), (optim.AdamW, torch.optim.AdamW)]

rates = st.floats(1e-5, 0.1)
share = st.floats(0., 0.99)
small_eps, slow = st.floats(1e-10, 1e-3), st.floats(0.9, 0.9999)
hypers = dict(SGD=dict(momentum=share), RMSProp=dict(alpha=slow, eps=small_eps),
              Adam=dict(betas=st.tuples(share, slow), eps=small_eps), AdamW=dict(betas=st.tuples(share, slow), eps=small_eps))


@pytest.mark.parametrize('ours, theirs', PAIRS, ids=lambda c: c.__name__)
def test_optimizers_equal_pytorch(ours, theirs):
    "100 updates in float64 with two groups, random hyperparameters, rates that change and gradients that are missing now and then: within 1e-12."
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.lists(st.fixed_dictionaries(dict(lr=rates, weight_decay=st.sampled_from([0., 0.01, 0.5]), **hypers[ours.__name__])), min_size=2, max_size=2),
           st.integers(0, 10**6))
    def check(groups, seed):
        ends = []
        for opt_class in (ours, theirs):
            gen = torch.Generator().manual_seed(seed)
            params = [torch.randn(3, 4, generator=gen, dtype=torch.float64, requires_grad=True) for _ in range(3)]
            opt = opt_class([dict(params=params[:1], **groups[0]), dict(params=params[1:], **groups[1])])
            for i in range(100):
                for j, p in enumerate(params):
                    p.grad = torch.randn(3, 4, generator=gen, dtype=torch.float64) * 10.**(j - 1) + p.detach()
                    if (i + j) % 7 == 3: p.grad = None
                opt.param_groups[1]['lr'] = groups[1]['lr'] * (1 + i) / 100
                opt.step()
            ends.append(torch.stack(params).detach())
        assert (ends[0] - ends[1]).abs().max() <= 1e-12 * max(1., ends[1].abs().max())
    check()


@pytest.mark.parametrize('name', ['lr', 'weight_decay', 'eps'])
def test_hyperparameters_are_checked_in_groups_too(name):
    p = torch.zeros(2, requires_grad=True)
    with pytest.raises(ValueError, match=f'`{name}` is -0.1'): optim.AdamW([dict(params=[p], **{name: -0.1})])
    with pytest.raises(TypeError, match=f'`{name}` is None'): optim.AdamW([dict(params=[p], **{name: None})])


@pytest.mark.parametrize('i', range(len(FASTAI['curves'])))
def test_suggestions_are_those_of_fastai(i):
    "All four, on each of 50 recorded curves."
    curve = FASTAI['curves'][i]
    found = suggest_lrs(FASTAI['lrs'][:len(curve['losses'])], curve['losses'])
    for name, lr in found._asdict().items(): assert lr == pytest.approx(curve[name], rel=1e-6), name


def small(n_groups=1, n_batches=20, **how):
    "A Learner with so many groups of parameters and so many batches."
    torch.manual_seed(0)
    x, y = torch.randn(4 * n_batches, 3), torch.randint(0, 3, (4 * n_batches,))
    dls = DataLoaders(DataLoader(Dataset(x, y), 4, shuffle=True), DataLoader(Dataset(x[:8], y[:8]), 4))
    model = nn.Sequential(*(nn.Linear(3, 3) for _ in range(n_groups)))
    return Learner(dls, model, cross_entropy, splitter=lambda m: [list(layer.parameters()) for layer in m], metrics=accuracy, **how)


class Rates(Callback):
    "Keeps the rates of all groups, and momentum, of every update."
    order = 100
    def __init__(self): self.lrs, self.moms = [], []
    def before_step(self, learn):
        self.lrs.append([group['lr'] for group in learn.opt.param_groups]); self.moms.append(learn.opt.param_groups[-1]['betas'][0])


@pytest.mark.parametrize('i', range(len(FASTAI['one_cycle'])))
def test_one_cycle_is_that_of_fastai(i):
    "Rate of each group and momentum in every update, within a millionth; three for the last updates, whose small rates suffer from fastai's positions in float32."
    run = FASTAI['one_cycle'][i]
    learn, seen, how = small(run['n_groups']), Rates(), dict(run['how'])
    lr_max = how.pop('lr_max')
    with learn.no_logging(): learn.fit_one_cycle(run['n_epochs'], slice(*lr_max) if run['as_slice'] else lr_max, cbs=seen, **how)
    assert len(seen.lrs) == len(run['lrs']) == 20 * run['n_epochs']
    for at, (ours, theirs) in enumerate(zip(seen.lrs, run['lrs'])): assert ours == pytest.approx(theirs, rel=1e-6 if at < len(run['lrs']) - 2 else 3e-6), at
    assert seen.moms == pytest.approx(run['moms'], rel=1e-6)


@pytest.mark.parametrize('row', FASTAI['slices'], ids=lambda row: f'{row["n_groups"]} groups, {row["given"]}')
def test_slices_are_those_of_fastai(row):
    assert spread(slice(*row['given']), row['n_groups']) == pytest.approx(row['lrs'], rel=1e-6)


def test_lines_that_students_know():
    "design.md, section 5, what belongs to lesson 06, as it stands there."
    learn = small(3)
    with learn.no_logging():
        found = learn.lr_find()
        assert found._fields == ('valley', 'slide', 'minimum', 'steep')
        learn.fit(1, 1e-2); learn.fit_one_cycle(3, 3e-3); learn.fit_one_cycle(12, lr_max=slice(1e-6, 1e-4), moms=(0.8, 0.7, 0.8))
        assert max(learn.recorder.lrs) == pytest.approx(1e-4) and min(learn.recorder.moms) == pytest.approx(0.7)
        learn.recorder.plot_loss(); learn.recorder.plot_sched()


def state(learn):
    "All that a sweep could change: tensors, random states, modes, recorder."
    opt = learn.opt.state_dict() if learn.opt else {'state': {}, 'param_groups': []}
    tensors = [*learn.model.state_dict().values(), *rng_state(*learn.generators()).values(), *(v for s in opt['state'].values() for v in s.values())]
    tensors = [torch.as_tensor(t).clone() for t in tensors]
    tensors += [torch.zeros(1) if p.grad is None else p.grad.clone() for p in learn.model.parameters()]
    plain = ([layer.training for layer in learn.model.modules()], copy.deepcopy(vars(learn.recorder)), str(opt['param_groups']), list(learn.cbs), learn.step,
             learn.epoch, [p.grad is None for p in learn.model.parameters()])
    return tensors, plain


def same(a, b):
    return len(a[0]) == len(b[0]) and all(torch.equal(x.nan_to_num() if x.is_floating_point() else x, y.nan_to_num() if y.is_floating_point() else y)
                                          for x, y in zip(a[0], b[0])) and a[1] == b[1]


@pytest.mark.parametrize('change', [lambda learn: learn.recorder.losses.append(1.), lambda learn: learn.recorder.rows.clear(), lambda learn: learn.model.train(),
                                    lambda learn: learn.model[0].weight.grad.zero_(), lambda learn: torch.rand(1), lambda learn: learn.opt.zero_grad()])
def test_the_comparison_sees_what_it_should(change):
    learn = small()
    with learn.no_logging(): learn.fit(1, 1e-3)
    learn.model.eval(); learn.model[0].weight.grad = torch.ones(3, 3)
    before = state(learn)
    assert same(state(learn), before)
    change(learn)
    assert not same(state(learn), before)


def test_what_a_run_rebinds_is_put_back():
    "A buffer that is replaced, not changed; a list of a callback that grows; a parameter outside of the model; a loader of PyTorch's with a generator."
    class Mean(nn.Module):
        def __init__(self): super().__init__(); self.linear = nn.Linear(3, 3); self.register_buffer('mean', torch.zeros(3))
        def forward(self, x): self.mean = 0.9 * self.mean + 0.1 * x.mean(0); return self.linear(x)
    learn, scale = small(), nn.Parameter(torch.ones(()))
    learn.model, learn.loss_func = Mean(), lambda scores, y: cross_entropy(scores * scale, y)
    learn.splitter = lambda model: [[*model.parameters(), scale]]
    gen = torch.Generator().manual_seed(1)
    learn.dls.train = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(80, 3), torch.zeros(80).long()), 4, shuffle=True, generator=gen)
    mean, drawn = learn.model.mean, gen.get_state()
    learn.lr_find(show_plot=False)
    assert learn.model.mean is mean and mean.abs().sum() == 0 and scale == 1 and gen.get_state().equal(drawn)


def test_sweeps_with_callbacks_that_cancel():
    "Batches that are left out are no points of the curve; a run that ends early gives what there is; negative losses are no reason to stop."
    class LeaveOut(Callback):
        def __init__(self, event, order): setattr(self, event, self.stop); self.order, self.count = order, 0
        def stop(self, learn):
            self.count += learn.training
            if learn.training and self.count % 2: raise CancelBatchException()
    for event, order in (('before_batch', 5), ('before_batch', 50), ('after_pred', 0), ('before_backward', 0)):
        learn, finder = small(), optim.LRFinder()
        with learn.no_logging(): learn.fit(12, cbs=[finder, LeaveOut(event, order)])
        assert len(finder.lrs) == len(finder.losses) > 50 and finder.lrs == sorted(set(finder.lrs))
    learn, finder = small(), optim.LRFinder(1e-5, 1e-3)
    learn.loss_func = lambda scores, y: cross_entropy(scores, y) - 5
    with learn.no_logging(): learn.fit(5, cbs=finder)
    assert len(finder.losses) == 100 and max(finder.losses) < 0
    ends = []
    for cbs in ([], [GradientAccumulation(2)]):
        learn, finder = small(), optim.LRFinder(1e-5, 1e-3)
        with learn.no_logging(): learn.fit(5, cbs=[finder, *cbs])
        ends.append(finder.losses[0])
    assert ends[0] == ends[1]                                        # the loss of a batch, not its share of a step


class Breaks(Callback):
    "Raises in update 12, at a given event."
    def __init__(self, event, error):
        self.count = 0
        def raise_it(learn):
            if learn.training: self.count += 1
            if self.count == 12: raise error
        setattr(self, event, raise_it)


@pytest.mark.parametrize('opt_func', [theirs for _, theirs in PAIRS] + [ours for ours, _ in PAIRS], ids=lambda c: f'{c.__module__.split(".")[0]}-{c.__name__}')
@pytest.mark.parametrize('event, error', [(None, None), ('before_batch', KeyboardInterrupt), ('after_pred', RuntimeError), ('after_backward', KeyboardInterrupt),
                                          ('after_step', ValueError), ('after_batch', SystemExit)], ids=lambda v: getattr(v, '__name__', str(v)))
def test_a_sweep_leaves_nothing_behind(opt_func, event, error):
    "Weights, buffers, optimizer, random numbers, modes, recorder: bit for bit as before; also when it is broken off at any event."
    learn = small(2, opt_func=opt_func)
    learn.model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3))
    learn.dls.train.gen = torch.Generator().manual_seed(1)
    with learn.no_logging(): learn.fit(1, 1e-3)
    learn.model[1].eval()
    learn.model[0].weight.grad = torch.ones(8, 3)
    before = state(learn)
    if error is None: learn.lr_find(show_plot=False)
    else:
        breaks = Breaks(event, error)
        learn.add_cb(breaks)
        with pytest.raises(error): learn.lr_find(show_plot=False)
        learn.remove_cb(breaks)
    assert same(state(learn), before)
    with learn.no_logging(): learn.fit(1, 1e-3)
    assert not same(state(learn), before)                          # the comparison sees a run


def test_a_sweep_before_the_first_run(tmp_path):
    "No optimizer before, none after; no checkpoint is written meanwhile, nothing is shown, and the run after it is the one that would have been."
    ends = []
    for sweep in (False, True):
        set_seed(3)
        learn = small(cbs=[Checkpoint(tmp_path/f'{sweep}', 5), GradientAccumulation(2), GradientClip(1.)])
        if sweep:
            learn.lr_find(show_plot=False)
            assert learn.opt is None and not (tmp_path/'True').exists()
        with learn.no_logging(): learn.fit_one_cycle(2, 0.01)
        ends.append(torch.cat([p.detach().flatten() for p in learn.model.parameters()]))
    assert ends[0].equal(ends[1])


@pytest.mark.parametrize('opt_func', [optim.AdamW, optim.SGD, torch.optim.AdamW], ids=lambda c: c.__module__.split('.')[0] + c.__name__)
def test_one_cycle_goes_on_where_it_was_cut(tmp_path, opt_func):
    "The schedule, too: weights and recorded rates are those of an uninterrupted run, bit for bit."
    class Cut(Callback):
        def after_step(self, learn):
            if learn.step == 33: raise KeyboardInterrupt
    ends = []
    for cut in (False, True):
        set_seed(3)
        learn = small(opt_func=opt_func)
        with learn.no_logging():
            if cut:
                with pytest.raises(KeyboardInterrupt): learn.fit_one_cycle(3, 0.01, cbs=[Checkpoint(tmp_path/'run', 7), Cut()])
                set_seed(99); learn = small(opt_func=opt_func)
                with learn.no_logging(): learn.fit_one_cycle(3, 0.01, resume=tmp_path/'run')
            else: learn.fit_one_cycle(3, 0.01)
        ends.append((torch.cat([p.detach().flatten() for p in learn.model.parameters()]), learn.recorder.lrs, learn.recorder.losses))
    assert ends[0][0].equal(ends[1][0]) and ends[0][1:] == ends[1][1:]


def test_short_sweeps_and_small_sets():
    "Fewer batches than updates: it goes over the set several times. Too few points: the error says what to do."
    learn = small(n_batches=3)
    assert all(1e-8 < lr < 10 for lr in learn.lr_find(show_plot=False))
    with pytest.raises(ValueError, match='start at a lower rate'): small(opt_func=optim.SGD).lr_find(1e4, 1e9, show_plot=False)
    with pytest.raises(ValueError, match='`start_lr` is 20, expected 1e-20 to'): learn.lr_find(start_lr=20)
    class Enough(Callback):
        def after_batch(self, learn): raise CancelFitException()
    learn.add_cb(Enough())
    with pytest.raises(ValueError, match='`losses` has 0 values'): learn.lr_find(show_plot=False)


def test_a_sweep_is_a_hundred_batches_and_a_plot():
    "Unless told otherwise; each suggestion has its mark on the curve, the axes have names, the rates a logarithmic scale."
    class Count(Callback):
        total = []                                                  # of the class: what a callback itself holds is put back
        def after_batch(self, learn): self.total.append(learn.opt.param_groups[0]['lr'])
    learn = small(cbs=Count())
    plt.close('all')
    found = learn.lr_find(stop_div=False)
    assert len(Count.total) == 100 and Count.total[0] == 1e-7 and Count.total[50] == pytest.approx(1e-3)
    ax, = plt.gcf().axes
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel(), bool(ax.get_title())) == ('log', 'learning rate', 'loss, smoothed', True)
    marks = {line.get_label().split()[0]: line for line in ax.lines[1:]}
    curve = dict(zip(*ax.lines[0].get_data()))
    assert list(marks) == list(found._fields) and [t.get_text() for t in ax.get_legend().get_texts()] == [f'{name} {lr:.2g}' for name, lr in found._asdict().items()]
    for name, lr in found._asdict().items():
        x, y = (values[0] for values in marks[name].get_data())
        assert x == lr and y == curve[min(curve, key=lambda at: abs(at - lr))]
    plt.close('all')


def test_joined_schedules_meet():
    for pct in (0.01, 0.25, 0.5, 0.99):
        sched = combined_cos(pct, 1., 5., 0.)
        assert sched(pct) == pytest.approx(5.) and sched(pct - 1e-9) == pytest.approx(5.) and sched(0.) == 1. and sched(1.) == 0.


def test_the_last_rate_of_a_cycle():
    "One update before the end of two cosines with the ratios that the signature states; measuring afterwards changes nothing."
    learn = small()
    with learn.no_logging(): learn.fit_one_cycle(2, 0.01)
    n = len(learn.recorder.lrs)
    share = ((n - 1) / n - 0.25) / 0.75
    assert learn.recorder.lrs[-1] == pytest.approx(1e-7 + (0.01 - 1e-7) * (1 + math.cos(math.pi * share)) / 2, rel=1e-9)
    assert learn.opt.param_groups[0]['lr'] == learn.recorder.lrs[-1]
    with pytest.raises(ValueError, match='`start` is 0, expected'): sched_exp(0, 1)


def test_the_ends_of_a_sweep_are_left_out():
    "The suggestions are those of the rules on the sweep without its first tenth and its last five batches."
    made = []
    class Keep(LRFinder):
        def __init__(self, *how): super().__init__(*how); made.append(self)
    learn = small()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr('course_lib.optim.LRFinder', Keep)
        found = learn.lr_find(show_plot=False)
    lrs, losses = made[0].lrs, made[0].losses
    assert found == suggest_lrs(lrs[10:-5], losses[10:-5]) and len(lrs) > 40
