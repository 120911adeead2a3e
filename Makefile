# Steward, from a fresh clone: `make run`. Needs Python 3.11 to 3.13 and make, nothing else.
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh
# Where no bytecode may be kept, each process compiles all that it loads, and the suite starts hundreds.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
UV := .venv/bootstrap/bin/uv
BIND ?= 127.0.0.1:8000
LANES ?=
BENCH ?=
UV_COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-config --upgrade
RUNTIME_EXTRAS := --extra postgres --extra redis --extra vault

.PHONY: help setup run test check bench lock clean

help: ## What can be made here
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv from the hashed lock

$(READY): bootstrap.lock requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "Steward needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/it." >&2; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || { echo "Making .venv with $(PYTHON)"; rm -rf .venv; $(PYTHON) -m venv .venv; }
	@rm -rf .venv/bootstrap
	@{ $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
		--target .venv/bootstrap -r bootstrap.lock \
		&& $(UV) pip sync -q --compile-bytecode --require-hashes --python $(BIN)/python requirements-dev.lock; } \
	|| { echo "uv cannot do it here; pip takes over with the same lock"; \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock; }
	@touch $@

run: $(READY) ## Run everything in one process, demo estate included (BIND=HOST:PORT, STEWARD_DEMO=0)
	@$(BIN)/python -m compileall -q audit config identities scheduling  # who compiles while it runs holds 60 MB more
	@STEWARD_DEMO=$${STEWARD_DEMO:-1} exec $(BIN)/python manage.py portal --bind $(BIND)

test: $(READY) ## Run the suite (LANES=all adds PostgreSQL, brokers, Chromium, OpenBao, long kills)
	@$(BIN)/python -m tests.lanes $(LANES)

check: $(READY) ## Lint, types, import contract, migrations, deploy checks, OpenAPI
	@.ci/check

bench: $(READY) ## Measure beside the peers that can run here, 15 minutes (BENCH="api --fail-if-slower", "history token")
	@$(BIN)/python -m benchmarks $(BENCH)

lock: $(READY) ## Renew the three locks from pyproject.toml
	@test -x $(UV) || { echo "make lock needs uv, which make setup could not install." >&2; exit 1; }
	@echo uv | $(UV_COMPILE) - -o bootstrap.lock
	@$(UV_COMPILE) pyproject.toml $(RUNTIME_EXTRAS) -o requirements.lock
	@$(UV_COMPILE) pyproject.toml $(RUNTIME_EXTRAS) --group pyproject.toml:dev -c requirements.lock -o requirements-dev.lock
	@echo "Locks renewed; make setup installs them."

clean: ## Remove what was made, the data in var/ excepted
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
