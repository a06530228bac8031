package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func ExamplePacer() {
	ctx := context.Background()
	sandbox := kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Pro()))
	defer sandbox.Close()
	sandbox.Receive(kirimtest.Inbound{From: customer, Text: "Is it ready?"})

	client, err := sandbox.Client(kirim.WithLimiter(kirim.NewPacer()))
	if err != nil {
		log.Fatal(err)
	}
	messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages
	for range 3 {
		if _, err := messages.Send(ctx, kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "Yes."}}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(client.RateLimit(kirim.RateWrite).Limit, "writes a minute")
	fmt.Println("reading is not known yet:", !client.RateLimit(kirim.RateRead).Known())
	// Output:
	// 600 writes a minute
	// reading is not known yet: true
}

// tank is the bucket of a server: it fills evenly, and tells what is left.
type tank struct {
	limit, level float64
	at           time.Time
}

func newTank(limit, level float64) *tank { return &tank{limit, level, time.Now()} }

// take takes a token if there is one and says what the response would.
func (k *tank) take() kirim.RateLimit {
	now := time.Now()
	k.level = min(k.limit, k.level+k.limit*now.Sub(k.at).Minutes())
	k.at = now
	answer := kirim.RateLimit{Limit: int(k.limit)}
	if k.level < 1 {
		answer.Exceeded = true
		answer.Wait = time.Duration(math.Ceil((1-k.level)*60/k.limit)) * time.Second
		return answer
	}
	k.level--
	answer.Remaining = int(k.level)
	return answer
}

// learnt returns a Pacer that has had one answer about writing.
func learnt(t *testing.T, answer kirim.RateLimit) *kirim.Pacer {
	p := kirim.NewPacer()
	mustGoAtOnce(t, p, kirim.RateWrite)
	p.Observe(kirim.RateWrite, answer)
	return p
}

func mustGoAtOnce(t *testing.T, p *kirim.Pacer, class kirim.RateClass) {
	t.Helper()
	if took := waited(t, p, class); took != 0 {
		t.Errorf("waited %v", took)
	}
}

func waited(t *testing.T, p *kirim.Pacer, class kirim.RateClass) time.Duration {
	t.Helper()
	began := time.Now()
	if err := p.Wait(t.Context(), class); err != nil {
		t.Error(err)
	}
	return time.Since(began)
}

