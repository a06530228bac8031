package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// history is what happened in a scenario, as three witnesses saw it: the
// application's own table, the server, and the outbox.
type history struct {
	system    system
	committed []order               // in the order of the places of each recipient
	processed []processing          // in the order in which the server did it
	ended     map[string]ended      // by key, as the outbox has it
	doubts    map[string]doubtCause // by key: why the outbox cannot know about a message
}

// order is a row of the application.
type order struct{ key, recipient string }

// processing is a message that the server has taken.
type processing struct {
	key            string // of the message
	idempotencyKey string
	failedLate     bool // it did not arrive, which the server told later
}

// ended is how the outbox says that a message ended.
type ended struct {
	state        outbox.State
	status       kirim.MessageStatus
	usedTemplate bool
	generation   int
	hasError     bool
}

// doubtCause is what made it uncertain whether a message is out.
type doubtCause string

const (
	doubtFault doubtCause = "fault" // the response was lost: it must be unknown
	doubtDeath doubtCause = "death" // the process died in that moment, or the attempt was given up: it may be
)

// findings counts what must not be, by its name.
type findings map[string][]string

// kindsOfFindings are all that there are.
var kindsOfFindings = []string{"twice", "lost", "out of order", "not committed", "without error", "wrongly unknown", "late failure missed"}

func (f findings) add(kind, key string) { f[kind] = append(f[kind], key) }

func (f findings) String() string {
	var b strings.Builder
	for _, kind := range kindsOfFindings {
		fmt.Fprintf(&b, ", %s %d", kind, len(f[kind]))
	}
	return b.String()[2:]
}

// judge compares the witnesses.
func (h *history) judge() findings {
	f := make(findings)
	sends := make(map[string][]processing)
	for _, p := range h.processed {
		sends[p.key] = append(sends[p.key], p)
	}
	committed := make(map[string]bool, len(h.committed))
	for _, o := range h.committed {
		committed[o.key] = true
		h.judgeOne(f, o.key, sends[o.key])
	}
	for key := range sends {
		if !committed[key] {
			f.add("not committed", key)
		}
	}
	h.judgeOrder(f)
	return f
}

func (h *history) judgeOne(f findings, key string, sends []processing) {
	arrived, underOneKey := 0, 0
	byIdempotencyKey := make(map[string]int)
	for _, p := range sends {
		if !p.failedLate {
			arrived++
		}
		if p.idempotencyKey != "" {
			byIdempotencyKey[p.idempotencyKey]++
			underOneKey = max(underOneKey, byIdempotencyKey[p.idempotencyKey])
		}
	}
	if arrived > 1 || underOneKey > 1 {
		f.add("twice", key)
	}
	end, known := h.ended[key]
	switch {
	case !known, end.state == outbox.StateQueued:
		f.add("lost", key)
	case end.state == outbox.StateSent && len(sends) == 0:
		f.add("lost", key)
	case end.state == outbox.StateSent && arrived == 0 && (end.status != kirim.MessageFailed || !end.hasError):
		f.add("late failure missed", key)
	case (end.state == outbox.StateDiscarded || end.state == outbox.StateUnknown) && !end.hasError:
		f.add("without error", key)
	case end.state == outbox.StateDiscarded && arrived > 0:
		f.add("without error", key)
	case end.state == outbox.StateUnknown && h.doubts[key] == "", end.state != outbox.StateUnknown && h.doubts[key] == doubtFault:
		f.add("wrongly unknown", key)
	case end.state != outbox.StateSent && end.state != outbox.StateDiscarded && end.state != outbox.StateUnknown:
		f.add("lost", key)
	}
}

// judgeOrder compares the order of commits with that in which the server took each
// message first.
func (h *history) judgeOrder(f findings) {
	place := make(map[string]int)
	recipient := make(map[string]string)
	for i, o := range h.committed {
		place[o.key], recipient[o.key] = i, o.recipient
	}
	last := make(map[string]int)
	seen := make(map[string]bool)
	for _, p := range h.processed {
		if seen[p.key] || recipient[p.key] == "" {
			continue
		}
		if h.doubts[p.key] == doubtDeath && h.ended[p.key].state == outbox.StateUnknown {
			continue // a process that was stopped, or a slow network, may have brought it late
		}
		seen[p.key] = true
		if before, isLater := last[recipient[p.key]]; isLater && place[p.key] < before {
			f.add("out of order", p.key)
			continue
		}
		last[recipient[p.key]] = place[p.key]
	}
}

// figures are those of a scenario in one line.
func (h *history) figures(f findings) string {
	states := make(map[outbox.State]int)
	failedLate, again, templates := 0, 0, 0
	for _, e := range h.ended {
		states[e.state]++
		if e.generation > 1 {
			again++
		}
		if e.usedTemplate {
			templates++
		}
		if e.status == kirim.MessageFailed {
			failedLate++
		}
	}
	return fmt.Sprintf("%d committed, %d processed: sent %d (failed late %d, sent again %d, as template %d), discarded %d, unknown %d; %v",
		len(h.committed), len(h.processed), states[outbox.StateSent], failedLate, again, templates, states[outbox.StateDiscarded], states[outbox.StateUnknown], f)
}

// examples returns a few keys of each kind of finding.
func (f findings) examples() string {
	var b strings.Builder
	for _, kind := range kindsOfFindings {
		if keys := f[kind]; len(keys) > 0 {
			slices.Sort(keys)
			fmt.Fprintf(&b, "%s: %v\n", kind, keys[:min(len(keys), 8)])
		}
	}
	return b.String()
}
