// Echobot answers every text with the same text, once, and marks it as read.
// Three customers of a sandbox in this program write to it; one message is
// delivered twice, and one answer fails at first. Then it ends:
//
//	go run ./examples/echobot
package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// bot is the part that a real program would have as well.
type bot struct {
	client *kirim.Client
	out    *log.Logger
}

// answer sends the text back. The key is made of the message's id: should the
// answer be sent again after a crash, the customer gets it once.
func (b *bot) answer(ctx context.Context, m *kirim.InboundMessage) error {
	if m.Type != kirim.MessageTypeText {
		return nil
	}
	messages := b.client.PhoneNumber(m.PhoneNumberID).Messages
	_, err := messages.SendOrTemplate(ctx,
		m.Quote(kirim.Text{Body: m.Text}),
		kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
		kirim.WithIdempotencyKey("echo:"+m.ID))
	if err != nil {
		b.out.Printf("%s: %q failed, the webhook will come again", m.From.E164(), m.Text)
		return err
	}
	b.out.Printf("%s: %q answered", m.From.E164(), m.Text)
	_, err = messages.MarkRead(ctx, m.ID)
	return err
}

func run(ctx context.Context, out io.Writer) error {
	// The sandbox's clock is moved by hand, so that nobody waits for the
	// ten seconds after which it delivers a webhook again.
	clock := kirimtest.NewManualClock(time.Now())
	sandbox := kirimtest.NewServer(kirimtest.WithClock(clock))
	defer sandbox.Close()
	windows := kirim.NewMemoryWindowStore(0)
	client, err := sandbox.Client(kirim.WithWindowStore(windows))
	if err != nil {
		return err
	}
	verifier, err := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
	if err != nil {
		return err
	}
	hooks := kirim.NewWebhookHandler(verifier.WithClock(clock.Now), kirim.WithWebhookWindowStore(windows))
	echo := &bot{client, log.New(out, "", 0)}
	hooks.OnMessage(echo.answer)
	tracker := kirim.NewStatusTracker(0)
	var delivered atomic.Int32
	hooks.OnStatus(func(_ context.Context, s *kirim.StatusUpdate) error {
		if progress, changed := tracker.Apply(s); changed && progress.Status == kirim.MessageDelivered {
			delivered.Add(1)
		}
		return nil
	})
	server := httptest.NewServer(hooks)
	defer server.Close()
	sandbox.Subscribe(server.URL, "message.received", "message.status")

	sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Text: "Halo"})
	sandbox.Settle()
	echo.out.Print("\nThe same webhook again, as the network repeats it:")
	for _, d := range sandbox.Deliveries() {
		if d.Event == "message.received" {
			_, err := client.WebhookDeliveries.Replay(ctx, d.ID)
			if err != nil {
				return err
			}
		}
	}
	sandbox.Settle()
	echo.out.Print("\nAn answer that the server refuses at first:")
	sandbox.AddFault(kirimtest.Fault{Method: http.MethodPost, Status: http.StatusForbidden})
	sandbox.Receive(kirimtest.Inbound{From: "+6281100000002", Text: "Apa kabar?"})
	sandbox.Receive(kirimtest.Inbound{From: "+6281100000003", Text: "Selamat pagi"})
	sandbox.Advance(time.Minute)

	if err := hooks.Shutdown(ctx); err != nil {
		return err
	}
	echo.out.Printf("\n%d answers for 3 messages, %d delivered.", sandbox.MessageCount(), delivered.Load())
	return nil
}
