// Package outboxtest is how an outbox behaves over any database: tests that the
// packages of the databases run.
package outboxtest

import (
	"slices"
	"testing"
)

// Run runs the groups of tests, or those with the names alone. Each test opens a
// store of its own.
func Run[TTx any](t *testing.T, open Open[TTx], names ...string) {
	groups := []struct {
		name string
		test func(*testing.T, Open[TTx])
	}{
		{"enqueuing", testEnqueue[TTx]},
		{"lanes", testLanes[TTx]},
		{"in doubt", testDoubt[TTx]},
		{"stuck lanes", testStuckLane[TTx]},
		{"managing", testManaging[TTx]},
		{"inbox", testInbox[TTx]},
		{"running", testRunning[TTx]},
		{"draining", testDraining[TTx]},
		{"misuse", testMisuse[TTx]},
		{"statuses", testStatuses[TTx]},
		{"statuses during commits", testStatusesDuringCommits[TTx]},
		{"late refusals", testLateRefusals[TTx]},
		{"ends", testEnds[TTx]},
		{"consent", testConsent[TTx]},
		{"retention", testRetention[TTx]},
		{"erasure", testErasure[TTx]},
		{"progress", testProgress[TTx]},
		{"backlog", testBacklog[TTx]},
		{"growth", testGrowth[TTx]},
		{"observing", testObserving[TTx]},
		{"hostile events", testHostileEvents[TTx]},
		{"end to end", testEndToEnd[TTx]},
	}
	for _, g := range groups {
		if len(names) == 0 || slices.Contains(names, g.name) {
			t.Run(g.name, func(t *testing.T) { g.test(t, open) })
		}
	}
}
