# Each of these does all of its own set-up; scripts/ says how. A second run of it does nothing.
.DEFAULT_GOAL := help
.PHONY: help demo up test bench client lint lock clean purge

VAR := $(or $(AIOPS_VAR_DIR),var)
PYTHON := .venv/bin/python
SETUP := sh scripts/with-python.sh -m scripts.setup
COMPILE := .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## Run everything with a simulated fleet
	@$(SETUP) base client static tools && exec $(PYTHON) manage.py demo

up: ## Run everything with an empty fleet
	@$(SETUP) base client static && exec $(PYTHON) manage.py up

test: ## Check and test everything that can be tested on this machine
	@$(SETUP) dev client tools && exec $(PYTHON) -m scripts.check

bench: ## Measure what things cost, or ONLY=merge; takes three quarters of an hour, wants a quiet machine
	@$(SETUP) dev && exec $(PYTHON) -m scripts.bench $(if $(ONLY),--only $(ONLY))

client: ## Build the browser's part
	@$(SETUP) base client static

lint: ## Check style, types and import contracts
	@$(SETUP) dev packages && exec $(PYTHON) -m scripts.check --only lint

lock: ## Pin the requirements anew, with hashes
	@$(SETUP) dev
	@for name in base dev node; do \
		$(COMPILE) requirements/$$name.in -o requirements/$$name.txt || exit 1; done

clean: ## Remove what was built and installed; the data in var/ stay
	@rm -rf .venv static/client frontend/node_modules
	@test ! -e "$(VAR)/.aiops-nextgen" || rm -rf "$(VAR)/static" "$(VAR)/tools"
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

purge: ## Remove the data as well: database, passwords, keys
	@sh scripts/with-python.sh -m aiops.embedded.purge
