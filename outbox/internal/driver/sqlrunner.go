package driver

import (
	"context"
	"database/sql"
	"errors"
	"sync"
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

func (r SQLTx) run(ctx context.Context, s *Statement) error {
	if s.Each == nil {
		return s.executed(r.Tx.ExecContext(ctx, s.SQL, s.Args...))
	}
	return s.read(r.Tx.QueryContext(ctx, s.SQL, s.Args...))
}

// executed takes the result of a statement that returns no rows.
func (s *Statement) executed(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	s.Affected, err = result.RowsAffected()
	return err
}

// read takes the rows of one that does.
func (s *Statement) read(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	for s.Affected = 0; err == nil && rows.Next(); s.Affected++ {
		err = s.Each(rows.Scan)
	}
	return errors.Join(err, rows.Err(), rows.Close())
}

// SQLPool is a [Runner] that begins a transaction of database/sql for each call. It
// keeps the statements prepared: SQLite takes as long to prepare one as to run it.
type SQLPool struct {
	DB *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// Run implements [Runner].
func (p *SQLPool) Run(ctx context.Context, statements ...*Statement) error {
	prepared := make([]*sql.Stmt, len(statements))
	for i, s := range statements {
		var err error
		if prepared[i], err = p.prepare(ctx, s.SQL); err != nil {
			return err
		}
	}
	return InSQLTx(ctx, p.DB, func(tx *sql.Tx) error {
		for i, s := range statements {
			if err := runPrepared(ctx, tx.StmtContext(ctx, prepared[i]), s); err != nil {
				return err
			}
		}
		return nil
	})
}

// runPrepared runs a statement of a transaction, which closes it.
func runPrepared(ctx context.Context, prepared *sql.Stmt, s *Statement) error {
	if s.Each == nil {
		return s.executed(prepared.ExecContext(ctx, s.Args...))
	}
	return s.read(prepared.QueryContext(ctx, s.Args...))
}

// prepare returns a statement of the pool's own. There are as many as the outbox
// has.
func (p *SQLPool) prepare(ctx context.Context, statement string) (*sql.Stmt, error) {
	p.mu.Lock()
	known := p.prepared[statement]
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	// Not under the lock: it may wait for the only connection.
	fresh, err := p.DB.PrepareContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.prepared[statement]; known != nil {
		return known, fresh.Close()
	}
	if p.prepared == nil {
		p.prepared = make(map[string]*sql.Stmt)
	}
	p.prepared[statement] = fresh
	return fresh, nil
}

// Close closes the statements, and not the database.
func (p *SQLPool) Close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.prepared {
		err = errors.Join(err, s.Close())
	}
	p.prepared = nil
	return err
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
