// Package outboxsqlite is the outbox of package [github.com/kirim-go/kirim/outbox]
// in a file of SQLite, for the processes of one machine. It needs no server.
//
//	box, err := outboxsqlite.Open(ctx, "orders.db", outbox.NewSender(client), outbox.Config{Migrate: true})
//
// To write tables of your own in the same transaction, keep them in the same file: open it
// with [OpenDB] and give it to [New]. It has one connection, which a transaction holds
// until it ends; use the transaction alone in between, and keep it short.
package outboxsqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

//go:embed migration/*.sql
var migrations embed.FS

// Outbox is an outbox in SQLite.
type Outbox = outbox.Outbox[*sql.Tx]

// Open opens the file, makes it if there is none, and returns an outbox that sends
// through sender. The file is in WAL mode, with a busy timeout of 10 seconds
// and synchronous FULL, so that what is committed survives a loss of power. It must be on
// a local file system.
func Open(ctx context.Context, path string, sender outbox.Sender, config outbox.Config) (*Outbox, error) {
	db, err := OpenDB(path)
	if err != nil {
		return nil, err
	}
	o, err := newOutbox(ctx, newDatabase(db, true, clock), sender, config)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

// New returns an outbox over a database that the caller has opened with [OpenDB], to
// enqueue in the same transaction in which the application writes its own
// tables. Close does not close it.
func New(ctx context.Context, db *sql.DB, sender outbox.Sender, config outbox.Config) (*Outbox, error) {
	if db == nil {
		return nil, refuse("db", "a *sql.DB", "nil")
	}
	return newOutbox(ctx, newDatabase(db, false, clock), sender, config)
}

func newOutbox(ctx context.Context, d *database, sender outbox.Sender, config outbox.Config) (*Outbox, error) {
	if config.Schema != "" {
		return nil, refuse("Config.Schema", "none, as SQLite has no schemas", fmt.Sprintf("%d characters", len(config.Schema)))
	}
	return outbox.New(ctx, d, sender, config)
}

// OpenDB opens a file as the outbox needs it: one connection, as SQLite has one
// writer, transactions that lock at their beginning, and WAL mode.
func OpenDB(path string) (*sql.DB, error) {
	if path == "" || path == ":memory:" || strings.Contains(path, "?") || strings.HasPrefix(path, "file:") {
		return nil, refuse("path", "the path of a file", "something else")
	}
	options := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("outboxsqlite: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func refuse(field, limit, actual string) error {
	return &kirim.ValidationError{Violations: []kirim.Violation{{Path: field, Limit: limit, Actual: actual}}}
}

// clock is SQLite's, in microseconds.
const clock = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"

// database implements [driver.Driver].
type database struct {
	db    *sql.DB
	owned bool
	now   string // expression
	pool  *driver.SQLPool
}

func newDatabase(db *sql.DB, owned bool, now string) *database {
	return &database{db, owned, now, &driver.SQLPool{DB: db}}
}

// River implements [driver.Driver].
func (d *database) River() riverdriver.Driver[*sql.Tx] { return riversqlite.New(d.db) }

// Dialect implements [driver.Driver].
func (d *database) Dialect() driver.Dialect {
	return driver.Dialect{
		Now:      d.now,
		Micros:   "CAST(unixepoch(%s, 'subsec') * 1000000 AS INTEGER)",
		Argument: "CAST(json_extract(%s, '$.%s') AS INTEGER)",
		IDs:      "IN (SELECT value->>'id' FROM json_each(%s))",
		Rows: func(argument string, columns []driver.Column) string {
			list := make([]string, len(columns))
			for i, c := range columns {
				list[i] = "value->>'" + c.Name + "' AS " + c.Name
			}
			return "(SELECT " + strings.Join(list, ", ") + " FROM json_each(" + argument + ")) AS r"
		},
	}
}

// Pool implements [driver.Driver].
func (d *database) Pool() driver.Runner { return d.pool }

// Within implements [driver.Driver].
func (d *database) Within(tx *sql.Tx) driver.Runner { return driver.SQLTx{Tx: tx} }

// PollInterval implements [driver.Driver]. SQLite notifies nobody.
func (d *database) PollInterval() time.Duration { return 100 * time.Millisecond }

// InTx implements [driver.Driver].
func (d *database) InTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	return driver.InSQLTx(ctx, d.db, f)
}

// IsUnavailable implements [driver.Driver]: the file is locked for long, or the
// disk is full or fails.
func (d *database) IsUnavailable(err error) bool {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}

// Migrate implements [driver.Driver].
func (d *database) Migrate(ctx context.Context) error {
	return d.InTx(ctx, func(tx *sql.Tx) error {
		migrator, err := rivermigrate.New(d.River(), nil)
		if err != nil {
			return err
		}
		// Migrate would wait for the only connection, which this transaction has. That some
		// migrations need transactions of their own is so of PostgreSQL's.
		if _, err := migrator.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil); err != nil { //nolint:staticcheck // as said
			return err
		}
		// All are in this transaction: there is one writer, so nobody waits in a circle.
		return driver.Migrate(ctx, d.Dialect(), migrations, func(_ context.Context, do func(driver.Runner, driver.Script) error) error {
			return do(driver.SQLTx{Tx: tx}, func(ctx context.Context, script string) error {
				_, err := tx.ExecContext(ctx, script)
				return err
			})
		})
	})
}

// Close implements [driver.Driver].
func (d *database) Close() error {
	err := d.pool.Close()
	if d.owned {
		err = errors.Join(err, d.db.Close())
	}
	return err
}
