package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const (
	sweepEvery   = time.Second
	claimTime    = 5 * time.Second // that a worker has from taking a job to claiming its lane
	jobTime      = 5 * time.Minute // after which a lane that waits for its job gets another
	sweepLimit   = 500             // lanes of one kind at a time
	rareSweep    = time.Minute
	vanishedOnes = 100
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

func (e *engine) sweepRarely(ctx context.Context) error {
	vanished := &driver.Statement{SQL: e.sql.vanished, Args: []any{jobTime.Microseconds(), vanishedOnes}}
	if _, err := e.wake(ctx, vanished); err != nil {
		return err
	}
	return e.forget(ctx)
}

// wakeLanes makes jobs for the lanes that lost theirs, or whose time has come.
func (e *engine) wakeLanes(ctx context.Context) error {
	for {
		woken, err := e.wake(ctx,
			&driver.Statement{SQL: e.sql.lapsed, Args: []any{sweepLimit}},
			&driver.Statement{SQL: e.sql.orphaned, Args: []any{claimTime.Microseconds(), sweepLimit}})
		if err != nil || woken < sweepLimit {
			return err
		}
	}
}

// wake makes jobs for the lanes that the statements return.
func (e *engine) wake(ctx context.Context, statements ...*driver.Statement) (woken int, err error) {
	err = e.inTx(ctx, func(tx driver.Transaction) error {
		var lanes []lane
		for _, s := range statements {
			s.Each = scanLane(&lanes)
		}
		if err := tx.Run(ctx, statements...); err != nil {
			return err
		}
		woken = len(lanes)
		return insertJobs(ctx, tx, lanes)
	})
	return woken, err
}
