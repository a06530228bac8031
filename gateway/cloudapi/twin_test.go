package cloudapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

const customer = "+6281100000001"

var orderUpdate = kirim.OutboundMessage{To: customer, Content: kirim.Template{
	Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")},
}}

// shop replies to what customers write, and keeps what becomes of its messages.
type shop struct {
	hooks    *kirim.WebhookHandler
	statuses []string
}

func newShop(t testing.TB, reply func(context.Context, kirim.OutboundMessage) error) *shop {
	t.Helper()
	verifier, err := cloudapi.NewWebhookVerifier(verifyToken, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{hooks: kirim.NewWebhookHandler(verifier)}
	s.hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
		return reply(ctx, m.Quote(kirim.Text{Body: "It left an hour ago."}))
	})
	s.hooks.OnStatus(func(_ context.Context, status *kirim.StatusUpdate) error {
		what := string(status.Status)
		for _, failure := range status.Errors {
			what += fmt.Sprintf(" %d", failure.Code)
		}
		s.statuses = append(s.statuses, what)
		return nil
	})
	return s
}

func TestAConversationOverMetasAPI(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var from *cloudapi.PhoneNumber
		var quoted string
		shop := newShop(t, func(ctx context.Context, m kirim.OutboundMessage) error {
			quoted = m.ReplyTo
			_, err := from.Send(ctx, m)
			return err
		})
		var sandbox *kirimtest.Server
		sandbox, from = inSandbox(t, kirimtest.WithWebhookHandler(shop.hooks), kirimtest.WithMetaSecrets(verifyToken, testSecret))
		if err := sandbox.SubscribeMeta("https://shop.example.com/webhooks/meta"); err != nil {
			t.Fatal(err)
		}
		reported := func(want ...string) {
			t.Helper()
			sandbox.Advance(time.Second)
			if got := strings.Join(shop.statuses, ", "); got != strings.Join(want, ", ") {
				t.Errorf("the statuses are %s, want %s", got, want)
			}
			shop.statuses = nil
		}

		sent, err := from.Send(t.Context(), orderUpdate)
		if err != nil || sent.WAMID != sandbox.Messages()[0].WAMID || sent.Status != "accepted" || cloudapi.Recipient(sent).WAID != "6281100000001" {
			t.Fatalf("%+v, %v", sent, err)
		}
		reported("sent", "delivered")

		in := sandbox.Receive(kirimtest.Inbound{From: customer, Text: "Where is it?"})
		reported("sent", "delivered")
		if messages := sandbox.Messages(); len(messages) != 2 || messages[1].Type != "text" || quoted != in.WAMID {
			t.Errorf("%d messages, a reply to %q", len(messages), quoted)
		}
		if err := from.ShowTyping(t.Context(), in.WAMID); err != nil || !sandbox.WasRead(in.WAMID) {
			t.Errorf("the message was not read: %v", err)
		}

		time.Sleep(24 * time.Hour)
		late, err := from.Send(t.Context(), kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "Did it arrive?"}})
		if err != nil || late.WAMID == "" {
			t.Fatalf("outside the window, Meta accepts at first: %v", err)
		}
		reported("failed 131047")
	})
}

func TestWebhooksAreVerifiedOverTheNetwork(t *testing.T) {
	t.Parallel()
	shop := newShop(t, func(context.Context, kirim.OutboundMessage) error { return nil })
	receiver := httptest.NewServer(shop.hooks)
	t.Cleanup(receiver.Close)
	for secret, want := range map[string]int{testSecret: 200, "f" + testSecret[1:]: 401} {
		sandbox := kirimtest.Start(t, kirimtest.WithMetaSecrets(verifyToken, secret))
		if err := sandbox.SubscribeMeta(receiver.URL); err != nil {
			t.Fatal(err)
		}
		sandbox.Receive(kirimtest.Inbound{From: customer, Text: "Hello"})
		sandbox.Settle()
		if d := sandbox.Deliveries()[0]; d.Attempts[0].StatusCode != want {
			t.Errorf("the response is %d, want %d", d.Attempts[0].StatusCode, want)
		}
	}
	wrong := kirimtest.Start(t, kirimtest.WithMetaSecrets("another-verify-token", testSecret))
	if err := wrong.SubscribeMeta(receiver.URL); err == nil {
		t.Error("the challenge was passed with another verify token")
	}
}

