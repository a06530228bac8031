# The targets that CI runs, in its order. Each works alone.
GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
NESTED = $(patsubst ./%/go.mod,%,$(shell find . -mindepth 2 -name go.mod))
MODULES = . $(NESTED)

EXAMPLES = $(filter-out $(NESTED),$(patsubst %/main.go,%,$(wildcard examples/*/main.go)))

.PHONY: all bench budgets examples test nested fmt vet tidy lint fuzz

all: examples test budgets nested fmt vet tidy lint

examples:
	@set -e; for e in $(EXAMPLES); do echo "go run ./$$e"; go run ./$$e; done

test:
	go test -race ./...

# The race detector allocates, so that these run without it.
budgets:
	go test -run Budget .

nested:
	@set -e; for m in $(NESTED); do echo "$$m:"; (cd $$m && go test -race ./...); done

fmt:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

vet:
	@set -e; for m in $(MODULES); do (cd $$m && go vet ./...); done

tidy:
	@set -e; for m in $(MODULES); do (cd $$m && go mod tidy -diff); done

lint:
	@set -e; for m in $(MODULES); do echo "$$m:"; (cd $$m && $(GOLANGCI_LINT) run ./...); done

# Each round runs all contenders once, so that they share the machine's moods.
ROUNDS = 1 2 3 4 5 6
BENCHSTAT = go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

bench:
	@set -e; cd bench; go test -c -o bench.test .; : > results.out; \
	for round in $(ROUNDS); do echo "round $$round"; \
		./bench.test -test.run '^$$' -test.bench 'Send|Refused|DecodeError|List|Verify|Event' -test.benchtime 0.2s >> results.out; \
		./bench.test -test.run '^$$' -test.bench 'All|Parked' -test.benchtime 1x >> results.out; \
		./bench.test -test.run '^$$' -test.bench Bulk -test.benchtime 50000x >> results.out; done; \
	$(BENCHSTAT) -col /client results.out; \
	go run ./report results.out

fuzz:
	go test -run '^$$' -fuzz FuzzDecodeError -fuzztime 30s .
	go test -run '^$$' -fuzz FuzzOutboundMessage -fuzztime 30s .
	go test -run '^$$' -fuzz FuzzSignatureHeader -fuzztime 30s .
	go test -run '^$$' -fuzz 'FuzzEvent$$' -fuzztime 30s .
