# Everything a person needs: `make demo` and `make test` install what they need by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
# The lock files are complete and hashed, so pip need not resolve anything.
EDITABLE := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

export PYTHONUTF8 := 1

.PHONY: help install install-server install-dev demo test test-all check lock bench year clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements/base.txt
	$(EDITABLE)
	touch $@

$(VENV)/.server: requirements/server.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements/server.txt
	$(EDITABLE)
	touch $@ $(VENV)/.base

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) -r requirements/dev.txt
	$(EDITABLE)
	touch $@ $(VENV)/.base $(VENV)/.server

install: $(VENV)/.base ## the program, in .venv

install-server: $(VENV)/.server ## the program with PostgreSQL, s3:// and Dask

install-dev: $(VENV)/.dev ## the program and the tools to test it

demo: install ## the whole story on sample data
	$(BIN)/tongket demo

test: install-dev ## the tests of every day
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: install-dev ## those and what they only sample: every point of the crash matrix, more on PostgreSQL
	$(BIN)/python -m pytest -n 2 --dist loadfile --thorough

check: install-dev ## style, types, import rules, definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/tongket catalog check

bench: install-dev ## speed and memory as ratios, see docs/performance.md
	$(BIN)/python -m bench

year: install ## a year of a made-up province, compared with a count of its own (UNITS=200 SEED=7 HOME_OF_YEAR=year-workspace)
	$(BIN)/python -m examples.year --units $(or $(UNITS),200) --seed $(or $(SEED),7) --home $(or $(HOME_OF_YEAR),year-workspace)

lock: $(VENV)/bin/python ## resolve the dependencies anew (the only target that needs uv)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --extra build --output-file requirements/base.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --extra build --extra dev --extra postgres --extra explore --extra cluster \
	  --output-file requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --extra build --extra postgres --extra cluster \
	  --constraints requirements/dev.txt --output-file requirements/server.txt

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis *.egg-info demo-workspace
