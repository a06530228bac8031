package main

import (
	"context"
	"fmt"
	"log"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func main() {
	client, err := kirim.NewClient("kdv_live_example")
	if err != nil {
		log.Fatal(err)
	}
	sender := outbox.NewSender(client)
	fmt.Println("keys are honoured for", sender.(outbox.KeyHonourer).KeyLifetime())
	_, err = outbox.SingleSender("1", client.PhoneNumber("1").Messages).Send(context.Background(), "2", kirim.OutboundMessage{})
	fmt.Println(err)
}
