# Eight words. CONTRIBUTING.md says when to use which.
.PHONY: setup run fmt check test shots sample bench paper
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# A virtual environment with everything the tests need, at the tested versions.
setup:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[test]"

# The window.
run:
	$(BIN)/python main.py

fmt:
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Everything but the slow tests; what a commit must pass.
check:
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q -m "not slow"

test:
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

# A picture of every page and state, light and dark, at 1x and 2x, in artefacts/shots.
shots:
	QT_QPA_PLATFORM=offscreen ZEPAD_SHOTS=artefacts/shots $(BIN)/python -m pytest -q tests/app
	QT_QPA_PLATFORM=offscreen ZEPAD_SHOTS=artefacts/shots QT_SCALE_FACTOR=2 $(BIN)/python -m pytest -q tests/app -k "is_drawn"

# The engine beside what a user would run instead, in BENCHMARKS.md: a quarter of an hour, on a machine left alone.
bench:
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[bench]"
	$(BIN)/python -m tests.bench

# The paper's main table and ablation in our setting, into RESULTS.md; hours on two cores, resumed where it was.
# DATA is a folder with cifar10, gtsrb, clothing, sign-language-digits and tiny-imagenet-32 as zips; without it: samples.
paper:
	$(BIN)/python main.py study --out runs/paper $(if $(DATA),--data $(DATA)) --results RESULTS.md

# Rebuild assets/sample from the pinned packages; wants about 500 MB in build/sample.
sample:
	$(BIN)/python -m zepad_engine.sample_building --work build/sample --out assets/sample

# The bundled encoders are made with `python main.py pretrain`; the card beside each names method, images, epochs and
# seed, and CONTRIBUTING.md gives the commands. They take hours, so no target rebuilds them.
