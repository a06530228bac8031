package kirimtest

import (
	"sync"
	"time"
)

// Clock tells the sandbox the time and measures its waits. The default is the
// time package, which is virtual inside a testing/synctest bubble.
// Implementations must be safe for concurrent use.
type Clock interface {
	// Now returns the present time. Every deadline of the sandbox (token
	// buckets, 24-hour window, idempotency memory, key expiry) is counted in it.
	Now() time.Time

	// NewTimer returns a channel that receives once, when d has passed, and a
	// function that gives the timer up. A d of zero or less fires at once.
	NewTimer(d time.Duration) (fired <-chan time.Time, stop func())
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) NewTimer(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// ManualClock is a [Clock] that stands still until a test moves it. It is safe
// for concurrent use; make one with [NewManualClock].
type ManualClock struct {
	mu      sync.Mutex
	changed *sync.Cond // a timer was started
	now     time.Time
	timers  map[*manualTimer]struct{}
}

type manualTimer struct {
	at    time.Time
	fired chan time.Time
}

// NewManualClock returns a clock that reads start.
func NewManualClock(start time.Time) *ManualClock {
	c := &ManualClock{now: start, timers: make(map[*manualTimer]struct{})}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// Now returns the time the clock stands at.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d and fires every timer that is then due.
// A negative d does nothing: the clock never runs backwards.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	for t := range c.timers {
		if !t.at.After(c.now) {
			t.fired <- c.now
			delete(c.timers, t)
		}
	}
}

// NewTimer implements [Clock].
func (c *ManualClock) NewTimer(d time.Duration) (<-chan time.Time, func()) {
	return c.timerAt(c.Now().Add(d))
}

func (c *ManualClock) timerAt(at time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{at: at, fired: make(chan time.Time, 1)}
	if !at.After(c.now) {
		t.fired <- c.now
		return t.fired, func() {}
	}
	c.timers[t] = struct{}{}
	c.changed.Broadcast()
	return t.fired, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, t)
	}
}

// BlockUntil returns when at least n timers wait on the clock. A test calls it
// before [ManualClock.Advance], so that what it wants to wake is already
// asleep. It blocks for as long as that takes.
func (c *ManualClock) BlockUntil(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.timers) < n {
		c.changed.Wait()
	}
}
