"""Ask fastai 2 what it says, and write it to tests/fixtures/fastai.json, with which the tests compare.

Run once, in the rivals' environment: make bench-fixtures. Holds: suggested learning rates for 50 loss curves; rate and
momentum of every update of one-cycle runs; the rates that slices give to 2, 3 and 5 groups."""
import json
import sys
from pathlib import Path

import fastai
import numpy as np
import torch
from fastai.basics import DataLoaders, Learner, params
from fastai.callback.schedule import minimum, slide, steep, valley
from torch import nn

OUT = Path(__file__).resolve().parent.parent/'tests'/'fixtures'/'fastai.json'
LRS = [float(f'{1e-7 * 1e8 ** (i / 100):.6g}') for i in range(10, 95)]        # as lr_find keeps them, without both ends


def curve(rng):
    "Losses over LRS: flat, falling at a random place by a random amount, rising at another; with smoothed noise."
    at = np.log10(LRS)
    start, fall, place, width = rng.uniform(0.5, 5), rng.uniform(0.3, 0.9), rng.uniform(-5, -1), rng.uniform(0.2, 0.8)
    blow, steepness = place + rng.uniform(1, 3), rng.uniform(1, 4)
    noise = np.convolve(rng.normal(0, rng.choice([0., 0.005, 0.05]), len(at) + 14), np.ones(15) / 15, 'valid')
    loss = start * (1 - fall / (1 + np.exp(-(at - place) / width)) + noise) + start * np.exp(steepness * (at - blow)).clip(max=4)
    return [round(float(v), 5) for v in loss[:rng.integers(40, len(at) + 1)]]


def suggestions(losses):
    "What fastai's four rules say of a curve."
    lrs, losses = torch.tensor(LRS[:len(losses)]), torch.tensor(losses)
    return {f.__name__: float(f(lrs, losses, 100)[0]) for f in (valley, slide, minimum, steep)}


def learner(n_groups, n_batches=20):
    "A fastai Learner of a small net with so many groups of parameters."
    batches = [(torch.zeros(4, 3), torch.zeros(4, 3))] * n_batches
    model = nn.Sequential(*(nn.Linear(3, 3) for _ in range(n_groups)))
    return Learner(DataLoaders(batches, batches[:1]), model, nn.functional.mse_loss, splitter=lambda m: [params(layer) for layer in m])


def one_cycle(n_groups, n_epochs, as_slice, **how):
    "Rates of all groups and momentum in every update."
    from fastai.callback.core import Callback
    class Probe(Callback):
        order = 100
        def before_fit(self): self.lrs, self.moms = [], []
        def before_step(self):
            self.lrs.append([float(h['lr']) for h in self.opt.hypers]); self.moms.append(float(self.opt.hypers[-1]['mom']))
    learn, probe = learner(n_groups), Probe()
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(n_epochs, slice(*how['lr_max']) if as_slice else how['lr_max'], cbs=probe, **{k: v for k, v in how.items() if k != 'lr_max'})
    return dict(n_groups=n_groups, n_epochs=n_epochs, as_slice=as_slice, how=how, lrs=probe.lrs, moms=probe.moms)


def slices():
    "Rates that each group gets, for slices of all kinds."
    rows = []
    for n_groups in (2, 3, 5):
        for given in ([1e-6, 1e-4], [1e-3, 1e-2], [3e-3]):
            opt = learner(n_groups)
            opt.create_opt(); opt.opt.set_hyper('lr', slice(*given))
            rows.append(dict(n_groups=n_groups, given=given, lrs=[float(h['lr']) for h in opt.opt.hypers]))
    return rows


def main():
    rng = np.random.default_rng(0)
    curves = [dict(losses=losses, **suggestions(losses)) for losses in (curve(rng) for _ in range(50))]
    runs = [one_cycle(1, 3, False, lr_max=3e-3), one_cycle(1, 1, False, lr_max=0.1, pct_start=0.3, div=10., div_final=1e3),
            one_cycle(3, 2, True, lr_max=[1e-6, 1e-4], moms=[0.8, 0.7, 0.8]), one_cycle(2, 4, True, lr_max=[1e-2])]
    made_with = dict(fastai=fastai.__version__, torch=torch.__version__, python=sys.version.split()[0])
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(dict(made_with=made_with, lrs=LRS, curves=curves, one_cycle=runs, slices=slices()), indent=None, separators=(',', ':')) + '\n')
    print(f'{OUT}: {OUT.stat().st_size / 1000:.0f} kB, with {made_with}')


if __name__ == '__main__': main()
