# Golden Thread. `make help` lists the targets.

GO ?= go
DATA ?= data
LISTEN ?= 127.0.0.1:8080

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

STYLESHEET = api/web/assets/built/nhsuk.css
.PHONY: build
build: ## build bin/goldenthread, with the NHS design system's stylesheet where there is npm
	@test -f $(STYLESHEET) || ! command -v npm >/dev/null || $(MAKE) --no-print-directory stylesheet || echo "Without npm's registry the pages are plainer, and work."
	$(GO) build -o bin/goldenthread ./cmd/goldenthread

.PHONY: stylesheet
stylesheet: ## make the NHS design system's stylesheet anew, with npm (without it the pages are plainer)
	cd api && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build

.PHONY: run
run: build ## serve the example place at http://127.0.0.1:8080, data in ./data
	bin/goldenthread serve --data $(DATA) --listen $(LISTEN) --example trafford

.PHONY: test
test: ## run all tests
	$(GO) test ./...

.PHONY: race
race: ## run the tests under the race detector, with fewer rounds
	GOLDENTHREAD_RAPID_CHECKS=20 GOLDENTHREAD_KILL_ROUNDS=1 GOLDENTHREAD_FLIPS=0 $(GO) test -race ./...

FUZZTIME ?= 10s
.PHONY: fuzz
fuzz: ## fuzz every decoder for FUZZTIME (10s) each; a short minimising time, or that alone would take it all
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z]+' . | sed -E 's#^(.*)/[^/]+:[0-9]+:func (Fuzz.*)#\1 \2#' | while read -r dir name; do \
		$(GO) test $$dir -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; \
	done

.PHONY: bench
bench: ## durable commands beside a bare append and fsync of the same bytes; the log beside bare hashing
	$(GO) test ./eventstore/... -run '^$$' -bench . -benchtime 2s

.PHONY: kill
kill: ## kill -9 under load, 50 rounds (CI runs 5)
	GOLDENTHREAD_KILL_ROUNDS=50 $(GO) test ./eventstore -run Kill -count 1 -v -timeout 30m

.PHONY: flips
flips: ## damage a small store at 25 places of every file, and delete each file, in turn (minutes; CI tries 2 places)
	GOLDENTHREAD_FLIPS=25 $(GO) test ./eventstore -run EveryByteOfTheStore -count 1 -v -timeout 60m

INTEROP ?= $(CURDIR)/bin/interop
.PHONY: interop
interop: ## the log under software that is not ours: Tessera's fsck, and litewitness
	GOBIN=$(INTEROP) $(GO) install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
	GOBIN=$(INTEROP) $(GO) install filippo.io/torchwood/cmd/litewitness@v0.9.0
	GOLDENTHREAD_INTEROP=$(INTEROP) $(GO) test ./api ./eventstore/witness -run 'Fsck|Litewitness' -count 1

SCREENSHOTS ?= /tmp/goldenthread-screenshots
.PHONY: screenshots
screenshots: ## a picture of every page, on a phone, a desk and paper, in SCREENSHOTS
	GOLDENTHREAD_SCREENSHOTS=$(SCREENSHOTS) $(GO) test ./api -run Screenshots -count 1 && ls $(SCREENSHOTS)

.PHONY: minutes
minutes: ## rewrite the expected lines of the minutes scripts; read the diff
	$(GO) test ./domain -run Minutes -rewrite

.PHONY: lint
lint: ## gofmt, vet, staticcheck, exhaustive switches
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt-ed:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck -checks 'inherit,-S1016' ./...
	$(GO) tool go-check-sumtype ./...
	$(GO) mod tidy -diff

.PHONY: check
check: lint test interop race fuzz ## what CI runs
