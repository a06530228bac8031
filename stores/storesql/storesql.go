package storesql

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Database names the SQL that a database understands.
type Database int

// The databases.
const (
	PostgreSQL Database = iota + 1 // 12 or newer
	SQLite                         // 3.35 or newer, for processes of one machine
)

// String returns the name.
func (d Database) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case SQLite:
		return "SQLite"
	default:
		return fmt.Sprintf("Database(%d)", int(d))
	}
}

const (
	defaultPrefix = "kirim_"
	defaultLease  = time.Minute
	// The sender retries a delivery for 31 hours, and after a replay for longer.
	defaultRetention = 7 * 24 * time.Hour

	// Longer than 24 hours, so that a closed window is known to be closed for some time.
	windowRetention = 49 * time.Hour
	// The server remembers a key for 24 hours from the first request on, which
	// may have waited for a limiter.
	decisionRetention = 25 * time.Hour
	limitRetention    = time.Hour
)

// Stores are the stores in one database. It is safe for concurrent use.
type Stores struct {
	db        *sql.DB
	database  Database
	schema    string
	prefix    string
	lease     time.Duration
	retention time.Duration
	now       string   // SQL for the time, in milliseconds
	queries   sync.Map // completed statements, by their text
}

// Option configures [Stores].
type Option func(*Stores) error

