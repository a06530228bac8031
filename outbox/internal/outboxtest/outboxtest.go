// Package outboxtest is how an outbox behaves over any database: tests that the
// packages of the databases run.
package outboxtest

import "testing"

// Run runs all tests. Each opens a store of its own.
func Run[TTx any](t *testing.T, open Open[TTx]) {
	groups := []struct {
		name string
		test func(*testing.T, Open[TTx])
	}{
		{"enqueuing", testEnqueue[TTx]},
		{"lanes", testLanes[TTx]},
		{"in doubt", testDoubt[TTx]},
		{"managing", testManaging[TTx]},
		{"inbox", testInbox[TTx]},
		{"running", testRunning[TTx]},
		{"statuses", testStatuses[TTx]},
		{"late refusals", testLateRefusals[TTx]},
		{"ends", testEnds[TTx]},
		{"consent", testConsent[TTx]},
		{"retention", testRetention[TTx]},
		{"erasure", testErasure[TTx]},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.test(t, open) })
	}
}
