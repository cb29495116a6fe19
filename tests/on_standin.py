"""Everything that a learner does, on the stand-in of an accelerator. `test_device.py` runs this in a process of its own;
alone: `COURSE_DEVICE=standin pytest tests/on_standin.py -n 0`."""
import math
import os
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
import standin
import torch
import torch.nn.functional as F
from PIL import Image
from standin import NAME, READS
from torch import nn

matplotlib.use('Agg')
standin.install()
os.environ['COURSE_DEVICE'] = NAME

from course_lib import collab, losses, multilabel, optim, training                    # noqa: E402
from course_lib.tools.core import generator, pick_device, set_seed, show_images              # noqa: E402
from course_lib.data import (CategoryBlock, DataBlock, DataLoader, DataLoaders, Dataset, ImageBlock,      # noqa: E402
                             MultiCategoryBlock, Normalize, RandomSplitter, TransformBlock, parent_label)
from course_lib.tools.images import Resize, get_image_files                                   # noqa: E402
from course_lib.learner import Callback, GradientAccumulation, GradientClip, Learner, load_learner      # noqa: E402
from course_lib.tools.diagnose import StopAtNaN                                               # noqa: E402
from course_lib.tools.store import Checkpoint                                                 # noqa: E402


def lives(*things)->set:
    "The kinds of devices of tensors and models."
    tensors = [t for thing in things for t in ([*thing.parameters(), *thing.buffers()] if isinstance(thing, nn.Module) else [thing])]
    return {t.device.type for t in tensors}


GEN = torch.Generator().manual_seed(0)
X = torch.randn(320, 20, generator=GEN)
Y = (X @ torch.randn(20, 3, generator=GEN)).argmax(1)


def net(): return nn.Sequential(nn.Linear(20, 32), nn.BatchNorm1d(32), nn.Dropout(0.3), nn.ReLU(), nn.Linear(32, 3))


def make(seed=0, gen=None, **how):
    "A Learner with dropout and batch norm; its loaders follow the rule."
    set_seed(seed)
    dls = DataLoaders(DataLoader(Dataset(X, Y), 32, shuffle=True, gen=gen), DataLoader(Dataset(X[:80], Y[:80]), 32))
    how = {**dict(lr=0.01, metrics=training.accuracy), **how}
    learn = Learner(dls, net(), losses.cross_entropy, **how)
    learn.remove_cb(next(cb for cb in learn.cbs if type(cb).__name__ == 'Progress'))
    return learn


def weights(learn): return torch.cat([t.detach().cpu().flatten().float() for t in learn.model.state_dict().values()])


# --- the stand-in itself

@pytest.mark.parametrize('what, said', [
    (lambda a, b: a + b, 'same device'), (lambda a, b: b + a.sum(), 'same device'), (lambda a, b: a @ b.T, 'same device'),
    (lambda a, b: torch.cat([a, b]), 'same device'), (lambda a, b: torch.stack([a.sum(), b.sum()]), 'same device'),
    (lambda a, b: F.cross_entropy(a, torch.zeros(3).long()), 'same device'), (lambda a, b: b[a[:, 0].long()], 'same device'),
    (lambda a, b: a.gather(1, torch.zeros(3, 1).long()), 'same device'), (lambda a, b: nn.Linear(4, 2)(a), 'same device'),
    (lambda a, b: b.add_(a), 'same device'), (lambda a, b: a.double(), 'float64'),
    (lambda a, b: torch.zeros(2, device=NAME, dtype=torch.float64), 'float64'), (lambda a, b: b.double().to(NAME), 'float64'),
    (lambda a, b: torch.tensor([1.], device=NAME, dtype=torch.float64), 'float64'), (lambda a, b: a.numpy(), 'numpy'),
    (lambda a, b: np.asarray(a), 'numpy'), (lambda a, b: torch.rand(3, device=NAME, generator=GEN), 'generator'),
    (lambda a, b: a.normal_(generator=GEN), 'generator'), (lambda a, b: torch.linalg.qr(a), 'linalg_qr'),
    (lambda a, b: torch.linalg.svd(a), 'svd'), (lambda a, b: torch.linalg.solve(a[:, :3], a[:, 0]), 'solve')])
