"""Answers to the questions of lesson 06, as students type them: {id: (right, wrong)}. Most of the wrong ones stand in no questionnaire."""
import math

import torch
from torch import tensor

from answers.forms import letter, number, several
from course_lib.optim import combine_scheds, sched_cos, sched_lin


def in_line(w, grad, total, lr, mom): return w - lr * (mom * total + grad), mom * total + grad
def in_list(w, grad, total, lr, mom):
    new = total * mom + grad
    return [w - new * lr, new]
def by_add(w, grad, total, lr, mom):
    total = torch.add(grad, total, alpha=mom)
    return torch.sub(w, total, alpha=lr), total
def by_clone(w, grad, total, lr, mom):
    total = total.clone().mul_(mom).add_(grad)
    return w.clone().sub_(lr * total), total
def by_loop(w, grad, total, lr, mom):
    new = [mom * t + g for t, g in zip(total.tolist(), grad.tolist())]
    return [a - lr * t for a, t in zip(w.tolist(), new)], new
def by_torch(w, grad, total, lr, mom):
    p = w.clone().requires_grad_()
    p.grad, opt = grad.clone(), torch.optim.SGD([p], lr, mom)
    opt.state[p]['momentum_buffer'] = total.clone()
    opt.step()
    return p.detach(), mom * total + grad
def w_in_place(w, grad, total, lr, mom):
    total = mom * total + grad
    w -= lr * total
    return w, total
def only_w(w, grad, total, lr, mom): return w - lr * (mom * total + grad)
def swapped(w, grad, total, lr, mom): return in_line(w, grad, total, lr, mom)[::-1]
def nesterov(w, grad, total, lr, mom):
    total = mom * total + grad
    return w - lr * (grad + mom * total), total
def rate_inside(w, grad, total, lr, mom):
    total = mom * total + lr * grad
    return w - total, total
def plain_sgd(w, grad, total, lr, mom): return w - lr * grad, mom * total + grad
def no_fading(w, grad, total, lr, mom): return w - lr * (total + grad), total + grad
def grad_returned(w, grad, total, lr, mom): return w - lr * (mom * total + grad), grad

def by_hand(x):
    if x < 0.1: return x
    if x <= 0.5: return 0.1
    return 0.05 * (1 + math.cos(math.pi * (x - 0.5) / 0.5))
def nested(x): return combine_scheds([0.5, 0.5], [combine_scheds([0.2, 0.8], [sched_lin(0, 0.1), sched_lin(0.1, 0.1)]), sched_cos(0.1, 0)])(x)
def by_tensor(x): return tensor(by_hand(x), dtype=torch.float64)
def by_min(x): return min(x, 0.1, 0.05 - 0.05 * math.cos(2 * math.pi * x)) if x > 0.5 else min(x, 0.1)
constant = combine_scheds([0.1, 0.4, 0.5], [lambda x: 0.1 * x, lambda x: 0.1, sched_cos(0.1, 0.)])
four = combine_scheds([0.1, 0.2, 0.2, 0.5], [sched_lin(0., 0.1), sched_lin(0.1, 0.1), sched_cos(0.1, 0.1), sched_cos(0.1, 0.)])

ALL = {
'06-01': (number(0.05, '1/20', '5 %', 5e-2), [0.5, 0.02, 5, 0.0001, 0.3, 0.01, '0,05', 0.06]),
'06-02': (letter('B'), ['A', 'C', 'D', 'E', 'BD', 'overfitting', 2]),
'06-03': ([('stays', 'grows'), ['stays', 'grows'], 'stays, grows', 'Stays and grows', "'stays', 'grows'", '(Stays; GROWS)'],
          [('grows', 'stays'), ('falls', 'grows'), ('stays', 'stays'), 'stays', ('stays', 'grows', 'grows'), ('stays', 'explodes'), ('falls', 'falls')]),
'06-04': (number(0.1, '1/10', '0.10', 1e-1), [0.05, 0.2, 0.09, 0.11, 1, 0, -0.1, 0.101, '20 w', math.inf]),
'06-05': ([in_line, in_list, by_add, by_clone, by_loop, by_torch], [w_in_place, only_w, swapped, nesterov, rate_inside, plain_sgd, no_fading, grad_returned, lambda *args: args[:2]]),
'06-06': (number(1., 1, '1.0', '100 %'), [1000, 0.001, 0, math.sqrt(1000), 1.1, -1, 1e6, '1,0']),
'06-07': (several(0.01, 0.01 * 0.1 / math.sqrt(0.001)) + [(0.01, 0.0316), ('0.01', '0.0316'), '1e-2, 3.16e-2'], [(0.05, 0.05), (0.0316, 0.01), (0.01, 0.001), (0.01, 0.01), (0.01, 1), (0.01, 0.03), 0.01, (0.01, 0.158)]),
'06-08': ([('small', 'alike'), ['small', 'alike'], 'small, alike', 'Small and alike', "'small', 'alike'", '(small; Alike)'],
          [('alike', 'small'), ('large', 'alike'), ('small', 'large'), ('alike', 'alike'), 'small', ('small', 'both'), ('small', 'alike', 'alike')]),
'06-09': (several(10, 9), [(9, 10), (10, 10), (9, 9), (10, 8), (11, 10), 10, (0.25, 0.25), (20, 19)]),
'06-10': ([by_hand, nested, by_tensor, constant, four, lambda share: float(by_hand(share)), by_min],
          [lambda x: by_hand(x) / 0.1, lambda x: min(10 * x, 0.1), lambda x: by_hand(min(x, 0.5)), lambda x: by_hand(x) if x < 0.5 else 0.2 * (1 - x), combine_scheds([0.1, 0.4, 0.5], [sched_lin(0.1, 0.), sched_lin(0.1, 0.1), sched_cos(0.1, 0.)]),
           combine_scheds([0.1, 0.4, 0.5], [sched_lin(0., 0.1), sched_lin(0.1, 0.1), sched_cos(0.1, 0.001)]), lambda x: 0.1 if x > 0.1 else x, 0.1]),
'06-11': (several(1e-5, 1e-4, 1e-3), [(1e-5, 5.05e-4, 1e-3), (1e-3, 1e-4, 1e-5), (1e-4, 1e-4, 1e-3), (1e-5, 1e-3), (1e-5, 5e-4, 1e-3), 1e-4, (1e-5, 1e-4, 1e-3, 1e-2), (1e-5, 3e-5, 1e-3)]),
'06-12': (letter('D'), ['A', 'B', 'C', 'E', 'CD', 'nothing', 4]),
}
