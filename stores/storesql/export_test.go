package storesql

import (
	"context"

	"github.com/kirim-go/kirim"
)

// WithClock adds to the time of the database what a table of the tests holds, in
// milliseconds.
func WithClock(table string) Option {
	return func(s *Stores) error {
		s.now = "(" + s.now + " + (SELECT ahead FROM " + table + "))"
		return nil
	}
}

// GiveUp is what becomes of a claim whose caller has left before it was made.
func (d *Deduper) GiveUp(ctx context.Context, key, token string) {
	d.giveUp(ctx, []*holding{{key: hashOf(key), token: token, state: kirim.Claimed}})
}
