"""One competitor in a process and an environment of its own: reads lines `task share-of-rows` and answers each with one epoch:
seconds of training and of validation, updates made, and the validation loss.

    python worker.py bare|ours|fastai|fastai_lean|lightning FD        answers are lines of JSON, written to the file descriptor FD

Progress is shown on standard output, as a user has it: run.py gives each worker a terminal."""
import json
import os
import sys
import time
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.tasks import BS, TASKS, Batches, bare  # noqa: E402


class Clock:
    "Notes when training began and ended, and validation."
    def __init__(self): self.at = {}
    def note(self, what): self.at[what] = time.perf_counter()
    def seconds(self): return self.at['trained'] - self.at['start'], self.at['validated'] - self.at['measure']


def ours(task, train, valid):
    from course_lib.data import DataLoader, DataLoaders, Dataset
    from course_lib.learner import Callback, Learner
    import course_lib.optim  # noqa: F401, for fit_one_cycle
    clock = Clock()
    class First(Callback):
        order = -1000
        def before_train(self, learn): clock.note('start')
        def before_validate(self, learn): clock.note('measure')
    class Last(Callback):
        order = 1000
        def after_train(self, learn): clock.note('trained')
        def after_validate(self, learn): clock.note('validated')
    dls = DataLoaders(DataLoader(Dataset(*train), BS, shuffle=True), DataLoader(Dataset(*valid), BS))
    learn = Learner(dls, task.model(), task.loss_func, metrics=task.metric)
    learn.fit_one_cycle(1, 1e-3, cbs=[First(), Last()])
    return *clock.seconds(), learn.step, learn.recorder.valid[0]


def fastai(task, train, valid, lean=False):
    from fastai.basics import AvgMetric, DataLoaders, Learner
    from fastai.callback.core import Callback
    import fastai.callback.all  # noqa: F401, for fit_one_cycle
    clock = Clock()
    class First(Callback):
        order = -1000
        def before_train(self): clock.note('start')
        def before_validate(self): clock.note('measure')
    class Last(Callback):
        order = 1000
        def after_train(self): clock.note('trained')
        def after_validate(self): clock.note('validated')
    if task is TASKS['dot'] and not lean:                           # as its users write it
        import pandas as pd
        from fastai.collab import CollabDataLoaders, collab_learner
        x, y = torch.cat([train[0], valid[0]]), torch.cat([train[1], valid[1]])
        df = pd.DataFrame(dict(user=x[:, 0].numpy(), item=x[:, 1].numpy(), rating=y.numpy()))
        dls = CollabDataLoaders.from_df(df, valid_pct=len(valid[0]) / len(x), bs=BS)
        learn = collab_learner(dls, n_factors=50, y_range=(0, 5.5), metrics=AvgMetric(task.metric))
    else:                                                           # with the batches and the model of the bare loop
        dls = DataLoaders(Batches(*train, True), Batches(*valid, False))
        learn = Learner(dls, task.model(), loss_func=task.loss_func, metrics=AvgMetric(task.metric))
    learn.fit_one_cycle(1, 1e-3, cbs=[First(), Last()])
    return *clock.seconds(), learn.train_iter, float(learn.recorder.values[-1][1])


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
            opt = torch.optim.AdamW(self.parameters(), fused=True)
            cycle = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-3, total_steps=-(-len(train[0]) // BS))
            return dict(optimizer=opt, lr_scheduler=dict(scheduler=cycle, interval='step'))
        def on_train_epoch_start(self): clock.note('start')
        def on_validation_start(self): clock.note('trained'); clock.note('measure')
        def on_validation_end(self): clock.note('validated')
    trainer = L.Trainer(max_epochs=1, accelerator='cpu', logger=False, enable_checkpointing=False, enable_model_summary=False, num_sanity_val_steps=0)
    trainer.fit(Module(), Batches(*train, True), Batches(*valid, False))
    return *clock.seconds(), trainer.global_step, trainer.callback_metrics['loss'].item()


COMPETITORS = dict(bare=bare, ours=ours, fastai=fastai, fastai_lean=partial(fastai, lean=True), lightning=lightning)
NAMED = dict(bare='torch', ours='torch', fastai='fastai', fastai_lean='fastai', lightning='lightning')


@cache
def data(name, share):
    "Training and validation data of a task, made once."
    return [TASKS[name].data(int(size * share)) for size in TASKS[name].size]


def main():
    who, answers = sys.argv[1], os.fdopen(int(sys.argv[2]), 'w', buffering=1)
    torch.set_num_threads(2)
    versions = {name: version(name) for name in ('torch', NAMED[who])}
    print(json.dumps(dict(python=sys.version.split()[0], **versions)), file=answers)
    for line in sys.stdin:
        name, share = line.split()
        torch.manual_seed(0)
        measured = COMPETITORS[who](TASKS[name], *data(name, float(share)))
        print(json.dumps(dict(zip(('train', 'valid', 'updates', 'loss'), measured))), file=answers)


if __name__ == '__main__': main()
