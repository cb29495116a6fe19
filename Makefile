# Each target makes the environment that it needs: .venv in this folder, from settings.ini and constraints.txt.
# With the Python that you name (make PYTHON=...), else with the first of these that runs and has all that it takes.
PYTHON ?=
CANDIDATES = python3.13 python3.14 python3.12 python3.11 python3
BIN := .venv/bin
LESSON ?= 01
MODULE ?= training

.PHONY: help run test test-lowest real lab site bench bench-fixtures prepare save seeds mutate clean
help:
	@echo "make run      run every lesson on its sample data, and print what each reached"
	@echo "make test     everything that CI checks (with COURSE_DATA set: on the real data too)"
	@echo "make lab      open the course in JupyterLab, on this machine only"
	@echo "make site     build the site into build/site/html"
	@echo "make real     run every lesson on the real data too; fetches what is missing"
	@echo "make bench    time training beside a bare loop, fastai and others (in an environment of their own); wants ml-100k"
	@echo "make clean    remove what the other targets made, but not .venv"
	@echo "For maintainers (CONTRIBUTING.md): make prepare, save, test-lowest, seeds LESSON=02, mutate MODULE=losses"

# Asks a Python, of whatever age, whether it can carry the course.
define PYTHON_CHECK
import sys
found, lacks = "Python %d.%d.%d" % sys.version_info[:3], []
if sys.version_info < (3, 11): sys.exit(found + ", but the course needs 3.11 or newer")
if sys.maxsize < 2**32: sys.exit(found + " of 32 bits, for which PyTorch has no build")
from importlib.util import find_spec
for part, name in ("venv", "venv"), ("ensurepip", "ensurepip"), ("_ssl", "ssl"), ("_ctypes", "ctypes"), ("_sqlite3", "sqlite3"):
    if not find_spec(part): lacks.append(name)
if lacks: sys.exit(found + " without its part " + ", ".join(lacks) + " (Debian and Ubuntu: apt install python3-venv)")
if sys.version_info >= (3, 15): sys.stderr.write("make: PyTorch may have no build for %s; if installing fails, install Python 3.13\n" % found)
print(found)
endef
export PYTHON_CHECK

# Makes the folder of the rule's target an environment, unless it is one already and nobody asked for another Python.
define ENVIRONMENT
{ mkdir -p $(@D) && test -w $(@D); } 2>/dev/null || { echo "make: the folder $$PWD cannot be written; copy the course to a folder of your own, and run make there"; exit 1; }; \
here=$$($(@D)/bin/python -c "$$PYTHON_CHECK" 2>/dev/null); python='$(PYTHON)'; said=; \
test -n "$$python$$here" || for name in $(CANDIDATES); do \
  "$$name" -c "" 2>/dev/null || continue; \
  if why=$$("$$name" -c "$$PYTHON_CHECK" 2>&1); then python=$$name; break; fi; said="$$said $$name is $$why."; \
done; \
if test -z "$$python$$here"; then \
  echo "make: no Python here fits.$$said"; \
  echo "Install Python 3.13 (macOS: brew install python@3.13; Debian and Ubuntu: apt install python3 python3-venv; or from https://www.python.org/downloads), or name one: make PYTHON=/path/to/python3.13"; exit 1; \
fi; \
if test -n "$$python"; then \
  is=$$("$$python" -c "$$PYTHON_CHECK") || { echo "make: $$python cannot be used; name another with make PYTHON=python3.13"; exit 1; }; \
  test "$$is" = "$$here" || { echo "Making $(@D) with $$python ($$is): a few minutes and some gigabytes, once."; "$$python" -m venv --clear $(@D) || exit 1; here=; }; \
fi; \
test -z "$$here" || echo "Bringing $(@D) ($$here) up to date."
endef

.venv/ready: settings.ini setup.py constraints.txt
	@$(ENVIRONMENT)
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 -e '.[dev]' || { echo "make: the packages could not be installed; pip says above why"; exit 1; }
	@touch $@

run: .venv/ready
	@$(BIN)/course_run
real: .venv/ready
	@$(BIN)/course_run --real
test: .venv/ready
	@$(BIN)/python -m pytest tests
lab: .venv/ready
	@$(BIN)/jupyter lab --ip=127.0.0.1 --LabApp.default_url=/lab/tree/nbs
site: .venv/ready
	@$(BIN)/python docs/build.py

.venv-bench/ready: CANDIDATES = python3.11 python3.12 python3.13 python3
.venv-bench/ready: benchmarks/requirements.txt
	@$(ENVIRONMENT)
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

# The lowest versions that settings.ini allows, on the oldest Python there is: the lessons as a student has them, then the tests, for which nbdev brings a newer fastcore.
LOWEST := .venv-lowest/bin
NOT_LOWEST := $(addprefix --ignore tests/test_,site.py bench.py gate.py mutate.py house_rules.py openers.py drop_in.py)
.venv-lowest/ready: CANDIDATES = python3.11 python3.12 python3.13 python3.14 python3
.venv-lowest/ready: settings.ini setup.py
	@$(ENVIRONMENT)
	@$(LOWEST)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@
test-lowest: .venv-lowest/ready
	@$(LOWEST)/uv pip install --quiet --python $(LOWEST)/python --only-binary :all: --resolution lowest-direct --upgrade -e .
	@$(LOWEST)/course_run
	@$(LOWEST)/uv pip install --quiet --python $(LOWEST)/python -e '.[dev]'
	@$(LOWEST)/python -m pytest tests $(NOT_LOWEST)

bench: .venv/ready .venv-bench/ready
	@failed=; \
	$(BIN)/python benchmarks/run.py --rivals .venv-bench/bin/python --out benchmarks/results.json || failed=1; \
	$(BIN)/python benchmarks/collab.py --rivals .venv-bench/bin/python --out benchmarks/collab.json || failed=1; \
	$(BIN)/python benchmarks/growth.py --out benchmarks/growth.json || failed=1; \
	$(BIN)/python benchmarks/loaders.py --out benchmarks/loaders.json || failed=1; \
	test -z "$$failed"
bench-fixtures: .venv-bench/ready
	@.venv-bench/bin/python benchmarks/record_fastai.py
prepare: .venv/ready
	@$(BIN)/course_prepare
save: prepare
	@$(BIN)/course_run --save --real
	@$(BIN)/course_prepare
seeds: .venv/ready
	@$(BIN)/python tests/seeds.py $(LESSON) --save
mutate: .venv/ready
	@$(BIN)/python tests/mutate.py $(MODULE)
clean:
	@rm -rf build dist *.egg-info .pytest_cache tests/.pytest_cache tests/.hypothesis .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
