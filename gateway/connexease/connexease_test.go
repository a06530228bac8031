package connexease_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/internal/testwire"
)

const testKey = "sk_TESTtestTESTtest"

// fake is a Connexease Gateway. A recipient that ends in 0 is unknown to it.
func fake(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, group string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"isSuccess":false,"errors":{"code":%q,"group":%q,"description":"No.","params":{}}}`, code, group)
	}
	var body map[string]any
	err := json.NewDecoder(r.Body).Decode(&body)
	to, _ := body["to"].(string)
	kind, _ := body["type"].(string)
	object, _ := body[kind].(map[string]any)
	switch {
	case r.Header.Get("Authorization") != "Bearer "+testKey:
		refuse(401, "AUTH_001", "UNAUTHORIZED")
	case r.Method+r.URL.Path != "POST/prefix/v1/wa/message":
		refuse(404, "HTTP_001", "NOT_FOUND")
	case err != nil || body["messaging_product"] != "whatsapp" || object == nil,
		kind == "template" && fmt.Sprintf("%T", object["language"]) != "map[string]interface {}",
		kind == "interactive" && !slices.Contains([]any{"button", "list", "cta_url", "carousel"}, object["type"]):
		refuse(400, "HTTP_002", "VALIDATION")
	case strings.Trim(to, "0123456789") != "" || strings.HasSuffix(to, "0"):
		refuse(400, "GW_001", "VALIDATION")
	default:
		for _, limit := range []string{"sec-Limit:80", "sec-Remaining:79", "min-Limit:4800", "min-Remaining:4799"} {
			name, value, _ := strings.Cut(limit, ":")
			w.Header().Set("X-RateLimit-"+name, value)
		}
		if r.URL.Query().Get("is_fake") == "true" {
			fmt.Fprint(w, `{"isSuccess":true,"data":{"messaging_product":"whatsapp","messages":[{"id":"wamid.FAKE_1"}]}}`)
			return
		}
		fmt.Fprintf(w, `{"isSuccess":true,"data":{"messaging_product":"whatsapp","contacts":[{"input":%[1]q,"wa_id":%[1]q}],"messages":[{"id":"wamid.1"}]}}`, to)
	}
}

func client(t *testing.T, wire *testwire.Wire) *connexease.Client {
	t.Helper()
	c, err := connexease.NewClient(testKey, wire.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func to(content kirim.Content) kirim.OutboundMessage {
	return kirim.OutboundMessage{To: "+905321234567", Content: content}
}

func TestEachContentIsSentInMetasForm(t *testing.T) {
	t.Parallel()
	buttons := []kirim.ReplyButton{{ID: "y", Title: "Yes"}}
	flow := kirim.ButtonAction("flow", 0, kirim.TemplateAction{FlowToken: "f", FlowActionData: json.RawMessage(`{"n":12345678901234567890}`)})
	tests := []struct {
		name    string
		content kirim.Content
		kind    string
		object  string
	}{
		{"a text", kirim.Text{Body: "Halo", PreviewURL: true}, "text", `{"body":"Halo","preview_url":true}`},
		{"an image", &kirim.Image{Link: "https://a.example/i", Caption: "c"}, "image", `{"link":"https://a.example/i","caption":"c"}`},
		{"an audio", kirim.Audio{ID: "7"}, "audio", `{"id":"7"}`},
		{"a document", kirim.Document{Link: "https://a.example/d", Filename: "d.pdf"}, "document", `{"link":"https://a.example/d","filename":"d.pdf"}`},
		{"a template", kirim.Template{Name: "order", Language: "id"}, "template", `{"name":"order","language":{"code":"id","policy":"deterministic"}}`},
		{"a template of a flow", &kirim.Template{Name: "order", Language: "id", Components: []kirim.Component{flow}}, "template",
			`{"name":"order","language":{"code":"id","policy":"deterministic"},"components":[{"type":"button","sub_type":"flow","index":0,"parameters":[{"type":"action","action":{"flow_token":"f","flow_action_data":{"n":12345678901234567890}}}]}]}`},
		{"buttons", kirim.ReplyButtons{Body: "Ok?", Buttons: buttons}, "interactive",
			`{"type":"button","body":{"text":"Ok?"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}}]}}`},
		{"a list", kirim.List{Body: "b", Button: "o", Sections: []kirim.ListSection{{Rows: []kirim.ListRow{{ID: "1", Title: "t"}}}}}, "interactive",
			`{"type":"list","body":{"text":"b"},"action":{"button":"o","sections":[{"rows":[{"id":"1","title":"t"}]}]}}`},
		{"a link", kirim.CTAURL{Body: "b", DisplayText: "d", URL: "https://a.example"}, "interactive",
			`{"type":"cta_url","body":{"text":"b"},"action":{"name":"cta_url","parameters":{"display_text":"d","url":"https://a.example"}}}`},
		{"a raw content", kirim.Raw{Type: "sticker", Object: map[string]string{"id": "1"}}, "sticker", `{"id":"1"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wire := testwire.New(fake)
			message := to(tt.content)
			message.ReplyTo = "wamid.0"
			accepted, err := client(t, wire).Send(t.Context(), message)
			if err != nil || accepted.ID != "wamid.1" || accepted.WAMID != "wamid.1" || accepted.Status != "" {
				t.Fatalf("%+v, %v", accepted, err)
			}
			got := wire.Requests()[0]
			var body map[string]json.RawMessage
			json.Unmarshal([]byte(got.Body), &body)
			if string(body[tt.kind]) != tt.object || string(body["type"]) != `"`+tt.kind+`"` || string(body["to"]) != `"905321234567"` ||
				string(body["context"]) != `{"message_id":"wamid.0"}` || got.URL != testwire.BaseURL+"/wa/message" {
				t.Errorf("sent %s to %s", got.Body, got.URL)
			}
		})
	}
}

