package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

func main() {
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	box, err := outboxsqlite.Open(ctx, filepath.Join(dir, "orders.db"), outbox.Disabled(), outbox.Config{Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close()
	ids, err := box.Enqueue(ctx, outbox.Message{From: "1", Message: kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Hello"}}})
	fmt.Println(ids, err)
}
