// Package batch carries out calls that come at the same time together, so that they share
// a round trip to a server, and its commit.
package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Queue carries out calls in batches. A call that comes while there is room for another batch
// is carried out at once and alone; those that come meanwhile are the next batch. The goroutine
// of one of its callers carries a batch out: a queue has none of its own. It is safe for
// concurrent use once its fields are set.
type Queue[C any] struct {
	// Run carries calls out, and keeps in them what came of each. An error is that of all.
	// When ctx, the context of one caller, has ended, the other calls are carried out
	// again.
	Run func(ctx context.Context, calls []C) error
	// Abandoned gets the calls that were carried out although their callers have left. It
	// is optional.
	Abandoned func(ctx context.Context, calls []C)
	// Most is how many calls a batch has at most, and Parallel how many batches are in
	// progress at most; less than 1 means 1.
	Most, Parallel int

	mu      sync.Mutex
	running int // batches
	waiting []*entry[C]
}

// entry is a call that waits for its end.
type entry[C any] struct {
	call C
	wake chan struct{} // has room for one

	// Behind the mutex of the queue.
	leads    bool // its caller is to carry out the next batch
	finished bool
	left     bool // its caller has left
	err      error
}

var errBroken = errors.New("the batch was broken off")

// Do carries out a call and returns its error. When ctx ends before, it returns the error
// of ctx, and the call may be carried out all the same.
func (q *Queue[C]) Do(ctx context.Context, call C) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := &entry[C]{call: call, wake: make(chan struct{}, 1)}
	q.mu.Lock()
	q.waiting = append(q.waiting, e)
	if q.running < max(q.Parallel, 1) {
		q.running++
		q.next()
	}
	q.mu.Unlock()
	for {
		select {
		case <-e.wake:
		case <-ctx.Done():
		}
		q.mu.Lock()
		switch {
		case e.finished:
			q.mu.Unlock()
			return e.err
		case ctx.Err() != nil:
			q.leave(e)
			q.mu.Unlock()
			return ctx.Err()
		case e.leads:
			entries := q.take(e)
			q.mu.Unlock()
			q.run(ctx, entries)
		default:
			q.mu.Unlock()
		}
	}
}

// next wakes the caller who is to carry out the next batch, if there is one.
func (q *Queue[C]) next() {
	if len(q.waiting) == 0 {
		q.running--
		return
	}
	first := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	first.leads = true
	first.wake <- struct{}{}
}

// leave notes that a caller has left.
func (q *Queue[C]) leave(e *entry[C]) {
	e.left = true
	if e.leads {
		q.next()
	} else if i := slices.Index(q.waiting, e); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
}

// take returns the entries of a batch, beginning with the one that leads.
func (q *Queue[C]) take(leader *entry[C]) []*entry[C] {
	leader.leads = false
	n := min(len(q.waiting), max(q.Most, 1)-1)
	entries := append([]*entry[C]{leader}, q.waiting[:n]...)
	q.waiting = slices.Delete(q.waiting, 0, n)
	return entries
}

// run carries a batch out, whose first entry is the caller's own.
func (q *Queue[C]) run(ctx context.Context, entries []*entry[C]) {
	calls := make([]C, len(entries))
	for i, e := range entries {
		calls[i] = e.call
	}
	err := errBroken
	// Deferred, because a driver may panic.
	defer func() {
		if abandoned := q.end(entries, err, err != nil && ctx.Err() != nil); len(abandoned) > 0 && q.Abandoned != nil {
			q.Abandoned(ctx, abandoned)
		}
	}()
	err = q.Run(ctx, calls)
}

// end tells the callers how their calls ended. When the context of the first one has ended,
// the others wait for another batch.
func (q *Queue[C]) end(entries []*entry[C], err error, again bool) (abandoned []C) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var others []*entry[C]
	for i, e := range entries {
		switch {
		case e.left && err == nil:
			abandoned = append(abandoned, e.call)
		case e.left:
		case again && i > 0:
			others = append(others, e)
		default:
			e.finished, e.err = true, err
			e.wake <- struct{}{}
		}
	}
	q.waiting = append(others, q.waiting...)
	q.next()
	return abandoned
}
