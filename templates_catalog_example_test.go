package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func ExampleTemplateCatalog() {
	ctx := context.Background()
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	client, err := sandbox.Client(kirim.WithTemplateCatalog(kirim.NewTemplateCatalog()))
	if err != nil {
		log.Fatal(err)
	}
	messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages

	for _, template := range []kirim.Template{
		{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
		{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17", "tomorrow")}},
		{Name: "promo_paused", Language: "id"},
	} {
		_, err := messages.Send(ctx, kirim.OutboundMessage{To: customer, Content: template})
		var invalid *kirim.ValidationError
		switch {
		case err == nil:
			fmt.Println("sent")
		case errors.As(err, &invalid):
			fmt.Println("not sent:", invalid.Violations[0])
		default:
			log.Fatal(err)
		}
	}
	fmt.Println("messages at the server:", sandbox.MessageCount())
	// Output:
	// sent
	// not sent: template.components[0].parameters: want 1 parameter for the body, got 2
	// not sent: template.status: want an approved template, got one that is paused
	// messages at the server: 1
}
