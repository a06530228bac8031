// Package outboxpg is the outbox of package [github.com/kirim-go/kirim/outbox]
// in PostgreSQL 14 or later, through pgx. Any number of processes can share it.
//
//	box, err := outboxpg.New(ctx, pool, outbox.NewSender(client), outbox.Config{Migrate: true})
//
// The pool belongs to the caller. It needs two connections, and about one for every ten
// workers. Behind PgBouncer in the mode of transactions set [outbox.Config.PollOnly] and
// pgx's DefaultQueryExecMode to pgx.QueryExecModeExec.
package outboxpg

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

//go:embed migration/*.sql
var migrations embed.FS

// Outbox is an outbox in PostgreSQL.
type Outbox = outbox.Outbox[pgx.Tx]

// schemaShape is what PostgreSQL and River take without quotes.
var schemaShape = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,45}$`)

// New returns an outbox that sends through sender. Close does not close the pool.
// [outbox.Config.Schema] is 1 to 46 characters of a-z, 0-9 and _, and exists; empty
// means the first schema of the search_path.
func New(ctx context.Context, pool *pgxpool.Pool, sender outbox.Sender, config outbox.Config) (*Outbox, error) {
	if pool == nil {
		return nil, refuse("pool", "a *pgxpool.Pool", "nil")
	}
	if config.Schema != "" && !schemaShape.MatchString(config.Schema) {
		return nil, refuse("Config.Schema", "1 to 46 characters of a-z, 0-9 and _, not beginning with a digit", fmt.Sprintf("%d characters", len(config.Schema)))
	}
	return outbox.New(ctx, &database{pool: pool, dialect: dialectOf(config.Schema)}, sender, config)
}

// EnqueueSQLTx is [outbox.Outbox.EnqueueTx] in a transaction of database/sql, as
// services have that use sqlc, GORM, ent or pgx/stdlib. The transaction is one
// of the same database.
func EnqueueSQLTx(ctx context.Context, o *Outbox, tx *sql.Tx, messages ...outbox.Message) ([]int64, error) {
	if tx == nil {
		return nil, refuse("tx", "a *sql.Tx", "nil")
	}
	return o.EnqueueIn(ctx, &sqlTransaction{driver.SQLTx{Tx: tx}, o.Schema()}, messages...)
}

// sqlTransaction inserts jobs through database/sql.
type sqlTransaction struct {
	driver.SQLTx
	schema string
}

// InsertJobs implements [driver.Transaction].
func (t *sqlTransaction) InsertJobs(ctx context.Context, jobs []river.InsertManyParams) error {
	client, err := river.NewClient(riverdatabasesql.New(nil), &river.Config{Schema: t.schema})
	if err != nil {
		return err
	}
	_, err = client.InsertManyFastTx(ctx, t.Tx, jobs)
	return err
}

func refuse(field, limit, actual string) error {
	return &kirim.ValidationError{Violations: []kirim.Violation{{Path: field, Limit: limit, Actual: actual}}}
}
