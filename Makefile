# make demo   the whole path on this machine in two minutes: broker, service, five simulated stations, a storm
# make test   lint, types and every test
# make help   all of it
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Tests against a broker and a database, and of whole services, which wait more than they work; and those that fill both
# processors by themselves. A thousand messages, one after the other, wait as well.
EDGES := tests/edges
SERVICES := tests/simulation tests/delivery/test_many.py
# A change is judged by what it changed: properties get the same examples each time here, new ones with make properties.
PYTEST := $(BIN)/python -m pytest --hypothesis-profile=ci
ALONE := tests/deterministic tests/test_benchmarks.py
# Tests start hundreds of processes: without bytecode each of them would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test fast sim soak properties mutants lint types lock clean

help:
	@sed -n 's/^# make/make/p' Makefile

demo: .venv/run.stamp
	@$(BIN)/gauge-ingest demo $(if $(FOREVER),--forever)

test: .venv/dev.stamp
	@sh tests/install.sh
	$(MAKE) --no-print-directory lint types
	$(PYTEST) -n 3 --dist loadfile $(ALONE:%=--ignore=%) $(EDGES:%=--ignore=%) $(SERVICES:%=--ignore=%)
	$(PYTEST) -n 3 --dist loadfile $(EDGES)
	$(PYTEST) -n 5 --dist loadfile $(SERVICES)
	$(PYTEST) $(ALONE)

# make fast   the tests that take no broker and no database
fast: .venv/dev.stamp
	$(BIN)/python -m pytest -x -q tests/core tests/test_tidy.py

# make sim    simulated days with faults and kills for the service: SEED=17 tells one, WORLDS=1000 plays so many
sim: .venv/dev.stamp
	@$(BIN)/python -m tests.deterministic $(if $(SEED),--seed $(SEED) --verbose,--worlds $(or $(WORLDS),300))

# make soak   the same with new seeds until the time is over: MINUTES=10
soak: .venv/dev.stamp
	@$(BIN)/python -m tests.deterministic --minutes $(or $(MINUTES),10)

# make properties  every property with new examples, and more seeds where a test has many: SEED=17 repeats a run
properties: .venv/dev.stamp
	GAUGE_TEST_ALL_SEEDS=1 $(BIN)/python -m pytest -n 2 -m "hypothesis or seeded" --dist load $(SEED:%=--hypothesis-seed=%)

# make mutants  faults put into the service on purpose, and the seed that catches each
mutants: .venv/dev.stamp
	@$(BIN)/python -m tests.deterministic --mutants

# make lint   ruff: rules and layout
lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# make types  mypy --strict
types: .venv/dev.stamp
	$(BIN)/mypy

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "gauge-ingest needs Python 3.11, 3.12 or 3.13, and none is on PATH. On Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@rm -rf .venv
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo "installing what the service needs into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@echo "installing what the tests need into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# make lock   pin the dependencies anew (needs uv)
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q -o requirements-dev.lock

# make clean  remove the environment and what runs left behind
clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis
