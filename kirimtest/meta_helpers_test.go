package kirimtest

import (
	"net/http"
	"strings"
	"testing"
)

// meta sends a request to a path of Meta's API, with the access token.
func meta(t testing.TB, s *Server, method, path, body string, edits ...edit) result {
	t.Helper()
	return do(t, s, method, "/v25.0"+path, body, append([]edit{bearer(s.AccessToken)}, edits...)...)
}

// metaSend sends a message to the customer through Meta's API.
func metaSend(t testing.TB, s *Server, content string, edits ...edit) result {
	t.Helper()
	return meta(t, s, "POST", "/"+s.PhoneNumberID+"/messages", metaBodyOf(content), edits...)
}

func metaBodyOf(content string) string {
	return `{"messaging_product":"whatsapp","recipient_type":"individual","to":"` + customer + `",` + content + `}`
}

const metaText = `"type":"text","text":{"body":"hi"}`

// metaFilled is a template with so many values in its body.
func metaFilled(name string, values ...string) string {
	parameters := make([]string, len(values))
	for i, v := range values {
		parameters[i] = `{"type":"text","text":"` + v + `"}`
	}
	return `"type":"template","template":{"name":"` + name + `","language":{"code":"id"},"components":[{"type":"body","parameters":[` +
		strings.Join(parameters, ",") + `]}]}`
}

// wantMeta checks an error of the Graph API; a code of 0 is a success.
func wantMeta(t testing.TB, r result, status, code, subcode int) {
	t.Helper()
	number, _ := r.fail["code"].(float64)
	sub, _ := r.fail["error_subcode"].(float64)
	if r.status != status || int(number) != code || int(sub) != subcode {
		t.Fatalf("got %d, code %v, subcode %v; want %d, %d, %d; body %s", r.status, number, sub, status, code, subcode, r.body)
	}
	if code == 0 {
		return
	}
	if typ, trace := dig(r.fail, "type"), dig(r.fail, "fbtrace_id"); typ != "OAuthException" || trace == nil {
		t.Errorf("the error lacks what every one of Meta's has: %s", r.body)
	}
}

// hook is a receiver that passes the challenge, and answers as r does.
type hook struct {
	*receiver

	challenge string // what it responds to a challenge; empty for what was asked
	token     string // of the last challenge
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		h.receiver.ServeHTTP(w, r)
		return
	}
	q := r.URL.Query()
	h.token = q.Get("hub.verify_token")
	if h.challenge == "" && q.Get("hub.mode") == "subscribe" {
		_, _ = w.Write([]byte(q.Get("hub.challenge")))
		return
	}
	_, _ = w.Write([]byte(h.challenge))
}

// withHook starts a sandbox on a manual clock with a receiver of Meta's webhooks.
func withHook(t testing.TB, answers []answerWith, opts ...Option) (*Server, *hook) {
	t.Helper()
	h := &hook{receiver: &receiver{answers: answers}}
	s, _ := inMemory(t, append([]Option{WithWebhookHandler(h)}, opts...)...)
	if err := s.SubscribeMeta(hookURL); err != nil {
		t.Fatal(err)
	}
	if h.token != s.VerifyToken {
		t.Fatalf("the challenge came with the token %q", h.token)
	}
	return s, h
}

// statuses returns the statuses that a receiver got, in order.
func (h *hook) statuses(t testing.TB) (list []map[string]any) {
	t.Helper()
	for _, w := range h.webhooks() {
		if status, ok := dig(decoded(t, w.body), "entry.changes.value.statuses").([]any); ok {
			for _, element := range status {
				list = append(list, element.(map[string]any))
			}
		}
	}
	return list
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
