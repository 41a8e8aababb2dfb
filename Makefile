# What people run here; `make help` lists it.
# Needs Python 3.11 or later and make; takes uv where it is, else pip.

PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEV := .venv/.dev

.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## the whole service on this machine, with a local stand-in for X
	@$(BIN)/python -m smoney_bot demo

test: $(DEV) ## all tests, on SQLite and on a real PostgreSQL
	@$(BIN)/python -m pytest -n 3 --dist worksteal

safety: $(DEV) ## the safety suite at its full counts (long)
	@SMONEY_SAFETY=full $(BIN)/python -m pytest -n 2 --dist worksteal tests/safety

reliability-quick: $(DEV) ## the reliability suite alone, at the small counts of `make test`
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/reliability

reliability: $(DEV) ## the same at their full counts (long); writes docs/reliability.md
	@SMONEY_RELIABILITY=full $(BIN)/python -m pytest -n 3 --dist worksteal tests/reliability

reliability-night: $(DEV) ## still more crash points and seeds (hours)
	@SMONEY_RELIABILITY=night $(BIN)/python -m pytest -n 3 --dist worksteal tests/reliability

fleet: $(DEV) ## 20,000 orders while two web processes and four workers are restarted in turn (long)
	@SMONEY_FLEET=full $(BIN)/python -m pytest -n 0 tests/reliability/fleet

container: $(DEV) ## the image built and docker-compose.yml brought up for real (long; root, docker, debootstrap)
	@SMONEY_CONTAINER=full $(BIN)/python -m pytest -n 0 -rP tests/container

bench: $(DEV) ## the goals of speed as ratios; needs wrk; writes docs/performance.md
	@$(BIN)/python -m benchmarks

bench-growth: $(DEV) ## the same in a book of ten million transfers (long)
	@$(BIN)/python -m benchmarks.growth

bench-telethon: $(DEV) ## a hundred thousand gifts to one association
	@$(BIN)/python -m benchmarks.telethon

check: $(DEV) ## format, lint, types, floors
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV) ## write the code as the formatter wants it
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

coverage: $(DEV) ## which lines no test reaches
	@$(BIN)/python -m coverage run -m pytest
	@$(BIN)/python -m coverage report

lock: ## choose the newest versions that fit and write the lock files (needs uv)
	uv lock --upgrade
	uv export -q --no-header --no-annotate --no-emit-project --no-dev --extra postgres -o requirements.lock
	uv export -q --no-header --no-annotate --no-emit-project --all-groups --all-extras -o requirements-dev.lock
	uv export -q --no-header --no-annotate --no-emit-project --only-group build -o requirements-build.lock

clean: ## remove what the tools made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage dist

$(RUNTIME): requirements.lock
	@$(call install,requirements.lock)
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml
	@$(call install,requirements-dev.lock)
	@if command -v uv >/dev/null; then \
	    uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	    $(BIN)/pip install -q --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@ $(RUNTIME)

# $(call install,FILE): the virtual environment, with exactly the versions of FILE
define install
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "smoney-bot needs Python 3.11 or later: make PYTHON=python3.12 ..."; exit 1; }; \
echo "Installing what $(1) lists into .venv (once) ..."; \
if command -v uv >/dev/null; then \
    { test -x $(BIN)/python || uv venv -q --python $(PYTHON) .venv; } && \
    uv pip install -q --python $(BIN)/python --require-hashes -r $(1); \
else \
    { test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv; } && \
    $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1); \
fi
endef

.PHONY: help demo test safety reliability-quick reliability fleet container check format bench bench-growth bench-telethon coverage lock clean
