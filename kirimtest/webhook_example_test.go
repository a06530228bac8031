package kirimtest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func ExampleServer_Subscribe() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		at, v1, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Kirim-Signature"), "t="), ",v1=")
		mac := hmac.New(sha256.New, []byte(sandbox.WebhookSecret))
		io.WriteString(mac, at+"."+string(body))
		if v1 != hex.EncodeToString(mac.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Println(r.Header.Get("X-Kirim-Event"), strings.Contains(string(body), "Thanks!"))
	}))
	defer receiver.Close()
	sandbox.Subscribe(receiver.URL, "message.received")
	client, err := sandbox.Client()
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(context.Background(), kirim.OutboundMessage{
		To:      "+628123456789",
		Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
	})
	sandbox.Receive(kirimtest.Inbound{From: "+628123456789", Text: "Thanks!"})
	sandbox.Settle()

	for _, d := range sandbox.Deliveries() {
		fmt.Println(d.Status, d.Attempts[0].StatusCode, err)
	}
	// Output:
	// message.received true
	// delivered 200 <nil>
}

// The first example of the package's documentation.
func TestACustomerAnswers(t *testing.T) {
	orderUpdate := kirim.OutboundMessage{To: "+628123456789", Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}}

	sandbox := kirimtest.Start(t)
	client, _ := sandbox.Client()
	verifier, _ := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
	hooks, answers := kirim.NewWebhookHandler(verifier), make(chan string, 1)
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error { answers <- m.Text; return nil })
	receiver := httptest.NewServer(hooks)
	t.Cleanup(receiver.Close)
	sandbox.Subscribe(receiver.URL)

	sent, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), orderUpdate)
	sandbox.Receive(kirimtest.Inbound{From: orderUpdate.To, Text: "Thanks!"})
	if answer := <-answers; err != nil || sent.ID != sandbox.Messages()[0].ID || answer != "Thanks!" {
		t.Errorf("sent %v, %v; answered %q", sent, err, answer)
	}
}

func TestWebhooksOfASendUnderSynctest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		statuses := make(chan string, 8)
		s := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithStatusPlan(kirimtest.Read()),
			kirimtest.WithWebhookHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				statuses <- r.Header.Get("X-Kirim-Event")
			})))
		s.Subscribe("https://hooks.example.com", "message.sent", "message.status")
		client, err := s.Client()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.PhoneNumber(s.PhoneNumberID).Messages.Send(t.Context(), orderUpdate()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		s.Settle()
		if len(statuses) != 4 || s.Messages()[0].Status != "read" {
			t.Errorf("%d webhooks, status %q", len(statuses), s.Messages()[0].Status)
		}
	})
}
