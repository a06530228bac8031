package outboxpg_test

import (
	"context"
	"database/sql"
	"log"
	"net/http"
	"os"
	"os/signal"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
)

// The whole of a process that receives webhooks and sends what is enqueued, here and in
// other processes with the same database.
func ExampleNew() { //nolint:testableexamples // it needs PostgreSQL
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	client, err := kirim.NewClientFromEnv(kirim.WithLimiter(kirim.NewPacer()))
	if err != nil {
		log.Fatal(err)
	}
	box, err := outboxpg.New(ctx, pool, outbox.NewSender(client), outbox.Config{
		Migrate: true,
		OnEnd: func(ctx context.Context, r *outbox.Record) error {
			_, err := pool.Exec(ctx, `UPDATE orders SET notice = $1 WHERE message = $2`, r.State, r.ID)
			return err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close()

	verifier, err := kirim.NewWebhookVerifier(os.Getenv("KIRIM_WEBHOOK_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	hooks := kirim.NewWebhookHandler(verifier)
	box.Attach(hooks)
	http.Handle("/webhooks/kirim", hooks)
	go func() { log.Fatal(http.ListenAndServe(":8080", nil)) }()

	if err := box.Run(ctx); err != nil { // until Ctrl-C
		log.Fatal(err)
	}
}

// An order and its message are written in one transaction: both are there, or
// neither is.
func Example_transaction() { //nolint:testableexamples // likewise
	var ( // made when the program starts
		ctx  context.Context
		pool *pgxpool.Pool
		box  *outboxpg.Outbox
	)
	place := func(id, phone string) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			ids, err := box.EnqueueTx(ctx, tx, outbox.Message{
				From:     "106540352242922",
				Message:  kirim.OutboundMessage{To: phone, Content: kirim.Text{Body: "Thank you for your order " + id + "."}},
				Template: &kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody(id)}},
				Key:      "order-" + id + ":confirmed",
			})
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO orders (id, message) VALUES ($1, $2)`, id, ids[0])
			return err
		})
	}
	_ = place
}

// Services that use database/sql, sqlc, GORM or ent have a *sql.Tx.
func ExampleEnqueueSQLTx() { //nolint:testableexamples // likewise
	var ( // made when the program starts
		ctx     context.Context
		db      *sql.DB
		box     *outboxpg.Outbox
		message outbox.Message
	)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback()
	ids, err := outboxpg.EnqueueSQLTx(ctx, box, tx, message)
	if err != nil {
		log.Print(err)
		return
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO orders (message) VALUES ($1)`, ids[0]); err != nil {
		log.Print(err)
		return
	}
	if err := tx.Commit(); err != nil {
		log.Print(err)
	}
}
