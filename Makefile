# Every target works on a fresh machine with git, make and Python >= 3.11.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate pyproject.toml

.PHONY: lock
lock: $(VENV)/.uv ## compile the pinned requirements
	$(UV_COMPILE) --extra server --output-file requirements/runtime.txt
	$(UV_COMPILE) --extra runner --constraint requirements/runtime.txt --output-file requirements/runner.txt
	$(UV_COMPILE) --extra server --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt

$(VENV)/.uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet uv
	touch $@
