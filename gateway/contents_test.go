package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
	"github.com/kirim-go/kirim/internal/system"
	"github.com/kirim-go/kirim/internal/testwire"
	"github.com/kirim-go/kirim/kirimtest"
)

const (
	sendTo = "+6281100000001"
	file   = "https://files.example.com/f"
	wamid  = "wamid.EXAMPLE-IN-0001"
)

// messageWith has a message for every feature of the table of contents.
var messageWith = func() map[string]kirim.OutboundMessage {
	rupiah := kirim.OrderAmount{Value: 150_000, Offset: 100}
	products := []kirim.ProductItem{{CatalogID: "1", RetailerID: "sku-1"}, {CatalogID: "1", RetailerID: "sku-2"}}
	card := kirim.CarouselCard{Header: kirim.Header{Image: file}, DisplayText: "Look", URL: file}
	messages := make(map[string]kirim.OutboundMessage)
	for key, content := range map[string]kirim.Content{
		"text":                         kirim.Text{Body: "a"},
		"image":                        kirim.Image{Link: file},
		"video":                        kirim.Video{Link: file},
		"audio":                        kirim.Audio{Link: file},
		system.Voice:                   kirim.Audio{Link: file, Voice: true},
		"document":                     kirim.Document{Link: file},
		"sticker":                      kirim.Sticker{Link: file},
		"location":                     kirim.Location{Latitude: -6.2, Longitude: 106.8},
		"contacts":                     kirim.Contacts{{Name: kirim.ContactName{FormattedName: "Budi Contoh", FirstName: "Budi"}}},
		"reaction":                     kirim.Reaction{MessageID: wamid, Emoji: "🎉"},
		"pin":                          kirim.Pin{MessageID: wamid, Days: 7},
		"template":                     kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
		"interactive/button":           kirim.ReplyButtons{Body: "a", Buttons: []kirim.ReplyButton{{ID: "1", Title: "Yes"}}},
		"interactive/list":             kirim.List{Body: "a", Button: "b", Sections: []kirim.ListSection{{Rows: []kirim.ListRow{{ID: "1", Title: "c"}}}}},
		"interactive/cta_url":          kirim.CTAURL{Body: "a", DisplayText: "b", URL: file},
		"interactive/carousel":         kirim.Carousel{Body: "a", Cards: []kirim.CarouselCard{card, card}},
		"interactive/product_carousel": kirim.ProductCarousel{Body: "a", Products: products},
		"interactive/address_message":  kirim.AddressRequest{Body: "a", Country: "IN"},
		"interactive/flow":             kirim.Flow{Body: "a", ID: "1", Button: "b"},
		"interactive/product":          kirim.Product{CatalogID: "1", RetailerID: "sku-1"},
		"interactive/catalog_message":  kirim.Catalog{Body: "a"},
		"interactive/voice_call":       kirim.VoiceCall{Body: "a", DisplayText: "Call"},
		"interactive/order_status":     kirim.OrderStatus{Body: "a", ReferenceID: "order-77", Status: kirim.OrderShipped},
		system.Raw:                     kirim.Raw{Type: "hologram", Object: map[string]int{"depth": 3}},
		system.ByID:                    kirim.Image{ID: "500000000000001"},
		"interactive/product_list": kirim.ProductList{
			Header: kirim.Header{Text: "h"}, Body: "a", CatalogID: "1", Sections: []kirim.ProductSection{{Title: "s", Products: products}},
		},
		"interactive/location_request_message": kirim.LocationRequest{Body: "a"},
		"interactive/call_permission_request":  kirim.CallPermissionRequest{Body: "a"},
		"interactive/order_details": kirim.OrderDetails{Body: "a", Payment: kirim.PaymentRequest{
			ReferenceID: "order-77", Type: "digital-goods", Method: "upi", Configuration: "shop", Currency: "INR", Total: rupiah,
			Order: &kirim.Order{Status: kirim.OrderPending, Items: []kirim.OrderedItem{{RetailerID: "sku-1", Name: "n", Amount: rupiah, Quantity: 1}}, Subtotal: rupiah},
		}},
	} {
		messages[key] = kirim.OutboundMessage{To: sendTo, Content: content}
	}
	text := kirim.Text{Body: "a"}
	messages[system.ToUserID] = kirim.OutboundMessage{Recipient: "ID.70000000000000001", Content: text}
	messages[system.ToGroup] = kirim.OutboundMessage{To: "GROUP-EXAMPLE-1", RecipientType: kirim.RecipientGroup, Content: text}
	messages[system.QuoteInText] = kirim.OutboundMessage{To: sendTo, Content: text, ReplyTo: wamid}
	messages[system.QuoteInOther] = kirim.OutboundMessage{To: sendTo, Content: kirim.Image{Link: file}, ReplyTo: wamid}
	messages[system.CallbackData] = kirim.OutboundMessage{To: sendTo, Content: text, CallbackData: "order-77"}
	messages[system.IdentityKeyHash] = kirim.OutboundMessage{To: sendTo, Content: text, IdentityKeyHash: "DF2lS5v2W6x="}
	return messages
}()

// sendersOf are the clients of the systems that have a gateway, and what a system
// answers to a send.
var sendersOf = map[string]struct {
	send   func(context.Context, []kirim.Option, kirim.OutboundMessage) error
	answer string
}{
	"apimessaging": {sends(apimessaging.NewClient), `{"success":true,"data":{"messageId":"msg_1","status":"sent"}}`},
	"cloudapi":     {sendsFrom, `{"messages":[{"id":"wamid.1"}]}`},
	"connexease":   {sends(connexease.NewClient), `{"isSuccess":true,"data":{"messages":[{"id":"wamid.1"}]}}`},
	"michow":       {sends(michow.NewClient), `{"data":{"message_id":"3EB0","status":"sent"}}`},
	"shingle":      {sends(shingle.NewClient), `{}`},
}

