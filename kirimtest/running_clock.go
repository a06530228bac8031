package kirimtest

import (
	"sync"
	"time"
)

// RunningClock is a [Clock] that runs with real time and can be put forward, for
// a sandbox that people look at. It is safe for concurrent use; make one with
// [NewRunningClock], and move it with [Server.Advance], which does all that falls due
// on the way at its own time.
type RunningClock struct {
	mu     sync.Mutex
	ahead  time.Duration // of real time
	timers map[*runningTimer]struct{}
}

type runningTimer struct {
	at    time.Time
	real  *time.Timer
	fired chan time.Time
}

// NewRunningClock returns a clock that is ahead of real time by so much, often 0.
func NewRunningClock(ahead time.Duration) *RunningClock {
	return &RunningClock{ahead: ahead, timers: make(map[*runningTimer]struct{})}
}

// Now returns the time of the clock.
func (c *RunningClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *RunningClock) now() time.Time { return time.Now().Add(c.ahead) }

// Ahead is by how much the clock is ahead of real time.
func (c *RunningClock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead
}

// Advance puts the clock forward by d and fires every timer that is then due.
// A negative d does nothing.
func (c *RunningClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += max(d, 0)
	now := c.now()
	for t := range c.timers {
		t.real.Reset(max(t.at.Sub(now), 0))
	}
}

// NewTimer implements [Clock].
func (c *RunningClock) NewTimer(d time.Duration) (<-chan time.Time, func()) {
	return c.timerAt(c.Now().Add(d))
}

func (c *RunningClock) timerAt(at time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &runningTimer{at: at, fired: make(chan time.Time, 1)}
	end := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		t.real.Stop()
		delete(c.timers, t)
	}
	t.real = time.AfterFunc(max(at.Sub(c.now()), 0), func() {
		end()
		select {
		case t.fired <- c.Now():
		default: // put forward while it fired
		}
	})
	c.timers[t] = struct{}{}
	return t.fired, end
}
