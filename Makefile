# Fn States: `make` alone shows what there is.

PORT ?= 8080
DATA_DIR ?= .data
DEMO ?= 1
TESTS ?= tests
APPS ?=

VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
# Not abspath, which takes a blank in a path for the end of it.
DATA := $(if $(filter /%,$(DATA_DIR)),$(DATA_DIR),$(CURDIR)/$(DATA_DIR))
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
IS_NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
EXTRAS := import tomllib; extras = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]; print(*extras["gateway"], *extras["dev"], sep="\n")
GATEWAY := . --port $(PORT) --data "$(DATA)" $(addprefix --app ,examples=examples/functions $(APPS)) \
	--config DATABASE_URL="sqlite:///$(DATA)/states.db"

.DEFAULT_GOAL := help
.PHONY: help run test check ci bench prove chaos clean deploy undeploy examples ticker

help:  ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		while IFS="$$(printf '\t')" read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

run: $(INSTALLED)  ## Serve on PORT=8080 with DATA_DIR=.data; DEMO=0: no example; APPS: more name=folder
	@if [ "$(DEMO)" = 0 ]; then exec $(PY) -m gateway $(GATEWAY); fi; \
	exec $(PY) -m gateway.demo --serve --definition examples/order.asl.json \
		--succeeds examples/orders/accepted.json --fails examples/orders/declined.json \
		-- $(GATEWAY)

test: $(INSTALLED)  ## Run the tests; what needs a database server that is not there is skipped
	@$(PY) -m pytest $(TESTS)

check: $(INSTALLED)  ## Format, lint, types and architecture
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy shared/asl gateway
	@$(PY) -m pytest tests/test_architecture.py tests/test_docs.py

ci:  ## Everything a change must pass
	@.ci/run

bench: $(INSTALLED)  ## Measure, beside the host's own call rate
	@$(PY) -m bench

prove: $(INSTALLED)  ## Every crash point and fault on three databases; takes a long time
	@PROOF=full .ci/run $(PY) -m pytest tests/protocol

chaos: $(INSTALLED)  ## Kill processes and restart a database server while 1,000 executions go
	@PYTHONPATH=shared:. $(PY) -m tests.chaos

deploy:  ## Deploy the bundle with the Fn CLI onto the Fn server of its context
	@fn deploy --create-app --all --local

undeploy:  ## Remove the app `states` with its functions and triggers from that server
	@fn delete app states --recursive --force

examples:  ## Deploy the example functions there, as the app `examples`
	@sh tools/deploy_app.sh examples/functions

ticker: $(INSTALLED)  ## Invoke the scheduled functions of the Fn server at FN_API_URL
	@exec $(PY) -m gateway.ticker --api "$${FN_API_URL:-http://127.0.0.1:8080}" --app states

clean:  ## Remove the virtual environment and caches; DATA_DIR stays
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml shared/requirements.txt
	@found=; for python in $(PYTHONS); do \
		if $$python -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Python 3.11 or newer with its venv module is needed; name one: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	[ -x $(PY) ] || { echo "Setting up $(VENV) with $$found"; $$found -m venv $(VENV); }
	@$(PY) -c '$(EXTRAS)' > $(VENV)/extras.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check \
		-r shared/requirements.txt -r $(VENV)/extras.txt
	@touch $@
