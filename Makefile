.DEFAULT_GOAL := help
PAGES = docs/*.md
BENCH = store

.PHONY: help demo up test check fix docs bench
help:  ## say what there is
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/' | expand -t 8
demo:  ## run it all against simulated trades
	uv run oddlot demo
up:  ## run it all against Binance
	uv run oddlot up
test:  ## run the tests
	uv run pytest
check:  ## lint, types, import rules, docs
	uv run ruff format --check .
	uv run ruff check .
	uv run lint-imports --no-logo
	uv run mypy
	uv run cog -I . --check $(PAGES)
fix:  ## format, and repair what can be repaired
	uv run ruff check --fix .
	uv run ruff format .
docs:  ## write the generated tables of the docs
	uv run cog -I . -r $(PAGES)
bench:  ## measure, BENCH=NAME for another one of benchmarks/
	uv run python -m benchmarks.$(BENCH)
