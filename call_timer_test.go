package kirim

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const timerLimit = 10 * time.Second

// startQueued starts an attempt as start does outside of a bubble, where the
// clock is real and no test could wait for it.
func (t *attemptTimer) startQueued(ago time.Duration) *limitedContext {
	a := &limitedContext{}
	a.Context, a.cancel = context.WithCancelCause(context.Background())
	now := time.Now()
	a.deadline = now.Add(t.limit - ago)
	t.queue(a, now)
	return a
}

// wantEmpty checks that the queue holds nothing that has ended.
func (t *attemptTimer) wantEmpty(tb testing.TB, ended ...*limitedContext) {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first != nil || t.last != nil {
		tb.Error("the queue is not empty")
	}
	for i, a := range ended {
		if a.queued || a.previous != nil || a.next != nil {
			tb.Errorf("attempt %d is still linked", i)
		}
	}
}

// isSet returns the timer, and when it fires.
func (t *attemptTimer) isSet() (*time.Timer, time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.timer, t.fires
}

func TestAnAttemptEndsAtItsLimitWhileYoungerOnesGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := &attemptTimer{limit: timerLimit}
		began := time.Now()
		var attempts []*limitedContext
		for range 3 {
			attempts = append(attempts, timer.startQueued(0))
			time.Sleep(time.Second)
		}
		for i, a := range attempts {
			<-a.Done()
			if took := time.Since(began); took != timerLimit+time.Duration(i)*time.Second {
				t.Errorf("attempt %d ended %v after the first had started", i, took)
			}
			if !errors.Is(a.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(a), context.DeadlineExceeded) {
				t.Errorf("attempt %d ended with %v, because of %v", i, a.Err(), context.Cause(a))
			}
			for j, younger := range attempts[i+1:] {
				if younger.Err() != nil {
					t.Errorf("attempt %d ended with attempt %d", i+1+j, i)
				}
			}
		}
		timer.wantEmpty(t, attempts...)
	})
}

// Two attempts that start at once may queue in the other order.
func TestAnAttemptThatQueuesLateStillEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	for name, ago := range map[string][]time.Duration{
		"behind one that is younger":  {2 * time.Second, 0, time.Second},
		"before all others":           {0, time.Second, 2 * time.Second},
		"at the same time as another": {time.Second, time.Second},
		"when its time is over":       {0, timerLimit, 2 * timerLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				timer := &attemptTimer{limit: timerLimit}
				began := time.Now()
				var wg sync.WaitGroup
				for _, ago := range ago {
					a := timer.startQueued(ago)
					wg.Go(func() {
						<-a.Done()
						if took := time.Since(began); took != max(0, timerLimit-ago) {
							t.Errorf("an attempt that had started %v ago ended after %v", ago, took)
						}
					})
				}
				wg.Wait()
				timer.wantEmpty(t)
			})
		})
	}
}

// An AfterFunc may run when its timer has been set again in the meantime, and a
// machine that slept fires it late.
func TestATimerThatFiresForNothingEndsNothingAndIsSetAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := &attemptTimer{limit: timerLimit}
		began := time.Now()
		a := timer.startQueued(0)
		timer.fire()
		time.Sleep(timerLimit - 1)
		timer.fire()
		synctest.Wait()
		if a.Err() != nil {
			t.Fatalf("ended after %v", time.Since(began))
		}
		<-a.Done()
		if took := time.Since(began); took != timerLimit {
			t.Errorf("ended after %v", took)
		}
		timer.fire() // with nothing in the queue
		b := timer.startQueued(0)
		<-b.Done()
		if took := time.Since(began); took != 2*timerLimit {
			t.Errorf("the next one ended after %v", took-timerLimit)
		}
	})
}

func TestAttemptsThatEndInTimeLeaveOneTimerAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := &attemptTimer{limit: timerLimit}
		first := timer.startQueued(0)
		timer.stop(first)
		only, fires := timer.isSet()
		for range 5 {
			time.Sleep(time.Second)
			a, b, c := timer.startQueued(0), timer.startQueued(0), timer.startQueued(0)
			for _, ended := range []*limitedContext{b, a, c} { // in the middle, at the beginning, alone
				timer.stop(ended)
				timer.stop(ended)
			}
			timer.wantEmpty(t, a, b, c)
		}
		if now, again := timer.isSet(); now != only || again != fires {
			t.Error("the timer was set again, or there is another")
		}
		time.Sleep(timerLimit)
		if _, fires := timer.isSet(); !fires.IsZero() {
			t.Error("the timer is set, and there is nothing to wait for")
		}
		if first.Err() != nil {
			t.Error("an attempt that had ended was ended")
		}
	})
}

// Against a plain rule: an attempt ends by itself after less than the limit, or
// is ended after exactly the limit.
func TestAnyNumberOfAttemptsAtOnceEndByThemselvesOrAtTheirLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := &attemptTimer{limit: timerLimit}
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 200 {
					began := time.Now()
					a := timer.startQueued(0)
					takes := rand.N(2 * timerLimit)
					select {
					case <-a.Done():
					case <-time.After(takes):
					}
					took, err := time.Since(began), a.Err()
					timer.stop(a)
					switch {
					case takes < timerLimit && (took != takes || err != nil):
						t.Errorf("an attempt of %v took %v: %v", takes, took, err)
					case takes > timerLimit && (took != timerLimit || !errors.Is(err, context.DeadlineExceeded)):
						t.Errorf("an attempt of %v was ended after %v: %v", takes, took, err)
					}
				}
			})
		}
		wg.Wait()
		timer.wantEmpty(t)
	})
}
