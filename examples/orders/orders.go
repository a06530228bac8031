package main

import (
	"context"
	"crypto/rand"
	"database/sql"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// order is one of the shop's orders.
type order struct {
	ID    string `json:"id"`
	Phone string `json:"phone"` // E.164
	Item  string `json:"item"`
	// Notice is what became of the confirmation: queued, sent, delivered, read,
	// failed, or why it is not sent.
	Notice string `json:"notice"`
}

// place stores an order and its confirmation together: both exist, or neither.
func (s *shop) place(ctx context.Context, phone, item string) (order, error) {
	o := order{ID: rand.Text()[:8], Phone: phone, Item: item, Notice: string(outbox.StateQueued)}
	err := s.db.inTx(ctx, func(tx *sql.Tx) error {
		ids, err := s.db.enqueueTx(ctx, tx, s.whatsApp.confirmation(o))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO orders (id, phone, item, message, notice) VALUES ($1, $2, $3, $4, $5)`, o.ID, o.Phone, o.Item, ids[0], o.Notice)
		return err
	})
	return o, err
}

// get returns an order, or sql.ErrNoRows.
func (s *shop) get(ctx context.Context, id string) (order, error) {
	return scanOrder(s.db.QueryRowContext(ctx, `SELECT id, phone, item, notice FROM orders WHERE id = $1`, id))
}

// latest returns the last order of a customer, or the one with this ID unless it is
// empty, or sql.ErrNoRows.
func (s *shop) latest(ctx context.Context, phone, id string) (order, error) {
	return scanOrder(s.db.QueryRowContext(ctx, `SELECT id, phone, item, notice FROM orders WHERE phone = $1 AND $2 IN ('', id) ORDER BY message DESC LIMIT 1`, phone, id))
}

func scanOrder(row *sql.Row) (o order, err error) {
	err = row.Scan(&o.ID, &o.Phone, &o.Item, &o.Notice)
	return o, err
}

// messageEnded notes with an order what became of its confirmation. The outbox
// calls it until it returns nil, perhaps more than once and from two processes: what is
// known of the delivery is not replaced by the older news that the message was sent.
func (s *shop) messageEnded(ctx context.Context, r *outbox.Record) error {
	notice := string(r.State)
	if r.State == outbox.StateSent && r.Status != "" && r.Status != kirim.MessageSent {
		notice = string(r.Status)
	}
	_, err := s.db.ExecContext(ctx, `UPDATE orders SET notice = $1 WHERE message = $2 AND NOT ($3 AND notice IN ('delivered', 'read', 'failed'))`,
		notice, r.ID, notice == string(outbox.StateSent))
	return err // no order has the id of a reply
}
