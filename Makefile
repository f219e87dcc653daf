# Every target works on a fresh machine with git, make and Python >= 3.11: what it needs is installed into the checkout
# (.venv, node_modules, build). Stamp files keep a second call quick; a changed requirements file installs again.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Set in many containers; every program that is started here would compile all of its modules anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A lock names everything that is installed, so nothing is looked up: pip would not find the pin of a package in `package[extra]`.
INSTALL := $(PIP) install --require-hashes --no-deps
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PACKAGE := $(VENV)/.package
TOOLS := $(VENV)/.tools
UI := build/.ui
UI_SOURCES := $(shell find src/blockyard/server/ui -type f -not -path '*/static/*' -not -name '*.pyc' 2>/dev/null)
RUNNER_VENV := build/runner-venv
# The first Python of the machine that is recent enough.
FIND_PYTHON = for python in "$${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; python=; done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or later is needed (PYTHON=… names one)." >&2; exit 1; fi
UV_COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate $(if $(UPGRADE),--upgrade) pyproject.toml
# Test processes: one more than there are cores, since tests of whole installations wait as long as they compute.
WORKERS ?= $(shell echo $$(($$(nproc 2>/dev/null || echo 1) + 1)))
PYTEST := $(BIN)/python -m pytest
T ?= tests
# In CI the slowest tests are shown, so that nobody has to look for them when the suite grows slow.
DURATIONS := $(if $(CI),--durations=25 --durations-min=1)
# Both databases where the machine has PostgreSQL; tests that need a program it lacks are left out and named. In CI
# (CI=true) nothing is left out.
MACHINE = mapfile -t machine < <($(BIN)/python -m tests.support.machine)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

##@ Running

.PHONY: demo
demo: $(PACKAGE) $(UI) ## start everything on this machine, seeded with samples (ARGS="--exit" ends by itself)
	@$(BIN)/blockyard demo $(ARGS)

.PHONY: serve
serve: $(PACKAGE) $(UI) ## start the server alone (ARGS=…, settings from BLOCKYARD_…)
	@$(BIN)/blockyard serve $(ARGS)

##@ Testing

.PHONY: test
test: $(DEV) $(UI) ## run all tests, on SQLite and on PostgreSQL
	@$(MACHINE); $(PYTEST) -n $(WORKERS) --dist worksteal $(DURATIONS) "$${machine[@]}" $(if $(filter-out tests,$(T)),$(T)) $(ARGS)

.PHONY: test-fast
test-fast: $(DEV) ## run the tests below T=path that need no browser and no PostgreSQL, stop at the first failure
	@$(PYTEST) -x -q -m "not browser and not postgres" $(T) $(ARGS)

.PHONY: test-postgres
test-postgres: $(DEV) ## run the tests that use a database on PostgreSQL only
	@$(PYTEST) -n $(WORKERS) --db=postgres -m postgres $(T) $(ARGS)

.PHONY: test-browser
test-browser: $(DEV) $(UI) ## run the tests of the pages in Chromium
	@$(PYTEST) -m browser $(T) $(ARGS)

.PHONY: generated
generated: $(DEV) $(UI) ## generate what the tests do not, and many more requests, to find new defects (EXAMPLES=100 SCENARIOS=200)
	@$(MACHINE); GENERATED_EXAMPLES=$(or $(EXAMPLES),100) GENERATED_SCENARIOS=$(or $(SCENARIOS),200) \
		$(PYTEST) -n $(WORKERS) --dist worksteal "$${machine[@]}" $$(grep -rl "hypothesis import" tests --include="test_*.py") $(ARGS)

.PHONY: coverage
coverage: $(DEV) $(UI) ## show which lines and branches of the code no test of this process takes (T=path), and write build/coverage/
	@$(MACHINE); $(PYTEST) -n $(WORKERS) --cov --cov-report=term:skip-covered --cov-report=html "$${machine[@]}" $(if $(filter-out tests,$(T)),$(T)) $(ARGS)

