package kirim

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// attemptTimer ends the attempts of a client that take longer than they may.
// It is one timer for all of them: they wait in a queue in the order of their
// deadlines, and the timer is set for no later than the first. As all attempts of
// a client have the same limit, a new one goes to the end.
//
// The timer stays set when its attempt ends in time. At worst it fires once per
// limit for nothing, and an attempt costs a mutex and a few pointers at its
// beginning and at its end, which saves 2 of 34 allocations of a send.
//
// It refers to no client, so that one that is dropped can be collected while the
// timer is set.
type attemptTimer struct {
	limit time.Duration

	mu          sync.Mutex
	first, last *limitedContext
	timer       *time.Timer // nil before the first use
	fires       time.Time   // when the timer does; zero while it is not set
}

// limitedContext is the context of an attempt: that of the caller, which also ends
// when the attempt takes too long.
type limitedContext struct {
	context.Context //nolint:containedctx // it is one
	cancel          context.CancelCauseFunc
	deadline        time.Time   // zero if the caller's, or none, holds
	timer           *time.Timer // of its own; nil for that of the client

	previous, next *limitedContext // in the queue of the client; under its mutex
	queued         bool            // likewise
}

// start limits the time of an attempt from now on. It can be cancelled already.
func (t *attemptTimer) start(a *limitedContext) {
	now := time.Now()
	deadline := now.Add(t.limit)
	if theirs, ok := a.Context.Deadline(); ok && !deadline.Before(theirs) {
		return // the caller's context ends it
	}
	a.deadline = deadline
	if hasOwnTime(now) {
		a.timer = time.AfterFunc(t.limit, func() { a.expire(t.limit) })
		return
	}
	t.queue(a, now)
}

// hasOwnTime reports whether now is a time of a testing/synctest bubble, which
// has no monotonic reading. The timers of a bubble are set and stopped in it
// alone, and no two bubbles have the same time. A client may be used in
// several, so there each attempt has a timer of its own.
func hasOwnTime(now time.Time) bool {
	return now == now.Round(0) //nolint:staticcheck // Equal does not look at that reading
}

// queue adds an attempt, and sets the timer unless it fires early enough.
func (t *attemptTimer) queue(a *limitedContext, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.last // but for attempts that start at the same time in another order
	for before != nil && a.deadline.Before(before.deadline) {
		before = before.previous
	}
	t.insert(a, before)
	if t.fires.IsZero() || a.deadline.Before(t.fires) {
		t.set(a.deadline, now)
	}
}

// set makes the timer fire at a time. The mutex is held.
func (t *attemptTimer) set(at, now time.Time) {
	t.fires = at
	if t.timer == nil {
		t.timer = time.AfterFunc(at.Sub(now), t.fire)
	} else {
		t.timer.Reset(at.Sub(now))
	}
}

// fire ends the attempts that are due, and sets the timer for the next.
func (t *attemptTimer) fire() {
	// Outside of the mutex, as contexts of the caller's may run code of theirs.
	for _, a := range t.takeDue() {
		a.expire(t.limit)
	}
}

func (t *attemptTimer) takeDue() (due []*limitedContext) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for a := t.first; a != nil && !a.deadline.After(now); a = t.first {
		t.remove(a)
		due = append(due, a)
	}
	if t.fires = (time.Time{}); t.first != nil {
		t.set(t.first.deadline, now)
	}
	return due
}

// stop says that an attempt has ended.
func (t *attemptTimer) stop(a *limitedContext) {
	if a.timer != nil {
		a.timer.Stop()
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.queued {
		t.remove(a)
	}
}

// insert adds an attempt to the queue after another one, nil for the beginning.
func (t *attemptTimer) insert(a, before *limitedContext) {
	next := t.first
	if before != nil {
		next = before.next
	}
	a.previous, a.next, a.queued = before, next, true
	t.link(before, a)
	t.link(a, next)
}

// remove takes an attempt out of the queue.
func (t *attemptTimer) remove(a *limitedContext) {
	t.link(a.previous, a.next)
	a.previous, a.next, a.queued = nil, nil, false
}

// link makes two attempts neighbours; nil is the end of the queue.
func (t *attemptTimer) link(a, b *limitedContext) {
	if a == nil {
		t.first = b
	} else {
		a.next = b
	}
	if b == nil {
		t.last = a
	} else {
		b.previous = a
	}
}

// expire ends an attempt that took too long.
func (a *limitedContext) expire(limit time.Duration) { a.cancel(&attemptExpiredError{limit}) }

// Deadline implements [context.Context].
func (a *limitedContext) Deadline() (time.Time, bool) {
	if a.deadline.IsZero() {
		return a.Context.Deadline()
	}
	return a.deadline, true
}

// Err implements [context.Context].
func (a *limitedContext) Err() error {
	err := a.Context.Err()
	if err != nil && a.expired() != nil {
		return context.DeadlineExceeded
	}
	return err
}

// expired returns how the attempt ended if that was by its limit, nil otherwise.
func (a *limitedContext) expired() error {
	if e, ok := context.Cause(a.Context).(*attemptExpiredError); ok { //nolint:errorlint // the very cause
		return e
	}
	return nil
}

// attemptExpiredError is what a transport gets to know of an attempt that took too
// long: the cause of the end of its context, which matches its Err. The caller
// gets an [attemptTimeoutError], which does not.
type attemptExpiredError struct{ limit time.Duration }

func (e *attemptExpiredError) Error() string {
	return fmt.Sprintf("no complete answer within %v", e.limit)
}
func (e *attemptExpiredError) Timeout() bool   { return true }
func (e *attemptExpiredError) Temporary() bool { return true }
func (e *attemptExpiredError) Is(target error) bool {
	return target == context.DeadlineExceeded || target == os.ErrDeadlineExceeded
}
