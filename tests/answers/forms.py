"""Forms in which a right answer is typed, and an object that pretends to be right."""
from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch
from torch import tensor


class Yes:
    "Equal to everything; has every attribute; can be called with anything."
    def __eq__(self, other): return True
    def __hash__(self): return 0
    def __getattr__(self, name): return Yes()
    def __call__(self, *args, **kwargs): return Yes()


def number(x, *rounded):
    "One number, exact and as it may be rounded."
    return [x, f'{x}', f' {x:.4g} ', tensor(x, dtype=torch.float64), tensor([x]), np.float64(x), np.array([[x]]), Fraction(x), Decimal(x), [x], *rounded]


def whole(n): return [n, float(n), str(n), f'{n}.0', tensor(n), tensor([[float(n)]]), np.int64(n), np.float32(n), Fraction(n), [n]]


def several(*values):
    "Numbers in a row."
    text = ', '.join(map(str, values))
    return [values, list(values), text, f'({text})', tensor(values), tensor([values]), np.array(values), [tensor(v) for v in values], tuple(map(float, values)), [str(v) for v in values]]


def letter(c): return [c, c.lower(), f'{c}.', f' {c} ', f'({c})', f"'{c}'", [c], (c.lower(),), {c}]


def plotted(f, x):
    "Axes with the curve of `f`."
    import matplotlib.pyplot as plt
    fig, ax = plt.subplots()
    ax.plot(x, f(x))
    plt.close(fig)
    return ax


def with_guides(ax):
    "The same axes with lines at 0."
    ax.axhline(0); ax.axvline(0)
    return ax
