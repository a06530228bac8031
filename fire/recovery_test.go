package fire

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// While a server that names the end of its outage is down, calls gather that all may
// come back when it ends. The whole load is the same for each number of clients.
func TestAServerThatNamesTheEndOfAnOutageIsNotOverrun(t *testing.T) {
	const load, before = 1000, 2 * time.Minute
	for _, tc := range []struct {
		clients    int
		retryAfter time.Duration
		most       float64 // the largest second, in multiples of the load
	}{
		// Calls of a minute in the 30 s by which a retry is put off are twice the load,
		// and with the new calls three times, give or take chance.
		{1, time.Second, 3}, {1, 10 * time.Second, 3}, {1, time.Minute, 3.2},
		{64, time.Second, 3}, {64, 10 * time.Second, 3}, {64, time.Minute, 3.2},
		{1000, time.Second, 3}, {1000, 10 * time.Second, 3}, {1000, time.Minute, 3.2},
		{10000, time.Second, 3}, {10000, 10 * time.Second, 3}, {10000, time.Minute, 3.4},
	} {
		if underRace && tc.retryAfter > time.Second || tc.clients > 1000 && !*everyOutage {
			continue // each takes seconds; `make sends` runs more of them
		}
		t.Run(fmt.Sprintf("%d clients/%v", tc.clients, tc.retryAfter), func(t *testing.T) {
			t.Parallel()
			end := before + tc.retryAfter
			f := fleet{
				clients: tc.clients, period: time.Duration(tc.clients) * time.Second / load, run: end + 40*time.Second,
				policy: kirim.DefaultRetryPolicy(),
			}
			down := responding(http.StatusServiceUnavailable, untilTheEnd)
			var waited, recovered atomic.Int64
			server := f.send(t, func(req *http.Request, at time.Duration) (*http.Response, error) {
				if at >= before && at < end {
					return down(req, end-at)
				}
				return works(req)
			}, func(began time.Duration, err error) {
				if began < before || began >= end {
					return
				}
				waited.Add(1)
				if err == nil {
					recovered.Add(1)
				}
			})
			peak := server.largest(end) / f.load()
			fmt.Printf("BenchmarkRecovery/clients=%d/down=%v 1 %.2f x-load\n", tc.clients, tc.retryAfter, peak) // for bench/RESULTS.md
			t.Logf("%d of %d calls recover; the largest second is %.2f times the load", recovered.Load(), waited.Load(), peak)
			if peak > tc.most {
				t.Errorf("the largest second of the recovery is %.2f times the load, want at most %.2f", peak, tc.most)
			}
			if r, w := recovered.Load(), waited.Load(); float64(r) < 0.999*float64(w) {
				t.Errorf("%d of %d calls recover", r, w)
			}
		})
	}
}

// A budget of nothing would pass the tests of outages.
func TestCallsOutliveABlip(t *testing.T) {
	const before = 30 * time.Second
	for _, blip := range []struct {
		name string
		// hits says whether the first request of a call at this time gets a 502.
		hits func(at time.Duration, n int64) bool
	}{
		{"one request", func(at time.Duration, n int64) bool { return at >= before && n == 1 }},
		{"the first request of all", func(_ time.Duration, n int64) bool { return n == 1 }},
		{"all of a second", func(at time.Duration, _ int64) bool { return at >= before && at < before+time.Second }},
		{"one request in twenty", func(_ time.Duration, n int64) bool { return n%20 == 0 }},
	} {
		for _, f := range []fleet{
			{clients: 1, period: time.Millisecond, run: time.Minute},
			{clients: 200, period: time.Second, run: 10 * time.Minute},
			{clients: 200, period: 10 * time.Second, run: 10 * time.Minute},
		} {
			if underRace && f.load() > 20 {
				continue // each takes seconds; `make sends` runs them
			}
			t.Run(fmt.Sprintf("%s/%d clients, a call each %v", blip.name, f.clients, f.period), func(t *testing.T) {
				t.Parallel()
				f.policy = kirim.DefaultRetryPolicy()
				var begun sync.Map // by the idempotency key
				var counted, hit, failed atomic.Int64
				f.send(t, func(req *http.Request, at time.Duration) (*http.Response, error) {
					if _, again := begun.LoadOrStore(req.Header.Get("Idempotency-Key"), true); !again {
						n := int64(0)
						if at >= before || blip.name != "one request" {
							n = counted.Add(1)
						}
						if blip.hits(at, n) {
							hit.Add(1)
							time.Sleep(latency)
							return respondWith(req, http.StatusBadGateway, nil, ""), nil
						}
					}
					return works(req)
				}, func(_ time.Duration, err error) {
					if err != nil {
						failed.Add(1)
					}
				})
				fmt.Printf("BenchmarkBlip/%s/period=%v 1 %d 502s %d failed\n", strings.ReplaceAll(blip.name, " ", "-"), f.period, hit.Load(), failed.Load()) // for bench/RESULTS.md
				t.Logf("%d calls, %d get a 502, %d fail", counted.Load(), hit.Load(), failed.Load())
				if hit.Load() == 0 || float64(failed.Load()) > 0.001*float64(hit.Load()) {
					t.Errorf("%d of the %d calls that get a 502 fail, want at most one in a thousand", failed.Load(), hit.Load())
				}
			})
		}
	}
}
