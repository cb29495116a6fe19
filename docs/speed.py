"""The site's page of speed, from the results of `make bench`."""
import io
import json
import statistics
from pathlib import Path

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt                                     # noqa: E402

from benchmarks.judge import LIMITS, ratio, verdicts                # noqa: E402
from benchmarks.tasks import TASKS                                  # noqa: E402
from course_lib.tools.core import PALETTE, plot_style                     # noqa: E402

NAMES = dict(bare='bare loop', ours='Learner', fastai='fastai', fastai_lean='fastai, lean', lightning='Lightning')
RECIPES = dict(surprise="Surprise's `SVD`, as it comes", quick='quick recipe', recommended='recommended recipe')
RANKERS = dict(popularity='popularity', ours='model of what is watched', als="implicit's alternating least squares", bpr="implicit's Bayesian personalized ranking")
GROWTH = {('fixed', 'dense'): '20,000 users', ('growing', 'dense'): 'a user for every 50 ratings, dense gradients', ('growing', 'sparse'): 'a user for every 50 ratings, sparse gradients'}


def read(root:Path, name:str='results')->dict: return json.loads((root/'benchmarks'/f'{name}.json').read_text(encoding='utf-8'))


def racing(results:dict, task:str)->list: return [who for who in results['versions'] if who in {t['who'] for t in results['times'] if t['task'] == task}]


def grid(head:list, rows)->list:
    "Lines of a table."
    return ['| ' + ' | '.join(cells) + ' |' for cells in (head, ['---'] * len(head), *rows)] + ['']


def middle(results:dict, task:str, who:str, part:str)->float: return statistics.median(t[part] for t in results['times'] if (t['task'], t['who']) == (task, who))


def errors(results:dict, task:str, who:str)->list:
    "A sentence's worth of test error, where the data are real."
    return [f'{middle(results, task, who, "loss")**0.5:.4f}'] if task == 'movielens' else []


def epochs(results:dict)->list:
    "A section for each task of run.py."
    times, lines = results['times'], []
    for task, what in TASKS.items():
        lines += [f'## {what.title[0].upper() + what.title[1:]}', '']
        rows = []
        for who in racing(results, task):
            cells = [NAMES[who]]
            for part in ('train', 'valid'):
                ratios = ratio(times, task, part, who, 'bare')
                cells += [f'{middle(results, task, who, part):.2f}', '1' if who == 'bare' else f'{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})']
            rows.append(cells + errors(results, task, who))
        lines += grid(['', 'training, seconds', 'times the bare loop', 'validation, seconds', 'times the bare loop', *['RMSE on the test set'] * (task == 'movielens')], rows)
        lines += [f'![Dots, one a round, for {", ".join(NAMES[who] for who in racing(results, task))}: seconds of training in an epoch](speed-{task}.svg)', '']
    return lines


def recipes(collab:dict)->list:
    "The section of recipes beside Surprise."
    rows = [[name, *(f'{middle(collab, "recipes", who, part):.{digits}f}' for part, digits in (('fit', 2), ('rmse', 4)))] for who, name in RECIPES.items()]
    return ['## Recipes for MovieLens 100k', '',
            'The fit of one fold, without loading, and the RMSE on its test set, each the mean of the five folds and the median of the rounds. '
            'Surprise uses one thread, as it is written; ours the threads named below. The recipes are those of lesson 07, chosen within the training part of fold 1.', '',
            *grid(['', 'fit, seconds', 'RMSE'], rows)]


def settings(how:dict)->str: return ', '.join(f'{name} {value:g}' for name, value in how.items()) or 'none to choose'


def ranking(collab:dict)->list:
    "The section of ranking beside implicit."
    rows = [[name, *(f'{middle(collab, "ranking", who, part):.{digits}f}' for part, digits in (('hit rate', 3), ('NDCG', 3), ('seconds', 1))), settings(collab['chosen'][who]['how'])]
            for who, name in RANKERS.items()]
    return ['## Ranking on MovieLens 100k', '',
            'The last film of each of 943 people is hidden, and must be found among all 1,682 but those that they rated before; ties count against it. Median of the rounds, each with a seed of its own. '
            'Settings are chosen without the hidden films: of a few, those that rank the last film but one best. Seconds include loading and scoring.', '',
            *grid(['', 'hit rate at 10', 'NDCG at 10', 'seconds', 'settings'], rows)]


def growth(grown:dict)->list:
    "The section of growth."
    sizes = sorted({t['ratings'] for t in grown['times']})
    rows = [[name, *(f'{1e6 * middle(grown, task, f"{n} {who}", "per rating"):.2f} ({middle(grown, task, f"{n} {who}", "GiB"):.1f} GiB)' for n in sizes)]
            for (task, who), name in GROWTH.items()]
    return ['## Growth', '',
            'Microseconds of training for one rating, and the peak memory of the process with loading: made-up ratings of 5,000 films, 50 factors, batches of 4,096; the median of the rounds. For each size ten million ratings are timed, in one epoch or more, and of their ten parts the fastest counts. '
            'With dense gradients fused AdamW updates every row in each batch; with sparse ones `SparseAdam` updates those that the batch touches.', '',
            *grid(['', *(f'{n:,} ratings' for n in sizes)], rows),
            '![Lines of time for one rating against the number of ratings, for a fixed number of users, and for users that grow with the ratings, with dense and with sparse gradients](speed-growth.svg)', '']


