package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
)

// The last send of a message in doubt begins so early that it reaches the server
// while that still knows the key, even when it is slow. The clocks of the database
// and of the server are moved; the first stands still, so that the edge is exact.
func TestTheLastSendUnderAKeyReachesTheServerWithinItsLifetime(t *testing.T) {
	const (
		keyLifetime = 24 * time.Hour
		attempt     = 35 * time.Second
		reserve     = 5 * time.Minute
		edge        = keyLifetime - attempt - reserve
	)
	tests := []struct {
		name      string
		age       time.Duration // of the first attempt, when a worker comes
		underWay  time.Duration // of the request then
		state     outbox.State
		requests  int // at that time
		processed int
	}{
		{"a second before the edge, and at once there", edge - time.Second, 0, outbox.StateSent, 1, 1},
		{"a second before the edge, and under way for 30 seconds", edge - time.Second, 30 * time.Second, outbox.StateSent, 1, 1},
		{"a second before the edge, and under way for all of the reserve", edge - time.Second, attempt + reserve, outbox.StateSent, 1, 1},
		{"a second after the edge", edge + time.Second, 0, outbox.StateUnknown, 0, 1},
		{"a day later", 2 * keyLifetime, 0, outbox.StateUnknown, 0, 1},
		// No reserve helps then. It shows that this test would notice.
		{"a second before the edge, and under way for longer than the reserve", edge - time.Second, attempt + reserve + 2*time.Second, outbox.StateSent, 1, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plan{Lease: time.Minute, AttemptTimeout: attempt})
			const key = smooth + "-1-1"
			first := r.leaveInDoubt(key)

			r.sandbox.Advance(test.age)
			r.sandbox.SetLastInbound(recipientOf(1), r.clock.Now())
			r.exec(fmt.Sprintf("CREATE OR REPLACE FUNCTION kirim_now() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT %d::bigint'", first+test.age.Microseconds()))
			hold := func(*http.Request) {
				slept := time.Duration(0) // the server's clock runs meanwhile
				if *tenths == 10 {
					slept = min(test.underWay, 30*time.Second)
					time.Sleep(slept)
				}
				r.sandbox.Advance(test.underWay - slept)
			}
			r.hold.Store(&hold)
			before := len(r.sandbox.Requests())
			worker := r.startWorker()
			for deadline := time.Now().Add(time.Minute); r.open() != 0 && time.Now().Before(deadline); {
				time.Sleep(50 * time.Millisecond)
			}
			worker.end(t)
			requests, end := len(r.sandbox.Requests())-before, r.history().ended[key]
			t.Logf("%d requests, %s, processed %d times", requests, end.state, r.sandbox.Processed(key))
			if end.state != test.state || requests != test.requests || r.sandbox.Processed(key) != test.processed {
				t.Errorf("want %d requests, %s, processed %d times", test.requests, test.state, test.processed)
			}
		})
	}
}

// leaveInDoubt lets the server take a message and lose the response, and returns
// when the outbox began to send it.
func (r *rig) leaveInDoubt(key string) (first int64) {
	r.t.Helper()
	r.sandbox.AddFault(kirimtest.Fault{Path: "/*/*/messages", Times: -1, Processed: true, Status: http.StatusBadGateway})
	if err := r.enqueueOne(r.t.Context(), key, recipientOf(1)); err != nil {
		r.t.Fatal(err)
	}
	worker := r.startWorker()
	inDoubt := false
	for deadline := time.Now().Add(time.Minute); !inDoubt && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := r.box.db.QueryRowContext(r.t.Context(), "SELECT in_doubt, COALESCE(first_attempt_at, 0) FROM kirim_message").Scan(&inDoubt, &first); err != nil {
			r.t.Fatal(err)
		}
	}
	worker.end(r.t)
	r.sandbox.ClearFaults()
	if !inDoubt || r.sandbox.Processed(key) != 1 {
		r.t.Fatalf("in doubt %v, processed %d times", inDoubt, r.sandbox.Processed(key))
	}
	return first
}