def test_refuses_what_an_accelerator_refuses(what, said):
    a, b = torch.randn(3, 4, device=NAME), torch.randn(3, 4)
    with pytest.raises((RuntimeError, TypeError), match=said): what(a, b)


def test_computes_as_the_cpu_does():
    "The same numbers, views that write through, gradients, and a random stream of its own."
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    on = a.to(NAME)
    assert lives(on, on + 1, on[0], on @ on.T, on[torch.tensor([0, 2])], on * torch.tensor(2.)) == {NAME} and lives(on.cpu()) == {'cpu'}
    assert (on + b.to(NAME)).cpu().equal(a + b) and on.tolist() == a.tolist() and on.sum().item() == a.sum().item()
    on[0], on.T[1] = 7., 5.
    a[0], a.T[1] = 7., 5.
    assert on.cpu().equal(a) and on.T.contiguous().view(-1).cpu().equal(a.T.reshape(-1))
    torch.manual_seed(0)
    alone = torch.rand(2)
    torch.manual_seed(0)
    drawn = torch.rand(2, device=NAME)
    assert torch.rand(2).equal(alone) and not drawn.cpu().equal(alone)


# --- the rule

def test_all_loaders_follow(tmp_path):
    "Batches of loaders made in any way, the models of their learners, and what was loaded from a file."
    assert pick_device() == pick_device('cpu') == pick_device('auto') == torch.device(NAME)
    x, y = next(iter(DataLoader(Dataset(X, Y), 32)))
    assert lives(x, y) == {NAME} and lives(*next(iter(DataLoader(Dataset(X, Y), 32, device='cpu')))) == {'cpu'}
    dls = DataBlock(splitter=RandomSplitter(seed=0)).dataloaders(list(range(100)), bs=16)
    assert lives(*dls.one_batch(), *next(iter(dls.valid)), next(iter(dls.test_dl([1, 2])))[0]) == {NAME} and dls.device.type == NAME
    learn = make()
    assert lives(learn.model, *learn.dls.one_batch()) == {NAME} == {learn.dls.device.type}
    learn.path = tmp_path
    assert lives(load_learner(learn.export('model')).model) == {NAME}
    assert lives(rated().model, *rated().dls.one_batch()) == {NAME}


def test_loaders_of_pytorch_follow():
    "A Learner moves the batches of a loader that knows of no device."
    dls = DataLoaders(*(torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), 32) for _ in range(2)))
    learn = Learner(dls, net(), losses.cross_entropy, metrics=training.accuracy)
    with learn.no_logging(): learn.fit(1)
    assert lives(learn.model, learn.xb, learn.yb) == {NAME} and lives(*learn.get_preds()) == {'cpu'} and len(learn.summary()) == 5
    own = DataLoader(Dataset(X, Y), 32, device='cpu')
    assert math.isfinite(learn.validate(own)[0]) and lives(*learn.get_preds(own)) == {'cpu'}


def test_parts_that_are_no_tensors():
    "What a function of one's own collates to arrays stays an array."
    loader = DataLoader(Dataset(X, Y), 32, collate=lambda items: tuple(np.stack(part) for part in zip(*items)))
    assert isinstance(next(iter(loader))[0], np.ndarray)


# --- a run

def test_fit():
    "Data, model, optimizer, what callbacks see, and the recorder; predictions come back to the CPU."
    seen = []

    class Look(Callback):
        def after_step(self, learn): seen.append(lives(learn.xb, learn.yb, learn.scores, learn.loss, *(p.grad for p in learn.model.parameters())))
    learn = make(cbs=[Look(), GradientClip(1.)])
    before = learn.validate()
    learn.fit(2)
    learn.fit_one_cycle(3, 0.02)
    assert all(kinds == {NAME} for kinds in seen) and len(seen) == 50
    assert all(isinstance(v, (int, float)) for row in learn.recorder.rows for v in row) and all(isinstance(v, float) for v in learn.recorder.losses)
    state = [v for kept in learn.opt.state.values() for v in kept.values() if torch.is_tensor(v) and v.dim()]
    assert state and lives(*state) == {NAME} == lives(learn.model)
    after = learn.validate()
    assert after[0] < before[0] and after[1] > before[1]
    preds, targets = learn.get_preds()
    assert lives(preds, targets) == {'cpu'} and training.accuracy(preds, targets) == pytest.approx(after[1])
    assert lives(learn.predict(X[0])[1]) == {'cpu'}
    learn.recorder.plot_loss(); learn.recorder.plot_sched(); learn.show_results()
    assert learn.summary().parameters.sum() == sum(p.numel() for p in learn.model.parameters())


