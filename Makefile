# The commands anyone needs; `make` alone lists them.

PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install --quiet --disable-pip-version-check

# Stamps say what is installed: a second start skips it, a changed requirements file does not.
MADE := $(VENV)/.made
RUNS := $(VENV)/.runs
DEV  := $(VENV)/.dev
SDK  := $(VENV)/.sdk-2.20

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo run test contract check format clean chromium redis

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(RUNS) ## The portal with a worker, a stand-in CVAT and people to sign in as; PORT and SANDBOX_PORT change the ports
	@exec $(PY) -m jobsportal.demo

run: $(RUNS) ## The portal and WORKERS workers in front of the CVAT server that CVAT_URL names, in the environment or in .env
	@$(PY) manage.py migrate --noinput --verbosity 0
	@$(PY) manage.py createcachetable
	@$(PY) manage.py clearsessions
	@$(PY) manage.py purgebackups --verbosity 0
	@$(PY) manage.py purgeruns --verbosity 0
	@$(PY) manage.py purgebundles --verbosity 0
	@$(PY) manage.py purgeshares --verbosity 0
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@exec $(PY) -m jobsportal.serve

test: $(DEV) $(SDK) chromium redis ## Every test; ARGS="-k export" chooses among them
	@$(PY) -m pytest $(ARGS)

contract: $(DEV) ## One suite for any server: CVAT_URL, CVAT_USERNAME, CVAT_PASSWORD or CVAT_TOKEN; READ_ONLY=1 changes nothing
	@$(PY) -m pytest tests/contract -rfE --tb=short --show-capture=no -W default $(ARGS)

# Handed on in the environment, where no list of processes shows them, and under names that no other test looks at.
contract: export CONTRACT_URL = $(value CVAT_URL)
contract: export CONTRACT_USERNAME = $(value CVAT_USERNAME)
contract: export CONTRACT_PASSWORD = $(value CVAT_PASSWORD)
contract: export CONTRACT_TOKEN = $(value CVAT_TOKEN)
contract: export CONTRACT_ORGANIZATION = $(value CVAT_ORGANIZATION)
contract: export CONTRACT_READ_ONLY = $(value READ_ONLY)
contract: export CONTRACT_SUMMARY = 1

check: $(DEV) ## Lint, formatting, types, templates, settings for production, missing migrations
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m djlint --lint --quiet templates
	DEBUG=false HTTPS=true VAR_DIR=var/check SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
	  $(PY) manage.py check --deploy --fail-level WARNING
	VAR_DIR=var/check $(PY) manage.py makemigrations --check --dry-run

format: $(DEV) ## Put imports and code into the project's form
	$(PY) -m ruff check --fix --exit-zero
	$(PY) -m ruff format

clean: ## Remove the virtual environment, caches and the demo's data; your own data in var/ stays
	rm -rf $(VENV) var/demo var/check .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Browser tests drive the system's Chromium; where there is none and none can be had they are skipped, and pytest says so.
chromium:
	@sh scripts/chromium.sh

# Runs through Redis Queue are tested with a real Redis; where there is none and none can be had, pytest says so.
redis:
	@sh scripts/redis.sh

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Jobs Portal needs Python 3.11 or newer, and '$(PYTHON)' is not that. Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUNS): requirements.txt | $(MADE)
	@echo "Installing what the portal runs on into $(VENV) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements.txt | $(MADE)
	@echo "Installing what tests and checks need into $(VENV) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $(RUNS) $@

# The older cvat-sdk lies beside the environment, without what it needs: that is there already.
$(SDK): requirements-sdk-2.20.txt | $(DEV)
	@rm -rf $(VENV)/sdk-2.20
	@$(PIP) --no-deps --target $(VENV)/sdk-2.20 -r requirements-sdk-2.20.txt
	@touch $@
