package driver

import (
	"context"
	"database/sql"
)

// SQLTx is a [Runner] in a transaction of database/sql.
type SQLTx struct{ Tx *sql.Tx }

// Run implements [Runner].
func (r SQLTx) Run(ctx context.Context, statements ...*Statement) error {
	for _, s := range statements {
		if err := r.run(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (r SQLTx) run(ctx context.Context, s *Statement) (err error) {
	if s.Each == nil {
		result, err := r.Tx.ExecContext(ctx, s.SQL, s.Args...)
		if err != nil {
			return err
		}
		s.Affected, err = result.RowsAffected()
		return err
	}
	rows, err := r.Tx.QueryContext(ctx, s.SQL, s.Args...)
	if err != nil {
		return err
	}
	defer func() {
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	for s.Affected = 0; rows.Next(); s.Affected++ {
		if err := s.Each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// SQLPool is a [Runner] that begins a transaction of database/sql for each call.
type SQLPool struct{ DB *sql.DB }

// Run implements [Runner].
func (r SQLPool) Run(ctx context.Context, statements ...*Statement) error {
	return InSQLTx(ctx, r.DB, func(tx *sql.Tx) error { return SQLTx{tx}.Run(ctx, statements...) })
}

// InSQLTx runs f in a transaction, which it commits unless f fails.
func InSQLTx(ctx context.Context, db *sql.DB, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
