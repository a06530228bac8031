package outbox

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// inWords writes a verdict as docs/outbox.md does.
func inWords(v verdict) string {
	switch {
	case v.state != StateQueued:
		return string(v.state)
	case v.pairLimit:
		return "recipient waits"
	case v.useTemplate:
		return "template"
	case v.pause:
		return "number paused"
	case v.counts:
		return "retried"
	}
	return "waits"
}

// TestTheManualSaysWhatAnOutcomeDoes writes the table of the manual from the code.
func TestTheManualSaysWhatAnOutcomeDoes(t *testing.T) {
	t.Parallel()
	template := `{"type":"template"}`
	var table strings.Builder
	table.WriteString("| Outcome | With keys | In doubt before | Without keys |\n|---|---|---|---|\n")
	for _, row := range []struct {
		outcome string
		server  responder
		rescue  *string
	}{
		{"accepted, or replayed", responder{status: 202, body: `{"data":{"id":"msg_1","status":"queued"}}`}, nil},
		{"a rate limit; 503 with Retry-After", coded(429, kirim.CodeRateLimitExceeded), nil},
		{"131056, the pair limit", metaCoded(400, 131056), nil},
		{"no connection: certainly not sent", responder{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, noConn: true}, nil},
		{"a broken connection, a timeout, 5xx: perhaps sent", responder{err: io.ErrUnexpectedEOF}, nil},
		{"outside the 24-hour window, with a template", coded(422, kirim.CodeOutside24hWindow), &template},
		{"outside the 24-hour window, without one", coded(422, kirim.CodeOutside24hWindow), nil},
		{"131050, the recipient has stopped marketing", metaCoded(400, 131050), nil},
		{"131049, the recipient gets much marketing: after a day", metaCoded(400, 131049), nil},
		{"API key, suspension, plan, payment", coded(401, kirim.CodeRevokedAPIKey), nil},
		{"another refusal", coded(422, kirim.CodeInvalidFieldValue), nil},
	} {
		fmt.Fprintf(&table, "| %s |", row.outcome)
		for _, c := range []struct{ keyed, inDoubt bool }{{true, false}, {true, true}, {false, false}} {
			lifetime := map[bool]time.Duration{true: 24 * time.Hour}[c.keyed]
			v := judge(&head{rescue: row.rescue, inDoubt: c.inDoubt}, sendTo(t, row.server, c.keyed), lifetime)
			fmt.Fprintf(&table, " %s |", inWords(v))
		}
		table.WriteString("\n")
	}
	manual, err := os.ReadFile("../docs/outbox.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(manual), "<!-- outcomes -->\n"+table.String()+"<!-- end -->\n") {
		t.Errorf("docs/outbox.md does not have this table between its comments:\n%s", &table)
	}
}

func TestThePictureOfAMessagesLifeHasEachState(t *testing.T) {
	t.Parallel()
	picture, err := os.ReadFile("../docs/outbox.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []State{StateQueued, StateSent, StateUnknown, StateDiscarded, StateExpired, StateCancelled, StateSuppressed} {
		if !strings.Contains(string(picture), ">"+string(state)+"</text>") {
			t.Errorf("docs/outbox.svg has no %s", state)
		}
	}
}
