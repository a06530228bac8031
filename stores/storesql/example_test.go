package storesql_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storesql"

	_ "modernc.org/sqlite"
)

// Two processes on one database handle each message once.
func Example() {
	dir, err := os.MkdirTemp("", "kirim")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	process := func(name string) *kirim.WebhookHandler {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "kirim.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)")
		if err != nil {
			log.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		stores, err := storesql.New(db, storesql.SQLite)
		if err != nil {
			log.Fatal(err)
		}
		if err := stores.Migrate(context.Background()); err != nil {
			log.Fatal(err)
		}
		hooks := kirim.NewWebhookHandler(nil, kirim.WithDeduper(stores.Deduper()))
		hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
			fmt.Println(name, "handles", m.Text)
			return nil
		})
		return hooks
	}
	body := []byte(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},` +
		`"messages":[{"from":"6281100000001","id":"wamid.1","timestamp":"1780000000","type":"text","text":{"body":"Halo"}}]}}]}]}`)
	event, err := kirim.DecodeEvent(nil, body)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"the first process", "the second process"} {
		if err := process(name).HandleEvent(context.Background(), event); err != nil {
			log.Fatal(err)
		}
	}
	// Output: the first process handles Halo
}
