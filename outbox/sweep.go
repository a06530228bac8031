package outbox

import (
	"context"
	"errors"
	"log/slog"
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

// sweep looks every second for what no job brings about, until ctx ends. Each
// process does, so that the death of one is noticed.
func (e *engine) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	failed := false
	var rare time.Time
	for {
		now := time.Now()
		err := e.sweepOnce(ctx)
		if err == nil && now.Sub(rare) >= rareSweep {
			rare = now
			err = e.sweepRarely(ctx)
		}
		if err != nil && !failed && ctx.Err() == nil {
			e.config.Logger.LogAttrs(ctx, slog.LevelWarn, "kirim outbox: the sweep failed", slog.Any("error", err))
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-e.untold:
		}
	}
}

func (e *engine) sweepOnce(ctx context.Context) error {
	steps := []func(context.Context) error{e.readPauses, e.wakeLanes, e.joinPending, e.tellEnds, e.lookUp}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sweepRarely does what is done every minute.
func (e *engine) sweepRarely(ctx context.Context) error {
	return errors.Join(e.forget(ctx), e.wakeDeliveries(ctx))
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
		due := &driver.Statement{SQL: e.sql.due, Args: []any{jobTime.Microseconds(), sweepLimit}, Each: scanLane(&lanes)}
		orphaned := &driver.Statement{SQL: e.sql.orphaned, Args: []any{claimTime.Microseconds(), sweepLimit}, Each: scanLane(&lanes)}
		if err := tx.Run(ctx, due, orphaned); err != nil {
			return err
		}
		found = max(due.Affected, orphaned.Affected)
		return insertJobs(ctx, tx, lanes)
	})
	return found, err
}
