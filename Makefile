# Every target is a command that a person would type. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
LINT_VERSION := v2.15.0
FUZZTIME ?= 60s
BIN := $(CURDIR)/bin

.PHONY: help
help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: check
check: $(BIN)/golangci-lint ## format, modules, vet, lint, import directions
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go mod tidy -diff
	cd internal/contract && go mod tidy -diff && go vet ./...
	go vet ./...
	$(BIN)/golangci-lint run ./...

# The program itself is tested as it is shipped; its parts, and all of them in one process (internal/demo), with the race
# detector. SQLite is C that was translated: it takes most of a raced test's time, and has no races that are ours. The machine
# (pipeline) starts no goroutine (law 1): with the detector its 1,500 random stories take nine times as long and show nothing. What takes longest begins first, so that nothing waits for it at the end.
MODULE := github.com/gatehouse-app/gatehouse
PLAIN := $(MODULE)/cmd/gatehouse $(MODULE)/pipeline
LONG := $(MODULE)/internal/demo $(MODULE)/internal/engine
RACE := -race '-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0'

.PHONY: test
test: ## all tests; all but those of the program itself and of the pure machine with the race detector
	go test $(RACE) -timeout 20m $(LONG) $$(go list ./... | grep -vxF "$$(printf '%s\n' $(PLAIN) $(LONG))")
	go test -timeout 20m $(PLAIN)
	cd internal/contract && go test ./...

.PHONY: race
race: ## the rest with the race detector, in the program too: a quarter of an hour
	go test $(RACE) -timeout 40m $(PLAIN)

.PHONY: golden
golden: ## rewrite the golden files; review the diff
	go test ./pipeline ./templates ./handlers ./internal/firebase -update

.PHONY: bench
bench: ## benchmarks that print ratios; docs/performance.md keeps them
	go test -run '^$$' -bench . -benchtime 2s -skip 'Acknowledge|Latency|ReleaseCosts|Waiting' ./...
	go test -run '^$$' -bench Acknowledge -benchtime 20000x ./handlers
	go test -run '^$$' -bench 'ReleaseCosts|Waiting' -benchtime 3x ./internal/demo
	go test -run '^$$' -bench Latency -benchtime 100x ./internal/demo

.PHONY: kills
kills: ## the kill table of docs/reliability.md: one process of each store's, 20 times
	@for s in SQLite PostgreSQL Firestore; do \
	  GATEHOUSE_TEST_REQUIRE=postgres,firestore go test -count=1 -race ./cmd/gatehouse -run "FleetKilled/$$s" -v -fleetkills 20 | grep -E '^ok|FAIL|\| [0-9]|seed|PASS: .*/'; done

.PHONY: throughput
throughput: ## releases a minute with 1, 2 and 4 programs on PostgreSQL
	@for d in 0 200ms; do echo "GitHub answers in $$d"; \
	  GATEHOUSE_TEST_REQUIRE=postgres go test -count=1 -timeout 20m ./cmd/gatehouse -run 'FleetThroughput' -v -throughput 16 -distance $$d | grep -E '^ok|FAIL|\| [0-9]'; done

.PHONY: flood
flood: ## 10,000 webhooks of one repository at once, into a real process
	@go test -count=1 ./cmd/gatehouse -run 'TestFlood$$' -v -flood 10000 | grep -E '^ok|FAIL|\| [0-9]'

.PHONY: picture
picture: ## take the README's picture of a run again, from the demo; needs Chromium
	GATEHOUSE_SHOTS=$(CURDIR)/docs/pictures GATEHOUSE_TEST_REQUIRE=chromium go test -count=1 -run TestPicture ./internal/demo

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (60s) each
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' pipeline handlers templates internal); do \
	  for name in $$(grep -oE '^func (Fuzz[A-Za-z0-9]*)' $$f | cut -d' ' -f2); do \
	    echo "== $$name ($$(dirname $$f))"; go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) ./$$(dirname $$f); done; done

.PHONY: mutants
mutants: ## each law's named mutation turns exactly its test red
	go run ./internal/mutants

.PHONY: demo
demo: ## the main job, on this machine, with no account
	go run ./cmd/gatehouse demo

$(BIN)/golangci-lint:
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
