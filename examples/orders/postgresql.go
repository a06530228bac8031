package main

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
	"github.com/kirim-go/kirim/stores/storesql"
)

// openPostgreSQL shares one pool: the outbox uses it as it is, the shop through database/sql.
func openPostgreSQL(ctx context.Context, url string, sender outbox.Sender, config outbox.Config) (*database, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, err
	}
	messages, err := outboxpg.New(ctx, pool, sender, config)
	if err != nil {
		pool.Close()
		return nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	d := &database{DB: db, box: messages, name: "PostgreSQL", close: func() { _ = db.Close(); pool.Close() }}
	d.enqueueTx = func(ctx context.Context, tx *sql.Tx, m ...outbox.Message) ([]int64, error) {
		return outboxpg.EnqueueSQLTx(ctx, messages, tx, m...)
	}
	// Two processes that start at once would both make the table.
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('orders table'))`)
		for _, statement := range ordersTable {
			if err == nil {
				_, err = tx.ExecContext(ctx, statement)
			}
		}
		return err
	})
	if err == nil {
		d.deduper, err = sharedDeduper(ctx, db)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// sharedDeduper lets a webhook be handled once, whichever process it comes to.
func sharedDeduper(ctx context.Context, db *sql.DB) (kirim.Deduper, error) {
	stores, err := storesql.New(db, storesql.PostgreSQL)
	if err != nil {
		return nil, err
	}
	return stores.Deduper(), stores.Migrate(ctx)
}
