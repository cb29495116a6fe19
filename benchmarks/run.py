"""Time an epoch of `Learner.fit_one_cycle` beside a bare PyTorch loop, fastai 2 and Lightning, in turns, and judge the ratios.

    python benchmarks/run.py [--pairs 7] [--rivals .venv-bench/bin/python] [--out benchmarks/results.json]

Each competitor lives in a process of its own with two threads; one runs at a time. A round that is not counted comes first.
In each round a competitor's turn is three epochs, each with a fresh model, of which the best counts."""
import argparse
import json
import os
import platform
import pty
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.judge import verdicts                               # noqa: E402
from benchmarks.tasks import TASKS                                  # noqa: E402
from course_lib.cli import table                                    # noqa: E402
from course_lib.store import write_whole                            # noqa: E402


class Worker:
    "A competitor's process; it sees a terminal, so that it shows its progress."
    def __init__(self, python, who):
        self.who, (answers, theirs), (screen, terminal) = who, os.pipe(), pty.openpty()
        env = {**os.environ, 'PYTHONWARNINGS': 'ignore', 'TERM': 'xterm', 'COLUMNS': '120', 'OMP_NUM_THREADS': '2'}
        self.process = subprocess.Popen([python, Path(__file__).with_name('worker.py'), who, str(theirs)], stdin=subprocess.PIPE, stdout=terminal,
                                        stderr=terminal, pass_fds=[theirs], text=True, bufsize=1, env=env)
        os.close(theirs); os.close(terminal)
        self.shown = b''
        threading.Thread(target=self.watch, args=(screen,), daemon=True).start()
        self.answers = os.fdopen(answers)
        self.versions = self.answer()

    def watch(self, screen):
        "Read what it shows, so that it never waits, and keep the end for an error."
        try:
            while text := os.read(screen, 65536): self.shown = (self.shown + text)[-4000:]
        except OSError: pass                                        # its end closes the terminal

    def answer(self):
        line = self.answers.readline()
        if not line: raise RuntimeError(f'{self.who} ended: {self.shown.decode(errors="replace")}')
        return json.loads(line)

    def measure(self, task, share, epochs):
        "The best of some epochs in a row: what else the machine does can only make them longer."
        found = []
        for _ in range(epochs): print(task, share, file=self.process.stdin); found.append(self.answer())
        return found[0] | {part: min(f[part] for f in found) for part in ('train', 'valid')}


def machine()->dict:
    "What the figures were taken on."
    cpu = platform.processor() or platform.machine()
    info = Path('/proc/cpuinfo')
    if info.exists(): cpu = next((line.split(':')[1].strip() for line in info.read_text().splitlines() if line.startswith('model name')), cpu)
    return dict(cpu=cpu, cores=os.cpu_count(), system=f'{platform.system()} {platform.release()}', threads=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=7, help='rounds that count')
    parser.add_argument('--epochs', type=int, default=3, help='epochs in a turn, of which the best counts')
    parser.add_argument('--rivals', help='Python of an environment with fastai and lightning; without it they are left out')
    parser.add_argument('--share', type=float, default=1., help='share of the rows, for a quick try')
    parser.add_argument('--out', type=Path, help='file for the results')
    args = parser.parse_args()
    workers = [Worker(sys.executable, 'bare'), Worker(sys.executable, 'ours')]
    if args.rivals: workers += [Worker(args.rivals, who) for who in ('fastai', 'fastai_lean', 'lightning')]
    jobs = []
    for task in TASKS:                                              # bare and ours side by side; who comes first changes
        racing = [w for w in workers if (task, w.who) != ('mlp', 'fastai_lean')]        # there it is the same as fastai
        for i in range(-1, args.pairs): jobs += [(task, i, w) for w in (racing if i % 2 else [racing[1], racing[0], *racing[:1:-1]])]
    times = [dict(task=task, round=i, who=w.who, **w.measure(task, args.share, args.epochs)) for task, i, w in tqdm(jobs, disable=None)]
    times = [t for t in times if t['round'] >= 0]
    results = dict(machine=machine(), date=date.today().isoformat(), share=args.share, epochs=args.epochs, versions={w.who: w.versions for w in workers}, times=times)
    if args.out: write_whole(args.out, (json.dumps(results, indent=1) + '\n').encode())
    rows, held = zip(*verdicts(times))
    print(table(['task', 'part', 'times', 'median', 'limit', 'holds'], rows))
    sys.exit(not all(held))


if __name__ == '__main__': main()
