# Encargo: two commands do everything. `make run` starts the product, `make test` proves it.
# Needed: Python 3.11 or later, make, git. PostgreSQL, Valkey and the page assets come with the set-up.

PORT ?= 8080
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PO_FILES := $(wildcard portal/translations/*/LC_MESSAGES/*.po)

# What setup has done is remembered by these files, so that it is not done again.
INSTALLED := $(VENV)/installed-run
INSTALLED_TEST := $(VENV)/installed-test
COMPILED := $(PO_FILES:.po=.mo)

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help setup setup-test run code letter test lint sbom format types messages shell clean

# Say what there is
help:
	@awk '/^# /{text=substr($$0,3)} /^[a-z-]+:/{sub(/:.*/,""); if(text) printf "  make %-10s %s\n",$$1,text} !/^# /{text=""}' $(firstword $(MAKEFILE_LIST))

# Install what the product needs: packages, page assets, compiled translations (done by itself when needed)
setup: $(INSTALLED) $(COMPILED)
	@$(BIN)/python -m portal.stack assets

# Run everything at http://localhost:8080 until Ctrl-C (another port: make run PORT=8081; no demo: make run EMPTY=1)
run: setup
	@$(BIN)/python -m portal.stack run --port $(PORT) $(if $(EMPTY),--empty)

# Say the code of this half minute, which the people of the demo are asked for after the password
code: setup
	@$(BIN)/python -m portal.stack env --port $(PORT) -- flask --app wsgi demo-code

# Say the newest letter, which the local stack leaves in var/mail (the newest to somebody: make letter TO=ana@bank.example)
letter: setup
	@$(BIN)/python -m portal.stack env --port $(PORT) -- flask --app wsgi demo-letter $(TO)

# Lint, types and all tests, on throw-away servers (only some: make test ARGS="tests/portal -k upload")
test: setup setup-test
	@$(BIN)/python -m portal.stack test -- $(ARGS)

# Lint and security lint
lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit -q -r -c pyproject.toml agencies assignments portal uploads config.py wsgi.py

# List what the product is made of, for whoever audits it (var/sbom.json, CycloneDX)
sbom: setup-test
	@mkdir -p var && $(BIN)/python -m cyclonedx_py requirements requirements.txt -o var/sbom.json && echo var/sbom.json

# Put the code in the house format
format: setup-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Types: strict in the three domain packages
types: setup-test
	$(BIN)/mypy

# Collect the texts of the pages into the translation catalogues, then compile them
messages: $(INSTALLED)
	$(BIN)/pybabel -q extract -F portal/babel.cfg -k lazy_gettext -k _l -k msg -k msgs:1,2 -o var/messages.pot --no-location --sort-output --project Encargo .
	$(BIN)/pybabel -q update -i var/messages.pot -d portal/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 110
	$(BIN)/pybabel -q compile -d portal/translations

# A shell with the local servers up and their addresses set, for flask commands and psql
shell: setup
	@$(BIN)/python -m portal.stack env --port $(PORT)

# Remove what was installed; data, logs and secrets in var/ stay (rm -rf var removes them too)
clean:
	rm -rf $(VENV) portal/static/vendor var/cache var/npm var/chromium
	find . -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Encargo needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

setup-test: $(INSTALLED_TEST)

$(INSTALLED): requirements.txt | $(BIN)/python
	@$(call install,requirements.txt)
	@touch $@

$(INSTALLED_TEST): requirements-test.txt | $(BIN)/python
	@$(call install,requirements-test.txt)
	@touch $(INSTALLED) $@

%.mo: %.po | $(INSTALLED)
	@$(BIN)/pybabel -q compile -i $< -o $@

# uv where it is and works, because it is many times faster; else pip, which is always there.
define install
echo "Installing $(1) (once) ..."; \
{ command -v uv >/dev/null 2>&1 && uv pip install -q --python $(BIN)/python --require-hashes -r $(1) 2>/dev/null; } || \
$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1)
endef
