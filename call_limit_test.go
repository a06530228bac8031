package kirim_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

func limited(limit time.Duration) kirim.Option {
	return kirim.WithRetryPolicy(kirim.RetryPolicy{AttemptTimeout: limit})
}

// hanging is a server that never responds.
func hanging() *wire { return newWire(answer{hang: true}) }

// wantTimeout checks that a call ends by the limit of its attempt, after exactly that time in a bubble.
func wantTimeout(t *testing.T, c *kirim.Client, limit time.Duration) {
	t.Helper()
	began := time.Now()
	err := post(t.Context(), c)
	took := time.Since(began)
	inBubble := !strings.Contains(began.String(), " m=") // no monotonic reading
	if !errors.Is(err, os.ErrDeadlineExceeded) || took < limit || inBubble && took != limit {
		t.Errorf("after %v, of %v: %v", took, limit, err)
	}
}

func TestTheLimitsOfTwoClientsAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := hanging()
		var wg sync.WaitGroup
		for _, limit := range []time.Duration{3 * time.Second, 7 * time.Second} {
			c := w.client(t, limited(limit))
			wg.Go(func() { wantTimeout(t, c, limit) })
		}
		wg.Wait()
	})
}

// A timer of a bubble must not be touched from outside, and another bubble has
// another time.
func TestOneClientKeepsItsLimitInSeveralBubblesAndOutside(t *testing.T) {
	t.Parallel()
	const limit = 50 * time.Millisecond
	w := hanging()
	c := w.client(t, limited(limit))
	inBubble := func() { synctest.Test(t, func(t *testing.T) { wantTimeout(t, c, limit) }) }
	for range 2 {
		inBubble()
		wantTimeout(t, c, limit)
	}
}

func TestOneClientKeepsItsLimitInBubblesAndOutsideAtOnce(t *testing.T) {
	t.Parallel()
	const limit = 50 * time.Millisecond
	var together sync.WaitGroup // of the three calls
	together.Add(3)
	arrived := make(chan struct{}) // not of a bubble, so that no time passes in one that waits
	go func() { together.Wait(); close(arrived) }()
	met := make(chan struct{}, 3)
	go func() {
		for range 3 {
			<-met
			together.Done()
		}
	}()
	c, err := kirim.NewClient(testKey, limited(limit), kirim.WithHTTPClient(&http.Client{Transport: testwire.Func(func(req *http.Request) (*http.Response, error) {
		met <- struct{}{}
		<-arrived
		<-req.Context().Done()
		return nil, req.Context().Err()
	})}))
	if err != nil {
		t.Fatal(err)
	}
	var ended sync.WaitGroup
	ended.Go(func() { wantTimeout(t, c, limit) })
	for range 2 {
		ended.Go(func() { synctest.Test(t, func(t *testing.T) { wantTimeout(t, c, limit) }) })
	}
	ended.Wait()
}

func TestARetryHasAWholeNewLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 5 * time.Second
		var took []time.Duration
		w := testwire.Serving(func(_ int, req *http.Request) (*http.Response, error) {
			began := time.Now()
			if deadline, ok := req.Context().Deadline(); !ok || deadline.Sub(began) != limit {
				t.Errorf("the deadline is in %v", deadline.Sub(began))
			}
			<-req.Context().Done()
			took = append(took, time.Since(began))
			return nil, req.Context().Err()
		})
		c, err := kirim.NewClient(testKey, w.Options(kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 2, AttemptTimeout: limit}))...)
		if err != nil {
			t.Fatal(err)
		}
		if err := post(t.Context(), c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		if len(took) != 3 || took[0] != limit || took[1] != limit || took[2] != limit {
			t.Errorf("the attempts took %v, want three of %v", took, limit)
		}
	})
}

// What a transport, such as one of an observer, sees of an attempt.
func TestATransportSeesHowItsAttemptEnds(t *testing.T) {
	t.Parallel()
	cancelled := errors.New("the user left")
	for name, test := range map[string]struct {
		context     func(context.Context) (context.Context, func())
		after       time.Duration
		deadline    time.Duration
		err, cause  error
		returned    error // by Do
		notReturned error
	}{
		"the limit of the attempt": {
			func(ctx context.Context) (context.Context, func()) { return ctx, func() {} },
			time.Minute, time.Minute, context.DeadlineExceeded, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded, context.DeadlineExceeded,
		},
		"the caller's deadline, which is sooner": {
			func(ctx context.Context) (context.Context, func()) {
				return context.WithTimeoutCause(ctx, time.Second, cancelled)
			},
			time.Second, time.Second, context.DeadlineExceeded, cancelled, context.DeadlineExceeded, os.ErrDeadlineExceeded,
		},
		"the caller's deadline, which is later": {
			func(ctx context.Context) (context.Context, func()) { return context.WithTimeout(ctx, time.Hour) },
			time.Minute, time.Minute, context.DeadlineExceeded, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded, context.DeadlineExceeded,
		},
		"the caller, with a cause": {
			func(ctx context.Context) (context.Context, func()) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { cancel(cancelled) })
				return ctx, func() {}
			},
			time.Second, time.Minute, context.Canceled, cancelled, context.Canceled, os.ErrDeadlineExceeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var seen error
				watch := kirim.CallObserver{Transport: func(next http.RoundTripper) http.RoundTripper {
					return testwire.Func(func(req *http.Request) (*http.Response, error) {
						resp, err := next.RoundTrip(req)
						seen = err
						return resp, err
					})
				}}
				rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
					ctx := req.Context()
					derived, cancel := context.WithCancel(ctx) // as net/http does
					defer cancel()
					deadline, ok := derived.Deadline()
					if !ok || deadline.Sub(began) != test.deadline {
						t.Errorf("the deadline is %v after the beginning", deadline.Sub(began))
					}
					<-derived.Done()
					if ctx.Err() != test.err || !errors.Is(context.Cause(ctx), test.cause) || !errors.Is(context.Cause(derived), test.cause) { //nolint:errorlint // Err returns no other
						t.Errorf("the context ended with %v, because of %v", ctx.Err(), context.Cause(derived))
					}
					return nil, derived.Err()
				})
				c, err := kirim.NewClient(testKey, limited(time.Minute), kirim.WithCallObserver(watch), kirim.WithHTTPClient(&http.Client{Transport: rt}))
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := test.context(t.Context())
				defer cancel()
				err = post(ctx, c)
				if took := time.Since(began); took != test.after {
					t.Errorf("the call took %v", took)
				}
				if !errors.Is(seen, test.err) {
					t.Errorf("an observer's transport saw %v", seen)
				}
				if !errors.Is(err, test.returned) || errors.Is(err, test.notReturned) {
					t.Errorf("returned %v", err)
				}
			})
		})
	}
}

// The timer may be set for a while after the last call.
func TestAClientThatIsDroppedCanBeCollected(t *testing.T) {
	t.Parallel()
	dropped := func() weak.Pointer[wire] { // which nothing but the client refers to
		w := newWire(answer{status: 204})
		if err := post(t.Context(), w.client(t, limited(time.Hour))); err != nil {
			t.Fatal(err)
		}
		return weak.Make(w)
	}()
	for range 10 {
		if runtime.GC(); dropped.Value() == nil {
			return
		}
	}
	t.Error("the client is still there")
}
