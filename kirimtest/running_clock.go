package kirimtest

import (
	"sync"
	"time"
)

// RunningClock is a [Clock] that runs with real time and can be put forward, for
// a sandbox that people look at. It is safe for concurrent use; make one with
// [NewRunningClock], and move it with [Server.Advance], which does all that falls due
// on the way at its own time. What falls due while it runs, such as the statuses of a
// message, happens up to 50 ms later: what comes close together happens together, so
// that a busy sandbox does not wake for each alone.
type RunningClock struct {
	mu     sync.Mutex
	ahead  time.Duration // of real time
	timers map[*runningTimer]struct{}
}

type runningTimer struct {
	at    time.Time
	loose bool // it fires at the next multiple of runningSlack
	real  *time.Timer
}

// runningSlack is well within what a person notices.
const runningSlack = 50 * time.Millisecond

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
	for t := range c.timers {
		t.real.Reset(c.wait(t))
	}
}

// wait is how long a timer waits from now on. mu is held.
func (c *RunningClock) wait(t *runningTimer) time.Duration {
	now := time.Now()
	at := t.at.Add(-c.ahead)
	if !at.After(now) {
		return 0
	}
	if t.loose {
		at = at.Add(runningSlack - 1).Truncate(runningSlack)
	}
	return at.Sub(now)
}

// NewTimer implements [Clock]. The channel receives the time of the clock.
func (c *RunningClock) NewTimer(d time.Duration) (<-chan time.Time, func()) {
	t, fired := &runningTimer{at: c.Now().Add(d)}, make(chan time.Time, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := func() { c.stop(t) }
	t.real = time.AfterFunc(c.wait(t), func() {
		stop()
		select {
		case fired <- c.Now():
		default: // put forward while it fired
		}
	})
	c.timers[t] = struct{}{}
	return fired, stop
}

// timerAt is the timer of an agenda, which does not look at what the channel receives
// and always stops the timer.
func (c *RunningClock) timerAt(at time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &runningTimer{at: at, loose: true}
	t.real = time.NewTimer(c.wait(t))
	c.timers[t] = struct{}{}
	return t.real.C, func() { c.stop(t) }
}

func (c *RunningClock) stop(t *runningTimer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.real.Stop()
	delete(c.timers, t)
}
