# Golden Thread. `make help` lists the targets.

GO ?= go
DATA ?= data
LISTEN ?= 127.0.0.1:8080

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

STYLESHEET = api/web/assets/built/nhsuk.css
.PHONY: build
build: ## build bin/goldenthread, with the NHS design system's stylesheet where there is npm
	@test -f $(STYLESHEET) || ! command -v npm >/dev/null || $(MAKE) --no-print-directory stylesheet || echo "Without npm's registry the pages are plainer, and work."
	$(GO) build -o bin/goldenthread ./cmd/goldenthread

.PHONY: lab
lab: build ## build bin/goldenthread-lab: made-up histories and clusters, to measure and try things on
	$(GO) build -o bin/goldenthread-lab ./cmd/goldenthread-lab

.PHONY: stylesheet
stylesheet: ## make the NHS design system's stylesheet anew, with npm (without it the pages are plainer)
	cd api && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build

RELEASE ?= $(CURDIR)/bin/release
.PHONY: release
release: ## what is handed out, in RELEASE (bin/release): of the last commit alone, the same bytes wherever it is made with the same Go and npm
	mkdir -p $(RELEASE) && rm -f $(RELEASE)/goldenthread[-_]* $(RELEASE)/SHA256SUMS
	source=$$(mktemp -d) && trap 'rm -rf '$$source EXIT && git clone -q --no-tags . $$source && $(MAKE) -C $$source --no-print-directory release-here RELEASE=$(abspath $(RELEASE))

