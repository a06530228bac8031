package batch_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim/internal/batch"
)

// server carries out batches, each in a second.
type server struct {
	mu      sync.Mutex
	batches [][]*call
	fail    error
}

type call struct {
	n       int
	carried int
}

func (s *server) run(ctx context.Context, calls []*call) error {
	s.mu.Lock()
	s.batches = append(s.batches, slices.Clone(calls))
	s.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.fail != nil {
		return s.fail
	}
	for _, c := range calls {
		c.carried++
	}
	return nil
}

func (s *server) sizes() (sizes []int) {
	for _, calls := range s.batches {
		sizes = append(sizes, len(calls))
	}
	return sizes
}

func TestCallsThatComeMeanwhileAreTheNextBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		q := batch.Queue[*call]{Run: s.run, Most: 8}
		var all sync.WaitGroup
		for n := range 20 {
			all.Go(func() {
				c := &call{n: n}
				if err := q.Do(t.Context(), c); err != nil || c.carried != 1 {
					t.Errorf("call %d: carried out %d times, %v", n, c.carried, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if got := s.sizes(); !slices.Equal(got, []int{1, 8, 8, 3}) {
			t.Errorf("batches of %v", got)
		}
		if err := q.Do(t.Context(), &call{}); err != nil || !slices.Equal(s.sizes(), []int{1, 8, 8, 3, 1}) {
			t.Errorf("a call after the others: %v, batches of %v", err, s.sizes())
		}
	})
}

func TestAnErrorIsThatOfAllCallsOfTheBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{fail: errors.New("the server is away")}
		q := batch.Queue[*call]{Run: s.run, Most: 8}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if err := q.Do(t.Context(), &call{}); !errors.Is(err, s.fail) {
					t.Errorf("the error is %v", err)
				}
			})
		}
		all.Wait()
		if got := len(s.batches); got != 2 {
			t.Errorf("%d batches", got)
		}
	})
}

func TestTheEndOfOneContextEndsNoCallOfAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		var abandoned []int
		q := batch.Queue[*call]{Run: s.run, Most: 8, Abandoned: func(_ context.Context, calls []*call) {
			for _, c := range calls {
				abandoned = append(abandoned, c.n)
			}
		}}
		var all sync.WaitGroup
		for n, patience := range []time.Duration{
			time.Hour,               // the first batch, alone
			1500 * time.Millisecond, // leads the second, which ends with it
			1200 * time.Millisecond, // leaves during the second
			500 * time.Millisecond,  // leaves before it is in a batch
			2 * time.Second,         // leaves during the third
			time.Hour, time.Hour,
		} {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				began, c := time.Now(), &call{n: n}
				err := q.Do(ctx, c)
				if left := patience < time.Hour; errors.Is(err, context.DeadlineExceeded) != left || !left && c.carried != 1 || left && time.Since(began) != patience {
					t.Errorf("call %d ended after %v: %v", n, time.Since(began), err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		var got [][]int
		for _, calls := range s.batches {
			var numbers []int
			for _, c := range calls {
				numbers = append(numbers, c.n)
			}
			got = append(got, numbers)
		}
		if want := [][]int{{0}, {1, 2, 4, 5, 6}, {4, 5, 6}, {5, 6}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("batches %v, want %v", got, want)
		}
		if len(abandoned) > 0 {
			t.Errorf("%v are abandoned", abandoned)
		}
	})
}

func TestACallWhoseCallerHasLeftIsAbandonedWhenItWasCarriedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		abandoned := make(chan []*call, 1)
		q := batch.Queue[*call]{Run: s.run, Most: 8, Abandoned: func(_ context.Context, calls []*call) { abandoned <- calls }}
		var all sync.WaitGroup
		for n, patience := range []time.Duration{time.Hour, time.Hour, 1500 * time.Millisecond} {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if err := q.Do(ctx, &call{n: n}); (err != nil) != (n == 2) {
					t.Errorf("call %d: %v", n, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if calls := <-abandoned; len(calls) != 1 || calls[0].n != 2 || calls[0].carried != 1 {
			t.Errorf("%d calls are abandoned", len(calls))
		}
	})
}

func TestNothingIsCarriedOutForAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	s := &server{}
	q := batch.Queue[*call]{Run: s.run}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Do(ctx, &call{}); !errors.Is(err, context.Canceled) || len(s.batches) > 0 {
		t.Errorf("%v, batches of %v", err, s.sizes())
	}
}

func TestAPanicIsOfOneCallerAndFailsTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := batch.Queue[int]{Most: 8, Run: func(context.Context, []int) error { time.Sleep(time.Second); panic("a faulty driver") }}
		var all sync.WaitGroup
		var mu sync.Mutex
		panics, failures := 0, 0
		for n := range 5 {
			all.Go(func() {
				defer func() {
					mu.Lock()
					defer mu.Unlock()
					if recover() != nil {
						panics++
					}
				}()
				if err := q.Do(t.Context(), n); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failures++
				}
			})
		}
		all.Wait()
		if panics != 2 || failures != 3 {
			t.Errorf("%d callers panic and %d calls fail", panics, failures)
		}
	})
}
