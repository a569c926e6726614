# Two commands do everything on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A module is compiled when it is first imported, and kept: most of what is installed is never imported.
export PYTHONDONTWRITEBYTECODE :=
export UV_PYTHON_DOWNLOADS := never
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := true
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo repro run test check bench format translations serve screenshots image lock browser clean

help: ## Show what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/installed ## Create .venv and install everything locked in requirements.lock

$(VENV)/installed: requirements.lock requirements-installer.lock pyproject.toml
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13), "Python 3.11 to 3.13 is needed, this is " + sys.version'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-installer.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Simulate a company, train, judge against its points, score its open leads; show the result
	@$(BIN)/python -m pipeline.warm_up & $(BIN)/leadscore demo; status=$$?; wait; exit $$status

repro: setup ## The demo stage by stage, by DVC: the same outputs, and dvc.lock brought up to date
	$(BIN)/dvc repro --no-commit
	@$(BIN)/leadscore summary

run: demo ## The same as demo

test: setup browser ## Run every test (installs a browser and Java where they are missing)
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests

check: setup ## Lint, types, layers, doctests: exactly what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy benchmarks
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify notebooks/*.ipynb
	$(BIN)/python -m pytest -q --doctest-modules features models pipeline serve

bench: setup ## Measure speed beside named references, and write docs/benchmarks.md (an hour)
	$(BIN)/python benchmarks/write_page.py

format: setup ## Format the code and strip notebooks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout notebooks/*.ipynb

translations: setup ## Bring the German catalogues up to date with the English ones: what is new or changed waits for words
	for room in features/language models/findings pipeline/explain pipeline/telling serve/wording; do \
	  $(BIN)/pybabel --quiet update --locale de --input-file $$room/catalogues/en.po --output-file $$room/catalogues/de.po \
	    --ignore-pot-creation-date --previous --ignore-obsolete --width 110 || exit 1; \
	done

serve: setup ## Serve scores and pages of the last demo run on localhost
	$(BIN)/leadscore serve

screenshots: setup browser ## Take the pictures of docs/images anew, from the last demo run
	LEADSCORE_SCREENSHOTS=docs/images LEADSCORE_DEMO_OUT=data $(BIN)/python -m pytest -q tests/serve/pages/cutoffs/test_browser.py -k pictures

browser: ## Install what browser and Spark tests need, if it is missing
	tests/install_system_packages.sh

image: ## Build the container of docs/examples with buildah, and let it work a night (some minutes)
	tests/container/try_image.sh

lock: setup ## Resolve the dependencies anew into requirements.lock (hashes, no registry named)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock
	echo uv | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements-installer.lock

clean: ## Remove outputs and the environment
	rm -rf $(VENV) data .pytest_cache .mypy_cache .ruff_cache