# release-here builds where it stands: release calls it in a clone, where nothing is that is not committed.
MAINTAINER ?= Golden Thread <goldenthread@localhost>
VERSION = $(shell sed -n 's/^const Number = "\(.*\)"/\1/p' api/version/version.go)
COMMIT = $(shell git rev-parse HEAD)
MADE = $(shell TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
FILES = bin/package
.PHONY: release-here
release-here: export GOFLAGS =
release-here: export LC_ALL = C
release-here: stylesheet
	mkdir -p $(FILES)
	GOBIN=$(CURDIR)/$(FILES) $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
	GOBIN=$(CURDIR)/$(FILES) $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
	for arch in amd64 arm64; do CGO_ENABLED=0 GOOS=linux GOARCH=$$arch GOAMD64=v1 GOARM64=v8.0 $(GO) build -trimpath -buildvcs=true -ldflags='-s -w' -o $(FILES)/goldenthread-linux-$$arch ./cmd/goldenthread || exit 1; done
	sed -e '1,/^$$/d' -e 's#/usr/local/bin#/usr/bin#' cmd/goldenthread/goldenthread.service > $(FILES)/goldenthread.service
	printf 'Golden Thread.\n\nWhat others wrote in it stands with each licence in licences.gz beside this file; goldenthread licences prints it.\n' > $(FILES)/copyright
	gzip -9nc cmd/goldenthread/licences.txt > $(FILES)/licences.gz
	printf 'goldenthread (%s) stable; urgency=medium\n\n  * What changed stands in NEWS.gz, beside this file.\n\n -- %s  %s\n' '$(VERSION)' '$(MAINTAINER)' "$$(date -u -R -d $(MADE))" | gzip -9n > $(FILES)/changelog.gz
	gzip -9nc cmd/goldenthread/CHANGELOG.md > $(FILES)/NEWS.gz
	for arch in amd64 arm64; do \
		ARCH=$$arch FILES=$(FILES) VERSION=$(VERSION) MAINTAINER='$(MAINTAINER)' SOURCE_DATE_EPOCH=$$(date -d $(MADE) +%s) $(FILES)/nfpm package -f cmd/goldenthread/package/nfpm.yaml -p deb -t $(RELEASE)/ && \
		GOOS=linux GOARCH=$$arch CGO_ENABLED=0 $(FILES)/cyclonedx-gomod app -json -std -licenses -noserial -notimestamp -output $(RELEASE)/goldenthread-linux-$$arch.cdx.json -main cmd/goldenthread . || exit 1; \
	done
	sed -i '/"tools": \[/,/"externalReferences"/{/"hashes": \[/,/^ *\],/d}' $(RELEASE)/goldenthread-*.cdx.json # of the tool itself, which has other bytes on each machine
	$(GO) run ./cmd/goldenthread-lab image --out $(RELEASE)/goldenthread-$(VERSION)-image.tar --version $(VERSION) --commit $(COMMIT) --made $(MADE) linux/amd64=$(FILES)/goldenthread-linux-amd64 linux/arm64=$(FILES)/goldenthread-linux-arm64
	cp $(FILES)/goldenthread-linux-* $(RELEASE)/
	cd $(RELEASE) && sha256sum -- goldenthread[-_]* > SHA256SUMS && cat SHA256SUMS

.PHONY: package-test
package-test: ## the package installed, upgraded, removed and purged in a fresh Debian; the image and the bills of materials read by other tools (root; after make release)
	cmd/goldenthread/package/test $(abspath $(RELEASE))

.PHONY: run
run: build ## serve the example place at http://127.0.0.1:8080, data in ./data
	bin/goldenthread serve --data $(DATA) --listen $(LISTEN) --example trafford

.PHONY: test
test: ## run all tests
	$(GO) test -timeout 30m ./...

.PHONY: race
race: ## run the short tests under the race detector, with fewer rounds (lint has vetted them); without what runs in the caller's goroutine alone (domain, evidence), and the command line, behind which the lab has the same server under load
	GOLDENTHREAD_RAPID_CHECKS=20 GOLDENTHREAD_KILL_ROUNDS=1 GOLDENTHREAD_PARTITION_ROUNDS=2 GOLDENTHREAD_FLIPS=0 $(GO) test -race -short -vet=off -timeout 30m $$($(GO) list ./... | grep -vE '/(domain|evidence|cmd/goldenthread$$)')

# Inputs, not seconds: where the time of -fuzztime runs out, Go before 1.27 now and then reports that as a failure (golang/go issue 75804).
FUZZ ?= 400000
.PHONY: fuzz
fuzz: ## fuzz every decoder with FUZZ (400000) inputs each, the slow ones with a fiftieth; few to minimise, or that alone would take it all
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z]+' . | sed -E 's#^(.*)/[^/]+:[0-9]+:func (Fuzz.*)#\1 \2#' | while read -r dir name; do \
		case $$name in FuzzRoutes|FuzzCommandBody|FuzzDecode|FuzzReadCommit|FuzzVerifyBundle|FuzzVerifiersOnBundle|FuzzVerifiersOnSignature) inputs=$$(( $(FUZZ) / 50 ));; *) inputs=$(FUZZ);; esac; \
		$(GO) test $$dir -run '^$$' -fuzz "^$$name\$$" -fuzztime $${inputs}x -fuzzminimizetime 10x || exit 1; \
	done

OPENFGA ?= $(CURDIR)/bin/openfga
.PHONY: openfga
openfga: ## OpenFGA's server into OPENFGA, which make bench asks beside the check where it is there
	GOBIN=$(OPENFGA) $(GO) install github.com/openfga/openfga/cmd/openfga@v1.22.1

.PHONY: bench
bench: ## one table: each row beside the bare work on the same bytes, PostgreSQL, SQLite and OpenFGA (make openfga) where there are
	GOLDENTHREAD_OPENFGA=$(OPENFGA) GOLDENTHREAD_BENCH=1 $(GO) test ./cmd/goldenthread-lab -run '^TestBench$$' -count 1 -v -timeout 30m

.PHONY: bench-go
bench-go: ## Go benchmarks of the store: execute, encode, decode, open
	$(GO) test ./eventstore/... -run '^$$' -bench . -benchtime 2s

QUESTIONS ?= 1000000
.PHONY: model
model: ## ask the program and the independent model of its rules QUESTIONS (1000000) questions about random histories
	GOLDENTHREAD_MODEL_QUESTIONS=$(QUESTIONS) $(GO) test ./domain/model -run '^TestAgainstTheProgram$$' -count 1 -v -timeout 60m