func TestAPacerWaitsOnlyWhenThereIsReason(t *testing.T) {
	t.Parallel()
	const write = kirim.RateWrite
	for _, test := range []struct {
		name    string
		answers []kirim.RateLimit
		want    time.Duration // of the next request
	}{
		{"nothing known", nil, 0},
		{"an answer that says nothing", []kirim.RateLimit{{}}, 0},
		{"no answer", []kirim.RateLimit{{Limit: 600, Remaining: 5}, {}}, 0},
		{"tokens left", []kirim.RateLimit{{Limit: 600, Remaining: 1}}, 0},
		{"none left, at 600 a minute", []kirim.RateLimit{{Limit: 600}}, 100 * time.Millisecond},
		{"none left, at 60 a minute", []kirim.RateLimit{{Limit: 60}}, time.Second},
		{"none left, at 1 a minute", []kirim.RateLimit{{Limit: 1}, {Limit: 1}}, time.Minute},
		{"one answer with less than any plan", []kirim.RateLimit{{Limit: 1}}, time.Second},
		{"one answer with less than the others", []kirim.RateLimit{{Limit: 600, Remaining: 500}, {Limit: 1}}, 0},
		{"one such answer and one that takes it back", []kirim.RateLimit{{Limit: 600, Remaining: 500}, {Limit: 1}, {Limit: 600, Remaining: 498}, {Limit: 1}}, 0},
		{"such answers that do not agree", []kirim.RateLimit{{Limit: 600, Remaining: 500}, {Limit: 1}, {Limit: 2}, {Limit: 1}}, 0},
		{"no answer when none is left: it may have been counted", []kirim.RateLimit{{Limit: 60}, {}}, 2 * time.Second},
		{"not until the bucket is full", []kirim.RateLimit{{Limit: 60, Reset: time.Now().Add(time.Hour)}}, time.Second},
		{"refused, and told when to come", []kirim.RateLimit{{Limit: 600, Exceeded: true, Wait: 3 * time.Second}}, 3 * time.Second},
		{"refused, with the token of 1 a minute", []kirim.RateLimit{{Limit: 1}, {Limit: 1, Exceeded: true, Wait: time.Minute}}, time.Minute},
		{"refused, and told nothing", []kirim.RateLimit{{Exceeded: true}}, time.Second},
		{"refused, and told only when to come", []kirim.RateLimit{{Exceeded: true, Wait: 7 * time.Second}}, 7 * time.Second},
		{"refused until next year", []kirim.RateLimit{{Limit: 600, Exceeded: true, Wait: math.MaxInt64}}, time.Minute},
		{"refused for less than a token takes", []kirim.RateLimit{{Limit: 6}, {Limit: 6, Exceeded: true, Wait: time.Second}}, 10 * time.Second},
		{"refused for something else than the bucket", []kirim.RateLimit{{Limit: 600, Remaining: 500, Exceeded: true, Wait: 3 * time.Second}}, 0},
		{"a wait without a 429 is of that call alone", []kirim.RateLimit{{Wait: 3 * time.Second}}, 0},
		{"a larger plan", []kirim.RateLimit{{Limit: 600}, {Limit: 6000, Remaining: 5999}}, 0},
		{"a smaller plan", []kirim.RateLimit{{Limit: 6000, Remaining: 5999}, {Limit: 60}, {Limit: 60}}, time.Second},
		{"more left than there can be", []kirim.RateLimit{{Limit: 1, Remaining: math.MaxInt}, {Limit: 1}}, time.Minute},
		{"less than nothing left", []kirim.RateLimit{{Limit: 60, Remaining: -1000}}, time.Second},
		{"a limit below zero", []kirim.RateLimit{{Limit: -60, Remaining: -1}}, 0},
		{"a limit of zero", []kirim.RateLimit{{Limit: 0, Remaining: 0, Exceeded: true, Wait: -time.Hour}}, time.Second},
		{"a limit beyond all measure", []kirim.RateLimit{{Limit: math.MaxInt, Remaining: math.MaxInt}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := kirim.NewPacer()
				for range test.answers {
					mustGoAtOnce(t, p, write)
				}
				for _, answer := range test.answers {
					p.Observe(write, answer)
				}
				if got := waited(t, p, write).Round(time.Microsecond); got != test.want {
					t.Errorf("waited %v, want %v", got, test.want)
				}
			})
		})
	}
}

// Of many requests at once the first few go. The others hear from their
// answers how many may, and wait for those a second at most.
func TestABurstWaitsForItsFirstAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer *kirim.RateLimit // to the first request, half a second later
		want   int              // requests gone by then
		later  int              // and 2.2 seconds after that
	}{
		{"that there is plenty", &kirim.RateLimit{Limit: 600, Remaining: 500}, 40, 40},
		{"that there is little", &kirim.RateLimit{Limit: 60, Remaining: 12}, 9, 11},
		{"nothing about limits", &kirim.RateLimit{}, 40, 40},
		{"no answer", nil, 8, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := kirim.NewPacer()
				ctx, cancel := context.WithCancel(t.Context())
				var gone atomic.Int32
				for range 40 {
					go func() {
						if p.Wait(ctx, kirim.RateWrite) == nil {
							gone.Add(1)
						}
					}()
				}
				synctest.Wait()
				if n := gone.Load(); n != 8 {
					t.Errorf("%d went before there was an answer", n)
				}
				time.Sleep(500 * time.Millisecond)
				if test.answer != nil {
					p.Observe(kirim.RateWrite, *test.answer)
				}
				synctest.Wait()
				if n := int(gone.Load()); n != test.want {
					t.Errorf("%d went by the first answer, want %d", n, test.want)
				}
				time.Sleep(2200 * time.Millisecond)
				if n := int(gone.Load()); n != test.later {
					t.Errorf("%d went in the end, want %d", n, test.later)
				}
				cancel()
			})
		})
	}
}

func TestReadingAndWritingArePacedApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 60, Exceeded: true, Wait: 30 * time.Second})
		for range 100 {
			mustGoAtOnce(t, p, kirim.RateRead)
			p.Observe(kirim.RateRead, kirim.RateLimit{Limit: 600, Remaining: 500})
		}
		if took := waited(t, p, kirim.RateWrite); took != 30*time.Second {
			t.Errorf("a write waited %v", took)
		}
	})
}

func TestAPacerThatHasPausedDoesNotDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, p := newTank(600, 1), kirim.NewPacer()
		for range 100 {
			waited(t, p, kirim.RateWrite)
			p.Observe(kirim.RateWrite, server.take())
		}
		time.Sleep(10 * time.Minute)
		for i := range 600 {
			mustGoAtOnce(t, p, kirim.RateWrite)
			if p.Observe(kirim.RateWrite, server.take()); i < 599 && server.level < 1 {
				t.Fatalf("the server had only %d", i)
			}
		}
	})
}

func TestAFullBucketIsSpentWithoutDelay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			const goroutines, each = 8, 64
			server, p := newTank(600, 600), kirim.NewPacer()
			network := &link{random: rand.New(rand.NewPCG(seed, 0))}
			var all sync.WaitGroup
			var mu sync.Mutex
			for range goroutines {
				all.Go(func() {
					for range each {
						mustGoAtOnce(t, p, kirim.RateWrite)
						network.pass()
						mu.Lock()
						answer := server.take()
						mu.Unlock()
						network.pass()
						p.Observe(kirim.RateWrite, answer)
					}
				})
			}
			all.Wait()
		})
	}
}

// Answers that are late say more than is left.
func TestAnOldAnswerRaisesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, requests := kirim.NewPacer(), 8
		for range requests {
			mustGoAtOnce(t, p, kirim.RateWrite)
		}
		for remaining := range requests { // the latest request is answered first
			p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 60, Remaining: remaining})
		}
		if took := waited(t, p, kirim.RateWrite); took < time.Second {
			t.Errorf("waited %v, as if a token were there", took)
		}
	})
}

func TestWhatIsInFlightIsNotSpentTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 60, Remaining: 6})
		for range 6 {
			mustGoAtOnce(t, p, kirim.RateWrite)
		}
		if took := waited(t, p, kirim.RateWrite); took != time.Second {
			t.Errorf("the 7th waited %v", took)
		}
	})
}

// Requests without a response may have taken a token; later responses tell.
func TestTokensThatWereNotTakenAreFoundAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 60, Remaining: 60})
		for range 59 {
			mustGoAtOnce(t, p, kirim.RateWrite)
			p.Observe(kirim.RateWrite, kirim.RateLimit{})
		}
		for sent := range 10 {
			mustGoAtOnce(t, p, kirim.RateWrite)
			p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 60, Remaining: 59 - sent})
		}
		for sent := range 50 {
			mustGoAtOnce(t, p, kirim.RateWrite)
			p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 60, Remaining: 49 - sent})
		}
	})
}

// What others took in an hour is not what they take now.
func TestAPauseDoesNotMakeOthersLookGreedy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 600, Remaining: 599})
		time.Sleep(time.Hour)
		mustGoAtOnce(t, p, kirim.RateWrite)
		p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 600, Remaining: 150})
		for range 16 {
			mustGoAtOnce(t, p, kirim.RateWrite)
		}
	})
}

func TestAfterARefusalRequestsDoNotAllGoAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		answer   kirim.RateLimit
		refusals int
		after    time.Duration
		most     int
	}{
		// Somebody else took all that flowed in, and may go on.
		{"refused twice", kirim.RateLimit{Limit: 60, Exceeded: true, Wait: time.Second}, 2, 10 * time.Second, 2},
		// There is a token then, and what a second brings.
		{"refused for long", kirim.RateLimit{Limit: 600, Exceeded: true, Wait: 30 * time.Second}, 1, 30 * time.Second, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := kirim.NewPacer()
				for range test.refusals {
					mustGoAtOnce(t, p, kirim.RateWrite)
				}
				for range test.refusals {
					p.Observe(kirim.RateWrite, test.answer)
				}
				time.Sleep(test.after)
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				went := 0
				for p.Wait(ctx, kirim.RateWrite) == nil {
					went++
				}
				if went < 1 || went > test.most {
					t.Errorf("%d went at once, want 1 to %d", went, test.most)
				}
			})
		})
	}
}

