package kirim_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// crowd is a simulation in virtual time: programs that share a bucket of the
// sandbox and do not know of each other, each with a client and a Pacer of
// its own, over a network of 20 to 200 ms.
type crowd struct {
	programs   int           // which share the messages evenly
	goroutines int           // of each program
	messages   int           // of all together
	perMinute  int           // the bucket, full at the start
	unpaced    int           // how many of the programs have no Pacer
	within     time.Duration // of the first one, the others start
	shared     bool          // the programs share the last limit seen
	during     func(*kirimtest.Server)
}

// tally is what happened to the programs that have a Pacer, or to all when
// none has.
type tally struct {
	took              time.Duration // until their last message was accepted
	requests, refused int64
}

// ofMinimum is took beside the time in which the bucket has that many tokens.
func (r tally) ofMinimum(c crowd) float64 {
	return r.took.Minutes() * float64(c.perMinute) / float64(c.messages-c.perMinute)
}

func (r tally) percentRefused() float64 { return 100 * float64(r.refused) / float64(r.requests) }

func (c crowd) run(t *testing.T, seed uint64) (result tally) {
	synctest.Test(t, func(t *testing.T) {
		server := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithPlan(kirimtest.Enterprise(c.perMinute, 600)),
			kirimtest.WithLimits(kirimtest.Limits{Messages: 1, Requests: 1, IdempotencyKeys: 1}))
		var (
			all    sync.WaitGroup
			began  = time.Now()
			starts = rand.New(rand.NewPCG(seed, 0))
			links  []*link
			limits = &limitLog{}
		)
		for program := range c.programs {
			l := &link{to: server.Transport(), random: rand.New(rand.NewPCG(seed, uint64(program)+1))}
			options := []kirim.Option{kirim.WithHTTPClient(&http.Client{Transport: l})}
			if program >= c.unpaced {
				var store kirim.LimitStore
				if c.shared {
					store = limits
				}
				options = append(options, kirim.WithLimiter(kirim.NewPacer(kirim.WithSharedLimit(store, ""))))
			}
			if program >= c.unpaced || c.unpaced == c.programs {
				links = append(links, l)
			}
			client, err := server.Client(options...)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Duration(starts.Int64N(int64(c.within) + 1))
			if program == 0 {
				start = 0
			}
			all.Go(func() {
				time.Sleep(start)
				sendAll(t, client.PhoneNumber(server.PhoneNumberID).Messages, c.goroutines, c.messages/c.programs)
				l.done = time.Since(began)
			})
		}
		if c.during != nil {
			all.Go(func() { c.during(server) })
		}
		all.Wait()
		for _, l := range links {
			result.took = max(result.took, l.done)
			result.requests += l.requests.Load()
			result.refused += l.refused.Load()
		}
	})
	return result
}

// sendAll sends each message until it is accepted. What the retries do not
// bring home is tried again as long after as the server asks.
func sendAll(t *testing.T, messages *kirim.MessagesService, goroutines, count int) {
	var left atomic.Int64
	left.Store(int64(count))
	var workers sync.WaitGroup
	for range goroutines {
		workers.Go(func() {
			for left.Add(-1) >= 0 {
				for {
					_, err := messages.Send(t.Context(), orderUpdate)
					if err == nil {
						break
					}
					var e *kirim.Error
					if !errors.As(err, &e) || !kirim.IsRateLimited(err) {
						t.Error(err)
						return
					}
					time.Sleep(e.RetryAfter)
				}
			}
		})
	}
	workers.Wait()
}

var orderUpdate = kirim.OutboundMessage{To: customer, Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}}

// link is a network that takes 10 to 100 ms each way.
type link struct {
	to                http.RoundTripper
	mu                sync.Mutex
	random            *rand.Rand
	requests, refused atomic.Int64
	done              time.Duration
}

func (l *link) pass() {
	l.mu.Lock()
	d := 10*time.Millisecond + time.Duration(l.random.Int64N(int64(90*time.Millisecond)))
	l.mu.Unlock()
	time.Sleep(d)
}

