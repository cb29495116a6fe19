"""Runs that are killed and resumed, files that were tampered with, and the lines of code that students know."""
import math
import multiprocessing
import os
import pickle
import random
import signal
import sys
import time

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from course_lib.tools.core import set_seed
from course_lib.data import CategoryBlock, DataBlock, DataLoader, DataLoaders, Dataset, ImageBlock, RandomSplitter, RegexLabeller
from course_lib.tools.images import Resize, get_image_files
from course_lib.learner import Callback, GradientAccumulation, Learner, load_learner, spread
from course_lib.losses import cross_entropy
from course_lib.tools.progress import Progress
from course_lib.tools.store import Checkpoint, load_tensors, save_tensors
from course_lib.training import accuracy


def make(seed=0):
    "A Learner with dropout on 1,280 rows, the same each time."
    gen = torch.Generator().manual_seed(0)
    x, y = torch.randn(1280, 20, generator=gen), torch.randint(0, 3, (1280,), generator=gen)
    set_seed(seed)
    dls = DataLoaders(DataLoader(Dataset(x, y), 32, shuffle=True), DataLoader(Dataset(x[:320], y[:320]), 32))
    return Learner(dls, nn.Sequential(nn.Linear(20, 64), nn.Dropout(0.3), nn.ReLU(), nn.Linear(64, 3)), cross_entropy, lr=0.01, metrics=accuracy)


class Count(Callback):
    "Says to another process how many updates were made."
    def __init__(self, made): self.made = made
    def after_step(self, learn): self.made.value = learn.step


def train(made, file, done, seed=0):
    "Ten epochs with a checkpoint every 20 batches, from the checkpoint on if there is one; then the weights."
    torch.set_num_threads(1)
    learn = make(seed)
    with learn.no_logging(): learn.fit(10, cbs=[Count(made), Checkpoint(file, 20)], resume=file if file.exists() else None)
    torch.save(list(learn.model.state_dict().values()), done)


def run_until(updates, wait, *args):
    "Run `train` in a process of its own and kill it so many seconds after so many updates; returns whether it had ended by then."
    fork = multiprocessing.get_context('fork')          # not what Python 3.14 does by itself: each fork has what torch imported here
    made = fork.Value('i', 0, lock=False)
    process = fork.Process(target=train, args=(made, *args))
    process.start()
    while process.is_alive() and made.value < updates: time.sleep(0.0005)
    time.sleep(wait)
    if process.is_alive(): os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode == 0


@pytest.mark.skipif(sys.platform != 'linux', reason='needs os.fork and SIGKILL; on macOS a fork of a process that uses torch may crash')
def test_killed_and_resumed(tmp_path):
    "Killed at 20 random moments: the checkpoint can always be read, and the weights at the end are those of an uninterrupted run, bit for bit."
    train(multiprocessing.Value('i', 0), tmp_path/'whole', tmp_path/'wanted')     # in this process: what torch imports for its first step, each fork then has
    rng, killed, wanted = random.Random(0), 0, torch.load(tmp_path/'wanted')
    for i in range(20):
        file, done = tmp_path/f'run{i}', tmp_path/f'done{i}'
        killed += not run_until(rng.randrange(300), rng.uniform(0, 0.01), file, done)      # of 400 updates
        if file.exists(): load_tensors(file)
        assert run_until(math.inf, 0, file, done, 7 if file.exists() else 0)        # other weights and random numbers, which must not matter
        assert all(a.equal(b) for a, b in zip(torch.load(done), wanted)), i
        assert [p.name for p in tmp_path.glob('.run*')] == [] or killed     # a killed process may leave its unfinished file
    assert killed >= 10


def spoil(values, **changes): return dict(values, **changes)


@pytest.mark.parametrize('what, said', [
    ('pickle', 'cannot be read'), ('header', 'cannot be read'), ('digest', 'was changed'), ('cut', 'cannot be read'),
    ('name', "'os.system' is not on the list"), ('path', "'../../evil' is not on the list"), ('function', 'is a function, expected a class'),
    ('transform', "'builtins.exec' is not on the list"), ('shape', 'is of another model')])
def test_tampered_export(tmp_path, what, said):
    "Each way to smuggle something in is refused, and nothing of it is run."
    learn, trap = make(), tmp_path/'trap'
    learn.path = tmp_path
    file = learn.export('model')
    whole, (tensors, values) = file.read_bytes(), load_tensors(file)

    class Run:
        def __reduce__(self): return os.system, (f'touch {trap}',)
    if what == 'pickle': file.write_bytes(pickle.dumps(Run()))
    if what == 'header': file.write_bytes((2**40).to_bytes(8, 'little') + whole[8:])
    if what == 'digest': file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    if what == 'cut': file.write_bytes(whole[:-100])
    evil = dict(name='os.system', args=dict(command=f'touch {trap}'))
    changes = dict(name=dict(model=evil), path=dict(model=dict(name='../../evil', args={})), function=dict(model=dict(name='course.cross_entropy', args={})),
                   transform=dict(data=dict(values['data'], item_tfms=dict(list=[dict(function='builtins.exec')]))),
                   shape=dict(model=dict(name='torch.Linear', args=dict(in_features=2, out_features=2))))
    if what in changes: save_tensors(file, tensors, spoil(values, **changes[what]))
    with pytest.raises(ValueError, match=said.replace('(', r'\(').replace('.', r'\.')): load_learner(file)
    assert not trap.exists()


