package storesql

import (
	"context"
	"errors"
	"time"

	"github.com/kirim-go/kirim"
)

// WindowStore is a [kirim.WindowStore] and a [kirim.WindowDecider] in a database. It
// remembers for 49 hours that a customer wrote, and for 25 hours what was decided.
type WindowStore struct{ windows, decisions table }

var (
	_ kirim.WindowStore   = (*WindowStore)(nil)
	_ kirim.WindowDecider = (*WindowStore)(nil)
)

// windowKey cannot be mistaken: a phone number ID has no colon.
func windowKey(phoneNumberID, customer string) []byte { return hashOf(phoneNumberID + ":" + customer) }

// Opened implements [kirim.WindowStore].
func (w *WindowStore) Opened(ctx context.Context, phoneNumberID, customer string, at time.Time) error {
	_, err := w.windows.exec(ctx, "window opened",
		`INSERT INTO TABLE(window) AS w (key, opened_at, until) VALUES ($1, $2, NOW + $3)
		ON CONFLICT (key) DO UPDATE SET opened_at = excluded.opened_at, until = excluded.until WHERE w.opened_at < excluded.opened_at`,
		windowKey(phoneNumberID, customer), at.UnixMilli(), millis(windowRetention))
	return err
}

// LastOpened implements [kirim.WindowStore].
func (w *WindowStore) LastOpened(ctx context.Context, phoneNumberID, customer string) (time.Time, error) {
	var at int64
	known, err := w.windows.row(ctx, "window last opened", "SELECT opened_at FROM TABLE(window) WHERE key = $1 AND until > NOW",
		&at, windowKey(phoneNumberID, customer))
	if err != nil || !known {
		return time.Time{}, err
	}
	return time.UnixMilli(at), nil
}

// Decide implements [kirim.WindowDecider].
func (w *WindowStore) Decide(ctx context.Context, key string, template bool) (decided bool, err error) {
	h, first := hashOf(key), 0
	if template {
		first = 1
	}
	for range maxAttempts {
		changed, err := w.decisions.exec(ctx, "decide",
			`INSERT INTO TABLE(decision) AS d (key, template, until) VALUES ($1, $2, NOW + $3)
			ON CONFLICT (key) DO UPDATE SET template = excluded.template, until = excluded.until WHERE d.until <= NOW`,
			h, first, millis(decisionRetention))
		if err != nil {
			return false, err
		}
		if changed > 0 {
			return template, nil
		}
		var before int
		known, err := w.decisions.row(ctx, "decide", "SELECT template FROM TABLE(decision) WHERE key = $1", &before, h)
		if err != nil {
			return false, err
		}
		if known {
			return before > 0, nil
		}
		// It was too old, and is gone since then.
	}
	return false, errors.New("kirim: storesql: decide: the decision changes all the time")
}
