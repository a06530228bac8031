package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
)

const (
	webhookPath = "/webhooks/kirim"
	campaign    = "orders" // what the metrics count together
	whereIsIt   = "where:" // the ID of a button begins with it, and ends with that of the order
)

// whatsApp is Kirim, or a sandbox.
type whatsApp struct {
	client        *kirim.Client
	name          string
	phoneNumberID string
	webhookSecret string
	sandbox       *kirimtest.Server // in this process; nil for none
}

// connect reaches Kirim as the environment says, and otherwise starts a sandbox
// that delivers its webhooks to hooks.
func connect(hooks string, options ...kirim.Option) (*whatsApp, error) {
	options = append(options, kirim.WithLimiter(kirim.NewPacer())) // keeps to the server's rate limits
	if os.Getenv("KIRIM_API_KEY") == "" {
		sandbox := kirimtest.NewServer()
		sandbox.Subscribe(hooks, "message.received", "message.sent", "message.status")
		client, err := sandbox.Client(options...)
		return &whatsApp{client, "a sandbox in this process", sandbox.PhoneNumberID, sandbox.WebhookSecret, sandbox}, err
	}
	for _, name := range []string{"KIRIM_PHONE_NUMBER_ID", "KIRIM_WEBHOOK_SECRET"} {
		if os.Getenv(name) == "" {
			return nil, fmt.Errorf("%s is not set, but KIRIM_API_KEY is", name)
		}
	}
	client, err := kirim.NewClientFromEnv(options...)
	if err != nil {
		return nil, err
	}
	return &whatsApp{client, client.BaseURL(), os.Getenv("KIRIM_PHONE_NUMBER_ID"), os.Getenv("KIRIM_WEBHOOK_SECRET"), nil}, nil
}

func (w *whatsApp) close() {
	if w.sandbox != nil {
		w.sandbox.Close()
	}
}

// confirmation is the message for a new order: a text with a button, or, when the
// customer has not written for 24 hours, a template. Its key is what makes it one message.
func (w *whatsApp) confirmation(o order) outbox.Message {
	return outbox.Message{
		From: w.phoneNumberID,
		Message: kirim.OutboundMessage{To: o.Phone, Content: kirim.ReplyButtons{
			Body:    fmt.Sprintf("Thank you! Your order %s: %s.", o.ID, o.Item),
			Buttons: []kirim.ReplyButton{{ID: whereIsIt + o.ID, Title: "Where is it?"}},
		}},
		Template: &kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody(o.ID)}},
		Key:      "order-" + o.ID + ":confirmed",
		Campaign: campaign,
	}
}

// reply tells a customer who writes of the last order, and one who taps the button of
// a confirmation of that order. The key is made of the customer's message, so that one
// that comes twice is replied to once.
func (s *shop) reply(ctx context.Context, m *kirim.InboundMessage) error {
	id, tapped := strings.CutPrefix(m.GetInteractive().ID, whereIsIt)
	if m.Type != kirim.MessageTypeText && !tapped {
		return nil
	}
	text := "You have no order with us yet."
	o, err := s.latest(ctx, m.From.E164(), id)
	switch {
	case err == nil:
		text = fmt.Sprintf("Your order %s (%s) is being packed.", o.ID, o.Item)
	case !errors.Is(err, sql.ErrNoRows):
		return err // the webhook comes again
	}
	_, err = s.db.Enqueue(ctx, outbox.Message{
		From:     m.PhoneNumberID,
		Message:  m.Quote(kirim.Text{Body: text}),
		Key:      "reply:" + m.ID,
		Campaign: campaign,
	})
	if _, ok := errors.AsType[*outbox.KeyReusedError](err); ok { // it was replied to before the last order came
		return nil
	}
	return err
}