def loaders(found:dict)->list:
    "The section of loaders."
    rows = []
    for task in dict.fromkeys(t['task'] for t in found['times']):
        times = ratio(found['times'], task, 'pass', 'torch', 'ours')
        rows.append([task, *(f'{middle(found, task, who, "pass"):.3f}' for who in ('ours', 'torch')), f'{statistics.median(times):.1f} ({min(times):.1f} to {max(times):.1f})'])
    return ['## Loaders', '',
            "A shuffled pass over 60,000 rows of tensors, 64 at a time, and over 5,000 JPEG files that two worker processes open. Rows of tensors are fetched half a megabyte at once, where PyTorch's loader fetches item by item; opening files takes both as long.", '',
            *grid(['', 'ours, seconds', "PyTorch's, seconds", "PyTorch's / ours"], rows)]


def speed_page(root:Path)->str:
    "The results of `make bench`: tables and plots, what they must show, and the machine."
    results, collab, grown, loading = files = [read(root, name) for name in LIMITS]
    limits = [row for name, file in zip(LIMITS, files) for row, _ in verdicts(file['times'], LIMITS[name])]
    versions = {NAMES[who]: vs for who, vs in results['versions'].items()} | {(RECIPES | RANKERS)[who]: collab['versions'][who] for who in ('surprise', 'als')}
    lines = ['# Speed', '', ':::{container} subtitle', 'What an epoch of `Learner` costs beside a bare PyTorch loop, fastai and Lightning, and what a recommender costs', ':::', '',
             f'`make bench` times `fit_one_cycle`, with progress, recorder and one metric, in {1 + max(t["round"] for t in results["times"])} rounds in which each takes its turn; a round before them does not count. A turn is {results["runs"]} runs, each with a fresh model, of which the best counts. '
             'The bare loop has the same model, the same batches of 64 indexed from tensors, fused AdamW (for MovieLens with less decay on the biases, as `collab_learner`), PyTorch\'s `OneCycleLR`, and nothing else. fastai and Lightning live in an environment of their own. '
             'A ratio is taken within each round; the tables show the median, and the least and the most.', '',
             *epochs(results), *recipes(collab), *ranking(collab), *growth(grown), *loaders(loading),
             '## What it must show', '', *grid(['', 'part', 'of', 'median', 'limit', 'holds'], ([TASKS[row[0]].__doc__ if row[0] in TASKS else row[0], *row[1:]] for row in limits)),
             '## The machine', '']
    for name, file in zip(('An epoch', 'Recipes and ranking', 'Growth', 'Loaders'), files):
        on = file['machine']
        lines += [f'* {name}: {on["cpu"]}, {on["cores"]} cores, {on["threads"]} threads used, {on["system"]}; measured on {file["date"]}.']
    lines += [f'* {name}: ' + ', '.join(f'{package} {version}' for package, version in found.items()) for name, found in versions.items()]
    return '\n'.join([*lines, '', 'For the ratings fastai runs as its users write it, with `TabularCollab`, as `CollabDataLoaders` makes it, and `collab_learner`; on MovieLens ours does the same. "Lean" is fastai\'s `Learner` with the batches and the model of the bare loop, as for the MLP. It keeps its own optimizer, which is not fused. '
              'Each round is checked: all must make the same number of updates (fastai may leave out a last, smaller batch in each epoch), and come to the same loss within a twentieth.'])


def as_svg(fig, salt:str)->str:
    "The text of a figure, the same each time."
    text = io.StringIO()
    with plt.rc_context({'svg.hashsalt': salt}): fig.savefig(text, format='svg', metadata=dict(Date=None), facecolor='white')
    plt.close(fig)
    return text.getvalue()


def speed_plots(root:Path)->dict:
    "SVG files, {name: text}: seconds of training of each competitor, a dot a round, with a line at the median; and growth."
    plot_style()
    results, plots = read(root), {}
    for task, what in TASKS.items():
        fig, ax = plt.subplots(figsize=(6, 2))
        names = racing(results, task)[::-1]
        for i, who in enumerate(names):
            color = PALETTE[list(results['versions']).index(who)]
            seconds = [t['train'] for t in results['times'] if (t['task'], t['who']) == (task, who)]
            ax.plot(seconds, [i] * len(seconds), 'o', color=color, alpha=0.6)
            ax.plot([statistics.median(seconds)] * 2, [i - 0.3, i + 0.3], color=color)
        ax.set(xlabel='seconds of training in one epoch', xlim=(0, None), title=what.title[0].upper() + what.title[1:])
        ax.set_yticks(range(len(names)), [NAMES[who] for who in names])
        plots[f'speed-{task}.svg'] = as_svg(fig, task)
    return plots | {'speed-growth.svg': growth_plot(read(root, 'growth'))}


def growth_plot(grown:dict)->str:
    "Time for a rating against the number of ratings."
    fig, ax = plt.subplots(figsize=(6, 3))
    sizes = sorted({t['ratings'] for t in grown['times']})
    for color, ((task, who), name) in zip(PALETTE, GROWTH.items()):
        ax.plot(sizes, [1e6 * middle(grown, task, f'{n} {who}', 'per rating') for n in sizes], 'o-', color=color, label=name)
    ax.set(xscale='log', yscale='log', xlabel='ratings', ylabel='microseconds for a rating', title='Dense gradients cost more where the users grow')
    ax.set_xticks(sizes, [f'{n:,}' for n in sizes]); ax.set_yticks(ticks := [0.5, 1, 2, 5], ticks); ax.minorticks_off(); ax.legend()
    return as_svg(fig, 'growth')
