"""What the scripts of `make bench` share: competitors in processes of their own, the file of results, and the verdict."""
import argparse
import json
import os
import platform
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

from benchmarks.judge import verdicts
from benchmarks.tasks import movielens_file
from course_lib.tools.cli import table
from course_lib.tools.datasets import data_root
from course_lib.tools.doctor import processor
from course_lib.tools.files import write_whole


class Worker:
    "A competitor's process, which runs `script`; it sees a terminal, so that it shows its progress."
    def __init__(self, python, who, script='worker.py', threads=2):
        import pty                                      # POSIX only; what is stored can be read on Windows too
        self.who, (answers, theirs), (screen, terminal) = who, os.pipe(), pty.openpty()
        env = {**os.environ, 'PYTHONWARNINGS': 'ignore', 'TERM': 'xterm', 'COLUMNS': '120', 'OMP_NUM_THREADS': str(threads)}
        self.process = subprocess.Popen([python, Path(__file__).with_name(script), who, str(theirs)], stdin=subprocess.PIPE, stdout=terminal,
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

    def ask(self, **what):
        print(json.dumps(what), file=self.process.stdin)
        return self.answer()

    def best(self, runs, **what):
        "The best of some runs in a row: what else the machine does can only make them longer."
        found = [self.ask(**what) for _ in range(runs)]
        return found[0] | {part: min(f[part] for f in found) for part in ('train', 'valid')}

    def close(self):
        "End the process, and wait until it is gone."
        self.process.stdin.close(); self.process.wait()


def machine(threads:int)->dict:
    "What the figures were taken on."
    return dict(cpu=processor(), cores=os.cpu_count(), system=f'{platform.system()} {platform.release()}', threads=threads)


def arguments(description:str, rounds:int)->argparse.ArgumentParser:
    "The options that all scripts have."
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=rounds, help='rounds that count')
    parser.add_argument('--threads', type=int, default=2, help='threads of each competitor; 1 for a quick try on a busy machine')
    parser.add_argument('--out', type=Path, help='file for the results')
    return parser


def has_movielens()->bool:
    "Whether MovieLens 100k is there, where the workers look for it; if not, say how to get it."
    os.environ['COURSE_DATA'] = str(data_root())
    if found := movielens_file(): return bool(found)
    print(f'left out: MovieLens 100k is not in {data_root()}; to get it: course_data ml-100k')
    return False


def finish(out, times, limits, threads, **about):
    "Write the results to a file, if one is named, print the verdict of each limit, and end the process: 1 if one is missed."
    results = dict(machine=machine(threads), date=date.today().isoformat(), **about, times=times)
    if out: write_whole(out, (json.dumps(results, indent=1) + '\n').encode())
    found = list(verdicts(times, limits))
    print(table(['task', 'part', 'of', 'median', 'limit', 'holds'], [row for row, _ in found]))
    sys.exit(not all(holds for _, holds in found))