// sender is what all systems send with.
type sender interface {
	Send(context.Context, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error)
}

func TestAUsersTestRunsOnKirimAndOnMeta(t *testing.T) {
	t.Parallel()
	for name, newSender := range map[string]func(*kirimtest.Server) (sender, error){
		"Kirim": func(s *kirimtest.Server) (sender, error) {
			client, err := s.Client()
			if err != nil {
				return nil, err
			}
			return client.PhoneNumber(s.PhoneNumberID).Messages, nil
		},
		"the Cloud API": func(s *kirimtest.Server) (sender, error) {
			client, err := cloudapi.NewClient(s.AccessToken, s.MetaOptions()...)
			if err != nil {
				return nil, err
			}
			return client.PhoneNumber(s.PhoneNumberID), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithEarlyRefusals(), kirimtest.WithMetaMessages())
			from, err := newSender(sandbox)
			if err != nil {
				t.Fatal(err)
			}
			text := kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "It arrives today."}}
			if _, err := from.Send(t.Context(), text); !kirim.IsOutside24hWindow(err) {
				t.Errorf("the customer never wrote, but: %v", err)
			}
			sandbox.Receive(kirimtest.Inbound{From: customer, Text: "When will it come?"})
			sandbox.SetTemplateStatus("order_update", kirimtest.TemplatePaused)
			if _, err := from.Send(t.Context(), orderUpdate); !kirim.IsTemplateUnavailable(err) {
				t.Errorf("the template is paused, but: %v", err)
			}
			for _, content := range []kirim.Content{
				text.Content,
				kirim.Image{Link: "https://files.example.com/a.png", Caption: "The parcel"},
				kirim.Location{Latitude: -6.2, Longitude: 106.8, Name: "The shop"},
				kirim.Reaction{MessageID: "wamid.EXAMPLE", Emoji: "👍"},
				kirim.ReplyButtons{Body: "Is it fine?", Buttons: []kirim.ReplyButton{{ID: "y", Title: "Yes"}}},
				kirim.Template{Name: "hello_world", Language: "en_US"},
			} {
				accepted, err := from.Send(t.Context(), kirim.OutboundMessage{To: customer, Content: content})
				if err != nil {
					t.Errorf("%T: %v", content, err)
					continue
				}
				if messages := sandbox.Messages(); messages[len(messages)-1].WAMID != accepted.WAMID && messages[len(messages)-1].ID != accepted.ID {
					t.Errorf("%T: the id is of another message", content)
				}
			}
			if n := sandbox.MessageCount(); n != 6 {
				t.Errorf("%d messages", n)
			}
		})
	}
}

