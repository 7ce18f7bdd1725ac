# Two commands matter: `make demo` and `make test`. Both work from a fresh clone with Python 3.11 or newer.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$python >/dev/null 2>&1 \
	&& $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes
CODE := config web journal accounts policies escalations analytics training
TESTS ?= tests
BEGAN := $(shell date +%s)

.PHONY: help demo test lint format bench battery shots clean runtime development chromium

help:
	@echo "make demo     run Belay here with demo data (PORT=8000); Ctrl-C stops everything"
	@echo "make test     check everything: lint, types, tests in parallel, browser"
	@echo "make lint     only the checks that run nothing"
	@echo "make format   put the code into shape"
	@echo "make bench    measure, and write docs/benchmarks.md and docs/benchmarks.json"
	@echo "make battery  the long tests: races, random calendars and triggers, kills"
	@echo "make shots    pictures of the main pages into shots/"
	@echo "make clean    stop and remove what this checkout made for itself (not the code)"

demo: runtime
	@exec $(BIN)/python -m config.demo

test: lint chromium
	@$(BIN)/python -m pytest -n 2 --dist loadscope -m "not browser" $(TESTS)
	@# Apart: a browser's event loop gives each test another database connection, and races need their own.
	@$(BIN)/python -m pytest -n 2 -m browser $(TESTS)
	@# What it took, checks included, for `make bench`; a run of some tests says nothing.
	@[ "$(TESTS)" != tests ] || { mkdir -p var/bench && \
		echo "{\"seconds\": $$(($$(date +%s) - $(BEGAN)))}" >var/bench/make-test.json; }

lint: development
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m djlint --quiet --lint templates
	@$(BIN)/python manage.py makemigrations --check --dry-run

format: development
	@$(BIN)/python -m ruff check --fix --quiet . || true
	@$(BIN)/python -m ruff format .

bench: development
	@$(BIN)/python -m tests.bench

battery: development
	@BELAY_EVERY_WAY=1 $(BIN)/python -m pytest -n 2 --dist loadscope --hypothesis-profile=battery tests/battery \
		tests/test_permissions.py

shots: development chromium
	@$(BIN)/python -m tests.shots

clean:
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m config.embedded.remove; fi
	@rm -rf .belay var $(VENV) shots .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- what the commands above stand on: a virtual environment that matches the locks -----------------

runtime: $(VENV)/runtime.lock
development: $(VENV)/development.lock

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Belay needs Python 3.11 or newer."; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
	|| { $(PYTHON) -m venv --clear --without-pip $(VENV) \
	&& $(PYTHON) -m pip --quiet --python $(BIN)/python install pip; } \
	|| { rm -rf $(VENV); echo "Cannot make a virtual environment: install your system's python3-venv."; exit 1; }

# The copy of the lock beside what was installed from it is the stamp.
$(VENV)/runtime.lock: requirements.txt | $(BIN)/python
	@cmp -s requirements.txt $@ || { echo "Installing requirements.txt …" && $(INSTALL) -r requirements.txt; }
	@cp requirements.txt $@

$(VENV)/development.lock: requirements-dev.txt requirements.txt | $(BIN)/python
	@cmp -s requirements-dev.txt $@ || { echo "Installing requirements-dev.txt …" && $(INSTALL) -r requirements-dev.txt; }
	@cp requirements-dev.txt $@
	@cp requirements.txt $(VENV)/runtime.lock

# Browser tests use the distribution's Chromium; where it cannot be installed they are skipped.
chromium:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$name >/dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing chromium …"; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
			chromium fonts-dejavu-core; } >/dev/null 2>&1 || echo "Chromium could not be installed."; \
	else echo "No Chromium here: browser tests will be skipped."; fi
