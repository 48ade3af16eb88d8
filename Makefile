# What can be done here; `make` or `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help build test test-env browser e2e record-envoy record-sidecars update bench compare ci

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## Build the release binaries and say their sizes
	cargo build --release -p kubectl-mesh-identities -p kubectl-mesh-who-can-reach
	@ls -l target/release/kubectl-mesh-identities target/release/kubectl-mesh-who_can_reach

test: ## Run every test (the README's second command)
	cargo test --workspace

test-env: ## Build the control plane of the live tests (Go; a quarter of an hour once, then nothing)
	tests/env/build

e2e: test-env browser ## Run the live tests on that control plane, and pages in a browser; they fail where these cannot be had
	cargo build --workspace --bins
	cargo test --workspace --features mesh-tests/live --test live --test pictures

browser: ## Get Chromium and Graphviz for the tests of pictures (apt-get, as root)
	tests/env/browser

record-envoy: test-env ## Ask istiod's compiler for Envoys the questions of tests/oracle/envoy anew
	cargo run -q -p mesh-testkit --bin envoy-questions -- 1 600 >target/envoy-questions.jsonl
	"$$(tests/env/build --where)/bin/istio-rbac" <target/envoy-questions.jsonl >target/envoy-answers.jsonl
	gzip -9n -c target/envoy-questions.jsonl >tests/oracle/envoy/questions.jsonl.gz
	gzip -9n -c target/envoy-answers.jsonl >tests/oracle/envoy/answers.jsonl.gz

record-sidecars: test-env ## Ask istiod itself the questions of tests/oracle/sidecars anew
	cargo run -q -p mesh-testkit --bin sidecar-questions -- 1 300 >target/sidecar-questions.jsonl
	"$$(tests/env/build --where)/bin/istio-sidecars" <target/sidecar-questions.jsonl >target/sidecar-answers.jsonl
	gzip -9n -c target/sidecar-questions.jsonl >tests/oracle/sidecars/questions.jsonl.gz
	gzip -9n -c target/sidecar-answers.jsonl >tests/oracle/sidecars/answers.jsonl.gz

update: ## Write transcripts and generated documents anew; look at the difference before you keep it
	UPDATE=1 cargo test -p kubectl-mesh-identities --test cli transcripts
	UPDATE=1 cargo test -p kubectl-mesh-who-can-reach --test cli
	UPDATE=1 cargo test -p mesh-tests --test docs

bench: ## Measure the engine and the whole program on a generated mesh of 10,000 pods
	cargo bench -p mesh-common --bench engine
	cargo build --release -p kubectl-mesh-who-can-reach
	cargo run --release -p mesh-testkit --bin compare-with-jq

bench-cluster: test-env ## Measure a question about a cluster of 10,000 pods against kubectl
	cargo build --release -p kubectl-mesh-who-can-reach
	cargo run -p mesh-testkit --features cluster --bin compare-with-kubectl

compare: ## Ask np-guard's netpol-analyzer about fresh meshes, compare its answers with ours, measure both (Go)
	cargo build --release -p kubectl-mesh-who-can-reach
	analyzer=$$(tests/env/build --netpol-analyzer) && \
	cargo run --release -p mesh-tests --bin compare-with-netpol-analyzer -- "$$analyzer/bin"

ci: ## Run what must hold before a change is on main
	.ci/run
