package main

import (
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// goodHistory is one in which nothing is wrong.
func goodHistory() *history {
	sent := ended{state: outbox.StateSent}
	return &history{
		committed: []order{{"a1", "a"}, {"a2", "a"}, {"b1", "b"}, {"b2", "b"}, {"b3", "b"}, {"c1", "c"}, {"c2", "c"}},
		processed: []processing{
			{"a1", "a1", false}, {"b1", "b1", true}, {"b2", "b2", false}, {"b1", "b1:again-1", false},
			{"a2", "a2", false}, {"c1", "", false}, {"c2", "c2", true},
		},
		ended: map[string]ended{
			"a1": sent, "a2": sent, "b1": {state: outbox.StateSent, generation: 2}, "b2": sent,
			"b3": {state: outbox.StateDiscarded, hasError: true}, "c1": {state: outbox.StateUnknown, hasError: true},
			"c2": {state: outbox.StateSent, status: kirim.MessageFailed, hasError: true},
		},
		doubts: map[string]doubtCause{"c1": doubtFault, "a1": doubtDeath},
	}
}

func TestTheJudgeFindsNothingInAGoodHistory(t *testing.T) {
	if f := goodHistory().judge(); len(f) > 0 {
		t.Errorf("it finds %v\n%s", f, f.examples())
	}
}

func TestTheJudgeFindsWhatABrokenOutboxDoes(t *testing.T) {
	again := func(key, idempotencyKey string) func(*history) {
		return func(h *history) { h.processed = append(h.processed, processing{key, idempotencyKey, false}) }
	}
	set := func(key string, e ended) func(*history) { return func(h *history) { h.ended[key] = e } }
	tests := []struct {
		name, want string
		broken     func(*history)
	}{
		{"a message was processed twice under one key", "twice", again("a1", "a1")},
		{"a message was processed under two keys though the first arrived", "twice", again("a1", "a1:again-1")},
		{"a message without key was processed twice", "twice", again("c1", "")},
		{"a message that failed late was sent again twice", "twice", again("b1", "b1:again-2")},
		{"a message of a transaction that was rolled back was sent", "not committed", again("x1", "x1")},
		{"a message was never in the outbox", "lost", func(h *history) { delete(h.ended, "a1") }},
		{"a message waits for ever", "lost", set("a1", ended{state: outbox.StateQueued})},
		{"a message ended as expired that has no expiry", "lost", set("b3", ended{state: outbox.StateExpired})},
		{"a message counts as sent that the server never saw", "lost", set("b3", ended{state: outbox.StateSent})},
		{"a later message overtook an earlier one", "out of order", func(h *history) { h.processed[0], h.processed[4] = h.processed[4], h.processed[0] }},
		{"a message was discarded without its error", "without error", set("b3", ended{state: outbox.StateDiscarded})},
		{"a message is unknown without its error", "without error", set("c1", ended{state: outbox.StateUnknown})},
		{"a message that arrived was discarded", "without error", set("a1", ended{state: outbox.StateDiscarded, hasError: true})},
		{"a message is unknown without a reason", "wrongly unknown", set("a2", ended{state: outbox.StateUnknown, hasError: true})},
		{"a message in doubt counts as sent", "wrongly unknown", set("c1", ended{state: outbox.StateSent})},
		{"a late failure was not noticed", "late failure missed", set("c2", ended{state: outbox.StateSent})},
		{"a late failure has no error", "late failure missed", set("c2", ended{state: outbox.StateSent, status: kirim.MessageFailed})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := goodHistory()
			test.broken(h)
			f := h.judge()
			if len(f) != 1 || len(f[test.want]) != 1 {
				t.Errorf("it finds %v, want one %s", f, test.want)
			}
		})
	}
}
