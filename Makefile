# make reproduce   every table, figure and results/index.html of the default experiment
# make full        the same five times, on five folds of people (config/full.yaml, results/full)
# make quick       the same in small (config/smoke.yaml, results/smoke)
# make test        the test suite
# make check       formatting, lint, types, workflow lint
# make touch       take results that `dvc pull` brought as they are
# make files       write the schema of params.yaml and environment.yml again
# make environment the environment alone
# make clean       delete what the tests and builds left
#
# All but the last make the environment in .venv first, from requirements.lock, when it is missing or
# stale. Needed: Python 3.11, 3.12 or 3.13, git and make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help reproduce full quick test check touch files environment clean

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Every job starts a Python of its own: without bytecode each would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

environment:
	@bash workflow/scripts/environment.sh $(VENV)

reproduce: environment
	@snakemake --cores all --resources gpu=1

full: environment
	@snakemake --cores all --resources gpu=1 --configfile config/full.yaml

quick: environment
	@snakemake --cores all --resources gpu=1 --configfile config/smoke.yaml

test: environment
	@OMP_NUM_THREADS=1 python -m pytest -n 2 --dist loadgroup

check: environment
	@ruff check .
	@ruff format --check .
	@mypy
	@snakefmt --check Snakefile workflow
	@snakemake --lint

files: environment
	@python -m maskbench.schema

clean:
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

touch: environment
	@snakemake --touch --forceall --quiet
