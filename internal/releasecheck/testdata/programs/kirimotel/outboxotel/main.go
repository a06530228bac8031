package main

import (
	"context"
	"fmt"
	"log"

	"github.com/kirim-go/kirim/kirimotel/outboxotel"
	"github.com/kirim-go/kirim/outbox"
)

func main() {
	config := outboxotel.Observe(outbox.Config{})
	ctx := config.Observers[0].BeginEnqueue(context.Background(), outbox.Enqueuing{Messages: 1})
	config.Observers[0].EndEnqueue(ctx, outbox.Enqueued{})
	if len(outboxotel.Instruments()) == 0 {
		log.Fatal("no instruments")
	}
	fmt.Println(config.Traceparent(ctx) == "") // without a provider
}
