# The front door. Each target sets up what it needs, once; see `make help`.
# On Windows, or without make: python -m cnnlib TARGET
PYTHON ?= python3
TARGETS := report my-report verify editions check test test-browser lab start reproduce check-runs bench refresh data train table

.PHONY: help $(TARGETS) clean
help:
	@$(PYTHON) -m cnnlib

$(TARGETS):
	@$(PYTHON) -m cnnlib $@ $(ARGS)

clean:  # what can be made again; the data and the runs stay
	rm -rf report build .pytest_cache .ruff_cache .mypy_cache reproduced verified editions cache