func TestAVideoIsNotSent(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	for _, content := range []kirim.Content{kirim.Video{Link: "https://a.example/v"}, &kirim.Video{}} {
		if _, err := client(t, wire).Send(t.Context(), to(content)); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "connexease cannot send kirim.Video") {
			t.Errorf("%v", err)
		}
	}
	for _, content := range []kirim.Content{nil, (*kirim.Video)(nil), kirim.Text{}} {
		if _, err := client(t, wire).Send(t.Context(), to(content)); !errors.Is(err, kirim.KindInvalidRequest) {
			t.Errorf("%v", err)
		}
	}
	if n := len(wire.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestHowAMessageIsSentIsInTheQuery(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	c := client(t, wire)
	accepted, err := c.WithSendParams(connexease.SendParams{Fake: true, MarketingLite: true}).Send(t.Context(), to(kirim.Text{Body: "a"}))
	if err != nil || accepted.ID != "wamid.FAKE_1" || !strings.HasSuffix(wire.Requests()[0].URL, "/wa/message?is_fake=true&mmlite=true") {
		t.Errorf("%+v, %v, %v", accepted, err, wire.Requests())
	}
	if accepted, err := c.Send(t.Context(), to(kirim.Text{Body: "a"})); err != nil || accepted.ID != "wamid.1" {
		t.Errorf("the client was changed: %+v, %v", accepted, err)
	}
}

func TestBothWindowsOfTheRateLimitAreRead(t *testing.T) {
	t.Parallel()
	var r kirim.Response
	if _, err := client(t, testwire.New(fake)).Send(t.Context(), to(kirim.Text{Body: "a"}), kirim.WithResponse(&r)); err != nil {
		t.Fatal(err)
	}
	second, minute := connexease.RateLimits(r.Header)
	if second != (kirim.RateLimit{Limit: 80, Remaining: 79}) || minute != (kirim.RateLimit{Limit: 4800, Remaining: 4799}) {
		t.Errorf("%+v, %+v", second, minute)
	}
	if second, minute := connexease.RateLimits(http.Header{"X-Ratelimit-Sec-Limit": {"-3"}}); second.Known() || minute.Known() {
		t.Errorf("%+v, %+v", second, minute)
	}
}

func TestTheWaitInTheBodyIsWaitedOut(t *testing.T) {
	t.Parallel()
	for params, want := range map[string]time.Duration{
		`{"limit_type":"sec","retry_after":"1 seconds"}`: time.Second,
		`{"limit_type":"sec","retry_after":"1s"}`:        time.Second,
		`{"limit_type":"min","retry_after":"60s"}`:       time.Minute,
		`{"limit_type":"min"}`:                           time.Minute,
		`{"limit_type":"sec"}`:                           time.Second,
	} {
		t.Run(params, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				wire := testwire.New(testwire.Once(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(429)
					fmt.Fprintf(w, `{"isSuccess":false,"errors":{"code":"RATE_001","group":"TOO_MANY_REQUESTS","description":"d","params":%s}}`, params)
				}, fake))
				_, err := client(t, wire).Send(t.Context(), to(kirim.Text{Body: "a"}))
				if took := time.Since(began); err != nil || took < want || took > want+2*time.Second {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}

func TestARefusalKeepsItsCode(t *testing.T) {
	t.Parallel()
	_, err := client(t, testwire.New(fake)).Send(t.Context(), kirim.OutboundMessage{To: "+905321234560", Content: kirim.Text{Body: "a"}})
	if !kirim.IsInvalidRecipient(err) || !errors.Is(err, kirim.ErrorCode("GW_001")) || kirim.MaybeSent(err) {
		t.Errorf("%v", err)
	}
	// What detection would not take for Connexease's.
	for body, want := range map[string]kirim.Kind{
		`{"errors":{"code":"WABA_001","description":"d"}}`:                           kirim.KindUpstreamAuth,
		`{"errors":{"code":"GW_9","description":"(#131026) x"}}`:                     kirim.KindRecipientUnavailable,
		`{"errors":{"code":"AUTH_004","description":"d"}}`:                           kirim.KindInternal,
		`{"isSuccess":false,"errors":{"code":"AUTH_004","description":"(#131026)"}}`: kirim.KindRecipientUnavailable,
		`{"isSuccess":false,"errors":{"code":"BILL_001","description":"(#131026)"}}`: kirim.KindBilling,
		`<html>`: kirim.KindAuthInvalid,
	} {
		if e := connexease.DecodeError(401, nil, []byte(body)); e.Kind != want {
			t.Errorf("%s is %s, want %s", body, e.Kind, want)
		}
	}
}

func TestOnlyAWebhookWithTheSecretIsGenuine(t *testing.T) {
	t.Parallel()
	const secret, older = "0123456789abcdef0123456789abcdef", "old-secret"
	v, err := connexease.NewWebhookVerifier(secret, older)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		values []string
		want   bool
	}{
		{"the secret", []string{"Bearer " + secret}, true},
		{"the older secret", []string{"Bearer " + older}, true},
		{"another spelling of the scheme", []string{"bearer  " + secret}, true},
		{"no header", nil, false},
		{"an empty header", []string{""}, false},
		{"an empty token", []string{"Bearer "}, false},
		{"another secret", []string{"Bearer " + secret[1:] + "0"}, false},
		{"a part of the secret", []string{"Bearer " + secret[:31]}, false},
		{"both secrets at once", []string{"Bearer " + secret + older}, false},
		{"another scheme", []string{"Basic " + secret}, false},
		{"the secret alone", []string{secret}, false},
		{"two headers", []string{"Bearer " + secret, "Bearer x"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := v.Verify(http.Header{"Authorization": tt.values})
			if (err == nil) != tt.want || err != nil && !errors.Is(err, connexease.ErrWebhookSecret) {
				t.Errorf("%v", err)
			}
		})
	}
	for _, secrets := range [][]string{nil, {""}, {secret, " "}, {secret + "\n"}} {
		if _, err := connexease.NewWebhookVerifier(secrets...); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", secrets, err)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %v", v, v, v, *v); strings.Count(text, "[redacted]") != 4 {
		t.Errorf("the verifier prints as %s", text)
	}
}

func TestAPayloadIsReadOnlyWhenItIsGenuine(t *testing.T) {
	t.Parallel()
	v, err := connexease.NewWebhookVerifier("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	request := func(token string, body io.Reader) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/hook", body)
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	if body, err := v.Payload(request("0123456789abcdef", strings.NewReader(`{"entry":[]}`))); err != nil || string(body) != `{"entry":[]}` {
		t.Errorf("%q, %v", body, err)
	}
	unread := strings.NewReader("x")
	if body, err := v.Payload(request("another", unread)); !errors.Is(err, connexease.ErrWebhookSecret) || body != nil || unread.Len() != 1 {
		t.Errorf("%q, %v", body, err)
	}
	for name, body := range map[string]io.Reader{
		"a body over the limit":  io.LimitReader(zeros{}, 4<<20+1),
		"a body that breaks off": iotest.ErrReader(io.ErrUnexpectedEOF),
	} {
		if got, err := v.Payload(request("0123456789abcdef", body)); err == nil || got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAnEventHasTheTypesOfKirims(t *testing.T) {
	t.Parallel()
	v, err := connexease.NewWebhookVerifier("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"905","phone_number_id":"106"},` +
		`"contacts":[{"profile":{"name":"Sari"},"wa_id":"905321234567"}],"messages":[{"from":"905321234567","id":"wamid.1","timestamp":"1767225619","type":"text","text":{"body":"Halo"}}],` +
		`"statuses":[{"id":"wamid.0","status":"delivered","timestamp":"1767225620","recipient_id":"905321234567"}]}}]}]}`
	request := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	if _, err := v.Event(request); !errors.Is(err, connexease.ErrWebhookSecret) {
		t.Errorf("without the secret: %v", err)
	}
	request.Header.Set("Authorization", "Bearer 0123456789abcdef")
	event, err := v.Event(request)
	if err != nil || len(event.Data) != 2 || string(event.Raw) != body {
		t.Fatalf("%+v, %v", event, err)
	}
	message, isMessage := event.Data[0].(*kirim.InboundMessage)
	status, isStatus := event.Data[1].(*kirim.StatusUpdate)
	if !isMessage || !isStatus || message.ID != "wamid.1" || status.ID == "" {
		t.Errorf("%+v, %+v", event.Data[0], event.Data[1])
	}
	request = httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader("<html>"))
	request.Header.Set("Authorization", "Bearer 0123456789abcdef")
	if _, err := v.Event(request); !errors.Is(err, kirim.ErrWebhookMalformed) {
		t.Errorf("HTML: %v", err)
	}
}
