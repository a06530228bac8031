// A program that uses the released root module: the SDK, a gateway and the
// sandbox, to which it sends a message.
package main

import (
	"context"
	"log"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/kirimtest"
)

func main() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	client, err := sandbox.Client()
	if err != nil {
		log.Panic(err)
	}
	const customer = "+6281100000001"
	sandbox.Receive(kirimtest.Inbound{From: customer, Text: "Is my order ready?"})
	sent, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(context.Background(),
		kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "It is."}})
	if err != nil {
		log.Panic(err)
	}
	if _, err := michow.NewClient("key"); err != nil {
		log.Panic(err)
	}
	log.Print("accepted as ", sent.ID)
}