func (l *link) RoundTrip(req *http.Request) (*http.Response, error) {
	l.requests.Add(1)
	l.pass()
	resp, err := l.to.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		l.refused.Add(1)
	}
	l.pass()
	return resp, err
}

// The figures are the worst of all seeds. They are printed so that a report
// can read them as those of a benchmark.
func TestPacedProgramsUseTheWholeBucketAndAreSeldomRefused(t *testing.T) {
	t.Parallel()
	const whatever = 1e9
	for _, test := range []struct {
		name       string
		crowd      crowd
		seeds      uint64
		most       float64 // times the minimum
		refused    int64   // answers 429, at most
		perHundred float64 // requests, likewise
	}{
		{"clients=1", crowd{programs: 1, goroutines: 64, messages: 3000, perMinute: 600}, 3, 1.02, 3, whatever},
		{"clients=1/plan=free", crowd{programs: 1, goroutines: 8, messages: 300, perMinute: 60}, 2, 1.02, 3, whatever},
		{"clients=2", crowd{programs: 2, goroutines: 32, messages: 3000, perMinute: 600, within: time.Second}, 1, 1.10, whatever, 2},
		{"clients=8", crowd{programs: 8, goroutines: 8, messages: 3000, perMinute: 600, within: time.Second}, 4, 1.10, whatever, 2},
		{"clients=8/unpaced", crowd{programs: 8, goroutines: 8, messages: 3000, perMinute: 600, within: time.Second, unpaced: 8}, 1, whatever, whatever, whatever},
		{"clients=8/goroutines=64", crowd{programs: 8, goroutines: 64, messages: 3000, perMinute: 600, within: time.Second}, 1, 1.10, whatever, 2},
		// All messages at once.
		{"clients=1/goroutines=3000", crowd{programs: 1, goroutines: 3000, messages: 3000, perMinute: 600}, 2, 1.02, 3, whatever},
		{"clients=8/goroutines=375", crowd{programs: 8, goroutines: 375, messages: 3000, perMinute: 600, within: time.Second}, 2, 1.10, whatever, 2},
		{"clients=16", crowd{programs: 16, goroutines: 8, messages: 3000, perMinute: 600, within: time.Second}, 1, 1.10, whatever, 5},
		// Seven that are paced, beside one that takes what it can get.
		{"clients=8/greedy=1", crowd{programs: 8, goroutines: 8, messages: 3000, perMinute: 600, within: time.Second, unpaced: 1}, 1, 1.10, whatever, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var ratio, percent float64
			var refused int64
			for seed := range test.seeds {
				r := test.crowd.run(t, seed)
				ratio = max(ratio, r.ofMinimum(test.crowd))
				percent = max(percent, r.percentRefused())
				refused = max(refused, r.refused)
			}
			fmt.Printf("BenchmarkPacing/%s 1 %.3f x-minimum %.2f %%429 %d 429s\n", test.name, ratio, percent, refused)
			t.Logf("worst of %d seeds: %.3f times the minimum, %d answers 429, %.2f %% of the requests", test.seeds, ratio, refused, percent)
			if ratio > test.most || refused > test.refused || percent > test.perHundred {
				t.Errorf("more than %v times, %v answers or %v %%", test.most, test.refused, test.perHundred)
			}
		})
	}
}

func TestALargerPlanIsUsedAtOnce(t *testing.T) {
	t.Parallel()
	c := crowd{programs: 1, goroutines: 64, messages: 3000, perMinute: 600, during: func(server *kirimtest.Server) {
		time.Sleep(30 * time.Second)
		server.SetPlan(kirimtest.Enterprise(6000, 600))
	}}
	// 900 have gone in the first half minute; the bucket is then filled for the rest.
	r := c.run(t, 1)
	t.Logf("3,000 messages in %v, %d answers 429", r.took, r.refused)
	if r.took > 40*time.Second || r.refused > 0 {
		t.Errorf("took %v with %d answers 429", r.took, r.refused)
	}
}
