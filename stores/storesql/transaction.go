package storesql

import (
	"context"
	"database/sql"
	"errors"
)

// maxAttempts is how often what another transaction has overtaken is done again.
const maxAttempts = 20

var errOvertaken = errors.New("other transactions have changed the same messages all the time")

// transaction runs f in a transaction, and again when another one was in its way.
func (t *table) transaction(ctx context.Context, f func(*sql.Tx) error) error {
	var err error
	for range maxAttempts {
		if err = t.once(ctx, f); !errors.Is(err, errOvertaken) && !isConflict(err) {
			return err
		}
	}
	return err
}

func (t *table) once(ctx context.Context, f func(*sql.Tx) error) error {
	opts := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	if t.database == SQLite {
		opts = nil
	}
	tx, err := t.db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if t.database == SQLite {
		// A transaction that begins to read cannot always write later: it begins with
		// a write, for which it waits.
		if _, err := tx.ExecContext(ctx, t.query("DELETE FROM TABLE("+t.table+") WHERE 0")); err != nil {
			return err
		}
	}
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// isConflict reports a deadlock, or a transaction that PostgreSQL could not serialize. The
// drivers' errors have the code.
func isConflict(err error) bool {
	var e interface{ SQLState() string }
	return errors.As(err, &e) && (e.SQLState() == "40P01" || e.SQLState() == "40001")
}
