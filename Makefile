# What people type here. Everything else is cargo's and Maven's own.
.DEFAULT_GOAL := help
.PHONY: help demo test bench check clean plugin server trino

PLUGIN := trino-shim/target/.built
PLUGIN_SOURCES := $(shell find trino-shim/pom.xml trino-shim/src proto -type f)

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: ## a real Trino with a small finance mesh, and the story of the people in it
	@deploy/tools cargo mvn curl jdk
	@$(MAKE) --no-print-directory server plugin trino
	@deploy/demo/run

test: ## everything: Rust, Java, and both together on a real Trino
	@deploy/test

bench: ## what a decision costs, beside what it is compared with
	@deploy/tools cargo mvn jdk
	@$(MAKE) --no-print-directory $(PLUGIN) trino
	cargo bench
	cargo run --release --quiet --manifest-path benches/peers/Cargo.toml --target-dir target/peers

check: ## formatting and lints
	@deploy/tools cargo
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

clean: ## remove what was built, and the assembled Trino
	rm -rf target trino-shim/target .trino

server:
	@echo "building the decision server"
	@cargo build --release --bin meshward

trino:
	@deploy/trino/assemble 483 tpch tpcds memory

plugin: $(PLUGIN) ## the plugin's directory and its zip, in trino-shim/target/
	@:

$(PLUGIN): $(PLUGIN_SOURCES)
	@echo "building the Trino plugin"
	@JAVA_HOME=$$(deploy/trino/java-home) deploy/maven trino-shim/target/maven.log -f trino-shim/pom.xml -DskipTests package
	@touch $@
