# `make demo` serves the app, `make test` runs every test but the nightly ones, `make lint` checks style and types.
# All share one virtual environment; TORCH_ARGS="--index-url https://download.pytorch.org/whl/cpu"
# takes torch's CPU wheels instead of the default ones.
PYTHON ?= python3
VENV ?= .venv
TORCH_ARGS ?=
# Processes that tests run in; each computes on one core.
JOBS ?= 2
BIN := $(VENV)/bin

.PHONY: demo test nightly lint clean

demo: $(VENV)/.app
	$(BIN)/python app.py

test: $(VENV)/.dev
	GRADIO_ANALYTICS_ENABLED=False OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

nightly: $(VENV)/.dev
	GRADIO_ANALYTICS_ENABLED=False $(BIN)/python -m pytest -m nightly

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/.app: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "torch>=2.9" "torchvision>=0.24" $(TORCH_ARGS)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/.app $(wildcard requirements-*.txt)
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV)