MUTANTS ?= 100
SEEDS ?= 100000
TIME ?= 5m
.PHONY: simulate
simulate: ## play up to SEEDS (100000) random scripts of commands and faults under a simulated clock, for TIME (5m), from seed FIRST (1) on (CI plays 1,000)
	GOLDENTHREAD_SIMULATE_SEEDS=$(SEEDS) GOLDENTHREAD_SIMULATE_TIME=$(TIME) GOLDENTHREAD_SIMULATE_FIRST=$(FIRST) $(GO) test ./eventstore/simulation -run '^TestSeeds$$' -count 1 -v -timeout 48h

.PHONY: planted
planted: ## plant each of some 60 mistakes in the store, the keys, the witnesses, the mail and the rules, one at a time: the simulator must find it (half an hour)
	GOLDENTHREAD_PLANTED=. $(GO) test ./eventstore/simulation -run '^Test(PlantedMistakes|MistakesAreFound)' -count 1 -v -timeout 120m

.PHONY: mutants
mutants: ## reverse MUTANTS (100) conditions of domain, one at a time: its tests must notice nine of ten (an hour; SEED is another choice)
	GOLDENTHREAD_MUTANTS=$(MUTANTS) GOLDENTHREAD_MUTANTS_SEED=$(SEED) $(GO) test ./cmd/goldenthread-lab -run '^TestMutantsAreNoticed$$' -count 1 -v -timeout 5h

.PHONY: probing
probing: ## 10,000 timed requests of each kind into ledgers that may not be read: nobody can tell which is which (CI sends 2,000, and compares the work)
	GOLDENTHREAD_PROBES=10000 $(GO) test ./api -run '^TestProbingTakesTheSameTime$$' -count 1 -v -timeout 60m

.PHONY: kill
kill: ## kill -9 under load, the store and the whole program over HTTP, 50 rounds each (CI runs 5 and 3)
	GOLDENTHREAD_KILL_ROUNDS=50 $(GO) test ./eventstore ./cmd/goldenthread-lab -run Killed -count 1 -v -timeout 30m

.PHONY: faults
faults: ## disk full, slow or without power, a clock that jumps, stuck clients, 10,000 feeds, 500 and 5,000 beside writes, a soak of 10 minutes, stop and backup under load
	GOLDENTHREAD_CLOCK_JUMPS=1000 $(GO) test ./eventstore -run 'ClockJumps' -count 1 -v -timeout 10m
	GOLDENTHREAD_FEEDS=10000 GOLDENTHREAD_SOAK=10m GOLDENTHREAD_SLOW_ROUNDS=5 GOLDENTHREAD_POWER_CUTS=50 $(GO) test ./cmd/goldenthread-lab \
		-run 'DiskFull|SlowDisk|PowerCut|ClockOff|Stuck|ManyFeeds|Soak|StoppedUnder|Backup' -count 1 -v -timeout 40m
	for feeds in 500 5000; do GOLDENTHREAD_FEEDS_BESIDE=$$feeds $(GO) test ./cmd/goldenthread-lab -run FeedsBesideWrites -count 1 -v -timeout 5m || exit 1; done

.PHONY: cluster
cluster: lab ## three stream servers and two nodes on this machine, at 8081 and 8082, data in ./cluster
	bin/goldenthread-lab cluster --data cluster

BEFORE ?= 3912445
.PHONY: cluster-test
cluster-test: ## two nodes while leaders are killed, the network is cut, all is restarted and upgraded from the commit BEFORE: one ledger's history, and the same people let in; two nodes against one
	GOLDENTHREAD_UPGRADE_FROM=$(BEFORE) $(GO) test ./cmd/goldenthread-lab -run RollingUpgrade -count 1 -v -timeout 20m
	GOLDENTHREAD_CLUSTER_ROUNDS=10 GOLDENTHREAD_PARTITION_ROUNDS=16 GOLDENTHREAD_ROLLING_ROUNDS=5 GOLDENTHREAD_PACE=5s $(GO) test ./cmd/goldenthread-lab \
		-run 'ClusterIsOneLedger|Partitions|RollingRestart|NodesShare|TwoNodes|Guarded' -count 1 -v -timeout 30m

