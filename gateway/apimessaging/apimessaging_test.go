package apimessaging_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/internal/testwire"
)

const testKey = "am_TESTtestTESTtest"

// fake is an API Messaging with one paired session, s1.
func fake(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("X-RateLimit-Limit", "60")
	w.Header().Set("X-RateLimit-Remaining", "59")
	w.Header().Set("X-RateLimit-Reset", fmt.Sprint(now.Add(30*time.Second).Unix()))
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"success":false,"error":{"code":%q,"message":"No.","details":{"field":"sessionId","reason":"why"}}}`, code)
	}
	var body map[string]string
	switch err := json.NewDecoder(r.Body).Decode(&body); {
	case r.Header.Get("Authorization") != "Bearer "+testKey:
		refuse(401, "invalid_api_key")
	case err != nil:
		refuse(400, "invalid_request")
	case r.Method+r.URL.Path == "POST/prefix/v1/sessions":
		fmt.Fprintf(w, `{"success":true,"data":{"sessionId":"s2","qrCode":"data:image/png;base64,AA=="}}`)
	case body["sessionId"] == "":
		refuse(400, "missing_required_parameter")
	case body["sessionId"] != "s1":
		refuse(404, "session_not_found")
	case strings.Trim(body["to"], "0123456789") != "":
		refuse(400, "invalid_phone_number")
	case strings.HasPrefix(r.URL.Path, "/prefix/v1/messages/"):
		w.WriteHeader(201)
		fmt.Fprintf(w, `{"success":true,"data":{"messageId":"msg_1","status":"sent","timestamp":"2025-09-14T15:45:30Z"}}`)
	default:
		refuse(404, "resource_not_found")
	}
}

func client(t *testing.T, wire *testwire.Wire) *apimessaging.Client {
	t.Helper()
	c, err := apimessaging.NewClient(testKey, wire.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	return c.WithSession("s1")
}

func TestEachContentIsSentInTheSystemsForm(t *testing.T) {
	t.Parallel()
	const link = "https://cdn.example/f"
	tests := []struct {
		name    string
		message kirim.OutboundMessage
		path    string
		body    string
	}{
		{"a text", kirim.OutboundMessage{Content: kirim.Text{Body: "Halo", PreviewURL: true}}, "text", `"text":"Halo"`},
		{"a text by pointer", kirim.OutboundMessage{Content: &kirim.Text{Body: "Halo"}}, "text", `"text":"Halo"`},
		{"a reply", kirim.OutboundMessage{Content: kirim.Text{Body: "Ya"}, ReplyTo: "msg_0"}, "text", `"text":"Ya","quotedMessageId":"msg_0"`},
		{"an image", kirim.OutboundMessage{Content: kirim.Image{Link: link, Caption: "c"}}, "media", `"mediaType":"image","media":"https://cdn.example/f","caption":"c"`},
		{"a video", kirim.OutboundMessage{Content: kirim.Video{Link: link}}, "media", `"mediaType":"video","media":"https://cdn.example/f"`},
		{"an audio", kirim.OutboundMessage{Content: kirim.Audio{Link: link}}, "media", `"mediaType":"audio","media":"https://cdn.example/f"`},
		{"a document", kirim.OutboundMessage{Content: kirim.Document{Link: link, Filename: "a.pdf"}}, "media", `"mediaType":"document","media":"https://cdn.example/f","filename":"a.pdf"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wire := testwire.New(fake)
			tt.message.To = "+6281100000001"
			var r kirim.Response
			accepted, err := client(t, wire).Send(t.Context(), tt.message, kirim.WithResponse(&r))
			if err != nil || accepted.ID != "msg_1" || accepted.Status != "sent" {
				t.Fatalf("%+v, %v", accepted, err)
			}
			got := wire.Requests()[0]
			want := `{"sessionId":"s1","to":"6281100000001",` + tt.body + `}`
			if got.Body != want || got.URL != testwire.BaseURL+"/messages/"+tt.path {
				t.Errorf("sent %s to %s, want %s", got.Body, got.URL, want)
			}
			if r.RateLimit.Limit != 60 || r.RateLimit.Remaining != 59 || r.RateLimit.Reset.IsZero() {
				t.Errorf("the rate limit is read as %+v", r.RateLimit)
			}
		})
	}
}

func TestWhatTheSystemCannotDoIsNotSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		message kirim.OutboundMessage
		text    string
	}{
		{"a template", kirim.OutboundMessage{Content: kirim.Template{Name: "a", Language: "id"}}, "apimessaging cannot send kirim.Template"},
		{"a list by pointer", kirim.OutboundMessage{Content: &kirim.List{}}, "apimessaging cannot send kirim.List"},
		{"reply buttons", kirim.OutboundMessage{Content: kirim.ReplyButtons{}}, "kirim.ReplyButtons"},
		{"a raw content", kirim.OutboundMessage{Content: kirim.Raw{Type: "sticker", Object: 1}}, "kirim.Raw of type sticker"},
		{"media by Meta's id", kirim.OutboundMessage{Content: kirim.Image{ID: "1"}}, "kirim.Image by its id"},
		{"media as a reply", kirim.OutboundMessage{Content: kirim.Image{Link: "https://a.example"}, ReplyTo: "x"}, "image as a reply"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wire := testwire.New(fake)
			tt.message.To = "+6281100000001"
			_, err := client(t, wire).Send(t.Context(), tt.message)
			if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), tt.text) || len(wire.Requests()) != 0 || kirim.MaybeSent(err) {
				t.Errorf("%d requests, %v", len(wire.Requests()), err)
			}
		})
	}
}

