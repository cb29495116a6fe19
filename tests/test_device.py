"""One rule says where the course computes: on the CPU, unless $COURSE_DEVICE or a cell asks for an accelerator; then everything follows."""
import ast
import re
from functools import cache

import pandas as pd
import pytest
import torch
from conftest import LESSONS, ROOT, run
from torch import nn

from course_lib.tools.cli import directives, read_notebook
from course_lib.collab import CollabDataLoaders, collab_learner
from course_lib.tools.core import pick_device
from course_lib.data import DataBlock, DataLoader, DataLoaders, Dataset, RandomSplitter
from course_lib.learner import Learner, load_learner
from course_lib.losses import cross_entropy
from course_lib.optim import SGD

X, Y = torch.randn(64, 5), torch.arange(64) % 3
RATINGS = pd.DataFrame(dict(user=[i // 8 for i in range(64)], film=[i % 8 for i in range(64)], stars=[1. + i % 5 for i in range(64)]))


def everything(tmp_path):
    "The devices of batches, models and loaded files, however their loaders were made."
    dls = DataLoaders(DataLoader(Dataset(X, Y), 16, shuffle=True), DataLoader(Dataset(X, Y), 16))
    learn = Learner(dls, nn.Linear(5, 3), cross_entropy, opt_func=SGD, path=tmp_path)      # PyTorch's would ask the driver, which is not there
    with learn.no_logging(): learn.fit(1)
    pytorchs = Learner(DataLoaders(*[torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), 16)] * 2), nn.Linear(5, 3), cross_entropy)
    ratings = CollabDataLoaders.from_df(RATINGS, bs=16)
    models = [learn.model, pytorchs.model, collab_learner(ratings, 2).model, load_learner(learn.export('model')).model]
    tensors = [*learn.dls.one_batch(), *ratings.one_batch(), *DataBlock(splitter=RandomSplitter()).dataloaders(list(range(50)), bs=8).one_batch(),
               learn.xb, learn.predict(X[0])[1], *(p for model in models for p in model.parameters())]
    return {t.device.type for t in tensors} | {learn.device.type, pytorchs.device.type, dls.device.type}


def test_the_cpu_unless_asked(tmp_path, monkeypatch):
    "A machine with an accelerator computes on the CPU, too; nothing asks for a device that is not there."
    monkeypatch.delenv('COURSE_DEVICE', raising=False)
    for there in (torch.cuda, torch.backends.mps): monkeypatch.setattr(there, 'is_available', cache(lambda: True))
    assert everything(tmp_path) == {'cpu'} and pick_device('auto').type == 'cuda'


def test_the_cpu_by_name(monkeypatch):
    "COURSE_DEVICE=cpu holds for cells that ask for an accelerator."
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setenv('COURSE_DEVICE', 'cpu')
    assert pick_device('auto') == pick_device('cuda') == torch.device('cpu')


@pytest.mark.parametrize('name', ['cuda', 'cuda:3', 'mps', 'xpu', 'gpu', 'cuda:x'])
def test_a_device_that_is_not_there(monkeypatch, name):
    "The message names the variable, what came, and what was expected."
    if torch.cuda.is_available() and name == 'cuda' or torch.backends.mps.is_available() and name == 'mps': pytest.skip('it is there')
    monkeypatch.setenv('COURSE_DEVICE', name)
    for call in (pick_device, lambda: DataLoader(Dataset(X, Y), 16), lambda: CollabDataLoaders.from_df(RATINGS, bs=16)):
        with pytest.raises(ValueError, match=re.escape(f"$COURSE_DEVICE is {name!r}, expected 'auto', 'cpu', or a device that this machine has")): call()


def test_shapes_on_the_meta_device(monkeypatch):
    "With shapes instead of numbers: batches and model meet on the device, and what comes out has the right size."
    monkeypatch.setenv('COURSE_DEVICE', 'meta')
    learn = Learner(DataLoaders(*(DataLoader(Dataset(X, Y), 16) for _ in range(2))), nn.Linear(5, 3), cross_entropy)
    xb, yb = learn.dls.one_batch()
    loss = learn.loss_func(learn.model(xb), yb)
    loss.backward()
    assert {t.device.type for t in (xb, yb, loss, learn.model.weight.grad)} == {'meta'} and (loss.shape, learn.model.weight.grad.shape) == ((), (3, 5))
    assert learn.summary().output.tolist() == [(16, 3)]
    assert {p.device.type for p in collab_learner(CollabDataLoaders.from_df(RATINGS, bs=16), 2).model.parameters()} == {'meta'}


def test_on_a_stand_in():
    "All that a learner does, on a device that refuses what CUDA and MPS refuse."
    if not hasattr(torch.utils.backend_registration, '_setup_privateuseone_for_python_backend'):
        pytest.skip(f'PyTorch {torch.__version__} cannot register a device from Python')
    done = run('python', '-m', 'pytest', ROOT/'tests'/'on_standin.py', '-n', '0', '-p', 'no:cacheprovider', COURSE_DEVICE='standin')
    assert done.returncode == 0 and int(re.search(r'(\d+) passed', done.stdout)[1]) >= 60, done.stdout


def named_calls(source, name):
    "The calls of a function in a cell."
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and getattr(node.func, 'id', getattr(node.func, 'attr', '')) == name]


def test_cells_that_ask():
    "Lessons ask for an accelerator in cells flagged real or gpu, and only there; none writes the name of one."
    asking = set()
    for path in LESSONS:
        for cell in read_notebook(path).cells:
            if cell.cell_type != 'code' or cell.source.startswith('%'): continue
            flags = {'real', 'gpu'} & directives(cell.source).keys()
            asks = any(call.args for call in named_calls(cell.source, 'pick_device'))
            if asks: asking.add(path.stem[:2])
            assert flags or not asks, cell.source
            assert not re.search(r"""['"](cuda|mps)""", cell.source), cell.source
    assert asking >= {'01', '02', '03', '04', '05', '06', '07'}
