package main

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
)

func main() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://127.0.0.1:1/nowhere")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	box, err := outboxpg.New(ctx, pool, outbox.Disabled(), outbox.Config{})
	fmt.Println(box != nil, err)
}
