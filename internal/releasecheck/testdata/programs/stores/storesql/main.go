package main

import (
	"database/sql"
	"fmt"
	"log"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storesql"
)

// main makes stores without a driver: the module brings none, and nothing is asked
// of the database yet.
func main() {
	stores, err := storesql.New(new(sql.DB), storesql.PostgreSQL, storesql.WithSchema("shop"))
	if err != nil {
		log.Fatal(err)
	}
	hooks := kirim.NewWebhookHandler(nil, kirim.WithDeduper(stores.Deduper()), kirim.WithWebhookWindowStore(stores.Windows()))
	kirim.NewStatusFeed(kirim.WithStatusStore(stores.Statuses())).Attach(hooks)
	_ = kirim.NewPacer(kirim.WithSharedLimit(stores.Limits(), "shop"))
	fmt.Println("the stores of", storesql.PostgreSQL, "are ready")
}
