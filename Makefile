# Everything a newcomer needs: each target sets up what it needs first, and is quick when that stands.
BIN := .venv/bin
COMPILE := tools/uv.sh pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(UPGRADE)

CHECKS := check-style check-format check-types check-layers check-dependencies check-dead check-security check-guards

SITE ?= demo-site

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-bench setup-letters demo test check $(CHECKS) format bench golden templates letters guides pictures serve lock

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:  ## the environment and the system's libraries
	@tools/setup.sh

setup-test:
	@tools/setup.sh test

setup-letters:
	@tools/setup.sh letters

setup-bench:
	@tools/setup.sh bench

demo: setup  ## a believable province day in demo-site/
	$(BIN)/queke demo demo-site

test: setup-test  ## all tests, SQLite and PostgreSQL (ARGS="-k name" for some)
	$(BIN)/pytest $(ARGS)

faults: setup  ## a day with random kill -9 beside one without (ARGS="--kills 20 --seed 7 --server postgresql://…")
	$(BIN)/python -m tools.faults $(ARGS)

check: setup  ## style, types, layers, dependencies, dead code, security, own guards: all are run, then judged
	@$(MAKE) --no-print-directory --keep-going $(CHECKS)

check-style:
	$(BIN)/ruff check .
check-format:
	$(BIN)/ruff format --check .
check-types:
	$(BIN)/mypy
check-layers:
	$(BIN)/lint-imports --no-cache
check-dependencies:
	$(BIN)/deptry pipeline
# tests call nothing alive: the first run knows none of them
check-dead:
	$(BIN)/python tools/page_names.py >.stamps/page_names.py
	$(BIN)/vulture pipeline benchmarks .stamps/page_names.py tools/vulture_allow.py
	$(BIN)/vulture pipeline tools tests benchmarks .stamps/page_names.py
# bandit warns of every line that a suppression of several lines spans: its log is shown only where it ends in a finding
check-security:
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive pipeline 2>.stamps/bandit.log || { \
		cat .stamps/bandit.log; exit 1; }
check-guards:
	$(BIN)/python tools/guards.py

format: setup  ## what ruff can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-bench  ## measure against the naive baseline; JSON in benchmarks/results/
	$(BIN)/python -m benchmarks $(ARGS)

golden: setup  ## write the expected files of golden cases that have none yet
	$(BIN)/python -m tests.golden $(ARGS)
	QUEKE_GOLDEN=new $(BIN)/pytest -q tests/unit/test_receipts.py tests/unit/test_letters.py

templates: setup  ## write templates/xlsx/, pages of docs/ (forms, issues, letters, rules, sentences) and the catalogue of the command line again
	$(BIN)/python -m pipeline.xlsx.blank templates/xlsx
	$(BIN)/python -m pipeline.forms.reference docs
	$(BIN)/python -m pipeline.rules.reference docs
	$(BIN)/python -m pipeline.figures.sentence_table docs
	$(BIN)/python -m tests.letters.page docs
	$(BIN)/pybabel -q compile --domain queke --directory pipeline/locale

letters: setup-letters  ## draw the pictures of docs/letters.md again, by Chromium
	$(BIN)/python -m tests.letters.page docs --draw

guides: setup-test demo  ## write docs/guides/*.pdf and the pictures in docs/ again, from what the demo's site gives out
	$(BIN)/python -m tools.guides demo-site

pictures: setup-test demo  ## draw the console's pages in docs/img/console/ again, from a copy of the demo's site
	$(BIN)/python -m tools.pictures demo-site

serve: setup  ## watch and console of SITE=demo-site on http://127.0.0.1:8080
	@$(BIN)/python -m tools.serve $(SITE)

lock:  ## resolve requirements/*.in again (UPGRADE=--upgrade for newer versions)
	$(COMPILE) requirements/run.in -o requirements/run.txt
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
