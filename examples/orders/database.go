package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

// box is what the shop needs of an outbox, whichever database it is in.
type box interface {
	Enqueue(ctx context.Context, messages ...outbox.Message) ([]int64, error)
	Run(ctx context.Context) error
	Attach(h *kirim.WebhookHandler)
	Depths(ctx context.Context) ([]outbox.Depth, error)
	Progress(ctx context.Context, campaign string) (outbox.Progress, error)
	Pauses(ctx context.Context) ([]outbox.Pause, error)
	Backlog(ctx context.Context) (outbox.Backlog, error)
	Classes() []outbox.Class
}

// database holds the orders and the messages, so that one transaction changes
// both. The SQL of the shop is the same for SQLite and PostgreSQL.
type database struct {
	*sql.DB
	box
	name      string
	enqueueTx func(ctx context.Context, tx *sql.Tx, messages ...outbox.Message) ([]int64, error)
	deduper   kirim.Deduper // which webhooks were handled; nil for the memory of this process
	close     func()
}

// The statements that make the shop's own table. message is the id of the confirmation.
var ordersTable = []string{
	`CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, phone text NOT NULL, item text NOT NULL, message bigint NOT NULL UNIQUE, notice text NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS orders_phone ON orders (phone, message)`,
}

func open(ctx context.Context, url string, sender outbox.Sender, config outbox.Config) (*database, error) {
	if url != "" {
		return openPostgreSQL(ctx, url, sender, config)
	}
	return openSQLite(ctx, "orders.db", sender, config)
}

func openSQLite(ctx context.Context, path string, sender outbox.Sender, config outbox.Config) (*database, error) {
	db, err := outboxsqlite.OpenDB(path)
	if err != nil {
		return nil, err
	}
	messages, err := outboxsqlite.New(ctx, db, sender, config)
	for _, statement := range ordersTable {
		if err == nil {
			_, err = db.ExecContext(ctx, statement)
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &database{DB: db, box: messages, name: path, enqueueTx: messages.EnqueueTx, close: func() { _ = db.Close() }}, nil
}

// inTx commits what f does, unless f fails.
func (d *database) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
