# Each target makes the environment that it needs: .venv in this folder, from settings.ini and constraints.txt.
PYTHON ?= python3
BIN := .venv/bin
LESSON ?= 01
MODULE ?= training

.PHONY: help run test real lab site bench bench-fixtures prepare save seeds mutate clean
help:
	@echo "make run      run every lesson on its sample data, and print what each reached"
	@echo "make test     everything that CI checks (with COURSE_DATA set: on the real data too)"
	@echo "make lab      open the course in JupyterLab, on this machine only"
	@echo "make site     build the site into build/site/html"
	@echo "make real     run every lesson on the real data too; fetches what is missing"
	@echo "make bench    time training beside a bare loop, fastai and others (in an environment of their own); wants ml-100k"
	@echo "make clean    remove what the other targets made, but not .venv"
	@echo "For maintainers (CONTRIBUTING.md): make prepare, save, seeds LESSON=02, mutate MODULE=losses"

.venv/ready: settings.ini setup.py constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else "make: $(PYTHON) is Python %d.%d, expected 3.10 to 3.13; name another with make PYTHON=python3.12" % v)'
	@echo "Making .venv: a few minutes and some gigabytes, once."
	@$(PYTHON) -m venv .venv || { echo "make: the venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 -e '.[dev]'
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

.venv-bench/ready: benchmarks/requirements.txt
	@echo "Making .venv-bench, for the rivals: a few minutes and some gigabytes, once."
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

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
