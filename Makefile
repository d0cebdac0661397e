# The commands that people use; CONTRIBUTING.md says when.
.PHONY: demo test core snapshots fuzz bench python pictures book coverage

demo:            ## the README's first command
	cargo run --release --quiet -- project examples/german_credit/parity.fair \
	    --data examples/german_credit/german_credit.csv

test:            ## everything that must pass
	bash tests/run.sh

core:            ## the same without Python
	bash tests/run.sh core

snapshots:       ## accept changed snapshots after reading them, and find those that no test refers to
	INSTA_UPDATE=always cargo test
	@echo "read the change: git diff -- '*.snap'"

fuzz:            ## many random and mutated specs and compiled specs
	FAIRC_FUZZ_CASES=100000 cargo test --release --test language robustness -- --nocapture
	bash fuzz/run.sh 60

bench:           ## readers and writers
	cargo bench --bench data

python:          ## the Python package: builds, checks types, tests
	bash tests/run.sh python

pictures:        ## the pictures of docs/, from the example data (needs the Python package and matplotlib)
	.venv/bin/python docs/pictures/make.py

book:            ## docs/ as HTML (needs mdbook)
	mdbook build docs

coverage:        ## line coverage of the language (needs llvm-cov)
	bash tests/coverage.sh
