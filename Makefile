# What people do with a checkout. Everything happens in .venv, which is set up from the lock files when they change.
#
#   make run     try it: a demo site, a few comments, what became of them, and a service to play with
#   make test    what CI runs: format, lint, types, tests
#   make bench   the benchmarks, each with its ratio against something known
#   make docs    write down the settings anew
#   make lock    resolve the dependencies anew
#
# PYTHON chooses the interpreter (3.11 or newer); ANTECHAMBER_* variables are the service's settings.

RECENT := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
# Newer ones last: not every dependency has a wheel for them yet, and then a compiler is needed.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
  $$name $(RECENT) 2>/dev/null && echo $$name && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.PHONY: help run test check-format lint types pytest bench model lock format docs clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

run: $(READY)
	@exec $(BIN)/antechamber demo

test: check-format lint types pytest

check-format: $(READY_DEV)
	$(BIN)/ruff format --check

lint: $(READY_DEV)
	$(BIN)/ruff check

types: $(READY_DEV)
	$(BIN)/mypy

# WordPress and the real clients are tried where they were fetched (.ci/wordpress.sh, .ci/clients.sh), and in CI always.
LEFT_OUT := $(if $(CI)$(wildcard build/wordpress/.unpacked),,tests/wordpress) $(if $(CI)$(wildcard build/clients),,tests/clients)

pytest: $(READY_DEV)
	$(if $(strip $(LEFT_OUT)),@echo "Left out (see .ci/): $(strip $(LEFT_OUT))")
	$(BIN)/python -m pytest $(addprefix --ignore=,$(LEFT_OUT))

format: $(READY_DEV)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(READY_DEV)
	@for script in $(wildcard benchmarks/ingest.py benchmarks/judging.py benchmarks/scoring.py); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

model: $(READY_DEV)
	$(BIN)/python -m classifier.train $(ARGS)

# The dev lock holds to the versions of the runtime lock. Neither names an index: pip's own settings say where to look.
lock: $(VENV)/bin/python
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --extra embedded --group build -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --extra embedded --group build --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@sed -i '/^--\(extra-\)\{0,1\}\(index-url\|find-links\)/d' requirements.lock requirements-dev.lock

docs: $(READY_DEV)
	$(BIN)/antechamber settings --markdown > docs/settings.md

clean:
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) $(RECENT) || \
	  { echo "Antechamber needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment could be made; on Debian: apt install python3-venv"; exit 1; }

$(READY): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV); this takes a minute the first time …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(READY_DEV): requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) for development …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(READY)
