//go:build budgets && unix && !race

package kirimotel_test

import (
	"context"
	"testing"
)

// What telemetry may allocate beside what otelhttp does, around a program that does the same with
// net/http and encoding/json. It is counted, not timed, and so holds on any machine.
const budget = 1.15

// Not parallel: AllocsPerRun counts what the whole process allocates.
func TestBudgetOfAllocations(t *testing.T) {
	allocs := func(do func(context.Context) error) float64 {
		var failed error
		n := testing.AllocsPerRun(300, func() {
			if err := do(t.Context()); err != nil {
				failed = err
			}
		})
		if failed != nil {
			t.Fatal(failed)
		}
		return n
	}
	for _, p := range providers {
		for work, measured := range map[string]func(client string) float64{
			"send": func(client string) float64 {
				return allocs(clients[client](p.tracers(), p.meters(), "https://api.kirim.example/v1", cannedServer{}))
			},
			"delivery": func(client string) float64 { return allocs(delivering(t, handlers[client](p.tracers(), p.meters()))) },
		} {
			ours, theirs := measured("kirimotel"), measured("otelhttp")
			t.Logf("%s, %s: %v allocations, %v with otelhttp alone, %.2f times as many", work, p.name, ours, theirs, ours/theirs)
			if ours > budget*theirs {
				t.Errorf("%s, %s: %v allocations are more than %v times %v", work, p.name, ours, budget, theirs)
			}
		}
	}
}