func TestEachFaultOfTheSandboxIsTheErrorThatItNames(t *testing.T) {
	t.Parallel()
	for code, kind := range map[string]kirim.Kind{
		"190": kirim.KindAuthExpired, "10": kirim.KindPermission, "100": kirim.KindInvalidRequest, "131009": kirim.KindInvalidRequest,
		"131026": kirim.KindRecipientUnavailable, "131047": kirim.KindOutsideWindow, "132000": kirim.KindInvalidRequest, "132001": kirim.KindTemplateNotFound,
		"132012": kirim.KindInvalidRequest, "132015": kirim.KindTemplateUnavailable, "132016": kirim.KindTemplateUnavailable, "130429": kirim.KindRateLimited,
		"131056": kirim.KindRateLimited, "80007": kirim.KindRateLimited, "4": kirim.KindRateLimited, "133010": kirim.KindNotConnected, "131031": kirim.KindSuspended,
		"137000": kirim.KindRecipientUnavailable, "131000": kirim.KindUpstream, "2": kirim.KindUnavailable,
	} {
		sandbox, from := inSandbox(t)
		status := map[string]int{"190": 401, "10": 403, "131031": 403, "132001": 404, "131000": 500, "2": 503}[code]
		if status == 0 {
			status = 400
		}
		sandbox.AddFault(kirimtest.Fault{Status: status, Code: code, Message: "Details of the test."})
		_, err := from.Send(t.Context(), orderUpdate, kirim.WithoutRetry())
		var e *kirim.Error
		if !errors.As(err, &e) || string(e.Code) != code || fmt.Sprint(e.MetaCode) != code || e.StatusCode != status || e.RequestID == "" {
			t.Errorf("%s: %v", code, err)
			continue
		}
		if maybe := kirim.MaybeSent(err); e.Kind != kind || maybe != (status >= 500) || sandbox.MessageCount() != 0 {
			t.Errorf("%s is %s, want %s; MaybeSent %v; %d messages", code, e.Kind, kind, maybe, sandbox.MessageCount())
		}
	}

	sandbox, from := inSandbox(t)
	sandbox.RevokeKey(sandbox.AccessToken)
	if _, err := from.Send(t.Context(), orderUpdate); !errors.Is(err, kirim.KindAuthRevoked) {
		t.Errorf("a token that was revoked: %v", err)
	}
}

// Each send meets a fault of its own, once or up to the last attempt. What is sent
// is in its text, so that what arrived can be counted.
func TestNothingIsSentTwiceOverMetasAPI(t *testing.T) {
	t.Parallel()
	faults := []kirimtest.Fault{
		{}, {Drop: true}, {Drop: true, Processed: true}, {Unread: true}, {Cut: true}, {Cut: true, Processed: true, Status: 200}, {Hang: true}, {Processed: true, Hang: true},
		{Delay: time.Hour}, {Processed: true, Status: 500}, {Status: 500}, {Status: 503}, {Processed: true, Status: 503}, {Status: 502, Body: "<html>oops</html>"},
		{Processed: true, Status: 502, Empty: true}, {Processed: true, Length: 7}, {Trickle: time.Minute}, {Slow: time.Hour}, {Status: 400, Code: "130429"},
		{Status: 400, Code: "131056"}, {Status: 400, Code: "80007"}, {Status: 429}, {Status: 401}, {Status: 400, Code: "131009"}, {Processed: true, Body: "{}"},
	}
	for i, fault := range faults {
		for times := 1; times <= 5; times += 2 {
			synctest.Test(t, func(t *testing.T) {
				sandbox, from := inSandbox(t)
				sandbox.Receive(kirimtest.Inbound{From: customer})
				fault.Times = times
				sandbox.AddFault(fault)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				_, err := from.Send(ctx, kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "Order A-17"}})
				switch n := sandbox.MessageCount(); {
				case n > 1:
					t.Errorf("fault %d, %d times: %d messages", i, times, n)
				case err == nil && n != 1:
					t.Errorf("fault %d, %d times: no error, and %d messages", i, times, n)
				case err != nil && n == 1 && !kirim.MaybeSent(err):
					t.Errorf("fault %d, %d times: it was sent, but: %v", i, times, err)
				}
			})
		}
	}
}

func ExampleNewClient_sandbox() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	from := client.PhoneNumber(sandbox.PhoneNumberID)

	_, err = from.Send(context.Background(), orderUpdate)
	fmt.Println("a template:", err)

	sandbox.AddFault(kirimtest.Fault{Status: http.StatusBadRequest, Code: "131026"})
	_, err = from.Send(context.Background(), orderUpdate)
	fmt.Println("nobody there:", errors.Is(err, kirim.KindRecipientUnavailable))
	fmt.Println("messages:", sandbox.MessageCount())
	// Output:
	// a template: <nil>
	// nobody there: true
	// messages: 1
}
