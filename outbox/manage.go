package outbox

import (
	"context"
	"fmt"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Cancel keeps messages from being sent, and returns the ids of those that it could:
// that are queued, and certainly are not out. One that is being sent, or is in doubt, is not
// cancelled.
func (o *Outbox[TTx]) Cancel(ctx context.Context, ids ...int64) (cancelled []int64, err error) {
	if err := o.checkIDs(ctx, ids); err != nil {
		return nil, err
	}
	err = o.inTx(ctx, func(tx driver.Transaction) error {
		cancelled, err = o.cancel(ctx, tx, ids)
		return err
	})
	if err == nil {
		o.observeEnd(ctx, cancelled...)
	}
	return cancelled, err
}

// CancelTx is Cancel in a transaction of the caller's. It locks the recipients
// until that ends, as EnqueueTx does.
func (o *Outbox[TTx]) CancelTx(ctx context.Context, tx TTx, ids ...int64) (cancelled []int64, err error) {
	if err := o.checkIDs(ctx, ids); err != nil {
		return nil, err
	}
	if err := o.checkTx(ctx, tx); err != nil {
		return nil, err
	}
	within := o.within(tx)
	cancelled, err = o.cancel(ctx, within, ids)
	if err == nil {
		err = o.observeEnds(ctx, within, cancelled)
	}
	return cancelled, err
}

func (o *Outbox[TTx]) checkIDs(ctx context.Context, ids []int64) error {
	if len(ids) > maxMessages {
		return refuse("ids", fmt.Sprintf("at most %d in one call", maxMessages), fmt.Sprint(len(ids)))
	}
	return o.check(ctx)
}

func (e *engine) cancel(ctx context.Context, tx driver.Transaction, ids []int64) (cancelled []int64, err error) {
	rows := make([]idRow, len(ids))
	for i, id := range ids {
		rows[i] = idRow{id}
	}
	err = tx.Run(ctx,
		&driver.Statement{SQL: e.sql.lockLanesOf, Args: []any{toJSON(rows)}, Each: scanID(nil)},
		&driver.Statement{SQL: e.sql.cancel, Args: []any{toJSON(rows), e.config.OnEnd == nil}, Each: scanID(&cancelled)})
	return cancelled, err
}

// cancelPage is how many messages of a campaign are cancelled in one transaction.
const cancelPage = 500

// CancelCampaign cancels what it can of a campaign, in transactions of 500
// messages, and returns how many that were. When it fails, those before are
// cancelled.
func (o *Outbox[TTx]) CancelCampaign(ctx context.Context, campaign string) (cancelled int, err error) {
	if err := o.check(ctx); err != nil {
		return 0, err
	}
	if err := checkText("campaign", campaign, 1, maxCampaign); err != nil {
		return 0, err
	}
	for after := int64(0); ; {
		var ids []int64
		page := &driver.Statement{SQL: o.sql.cancelPage, Args: []any{campaign, after, cancelPage}, Each: scanID(&ids)}
		if err := o.run(ctx, page); err != nil || len(ids) == 0 {
			return cancelled, err
		}
		done, err := o.Cancel(ctx, ids...)
		cancelled += len(done)
		if err != nil {
			return cancelled, err
		}
		after = ids[len(ids)-1]
	}
}

// Decision is what a person decides about a message in [StateUnknown].
type Decision string

// The decisions.
const (
	DecideSent      Decision = "sent"       // it was sent: it becomes StateSent
	DecideNotSent   Decision = "not_sent"   // it was not, and shall not be: it becomes StateDiscarded
	DecideSendAgain Decision = "send_again" // it is sent again, under another key: the recipient may get it twice
)

// Resolve ends the doubt about a message. One that is not in [StateUnknown] is a
// [*StateError], but for DecideNotSent about a message in [StateDiscarded], which
// stays so: with [Config.StopLaneOnFailure] the messages behind it are sent then.
// DecideSendAgain needs the content, which is kept for [Config.KeepBodies].
func (o *Outbox[TTx]) Resolve(ctx context.Context, id int64, decision Decision) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	switch decision {
	case DecideSent, DecideNotSent:
		state := map[Decision]State{DecideSent: StateSent, DecideNotSent: StateDiscarded}[decision]
		tell := o.isObserved()
		if tell && decision == DecideNotSent { // one that is discarded already comes to no end
			before, err := o.one(ctx, o.sql.get, id)
			tell = err == nil && before.State == StateUnknown
		}
		err := o.changeOne(ctx, id, StateUnknown, &driver.Statement{SQL: o.sql.resolve, Args: []any{id, string(state), o.config.OnEnd == nil}})
		if err == nil && tell {
			o.observeEnd(ctx, id)
		}
		return err
	case DecideSendAgain:
		return o.replayOne(ctx, id, StateUnknown)
	}
	return refuse("decision", "sent, not_sent or send_again", shapeOf(string(decision)))
}

// Replay sends messages in [StateDiscarded] again, under another key: the server
// would replay its refusal under the same one. It stops at the first that it
// cannot send again; see [Outbox.Resolve]. Expired and cancelled messages are
// enqueued again instead.
func (o *Outbox[TTx]) Replay(ctx context.Context, ids ...int64) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		if err := o.replayOne(ctx, id, StateDiscarded); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outbox[TTx]) replayOne(ctx context.Context, id int64, from State) error {
	r, err := o.one(ctx, o.sql.get, id)
	if err != nil {
		return err
	}
	if r.State == from && r.body == nil {
		return &StateError{ID: id, State: r.State, Want: "one whose content is still kept"}
	}
	again := &driver.Statement{SQL: o.sql.again, Args: []any{id, int64(r.Generation), int64(r.Generation) + 1, false, nil, nil, string(from), 0, nil, nil, r.UsedTemplate}}
	return o.changeOne(ctx, id, from, again)
}

// changeOne changes a message in a state, and wakes its lane, which may have
// stopped behind it.
func (o *Outbox[TTx]) changeOne(ctx context.Context, id int64, from State, change *driver.Statement) error {
	wake := &driver.Statement{SQL: o.sql.wakeLane, Args: []any{id, 0, true}}
	if err := o.run(ctx, wake, change); err != nil {
		return err
	}
	if change.Affected > 0 {
		o.tellSoon()
		return nil
	}
	r, err := o.one(ctx, o.sql.get, id)
	if err != nil {
		return err
	}
	return &StateError{ID: id, State: r.State, Want: string(from)}
}
