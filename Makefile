# The front door. Each target sets up what it needs, once; see `make help`.
# On Windows, or without make: python -m cnnlib TARGET
PYTHON ?= python3
TARGETS := report test lab reproduce refresh data train table

.PHONY: help $(TARGETS) bench clean
help:
	@$(PYTHON) -m cnnlib

$(TARGETS):
	@$(PYTHON) -m cnnlib $@ $(ARGS)

bench:  # our loop against the usual one, interleaved; writes benchmarks/training_speed.md
	@$(PYTHON) -m cnnlib bench $(ARGS)

clean:  # what can be made again; the data and the runs stay
	rm -rf report build .pytest_cache .ruff_cache reproduced
