package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const (
	sweepEvery = time.Second
	claimTime  = 5 * time.Second // that a worker has from taking a job to claiming its lane
	jobTime    = time.Minute     // after which the sweep makes sure that a lane has a job
	sweepLimit = 500             // lanes of one kind at a time
	rareSweep  = time.Minute
)

// duty is what a process does now and then.
type duty struct {
	name   string
	every  time.Duration
	signal <-chan struct{} // it is to be done at once; nil for never
	do     func(context.Context) error
}

func (e *engine) duties() []duty {
	return []duty{
		{"pauses", sweepEvery, nil, e.readPauses},
		{"recipients", sweepEvery, nil, e.wakeLanes},
		{"statuses", sweepEvery, nil, e.joinPending},
		{"ends", sweepEvery, e.untold, e.tellEnds},
		{"look-ups", sweepEvery, nil, e.lookUp},
		{"retention", rareSweep, nil, e.forget},
		{"deliveries", rareSweep, nil, e.wakeDeliveries},
	}
}

// sweep looks for what no job brings about, until ctx ends. Each process does, so that
// the death of one is noticed. The duties do not wait for each other: a callback that hangs,
// a server that is slow or many rows to delete must not keep messages from being sent.
func (e *engine) sweep(ctx context.Context) {
	var running sync.WaitGroup
	for _, d := range e.duties() {
		running.Go(func() { e.perform(ctx, d) })
	}
	running.Wait()
}

func (e *engine) perform(ctx context.Context, d duty) {
	ticker := time.NewTicker(d.every)
	defer ticker.Stop()
	failed := false
	for {
		err := d.do(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			e.config.Logger.LogAttrs(ctx, slog.LevelWarn, "kirim outbox: the sweep failed", slog.String("of", d.name), slog.Any("error", err))
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-d.signal:
		}
	}
}

// performOnce does the duties that come around so often.
func (e *engine) performOnce(ctx context.Context, every time.Duration) (failed error) {
	for _, d := range e.duties() {
		if d.every == every {
			failed = errors.Join(failed, d.do(ctx))
		}
	}
	return failed
}

// wakeLanes makes jobs for the lanes that lost theirs, or whose time has come.
func (e *engine) wakeLanes(ctx context.Context) error {
	for {
		found, err := e.wakeSome(ctx)
		if err != nil || found < sweepLimit {
			return err
		}
	}
}

func (e *engine) wakeSome(ctx context.Context) (found int64, err error) {
	err = e.inTx(ctx, func(tx driver.Transaction) error {
		var lanes []lane
		statements := []*driver.Statement{
			{SQL: e.sql.due, Args: []any{jobTime.Microseconds(), sweepLimit}, Each: scanLane(&lanes)},
			{SQL: e.sql.orphaned, Args: []any{claimTime.Microseconds(), sweepLimit}, Each: scanLane(&lanes)},
		}
		for class := range e.config.Classes {
			statements = append(statements, &driver.Statement{SQL: e.sql.jobless, Args: []any{jobTime.Microseconds(), sweepLimit, string(class)}, Each: scanLane(&lanes)})
		}
		if err := tx.Run(ctx, statements...); err != nil {
			return err
		}
		for _, s := range statements {
			found = max(found, s.Affected)
		}
		return insertJobs(ctx, tx, lanes)
	})
	return found, err
}
