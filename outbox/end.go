package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const (
	tellPage    = 200              // ends of one claim
	tellClaim   = 2 * time.Minute  // after which other processes tell what this one has not
	tellTime    = time.Minute      // after which no more of a claim are begun
	tellTimeout = 30 * time.Second // of one call
	tellBackoff = time.Minute      // at most, after a failure
)

// tellEnds calls [Config.OnEnd] for the messages whose end the application has not
// heard of. One for which it fails is told again after as long as the end is ago, within a
// second and a minute, so that it does not hold up the others.
func (e *engine) tellEnds(ctx context.Context) error {
	if e.config.OnEnd == nil {
		return nil
	}
	for ctx.Err() == nil {
		ended, err := e.claimEnds(ctx)
		if err != nil || len(ended) == 0 {
			return err
		}
		rows := make([]toldRow, len(ended))
		claimed := time.Now()
		for i, end := range ended {
			rows[i] = toldRow{ID: end.ID, Claim: end.claim}
			if ctx.Err() == nil && time.Since(claimed) < tellTime {
				rows[i].Told, rows[i].Wait = e.tellOne(ctx, end)
			}
		}
		if err := e.persist(ctx, &driver.Statement{SQL: e.sql.endsTold, Args: []any{toJSON(rows)}}); err != nil {
			return err
		}
		if len(ended) < tellPage {
			return nil
		}
	}
	return nil
}

// endToTell is a message whose end this process tells until claim.
type endToTell struct {
	*Record
	claim, now int64
}

// toldRow is what became of a claim.
type toldRow struct {
	ID    int64 `json:"id"`
	Claim int64 `json:"claim"`
	Told  bool  `json:"told"`
	Wait  int64 `json:"wait"` // until it is told next, in microseconds
}

func (e *engine) claimEnds(ctx context.Context) (ended []endToTell, err error) {
	err = e.run(ctx, &driver.Statement{SQL: e.sql.claimEnds, Args: []any{tellClaim.Microseconds(), tellPage}, Each: func(scan func(...any) error) (err error) {
		var end endToTell
		end.Record, err = scanRecord(func(into ...any) error { return scan(append(into, &end.claim, &end.now)...) })
		ended = append(ended, end)
		return err
	}})
	return ended, err
}

func (e *engine) tellOne(ctx context.Context, end endToTell) (told bool, wait int64) {
	err := e.callOnEnd(ctx, end.Record)
	if err == nil {
		return true, 0
	}
	if ctx.Err() == nil {
		e.config.Logger.LogAttrs(ctx, slog.LevelError, "kirim outbox: OnEnd failed", slog.Int64("message", end.ID), slog.Any("error", err))
	}
	ago := elapsed(end.now, end.EndedAt.UnixMicro())
	return false, min(max(ago, time.Second), tellBackoff).Microseconds()
}

// callOnEnd does not give up on a call before Run is to return: the next would run beside
// it.
func (e *engine) callOnEnd(ctx context.Context, r *Record) error {
	_, err := guard(ctx, func() (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, tellTimeout)
		defer cancel()
		return struct{}{}, e.config.OnEnd(ctx, r)
	})
	return err
}
