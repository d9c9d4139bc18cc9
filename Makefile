# `make` alone lists what there is to do.

CONFIG ?= conf/portcullis.yaml
BINARY := .build/release/portcullis
# The Swift runtime is linked into the program: what is installed on a server is one file and three Debian libraries.
# Whole-program optimization at the link takes an eighth of our instructions away.
RELEASE := swift build --configuration release --static-swift-stdlib --experimental-lto-mode=full
BUILD := $(RELEASE) --product portcullis
# End-to-end tests wait more than they compute, so they run while the unit tests are built, and have the right of way.
UNIT_TESTS := nice swift test && nice swift test --package-path Tests/Oracle
TESTS_OF_THE_PROGRAM := scripts/doc-test && Tests/Instructions/run && Tests/EndToEnd/run
SWIFT_SOURCES := Sources Tests Benchmarks Package.swift

.PHONY: help setup build demo run test lint format bench clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## install the Debian packages that building needs
	@scripts/setup build

build: setup ## build the program: .build/release/portcullis
	$(BUILD)

demo: build ## run the gateway with an identity provider and an MCP server of its own, on this machine only
	$(BINARY) demo

run: build ## run the gateway with CONFIG=conf/portcullis.yaml
	$(BINARY) serve --config $(CONFIG)

test: ## install what tests need, build, and run every check and test
	@scripts/setup test
	scripts/lint
	$(BUILD)
	scripts/side-by-side "$(UNIT_TESTS)" "$(TESTS_OF_THE_PROGRAM)"

lint: ## check formatting, file length, the target graph and the house rules
	@scripts/setup test
	scripts/lint

format: ## format the Swift sources
	swift format --in-place --parallel --configuration .swift-format --recursive $(SWIFT_SOURCES)

bench: build ## compare with OpenSSL, nginx, HAProxy and Envoy; see Benchmarks/run --help
	@scripts/setup bench
	$(RELEASE) --product token-checks
	.build/release/token-checks
	Benchmarks/run

clean: ## remove everything that was built
	rm -rf .build Tests/Oracle/.build .venv-e2e .venv-e2e-legacy .venv-bench
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
