"""The commands as a user types them."""
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points

import nbformat
import pytest
from conftest import PROGRAMS, ROOT, run

COMMANDS = ('course_run', 'course_data', 'course_doctor', 'course_prepare', 'course_quiz', 'course_progress', 'course_cards')


@pytest.mark.parametrize('command', COMMANDS)
def test_help(command, tmp_path, monkeypatch, capsys):
    "In this process, which has torch already: all seven would wait for it as long as a lesson takes."
    (entry,) = entry_points(group='console_scripts', name=command)
    assert shutil.which(command, path=PROGRAMS)
    (tmp_path/command).write_text(f'from {entry.module} import {entry.attr}\n{entry.attr}()\n')
    monkeypatch.setattr(sys, 'argv', [command, '--help'])
    with pytest.raises(SystemExit) as ended: runpy.run_path(str(tmp_path/command), run_name='__main__')
    said = capsys.readouterr().out
    assert not ended.value.code and f'usage: {command}' in said and len(said.split()) > 15, said


def test_doctor():
    done = run('course_doctor')
    assert done.returncode == 0 and 'all required packages are there' in done.stdout and 'torch' in done.stdout, done.stdout


def test_doctor_on_a_broken_machine(tmp_path):
    "Where torch cannot be imported, the doctor still reports, and says how to mend it."
    (tmp_path/'torch.py').write_text('raise ImportError("a library of torch is missing")')
    done = run('course_doctor', PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert done.returncode == 1 and 'Traceback' not in done.stdout, done.stdout
    for part in ('python ', 'ImportError: a library of torch is missing', 'to mend:   python -m pip install'): assert part in done.stdout, done.stdout


def test_data_lists(tmp_path):
    done = run('course_data', COURSE_DATA=str(tmp_path))
    assert done.returncode == 0 and 'mnist' in done.stdout and 'absent' in done.stdout and str(tmp_path) in done.stdout, done.stdout
    done = run('course_data', 'minst')
    assert done.returncode == 2 and "`name` is 'minst', expected one of ml-100k, mnist" in done.stdout, done.stdout


def test_unknown_lesson():
    done = run('course_run', '99')
    assert done.returncode == 2 and "no lesson '99', expected one of 01_training, 02_losses" in done.stdout, done.stdout


def toy(folder, *sources):
    "A checkout with one lesson."
    (folder/'nbs').mkdir(parents=True)
    (folder/'settings.ini').write_text('[DEFAULT]\ntst_flags = slow real gpu\nlib_path = course_lib\n')
    cells = [nbformat.v4.new_markdown_cell('# Toy\n> A lesson'), *map(nbformat.v4.new_code_cell, sources)]
    path = folder/'nbs'/'01_toy.ipynb'
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_failure_is_told(tmp_path):
    path = toy(tmp_path, 'print("fine")', 'assert 1 == 2, "one is not two"')
    before = path.read_bytes()
    done = run('course_run', '--save', cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert done.returncode == 1 and '01_toy.ipynb, cell 3' in done.stdout and 'one is not two' in done.stdout, done.stdout
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == 'nt', reason='needs groups of processes and signals, which are POSIX')
def test_interrupt_leaves_nothing_broken(tmp_path):
    "Ctrl-C while a lesson runs: a word, no traceback, the notebook as it was, no kernel left over."
    path = toy(tmp_path, 'print("fine")', 'import pathlib, os, time\npathlib.Path("started").write_text(str(os.getpid()))\ntime.sleep(100)')
    before = path.read_bytes()
    command = os.path.join(os.path.dirname(sys.executable), 'course_run')
    heard = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)   # `make test &` in a script: a shell has it ignored
    process = subprocess.Popen([command, '--save'], cwd=tmp_path, env={**os.environ, 'PYTHONPATH': str(ROOT)}, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=heard)
    started = tmp_path/'nbs'/'started'
    for _ in range(600):
        if started.exists() and started.read_text(): break
        time.sleep(0.1)
    kernel = int(started.read_text())
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and 'course_run: interrupted: nothing was changed half-way' in out and 'Traceback' not in out, out
    assert path.read_bytes() == before and sorted(p.name for p in path.parent.iterdir()) == ['01_toy.ipynb', 'started']
    for _ in range(100):
        try: os.kill(kernel, 0)
        except ProcessLookupError: break
        time.sleep(0.1)
    else: raise AssertionError('the kernel is still running')


SPEAKS = """from course_lib.tools.border import command
@command
def course_try(
    times:int=1, # how often
):
    "Say something."
    for i in range(times): print('\\u00fc', i)
course_try()"""


def test_border(tmp_path):
    "Options are read; a letter that the console lacks is shown by its number; a pipe that is closed ends without a traceback."
    (path := tmp_path/'course_try.py').write_text(SPEAKS, encoding='utf-8')
    assert run('python', path, '--times', '2').stdout.split() == ['ü', '0', 'ü', '1']
    assert 'how often' in run('python', path, '--help').stdout and run('python', path, '--hours').returncode == 2
    assert run('python', path, PYTHONIOENCODING='ascii', PYTHONUTF8='0').stdout == '\\xfc 0\n'
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    process = subprocess.Popen([sys.executable, path, '--times', '200000'], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline(); process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (1, b'')


@pytest.mark.parametrize('command', ['course_run', 'course_progress', 'course_quiz', 'course_cards', 'course_prepare'])
def test_outside_of_a_checkout(command, tmp_path):
    done = run(command, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert done.returncode == 1 and done.stdout.startswith(f'{command}: no checkout of the course here') and done.stdout.count('\n') == 1, done.stdout


def test_names_are_checked_before_the_first_is_acted_on(checkout, tmp_path):
    "A typo behind a right name: nothing is fetched, run or written, and the exit code says that it was asked wrongly."
    for command in (['course_data', 'toy', 'minst'], ['course_run', '01', 'lossses'], ['course_quiz', '01', '99']):
        done = run(*command, cwd=checkout, COURSE_DATA=str(tmp_path/'data'))
        assert done.returncode == 2 and 'expected one of' in done.stdout and 'Traceback' not in done.stdout, done.stdout
    assert not (tmp_path/'data').exists() and not (checkout/'my_answers'/'01_training.ipynb').exists()


def test_commands_start_quickly():
    "What a command does not use, it does not wait for: none of these imports PyTorch or matplotlib."
    code = 'import sys, course_lib.tools.study, course_lib.tools.doctor; print([name for name in ("torch", "matplotlib", "sklearn", "nbclient", "nbconvert") if name in sys.modules])'
    assert run('python', '-c', code).stdout == '[]\n'