.PHONY: england
england: lab ## a year of England, made up, in ./england (ODS: folder with the lists)
	bin/goldenthread-lab generate --data england --years 1 --organisations $(ODS)/practices_epraccur_2026-03-02.csv,$(ODS)/pcns_2026-01-02.csv --memberships $(ODS)/pcn_membership_2026-03-02.csv

.PHONY: flips
flips: ## damage a small store at 25 places of every file, and every file of a data folder in six ways, alone and with the stream; prints the tables (minutes; CI tries some)
	GOLDENTHREAD_FLIPS=25 $(GO) test ./eventstore -run EveryByteOfTheStore -count 1 -v -timeout 60m
	GOLDENTHREAD_FLIPS=1 $(GO) test ./cmd/goldenthread -run DamageToEveryFile -count 1 -v -timeout 60m

INTEROP ?= $(CURDIR)/bin/interop
.PHONY: interop
interop: ## the log under software that is not ours: Tessera's fsck, and litewitness
	GOBIN=$(INTEROP) $(GO) install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
	GOBIN=$(INTEROP) $(GO) install filippo.io/torchwood/cmd/litewitness@v0.9.0
	GOLDENTHREAD_INTEROP=$(INTEROP) $(GO) test ./api ./eventstore/witness -run 'Fsck|Litewitness' -count 1

INTERFACES ?= $(CURDIR)/bin/interfaces
.PHONY: interfaces
interfaces: ## the API's description under redocly and spectral, clients made of it in Go and TypeScript, 100 calls through a validating proxy, the calendar under ical.js (with npm)
	cd api/interfaces && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	GOBIN=$(INTERFACES) $(GO) install github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
	GOLDENTHREAD_INTERFACES=$(INTERFACES) $(GO) test ./api -run '^TestInterfaces' -count 1 -v -timeout 15m

.PHONY: office
office: ## spreadsheets, CSV files, minutes and papers opened by LibreOffice, and read back (Debian: libreoffice-calc libreoffice-writer libreoffice-draw)
	GOLDENTHREAD_OFFICE=1 $(GO) test ./api -run '^TestOpenedByLibreOffice$$' -count 1 -v -timeout 10m

.PHONY: monitoring
monitoring: ## the alerts under promtool, Prometheus's own (Debian: prometheus), and the dashboard's metrics against a server's
	@command -v promtool >/dev/null || { echo "There is no promtool here: apt-get install prometheus"; exit 1; }
	$(GO) test ./cmd/goldenthread -run 'Alerts' -count 1 -v

.PHONY: proxies
proxies: ## the program behind nginx and Caddy as Debian has them (nginx-light, caddy), with the examples of its README
	@for tool in nginx caddy; do command -v $$tool >/dev/null || { echo "There is no $$tool here: apt-get install nginx-light caddy"; exit 1; }; done
	GOLDENTHREAD_PROXIES=1 $(GO) test ./cmd/goldenthread -run '^TestProxies$$' -count 1 -v

.PHONY: measured
measured: stylesheet ## every page under pa11y and html-validate, Lighthouse on a phone, and axe in forced colours and at 320 pixels too (with npm and chromium; a quarter of an hour)
	cd api/measured && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	GOLDENTHREAD_MEASURED=1 $(GO) test ./api -run '^Test(Measured|EveryPage)$$' -count 1 -v -timeout 60m

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
	$(GO) tool exhaustive -d -typeignore '(^reflect\.Kind|^crypto\.Hash|jsontext\.Kind|FieldKind)$$' ./...
	$(GO) mod tidy -diff

.PHONY: check
check: lint test interop race fuzz ## what CI runs
