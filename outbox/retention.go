package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const (
	forgetPage  = 1000               // rows in one transaction
	forgetPages = 50                 // in one sweep
	keepPending = 7 * 24 * time.Hour // what a webhook told of a message that is not known
	mostPending = 200_000
)

// forget drops what was kept for long enough, in small transactions.
func (e *engine) forget(ctx context.Context) error {
	steps := []*driver.Statement{
		{SQL: e.sql.dropOldPending, Args: []any{keepPending.Microseconds(), mostPending, forgetPage}},
		{SQL: e.sql.dropPauses},
	}
	if e.config.KeepBodies > 0 {
		steps = append(steps, &driver.Statement{SQL: e.sql.dropBodies, Args: []any{e.config.KeepBodies.Microseconds(), forgetPage}})
	}
	if e.config.KeepMessages > 0 {
		steps = append(steps, &driver.Statement{SQL: e.sql.dropMessages, Args: []any{e.config.KeepMessages.Microseconds(), forgetPage}})
	}
	for _, s := range steps {
		for range forgetPages {
			if err := e.run(ctx, s); err != nil {
				return err
			}
			if s.Affected < forgetPage {
				break
			}
		}
	}
	if e.config.KeepMessages < 0 {
		return nil
	}
	return e.forgetLanes(ctx)
}

// forgetLanes drops lanes that had no message for long. It goes on where it has stopped the
// last time, so that each sweep reads as many lanes, however many there are.
func (e *engine) forgetLanes(ctx context.Context) error {
	for range forgetPages {
		var last, n int64
		page := &driver.Statement{SQL: e.sql.lanesAfter, Args: []any{e.lanesSeen, forgetPage}, Each: func(scan func(...any) error) error { return scan(&last, &n) }}
		if err := e.run(ctx, page); err != nil {
			return err
		}
		if n > 0 {
			if err := e.run(ctx, &driver.Statement{SQL: e.sql.dropLanes, Args: []any{e.config.KeepMessages.Microseconds(), e.lanesSeen, last}}); err != nil {
				return err
			}
		}
		e.lanesSeen = last
		if n < forgetPage {
			e.lanesSeen = 0 // from the beginning
			break
		}
	}
	return nil
}

// Erase removes every trace of a recipient from the tables: content, number, keys,
// errors, and the ids that the servers gave. Recipient is a phone number in any spelling, or a
// user id; who was sent to under both is erased by two calls. Messages that are
// queued are cancelled. What stays are counts, and hashes of the keys, so that nothing is
// sent again, and of who has stopped marketing. A message that is being sent is not
// erased: there is an error, and the call can be made again. It returns how many messages it
// erased. What a webhook tells of an erased message later is kept for 7 days, as of
// every message that is not known.
func (o *Outbox[TTx]) Erase(ctx context.Context, recipient string) (erased int, err error) {
	if err := o.check(ctx); err != nil {
		return 0, err
	}
	if err := checkText("recipient", recipient, 1, 200); err != nil {
		return 0, err
	}
	recipient = normalised(recipient)
	left := 0
	for filter := (Filter{Recipient: recipient, State: StateQueued}); ; {
		page, err := o.page(ctx, filter)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 {
			break
		}
		ids := make([]int64, len(page))
		for i, r := range page {
			ids[i], filter.AfterID = r.ID, r.ID
		}
		cancelled, err := o.Cancel(ctx, ids...)
		if err != nil {
			return 0, err
		}
		left += len(ids) - len(cancelled)
	}
	messages := &driver.Statement{SQL: o.sql.eraseMessages, Args: []any{recipient}}
	err = o.run(ctx,
		&driver.Statement{SQL: o.sql.lockLanesTo, Args: []any{recipient}, Each: scanID(nil)},
		&driver.Statement{SQL: o.sql.erasePending, Args: []any{recipient, hashOf(recipient)}},
		messages,
		&driver.Statement{SQL: o.sql.eraseLanes, Args: []any{recipient}})
	if err != nil {
		return 0, err
	}
	if left > 0 {
		err = fmt.Errorf("outbox: %d messages to the recipient are being sent or are in doubt: erase again when they have ended", left)
	}
	return int(messages.Affected), err
}
