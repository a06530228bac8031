package connexease_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

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
