package storesql

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"time"
)

// migrations are in the order in which they are applied; the first is version 1.
var migrations = []string{firstMigration}

//go:embed migration/001_stores.sql
var firstMigration string

// Migrate creates the tables, or brings them up to date. It may be called at every
// start, and by several processes at once. When the tables are up to date, it needs no more rights
// than the stores do: to SELECT, INSERT, UPDATE and DELETE.
//
// With SQLite it refuses a connection without a busy timeout, on which a call fails
// when another connection is writing.
func (s *Stores) Migrate(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		err := s.migrateOnce(ctx)
		if err == nil {
			return nil
		}
		if s.database != SQLite || !isLocked(err) || attempt == maxAttempts {
			return failed("migrate", err)
		}
		select {
		case <-ctx.Done():
			return failed("migrate", errors.Join(context.Cause(ctx), err))
		case <-time.After(time.Duration(attempt) * 10 * time.Millisecond):
		}
	}
}

func (s *Stores) migrateOnce(ctx context.Context) error {
	if err := s.prepareSQLite(ctx); err != nil {
		return err
	}
	t := table{Stores: s, table: "migration"}
	return t.once(ctx, func(tx *sql.Tx) error { return s.migrate(ctx, tx) })
}

// isLocked reports an SQLITE_BUSY, as drivers that are like modernc.org/sqlite tell it.
// The first connections to a new file, which bring it into WAL mode, get it at once:
// SQLite does not wait for the busy timeout then.
//
// Docs: https://www.sqlite.org/rescode.html#busy
func isLocked(err error) bool {
	const busy, primary = 5, 0xff // the code, and the mask of it in an extended one
	var e interface{ Code() int }
	return errors.As(err, &e) && e.Code()&primary == busy
}

const createMigration = "CREATE TABLE IF NOT EXISTS TABLE(migration) (version integer PRIMARY KEY)"

// prepareSQLite creates the table that transactions which migrate lock.
func (s *Stores) prepareSQLite(ctx context.Context) error {
	if s.database != SQLite {
		return nil
	}
	var timeout int
	if err := s.db.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout); err != nil {
		return err
	}
	if timeout <= 0 {
		return fmt.Errorf("the busy timeout of the connection is %d ms: set one in the data source name, such as _pragma=busy_timeout(10000)", timeout)
	}
	_, err := s.db.ExecContext(ctx, s.query(createMigration))
	return err
}

// preparePostgreSQL makes other transactions that migrate wait for the end of this
// one, and creates what is missing: who may not create can use what is there.
func (s *Stores) preparePostgreSQL(ctx context.Context, tx *sql.Tx) error {
	if s.database != PostgreSQL {
		return nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte("kirim storesql " + s.name("migration")))
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(h.Sum64())); err != nil { //nolint:gosec // any 64 bits are a key
		return err
	}
	var schema, table bool
	if err := tx.QueryRowContext(ctx, "SELECT $1 = '' OR to_regnamespace($1) IS NOT NULL, to_regclass($2) IS NOT NULL", s.schema, s.name("migration")).Scan(&schema, &table); err != nil {
		return err
	}
	if !schema {
		if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+s.schema); err != nil {
			return err
		}
	}
	if table {
		return nil
	}
	_, err := tx.ExecContext(ctx, s.query(createMigration))
	return err
}

func (s *Stores) migrate(ctx context.Context, tx *sql.Tx) error {
	if err := s.preparePostgreSQL(ctx, tx); err != nil {
		return err
	}
	var version int
	if err := tx.QueryRowContext(ctx, s.query("SELECT coalesce(max(version), 0) FROM TABLE(migration)")).Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("the tables have version %d, this package knows %d: it is too old", version, len(migrations))
	}
	for version < len(migrations) {
		for _, statement := range s.statements(migrations[version]) {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("version %d: %w", version+1, err)
			}
		}
		version++
		if _, err := tx.ExecContext(ctx, s.query("INSERT INTO TABLE(migration) (version) VALUES ($1)"), version); err != nil {
			return err
		}
	}
	return nil
}

var (
	indexName = regexp.MustCompile(`NAME\(([a-z_]+)\)`)
	comment   = regexp.MustCompile(`--[^\n]*`)
)

func (s *Stores) statements(migration string) (statements []string) {
	bytes := "bytea"
	if s.database == SQLite {
		bytes = "blob"
	}
	text := comment.ReplaceAllString(migration, "")
	text = strings.ReplaceAll(indexName.ReplaceAllString(text, s.prefix+"$1"), "BYTES", bytes)
	for statement := range strings.SplitSeq(text, ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, s.query(statement))
		}
	}
	return statements
}
