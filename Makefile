# The one list of commands. `make` prints it.
PYTHON ?= python3
VENV := .venv/bin
TYPED := emulator functions/main.py functions/imagesfactory local tests

export PYTHONPATH := $(CURDIR)/functions

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## print this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (network only then; the other commands do it themselves)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not on PATH. Install Python 3.11 to 3.14, or: make setup PYTHON=/path/to/python3.13" >&2; exit 1; }
	@$(PYTHON) -m local.setup

demo: setup ## play one member's story on the whole backend: sign-up, images, payment, withdrawal
	@$(VENV)/python -m local.demo

serve: setup ## run the whole backend here until Ctrl-C: emulators, provider doubles, schedules
	@$(VENV)/python -m local.suite

clock: setup ## let time pass for a running `make serve` (DAYS=91), or show what time it has
	@$(VENV)/python -m local.clock --days $(or $(DAYS),0)

settle: setup ## show a day's books, provider against ours (DAY=2026-11-24, AGAIN=1 to compare anew, PROJECT=a-real-one)
	@$(VENV)/python -m local.settle $(if $(DAY),--day $(DAY)) $(if $(AGAIN),--again) $(if $(PROJECT),--project $(PROJECT))

truth: setup ## ask whether anything was lost, minted or forgotten; red says where to look (QUICK=1, ALL=1, PROJECT=a-real-one)
	@$(VENV)/python -m local.truth $(if $(QUICK),--quick) $(if $(ALL),--all) $(if $(PROJECT),--project $(PROJECT))

chaos: setup ## many members at once while everything fails, then the truth page (MEMBERS=200 SECONDS=150 SEED=7 AT_ONCE=12)
	@$(VENV)/python -m local.chaos $(if $(MEMBERS),--members $(MEMBERS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(if $(AT_ONCE),--at-once $(AT_ONCE))

purge-report: setup ## what is due, what is overdue, is the evidence whole (DRY=1 names what would go, PROJECT=a-real-one)
	@$(VENV)/python -m local.purge_report $(if $(DRY),--dry-run) $(if $(ALL),--all) $(if $(PROJECT),--project $(PROJECT))

test: lint ## every check: lint, then all tests but those of `make thorough` and `make crash`
	@$(VENV)/python -m pytest -n 3 --no-loadscope-reorder

thorough: setup ## the tests that are too long for every run: every spoilt backend of the simulation
	@THOROUGH=1 $(VENV)/python -m pytest tests/simulation

test-quick: setup ## the tests that start no emulators
	@$(VENV)/python -m pytest --ignore=tests/journeys --ignore=tests/integration --ignore=tests/simulation

lint: setup ## style, types, import walls
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check --quiet . || { echo "Some files are not formatted. Run: make format" >&2; exit 1; }
	@$(VENV)/mypy $(wildcard $(TYPED))
	@$(VENV)/lint-imports --no-logo

format: setup ## put the code in the common form
	@$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format .

crash: setup ## end every deployed function before and after each of its outside calls, which takes hours (SCENES="refund or coupon" for some; make test takes one call for each scene)
	@THOROUGH=1 $(VENV)/python -m pytest tests/deployed/test_crash_matrix.py $(if $(SCENES),-k "$(SCENES)")

simulate: setup ## live six years day by day on a moved clock: every record dies on its day (YEARS=6 MEMBERS=12 SEED=1)
	@$(VENV)/python -m tests.simulation --years $(or $(YEARS),6) --members $(or $(MEMBERS),12) --seed $(or $(SEED),1)

bench: setup ## measure the budgets and print one table; AREAS="job rules" for some, RECORD=1 keeps the figures
	@$(VENV)/python -m local.bench $(if $(RECORD),--record) $(AREAS)

bench-history: setup ## how the recorded figures went, commit by commit
	@$(VENV)/python -m local.bench.history $(WORDS)

audit: setup ## known vulnerabilities, credentials, licences; says what could not be checked here (network)
	@$(VENV)/python -m local.audit

scale: setup ## simulate what a thousand to fifty million members cost, and write docs/scale.md
	@$(VENV)/python -m local.scale

deploy: setup ## show every step to production for PROJECT=...; APPLY=1 does them (docs/operations.md)
	@test -n "$(PROJECT)" || { echo "Which project? make deploy PROJECT=my-project" >&2; exit 2; }
	@$(VENV)/python -m local.deployment --project $(PROJECT) $(if $(APPLY),--apply) $(OPTIONS)

lock: setup ## pin all packages again to the newest that fit (network)
	@$(VENV)/python -m local.setup.lock

clean: ## remove everything that the commands made
	@rm -rf .venv node_modules functions/venv out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
