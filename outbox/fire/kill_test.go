package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

// failpoints are the places of package outbox at which a process can die.
var failpoints = []string{"claimed", "begun", "sent", "recording", "recorded"}

func TestKilledProcessesNeitherLoseNorRepeatNorReorder(t *testing.T) {
	tests := []struct {
		name string
		plan func(t *testing.T) plan
	}{
		{"PostgreSQL", func(*testing.T) plan { return plan{} }},
		{"PostgreSQL, server without keys", func(*testing.T) plan { return plan{System: systemCloudAPI} }},
		{"SQLite", func(t *testing.T) plan { return plan{SQLite: filepath.Join(t.TempDir(), "orders.db")} }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.plan(t))
			stopFaults := r.injectFaults()
			reached := r.killRounds(10 * *tenths)
			stopFaults()
			r.finish(2 * time.Minute)
			if !reachedAll(reached) {
				t.Errorf("no process died at one of %v", failpoints)
			}
			random := reached[""]
			delete(reached, "")
			t.Logf("%d deaths at random, and at failpoints %v", random, reached)
		})
	}
}

// killRounds keeps three workers and one that enqueues busy, and kills them: in each
// round one worker at random and one at a failpoint, and sometimes the one that
// enqueues. It returns how many died where.
func (r *rig) killRounds(rounds int) (reached map[string]int) {
	r.t.Helper()
	reached = make(map[string]int)
	workers := []*process{r.startWorker(), r.startWorker(), r.startWorker()}
	diesAt := []string{"", "enqueued", "committed"}
	enqueuer := r.startEnqueuer(enqueuePlan{PerSecond: 30})
	for round := 0; round < rounds || round < 3*rounds && !reachedAll(reached); round++ {
		time.Sleep(time.Duration(r.random.IntN(500)) * time.Millisecond)
		victim := round % len(workers)
		workers[victim].kill()
		reached[""]++
		place := slices.MinFunc(failpoints, func(a, b string) int { return reached[a] - reached[b] })
		workers[victim] = r.startWorker(fmt.Sprintf("KIRIM_FAILPOINT=%s:%d", place, r.random.IntN(5)))
		if workers[victim].diesWithin(4 * time.Second) {
			reached[place]++
		} else {
			workers[victim].kill()
			reached[""]++
		}
		workers[victim] = r.startWorker()
		if round%3 == 2 || enqueuer.isDead() {
			enqueuer.kill()
			enqueuer = r.startEnqueuer(enqueuePlan{PerSecond: 30, DieAt: diesAt[r.enqueuers%len(diesAt)]})
		}
	}
	enqueuer.kill()
	return reached
}

func reachedAll(reached map[string]int) bool {
	return !slices.ContainsFunc(failpoints, func(place string) bool { return reached[place] == 0 })
}

// injectFaults lets requests go wrong until stop is called.
func (r *rig) injectFaults() (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ctx.Err() == nil; n++ {
			f := faults[n%len(faults)]
			if len(r.sandbox.Faults()) == 0 && (f.Slow == 0 || r.plan.System == systemKirim) { // it is about keys
				f.Path = "/*/*/messages"
				r.sandbox.AddFault(f)
			}
			select {
			case <-ctx.Done():
			case <-time.After(60 * time.Millisecond):
			}
		}
	}()
	return func() { cancel(); <-ended; r.sandbox.ClearFaults() }
}

// faults are those of requests. Messages that fail late do so by their keys.
var faults = []kirimtest.Fault{
	{Processed: true, Status: http.StatusBadGateway, Body: "<html>bad gateway</html>"},
	{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}},
	{Processed: true, Drop: true},
	{Status: http.StatusBadRequest, Body: `{"error":{"message":"(#131026) undeliverable","type":"OAuthException","code":131026}}`},
	{Processed: true, Hang: true},
	{Drop: true},
	{Status: http.StatusBadRequest, Body: `{"error":{"message":"(#131056) pair rate limit hit","type":"OAuthException","code":131056}}`},
	{Processed: true, Cut: true},
	{Status: http.StatusInternalServerError},
	{Slow: 300 * time.Millisecond},
	{Processed: true, Status: http.StatusGatewayTimeout, Empty: true},
}

func TestTheRigNoticesASenderThatForgetsItsKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{System: systemForgetful})
	stopFaults := r.injectFaults()
	worker := r.startWorker()
	r.startEnqueuer(enqueuePlan{PerSecond: 30, Messages: 100}).diesWithin(time.Minute)
	for deadline := time.Now().Add(time.Minute); r.open() != 0 && time.Now().Before(deadline); {
		time.Sleep(200 * time.Millisecond)
	}
	stopFaults()
	worker.end(t)
	h := r.history()
	f := h.judge()
	t.Log(h.figures(f))
	if len(f["twice"]) == 0 {
		t.Error("nothing was processed twice: the faults do no harm")
	}
}
