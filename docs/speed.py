"""The site's page of speed, from the results of `make bench`."""
import io
import json
import statistics
from pathlib import Path

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt                                     # noqa: E402

from benchmarks.judge import ratio, verdicts                        # noqa: E402
from benchmarks.tasks import TASKS                                  # noqa: E402
from course_lib.core import PALETTE, plot_style                     # noqa: E402

NAMES = dict(bare='bare loop', ours='Learner', fastai='fastai', fastai_lean='fastai, lean', lightning='Lightning')


def read(root:Path)->dict: return json.loads((root/'benchmarks'/'results.json').read_text(encoding='utf-8'))


def racing(results:dict, task:str)->list: return [who for who in results['versions'] if who in {t['who'] for t in results['times'] if t['task'] == task}]


def speed_page(root:Path)->str:
    "The results of `make bench`: a table and a plot for each task, and the machine."
    results = read(root)
    times, on = results['times'], results['machine']
    lines = ['# Speed', '', ':::{container} subtitle', 'What an epoch of `Learner` costs beside a bare PyTorch loop, fastai and Lightning', ':::', '',
             f'`make bench` times one epoch of `fit_one_cycle`, with progress, recorder and one metric, in {1 + max(t["round"] for t in times)} rounds in which each takes its turn; a round before them does not count. A turn is {results["epochs"]} epochs, each with a fresh model, of which the best counts. '
             'The bare loop has the same model, the same batches of 64 indexed from tensors, fused AdamW, PyTorch\'s `OneCycleLR`, and nothing else. fastai and Lightning live in an environment of their own. '
             'A ratio is taken within each round; the tables show the median, and the least and the most.', '']
    for task, what in TASKS.items():
        lines += [f'## {what.title[0].upper() + what.title[1:]}', '', '| | training, seconds | times the bare loop | validation, seconds | times the bare loop |', '|---|---|---|---|---|']
        for who in racing(results, task):
            cells = [NAMES[who]]
            for part in ('train', 'valid'):
                seconds, ratios = [t[part] for t in times if (t['task'], t['who']) == (task, who)], ratio(times, task, part, who, 'bare')
                cells += [f'{statistics.median(seconds):.2f}', '1' if who == 'bare' else f'{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})']
            lines.append('| ' + ' | '.join(cells) + ' |')
        lines += ['', f'![Dots, one a round, for {", ".join(NAMES[who] for who in racing(results, task))}: seconds of training in an epoch](speed-{task}.svg)', '']
    lines += ['## What it must show', '', '| | part | times | median | limit | holds |', '|---|---|---|---|---|---|', *('| ' + ' | '.join(row) + ' |' for row, _ in verdicts(times)), '',
              '## The machine', '', f'{on["cpu"]}, {on["cores"]} cores, {on["threads"]} threads used, {on["system"]}; measured on {results["date"]}.', '',
              *(f'* {NAMES[who]}: ' + ', '.join(f'{name} {version}' for name, version in versions.items()) for who, versions in results['versions'].items()), '',
              'For the ratings fastai runs as its users write it, with `CollabDataLoaders` and `collab_learner`; "lean" is its `Learner` with the batches and the model of the bare loop, as for the MLP. It keeps its own optimizer, which is not fused. '
              'Each round is checked: all must make the same number of updates (fastai may leave out a last, smaller batch), and come to the same loss within a twentieth.']
    return '\n'.join(lines)


def speed_plots(root:Path)->dict:
    "SVG files, {name: text}: seconds of training of each competitor, a dot a round, with a line at the median."
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
        text = io.StringIO()
        with plt.rc_context({'svg.hashsalt': task}): fig.savefig(text, format='svg', metadata=dict(Date=None), facecolor='white')
        plt.close(fig)
        plots[f'speed-{task}.svg'] = text.getvalue()
    return plots
