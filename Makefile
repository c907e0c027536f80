# What people and CI run. Needs make and Python 3.11 or newer; everything else goes into .venv.

VENV := .venv
PY := $(VENV)/bin/python
PACKAGES := headgate dataplane controlplane summarizer

# Empty files that say what has been done, and so need not be done again.
CREATED := $(VENV)/.created
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PIP := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt

# What to look for, best first; PYTHON=... puts another in front.
PYTHONS = $(PYTHON) python3.11 python3.12 python3.13 python3 python

.DEFAULT_GOAL := help
.PHONY: help install up demo console test check types proto screenshots bench simulate compression clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(INSTALLED) ## Make .venv and install Headgate into it

up: $(INSTALLED) ## Start all services; Ctrl-C stops them
	@$(BESIDE) & exec $(VENV)/bin/headgate up

demo: $(INSTALLED_DEV) ## Start all services against simulated accounts and send a few requests
	@$(BESIDE) http://127.0.0.1:8001/ & exec $(PY) -m tests.demo

console: $(INSTALLED) ## Build the web console into web/dist, which `up` does by itself
	@$(PY) web/build.py console

# The console builds beside what this shell becomes, and not longer.
BESIDE = $(PY) web/build.py beside $$$$

test: $(INSTALLED_DEV) ## Run the tests; ARGS='-k name' picks some
ifeq ($(strip $(ARGS)),)
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-processes test-modules
	@$(MAKE) --no-print-directory test-browser
else
	$(PY) -m pytest $(ARGS)
endif

# The two halves wait for different things: run beside each other they take little more than one of them. A browser takes
# all there is, and what it shows in time depends on that.
.PHONY: test-processes test-modules test-browser
test-processes:
	$(call timed,$(PY) -m pytest tests/flow tests/headgate tests/benchmarks)
test-modules:
	$(call timed,$(PY) -m pytest --ignore=tests/flow --ignore=tests/headgate --ignore=tests/benchmarks --ignore=tests/browser)
test-browser:
	$(call timed,$(PY) -m pytest tests/browser)

# With the time until the process is gone, which pytest cannot know. Where all are told to stop, the shell waits for what
# its command still has to say.
timed = @echo '$(1)'; trap : TERM; begun=$$(date +%s); $(1); code=$$?; echo "$@: $$(($$(date +%s) - begun)) s"; exit $$code

check: $(INSTALLED_DEV) ## Compile, lint, formatting, types, import rules, fresh stubs
	$(PY) -m compileall -q $(PACKAGES) tests benchmarks
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m tests.contracts.stubs --check
	$(PY) web/build.py check

types: $(INSTALLED_DEV) ## Make web/src/api/schema.d.ts anew from what the control plane offers
	@$(PY) web/build.py types

proto: $(INSTALLED_DEV) ## Make headgate/api anew from proto/
	$(PY) -m tests.contracts.stubs

screenshots: $(INSTALLED_DEV) ## Take the pictures of docs/screenshots anew; needs Chromium
	@$(PY) web/build.py console
	@$(PY) -m tests.browser.screenshots

bench: $(INSTALLED_DEV) ## Run the benchmarks
	$(PY) -m benchmarks

simulate: $(INSTALLED_DEV) ## Compare the scheduling modes in simulated days, anew into docs/scheduling.md
	@$(PIP) -e '.[plots]'
	$(PY) -m benchmarks.scheduling --write

compression: $(INSTALLED_DEV) ## Measure what compression costs and saves, anew into docs/compression.md
	@$(PIP) -e '.[plots]'
	$(PY) -m benchmarks.compression --write

.PHONY: console-bench
console-bench: $(INSTALLED_DEV) ## Measure the console over a million requests, anew into docs/performance.md
	$(PY) -m benchmarks.console --write

clean: ## Remove .venv, the console's build and every cache; data stays
	rm -rf $(VENV) web/dist web/dist.* web/node_modules web/build.log build ./*.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(PACKAGES) proto tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# A name on PATH proves nothing (it may be a shim, or lack venv), so each is tried.
$(CREATED):
	@usable='import sys; sys.exit(sys.version_info < (3, 11))'; old=; bare=; \
	for python in $(PYTHONS); do \
	  command -v "$$python" >/dev/null 2>&1 || continue; \
	  "$$python" -c "$$usable" >/dev/null 2>&1 || { old="$$old $$python"; continue; }; \
	  "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || { bare="$$bare $$python"; continue; }; \
	  echo "making $(VENV) with $$python"; \
	  "$$python" -m venv $(VENV) && touch $@; exit; \
	done; \
	if [ -n "$$bare" ]; then echo "make:$$bare cannot make virtual environments; install the venv package (Debian, Ubuntu: python3-venv)" >&2; \
	elif [ -n "$$old" ]; then echo "make: Python 3.11 or newer is needed;$$old will not do" >&2; \
	else echo "make: Python 3.11 or newer is needed, and none is on PATH; PYTHON=/path/to/python3 names one" >&2; fi; \
	exit 1

$(INSTALLED): $(CREATED) pyproject.toml constraints.txt
	@echo "installing into $(VENV)"
	@$(PIP) -e '.[all]'
	@touch $@

# The development extra contains everything that `install` installs.
$(INSTALLED_DEV): $(CREATED) pyproject.toml constraints.txt
	@echo "installing into $(VENV), with what development needs"
	@$(PIP) -e '.[dev]'
	@touch $(INSTALLED) $@