def test_no_wait_in_each_step():
    "The CPU asks for losses once a pass and once in twenty updates, not in each."
    learn = make(metrics=None)
    READS.clear()
    learn.fit(4)
    assert sum(READS.values()) <= 4 * 4, READS                  # ten batches, and three to validate on


@pytest.mark.parametrize('own_gen', [False, True])
def test_lr_find_leaves_no_trace(own_gen):
    "Weights, buffers, optimizer, and the random streams of CPU and device are as before."
    learn = make(gen=generator(4) if own_gen else None)
    learn.fit(1)
    kept, stream, cpu = weights(learn), torch.standin.get_rng_state(), torch.get_rng_state()
    found = learn.lr_find(num_it=40)
    assert all(isinstance(rate, float) and 0 < rate < 10 for rate in found) and lives(learn.model) == {NAME}
    assert weights(learn).equal(kept) and torch.get_rng_state().equal(cpu)
    assert torch.standin.get_rng_state().equal(stream), 'the random stream of the device has moved on'

    class Fails(Callback):
        def after_step(self, learn):
            if learn.step == 5: raise KeyError('stop')
    with pytest.raises(KeyError):
        with learn.undone(): learn.fit(1, cbs=Fails())
    assert weights(learn).equal(kept) and torch.standin.get_rng_state().equal(stream)


@pytest.mark.parametrize('opt_func', [None, torch.optim.SGD, optim.SGD, optim.RMSProp, optim.Adam, optim.AdamW])
def test_save_load_export(tmp_path, opt_func):
    "Saved, loaded with the optimizer's state, exported, and loaded on either device: the same predictions."
    how = {} if opt_func is None else dict(opt_func=opt_func)
    learn = make(path=tmp_path, **how)
    learn.fit(1); learn.save('first')
    again = make(5, path=tmp_path, **how).load('first')
    assert weights(again).equal(weights(learn)) and lives(again.model) == {NAME}
    for each in (learn, again): set_seed(1); each.fit(1)
    assert weights(again).equal(weights(learn)), 'the optimizer went on from another state'
    told, file = learn.predict(X[0]), learn.export('model')
    assert (here := load_learner(file).predict(X[0]))[0] == told[0] and here[1].equal(told[1]) and lives(here[1]) == {'cpu'}


def test_loaded_where_there_is_no_accelerator(tmp_path, monkeypatch):
    learn = make(path=tmp_path)
    learn.fit(1); learn.save('first')
    told, file = learn.predict(X[0]), learn.export('model')
    monkeypatch.delenv('COURSE_DEVICE')
    other = load_learner(file)
    assert lives(other.model) == {'cpu'} and other.predict(X[0])[1].allclose(told[1])
    there = make(3, path=tmp_path).load('first')
    there.fit(1)
    assert lives(there.model) == {'cpu'} == lives(there.xb)
    there.save('second')                                        # and the other way round
    monkeypatch.setenv('COURSE_DEVICE', NAME)
    back = make(4, path=tmp_path).load('second')
    back.fit(1)
    assert lives(back.model) == {NAME}


class Cut(Callback):
    "Ends a run as Ctrl+C does."
    def __init__(self, step): self.step = step
    def after_step(self, learn):
        if learn.step == self.step: raise KeyboardInterrupt


