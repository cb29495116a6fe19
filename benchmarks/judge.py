"""What the times must show, and whether they do."""
import statistics

from benchmarks.tasks import TASKS

LIMITS = [('mlp', 'train', 'ours', 'bare', 'at most', 1.10), ('mlp', 'valid', 'ours', 'bare', 'at most', 1.10),
          ('dot', 'train', 'ours', 'bare', 'at most', 1.05), ('dot', 'valid', 'ours', 'bare', 'at most', 1.05),
          ('mlp', 'train', 'fastai', 'ours', 'at least', 2.8), ('dot', 'train', 'fastai', 'ours', 'at least', 6.)]


def ratio(times, task, part, who, other)->list:
    "Seconds of one over those of another, a ratio for each round."
    of = {(t['who'], t['round']): t[part] for t in times if t['task'] == task}
    return [of[who, i] / of[other, i] for w, i in of if w == who]


def check_work(times):
    "Raise `ValueError` if a competitor made other updates than the bare loop (by more than a last, smaller batch), or came to another loss (by a twentieth)."
    for t in times:
        bare = next(b for b in times if (b['task'], b['who'], b['round']) == (t['task'], 'bare', t['round']))
        if abs(t['updates'] - bare['updates']) <= 1 and abs(t['loss'] - bare['loss']) < 0.05 * bare['loss']: continue
        raise ValueError(f"{t['who']} did other work in {t['task']}: {t['updates']} updates to a loss of {t['loss']:.3f}, "
                         f"expected {bare['updates']} and about {bare['loss']:.3f}")


def verdicts(times):
    "For each limit whose competitors ran: a row for the table, and whether it holds."
    check_work(times)
    for task, part, who, other, word, limit in LIMITS:
        if not {who, other} <= {t['who'] for t in times}: continue
        found = statistics.median(ratio(times, task, part, who, other))
        holds = found <= limit if word == 'at most' else found >= limit
        yield [TASKS[task].__doc__, part, f'{who} / {other}', f'{found:.2f}', f'{word} {limit:.2f}', 'yes' if holds else 'NO'], holds