func sends[C interface {
	Send(context.Context, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error)
}](newClient func(string, ...kirim.Option) (C, error)) func(context.Context, []kirim.Option, kirim.OutboundMessage) error {
	return func(ctx context.Context, opts []kirim.Option, message kirim.OutboundMessage) error {
		c, err := newClient(testKey, opts...)
		if err == nil {
			_, err = c.Send(ctx, message)
		}
		return err
	}
}

// sendsFrom sends from a number of the Cloud API.
func sendsFrom(ctx context.Context, opts []kirim.Option, message kirim.OutboundMessage) error {
	c, err := cloudapi.NewClient(testKey, opts...)
	if err == nil {
		_, err = c.PhoneNumber("1").Send(ctx, message)
	}
	return err
}

func TestEveryCellOfTheTableOfContentsIsWhatHappens(t *testing.T) {
	t.Parallel()
	features, cells := slices.Concat(system.Contents, system.Addressing), 0
	if len(messageWith) != len(features) {
		t.Errorf("%d messages for %d features", len(messageWith), len(features))
	}
	for sys := range system.All() {
		for _, f := range features {
			message, known := messageWith[f.Key]
			if err := message.Validate(); err != nil || !known {
				t.Fatalf("no valid message with %s: %v", f.Key, err)
			}
			cells++
			t.Run(sys.Name+"/"+f.Key, func(t *testing.T) {
				if sys.Own {
					againstTheSandbox(t, f, message, sys.Support(f.Key))
					return
				}
				throughTheGateway(t, sys, message, sys.Support(f.Key))
			})
		}
	}
	t.Logf("%d cells", cells)
}

func throughTheGateway(t *testing.T, sys *system.System, message kirim.OutboundMessage, support system.Support) {
	t.Helper()
	through := sendersOf[sys.Name]
	if through.send == nil {
		t.Fatalf("no client of %s", sys.Name)
	}
	wire := testwire.Answering(200, through.answer)
	err := through.send(t.Context(), wire.Options(), message)
	if support == system.Refused {
		if !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, kirim.KindInvalidRequest) || kirim.MaybeSent(err) || len(wire.Requests()) != 0 {
			t.Errorf("%d requests, %v; want a refusal", len(wire.Requests()), err)
		}
		return
	}
	if err != nil || len(wire.Requests()) != 1 {
		t.Fatalf("%d requests, %v; want it sent, as it is %s", len(wire.Requests()), err, support)
	}
	if sys.ViaMeta { // the content is in it in Meta's form
		kind, _, _ := strings.Cut(message.ContentKind(), "/")
		var body map[string]json.RawMessage
		if err := json.Unmarshal([]byte(wire.Requests()[0].Body), &body); err != nil || string(body["type"]) != `"`+kind+`"` || body[kind] == nil {
			t.Errorf("sent %s, %v", wire.Requests()[0].Body, err)
		}
	}
}

// againstTheSandbox sends twice: where only what Kirim documents is taken, and
// where all is taken that Meta documents.
func againstTheSandbox(t *testing.T, f system.Feature, message kirim.OutboundMessage, support system.Support) {
	t.Helper()
	for _, meta := range []bool{false, true} {
		var opts []kirimtest.Option
		if meta {
			opts = append(opts, kirimtest.WithMetaMessages())
		}
		sandbox := kirimtest.Start(t, append(opts, kirimtest.WithoutListener())...)
		sandbox.Receive(kirimtest.Inbound{From: sendTo, WAMID: wamid})
		sandbox.Receive(kirimtest.Inbound{UserID: "ID.70000000000000001"})
		client, err := sandbox.Client()
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), message)
		// The sandbox ignores fields that it does not know, as servers do.
		ignored := f.Key == system.CallbackData || f.Key == system.IdentityKeyHash
		if taken := meta || ignored || support == system.Documented; taken {
			if err != nil || len(sandbox.Messages()) != 1 {
				t.Errorf("as Meta takes it: %v, but %v; want it taken, as it is %s", meta, err, support)
			}
			continue
		}
		var refused *kirim.Error
		if !errors.As(err, &refused) || refused.StatusCode != 400 || len(sandbox.Messages()) != 0 {
			t.Errorf("%v; want it refused, as it is %s", err, support)
		}
	}
}

func TestEveryGatewayLeavesTheChecksToTheServerWhenItIsTold(t *testing.T) {
	t.Parallel()
	tooLong := kirim.OutboundMessage{To: sendTo, Content: kirim.Text{Body: strings.Repeat("a", 5000)}}
	for name, through := range sendersOf {
		if name == "shingle" { // which sends nothing
			continue
		}
		wire := testwire.Answering(200, through.answer)
		if err := through.send(t.Context(), wire.Options(), tooLong); !errors.Is(err, kirim.KindInvalidRequest) || len(wire.Requests()) != 0 {
			t.Errorf("%s: %d requests, %v", name, len(wire.Requests()), err)
		}
		if err := through.send(t.Context(), append(wire.Options(), kirim.WithoutValidation()), tooLong); err != nil || len(wire.Requests()) != 1 {
			t.Errorf("%s without validation: %d requests, %v", name, len(wire.Requests()), err)
		}
	}
}
