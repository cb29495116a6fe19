"""Where the course opens: Colab, Codespaces; and the forms that GitHub reads."""
import json
import sys
import types

import pytest
from conftest import EXPORT_CELL, INSTALL_CELL, ROOT, SETTINGS, run

BUILTIN = {'.github/workflows/*.yml': 'vendor.github-workflows', '.github/ISSUE_TEMPLATE/[a-b,d-z]*.yml': 'vendor.github-issue-forms',
           '.github/ISSUE_TEMPLATE/config.yml': 'vendor.github-issue-config', 'CITATION.cff': 'vendor.citation-file-format'}


@pytest.mark.parametrize('pattern', BUILTIN)
def test_forms_are_valid(pattern):
    "Each against the schema of those who read it."
    files = sorted(map(str, ROOT.glob(pattern)))
    done = run('check-jsonschema', '--builtin-schema', BUILTIN[pattern], *files)
    assert files and done.returncode == 0, done.stdout


def test_citation_and_settings_agree():
    citation = (ROOT/'CITATION.cff').read_text(encoding='utf-8')
    for part in (f"version: {SETTINGS['version']}", f"https://github.com/{SETTINGS['user']}/{SETTINGS['repo']}", SETTINGS['author'], SETTINGS['description']):
        assert part in citation, part


def test_colab_cells(monkeypatch):
    "On Colab the first cell installs from the repository and the last exports nothing; elsewhere the first does nothing."
    called = []
    shell = types.SimpleNamespace(run_line_magic=lambda *args: called.append(args))
    space = {'get_ipython': lambda: shell}
    exec(INSTALL_CELL, space)
    assert called == []
    monkeypatch.setitem(sys.modules, 'google.colab', types.ModuleType('google.colab'))
    monkeypatch.setitem(sys.modules, 'nbdev', None)                      # not installed there: importing it would raise
    exec(INSTALL_CELL, space)
    exec(EXPORT_CELL, space)
    assert called == [('pip', f"install -q git+https://github.com/{SETTINGS['user']}/{SETTINGS['repo']}")]


def test_dev_container():
    "Codespaces makes the environment as the README says, on a Python that the course supports."
    container = json.loads((ROOT/'.devcontainer'/'devcontainer.json').read_text(encoding='utf-8'))
    assert container['name'] == 'Deep Learning, Checked' and 'python:1-3.13' in container['image']
    assert '-c constraints.txt' in container['postCreateCommand'] and '.[dev]' in container['postCreateCommand']


def test_badges():
    "The README's badges lead to this repository."
    readme = (ROOT/'README.md').read_text(encoding='utf-8')
    where = f"{SETTINGS['user']}/{SETTINGS['repo']}"
    assert f'https://colab.research.google.com/github/{where}/blob/{SETTINGS["branch"]}/nbs/01_training.ipynb' in readme
    assert f'https://codespaces.new/{where}' in readme
