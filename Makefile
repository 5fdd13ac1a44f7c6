# What people do with a checkout. Everything happens in .venv, which is set up from the lock files when they change.
#
#   make run     try it: a demo site, a few comments, what became of them, and a service to play with; READER=1 brings the
#                second reader along, which reads meaning (docs/reader.md)
#   make test    what CI runs: format, lint, types, tests
#   make bench   the benchmarks, each with its ratio against something known
#   make bench-peers  the same comments through Isso, rspamd, SpamAssassin, bogofilter and this (docs/performance.md)
#   make fuzz    try every parser and entrance with hostile inputs, FUZZ of them each (5,000): CI tries fewer; FUZZ_FROM goes
#                on behind an earlier run
#   make docs    write down the settings anew
#   make pictures  make the pictures of the documentation anew, from the running service; look at each
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
READY := $(VENV)/.ready$(if $(READER),-reader)
READY_DEV := $(VENV)/.ready-dev

.PHONY: help run fuzz environment test left-out check-format lint types types-js pytest bench bench-peers model reader lock format docs pictures clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

run: $(READY)
	@exec $(BIN)/antechamber demo

environment: $(READY_DEV)

test: left-out check-format lint types types-js pytest

check-format: $(READY_DEV)
	$(BIN)/ruff format --check

lint: $(READY_DEV)
	$(BIN)/ruff check

types: $(READY_DEV)
	nice $(BIN)/mypy

# What a machine lacks is left out, and said with the command that installs it; in CI nothing is left out.
LEFT_OUT := $(if $(CI),,$(strip \
  $(if $(shell command -v chromium chromium-browser google-chrome),,tests/browser) \
  $(if $(wildcard build/wordpress/.unpacked),,tests/wordpress) \
  $(if $(wildcard build/clients),,tests/clients) \
  $(if $(wildcard .ci/javascript/node_modules/.ready),,types-js)))
# Two workers for each core, since much of the time is spent waiting for a server or a browser; more than 8 only get in each
# other's way. Each has a Redis, ports and folders of its own; which tests stay together, and which go first: tests/conftest.py.
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores > 4 ? 8 : 2 * cores)))

# The pages' scripts: their format and types, by tools that need Node.js.
types-js:
	$(if $(filter types-js,$(LEFT_OUT)),@:,npm run --silent --prefix .ci/javascript check)

left-out:
	$(if $(LEFT_OUT),@echo "Left out for want of what they need: $(LEFT_OUT). This brings it: sudo .ci/install",@:)

# Bytecode is kept, also where the environment says otherwise: each process that a test starts would compile all of it anew.
pytest: left-out $(READY_DEV)
	PYTHONDONTWRITEBYTECODE= OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder $(addprefix --ignore=,$(filter tests/%,$(LEFT_OUT)))

format: $(READY_DEV)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(if $(wildcard .ci/javascript/node_modules/.ready),npm run --silent --prefix .ci/javascript format)

# The seeds are fixed: what is found is found again by the same number, and a test names it.
FUZZ ?= 5000
FUZZ_FROM ?= 0
fuzz: $(READY_DEV)
	FUZZ=$(FUZZ) FUZZ_FROM=$(FUZZ_FROM) $(BIN)/python -m pytest tests/fuzz -s

bench: $(READY_DEV)
	@for script in $(wildcard benchmarks/ingest.py benchmarks/judging.py benchmarks/scoring.py); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

bench-peers: $(READY_DEV)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.peers $(ARGS)

model: $(READY_DEV)
	$(BIN)/python -m classifier.training $(ARGS)

# The second reader's heads, and how the two readers are put together: after `make model`.
reader: $(READY_DEV)
	$(BIN)/python -m classifier.reader.training $(ARGS)

# The other locks hold to the versions of the runtime lock. None says where packages come from: pip's own settings do.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate
lock: $(VENV)/bin/python
	$(PIP) install uv
	$(COMPILE) --upgrade --extra embedded --extra traces --group build -o requirements.lock pyproject.toml
	$(COMPILE) --extra embedded --extra traces --extra reader --group build -c requirements.lock -o requirements-reader.lock pyproject.toml
	$(COMPILE) --extra embedded --extra traces --extra reader --group build --group dev -c requirements-reader.lock -o requirements-dev.lock \
	  pyproject.toml

docs: $(READY_DEV)
	$(BIN)/antechamber settings --markdown > docs/settings.md

pictures: $(READY_DEV)
	$(BIN)/python -m docs.pictures

clean:
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) $(RECENT) || \
	  { echo "Antechamber needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment could be made; on Debian: apt install python3-venv"; exit 1; }

# With READER=1, the lock that has the second reader too.
LOCK := $(if $(READER),requirements-reader.lock,requirements.lock)
$(READY): $(LOCK) pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV); this takes a minute the first time …"
	@$(PIP) install --require-hashes -r $(LOCK)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(READY_DEV): requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) for development …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.ready $(VENV)/.ready-reader
