# make run    start everything on this machine     make test   all checks, then all tests
# make check  linters and types                    make bench  all measurements
# make venv   the Python environment; the others call it when it is missing or out of date

.DELETE_ON_ERROR:
.PHONY: run test check bench venv

BIN := .venv/bin
STAMP := .venv/.installed
EXTRAS := dev,cluster
WORKERS ?= 2
NEWEST := import sys; sys.exit(sys.version_info < (3, 11))

# The first Python of the right age, whatever it is called here.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3 python,\
	$(if $(shell $(name) -c '$(NEWEST)' 2>/dev/null && echo yes),$(name))))

run: $(STAMP)
	@exec $(BIN)/selene serve

test: check redis
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile

check: $(STAMP)
	@mkdir -p build
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > build/imports.log || { cat build/imports.log; exit 1; }

bench: $(STAMP)
	@$(BIN)/python -m tests.bench

venv: $(STAMP)

$(STAMP): pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed, and none was found" >&2; exit 1; fi
	@mkdir -p build
	@test -x $(BIN)/python -a -x $(BIN)/pip || $(PYTHON) -m venv .venv || { \
		echo "the venv module of $(PYTHON) does not work (Debian: apt-get install python3-venv)" >&2; \
		exit 1; }
	@echo "installing the dependencies into .venv"
	@$(BIN)/python -m pip install -qq --no-input --disable-pip-version-check -e '.[$(EXTRAS)]'
	@$(MAKE) --no-print-directory system-libraries
	@touch $@

# OpenCV's wheel expects two libraries of the system that bare machines lack.
.PHONY: system-libraries
system-libraries:
	@$(BIN)/python -c 'import cv2' 2>/dev/null || { \
		apt-get install -y -qq libgl1 libglib2.0-0 >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get install -y -qq libgl1 libglib2.0-0; } >/dev/null 2>&1; \
		$(BIN)/python -c 'import cv2' 2>build/cv2.log \
		|| { echo "OpenCV cannot be loaded; image routes will not work:" >&2; tail -1 build/cv2.log >&2; \
		     echo "install libgl1 and libglib2.0-0, then run make again" >&2; }; }

# Tests with Redis skip themselves where there is none: it is fetched where that is quick and allowed.
.PHONY: redis
redis:
	@command -v redis-server >/dev/null || { export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive; \
		{ timeout 15 apt-get install -y -qq --download-only redis-server \
		  || { timeout 15 apt-get update -qq && timeout 15 apt-get install -y -qq --download-only redis-server; }; \
		} && apt-get install -y -qq --no-download redis-server; } >/dev/null 2>&1 || true
