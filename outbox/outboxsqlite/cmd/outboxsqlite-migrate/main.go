// Outboxsqlite-migrate makes the tables of the outbox in a file of SQLite, or
// brings them up to date:
//
//	go run github.com/kirim-go/kirim/outbox/outboxsqlite/cmd/outboxsqlite-migrate orders.db
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

func main() {
	flag.Parse()
	if err := run(context.Background(), flag.Args()); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stdout, "The tables are up to date.")
}

func run(ctx context.Context, files []string) error {
	if len(files) != 1 {
		return errors.New("usage: outboxsqlite-migrate FILE")
	}
	box, err := outboxsqlite.Open(ctx, files[0], outbox.Disabled(), outbox.Config{Migrate: true})
	if err != nil {
		return err
	}
	return box.Close()
}
