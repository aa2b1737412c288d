# The commands of this project. `make test` is the one that must pass.

CARGO ?= cargo
CARGO_DENY_VERSION = 0.20.2
CARGO_FUZZ_VERSION = 0.13.2
CARGO_DEB_VERSION = 3.8.0
CARGO_CYCLONEDX_VERSION = 0.5.9
CARGO_GENERATE_RPM_VERSION = 0.21.1
TOOLS = target/tools
DENY = $(TOOLS)/bin/cargo-deny
FUZZ = $(TOOLS)/bin/cargo-fuzz
DEB = $(TOOLS)/bin/cargo-deb
CYCLONEDX = $(TOOLS)/bin/cargo-cyclonedx
RPM = $(TOOLS)/bin/cargo-generate-rpm
DEPLOY_TOOLS = $(TOOLS)/deploy/installed
# How long each target is fuzzed.
FUZZ_SECONDS ?= 60

.PHONY: help build build-release release package rpm reproducible demo stack drill alerting alerts dashboards test lint \
	deny unit rules integration docs measure measure-scale measure-rules bench bench-pure bench-guard bench-load peers \
	fleet screenshots soak fuzz fuzz-keep fuzz-lint debian-packages compiler packaging test-install clean

help: ## Show these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

build: ## Build for development
	$(CARGO) build --locked

build-release: ## Build for use on this machine: target/release/overpay_exporter
	$(CARGO) build --locked --release

package: $(DEB) packaging ## The package for Debian, in target/dist
	CARGO="$(CARGO)" scripts/release package

rpm: $(RPM) ## The RPM, in target/dist
	CARGO="$(CARGO)" scripts/release rpm

release: $(DEB) $(RPM) $(CYCLONEDX) packaging ## All that is handed out, in target/dist
	CARGO="$(CARGO)" scripts/release

reproducible: $(DEB) $(RPM) $(CYCLONEDX) packaging ## Make the release twice, in different places, and compare
	CARGO="$(CARGO)" scripts/reproducible

demo: build ## Build, then poll and serve simulated money
	target/debug/overpay_exporter demo

stack: build alerting ## The demo with a real Prometheus and Alertmanager beside it; alerts are printed as they arrive
	scripts/stack

drill: build alerting ## The same, with a channel that runs dry and a provider that fails
	scripts/stack drill

alerting:
	$(CARGO) build --locked --example webhook
	@scripts/install-debian-packages prometheus=prometheus prometheus-alertmanager=prometheus-alertmanager curl=curl

alerts: ## Write again what is generated of alerts/source: the rules for Prometheus and for Kubernetes
	alerts/generate > alerts/overpay.rules.yml.new && mv alerts/overpay.rules.yml.new alerts/overpay.rules.yml
	alerts/generate --kubernetes > alerts/kubernetes/prometheusrule.yml.new
	mv alerts/kubernetes/prometheusrule.yml.new alerts/kubernetes/prometheusrule.yml

dashboards: ## Write again what is generated of examples/dashboards: the dashboards for Grafana
	$(CARGO) run --locked --example dashboards

test-install: release ## Install the package on a bare Debian that systemd has booted, and try there what it promises; needs root
	@scripts/install-debian-packages debootstrap=debootstrap systemd-nspawn=systemd-container
	CARGO="$(CARGO)" DIST=target/install/upgrade PACKAGE_REVISION=2 scripts/release package
	scripts/test-install "$$($(CARGO) test --locked --test install --no-run --message-format=json | \
		sed -n 's/.*"executable":"\([^"]*\/install-[^"]*\)".*/\1/p')"

test: lint unit rules integration deny ## Everything that must pass; installs what it needs

lint: ## Formatting and lints
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

unit: ## The fast tests
	$(CARGO) test --locked --lib --bins

