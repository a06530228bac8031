package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What two of three workers had claimed when they died goes on when their leases
// have lapsed, and not much later.
func TestTheLastMessageAfterTwoKillsWaitsForTheLeaseAlone(t *testing.T) {
	leases := []struct{ lease, attempt time.Duration }{{11 * time.Second, time.Second}}
	if *tenths == 10 {
		leases = []struct{ lease, attempt time.Duration }{{45 * time.Second, 35 * time.Second}, {time.Minute, 35 * time.Second}}
	}
	for _, l := range leases {
		t.Run(l.lease.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plan{Lease: l.lease, AttemptTimeout: l.attempt})
			workers := []*process{r.startWorker(), r.startWorker(), r.startWorker()}
			enqueuer := r.startEnqueuer(enqueuePlan{Prefix: smooth, PerSecond: 100, Messages: 1000})
			for deadline := time.Now().Add(time.Minute); len(r.sandbox.Messages()) < 100 && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond)
			}
			killed := r.killInFlight(workers[:2])
			if !enqueuer.diesWithin(time.Minute) {
				t.Fatal("the enqueuing process does not end")
			}
			enqueued := time.Since(killed)
			waited := r.lastSend(l.lease + 30*time.Second).Sub(killed)
			r.finish(10 * time.Second)
			limit := l.lease + 3*time.Second
			if *tenths < 10 {
				limit += 10 * time.Second // beside other scenarios, on a machine that may be busy
			}
			t.Logf("lease %v: the last message after two kills was out after %v (the last was enqueued after %v)", l.lease, waited.Round(10*time.Millisecond), enqueued.Round(10*time.Millisecond))
			if waited > limit {
				t.Errorf("%v, want at most %v", waited, limit)
			}
			if waited < l.lease/2 {
				t.Errorf("%v: nothing was waiting for a lease", waited)
			}
		})
	}
}

// killInFlight kills processes at a moment at which each of them waits for a response,
// so that each owns a lane, and returns when that was.
func (r *rig) killInFlight(victims []*process) (at time.Time) {
	r.t.Helper()
	var (
		mu       sync.Mutex
		inFlight = make(map[string]int) // requests by the name of the process
		release  = make(chan struct{})
	)
	add := func(name string, n int) {
		mu.Lock()
		defer mu.Unlock()
		inFlight[name] += n
	}
	allWait := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return !slices.ContainsFunc(victims, func(p *process) bool { return inFlight[p.name] == 0 })
	}
	hold := func(req *http.Request) {
		name := req.UserAgent()[strings.LastIndex(req.UserAgent(), " ")+1:]
		add(name, 1)
		defer add(name, -1)
		select {
		case <-release:
		case <-req.Context().Done():
		}
	}
	r.hold.Store(&hold)
	defer r.hold.Store(nil)
	defer close(release)
	for deadline := time.Now().Add(30 * time.Second); !allWait(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("the workers to kill send nothing")
		}
	}
	at = time.Now()
	var wg sync.WaitGroup
	for _, p := range victims {
		wg.Go(p.kill)
	}
	wg.Wait()
	return at
}

// lastSend waits until nothing is queued any more, and returns when the last message
// was sent.
func (r *rig) lastSend(patience time.Duration) (last time.Time) {
	for deadline := time.Now().Add(patience); r.open() != 0 && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	for _, m := range r.sandbox.Messages() {
		if m.Time.After(last) {
			last = m.Time
		}
	}
	return last
}