@pytest.mark.parametrize('cut, every, own_gen', [(13, 4, False), (13, 4, True), (12, None, False), (18, 3, True)])
def test_resume(tmp_path, cut, every, own_gen):
    "Cut in the middle of an epoch and resumed: with dropout on the device, the same weights bit for bit."
    gen = lambda: generator(7) if own_gen else None
    whole, file = make(gen=gen()), tmp_path/'run'
    whole.fit(3)
    part = make(gen=gen())
    with pytest.raises(KeyboardInterrupt): part.fit(3, cbs=[Checkpoint(file, every), Cut(cut)])
    rest = make(9, gen=gen())
    rest.fit(3, cbs=Checkpoint(file, every), resume=file)
    assert rest.recorder.losses == whole.recorder.losses and weights(rest).equal(weights(whole))
    assert [row[:4] for row in rest.recorder.rows] == [row[:4] for row in whole.recorder.rows]


@pytest.mark.parametrize('own_gen', [False, True])
def test_resume_on_another_device(tmp_path, monkeypatch, own_gen):
    "From the accelerator to the CPU and back: other random numbers, but the run goes on."
    gen = generator(7) if own_gen else None
    for here, there in ((NAME, 'cpu'), ('cpu', NAME)):
        monkeypatch.setenv('COURSE_DEVICE', here)
        with pytest.raises(KeyboardInterrupt): make(gen=gen).fit(3, cbs=[Checkpoint(tmp_path/here, 4), Cut(13)])
        monkeypatch.setenv('COURSE_DEVICE', there)
        rest = make(gen=gen)
        rest.fit(3, resume=tmp_path/here)
        assert len(rest.recorder.losses) == 30 and len(rest.recorder.rows) == 3 and lives(rest.model) == {there}


def test_errors_say_the_same():
    "A layer that does not fit is named; a loss that is no number stops the run; an error leaves the Learner usable."
    learn = make()
    wrong = Learner(learn.dls, nn.Sequential(nn.Linear(20, 8), nn.Linear(9, 3)), losses.cross_entropy)
    with wrong.no_logging(), pytest.raises(ValueError, match="layer '1', Linear, cannot take an input of shape"): wrong.fit(1)
    bad = X.clone()
    bad[5] = math.nan
    dls = DataLoaders(*(DataLoader(Dataset(bad, Y), 32) for _ in range(2)))
    ends = Learner(dls, nn.Linear(20, 3), losses.cross_entropy)
    with ends.no_logging(), pytest.raises(FloatingPointError, match='the loss is nan at update 0 '): ends.fit(1)
    with pytest.raises(KeyboardInterrupt): learn.fit(1, cbs=Cut(3))
    learn.fit(1, cbs=GradientAccumulation(2))
    assert learn.step == 5 and any(isinstance(cb, StopAtNaN) for cb in learn.cbs)


def test_losses_with_weights():
    "A loss that is a module moves with the model, weights given to our own loss do too."
    for loss in (nn.CrossEntropyLoss(weight=torch.tensor([1., 2., 3.])), nn.CrossEntropyLoss(weight=torch.ones(3, device=NAME))):
        learn = make()
        with_weights = Learner(learn.dls, net(), loss)
        with with_weights.no_logging(): with_weights.fit(1)
    scores, target = torch.randn(4, 3), torch.randint(0, 2, (4, 3)).float()
    for weight in (torch.tensor([1., 2., 3.]), torch.tensor([1., 2., 3.], device=NAME)):
        told = multilabel.binary_cross_entropy_with_logits(scores.to(NAME), target.to(NAME), pos_weight=weight)
        assert told.cpu().allclose(F.binary_cross_entropy_with_logits(scores, target, pos_weight=weight.cpu()))


# --- functions on tensors of the device

@pytest.mark.parametrize('loss', [
    losses.cross_entropy, lambda s, t: losses.cross_entropy(s, t, 0.1), lambda s, t: losses.cross_entropy(s, t, reduction='none').sum(),
    lambda s, t: losses.nll_loss(losses.log_softmax(s), t), lambda s, t: losses.softmax(s)[:, 0].sum(), lambda s, t: losses.logsumexp(s).sum(),
    lambda s, t: training.yes_no_loss(s, (s > 0).float()), lambda s, t: training.sigmoid(s).sum(), lambda s, t: training.relu(s).sum(),
    lambda s, t: multilabel.binary_cross_entropy(s.sigmoid(), (s > 0).float()),
    lambda s, t: multilabel.binary_cross_entropy_with_logits(s, (s > 0).float()), lambda s, t: collab.sigmoid_range(s, 0.5, 5).sum()])