# By themselves, since they take all processors there are.
rules: debian-packages ## What the alert rules tell and do not tell, by promtool
	@printf '%s\n' alerts/tests/*.yml | xargs -P 2 -n 1 scripts/test-rules

# These tests wait more than they work, so more of them run at once than there are processors.
integration: debian-packages $(DEPLOY_TOOLS) ## The real program, driven by flags, signals and files, and scraped by a real Prometheus
	RUST_TEST_THREADS=8 $(CARGO) test --locked --test deploy --test docs --test fuzzed --test it --test packaging -- --skip crush::
# By itself, since a crowd of clients leaves the others no time.
	$(CARGO) test --locked --test it crush::
	$(CARGO) test --locked --test soak

deny: $(DENY) ## Licences, bans and sources of what is built in
	$(DENY) check licenses bans sources

$(DENY): Makefile
	$(CARGO) install --locked --version $(CARGO_DENY_VERSION) --root $(TOOLS) --target-dir target/tools-build cargo-deny
	rm -rf target/tools-build
	touch $@

$(DEPLOY_TOOLS): tests/deploy/requirements.txt scripts/install-deploy-tools
	@scripts/install-debian-packages python3:ensurepip=python3-venv
	scripts/install-deploy-tools $(TOOLS)/deploy

fuzz: $(FUZZ) fuzz-lint ## Fuzz all that reads what others write, FUZZ_SECONDS (60) for each target
	scripts/fuzz $(FUZZ_SECONDS)

fuzz-keep: $(FUZZ) compiler ## Keep the few inputs that reach most of what fuzzing reached, in fuzz/corpus
	scripts/fuzz keep

fuzz-lint: compiler ## Formatting and lints of the fuzz targets
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --manifest-path fuzz/Cargo.toml --target-dir target --locked --all-targets -- -D warnings

$(FUZZ): Makefile
	$(CARGO) install --locked --version $(CARGO_FUZZ_VERSION) --root $(TOOLS) --target-dir target/tools-build cargo-fuzz
	rm -rf target/tools-build
	touch $@

$(DEB): Makefile
	$(CARGO) install --locked --version $(CARGO_DEB_VERSION) --root $(TOOLS) --target-dir target/tools-build cargo-deb
	rm -rf target/tools-build
	touch $@

$(CYCLONEDX): Makefile
	$(CARGO) install --locked --version $(CARGO_CYCLONEDX_VERSION) --root $(TOOLS) --target-dir target/tools-build \
		cargo-cyclonedx
	rm -rf target/tools-build
	touch $@

$(RPM): Makefile
	$(CARGO) install --locked --version $(CARGO_GENERATE_RPM_VERSION) --root $(TOOLS) --target-dir target/tools-build \
		cargo-generate-rpm
	rm -rf target/tools-build
	touch $@

docs: ## Write again what is generated: docs/metrics.md, docs/config.schema.json, the matrix in docs/reliability.md
	UPDATE_DOCS=1 $(CARGO) test --locked --test docs
	UPDATE_DOCS=1 $(CARGO) test --locked --test it faults::page

measure: build-release ## Memory, scrape time and binary size, as docs/measurements.md tells them
	@scripts/install-debian-packages curl=curl
	scripts/measure

measure-scale: build-release ## What one instance with many queries costs, as docs/scaling.md tells it
	@scripts/install-debian-packages curl=curl
	scripts/measure scale

fleet: build-release ## 20,000 queries in shards and replicas under a real Prometheus, which die and change: an hour
	@scripts/install-debian-packages curl=curl jq=jq prometheus=prometheus
	scripts/fleet

measure-rules: build-release ## How long a Prometheus takes for the rules
	@scripts/install-debian-packages curl=curl prometheus=prometheus
	scripts/measure rules

bench: bench-pure bench-guard bench-load ## All that docs/performance.md tells but the peers: an hour

bench-pure: ## The pure parts, timed by criterion
	$(CARGO) bench --locked --profile pure --bench pure

bench-guard: ## Instructions of the pure parts, compared with benches/instructions.txt
	CARGO="$(CARGO)" scripts/bench-guard

bench-load: ## Scrapes, polls, memory and more, beside nginx and a bare client; scripts/bench --help for parts of it
	CARGO="$(CARGO)" scripts/bench

peers: ## The same work by what people would run instead
	CARGO="$(CARGO)" scripts/peers

soak: ## Faults, reloads and scrapes for MINUTES (5 unless given), every number compared with the truth
	CARGO="$(CARGO)" scripts/soak $(MINUTES)

screenshots: debian-packages ## Take again the pictures of the status page in docs/images
	mkdir -p docs/images
	$(CARGO) test --locked --test it -- --ignored browser::pictures

debian-packages: ## What the tests need of Debian: Prometheus, Alertmanager, chromium, clocks and names that can be set
	@scripts/install-debian-packages prometheus=prometheus prometheus-alertmanager=prometheus-alertmanager \
		chromium=chromium chromedriver=chromium-driver \
		faketime/libfaketime.so.1=libfaketime libnss_wrapper.so=libnss-wrapper

packaging: ## What packages need of Debian: to find out which libraries the program is linked with
	@scripts/install-debian-packages dpkg-shlibdeps=dpkg-dev

compiler: ## What libFuzzer needs of Debian: a C++ compiler
	@scripts/install-debian-packages c++=g++

clean: ## Remove what was built
	$(CARGO) clean
