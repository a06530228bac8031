package outboxsqlite_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

// The examples send to a sandbox, and keep their files in a directory of their own.
func setUp() (sandbox *kirimtest.Server, client *kirim.Client, path string, tearDown func()) {
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	sandbox = kirimtest.NewServer()
	if client, err = sandbox.Client(); err != nil {
		log.Fatal(err)
	}
	return sandbox, client, filepath.Join(dir, "orders.db"), func() {
		sandbox.Close()
		_ = os.RemoveAll(dir)
	}
}

// confirmation is a template, as the customer has not written.
var confirmation = kirim.OutboundMessage{
	To:      "+6281100000001",
	Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
}

func ExampleOpen() {
	sandbox, client, path, tearDown := setUp()
	defer tearDown()
	ctx, stop := context.WithCancel(context.Background())
	box, err := outboxsqlite.Open(ctx, path, outbox.NewSender(client), outbox.Config{
		Migrate: true,
		OnEnd: func(_ context.Context, r *outbox.Record) error {
			fmt.Println("message", r.ID, "is", r.State)
			stop() // a service would go on
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close()

	message := outbox.Message{From: sandbox.PhoneNumberID, Message: confirmation, Key: "order-17:confirmed"}
	for range 2 { // as a client does that retries: the second is the same message
		ids, err := box.Enqueue(ctx, message)
		fmt.Println(ids, err)
	}
	if err := box.Run(ctx); err != nil { // sends until ctx ends
		log.Fatal(err)
	}
	fmt.Println("the customer got", sandbox.MessageCount())
	// Output:
	// [1] <nil>
	// [1] <nil>
	// message 1 is sent
	// the customer got 1
}

// An order and its message are written in one transaction: both are there, or
// neither is.
func ExampleNew() {
	sandbox, client, path, tearDown := setUp()
	defer tearDown()
	ctx := context.Background()
	db, err := outboxsqlite.OpenDB(path)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	box, err := outboxsqlite.New(ctx, db, outbox.NewSender(client), outbox.Config{Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE orders (id text PRIMARY KEY, message integer NOT NULL)`); err != nil {
		log.Fatal(err)
	}

	place := func(id string) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		ids, err := box.EnqueueTx(ctx, tx, outbox.Message{From: sandbox.PhoneNumberID, Message: confirmation, Key: "order-" + id + ":confirmed"})
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO orders (id, message) VALUES ($1, $2)`, id, ids[0]); err != nil {
			return err
		}
		return tx.Commit()
	}
	if err := place("A-17"); err != nil {
		log.Fatal(err)
	}
	record, err := box.GetByKey(ctx, "order-A-17:confirmed")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("order A-17 has message", record.ID, "which is", record.State)
	// Output:
	// order A-17 has message 1 which is queued
}

// Webhooks tell the outbox what became of a message.
func Example_webhooks() {
	sandbox, client, path, tearDown := setUp()
	defer tearDown()
	ctx, stop := context.WithCancel(context.Background())
	box, err := outboxsqlite.Open(ctx, path, outbox.NewSender(client), outbox.Config{
		Migrate: true,
		OnEnd: func(_ context.Context, r *outbox.Record) error {
			if r.Status == kirim.MessageDelivered {
				fmt.Println(r.Key, "was delivered")
				stop()
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close()

	verifier, err := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
	if err != nil {
		log.Fatal(err)
	}
	hooks := kirim.NewWebhookHandler(verifier)
	box.Attach(hooks)
	server := httptest.NewServer(hooks)
	defer server.Close()
	sandbox.Subscribe(server.URL, "message.sent", "message.status")

	if _, err := box.Enqueue(ctx, outbox.Message{From: sandbox.PhoneNumberID, Message: confirmation, Key: "order-17:confirmed"}); err != nil {
		log.Fatal(err)
	}
	if err := box.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// order-17:confirmed was delivered
}