func TestAMessageThatBreaksALimitIsNotSent(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]kirim.OutboundMessage{
		"a number without plus": {To: "6281100000001", Content: kirim.Text{Body: "a"}},
		"a text that is long":   {To: "+6281100000001", Content: kirim.Text{Body: strings.Repeat("a", 4097)}},
		"no content":            {To: "+6281100000001"},
		"a pointer to none":     {To: "+6281100000001", Content: (*kirim.Text)(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wire := testwire.New(fake)
			_, err := client(t, wire).Send(t.Context(), message)
			var invalid *kirim.ValidationError
			if !errors.As(err, &invalid) || len(wire.Requests()) != 0 {
				t.Errorf("%d requests, %v", len(wire.Requests()), err)
			}
		})
	}
}

func TestTheBaseURLMustBeGiven(t *testing.T) {
	t.Parallel()
	if _, err := apimessaging.NewClient(testKey); err == nil || !strings.Contains(err.Error(), "kirim.WithBaseURL") {
		t.Errorf("without: %v", err)
	}
	if _, err := apimessaging.NewClient(testKey, kirim.WithBaseURL(kirim.DefaultBaseURL)); err == nil || !strings.Contains(err.Error(), "kirim.WithBaseURL") {
		t.Errorf("with Kirim's: %v", err)
	}
	if _, err := apimessaging.NewClient("", kirim.WithBaseURL("https://a.example")); err == nil || !strings.Contains(err.Error(), "API key") {
		t.Errorf("without a key: %v", err)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	c := client(t, wire)
	session, err := c.CreateSession(t.Context(), apimessaging.SessionCreateParams{Name: "shop", Webhook: "https://shop.example/hook"})
	if err != nil || session.ID != "s2" || !strings.HasPrefix(session.QRCode, "data:image/png") {
		t.Fatalf("%+v, %v", session, err)
	}
	if got := wire.Requests()[0].Body; got != `{"name":"shop","webhook":"https://shop.example/hook"}` {
		t.Errorf("sent %s", got)
	}
	hello := kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Halo"}}
	if _, err := c.WithSession("s9").Send(t.Context(), hello); !kirim.IsNotFound(err) {
		t.Errorf("an unknown session: %v", err)
	}
	if _, err := c.WithSession("").Send(t.Context(), hello); !errors.Is(err, kirim.KindInvalidRequest) || !errors.Is(err, kirim.ErrorCode("missing_required_parameter")) {
		t.Errorf("no session: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v", c, c, *c); strings.Contains(text, testKey) {
		t.Errorf("the key is in %s", text)
	}
}

func TestALimitWithoutRetryAfterIsWaitedOutUntilTheReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		wire := testwire.New(testwire.Once(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
			w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(20*time.Second).Unix()))
			w.WriteHeader(429)
			fmt.Fprint(w, `{"success":false,"error":{"code":"concurrent_request_limit_exceeded","message":"Slow."}}`)
		}, fake))
		_, err := client(t, wire).Send(t.Context(), kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Halo"}})
		if took := time.Since(began); err != nil || took < 20*time.Second || took > 22*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestEventsAreRead(t *testing.T) {
	t.Parallel()
	event, err := apimessaging.DecodeEvent([]byte(`{"event":"message.received","data":{"id":"m1","sessionId":"s1","to":"628","message":"Halo","timestamp":"2025-09-14T15:45:30.5Z","new":1}}`))
	if err != nil || event.Name != apimessaging.EventMessageReceived || event.ID != "m1" || event.SessionID != "s1" || event.To != "628" ||
		event.Message != "Halo" || event.Timestamp.Year() != 2025 || !strings.Contains(string(event.Data), `"new":1`) {
		t.Errorf("%+v, %v", event, err)
	}
	event, err = apimessaging.DecodeEvent([]byte(`{"event":"brand.new","data":{"message":{"a":1},"timestamp":7}}`))
	if err != nil || event.Name != "brand.new" || event.Message != "" || !event.Timestamp.IsZero() || len(event.Data) == 0 {
		t.Errorf("an unknown event: %+v, %v", event, err)
	}
	for _, body := range []string{``, `{}`, `[]`, `{"event":7}`, `<html>`} {
		if event, err := apimessaging.DecodeEvent([]byte(body)); err == nil {
			t.Errorf("%q is read as %+v", body, event)
		}
	}
}

func TestTheRequestIDIsTheOneBesideTheCode(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Request-Id": {"req_header"}}
	for body, want := range map[string]string{
		`{"success":false,"error":{"code":"invalid_request","request_id":"req_inner"},"request_id":"req_outer"}`: "req_inner",
		`{"success":false,"error":{"code":"invalid_request"},"request_id":"req_outer"}`:                          "req_outer",
		`{"success":false,"error":{"code":"invalid_request","request_id":7}}`:                                    "req_header",
		`{"success":false,"error":{"code":"invalid_request"}}`:                                                   "req_header",
	} {
		if e := apimessaging.DecodeError(400, header, []byte(body)); e.RequestID != want {
			t.Errorf("%s: the request id is %q, want %q", body, e.RequestID, want)
		}
	}
}
