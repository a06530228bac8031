package outbox

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// WaitState is what a message waits for that is not out, or may not be.
type WaitState string

// What messages wait for.
const (
	WaitDue       WaitState = "due"       // a worker, or the wait after a failure
	WaitScheduled WaitState = "scheduled" // its time, which has not come
	WaitPaused    WaitState = "paused"    // the end of a [Pause]; its time has come
	WaitInDoubt   WaitState = "in_doubt"  // the next attempt; the last one may have reached the server
	WaitUnknown   WaitState = "unknown"   // a person: it is in [StateUnknown]
)

var waitStates = []WaitState{WaitDue, WaitScheduled, WaitPaused, WaitInDoubt, WaitUnknown}

// Waiting is how many messages of a class wait for the same thing.
type Waiting struct {
	Class Class
	State WaitState
	Count int
	// Oldest is for how long the oldest of them has been due, or unknown; 0 where there is
	// none, and for those that are scheduled.
	Oldest time.Duration
}

// Backlog is what an outbox has still to do.
type Backlog struct {
	// Messages has an entry for each class and each [WaitState], sorted by the two. Classes are
	// those of [Config.Classes], also when nothing of them waits, so that a metric falls to
	// zero, and all others of which something does.
	Messages []Waiting
	// Deliveries is how many webhook deliveries [Outbox.Inbox] has stored that are not
	// handled yet, and OldestDelivery for how long the oldest of them has been there.
	Deliveries     int
	OldestDelivery time.Duration
}

// Backlog counts what waits, by the clock of the database: what to alert on. It reads an
// entry of an index for each message that has not ended, and none of those that have.
func (o *Outbox[TTx]) Backlog(ctx context.Context) (Backlog, error) {
	if err := o.check(ctx); err != nil {
		return Backlog{}, err
	}
	var b Backlog
	add := func(scan func(...any) error) error {
		var w Waiting
		var micros int64
		err := scan(&w.Class, &w.State, &w.Count, &micros)
		w.Oldest = sinceOldest(micros)
		b.Messages = append(b.Messages, w)
		return err
	}
	err := o.run(ctx,
		&driver.Statement{SQL: o.sql.backlog, Each: add},
		&driver.Statement{SQL: o.sql.unknowns, Each: add},
		&driver.Statement{SQL: o.sql.deliveries, Each: func(scan func(...any) error) error {
			var micros int64
			err := scan(&b.Deliveries, &micros)
			b.OldestDelivery = sinceOldest(micros)
			return err
		}})
	if err != nil {
		return Backlog{}, err
	}
	b.complete(o.config.Classes)
	return b, nil
}

// complete adds the entries of which nothing waits.
func (b *Backlog) complete(configured map[Class]ClassConfig) {
	there := make(map[Class]map[WaitState]bool)
	for class := range configured {
		there[class] = make(map[WaitState]bool)
	}
	for _, w := range b.Messages {
		if there[w.Class] == nil {
			there[w.Class] = make(map[WaitState]bool)
		}
		there[w.Class][w.State] = true
	}
	for class, states := range there {
		for _, state := range waitStates {
			if !states[state] {
				b.Messages = append(b.Messages, Waiting{Class: class, State: state})
			}
		}
	}
	slices.SortFunc(b.Messages, func(x, y Waiting) int {
		return cmp.Or(cmp.Compare(x.Class, y.Class), cmp.Compare(slices.Index(waitStates, x.State), slices.Index(waitStates, y.State)))
	})
}

// sinceOldest is 0 for what is due later.
func sinceOldest(micros int64) time.Duration {
	return time.Duration(max(0, micros)) * time.Microsecond
}
