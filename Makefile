.DEFAULT_GOAL := help
.PHONY: help demo test dev bench torture lint

help: ## this list
	@grep -hE '^[a-z]+: ##' $(MAKEFILE_LIST) | sed 's/: ## /\t/' | expand -t 12

demo: ## install into .venv, land a year of flights and weather, build every table
	@./run demo

test: ## install into .venv, run the tests
	@./run test

dev: ## open the Dagster UI on what demo built
	@./run dev

bench: ## measure admission, the demo, a year through every layer, loading
	@./run bench

torture: ## the tests that kill processes, ten times as often
	@./run torture

lint: ## ruff, mypy, the import rules
	@./run lint
