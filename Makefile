# Every command a developer or operator needs; `make help` lists them.
# Paths are relative on purpose: the checkout may stand in a directory with spaces in its name.

PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help serve demo-reset verify test check lint types rooms sql bench schema requirements clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

serve: .venv/runtime ## run omniretail with the embedded PostgreSQL and demo data (Ctrl-C ends it)
	@exec $(BIN)/python -m omniretail serve --demo

demo-reset: .venv/runtime ## throw the embedded demo data away; the next `make serve` makes it anew
	@$(BIN)/python -m omniretail demo --reset --yes

verify: .venv/runtime ## prove the books: every balance against the ledger it sums up
	@$(BIN)/python -m omniretail verify

test: .venv/dev ## run the tests on real PostgreSQL, in parallel
	$(BIN)/python -m pytest -n auto --dist loadfile

check: .venv/dev lint types rooms sql test ## everything CI runs: lint, types, import rules, SQL style, tests

lint: .venv/dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: .venv/dev
	$(BIN)/python -m mypy

rooms: .venv/dev
	$(BIN)/lint-imports

sql: .venv/dev
	$(BIN)/python -m sqlfluff lint --disable-progress-bar src

bench: .venv/dev ## measure speed as ratios inside one run; writes build/bench.json
	$(BIN)/python -m benchmarks

schema: .venv/dev ## write docs/schema.sql anew from the migrated database
	$(BIN)/python -m tests.schema

requirements: .venv/dev ## compile the pinned requirements anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	@for wanted in "runtime pyproject.toml" "dev --group=dev pyproject.toml" "build --group=build"; do \
	  set -- $$wanted; name=$$1; shift; \
	  $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command "make requirements" "$$@" -o requirements/$$name.txt || exit 1; \
	done

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "omniretail needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/runtime: .venv/bin/python requirements/runtime.txt requirements/build.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch .venv/runtime

.venv/dev: .venv/runtime requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch .venv/dev

clean: ## remove the environment and everything built
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
