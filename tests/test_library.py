"""The library is what the notebooks export, the notebooks are clean, and the README's map shows the folders."""
import filecmp
import re

from conftest import LESSONS, ROOT, run

from course_lib.tools.cli import _rows, read_notebook, skipped_flags, with_map, with_modules


def test_library_equals_notebooks(checkout):
    "Exporting into an empty folder gives course_lib as it is stored, file by file."
    for path in (checkout/'course_lib').rglob('*.py'):
        if path.parts[-2:] != ('course_lib', '__init__.py'): path.unlink()       # it begins with what `make prepare` writes, tested below
    done = run('nbdev_export', cwd=checkout, PYTHONPATH='')
    assert done.returncode == 0, done.stdout
    made, stored = ({p.relative_to(root/'course_lib').as_posix() for p in (root/'course_lib').rglob('*.py')} for root in (checkout, ROOT))
    assert made == stored
    _, differ, errors = filecmp.cmpfiles(checkout/'course_lib', ROOT/'course_lib', made, shallow=False)
    assert not differ and not errors, f'{differ} differ from what the notebooks export: edit the notebook, then make prepare'


def test_notebooks_are_clean(checkout):
    "Cleaning changes no notebook."
    paths = [p.relative_to(checkout) for folder in ('nbs', 'questionnaire') for p in (checkout/folder).rglob('*.ipynb')]
    for folder in ('nbs', 'questionnaire'): assert run('nbdev_clean', '--fname', folder, cwd=checkout).returncode == 0
    unclean = [str(p) for p in paths if (checkout/p).read_bytes() != (ROOT/p).read_bytes()]
    assert len(paths) > 5 and not unclean, f'{unclean} are not clean: make prepare'


def test_readme_map():
    "The README lists the lessons that are there, and its links lead somewhere."
    readme = (ROOT/'README.md').read_text(encoding='utf-8')
    assert with_map(readme, ROOT) == readme, 'the map of the lessons is out of date: make prepare'
    links = re.findall(r'\]\((?!http)([^)#]+)\)', readme) + re.findall(r'src="(?!http)([^"]+)"', readme)
    assert len(links) >= 3 * len(LESSONS) and [link for link in links if not (ROOT/link).exists()] == []


def test_readme_table():
    "The README's table says what the stored runs reached, as course_run prints it; only the seconds are another run's."
    block = (ROOT/'README.md').read_text(encoding='utf-8').split('```\nlesson ')[1].split('```')[0].splitlines()[2:]
    shown = [re.split(r' {2,}', re.sub(r'^(\S+)? +[\d.]* +', r'\1  ', line).rstrip()) for line in block]
    stored = []
    for path in LESSONS:
        if path.stem not in {row[0] for row in shown}: continue           # a new lesson has its row once the table is run again
        nb = read_notebook(path)
        for i, row in enumerate(_rows(path.stem, nb, nb, 0., skipped_flags(ROOT, []))):
            stored.append([path.stem if i == 0 else '', *filter(None, row[2:])])
    assert stored and shown == stored, 'the table of the README is out of date'


def test_package_lists_its_modules():
    "The docstring of the package names the modules of the lessons in reading order."
    import course_lib
    text = (ROOT/'course_lib'/'__init__.py').read_text(encoding='utf-8')
    assert with_modules(text, ROOT) == text, 'the docstring of course_lib is out of date: make prepare'
    assert re.findall(r'^(\d\d)  (\w+)', course_lib.__doc__, re.M) == [(path.stem[:2], path.stem[3:]) for path in LESSONS]


def test_readme_commands():
    "The README names make's two commands, and they exist."
    readme, makefile = ((ROOT/f).read_text(encoding='utf-8') for f in ('README.md', 'Makefile'))
    for target in ('run', 'test'): assert f'make {target}' in readme and re.search(rf'^{target}:', makefile, re.M)
    for target in re.findall(r'`make (\w+)', readme): assert re.search(rf'^{target}:', makefile, re.M), target


def test_pins():
    "Each requirement of settings.ini has its tested version in constraints.txt, and it lies in the range."
    from configparser import ConfigParser
    from packaging.requirements import Requirement
    pins = {}
    for line in (ROOT/'constraints.txt').read_text(encoding='utf-8').splitlines():
        if line and not line.startswith('#'):
            pin = Requirement(line)
            assert str(pin.specifier).startswith('=='), line
            pins[pin.name] = str(pin.specifier)[2:]
    parser = ConfigParser(delimiters=['='])
    parser.read(ROOT/'settings.ini', encoding='utf-8')
    for key in ('requirements', 'dev_requirements'):
        for wanted in map(Requirement, filter(None, parser['DEFAULT'][key].splitlines())):
            assert wanted.specifier.contains(pins[wanted.name]), wanted
