package outbox

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// tellPage is how many ends are told in one sweep.
const tellPage = 200

// tellEnds calls [Config.OnEnd] for the messages whose end the application has not heard
// of. One for which it fails is told again by a later sweep.
func (e *engine) tellEnds(ctx context.Context) error {
	if e.config.OnEnd == nil {
		return nil
	}
	var ended []*Record
	err := e.run(ctx, &driver.Statement{SQL: e.sql.untold, Args: []any{tellPage}, Each: func(scan func(...any) error) error {
		r, err := scanRecord(scan)
		ended = append(ended, r)
		return err
	}})
	if err != nil {
		return err
	}
	var told []toldRow
	for _, r := range ended {
		if err := e.callOnEnd(ctx, r); err != nil {
			e.config.Logger.LogAttrs(ctx, slog.LevelError, "kirim outbox: OnEnd failed", slog.Int64("message", r.ID), slog.Any("error", err))
			continue
		}
		told = append(told, toldRow{r.ID, r.State, string(r.Status)})
	}
	if len(told) == 0 {
		return nil
	}
	if len(ended) == tellPage {
		e.tellSoon()
	}
	return e.run(ctx, &driver.Statement{SQL: e.sql.markTold, Args: []any{toJSON(told)}})
}

// toldRow is what OnEnd has heard of a message: by now there may be more.
type toldRow struct {
	ID     int64  `json:"id"`
	State  State  `json:"state"`
	Status string `json:"status"`
}

func (e *engine) callOnEnd(ctx context.Context, r *Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked: %v", p)
		}
	}()
	return e.config.OnEnd(ctx, r)
}