// Requests that hang, or whose end is never reported, do not hold the others
// up for ever.
func TestRequestsThatHangAreForgottenAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 10, Remaining: 10})
		for range 8 {
			mustGoAtOnce(t, p, kirim.RateWrite)
		}
		for range 10 {
			if took := waited(t, p, kirim.RateWrite); took > 2*time.Minute {
				t.Fatalf("waited %v", took)
			}
		}
	})
}

func TestRequestsGoInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const requests = 200
		server, p := newTank(600, 1), kirim.NewPacer()
		p.Observe(kirim.RateWrite, server.take())
		var (
			all   sync.WaitGroup
			mu    sync.Mutex
			order []int
			began = time.Now()
		)
		for i := range requests {
			all.Go(func() {
				waited(t, p, kirim.RateWrite)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
				p.Observe(kirim.RateWrite, server.take())
			})
			synctest.Wait() // it has its place in the queue
		}
		all.Wait()
		if !slices.IsSorted(order) {
			t.Errorf("they went in the order %v", order)
		}
		took := time.Since(began)
		t.Logf("%d requests in %v, at 10 a second", requests, took)
		if took > 20500*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestAWaiterThatIsCancelledGivesItsPlaceBackAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const waiters = 1000
		reason := errors.New("the customer left")
		server, p := newTank(600, 1), kirim.NewPacer()
		p.Observe(kirim.RateWrite, server.take())
		ctx, cancel := context.WithCancelCause(t.Context())
		began := time.Now()
		var (
			all       sync.WaitGroup
			mu        sync.Mutex
			order     []int
			cancelled int
			refused   int
			last      time.Duration
		)
		for i := range waiters {
			mine := t.Context()
			if i%2 == 0 {
				mine = ctx
			}
			all.Go(func() {
				err := p.Wait(mine, kirim.RateWrite)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
						t.Error(err)
					}
					if since := time.Since(began); since != time.Second {
						t.Errorf("heard of it after %v", since)
					}
					cancelled++
					return
				}
				order, last = append(order, i), time.Since(began)
				answer := server.take()
				if answer.Exceeded {
					refused++
				}
				p.Observe(kirim.RateWrite, answer)
			})
			synctest.Wait()
		}
		time.Sleep(time.Second)
		cancel(reason)
		all.Wait()
		t.Logf("%d cancelled, the %d others gone after %v, %d refused", cancelled, len(order), last, refused)
		if len(order)+cancelled != waiters || cancelled < waiters/2-10 || !slices.IsSorted(order) || refused > 0 {
			t.Errorf("%d went and %d were cancelled, %d were refused", len(order), cancelled, refused)
		}
		if limit := time.Duration(len(order)) * 100 * time.Millisecond; last > limit+time.Second {
			t.Errorf("%d went in %v, want %v", len(order), last, limit)
		}
	})
}

func TestAWaitThatWouldPassTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 60})
		w := newWire(answer{status: 200})
		client := w.client(t, kirim.WithLimiter(p))
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := post(ctx, client)
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v to say so", took)
		}
		if !errors.Is(err, context.DeadlineExceeded) || kirim.MaybeSent(err) || !kirim.IsTemporary(err) || len(w.seen()) != 0 {
			t.Errorf("%v, MaybeSent %v, %d requests", err, kirim.MaybeSent(err), len(w.seen()))
		}
		wantText(t, err, "the rate limit asks for a wait of 1s, which would pass the deadline: context deadline exceeded (nothing was sent)")

		ctx, cancel = context.WithTimeout(t.Context(), 1001*time.Millisecond)
		defer cancel()
		if err := post(ctx, client); err != nil || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestADeadlineEndsAWaitThatGrewLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 60})
		mustEnd, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		go p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 60, Exceeded: true, Wait: 10 * time.Second})
		err := p.Wait(mustEnd, kirim.RateWrite)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := kirim.NewPacer().Wait(ended, kirim.RateWrite); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended: %v", err)
		}
	})
}

