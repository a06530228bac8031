package kirim_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// recoveringServer is down until a time that it names, and keeps when requests came
// after that.
type recoveringServer struct {
	until  time.Time
	status int
	header map[string]string

	mu        sync.Mutex
	recovered []time.Duration // after until, of calls that had been refused
	refused   map[string]bool // by the idempotency key
}

func (s *recoveringServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := time.Until(s.until)
	key := req.Header.Get("Idempotency-Key")
	if left <= 0 {
		if s.refused[key] {
			s.recovered = append(s.recovered, -left)
		}
		return answer{status: http.StatusOK}.give(req.Context())
	}
	s.refused[key] = true
	header := map[string]string{"Retry-After": strconv.Itoa(int((left + time.Second - 1) / time.Second))}
	maps.Copy(header, s.header)
	return answer{status: s.status, header: header}.give(req.Context())
}

// recover makes a call each period for two minutes, and then for the time for which the
// server is down, and returns after which time each call came back that was refused.
func (s *recoveringServer) recover(t *testing.T, period, down time.Duration, opts ...kirim.Option) []time.Duration {
	t.Helper()
	const before = 2 * time.Minute
	s.refused = make(map[string]bool)
	began := time.Now()
	s.until = began // not down
	c, err := kirim.NewClient(testKey, append(opts, kirim.WithHTTPClient(&http.Client{Transport: s}))...)
	if err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for time.Since(began) < before+down {
		if s.mu.Lock(); time.Since(began) >= before {
			s.until = began.Add(before + down)
		}
		s.mu.Unlock()
		calls.Go(func() {
			if err := post(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(period)
	}
	calls.Wait()
	slices.Sort(s.recovered)
	return s.recovered
}

func TestWhatWaitsForTheEndOfAnOutageComesBackOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		period, down time.Duration
		within       time.Duration // all are back
		second       int           // at most so many in any second
	}{
		"at the pace of the client's calls": {100 * time.Millisecond, 10 * time.Second, 11 * time.Second, 14},
		"twice as fast after a minute":      {100 * time.Millisecond, time.Minute, 31 * time.Second, 26},
		"rare calls":                        {5 * time.Second, time.Minute, 31 * time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &recoveringServer{status: http.StatusServiceUnavailable}
				back := s.recover(t, tc.period, tc.down)
				if want := int(tc.down / tc.period); len(back) != want {
					t.Fatalf("%d calls come back, want %d", len(back), want)
				}
				if last := back[len(back)-1]; last > tc.within || last < tc.within/2 {
					t.Errorf("the last comes back after %v, want %v", last, tc.within)
				}
				for i, at := range back {
					if n, _ := slices.BinarySearch(back[i:], at+time.Second); n > tc.second {
						t.Errorf("%d come back in the second after %v, want at most %d", n, at, tc.second)
						break
					}
				}
			})
		})
	}
}

// A bucket that was empty fills by a sixtieth of its capacity a second.
func TestWhatWaitsForABucketComesBackAsFastAsThatFills(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &recoveringServer{status: http.StatusTooManyRequests, header: map[string]string{"X-RateLimit-Limit": "120", "X-RateLimit-Remaining": "0"}}
		back := s.recover(t, 100*time.Millisecond, 2*time.Second)
		if len(back) != 20 {
			t.Fatalf("%d calls come back, want 20", len(back))
		}
		for i := range back {
			if n, _ := slices.BinarySearch(back[i:], back[i]+time.Second); n > 4 { // a Retry-After is in whole seconds, so that those of two overlap
				t.Errorf("%d come back in the second after %v, and the bucket fills by 2", n, back[i])
			}
		}
	})
}

// The wait for the others ends before the deadline of each.
func TestARecoveryEndsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			w := newWire(answer{status: 200})
			c := w.client(t)
			for range 10 { // so that a rate is known, of a call in 30 s
				time.Sleep(30 * time.Second)
				_ = post(t.Context(), c)
			}
			w.restart(answer{status: 503, header: map[string]string{"Retry-After": "20"}}, answer{status: 200})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second+time.Millisecond)
			defer cancel()
			if err := post(ctx, c); err != nil {
				t.Error(err)
			}
		})
	}
}

// A call that is given up leaves its place to the others.
func TestACallThatIsGivenUpWaitsForNoRecovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 200})
		c := w.client(t)
		for range 200 {
			time.Sleep(time.Second)
			_ = post(t.Context(), c)
		}
		w.restart(answer{status: 503, header: map[string]string{"Retry-After": "50"}})
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		for range 12 {
			calls.Go(func() { _ = post(ctx, c) })
		}
		synctest.Wait()
		cancel()
		calls.Wait()
		w.restart(answer{status: 503, header: map[string]string{"Retry-After": "50"}}, answer{status: 200})
		began := time.Now()
		if err := post(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > 51*time.Second {
			t.Errorf("waited %v for a Retry-After of 50 s, behind calls that do not wait any more", waited)
		}
	})
}

// Nobody else waits for a request with the same key.
func TestARequestInProgressIsNotWaitedForBehindOthers(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			w := newWire(answer{status: 200})
			c := w.client(t)
			for range 10 {
				time.Sleep(30 * time.Second)
				_ = post(t.Context(), c)
			}
			w.restart(answer{status: 409, body: `{"error":{"type":"conflict_error","code":"idempotency_in_progress","message":"Wait."}}`,
				header: map[string]string{"Retry-After": "2"}}, answer{status: 200})
			began := time.Now()
			if err := post(t.Context(), c); err != nil || time.Since(began) > 2200*time.Millisecond {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		})
	}
}
