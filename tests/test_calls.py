"""Lines that students of fastai bring: each works, or is refused with a sentence that names our way."""
import re

import matplotlib.pyplot as plt
import pytest
import torch
from calls import CALLS
from torch import nn

from course_lib.data import CategoryBlock, DataBlock, IndexSplitter, TransformBlock
from course_lib.learner import Callback, Learner
from course_lib.losses import cross_entropy
from course_lib.tools.core import set_seed
from course_lib.tools.diagnose import NAMES
from course_lib.tools.metrics import error_rate, rmse
from course_lib.training import accuracy


def odd(i): return 'odd' if i % 2 else 'even'


def as_input(i): return torch.eye(40)[i]


@pytest.fixture
def known(tmp_path, monkeypatch):
    "What the lines may name: a trained Learner, and what it was made of."
    monkeypatch.chdir(tmp_path)                     # `export` without a path writes here
    set_seed(0)
    block = DataBlock((TransformBlock, CategoryBlock), get_x=as_input, get_y=odd, splitter=IndexSplitter(range(30, 40)))
    dls = block.dataloaders(list(range(40)), bs=10, device='cpu')
    model = nn.Linear(40, 2)
    learn = Learner(dls, model, cross_entropy, lr=0.1, metrics=accuracy)
    with learn.no_bar(): learn.fit(2)
    learn.dls.valid.dataset.parts[0].func.tfms.clear()      # functions of this file cannot be exported
    learn.dls.valid.dataset.parts[0].items = torch.eye(40)[30:]
    learn.dls.train.dataset.parts[0].items = torch.eye(40)[:30]
    yield dict(learn=learn, dls=dls, model=model, x=torch.eye(40)[31], accuracy=accuracy, error_rate=error_rate, rmse=rmse, Learner=Learner, Callback=Callback)
    plt.close('all')


@pytest.mark.parametrize('call', CALLS, ids=lambda call: f'{call.lesson} {call.line.splitlines()[0]}')
def test_call(call, known):
    "It runs, or it raises what its row says."
    if not call.refused: return exec(call.line, known)
    with pytest.raises((ValueError, TypeError, ImportError), match=re.escape(call.refused)): exec(call.line, known)


def test_what_the_calls_give(known):
    "`ds_idx` names the set, in order; labels and losses belong to their items; each metric has its column."
    learn, dls = known['learn'], known['dls']
    for ds_idx, items in ((0, range(30)), (1, range(30, 40))):
        preds, target, decoded, losses = learn.get_preds(ds_idx=ds_idx, with_decoded=True, with_loss=True)
        assert [dls.vocab[t] for t in target] == [odd(i) for i in items]
        assert decoded == [dls.vocab[i] for i in preds.argmax(1)]
        assert losses.tolist() == pytest.approx([-preds[i, t].log().item() for i, t in enumerate(target)], rel=1e-4)
        loss, right = learn.validate(ds_idx=ds_idx)
        assert loss == pytest.approx(losses.mean().item(), rel=1e-4) and right == pytest.approx(accuracy(preds, target))
    wrong = Learner(dls, known['model'], cross_entropy, metrics=[accuracy, error_rate]).validate()
    assert sum(wrong[1:]) == pytest.approx(1)
    assert learn.recorder.metric_names == ['epoch', 'train_loss', 'valid_loss', 'accuracy', 'time']


def test_names_say_where_they_are():
    "Each import that a refusal names works; each name of ours that it quotes is there."
    import course_lib.learner as learner
    for name, told in NAMES.items():
        with pytest.raises(ImportError, match=re.escape(f'course_lib.learner has no {name}: {told}')): getattr(learner, name)
        for line in re.findall('`(from .+?)`', told): exec(line, {})
        for ours in re.findall(r'`([A-Z]\w+)', told): assert hasattr(learner, ours), ours
    assert not hasattr(learner, 'no_such_name')
