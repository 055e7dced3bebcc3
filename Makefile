# `make help` lists the verbs. Each sets up .venv first, once, and again when what it needs changes.

PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL = help
.PHONY: help train notebooks check watch engine

help:  ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

train: $(VENV)/.engine  ## train on CIFAR-10 or generated images; options: make train ARGS="--method sgd"
	$(BIN)/python train.py $(ARGS)

notebooks: $(VENV)/.student  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks/1_softmax.ipynb

check: $(VENV)/.student  ## say of each exercise: unfinished, wrong (which fault) or right; ARGS="--hint 2"
	@$(BIN)/python -m grading.check $(ARGS) || true

watch: $(VENV)/.student  ## the same again on every save
	@$(BIN)/python -m grading.check --watch $(ARGS) || true

engine:  ## build the compiled engine, which needs a C++ compiler, and say what came of it
	@rm -f $(VENV)/.engine
	@$(MAKE) --no-print-directory $(VENV)/.engine
	@$(BIN)/python -c 'import softmax_engine as e; e.status().instructions != "numpy" or exit(1)' || \
	  { echo "the engine has no kernel; what the compiler says: $(BIN)/pip install -v ./engine"; exit 1; }

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python must be 3.11 or newer; got $$($(PYTHON) -V 2>&1); try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.student: requirements.txt $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# Tried once, and again when its sources change: without a compiler it is a package on numpy, and
# what needs it goes on without.
$(VENV)/.engine: $(wildcard engine/*.* engine/kernel/* engine/src/softmax_engine/*.py) $(VENV)/.student
	@echo "building the engine, once; it takes half a minute"
	@$(BIN)/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps ./engine && \
	  $(BIN)/python -c 'import softmax_engine as e; e.softmax([0.0]); print(e.status())' || \
	  echo "the engine could not be installed: going on without it; try \`make engine\` later"
	@touch $@

# Below this line: verbs of teachers and maintainers, not in the student's copy.

.PHONY: test release mutants proof sanitize emulate bench bench-check bench-claim render lint
.PHONY: requirements

test: $(VENV)/.dev  ## run the tests: under five minutes, needs only Python
	$(BIN)/python -m pytest $(ARGS)

release: $(VENV)/.student  ## write the student's copy, folder and zip, to release/
	$(BIN)/python -m grading.release --out release $(ARGS)

mutants: $(VENV)/.student  ## hold the diagnosis to faulty hand-ins: which of them it names
	@$(BIN)/python -m grading.mutants

proof: $(VENV)/.proof $(VENV)/.engine lint sanitize  ## run the long proofs too: engine, notebooks, releases
	$(BIN)/python -m pytest -v -m proof $(ARGS)

sanitize: $(VENV)/.dev  ## run the engine's tests under the address, undefined and thread sanitizers
	$(BIN)/python engine/tests/sanitize.py

emulate: $(VENV)/.dev  ## run the engine's tests on emulated ARM, where NEON is: ten minutes, Debian only
	$(BIN)/python engine/tests/emulate.py $(VENV)/arm $(ARGS)

bench: $(VENV)/.bench $(VENV)/.engine  ## time the rungs against their peers and the machine: 20 minutes
	$(BIN)/python -m benchmarks.bench $(ARGS)

bench-check: $(VENV)/.bench  ## hold gradient_check and its peers to a table of right and wrong gradients
	$(BIN)/python -m benchmarks.check $(ARGS)

bench-claim: $(VENV)/.dev  ## take the claim "SIMD is 22 times its scalar twin" apart: six seconds
	$(BIN)/python -m benchmarks.simd_claim.simd_claim $(ARGS)

render: $(VENV)/.proof  ## make notebooks/*.ipynb from *.py, executed on generated images
	$(BIN)/python notebooks/build.py

lint: $(VENV)/.proof  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

requirements: $(VENV)/.proof  ## pin requirements/*.in anew, for every platform
	for name in requirements dev proof bench; do \
	  out=requirements/$$name.txt; [ $$name = requirements ] && out=requirements.txt; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-annotate \
	    --no-emit-index-url --custom-compile-command "make requirements" \
	    requirements/$$name.in -o $$out || exit 1; \
	done

$(VENV)/.dev: requirements/dev.txt $(VENV)/.student
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

$(VENV)/.proof: requirements/proof.txt $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/proof.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/bench.txt
	@touch $@
