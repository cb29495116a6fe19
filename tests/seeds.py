"""Run a lesson and its questionnaire with 20 values of $COURSE_SEED: every assertion must hold in all of them.

    python tests/seeds.py 02 [--seeds 20] [--jobs 2]"""
import argparse
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from course_lib.cli import find_lessons, table                    # noqa: E402
from course_lib.core import read_headlines                        # noqa: E402

RUN = '''
import sys
from pathlib import Path
from course_lib.cli import LessonError, printed, run_notebook, skipped_flags
path, root = map(Path, sys.argv[1:])
try: print(printed(run_notebook(path, root), without=skipped_flags(root)))
except LessonError as e: sys.exit(str(e)[-1500:])
'''


def run_once(job):
    "Headline figures and error, if any, of one notebook under one seed."
    path, seed = job
    env = {**os.environ, 'COURSE_SEED': str(seed), 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    done = subprocess.run([sys.executable, '-c', RUN, path, ROOT], env=env, text=True, capture_output=True, timeout=1200)
    return path, seed, read_headlines(done.stdout), done.stderr.strip() if done.returncode else ''


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('lesson', help='number or name of a lesson')
    parser.add_argument('--seeds', type=int, default=20, help='how many values, from 0')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='notebooks at a time')
    args = parser.parse_args()
    try: path, = find_lessons(ROOT, [args.lesson])
    except ValueError as e: sys.exit(f'seeds: {e}')
    jobs = [(p, seed) for seed in range(args.seeds) for p in (path, ROOT/'questionnaire'/path.name)]
    figures, failed = {}, []
    with ThreadPoolExecutor(args.jobs) as pool:
        for notebook, seed, headlines, error in pool.map(run_once, jobs):
            for h in headlines: figures.setdefault(h.what, []).append(h.value)
            if error: failed.append((notebook, seed)); print(f'COURSE_SEED={seed} {notebook.relative_to(ROOT)}\n{error}\n', flush=True)
    rows = [[what, len(v), f'{min(v):.4f}', f'{statistics.mean(v):.4f}', f'{max(v):.4f}', f'{statistics.pstdev(v):.4f}'] for what, v in figures.items()]
    print(table(['headline figure', 'runs', 'least', 'mean', 'most', 'spread'], rows))
    print(f'{len(jobs) - len(failed)} passed, {len(failed)} failed')
    sys.exit(bool(failed))


if __name__ == '__main__': main()