def test_lines_that_students_know(tmp_path):
    "The calls of the data block and of the Learner, as they are written elsewhere."
    from PIL import Image
    for i in range(40):
        (tmp_path/'photos').mkdir(exist_ok=True)
        Image.new('RGB', (20 + i, 30), (200, 30, 30) if i % 2 else (30, 30, 200)).save(tmp_path/'photos'/f"{'red' if i % 2 else 'blue'}_{i}.png")
    source = tmp_path/'photos'
    dblock = DataBlock(blocks=(ImageBlock, CategoryBlock), get_items=get_image_files, get_y=RegexLabeller(r'([^/]+)_\d+\.png$'),
                       splitter=RandomSplitter(seed=42), item_tfms=Resize(16))
    dsets = dblock.datasets(source)
    assert dsets.train[0][0].mode == 'RGB' and dsets.vocab == ['blue', 'red']
    dls = dblock.dataloaders(source, bs=16)
    dblock.summary(source)
    dls.show_batch()
    xb, yb = dls.one_batch()
    assert xb.shape == (16, 3, 16, 16) and dls.vocab == ['blue', 'red'] and len(dls.test_dl(get_image_files(source))) == 5
    learn = Learner(dls, nn.Sequential(nn.Flatten(), nn.Linear(768, 2)), loss_func=cross_entropy, lr=1e-2, metrics=accuracy, path=tmp_path)
    learn.fit(5, 1e-2)
    learn.save('first'); learn.load('first')
    assert learn.validate()[1] == 1.
    learn.recorder.plot_loss(); learn.recorder.plot_sched()
    learn.summary(); learn.show_results()
    assert learn.predict(get_image_files(source)[0])[0] == 'blue' and learn.get_preds()[0].shape == (8, 2)
    again = load_learner(learn.export('model'))
    assert again.predict(get_image_files(source)[-1])[0] == 'red'


@pytest.mark.parametrize('cut_at, every', [(3, 1), (7, 2), (14, 5), (26, 13), (30, None)])
def test_accumulated_gradients_and_resume(tmp_path, cut_at, every):
    "A checkpoint is written when no gradients wait for their step; a run with three batches to a step goes on bit for bit."
    class Cut(Callback):
        def after_step(self, learn):
            if learn.step == cut_at: raise KeyboardInterrupt
    ends = []
    for cut in (False, True):
        learn, three = make(), GradientAccumulation(3)                          # 40 batches: 13 steps an epoch, and one batch left
        with learn.no_logging():
            if cut:
                with pytest.raises(KeyboardInterrupt): learn.fit(3, cbs=[three, Checkpoint(tmp_path/'run', every), Cut()])
                learn = make(seed=9)
                with learn.no_logging(): learn.fit(3, cbs=GradientAccumulation(3), resume=tmp_path/'run')
            else: learn.fit(3, cbs=three)
        ends.append((torch.cat([p.detach().flatten() for p in learn.model.parameters()]), learn.step, learn.recorder.lrs, learn.recorder.losses))
    assert ends[0][0].equal(ends[1][0]) and ends[0][1:] == ends[1][1:] and ends[0][1] == 39


def test_plots_show_what_was_recorded():
    "Lines, marks, names of axes and legends of the two plots of a recorder."
    learn = make()
    with learn.no_logging(): learn.fit(2)
    assert sum(isinstance(cb, Progress) for cb in learn.cbs) == 1                # it is there again
    plt.close('all')
    learn.recorder.plot_loss()
    ax, = plt.gcf().axes
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines) == ['training', 'validation'] == [text.get_text() for text in ax.get_legend().get_texts()]
    assert list(lines['training'].get_ydata()) == learn.recorder.losses and list(lines['training'].get_xdata()) == list(range(80))
    assert list(lines['validation'].get_ydata()) == [row[2] for row in learn.recorder.rows] and list(lines['validation'].get_xdata()) == [40, 80]
    assert (ax.get_xlabel(), ax.get_ylabel(), bool(ax.get_title())) == ('batches', 'loss', True)
    plt.close('all')
    learn.recorder.plot_sched()
    for ax, name, values in zip(plt.gcf().axes, ('learning rate', 'momentum'), (learn.recorder.lrs, learn.recorder.moms), strict=True):
        assert (ax.get_xlabel(), ax.get_ylabel(), list(ax.lines[0].get_ydata())) == ('updates', name, values)
    plt.close('all')


def test_slices_without_an_end():
    for lr in (slice(1e-3, None), slice(None)):
        with pytest.raises(ValueError, match='expected slice'): spread(lr, 2)
    assert spread(slice(1e-3), 3) == [1e-4, 1e-4, 1e-3] and spread(0.1, 2) == [0.1, 0.1]
