"""What the tests share: the checkout, copies of it to break, and the summary of what ran."""
import os
import shutil
import subprocess
import sys
import sysconfig
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT/'nbs').glob('[0-9][0-9]_*.ipynb'))
TOOLS = sorted((ROOT/'nbs'/'tools').glob('*.ipynb'))
QUESTIONNAIRES = sorted((ROOT/'questionnaire').glob('*.ipynb'))
NOT_COPIED = shutil.ignore_patterns('.git', '.venv*', '__pycache__', '.*_cache', '.hypothesis', '*.egg-info', 'build')
EVERY = {p for folder in ('nbs', 'questionnaire') for p in (ROOT/folder).rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts}
PROGRAMS = os.pathsep.join([os.path.dirname(sys.executable), sysconfig.get_path('scripts')])       # Windows has two folders
FLAGS = ['real'] if os.environ.get('COURSE_DATA') else []

_settings = ConfigParser(delimiters=['='])
_settings.read(ROOT/'settings.ini', encoding='utf-8')
SETTINGS = _settings['DEFAULT']
# The first and the last cell of each lesson: on Colab the library is installed and nothing exported, elsewhere the other way round.
INSTALL_CELL = ("#| hide\nimport sys\nif 'google.colab' in sys.modules: get_ipython().run_line_magic("
                f"'pip', 'install -q git+https://github.com/{SETTINGS['user']}/{SETTINGS['repo']}')")
EXPORT_CELL = "#| hide\nif 'google.colab' not in sys.modules: import nbdev; nbdev.nbdev_" + 'export()'

sys.path[:0] = [str(ROOT), str(ROOT/'docs')]      # the benchmarks, and what builds the site
os.environ.setdefault('OMP_NUM_THREADS', '1')      # the tests run side by side: one core each, unless asked for more
if FLAGS: os.environ['COURSE_DATA'] = str((ROOT/os.environ['COURSE_DATA']).resolve())


def run(*command, cwd=ROOT, timeout=600, **env):
    "Run a command of the environment with the library of the checkout `cwd`; returns the finished process, output as text."
    command = [shutil.which(command[0], path=PROGRAMS) or command[0], *map(str, command[1:])]
    env = {**os.environ, 'PYTHONPATH': str(cwd), 'PYTHONUTF8': '1', **env}       # Windows: UTF-8, whatever its console speaks
    return subprocess.run(command, cwd=cwd, env=env, timeout=timeout, encoding='utf-8', errors='replace', stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture
def checkout(tmp_path):
    "A copy of the checkout that a test may break."
    shutil.copytree(ROOT, tmp_path/'course', ignore=NOT_COPIED)
    return tmp_path/'course'


def with_gradient(f, x):
    "Value of `f(x)`, float64, and the gradient of its sum, weighted so that rows do not cancel."
    import torch
    x = x.clone().requires_grad_()
    value = f(x)
    (value * torch.arange(1., value.numel() + 1, dtype=torch.float64).view(value.shape)).sum().backward()
    return value.detach(), x.grad


def left_out_cells()->dict:
    "How many cells of all notebooks carry each flag that is not run."
    from course_lib.tools.cli import directives, read_notebook, skipped_flags
    flags = [flag for path in EVERY for c in read_notebook(path).cells if c.cell_type == 'code' for flag in directives(c.source)]
    return {flag: flags.count(flag) for flag in skipped_flags(ROOT, FLAGS) if flag in flags}


def same_versions()->str:
    "Empty if the packages that results depend on are those of constraints.txt; else what differs."
    from importlib.metadata import version
    pins = dict(line.split(' ')[0].split('==') for line in (ROOT/'constraints.txt').read_text(encoding='utf-8').splitlines() if '==' in line)
    found = {name: version(name).split('+')[0] for name in ('torch', 'torchvision', 'numpy', 'scikit-learn', 'matplotlib')}
    return ', '.join(f'{name} {v}, tested {pins[name]}' for name, v in found.items() if v != pins[name])


def pytest_terminal_summary(terminalreporter):
    "Say how much ran: notebooks, questions, refused wrong answers."
    passed = [dict(report.user_properties) for report in terminalreporter.getreports('passed')]
    notebooks = [p['notebook'] for p in passed if 'notebook' in p]
    questions = sorted(q for p in passed for q in p.get('questions', []))
    if not notebooks and not questions: return
    terminalreporter.section('what was checked')
    terminalreporter.line(f'{len(notebooks)} of {len(EVERY)} notebooks ran' + (f", with the cells flagged {', '.join(FLAGS)}" if FLAGS else ''))
    for flag, n in sorted(left_out_cells().items()): terminalreporter.line(f'  {n} cells flagged {flag} were left out' + (': COURSE_DATA is not set' if flag == 'real' else ''))
    terminalreporter.line(f'their versions: {same_versions() or "those of constraints.txt"}')
    terminalreporter.line(f'{len(questions)} questions, {sum(n for *_, n in questions)} wrong answers refused:')
    for id, kind, n in questions: terminalreporter.line(f'  {id} {kind:8} reference accepted, {n} wrong answers refused')
    for what in ('skipped', 'xfailed', 'deselected'):
        for report in terminalreporter.stats.get(what, []): terminalreporter.line(f'{what}: {getattr(report, "nodeid", report)}')
