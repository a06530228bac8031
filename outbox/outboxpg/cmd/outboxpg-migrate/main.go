// Outboxpg-migrate makes the tables of the outbox in PostgreSQL, or brings them up
// to date:
//
//	DATABASE_URL=postgres://localhost/orders go run github.com/kirim-go/kirim/outbox/outboxpg/cmd/outboxpg-migrate -schema outbox
//
// It can run while older versions of the program send, and several times at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
)

func main() {
	schema := flag.String("schema", "", "schema of the tables; it must exist. The default is the first of the search_path")
	flag.Parse()
	if err := run(context.Background(), os.Getenv("DATABASE_URL"), *schema); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stdout, "The tables are up to date.")
}

func run(ctx context.Context, url, schema string) error {
	if url == "" {
		return errors.New("DATABASE_URL is not set: it is the URL of the database, which may hold a password and is therefore no flag")
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = outboxpg.New(ctx, pool, outbox.Disabled(), outbox.Config{Schema: schema, Migrate: true})
	return err
}
