# Two commands do all the set-up on a fresh machine: `make run` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# Processes that test at a time. What the tests of a module or class share is made once by loadscope.
JOBS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test check static suite quick docs fuzz speed kills simulations clean

run: $(VENV)/.run  ## Install with the PyTorch backend, run the first study, show its table.
	$(BIN)/cnnbench run recipes/small_data.toml --backend torch --budget 5min

test: $(VENV)/.test  ## Install all backends and what tests need; check and test everything.
	$(MAKE) --no-print-directory -j 2 static suite

check: $(VENV)/.test  ## The same without the tests that need a framework or take seconds each.
	$(MAKE) --no-print-directory -j 2 static quick

static:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

suite:
	$(PYTEST)

# Files that hold us against a framework import it before pytest knows that none of their tests is
# wanted. The ten slowest are shown so that a test that has become slow is seen.
quick:
	$(PYTEST) tests -m "not framework and not slow and not cluster" --ignore-glob "*_against_*" \
		--durations 10 --durations-min 0.5

fuzz: $(VENV)/.test  ## Put new questions, ten times as many as the tests do, to all that reads files.
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -m fuzz -s

docs: $(VENV)/.test  ## Build the site of the documentation into site/; a warning is an error.
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open site/index.html"

speed: $(VENV)/.test  ## Print the speed ratios; takes a while and wants a quiet machine.
	for script in tests/speed/bench_*.py; do $(BIN)/python $$script || exit 1; done

kills: $(VENV)/.test  ## Kill a run a hundred times at random moments; nothing may be lost.
	KILLS=100 $(BIN)/python -m pytest tests/execution/test_kill.py -k random_moments -o timeout=3600

simulations: $(VENV)/.test  ## Print how often the rule of comparisons errs and finds; takes ten minutes.
	$(BIN)/python tests/simulations/tables.py

clean:  ## Remove what was installed.
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python constraints.txt pyproject.toml plugins/cnnbench-keras/pyproject.toml
	@echo "Installing cnnbench and PyTorch into $(VENV) (about a minute, 1.5 GB) ..."
	$(PIP) -e . -e "plugins/cnnbench-keras[torch]"
	@touch $@

$(VENV)/.test: $(VENV)/bin/python constraints.txt pyproject.toml $(wildcard plugins/*/pyproject.toml)
	@echo "Installing cnnbench, four backends and the test tools into $(VENV) ..."
	$(PIP) -e ".[docs,test]" -e "plugins/cnnbench-keras[torch,tensorflow,jax]" \
		-e plugins/cnnbench-torch-native -e plugins/cnnbench-scenes -e plugins/cnnbench-ray \
		-e plugins/cnnbench-submitit -e "plugins/cnnbench-mlflow[test]" -e plugins/cnnbench-wandb
	@touch $@
