package connexease_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/connexease"
)

func TestEachFaultOfAWebhookHasItsAnswer(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef"
	v, err := connexease.NewWebhookVerifier(secret)
	if err != nil {
		t.Fatal(err)
	}
	lower := func(r *http.Request) {
		r.Header = http.Header{"authorization": {"Bearer " + secret}}
	}
	for _, tt := range []struct {
		name   string
		v      *connexease.WebhookVerifier
		change func(*http.Request)
		want   int
	}{
		{"a good one", v, func(*http.Request) {}, 200},
		{"the header in lower case", v, lower, 200},
		{"another secret", v, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		{"no secret", v, func(r *http.Request) { r.Header = nil }, 401},
		{"two secrets under two spellings", v, func(r *http.Request) { r.Header["authorization"] = []string{"Bearer x"} }, 401},
		{"a body over the limit", v, func(r *http.Request) { r.Body = io.NopCloser(io.LimitReader(zeros{}, 4<<20+1)) }, 413},
		{"a body over the limit of a middleware", v, func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 3) }, 413},
		{"no body", v, func(r *http.Request) { r.Body = nil }, 400},
		{"a body that was read before", v, func(r *http.Request) { io.Copy(io.Discard, r.Body) }, 500},
		{"a body that breaks off", v, func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)) }, 503},
		{"no verifier", nil, func(*http.Request) {}, 503},
		{"a verifier without a secret", &connexease.WebhookVerifier{}, func(*http.Request) {}, 503},
	} {
		r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(`{"entry":[]}`))
		r.Header.Set("Authorization", "Bearer "+secret)
		tt.change(r)
		if _, err := tt.v.Event(r); kirim.WebhookStatusCode(err) != tt.want {
			t.Errorf("%s: %v, answer %d, want %d", tt.name, err, kirim.WebhookStatusCode(err), tt.want)
		}
	}
	if _, err := v.Event(nil); err == nil {
		t.Error("nil is a request")
	}
	for _, secret := range []string{"\ufeff" + secret, `"` + secret + `"`, secret + "\u200b"} {
		if _, err := connexease.NewWebhookVerifier(secret); err == nil || strings.Contains(err.Error(), "0123456789") {
			t.Errorf("%q: %v", secret, err)
		}
	}
	if !errors.Is(connexease.ErrWebhookSecret, kirim.ErrWebhookSignatureMismatch) {
		t.Error("the handler does not know it for a wrong signature")
	}
}

// What the gateway passes on: one body with two messages, and one with the
// statuses of two that were sent.
const (
	messagesBody = `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"905321234567","phone_number_id":"106540352242922"},
		"contacts":[{"profile":{"name":"Ayşe"},"wa_id":"905551112233"}],
		"messages":[{"from":"905551112233","id":"wamid.IN1","timestamp":"1780000000","type":"text","text":{"body":"Merhaba"}},
			{"from":"905551112233","id":"wamid.IN2","timestamp":"1780000001","type":"text","text":{"body":"Orada mısınız?"}}]}}]}]}`
	statusesBody = `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"905321234567","phone_number_id":"106540352242922"},
		"statuses":[{"id":"wamid.OUT1","status":"delivered","timestamp":"1780000002","recipient_id":"905551112233",
				"pricing":{"billable":true,"pricing_model":"PMP","category":"utility"}},
			{"id":"wamid.OUT2","status":"failed","timestamp":"1780000003","recipient_id":"905551112233",
				"errors":[{"code":131047,"title":"Re-engagement message"}]}]}}]}]}`
)

