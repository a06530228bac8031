package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Record is a message as the outbox keeps it. Times are those of the database.
type Record struct {
	ID        int64
	Number    string // Message.From
	Class     Class
	Campaign  string
	Recipient string // digits of the phone number, or an id; empty once erased
	Key       string // empty once erased
	State     State
	// Status is what webhooks have reported of the delivery: sent, delivered, read,
	// played or failed; empty for nothing.
	Status   kirim.MessageStatus
	StatusAt time.Time
	// Err is why the message was not sent or failed, or the last failure of one
	// that is tried again or is unknown; nil for none.
	Err *Failure
	// Attempts counts the requests, apart from those that were refused by a rate
	// limit. Generation counts the idempotency keys that they used.
	Attempts   int
	Generation int
	// FirstAttemptAt is when the first request with the key of now may have
	// reached the server; zero when it certainly did not.
	FirstAttemptAt time.Time
	UsedTemplate   bool   // the template was sent, or is to be, in place of the message
	KirimID        string // msg_…
	WAMID          string
	Traceparent    string
	NotBefore      time.Time
	Expires        time.Time
	CreatedAt      time.Time
	EndedAt        time.Time // when it left StateQueued; zero before

	body, rescue *string
}

// Content returns what was to be sent, and false when it was dropped; see
// [Config.KeepBodies].
func (r *Record) Content() (message kirim.OutboundMessage, kept bool, err error) {
	if r.body == nil {
		return message, false, nil
	}
	if err := json.Unmarshal([]byte(*r.body), &message); err != nil {
		return message, true, fmt.Errorf("outbox: the content of message id %d: %w", r.ID, err)
	}
	return message, true, nil
}

// recordColumns are those of scanRecord.
const recordColumns = `id, number, class, campaign, recipient, key, state, status, status_at, error, attempts, generation, first_attempt_at, use_template, kirim_id, wamid, traceparent, not_before, expires_at, created_at, ended_at, body, rescue`

func scanRecord(scan func(...any) error) (*Record, error) {
	r := &Record{}
	var recipient, key, status, failure, kirimID, wamid, trace *string
	var statusAt, first, notBefore, expires, ended *int64
	var created int64
	err := scan(&r.ID, &r.Number, &r.Class, &r.Campaign, &recipient, &key, &r.State, &status, &statusAt, &failure, &r.Attempts, &r.Generation, &first, &r.UsedTemplate,
		&kirimID, &wamid, &trace, &notBefore, &expires, &created, &ended, &r.body, &r.rescue)
	r.Recipient, r.Key, r.Status, r.StatusAt = textOf(recipient), textOf(key), kirim.MessageStatus(textOf(status)), timeOrZero(statusAt)
	r.KirimID, r.WAMID, r.Traceparent, r.Err = textOf(kirimID), textOf(wamid), textOf(trace), decodeFailure(failure)
	r.FirstAttemptAt, r.NotBefore, r.Expires = timeOrZero(first), timeOrZero(notBefore), timeOrZero(expires)
	r.CreatedAt, r.EndedAt = timeOf(created), timeOrZero(ended)
	return r, err
}

// Get returns a message by its id. Without one, errors.Is finds [ErrNotFound].
func (o *Outbox[TTx]) Get(ctx context.Context, id int64) (*Record, error) {
	if err := o.check(ctx); err != nil {
		return nil, err
	}
	return o.one(ctx, o.sql.get, id)
}

// GetByKey returns the message with a [Message.Key], also after its erasure.
func (o *Outbox[TTx]) GetByKey(ctx context.Context, key string) (*Record, error) {
	if err := o.check(ctx); err != nil {
		return nil, err
	}
	return o.one(ctx, o.sql.getByKey, hashOf(key))
}

func (e *engine) one(ctx context.Context, sql string, arg any) (found *Record, err error) {
	err = e.run(ctx, &driver.Statement{SQL: sql, Args: []any{arg}, Each: func(scan func(...any) error) (err error) {
		found, err = scanRecord(scan)
		return err
	}})
	if err == nil && found == nil {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Filter chooses messages. The zero value chooses all; each field narrows the choice.
type Filter struct {
	State    State
	Status   kirim.MessageStatus
	Number   string
	Class    Class
	Campaign string
	Kind     kirim.Kind // of the error
	// Recipient is a phone number in any spelling, or an id.
	Recipient string
	AfterID   int64 // the messages that were enqueued after this one
}

// listPage is how many messages a list reads at a time.
const listPage = 200

// List returns the messages that the filter chooses in the order of their ids. It
// reads them in pages, so that what is enqueued meanwhile is listed as well.
func (o *Outbox[TTx]) List(ctx context.Context, f Filter) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		if err := o.check(ctx); err != nil {
			yield(nil, err)
			return
		}
		for {
			page, err := o.page(ctx, f)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				f.AfterID = r.ID
			}
			if len(page) < listPage {
				return
			}
		}
	}
}

func (e *engine) page(ctx context.Context, f Filter) (page []*Record, err error) {
	err = e.run(ctx, &driver.Statement{
		SQL:  e.sql.list,
		Args: []any{f.AfterID, string(f.State), string(f.Status), f.Number, string(f.Class), f.Campaign, string(f.Kind), normalised(f.Recipient), listPage},
		Each: func(scan func(...any) error) error {
			r, err := scanRecord(scan)
			page = append(page, r)
			return err
		},
	})
	return page, err
}

// Unknown lists the messages of which it is not known whether they were sent;
// see [Outbox.Resolve].
func (o *Outbox[TTx]) Unknown(ctx context.Context, f Filter) iter.Seq2[*Record, error] {
	f.State = StateUnknown
	return o.List(ctx, f)
}

// Discarded lists the messages that were refused, each with its error; see
// [Outbox.Replay].
func (o *Outbox[TTx]) Discarded(ctx context.Context, f Filter) iter.Seq2[*Record, error] {
	f.State = StateDiscarded
	return o.List(ctx, f)
}
