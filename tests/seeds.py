"""Run a lesson and its questionnaire with 20 seeds, spread over kinds of processors, and with seed 0 on each kind.

    python tests/seeds.py 02 [--seeds 20] [--jobs 2] [--save]

Every assertion must hold in all runs. `--save` stores the range that each headline figure had in the lesson's metadata,
where the tests, `course_run` and the site find it. With $COURSE_DATA set, the cells on real data run too."""
import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT/'tests')]
from course_lib.tools.cli import LessonError, find_lessons, printed, read_notebook, run_notebook, save_notebook, skipped_flags, table   # noqa: E402
from course_lib.tools.core import versions              # noqa: E402
from course_lib.tools.ranges import Range, figures, read_headlines, with_ranges         # noqa: E402
from mutate import NOT_COPIED                                     # noqa: E402

# What PyTorch, MKL and oneDNN may use of a processor: older ones round otherwise, and so do two threads.
PROCESSORS = {
    'its own instructions': {},
    'SSE': dict(ATEN_CPU_CAPABILITY='default', MKL_ENABLE_INSTRUCTIONS='SSE4_2', ONEDNN_MAX_CPU_ISA='SSE41'),
    'AVX2': dict(ATEN_CPU_CAPABILITY='avx2', MKL_ENABLE_INSTRUCTIONS='AVX2', ONEDNN_MAX_CPU_ISA='AVX2'),
    'two threads': dict(OMP_NUM_THREADS='2', OMP_WAIT_POLICY='passive')}
FLAGS = ['real'] if os.environ.get('COURSE_DATA') else []
if FLAGS: os.environ['COURSE_DATA'] = str(Path(os.environ['COURSE_DATA']).resolve())


def child(code:str, *args, **env):
    "A Python of its own, with the library of this checkout: settings of processors are read when PyTorch starts."
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'MPLBACKEND': 'agg', **env}
    return subprocess.run([sys.executable, '-c', code, *map(str, args)], env=env, text=True, capture_output=True, timeout=3600)


def one_run(path:str, root:str, *flags):
    "What a child does: print what a notebook prints."
    try: print(printed(run_notebook(Path(path), Path(root), flags), without=skipped_flags(Path(root), flags)))
    except LessonError as e: sys.exit(str(e)[-1500:])


def run_once(job):
    "Headline figures and error, if any, of one notebook, with one seed on one kind of processor, in a checkout of its own."
    path, seed, kind, flags = job
    with tempfile.TemporaryDirectory() as folder:
        root = shutil.copytree(ROOT, Path(folder)/'course', ignore=NOT_COPIED)
        done = child('import sys; sys.path.insert(0, sys.argv[1]); from seeds import one_run; one_run(*sys.argv[2:])', root/'tests', root/path.relative_to(ROOT), root,
                     *flags, PYTHONPATH=str(root), COURSE_SEED=str(seed), **PROCESSORS[kind])
    return path, seed, kind, figures(read_headlines(done.stdout)), done.stderr.strip() if done.returncode else ''


def kinds_here()->dict:
    "The kinds of processors that this machine can stand for: {name: PyTorch's word for its instructions}."
    ask = 'import torch; print(torch.backends.cpu.get_cpu_capability())'
    found = {kind: child(ask, **env).stdout.strip() for kind, env in PROCESSORS.items()}
    expected = {'SSE': 'DEFAULT', 'AVX2': 'AVX2'}
    return {kind: word for kind, word in found.items() if expected.get(kind, word) == word}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('lesson', help='number or name of a lesson')
    parser.add_argument('--seeds', type=int, default=20, help='how many values of $COURSE_SEED, from 0')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='notebooks at a time')
    parser.add_argument('--real-seeds', type=int, default=None, help='seeds with which the cells on real data run too; all, if not named')
    parser.add_argument('--save', action='store_true', help="store the figures' ranges in the lesson")
    args = parser.parse_args()
    try: lesson, = find_lessons(ROOT, [args.lesson])
    except ValueError as e: sys.exit(f'seeds: {e}')
    kinds = list(kinds_here())
    print(f"{lesson.stem}: {args.seeds} seeds over {', '.join(kinds)}" + (f"; left out, not to be had here: {', '.join(set(PROCESSORS) - set(kinds))}" * (len(kinds) < len(PROCESSORS))), flush=True)
    runs = [(seed, kinds[seed % len(kinds)]) for seed in range(args.seeds)] + [(0, kind) for kind in kinds[1:]]
    flags = lambda path, seed: FLAGS if path == lesson and (args.real_seeds is None or seed < args.real_seeds) else []
    jobs = [(path, *run, flags(path, run[0])) for run in runs for path in (lesson, ROOT/'questionnaire'/lesson.name)]
    seen, failed = {}, []
    with ThreadPoolExecutor(args.jobs) as pool:
        for path, seed, kind, found, error in tqdm(pool.map(run_once, jobs), total=len(jobs), unit='run'):
            for what, value in found.items(): seen.setdefault(what, []).append((seed, kind, value))
            if error: failed.append((path, seed)); print(f'COURSE_SEED={seed}, {kind}, {path.relative_to(ROOT)}\n{error}\n', flush=True)
    ends = lambda values: (min(values), max(values)) if (values := list(values)) else (float('nan'),) * 2
    ranges = {what: Range(ends(v for _, _, v in runs), ends(v for seed, _, v in runs if seed == 0), len(runs)) for what, runs in seen.items()}
    numbers = lambda pair: f'{pair[0]:.6g} to {pair[1]:.6g}'
    print(table(['headline figure', 'runs', 'over seeds', 'over processors'],
                [[what, len(seen[what]), numbers(r.seeds), numbers(r.processors)] for what, r in ranges.items()]))
    print(f'{len(jobs) - len(failed)} passed, {len(failed)} failed')
    if args.save and not failed:
        nb = read_notebook(lesson)
        with_ranges(nb, ranges, seeds=args.seeds, processors=', '.join(kinds), machine=f'{platform.machine()}, {platform.system()}', instructions=kinds_here()[kinds[0]], versions=versions(), date=date.today().isoformat())
        save_notebook(nb, lesson)
    elif args.save: print('nothing stored: every run must pass first')
    sys.exit(bool(failed))


if __name__ == '__main__': main()
