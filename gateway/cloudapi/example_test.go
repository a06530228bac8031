package cloudapi_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

func Example() {
	ctx := context.Background()
	sandbox := kirimtest.NewServer(kirimtest.WithEarlyRefusals())
	defer sandbox.Close()

	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	number := client.PhoneNumber(sandbox.PhoneNumberID)
	ready := kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Your order is ready."}}

	_, err = number.Send(ctx, ready)
	fmt.Println("before the customer has written, a template is needed:", kirim.IsOutside24hWindow(err))

	sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Text: "Is it ready?"})
	sent, err := number.Send(ctx, ready)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("accepted for", cloudapi.Recipient(sent).WAID)
	// Output:
	// before the customer has written, a template is needed: true
	// accepted for 6281100000001
}

func ExampleWebhookVerifier() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()

	verifier, err := cloudapi.NewWebhookVerifier(sandbox.VerifyToken, sandbox.AppSecret)
	if err != nil {
		log.Fatal(err)
	}
	hooks := kirim.NewWebhookHandler(verifier)
	received := make(chan string, 1)
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		received <- m.From.E164() + ": " + m.Text
		return nil
	})
	server := httptest.NewServer(hooks)
	defer server.Close()

	if err := sandbox.SubscribeMeta(server.URL, "messages"); err != nil { // which checks the URL first, as Meta does
		log.Fatal(err)
	}
	sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Text: "Is it ready?"})
	fmt.Println(<-received)
	// Output:
	// +6281100000001: Is it ready?
}