def test_losses(loss):
    "Value and gradient as on the CPU."
    ends = []
    for device in ('cpu', NAME):
        scores = torch.randn(6, 3, generator=generator(1)).to(device).requires_grad_()
        value = loss(scores, torch.tensor([0, 1, 2, 0, 1, 2]).to(device))
        value.backward()
        assert lives(value, scores.grad) == {device}
        ends.append((value.detach().cpu(), scores.grad.cpu()))
    assert ends[0][0].allclose(ends[1][0]) and ends[0][1].allclose(ends[1][1])


def test_metrics():
    "Metrics of tensors of the device are numbers, or tensors of the CPU where they need float64."
    scores = torch.randn(12, 3, generator=generator(2))
    target = (torch.randn(12, 3, generator=generator(3)) > 0).float()
    named, classes = (scores > 0).float(), scores.argmax(1)
    far = [t.to(NAME) for t in (scores, target, named, classes)]
    for metric in (multilabel.accuracy_multi, training.yes_no_accuracy): assert metric(far[0], far[1]) == metric(scores, target)
    assert training.accuracy(far[0], far[3]) == 1.
    for metric in (multilabel.precision, multilabel.recall, multilabel.f1):
        told = metric(far[2], far[1], zero_division=0)
        assert lives(told) == {'cpu'} and told.equal(metric(named, target, zero_division=0))
    told = multilabel.average_precision(far[0], far[1])
    assert lives(told) == {'cpu'} and told.equal(multilabel.average_precision(scores, target))
    assert multilabel.one_hot_decode(far[1], 'abc') == multilabel.one_hot_decode(target, 'abc')
    places = collab.ranks(far[0], far[3], torch.zeros(12, 3, dtype=torch.bool, device=NAME))
    assert collab.hit_rate(places, 1) == 1 and collab.ndcg(places) == 1
    a, b = torch.randn(20, 3), torch.randn(20, 2)
    assert collab.canonical_correlations(a.to(NAME), b.to(NAME)).allclose(collab.canonical_correlations(a, b))


def test_the_loop_by_hand():
    "Lesson 01's loop on data and parameters of the device."
    params = [p.detach().to(NAME).requires_grad_() for p in training.init_mlp((20, 16, 3), generator(1))]
    data = X.to(NAME), Y.to(NAME)
    history = training.fit(lambda xb: training.mlp(xb, params), params, data, data, losses.cross_entropy, training.accuracy, 3, 0.3, 32, generator(1))
    assert history[-1][0] < history[0][0] and lives(*params) == {NAME}
    images = torch.rand(4, 5, 5, device=NAME)
    assert lives(training.l1_distance(images, images[0]), training.rmse_distance(images, images[0])) == {NAME}


# --- pictures and labels

@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('photos')
    for i in range(24):
        (folder/('dark', 'light')[i % 2]).mkdir(exist_ok=True)
        Image.new('RGB', (12 + i, 14), (200 * (i % 2), 40, i)).save(folder/('dark', 'light')[i % 2]/f'{i}.png')
    return folder


@pytest.mark.parametrize('workers', [0, 1])
def test_pictures(photos, tmp_path, workers):
    "From files through transforms of items and batches to results and an exported model."
    block = DataBlock((ImageBlock, CategoryBlock), get_image_files, get_y=parent_label, splitter=RandomSplitter(seed=1), item_tfms=Resize(8),
                      batch_tfms=Normalize((0.5,) * 3, (0.2,) * 3))
    block.summary(photos)
    dls = block.dataloaders(photos, bs=6, gen=generator(2), num_workers=workers)
    dls.show_batch()
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    learn = Learner(dls, model, losses.cross_entropy, lr=0.05, metrics=training.accuracy, path=tmp_path)
    with learn.no_logging(): learn.fit(8)
    learn.show_results()
    file = get_image_files(photos)[0]
    told = learn.predict(file)
    assert told[0] == 'dark' and load_learner(learn.export('model')).predict(file)[0] == 'dark' and lives(told[1]) == {'cpu'}
    show_images(dls.one_batch()[0])


