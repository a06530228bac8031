package outboxpg

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kirim-go/kirim/outbox/internal/driver"
	"github.com/kirim-go/kirim/outbox/internal/outboxtest"
)

func TestBehaviour(t *testing.T) { outboxtest.Run(t, newStore) }

// So it is behind PgBouncer in the mode of transactions, which knows of no
// statement that was prepared before.
func TestBehaviourWithoutPreparedStatements(t *testing.T) {
	open := func(t *testing.T) outboxtest.Store[pgx.Tx] {
		t.Helper()
		return newSchemaIn(t, pgx.QueryExecModeExec)
	}
	outboxtest.Run(t, open, "enqueuing", "lanes", "statuses")
}

func TestLocks(t *testing.T) { outboxtest.RunLocks(t, newStore) }

// postgresURL returns the URL of a server to test with.
func postgresURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("KIRIM_TEST_POSTGRES")
	switch {
	case url != "":
	case os.Getenv("KIRIM_REQUIRE_POSTGRES") != "":
		t.Fatal("KIRIM_TEST_POSTGRES is not set")
	default:
		t.Skip("needs PostgreSQL: set KIRIM_TEST_POSTGRES to a URL such as postgres://postgres@127.0.0.1/test")
	}
	return url
}

// store is a schema of a test's own.
type store struct {
	url, schema string
	mode        pgx.QueryExecMode
	app         *pgxpool.Pool
}

func newStore(t *testing.T) outboxtest.Store[pgx.Tx] {
	t.Helper()
	return newSchema(t)
}

func newSchema(t *testing.T) *store {
	t.Helper()
	return newSchemaIn(t, pgx.QueryExecModeCacheStatement)
}

func newSchemaIn(t *testing.T, mode pgx.QueryExecMode) *store {
	t.Helper()
	s := &store{url: postgresURL(t), mode: mode}
	s.schema = "kirim_" + strings.ToLower(rand.Text()[:16])
	s.app = s.connect(t)
	ctx := context.WithoutCancel(t.Context())
	if _, err := s.app.Exec(ctx, "CREATE SCHEMA "+s.schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := s.app.Exec(ctx, "SET client_min_messages = warning; DROP SCHEMA "+s.schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		s.app.Close()
	})
	return s
}

// connect returns a pool that finds the schema first, as that of a program does.
func (s *store) connect(t *testing.T) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(s.url)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["search_path"] = s.schema
	config.ConnConfig.RuntimeParams["application_name"] = s.schema
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off" // nothing here outlives a test
	config.ConnConfig.DefaultQueryExecMode = s.mode
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func (s *store) Driver(t *testing.T) driver.Driver[pgx.Tx] {
	t.Helper()
	pool := s.connect(t)
	t.Cleanup(pool.Close)
	return &database{pool: pool, dialect: dialectOf(s.schema)}
}

func (s *store) Schema() string { return s.schema }

func (s *store) Begin(ctx context.Context) (tx pgx.Tx, commit, rollback func(context.Context) error, err error) {
	tx, err = s.app.Begin(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	return tx, tx.Commit, tx.Rollback, nil
}

func (s *store) UseClock(t *testing.T) {
	t.Helper()
	_, err := s.app.Exec(t.Context(), `CREATE OR REPLACE FUNCTION `+s.schema+`.kirim_now() RETURNS bigint LANGUAGE sql VOLATILE
		AS 'SELECT micros FROM `+s.schema+`.outboxtest_clock'`)
	if err != nil {
		t.Fatal(err)
	}
}

// Waiting implements [outboxtest.LockingStore].
func (s *store) Waiting(t *testing.T) (n int) {
	t.Helper()
	const waiting = `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`
	if err := s.app.QueryRow(t.Context(), waiting, s.schema).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// IsDeadlock implements [outboxtest.LockingStore].
func (s *store) IsDeadlock(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "40P01"
}
