"""One competitor in a process and an environment of its own: reads lines with a task and a share of its rows, and answers each with
one run: seconds of training and of validation in an epoch, updates made, and the validation loss.

    python worker.py bare|ours|fastai|fastai_lean|lightning FD        answers are lines of JSON, written to the file descriptor FD

Progress is shown on standard output, as a user has it: run.py gives each worker a terminal."""
import json
import os
import sys
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.tasks import BS, TASKS, Batches, Clock, bare  # noqa: E402


def ours(task, train, valid):
    from course_lib.collab import CollabDataLoaders, collab_learner
    from course_lib.data import DataLoader, DataLoaders, Dataset
    from course_lib.learner import Callback, Learner
    clock = Clock()
    class First(Callback):
        order = -1000
        def before_train(self, learn): clock.start('train')
        def before_validate(self, learn): clock.start('valid')
    class Last(Callback):
        order = 1000
        def after_train(self, learn): clock.stop('train')
        def after_validate(self, learn): clock.stop('valid')
    if task is TASKS['movielens']:                                  # as its users write it
        dls = CollabDataLoaders.from_df(as_table(*train), valid=as_table(*valid), bs=BS)
        learn = collab_learner(dls, 50, y_range=(0, 5.5), wd=task.wd, metrics=task.metric)
    else:
        dls = DataLoaders(DataLoader(Dataset(*train), BS, shuffle=True), DataLoader(Dataset(*valid), BS))
        learn = Learner(dls, task.model(), task.loss_func, metrics=task.metric)
    learn.fit_one_cycle(task.n_epochs, task.lr, cbs=[First(), Last()])
    return clock, learn.step, learn.recorder.valid[0]


def as_table(x, y):
    "Ratings as a table."
    import pandas as pd
    return pd.DataFrame(dict(user=x[:, 0].numpy(), item=x[:, 1].numpy(), rating=y.numpy()))


def fastai(task, train, valid, lean=False):
    from fastai.callback.core import Callback
    import fastai.callback.all  # noqa: F401, for fit_one_cycle
    clock = Clock()
    class First(Callback):
        order = -1000
        def before_train(self): clock.start('train')
        def before_validate(self): clock.start('valid')
    class Last(Callback):
        order = 1000
        def after_train(self): clock.stop('train')
        def after_validate(self): clock.stop('valid')
    learn = (fastai_lean if lean or task is TASKS['mlp'] else fastai_collab)(task, train, valid)
    learn.fit_one_cycle(task.n_epochs, task.lr, wd=task.wd, cbs=[First(), Last()])
    return clock, learn.train_iter, float(learn.recorder.values[-1][1])


def fastai_collab(task, train, valid):
    "A learner as its users write it; `CollabDataLoaders.from_df` does the same with rows drawn at random."
    from fastai.basics import AvgMetric, TransformBlock
    from fastai.collab import TabularCollab, collab_learner
    from fastai.tabular.core import Categorify
    rows = as_table(*(torch.cat(pair) for pair in zip(train, valid)))
    splits = list(range(len(train[0]))), list(range(len(train[0]), len(rows)))
    ratings = TabularCollab(rows, [Categorify], ['user', 'item'], y_names=['rating'], y_block=TransformBlock(), splits=splits)
    return collab_learner(ratings.dataloaders(bs=BS), n_factors=50, y_range=(0, 5.5), metrics=AvgMetric(task.metric))


def fastai_lean(task, train, valid):
    "A learner with the batches and the model of the bare loop."
    from fastai.basics import AvgMetric, DataLoaders, Learner
    dls = DataLoaders(Batches(*train, True), Batches(*valid, False))
    return Learner(dls, task.model(), loss_func=task.loss_func, metrics=AvgMetric(task.metric))


def lightning(task, train, valid):
    import lightning as L
    clock = Clock()
    class Module(L.LightningModule):
        def __init__(self): super().__init__(); self.model = task.model()
        def training_step(self, batch, i): return task.loss_func(self.model(batch[0]), batch[1])
        def validation_step(self, batch, i):
            scores = self.model(batch[0])
            self.log_dict(dict(loss=task.loss_func(scores, batch[1]), metric=task.metric(scores, batch[1])), batch_size=len(batch[0]))
        def configure_optimizers(self):
            opt = torch.optim.AdamW(self.parameters(), weight_decay=task.wd, fused=True)
            cycle = torch.optim.lr_scheduler.OneCycleLR(opt, task.lr, total_steps=task.n_epochs * -(-len(train[0]) // BS))
            return dict(optimizer=opt, lr_scheduler=dict(scheduler=cycle, interval='step'))
        def on_train_epoch_start(self): clock.start('train')
        def on_validation_start(self): clock.stop('train'); clock.start('valid')
        def on_validation_end(self): clock.stop('valid')
    trainer = L.Trainer(max_epochs=task.n_epochs, accelerator='cpu', logger=False, enable_checkpointing=False, enable_model_summary=False, num_sanity_val_steps=0)
    trainer.fit(Module(), Batches(*train, True), Batches(*valid, False))
    return clock, trainer.global_step, trainer.callback_metrics['loss'].item()


COMPETITORS = dict(bare=bare, ours=ours, fastai=fastai, fastai_lean=partial(fastai, lean=True), lightning=lightning)
PACKAGES = dict(bare=['torch'], ours=['torch'], fastai=['torch', 'fastai'], fastai_lean=['torch', 'fastai'], lightning=['torch', 'lightning'])
data = cache(lambda name, share: TASKS[name].load(share))           # made once


def epochs(who, task, share):
    "A run of a competitor with a fresh model: seconds of an epoch (the mean of its epochs), updates, validation loss."
    torch.manual_seed(0)
    clock, updates, loss = COMPETITORS[who](TASKS[task], *data(task, share))
    return {part: spent / TASKS[task].n_epochs for part, spent in clock.spent.items()} | dict(updates=updates, loss=loss)


def serve(work, packages):
    "Answer each line of standard input, keywords in JSON, with what `work` returns for them; the first answer says the versions."
    who, answers = sys.argv[1], os.fdopen(int(sys.argv[2]), 'w', buffering=1)
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    print(json.dumps(dict(python=sys.version.split()[0], **{name: version(name) for name in packages[who]})), file=answers)
    for line in sys.stdin: print(json.dumps(work(who, **json.loads(line))), file=answers)


if __name__ == '__main__': serve(epochs, PACKAGES)