var nameForm = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,39}$`)

// WithSchema sets the PostgreSQL schema of the tables, which [Stores.Migrate] creates if there
// is none: up to 40 lower-case letters, digits and underscores. By default
// the search path of the connection decides. SQLite has no schemas.
func WithSchema(schema string) Option {
	return func(s *Stores) error {
		if !nameForm.MatchString(schema) {
			return fmt.Errorf("WithSchema: %d bytes, want 1 to 40 lower-case letters, digits and underscores, and no digit first", len(schema))
		}
		s.schema = schema
		return nil
	}
}

// WithPrefix sets what the names of all tables begin with, in the form of [WithSchema]. The
// default is "kirim_".
func WithPrefix(prefix string) Option {
	return func(s *Stores) error {
		if !nameForm.MatchString(prefix) {
			return fmt.Errorf("WithPrefix: %d bytes, want 1 to 40 lower-case letters, digits and underscores, and no digit first", len(prefix))
		}
		s.prefix = prefix
		return nil
	}
}

// WithLease sets how long a claim of the [Deduper] holds: after that, the holder is
// taken for gone. The default is a minute, the minimum a second. Callbacks of a
// [kirim.WebhookHandler] get a second less than the lease, when [kirim.WithDeliveryTimeout] gives
// them more.
func WithLease(d time.Duration) Option {
	return func(s *Stores) error {
		if d < time.Second {
			return fmt.Errorf("WithLease: %v, want a second at least", d)
		}
		s.lease = d
		return nil
	}
}

// WithRetention sets how long completed claims and statuses are kept. The default is
// seven days, the minimum an hour. The sender may retry for seven days.
func WithRetention(d time.Duration) Option {
	return func(s *Stores) error {
		if d < time.Hour {
			return fmt.Errorf("WithRetention: %v, want an hour at least", d)
		}
		s.retention = d
		return nil
	}
}

// New returns the stores in a database, whose tables [Stores.Migrate] creates. It does not
// connect. The caller closes db.
func New(db *sql.DB, database Database, opts ...Option) (*Stores, error) {
	if db == nil {
		return nil, errors.New("kirim: storesql: the database is nil")
	}
	s := &Stores{db: db, database: database, prefix: defaultPrefix, lease: defaultLease, retention: defaultRetention}
	switch database {
	case PostgreSQL:
		// Not of the transaction, and the same throughout a statement, so that
		// indexes are used.
		s.now = "(extract(epoch FROM statement_timestamp())*1000)::bigint"
	case SQLite:
		s.now = "CAST((julianday('now')-2440587.5)*86400000.0 AS INTEGER)"
	default:
		return nil, fmt.Errorf("kirim: storesql: the database is %v, want storesql.PostgreSQL or storesql.SQLite", database)
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(s); err != nil {
			return nil, fmt.Errorf("kirim: storesql: %w", err)
		}
	}
	if s.schema != "" && database == SQLite {
		return nil, errors.New("kirim: storesql: WithSchema: SQLite has no schemas, use WithPrefix")
	}
	return s, nil
}

// Deduper returns the store for [kirim.WithDeduper].
func (s *Stores) Deduper() *Deduper {
	return newDeduper(table{s, "claim", newSweep()})
}

// Windows returns the store for [kirim.WithWebhookWindowStore] and [kirim.WithWindowStore].
func (s *Stores) Windows() *WindowStore {
	return &WindowStore{table{s, "window", newSweep()}, table{s, "decision", newSweep()}}
}

// Statuses returns the store for [kirim.WithStatusStore].
func (s *Stores) Statuses() *StatusStore {
	return &StatusStore{table{s, "status", newSweep()}}
}

// Limits returns the store for [kirim.WithSharedLimit].
func (s *Stores) Limits() *LimitStore {
	return &LimitStore{table{s, "ratelimit", newSweep()}}
}

// name is the qualified name of a table.
func (s *Stores) name(table string) string {
	if s.schema != "" {
		return s.schema + "." + s.prefix + table
	}
	return s.prefix + table
}

// query is complete for a statement that is run again and again.
func (s *Stores) query(text string) string {
	if known, ok := s.queries.Load(text); ok {
		return known.(string)
	}
	completed := s.complete(text)
	s.queries.Store(text, completed)
	return completed
}

// complete completes a statement: TABLE(x) is a table, NOW the time in milliseconds,
// and $1 a parameter.
func (s *Stores) complete(text string) string {
	text = tableName.ReplaceAllStringFunc(text, func(match string) string { return s.name(match[len("TABLE(") : len(match)-1]) })
	text = strings.ReplaceAll(text, "NOW", s.now)
	if s.database == SQLite {
		text = parameter.ReplaceAllString(text, "?$1")
	}
	return text
}

var (
	tableName = regexp.MustCompile(`TABLE\([a-z_]+\)`)
	parameter = regexp.MustCompile(`\$([0-9]+)`)
)

// table is a table whose rows are of no use after the time in their column until.
type table struct {
	*Stores
	table string
	sweep *sweep
}

// exec runs a statement that writes, and has a few old rows removed now and then.
func (t *table) exec(ctx context.Context, what, text string, args ...any) (changed int64, err error) {
	for range maxAttempts {
		var result sql.Result
		if result, err = t.db.ExecContext(ctx, t.query(text), args...); err == nil {
			changed, err = result.RowsAffected()
		}
		if !isConflict(err) {
			break
		}
	}
	if err != nil {
		return 0, failed(what, err)
	}
	t.tidy(ctx, 1)
	return changed, nil
}

// keys runs a statement that returns keys.
func (t *table) keys(ctx context.Context, text string, args ...any) (keys map[string]bool, err error) {
	for range maxAttempts {
		if keys, err = t.keysOnce(ctx, t.query(text), args); !isConflict(err) {
			break
		}
	}
	return keys, err
}

func (t *table) keysOnce(ctx context.Context, query string, args []any) (map[string]bool, error) {
	rows, err := t.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	keys := make(map[string]bool)
	for rows.Next() {
		var key sql.RawBytes
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys[string(key)] = true
	}
	return keys, rows.Err()
}

// row reads the only column of a row; found is false when there is none.
func (t *table) row(ctx context.Context, what, text string, to any, args ...any) (found bool, err error) {
	err = t.db.QueryRowContext(ctx, t.query(text), args...).Scan(to)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, failed(what, err)
	}
	return true, nil
}

func failed(what string, err error) error { return fmt.Errorf("kirim: storesql: %s: %w", what, err) }

// hashOf stands for a key: of one size whatever its length, and without phone numbers.
func hashOf(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// sweep decides when a process removes old rows: in few of its statements, so that nobody has
// to call Prune.
type sweep struct{ statements, rows atomic.Int64 }

const (
	sweepEvery = 32              // statements
	sweepRows  = 4 * sweepEvery  // removed by one of them, or twice as many as they have written
	pruneRows  = 1000            // removed by one statement of Prune
	sweepLimit = 2 * time.Second // for one sweep
)

func newSweep() *sweep {
	s := &sweep{}
	s.statements.Store(rand.Int64N(sweepEvery)) //nolint:gosec // no secret: a process may end before it has made many calls
	return s
}

// due takes in that a statement has written rows, and returns how many old ones are to be
// removed.
func (s *sweep) due(written int) int {
	s.rows.Add(int64(written))
	if s.statements.Add(1)%sweepEvery != 0 {
		return 0
	}
	return max(sweepRows, 2*int(s.rows.Swap(0)))
}

// tidy removes old rows after some of the statements. That it fails is of no consequence: the
// next one may do better.
func (t *table) tidy(ctx context.Context, written int) {
	most := t.sweep.due(written)
	if most == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sweepLimit)
	defer cancel()
	_, _ = t.remove(ctx, most)
}

// millis rounds up, so that nothing is shorter than it was asked for.
func millis(d time.Duration) int64 { return cmp.Or((d + time.Millisecond - 1).Milliseconds(), 1) }
