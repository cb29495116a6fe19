"""A lesson dropped in under the next number is found, run, tested and mapped, and nothing else is edited."""
import nbformat
from conftest import EXPORT_CELL, INSTALL_CELL, LESSONS, run

OPENING = '''# Doubling
> Twice a number, by hand

**Builds** `double` · **Needs** lesson 02 · **Runs in** 1 s on one CPU core
**Data** none · **Questions** `questionnaire/{name}.ipynb`'''

LESSON = [OPENING, INSTALL_CELL, '#| default_exp {subject}', '#| export\nfrom course_lib.training import relu',
          'from fastcore.test import test_eq\nimport torch\nfrom course_lib.tools.core import headline, versions\nprint(versions())',
          '#| export\ndef double(\n    x,  # a number or a tensor\n):      # the same\n    "Twice `x`."\n    return x + x',
          '#| proof: twice two is four\ntest_eq(double(2), 4)', 'headline("twice two", double(2), 4)', '## On real data\n\nThere is none.',
          '## Exercises\n\n1. **Change.** A.\n2. **Extend.** B.\n3. **Break.** C.', '#| solution: 1\ntest_eq(double(0), 0)',
          '#| solution: 2\ntest_eq(double(1), 2)', '#| solution: 3\ntest_eq(double(-1), -2)', '## Under other names\n\n| ours | fastai | PyTorch | what differs |\n|---|---|---|---|\n| `double` | | `torch.add` | one argument |',
          '## Left out, and next\n\nA **double** is a number added to itself.',
          EXPORT_CELL]

QUESTIONS = ['# Questions: doubling\n> What you should know of it', 'from course_lib.tools.quiz import verify\nfrom course_lib.{subject} import double']
for i in range(1, 11):
    QUESTIONS += ['### {number}-%02d · compute\nTwice %d?' % (i, i), '**Hint.** Add it to itself.', '#| answer\nanswer = %d' % (2 * i),
                  "#| check\ndef check(answer):\n    assert answer == double(%d), 'no'" % i,
                  "#| wrong\nverify(check, answer, wrong=[(%d, 'not doubled'), (0, 'nothing')])" % i]


def write(path, sources, **names):
    new = {True: nbformat.v4.new_markdown_cell, False: nbformat.v4.new_code_cell}
    cells = []
    for i, source in enumerate(sources):
        for key, value in names.items(): source = source.replace('{%s}' % key, value)
        cells.append(new[source.startswith(('# ', '## ', '### ', '**'))](source))
        cells[-1]['id'] = f'cell-{i}'
    kernel = {'kernelspec': {'name': 'python3', 'display_name': 'python3', 'language': 'python'}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def test_drop_in(checkout):
    number, subject = f'{int(LESSONS[-1].stem[:2]) + 1:02}', 'doubling'
    name = f'{number}_{subject}'
    names = dict(number=number, subject=subject, name=name)
    write(checkout/'nbs'/f'{name}.ipynb', LESSON, **names)
    write(checkout/'questionnaire'/f'{name}.ipynb', QUESTIONS, **names)
    done = run('course_prepare', cwd=checkout)                                       # make prepare
    assert done.returncode == 0 and 'def double' in (checkout/'course_lib'/f'{subject}.py').read_text(encoding='utf-8'), done.stdout
    assert 'from .training import relu' in (checkout/'course_lib'/f'{subject}.py').read_text(encoding='utf-8')
    assert f'| {number} | [**Doubling**](nbs/{name}.ipynb): Twice a number, by hand |' in (checkout/'README.md').read_text(encoding='utf-8')   # mapped
    done = run('course_run', '--save', number, cwd=checkout)                         # found and run
    assert done.returncode == 0 and f'{name} ' in done.stdout and 'twice two' in done.stdout and '4.0000' in done.stdout, done.stdout
    tests = ('tests/test_notebooks.py', 'tests/test_house_rules.py', 'tests/test_library.py')
    done = run('python', '-m', 'pytest', '-n', '0', '-k', f'{name} or test_library or has_its', *tests, cwd=checkout)      # tested
    assert done.returncode == 0 and f'{number}-10 compute  reference accepted, 2 wrong answers refused' in done.stdout, done.stdout
