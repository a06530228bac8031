# `make help` lists the targets. Each works alone. .ci/run runs those of `all`
# and prints how long each takes.
GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT = go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
APIDIFF = golang.org/x/exp/cmd/apidiff@v0.0.0-20260908205506-85c1c2202aba
NESTED = $(patsubst ./%/go.mod,%,$(shell find . -mindepth 2 -name go.mod))
MODULES = . $(NESTED)

# The newest patch of the oldest Go version that the root module supports.
OLDEST_GO = go1.25.14

EXAMPLES = $(filter-out $(NESTED),$(patsubst %/main.go,%,$(wildcard examples/*/main.go)))

.PHONY: all help examples test oldest budgets nested sends fmt vet tidy lint workflows fuzz chaos outbox-fire mutants bench bench-otel bench-outbox bench-campaign scale pictures words apidiff vuln vuln-check release release-check release-artifacts sbom

all: examples test oldest budgets nested sends release-check vuln-check fmt vet tidy lint fuzz ## everything that CI runs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

examples: ## run the example programs
	@set -e; for e in $(EXAMPLES); do echo "go run ./$$e"; go run ./$$e; done

test: ## test the root module under the race detector
	go test -race ./...

# Without the race detector, which `test` has: this one is about what an older
# compiler and standard library refuse or do differently.
oldest: export GOTOOLCHAIN = $(OLDEST_GO)
oldest: ## test the SDK, the sandbox, the gateways and the flows with the oldest supported Go
	go version
	go test . ./kirimtest/... ./gateway/... ./flows/...

# Apart from the other tests: the race detector allocates, and Go versions
# differ by a few allocations.
budgets: ## check how much a call may allocate, also with telemetry
	go test -count=1 -v -tags budgets -run 'Budget|Allocates' .
	cd kirimotel && go test -count=1 -v -tags budgets -run Budget .

# SQLite, which is C translated to Go, is many times slower under the race
# detector. The suite of the outbox runs under it over PostgreSQL. The processes of
# outbox/fire are built without it in any case. Under it a part of the combinations of
# templates is generated, and all of them after it.
nested: ## test the nested modules under the race detector
	@set -e; for m in $(NESTED); do \
		race=-race; case $$m in outbox/outboxsqlite|outbox/fire) race= ;; esac; \
		echo "$$m:"; (cd $$m && go test $$race ./...); done
	cd templates && go test -count=1 -run TheCodeOfEachCombination .

# Without the race detector, under which there are fewer of them.
sends: ## send 100,000 messages over a network that loses some, and through outages
	cd fire && go test -count=1 -v -run 'HundredThousandSends|Outage|Blip' .

# Ten times what `make nested` sends. SEED chooses the faults of each message.
SEED ?= 1

chaos: ## send 42,000 messages over 21 transports with every fault; SEED=1
	cd fire && go test -count=1 -v -timeout 30m -run Chaos . -chaos.messages=42000 -chaos.seed=$(SEED)

# It takes an installed PostgreSQL, of which it starts servers of its own. `make nested`
# runs a tenth, TENTHS=1.
TENTHS ?= 10

outbox-fire: ## kill the processes, the database and the server under an outbox; TENTHS=10 SEED=1
	cd outbox/fire && go test -count=1 -v -timeout 60m . -fire.tenths=$(TENTHS) -fire.seed=$(SEED)

# Takes hours: SAMPLE=150 tries so many of them, which SEED chooses.
SAMPLE ?= 0

mutants: ## check that a test notices each mutation of the deciding files; SAMPLE=150 for a sample
	go run ./internal/mutate -sample $(SAMPLE) -seed $(SEED)

fmt: ## check that gofmt changes nothing
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

vet: ## run go vet in each module
	@set -e; for m in $(MODULES); do (cd $$m && go vet ./...); done

tidy: ## check that go mod tidy changes nothing
	@set -e; for m in $(MODULES); do (cd $$m && go mod tidy -diff); done

# What the tests of docs/ compare with the committed files.
pictures: ## draw docs/*.svg again
	go run ./docs/pictures

words: ## lower the counts of docs/check/words.txt to what is left
	go test ./docs/check -count=1 -run WordsAreThoseOfTheField -update

workflows: ## lint the workflow files
	$(ACTIONLINT) -shellcheck= -pyflakes=
	$(ACTIONLINT) -shellcheck= -pyflakes= docs/templates-workflow.yml

# What changed in the exported API since BASE: the last tag, or, as long as
# there is none, the commit before.
BASE ?= $(shell git describe --tags --abbrev=0 --match 'v*' 2>/dev/null)

apidiff: ## list the changes of the exported API; BASE=v0.1.0
	@set -e; base="$(BASE)"; \
	if [ -z "$$base" ]; then base=HEAD~1; echo "There is no tag yet: comparing with the commit before."; fi; \
	tmp=$$(mktemp -d); trap 'git worktree remove --force "$$tmp/base" 2>/dev/null || true; rm -rf "$$tmp"' EXIT; \
	GOBIN="$$tmp" go install $(APIDIFF); \
	git worktree add --quiet --detach "$$tmp/base" "$$base"; \
	(cd "$$tmp/base" && "$$tmp/apidiff" -m -w "$$tmp/old" github.com/kirim-go/kirim); \
	"$$tmp/apidiff" -m -w "$$tmp/new" github.com/kirim-go/kirim; \
	echo "Against $$(git rev-parse --short "$$base"), tests and nested modules aside:"; \
	"$$tmp/apidiff" -m "$$tmp/old" "$$tmp/new" | tee "$$tmp/report"; \
	[ -s "$$tmp/report" ] || echo "No change of the exported API."

# VULNDB is the URL of another database than Go's, such as file:///srv/vulndb.
VULNDB ?=

vuln: ## look for known vulnerabilities in what each module calls; asks Go's vulnerability database
	VULNDB='$(VULNDB)' .ci/vuln $(MODULES)

vuln-check: ## check that make vuln fails on a vulnerability; asks no database
	.ci/vuln

release: ## check the version, the changelog and the module of a tag; TAG=cmd/kirim/v0.1.0
	@version=$$(sed -n 's/^const Version = "\(.*\)"/\1/p' client.go); \
	if [ "$(notdir $(TAG))" != "v$$version" ]; then echo "TAG is \"$(TAG)\", but Version in client.go is $$version"; exit 1; fi; \
	if [ ! -f "$(dir $(TAG))go.mod" ]; then echo "TAG is \"$(TAG)\", but there is no module in $(dir $(TAG))"; exit 1; fi; \
	if grep -q '=>' "$(dir $(TAG))go.mod"; then echo "$(dir $(TAG))go.mod replaces modules, so nobody could use $(TAG): push the tags that make release-check makes"; exit 1; fi; \
	if ! grep -q "^## $$version " CHANGELOG.md; then echo "CHANGELOG.md has no section $$version"; exit 1; fi; \
	echo "$(TAG) is the version in client.go and has its section in CHANGELOG.md."

# KEEP is a new directory that gets the clone with the commits and tags.
VERSION ?= $(if $(TAG),$(notdir $(TAG)),v0.0.0-check)
KEEP ?=

release-check: ## build and run each released module from outside, and make its artifacts; VERSION=v0.1.0 KEEP=../release
	go run ./internal/releasecheck -version $(VERSION) -keep '$(KEEP)'

# Everything for VERSION, or what belongs to one TAG. It is made from the
# last commit, whatever else there is in the directory.
PLATFORMS ?= darwin/amd64,darwin/arm64,linux/amd64,linux/arm64,windows/amd64,windows/arm64

release-artifacts: ## write binaries, SBOMs and checksums into dist/; VERSION=v0.1.0 or TAG=cmd/kirim/v0.1.0
	rm -rf dist
	go run ./internal/releasecheck -version $(VERSION) -artifacts dist -platforms '$(PLATFORMS)' \
		-module '$(if $(TAG),$(patsubst %/,%,$(dir $(TAG))))'

sbom: PLATFORMS = $(shell go env GOOS)/$(shell go env GOARCH)
sbom: release-artifacts ## write the SBOM of each module, and the binary for this platform with its SBOM, into dist/

lint: workflows ## lint each module and the workflow files
	@set -e; for m in $(MODULES); do echo "$$m:"; (cd $$m && $(GOLANGCI_LINT) run ./...); done

# Each round runs all contenders once, so that they share the machine's moods.
# The default http.Client leaves thousands of closed connections behind, which
# would slow down whoever comes next: it comes last.
ROUNDS = 1 2 3 4 5 6
BENCHSTAT = go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

bench: ## measure beside net/http and other SDKs; writes bench/RESULTS.md; needs KIRIM_TEST_POSTGRES and KIRIM_TEST_REDIS
	@set -e; cd bench; go test -c -o bench.test .; : > results.out; \
	run() { ./bench.test -test.run '^$$' -test.bench "$$1" -test.benchtime $$2 >> results.out; }; \
	for round in $(ROUNDS); do echo "round $$round"; \
		run 'Send|Refused|DecodeError|List|Verify|Event' 0.2s; \
		run 'All|Parked|Binary|MillionStatuses' 1x; \
		run WebhookServer 20000x; done; \
	for round in $(ROUNDS) 7 8 9 10; do run 'Bulk/client=kirim' 50000x; run 'Bulk/client=nethttp-tuned' 50000x; done; \
	for round in $(ROUNDS) 7 8 9 10; do run 'Bulk/client=nethttp-default' 50000x; done; \
	(cd .. && go test -count=1 -v -run PacedPrograms .) | grep ^Benchmark > simulated.out; \
	(cd ../fire && go test -count=1 -v -run 'AnOutage|EndOfAnOutage|Blip' .) | grep ^Benchmark >> simulated.out; \
	$(BENCHSTAT) -col /client results.out; \
	go run ./report results.out simulated.out

bench-otel: ## measure telemetry beside otelhttp around net/http
	cd kirimotel && go test -count=1 -v -run Cost . -rounds 400

bench-outbox: ## measure the outbox beside River; writes bench/OUTBOX.md; needs KIRIM_TEST_POSTGRES
	cd bench && go run ./outbox

bench-campaign: ## send a million messages through the outbox; writes bench/CAMPAIGN.md; starts a PostgreSQL, takes an hour; MESSAGES=1000000
	cd bench && go run ./outbox -campaign $(or $(MESSAGES),1000000)

scale: ## print the tables of docs/scale.md
	cd bench && go run ./scale

fuzz: ## fuzz each target; FUZZTIME=6s
	@.ci/fuzz $(or $(FUZZTIME),6s)
