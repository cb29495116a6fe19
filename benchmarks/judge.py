"""What the figures must show, and whether they do."""
import statistics
from itertools import product

from benchmarks.tasks import TASKS

# Of each file of results: task, part, whose, compared how ('/', '-', or 'alone'), with whom, 'at most' or 'at least', how much.
LIMITS = dict(results=[
    ('mlp', 'train', 'ours', '/', 'bare', 'at most', 1.10), ('mlp', 'valid', 'ours', '/', 'bare', 'at most', 1.10),
    ('dot', 'train', 'ours', '/', 'bare', 'at most', 1.05), ('dot', 'valid', 'ours', '/', 'bare', 'at most', 1.05),
    ('mlp', 'train', 'fastai', '/', 'ours', 'at least', 2.8), ('dot', 'train', 'fastai', '/', 'ours', 'at least', 6.),
    ('movielens', 'train', 'ours', '/', 'bare', 'at most', 1.05), ('movielens', 'train', 'fastai', '/', 'ours', 'at least', 6.),
    ('movielens', 'rmse', 'ours', '-', 'fastai', 'at most', 0.), ('movielens', 'rmse', 'ours', '-', 'bare', 'at most', 0.01),
], collab=[
    ('recipes', 'fit', 'quick', '/', 'surprise', 'at most', 0.6), ('recipes', 'rmse', 'quick', 'alone', None, 'at most', 0.925),
    ('recipes', 'rmse', 'recommended', 'alone', None, 'at most', 0.905),
    *(('ranking', part, 'ours', '/', who, 'at least', 1.) for part in ('hit rate', 'NDCG') for who in ('popularity', 'als', 'bpr')),
], growth=[
    *(('fixed', 'per rating', who, '/', '100000 dense', *limit)
      for who, limit in product(('1000000 dense', '10000000 dense'), (('at most', 1.15), ('at least', 0.85)))),
    ('fixed', 'GiB', '10000000 dense', 'alone', None, 'at most', 4.),
], loaders=[
    ('rows of 64', 'pass', 'torch', '/', 'ours', 'at least', 8.), ('rows of 784', 'pass', 'torch', '/', 'ours', 'at least', 4.),
    ('JPEG files', 'pass', 'ours', '/', 'torch', 'at most', 1.1),
])


def value(t, part):
    "A figure of a row; where the loss is the mean squared error, its root need not be stored."
    return t[part] if part in t or part != 'rmse' else t['loss']**0.5


def compared(times, task, part, who, how, other=None)->list:
    "What one competitor has of a part, alone or beside another of the same round: a number for each round."
    of = {(t['who'], t['round']): value(t, part) for t in times if t['task'] == task and t['who'] in (who, other)}
    compare = {'/': lambda a, b: a / b, '-': lambda a, b: a - b, 'alone': lambda a, _: a}[how]
    return [compare(of[who, i], of.get((other, i))) for w, i in of if w == who]


def ratio(times, task, part, who, other)->list: return compared(times, task, part, who, '/', other)


def check_work(times):
    "Raise `ValueError` if a competitor made other updates than the bare loop (by more than a last, smaller batch in each epoch), or came to another loss (by a twentieth)."
    bare = {(t['task'], t['round']): t for t in times if t['who'] == 'bare'}
    for t in times:
        if (b := bare.get((t['task'], t['round']))) is None: continue       # a race without a bare loop
        if abs(t['updates'] - b['updates']) <= TASKS[t['task']].n_epochs and abs(t['loss'] - b['loss']) < 0.05 * b['loss']: continue
        raise ValueError(f"{t['who']} did other work in {t['task']}: {t['updates']} updates to a loss of {t['loss']:.3f}, "
                         f"expected {b['updates']} and about {b['loss']:.3f}")


def verdicts(times, limits):
    "For each limit whose competitors ran: a row for the table, and whether it holds."
    check_work(times)
    ran = {(t['task'], t['who']) for t in times}
    for task, part, who, how, other, word, limit in limits:
        if not {(task, who), (task, other or who)} <= ran: continue
        found = statistics.median(compared(times, task, part, who, how, other))
        holds = found <= limit if word == 'at most' else found >= limit
        digits = 3 if part == 'rmse' else 2
        yield [task, part, who if how == 'alone' else f'{who} {how} {other}', f'{found:.{digits}f}', f'{word} {limit:.{digits}f}', 'yes' if holds else 'NO'], holds
