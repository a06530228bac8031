# The targets that CI runs, in its order. Each works alone.
GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
NESTED = $(patsubst ./%/go.mod,%,$(shell find . -mindepth 2 -name go.mod))
MODULES = . $(NESTED)

EXAMPLES = $(filter-out $(NESTED),$(patsubst %/main.go,%,$(wildcard examples/*/main.go)))

.PHONY: all examples test nested sends fmt vet tidy lint fuzz

all: examples test nested sends fmt vet tidy lint

examples:
	@set -e; for e in $(EXAMPLES); do echo "go run ./$$e"; go run ./$$e; done

test:
	go test -race ./...

nested:
	@set -e; for m in $(NESTED); do echo "$$m:"; (cd $$m && go test -race ./...); done

# Without the race detector, under which there are fewer of them.
sends:
	cd fire && go test -count=1 -v -run HundredThousandSends .

fmt:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

vet:
	@set -e; for m in $(MODULES); do (cd $$m && go vet ./...); done

tidy:
	@set -e; for m in $(MODULES); do (cd $$m && go mod tidy -diff); done

lint:
	@set -e; for m in $(MODULES); do echo "$$m:"; (cd $$m && $(GOLANGCI_LINT) run ./...); done

fuzz:
	@.ci/fuzz $(or $(FUZZTIME),30s)