func TestARetryDoesNotWaitTwice(t *testing.T) {
	t.Parallel()
	limits := map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "Retry-After": "5"}
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 429, header: limits}, answer{status: 200})
		if err := post(t.Context(), w.client(t, kirim.WithLimiter(kirim.NewPacer()))); err != nil {
			t.Fatal(err)
		}
		seen := w.seen()
		if took := seen[1].at.Sub(seen[0].at); took < 5*time.Second || took > 5500*time.Millisecond {
			t.Errorf("the retry came after %v, want the Retry-After of 5s and up to a tenth", took)
		}
	})
	// The error of a call that gives up is that of the server, as without.
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 429, header: limits})
		err := post(t.Context(), w.client(t, kirim.WithLimiter(kirim.NewPacer())), kirim.WithoutRetry())
		if e := answerOf(t, err); !kirim.IsRateLimited(err) || e.RetryAfter != 5*time.Second || kirim.MaybeSent(err) {
			t.Errorf("%v, Retry-After %v", err, e.RetryAfter)
		}
	})
}

func TestAWriterBesideOneThatEmptiedTheBucketIsSoonGoing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, p := newTank(600, 600), kirim.NewPacer()
		mustGoAtOnce(t, p, kirim.RateWrite)
		p.Observe(kirim.RateWrite, server.take())
		server.level = 0
		began, refused := time.Now(), 0
		for sent := 0; sent < 100; {
			waited(t, p, kirim.RateWrite)
			time.Sleep(50 * time.Millisecond)
			answer := server.take()
			p.Observe(kirim.RateWrite, answer)
			if answer.Exceeded {
				refused++
			} else {
				sent++
			}
		}
		took := time.Since(began)
		t.Logf("100 sent in %v, at 10 a second, %d refused", took, refused)
		if took > 13*time.Second || refused > 2 {
			t.Errorf("100 sent in %v, %d refused", took, refused)
		}
	})
}

// Several clients of one program share a Pacer, in parallel.
func TestAPacerIsSafeForManyGoroutinesAndClients(t *testing.T) {
	t.Parallel()
	p := kirim.NewPacer()
	w := newWire(answer{status: 200, header: map[string]string{"X-RateLimit-Limit": "6000000", "X-RateLimit-Remaining": "5999000"}})
	clients := []*kirim.Client{w.client(t, kirim.WithLimiter(p)), w.client(t, kirim.WithLimiter(p))}
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for n := range 20 {
				client, method := clients[n%2], http.MethodPost
				if i%2 == 0 {
					method = http.MethodGet
				}
				ctx, cancel := context.WithCancel(t.Context())
				if n%5 == 0 {
					go cancel()
				}
				err := client.Do(ctx, method, "/me", nil, nil, nil)
				if cancel(); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				client.RateLimit(kirim.RateRead)
			}
		})
	}
	all.Wait()
}

func TestTheErrorOfAFullQueueIsOneLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := learnt(t, kirim.RateLimit{Limit: 60})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range 99 {
			go func() { _ = p.Wait(ctx, kirim.RateWrite) }()
		}
		synctest.Wait()
		late, stop := context.WithTimeout(t.Context(), 99*time.Second)
		defer stop()
		err := p.Wait(late, kirim.RateWrite)
		if wantText(t, err, "a wait of 1m40s"); strings.Contains(err.Error(), "\n") {
			t.Error(err)
		}
	})
}

func TestWhateverAServerSaysEveryRequestGoesInTheEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random, p := rand.New(rand.NewPCG(seed, 0)), kirim.NewPacer()
			numbers := []int{math.MinInt, -1, 0, 0, 1, 2, 60, 60, 60, 600, 600, math.MaxInt}
			number := func() int { return numbers[random.IntN(len(numbers))] }
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					for range 20 {
						waited(t, p, kirim.RateWrite)
						mu.Lock()
						answer := kirim.RateLimit{
							Limit: number(), Remaining: number(), Exceeded: random.IntN(3) == 0,
							Wait: time.Duration(number()) * time.Second,
						}
						observed, took := random.IntN(20) > 0, time.Duration(random.Int64N(int64(time.Second)))
						mu.Unlock()
						if time.Sleep(took); observed {
							p.Observe(kirim.RateWrite, answer)
						}
					}
				})
			}
			all.Wait()
		})
	}
}