func TestTheHandlerTakesWebhooksOfTheGateway(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	v, err := connexease.NewWebhookVerifier("an old secret", secret)
	if err != nil {
		t.Fatal(err)
	}
	windows := kirim.NewMemoryWindowStore(0)
	hooks := kirim.NewWebhookHandler(v, kirim.WithWebhookWindowStore(windows))
	var got []string
	fails := true
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		if m.ID == "wamid.IN2" && fails {
			fails = false
			return errors.New("not yet")
		}
		got = append(got, m.From.E164()+": "+m.Text)
		return nil
	})
	hooks.OnStatus(func(_ context.Context, s *kirim.StatusUpdate) error {
		got = append(got, s.ID+" "+string(s.Status))
		if s.Status == kirim.MessageFailed && !kirim.IsOutside24hWindow(s.Err()) {
			t.Errorf("%v", s.Err())
		}
		return nil
	})
	for _, tt := range []struct {
		name, secret, body string
		want               int
		calls              []string
	}{
		{"no secret", "", messagesBody, 401, nil},
		{"a wrong secret", "fedcba9876543210fedcba9876543210", messagesBody, 401, nil},
		{"messages, of which one is not handled", secret, messagesBody, 500, []string{"+905551112233: Merhaba"}},
		{"the same again", secret, messagesBody, 200, []string{"+905551112233: Orada mısınız?"}},
		{"a duplicate", "an old secret", messagesBody, 200, nil},
		{"statuses", secret, statusesBody, 200, []string{"wamid.OUT1 delivered", "wamid.OUT2 failed"}},
		{"a duplicate of them", secret, statusesBody, 200, nil},
		{"a body that is no event", secret, `"hello"`, 400, nil},
	} {
		got = nil
		if code := deliver(hooks, tt.secret, tt.body); code != tt.want || !slices.Equal(got, tt.calls) {
			t.Errorf("%s: %d with %v, want %d with %v", tt.name, code, got, tt.want, tt.calls)
		}
	}
	if at, _ := windows.LastOpened(t.Context(), "106540352242922", "905551112233"); !at.Equal(time.Unix(1780000001, 0)) {
		t.Errorf("the window was opened at %v", at)
	}
	w := httptest.NewRecorder()
	if hooks.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != 200 {
		t.Errorf("a check that the URL is reachable gets %d", w.Code)
	}
	for name, none := range map[string]*connexease.WebhookVerifier{"nil": nil, "zero": {}} {
		if code := deliver(kirim.NewWebhookHandler(none), secret, messagesBody); code != 503 {
			t.Errorf("a %s verifier: %d", name, code)
		}
	}
}

// patient has everything come again, also what has a wrong secret.
type patient struct{ *connexease.WebhookVerifier }

func (patient) StatusCode(err error) int {
	if errors.Is(err, connexease.ErrWebhookSecret) {
		return http.StatusServiceUnavailable
	}
	return kirim.WebhookStatusCode(err)
}

func TestTheStatusOfARefusalCanBeChosen(t *testing.T) {
	t.Parallel()
	v, err := connexease.NewWebhookVerifier("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	hooks := kirim.NewWebhookHandler(patient{v})
	for secret, want := range map[string]int{"0123456789abcdef": 200, "wrong": 503} {
		if code := deliver(hooks, secret, messagesBody); code != want {
			t.Errorf("secret %s: %d, want %d", secret, code, want)
		}
	}
	if code := deliver(hooks, "0123456789abcdef", "[]"); code != 400 {
		t.Errorf("a body that is no event: %d", code)
	}
}

func TestKirimsHeadersMeanNothingHere(t *testing.T) {
	t.Parallel()
	v, err := connexease.NewWebhookVerifier("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(statusesBody))
	r.Header = http.Header{"Authorization": {"Bearer 0123456789abcdef"}, "X-Kirim-Event-Id": {"evt_1"}, "X-Kirim-Event": {"contact.created"}}
	e, err := v.Event(r)
	if err != nil || e.ID != "" || e.Type != kirim.EventMessageStatus || e.ReceivedAt.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
}

// deliver gives a handler a webhook of the gateway's and returns its response.
func deliver(h http.Handler, secret, body string) int {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	h.ServeHTTP(w, r)
	return w.Code
}
