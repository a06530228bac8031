package outboxsqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/kirim-go/kirim/outbox/internal/driver"
	"github.com/kirim-go/kirim/outbox/internal/outboxtest"
)

func TestBehaviour(t *testing.T) { outboxtest.Run(t, newStore) }

// store is a file of a test's own.
type store struct {
	path string
	app  *sql.DB
}

func newStore(t *testing.T) outboxtest.Store[*sql.Tx] {
	t.Helper()
	s := &store{path: filepath.Join(t.TempDir(), "test.db")}
	s.app = s.open(t)
	return s
}

func (s *store) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := OpenDB(s.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func (s *store) Driver(t *testing.T) driver.Driver[*sql.Tx] {
	t.Helper()
	return newDatabase(s.open(t), false, "(SELECT micros FROM outboxtest_clock)")
}

func (s *store) Schema() string { return "" }

func (s *store) Begin(ctx context.Context) (tx *sql.Tx, commit, rollback func(context.Context) error, err error) {
	tx, err = s.app.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	return tx, func(context.Context) error { return tx.Commit() }, func(context.Context) error { return tx.Rollback() }, nil
}

func (s *store) UseClock(*testing.T) {}
