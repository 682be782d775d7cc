# What a person types here. Everything that is needed goes into .venv first; delete that folder to start afresh.

SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p -c '$(SUITABLE)' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
FLEXGET := .venv/flexget/bin/flexget

.PHONY: run demo test lint bench bench-quick bench-search deb

run: .venv/ready
	$(BIN)/twistd --nodaemon --pidfile= jack $(if $(CONFIG),--config $(CONFIG))

demo: .venv/ready
	$(BIN)/python examples/demo.py $(if $(MEDIA),--media "$(MEDIA)")

test: .venv/ready $(FLEXGET)
	JACK_FLEXGET=$(abspath $(FLEXGET)) $(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(ARGS)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

# jack beside nginx and curl, rclone, aria2, bun and libtorrent; docs/performance.rst says how to read it.
# SIZES="2 8" are GiB, REPS=3 repetitions.
bench: .venv/ready
	PYTHON=$(PYTHON) bench/setup .bench/tools
	$(BIN)/python -m bench $(ARGS)

bench-quick: .venv/ready
	PYTHON=$(PYTHON) bench/setup .bench/tools
	$(BIN)/python -m bench --quick --sizes 0.25 --reps 1 $(ARGS)

# A library of 50 000 movies and 350 000 episodes in the index; ARGS="--movies 5000 --episodes 30000" is sooner done.
bench-search: .venv/ready
	$(BIN)/python -m bench.search $(ARGS)

deb:
	dpkg-buildpackage --unsigned-source --unsigned-changes --build=binary

.venv/ready: setup.cfg setup.py pyproject.toml
	@test -n "$(PYTHON)" || { echo "jack needs Python 3.11 or newer with venv (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[test,lint]'
	touch $@

# An outside client for the tests, in an environment of its own: it pins what jack needs newer.
$(FLEXGET): .venv/ready
	test -x $@ || { $(PYTHON) -m venv .venv/flexget && .venv/flexget/bin/pip install --quiet 'flexget>=3.15'; }
	touch $@