def test_several_labels():
    table = pd.DataFrame(dict(n=range(60), labels=['a b', 'b', 'a', ''] * 15))
    block = DataBlock((TransformBlock, MultiCategoryBlock), get_x=lambda row: torch.tensor([row.n % 2, row.n % 3]).float(),
                      get_y=lambda row: row.labels.split(), splitter=RandomSplitter(seed=0))
    learn = Learner(block.dataloaders(table, bs=12), nn.Linear(2, 2), multilabel.binary_cross_entropy_with_logits, metrics=multilabel.accuracy_multi)
    with learn.no_logging(): learn.fit(2)
    preds, targets = learn.get_preds()
    assert lives(learn.model) == {NAME} and lives(preds, targets, multilabel.average_precision(preds, targets)) == {'cpu'}
    learn.show_results()
    assert isinstance(learn.predict(table.iloc[0])[0], tuple)


# --- ratings

def rated(**how):
    "A learner of ratings whose loaders follow the rule."
    gen = torch.Generator().manual_seed(2)
    user, film = torch.meshgrid(torch.arange(12), torch.arange(15), indexing='ij')
    stars = (3 + torch.randn(12, 1, generator=gen) * torch.randn(15, generator=gen)).clamp(0.5, 5)
    table = pd.DataFrame(dict(user=user.flatten(), film=film.flatten(), stars=stars.flatten().numpy()))[::2]
    set_seed(0)
    dls = collab.CollabDataLoaders.from_df(table, bs=16)
    return collab.collab_learner(dls, 3, **{**dict(y_range=(0, 5.5)), **how})


@pytest.mark.parametrize('use_nn', [False, True])
def test_ratings(tmp_path, use_nn):
    "Fitted, asked, exported; the unknown get the mean."
    learn = rated(use_nn=use_nn, path=tmp_path)
    assert lives(learn.model) == {NAME}
    learn.lr_find(num_it=30, show_plot=False)
    with learn.no_logging(): learn.fit_one_cycle(3, 0.05)
    table = learn.model.users.weight.detach()
    assert lives(table) == {NAME} and table[0].cpu().allclose(table[1:].cpu().mean(0))
    scores = learn.item_scores(3)
    assert lives(scores, learn.get_preds()[0]) == {'cpu'} and len(learn.recommend(3, 4)) == 4
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        told = learn.predict(dict(user='new', film=2))[1]
        assert load_learner(learn.export('model')).predict(dict(user='new', film=2))[1].allclose(told)
    assert lives(told) == {'cpu'} and len(learn.recommend('new', 3)) == 3


def test_tables_of_ratings():
    "Factors and biases come to the CPU, where newcomers are folded in and asked, in float64."
    learn = rated()
    with learn.no_logging(): learn.fit(2, 0.05)
    assert lives(learn.weight(), learn.weight(is_item=False), learn.bias([1, 2])) == {'cpu'} and len(learn.similar(3)) == 5
    told = []
    for device in (NAME, 'cpu'):
        learn.model.to(device)
        for where in (NAME, 'cpu'):
            items, ratings = torch.tensor([[1, 2, 3], [4, 5, 6]], device=where), torch.tensor([[4., 3., 1.], [2., 2., 5.]], device=where)
            told.append((collab.fold_in(learn.model, items, ratings, 0.5), collab.most_telling(learn.model, 4, 0.5)))
    assert lives(*told[0]) == {'cpu'} and all(f.allclose(told[0][0]) and m.equal(told[0][1]) for f, m in told)


def test_drawn_items():
    "Negatives are drawn on the device, by its own stream."
    learn = rated(y_range=None, loss_func=multilabel.binary_cross_entropy_with_logits, cbs=None)
    learn.add_cb(collab.NegativeSampling(learn.dls.sizes[1], 2))
    with learn.no_logging(): learn.fit(1, 0.05)
    assert lives(learn.model, learn.xb, learn.yb) == {NAME} and len(learn.xb) == 3 * sum(learn.yb.cpu() == 1)