.PHONY: bench
bench: $(DEV) $(UI) ## measure what must be cheap; prints a table, writes bench/results.json (ARGS=…)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: simulate
simulate: $(DEV) ## more seeds of the simulation than the tests run (ARGS="--seeds 20000 --first 1000"); SEED=… repeats one and shows its trace
	@$(BIN)/python -m tests.support.simulation $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: chaos
chaos: $(DEV) $(UI) ## kill server, runner, engine and PostgreSQL at hundreds of points of a run (ARGS="--all", "--disks", --help)
	@$(BIN)/python -m chaos $(ARGS)

.PHONY: fleet
fleet: $(DEV) $(UI) ## 300 blocks in 60 graphs on two servers and three runners, while the servers are restarted twice (ARGS=…)
	@$(BIN)/python -m chaos.fleet $(ARGS)

.PHONY: catalogue
catalogue: $(DEV) $(UI) ## try every root and module of a public catalogue (CATALOGUE=repository PROVIDERS=mirror, ARGS="--only …")
	@$(BIN)/python -m catalogue $(or $(CATALOGUE),$(error CATALOGUE=… names a git repository)) \
		$(or $(PROVIDERS),$(error PROVIDERS=… names a filesystem mirror of providers)) $(ARGS)

##@ Checking

.PHONY: check
check: ## everything that CI checks; what looks at the code alone at once, since mypy keeps one core busy for minutes
	@$(MAKE) $(DEV)
	@$(MAKE) -j2 --output-sync=target lint types openapi-check runner-alone $(UI)
	@$(MAKE) test

.PHONY: fmt
fmt: $(DEV) ## format the code and mend what can be mended safely
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

.PHONY: lint
lint: $(DEV) ## ruff, layers, and whether the migrations fit the tables
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@layers=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$layers"; exit 1; }
	@$(BIN)/blockyard migrate --check

.PHONY: types
types: $(DEV) ## mypy --strict
	@$(BIN)/mypy

.PHONY: openapi
openapi: $(PACKAGE) ## write docs/openapi.json
	@mkdir -p build
	@$(BIN)/blockyard openapi > build/openapi.json
	@mv build/openapi.json docs/openapi.json

.PHONY: openapi-check
openapi-check: $(PACKAGE) ## compare docs/openapi.json with the routes
	@$(BIN)/blockyard openapi | diff -u docs/openapi.json - \
		|| { echo "docs/openapi.json is out of date: run 'make openapi' and look at the difference." >&2; exit 1; }

.PHONY: runner-alone
runner-alone: $(RUNNER_VENV)/.installed ## install the runner without the server's dependencies and start it
	@$(RUNNER_VENV)/bin/python -P tests/support/runner_alone.py

##@ Working

.PHONY: ui
ui: ## bundle the pages' CSS, JavaScript and icons (rebuilds always)
	@rm -f $(UI)
	@$(MAKE) $(UI)

.PHONY: screenshots
screenshots: $(DEV) $(UI) ## take pictures of every screen into build/screens/ (ARGS="blocks run" takes only these)
	@$(BIN)/python -m tests.support.screens $(ARGS)

.PHONY: migration
migration: $(PACKAGE) ## write a migration from the tables: M="what it does"
	@test -n "$(M)" || { echo 'M="what it does" is missing.' >&2; exit 1; }
	@$(BIN)/blockyard migrate --new "$(M)"

.PHONY: lock
lock: $(TOOLS) ## compile requirements/*.txt from pyproject.toml (UPGRADE=1 takes newer versions)
	@$(UV_COMPILE) --extra server --output-file requirements/runtime.txt
	@$(UV_COMPILE) --extra runner --constraint requirements/runtime.txt --output-file requirements/runner.txt
	@$(UV_COMPILE) --extra server --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --group build --constraint requirements/dev.txt --output-file requirements/build.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate $(if $(UPGRADE),--upgrade) --group node --output-file requirements/node.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --constraint requirements/dev.txt $(if $(UPGRADE),--upgrade) --group tools --output-file requirements/tools.txt

