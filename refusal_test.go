package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
)

// An id that was never set is the commonest first mistake.
func TestEachOperationNamesTheIDThatIsEmpty(t *testing.T) {
	forEachOperation(t, func(t *testing.T, op operation) {
		w := newWire(answer{status: 200})
		empty := func(phone, id string) error { return op.call(t.Context(), w.client(t), phone, id) }
		_, path, _ := strings.Cut(op.route, " ")
		if strings.Contains(path, "PHONE") {
			wantRefusal(t, empty("", someID), "phone_number_id")
		}
		if strings.Contains(path, "ID") {
			before, _, _ := strings.Cut(path, "/ID")
			name := map[string]string{
				"messages": "message_id", "templates": "template_name", "conversations": "conversation_id", "contacts": "contact_id",
				"labels": "label_id", "customers": "customer_id",
				"webhook_subscriptions": "webhook_subscription_id", "webhook_deliveries": "webhook_delivery_id",
			}[before[strings.LastIndex(before, "/")+1:]]
			if name == "" {
				t.Fatalf("the test knows no id for %s", op.route)
			}
			wantRefusal(t, empty(phone, ""), name)
			wantRefusal(t, empty(phone, ".."), name)
		}
		if n := len(w.seen()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

func TestTheSecondIDOfAPathHasItsOwnName(t *testing.T) {
	t.Parallel()
	c := newWire(answer{status: 200}).client(t)
	_, link := c.Customers.RevokeSetupLink(t.Context(), "cus", "")
	wantRefusal(t, link, "setup_link_id")
	wantRefusal(t, c.WebhookSubscriptions.RevokeSecret(t.Context(), "sub", ""), "secret_id")
	_, label := c.PhoneNumber(phone).Contacts.DetachLabel(t.Context(), "ctc", "")
	wantRefusal(t, label, "label_id")
}

// The cause of an encoding that failed is there to match, but may quote content.
func TestARefusalOfABodyKeepsItsCauseOutOfTheText(t *testing.T) {
	t.Parallel()
	c := newWire(answer{status: 200}).client(t)
	err := c.Do(t.Context(), "POST", "/x", nil, secretive{}, nil)
	wantRefusal(t, err, "body")
	if !errors.Is(err, errSecretive) || strings.Contains(err.Error(), "Ana") {
		t.Error(err)
	}
}

var errSecretive = errors.New("what Ana said cannot be encoded")

type secretive struct{}

func (secretive) MarshalJSON() ([]byte, error) { return nil, errSecretive }

func TestABaseURLWithoutItsVersionIsSaidWithA404(t *testing.T) {
	t.Parallel()
	const hint = "the base URL has no version such as the /v1 of https://api.kirimdev.com/v1"
	for _, tt := range []struct {
		name, base string
		status     int
		opts       []kirim.Option
		said       bool
	}{
		{"no path", "https://api.kirimdev.com", 404, nil, true},
		{"another path", "https://proxy.example/kirim/", 404, nil, true},
		{"what only looks like a version", "https://proxy.example/v1beta", 404, nil, true},
		{"the version", "https://api.kirimdev.com/v1", 404, nil, false},
		{"the version within", "https://proxy.example/v2/kirim", 404, nil, false},
		{"another refusal", "https://api.kirimdev.com", 401, nil, false},
		{"another system", "https://other.example", 404, []kirim.Option{kirim.WithErrorDecoder(kirim.DecodeError)}, false},
	} {
		for _, body := range []string{"", "<html>404</html>", envelope("not_found", "resource_not_found")} {
			c := newWire(answer{status: tt.status, body: body}).client(t, append(tt.opts, kirim.WithBaseURL(tt.base))...)
			_, err := c.Me(t.Context())
			logged := fmt.Sprint(answerOf(t, err).LogValue())
			if strings.Contains(err.Error(), hint) != tt.said || strings.Contains(logged, hint) != tt.said {
				t.Errorf("%s, body %q: %v; %s", tt.name, body, err, logged)
			}
			if tt.said && !kirim.IsNotFound(err) {
				t.Errorf("%s, body %q: the kind is %v", tt.name, body, answerOf(t, err).Kind)
			}
		}
	}
}

func TestAnErrorDoesNotContradictItsAttempts(t *testing.T) {
	t.Parallel()
	for retries, want := range map[int]string{
		0: "; not repeated: the policy has no retries",
		1: "; not repeated again: the retries are used up (2 attempts)",
		3: "; not repeated again: the retries are used up (4 attempts)",
	} {
		synctest.Test(t, func(t *testing.T) {
			for _, a := range []answer{{status: 503}, {err: io.ErrUnexpectedEOF}} {
				c := newWire(a).client(t, kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: retries}))
				wantText(t, post(t.Context(), c), want)
			}
		})
	}
}

// noContext is a context of a caller's own type.
type noContext struct{ context.Context }

func TestEachOperationRefusesACallWithoutContextOrClient(t *testing.T) {
	forEachOperation(t, func(t *testing.T, op operation) {
		w := newWire(answer{status: 200})
		wantRefusal(t, op.call(nil, w.client(t), phone, someID), "ctx")               // as a caller may by mistake
		wantRefusal(t, op.call((*noContext)(nil), w.client(t), phone, someID), "ctx") // likewise
		if n := len(w.seen()); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
		if strings.Contains(op.route, "PHONE") || !strings.Contains(op.name, ".") {
			wantRefusal(t, op.call(t.Context(), &kirim.Client{}, phone, someID), "client")
			wantRefusal(t, op.call(t.Context(), nil, phone, someID), "client")
		}
	})
}

func TestAZeroClientAndItsServicesRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []*kirim.Client{nil, {}} {
		wantRefusal(t, post(t.Context(), c), "client")
		c.CloseIdleConnections()
		if c.RateLimit(kirim.RateWrite).Known() || c.String() != "kirim.Client()" || fmt.Sprintf("%#v", c) != "kirim.Client()" && c != nil {
			t.Errorf("%v, %#v", c, c)
		}
	}
	_, err := new(kirim.MessagesService).Send(t.Context(), hello)
	wantRefusal(t, err, "client")
	_, err = new(kirim.LabelsService).List(t.Context(), kirim.LabelListParams{})
	wantRefusal(t, err, "client")
}

func TestOptionsRefuseWhatIsNilBelowItsType(t *testing.T) {
	t.Parallel()
	var limit limiterFunc
	for want, option := range map[string]kirim.Option{
		"WithLimiter: the limiter is nil":        kirim.WithLimiter((*kirim.Pacer)(nil)),
		"WithLimiter: the limiter is nil (2)":    kirim.WithLimiter(limit),
		"WithWindowStore: the store is nil":      kirim.WithWindowStore((*kirim.MemoryWindowStore)(nil)),
		"the transport is a nil *http.Transport": kirim.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)}),
		"the cookie jar is a nil *cookiejar.Jar": kirim.WithHTTPClient(&http.Client{Jar: (*cookiejar.Jar)(nil)}),
	} {
		want, _, _ = strings.Cut(want, " (")
		_, err := kirim.NewClient(testKey, option)
		wantText(t, err, want)
	}
	wantRefusal(t, kirim.NewPacer().Wait(nil, kirim.RateRead), "ctx") //nolint:staticcheck // as a caller may by mistake
}

// Found out after the request, it would be a message that is out beside an error
// or a panic.
func TestAnOutThatCannotBeFilledIsRefusedBeforeTheRequest(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: `{"data":{}}`})
	c := w.client(t)
	for _, out := range []any{(*[]byte)(nil), (*struct{})(nil), struct{}{}, map[string]any{}, []byte{}, 1, func() {}} {
		wantRefusal(t, c.Do(t.Context(), "POST", "/1/messages", nil, []byte(`{}`), out), "out")
	}
	if n := len(w.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	var raw []byte
	var empty map[string]any
	for _, out := range []any{nil, &raw, &empty, new(any)} {
		if err := c.Do(t.Context(), "POST", "/1/messages", nil, []byte(`{}`), out); err != nil {
			t.Errorf("%T: %v", out, err)
		}
	}
}
