package outboxpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// database implements [driver.Driver].
type database struct {
	pool    *pgxpool.Pool
	dialect driver.Dialect
}

func dialectOf(schema string) driver.Dialect {
	return driver.Dialect{
		Schema: schema,
		// A query of its own is asked once. A volatile function is asked for each row,
		// and no index is used to compare with it.
		Now:      "(SELECT {s}kirim_now())",
		Micros:   "(extract(epoch FROM %s) * 1000000)::bigint",
		Argument: "(%s->>'%s')::bigint",
		// An array, and not a list of rows, makes PostgreSQL look each of them up,
		// also in a table that it believes to be small.
		IDs: "= ANY (ARRAY(SELECT x.id FROM json_to_recordset(%s::text::json) AS x(id bigint)))",
		Rows: func(argument string, columns []driver.Column) string {
			list := make([]string, len(columns))
			for i, c := range columns {
				list[i] = c.Name + " " + c.Type
			}
			return "json_to_recordset(" + argument + "::text::json) AS r(" + strings.Join(list, ", ") + ")"
		},
		ForUpdate:  "FOR UPDATE",
		SkipLocked: "FOR UPDATE SKIP LOCKED",
	}
}

func (d *database) River() riverdriver.Driver[pgx.Tx] { return riverpgxv5.New(d.pool) }
func (d *database) Dialect() driver.Dialect           { return d.dialect }
func (d *database) Pool() driver.Runner               { return runner{d.pool} }
func (d *database) Within(tx pgx.Tx) driver.Runner    { return runner{tx} }
func (d *database) PollInterval() time.Duration       { return time.Second }
func (d *database) Close() error                      { return nil }

// InTx implements [driver.Driver].
func (d *database) InTx(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, d.pool, f)
}

// IsUnavailable implements [driver.Driver]: no connection, and the classes of
// PostgreSQL's errors for connections, resources, operators who intervene, and
// transactions that are rolled back for the sake of others.
func (d *database) IsUnavailable(err error) bool {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code[:min(2, len(refused.Code))] {
		case "08", "40", "53", "55", "57", "58":
			return true
		}
		return refused.Code == "25006" // read-only: it became a standby
	}
	var network net.Error
	var connecting *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connecting) || pgconn.SafeToRetry(err) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "conn closed")
}

// batcher is a pool or a transaction of pgx.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// runner implements [driver.Runner] with batches: pgx sends the statements of one
// without waiting, and PostgreSQL makes them one transaction.
type runner struct{ conn batcher }

func (r runner) Run(ctx context.Context, statements ...*driver.Statement) (err error) {
	batch := &pgx.Batch{}
	for _, s := range statements {
		batch.Queue(s.SQL, s.Args...)
	}
	results := r.conn.SendBatch(ctx, batch)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
	}()
	for _, s := range statements {
		if err := read(results, s); err != nil {
			return err
		}
	}
	return nil
}

func read(results pgx.BatchResults, s *driver.Statement) error {
	if s.Each == nil {
		tag, err := results.Exec()
		s.Affected = tag.RowsAffected()
		return err
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for s.Affected = 0; rows.Next(); s.Affected++ {
		if err := s.Each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// migrationLock is the name of the lock that a migrating process holds.
const migrationLock = "github.com/kirim-go/kirim/outbox migration of "

// Migrate implements [driver.Driver]. River's own migrations need transactions of
// their own, so that the lock is held in another.
func (d *database) Migrate(ctx context.Context) error {
	if n := d.pool.Config().MaxConns; n < 2 { // it would wait for itself
		return refuse("pool", "one with MaxConns of at least 2", fmt.Sprint(n))
	}
	return d.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", migrationLock+d.dialect.Schema); err != nil {
			return err
		}
		migrator, err := rivermigrate.New(d.River(), &rivermigrate.Config{Schema: d.dialect.Schema})
		if err != nil {
			return err
		}
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return err
		}
		return driver.Migrate(ctx, d.dialect, migrations, d.inMigrationTx)
	})
}

// inMigrationTx is a [driver.InTransaction], beside that which holds the lock.
func (d *database) inMigrationTx(ctx context.Context, do func(driver.Runner, driver.Script) error) error {
	return d.InTx(ctx, func(tx pgx.Tx) error {
		return do(runner{tx}, func(ctx context.Context, script string) error {
			_, err := tx.Exec(ctx, script)
			return err
		})
	})
}