.PHONY: audit
audit: $(TOOLS) ## ask the registries for known weaknesses of what is pinned (weekly, and before a release)
	@for file in requirements/*.txt; do $(BIN)/pip-audit --disable-pip --require-hashes --requirement "$$file"; done
	@npm audit --package-lock-only

.PHONY: sbom
sbom: $(TOOLS) ## write the bills of materials of a release (CycloneDX): build/sbom-*.json
	@mkdir -p build
	@for part in runtime runner; do \
		$(BIN)/cyclonedx-py requirements requirements/$$part.txt --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom-$$part.json; done
	@npm sbom --package-lock-only --sbom-format cyclonedx > build/sbom-pages.json

.PHONY: release
release: $(DEV) $(TOOLS) $(UI) ## cut a release: VERSION=0.3.0; again until it is tagged (docs/releasing.md)
	@test -n "$(VERSION)" || { echo "VERSION=… is missing." >&2; exit 1; }
	@test -z "$$(git tag --list "v$(VERSION)")" || { echo "v$(VERSION) is tagged: a release that is out does not change." >&2; exit 1; }
	@git diff --quiet HEAD || { echo "Commit what is changed, or take it back, first: a release is cut from a commit." >&2; exit 1; }
	@git log --format=%H --extended-regexp --grep="^Release $(VERSION)$$" | while read -r cut; do \
		git checkout -q "$$cut^" -- CHANGELOG.md changelog.d; done
	@git checkout -q HEAD -- changelog.d
	@test "$$($(BIN)/python -m hatchling version)" = "$(VERSION)" || $(BIN)/python -m hatchling version --force $(VERSION)
	@$(BIN)/towncrier build --yes --version $(VERSION)
	@$(MAKE) openapi release-dumps

.PHONY: release-dumps
release-dumps: $(DEV) $(UI) ## write the dumps of VERSION=… that upgrade tests load: tests/data/releases/
	@test -n "$(VERSION)" || { echo "VERSION=… is missing." >&2; exit 1; }
	@$(BIN)/python -m tests.support.release_dumps $(VERSION)

.PHONY: clean
clean: ## remove everything that make has installed or built
	@rm -rf $(VENV) build dist node_modules src/blockyard/server/ui/static/dist .mypy_cache .ruff_cache .pytest_cache

##@ What the targets stand on

$(VENV)/.venv:
	@$(FIND_PYTHON); "$$python" -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements/runtime.txt requirements/build.txt | $(VENV)/.venv
	@echo "Installing what Blockyard needs into $(VENV) …"
	@$(INSTALL) -r requirements/runtime.txt -r requirements/build.txt
	@touch $@

$(PACKAGE): pyproject.toml hatch_build.py $(RUNTIME)
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(PACKAGE)
	@echo "Installing what tests and checks need into $(VENV) …"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

$(TOOLS): requirements/tools.txt | $(VENV)/.venv
	@$(INSTALL) -r requirements/tools.txt
	@touch $@

$(UI): hatch_build.py package-lock.json $(UI_SOURCES) | $(RUNTIME)
	@if $(BIN)/python hatch_build.py --needs-node; then \
		echo "Installing Node.js into $(VENV) …"; $(INSTALL) -r requirements/node.txt; fi
	@$(BIN)/python hatch_build.py
	@mkdir -p build
	@touch $@

$(RUNNER_VENV)/.installed: requirements/runner.txt requirements/build.txt pyproject.toml
	@rm -rf $(RUNNER_VENV)
	@mkdir -p build
	@$(FIND_PYTHON); "$$python" -m venv $(RUNNER_VENV)
	@$(RUNNER_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps \
		-r requirements/runner.txt -r requirements/build.txt
	@$(RUNNER_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --no-build-isolation --no-deps --editable .
	@touch $@
