# Duly. `make help` lists the targets. Needs python3 (3.11 or newer) with venv, and make; nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAM_VENV := .venv-sam
WORKERS ?= 2
# The locks are complete, so pip need not resolve them again (which old versions of pip do wrongly for extras). It need not
# compile all 8,700 modules either, which takes longer than their installation: Python compiles those that are imported.
PIP_INSTALL := -m pip install --disable-pip-version-check --quiet --only-binary :all: --require-hashes --no-deps --no-compile
EDITABLE := -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation

LOCK := uv pip compile --quiet --universal --python-version 3.11 --only-binary :all: --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

# A lock's checksum is in its stamp's name: a changed lock installs again, an unchanged one never does, and file times,
# which a fresh clone sets anew, do not matter. An install removes the stamps of earlier ones.
checksum = $(shell cat $(1) | cksum | cut -d' ' -f1)
PROJECTS := pyproject.toml layers/common/pyproject.toml
CLI_STAMP := $(VENV)/.cli-$(call checksum,requirements/cli.txt $(PROJECTS))
DEV_STAMP := $(VENV)/.dev-$(call checksum,requirements/dev.txt $(PROJECTS))
SAM_STAMP := $(SAM_VENV)/.sam-$(call checksum,requirements/sam.txt)

.PHONY: help setup demo up test check format deploy locks clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(CLI_STAMP) ## make .venv with the duly command alone (files and deployed stacks)
	@echo "Ready: $(BIN)/duly --help"

demo: $(DEV_STAMP) ## play a quarter of a small business on the local stack; results in out/demo
	@$(BIN)/duly demo $(ARGS)

up: $(DEV_STAMP) ## keep the local stack running, with a page to try it
	@$(BIN)/duly up $(ARGS)

test: $(DEV_STAMP) ## run all tests (ARGS="tests/unit -k name" for some)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(DEV_STAMP) ## lint, format, types, template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml
	$(BIN)/python -m local.template

format: $(DEV_STAMP) ## let ruff rewrite the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

deploy: $(SAM_STAMP) ## build and deploy to your AWS account (asks before it changes anything)
	@command -v python3.13 >/dev/null || { echo "make deploy needs python3.13 on the PATH: the functions run on it" >&2; exit 1; }
	PATH="$(CURDIR)/$(SAM_VENV)/bin:$$PATH" SAM_CLI_TELEMETRY=0 sam build
	PATH="$(CURDIR)/$(SAM_VENV)/bin:$$PATH" SAM_CLI_TELEMETRY=0 sam deploy --guided $(ARGS)

locks: ## resolve requirements/*.in again (needs uv)
	$(LOCK) layers/common/requirements.in -o layers/common/requirements.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/cli.in -o requirements/cli.txt
	$(LOCK) requirements/sam.in -o requirements/sam.txt

clean: ## remove all that was made here, environments too
	rm -rf $(VENV) $(SAM_VENV) .run .aws-sam out build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name '*.egg-info' -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Duly needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.13 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Duly needs Python's venv module (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(CLI_STAMP): | $(BIN)/python
	@echo "Installing requirements/cli.txt"
	@rm -f $(VENV)/.cli-* $(VENV)/.dev-*
	@$(BIN)/python $(PIP_INSTALL) -r requirements/cli.txt
	@$(BIN)/python $(EDITABLE) -e layers/common -e .
	@touch $@

# dev.txt holds all that cli.txt holds, in the same versions: one install serves both.
$(DEV_STAMP): | $(BIN)/python
	@echo "Installing requirements/dev.txt (about a minute, once)"
	@rm -f $(VENV)/.cli-* $(VENV)/.dev-*
	@$(BIN)/python $(PIP_INSTALL) -r requirements/dev.txt
	@$(BIN)/python $(EDITABLE) -e layers/common -e .
	@touch $@ $(CLI_STAMP)

$(SAM_STAMP):
	@$(PYTHON) -m venv $(SAM_VENV)
	@echo "Installing requirements/sam.txt"
	@$(SAM_VENV)/bin/python $(PIP_INSTALL) -r requirements/sam.txt
	@touch $@
