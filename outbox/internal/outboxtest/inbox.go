package outboxtest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const webhookSecret = "whsec_of_the_inbox" //nolint:gosec // of a test

// twoMessages is a delivery with two elements.
const twoMessages = `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
	"messaging_product":"whatsapp","metadata":{"phone_number_id":"100000000000001"},"messages":[
	{"id":"wamid.1","from":"6281234567001","timestamp":"1772442000","type":"text","text":{"body":"first"}},
	{"id":"wamid.2","from":"6281234567001","timestamp":"1772442000","type":"text","text":{"body":"second"}}]}}]}]}`

// inboxFixture is an inbox whose callback notes what it handled.
type inboxFixture[TTx any] struct {
	*fixture[TTx]
	http.Handler
	handled []string
	fail    func(text string) error // nil for never
}

func newInboxFixture[TTx any](t *testing.T, open Open[TTx]) *inboxFixture[TTx] {
	t.Helper()
	return newInboxFixtureOver(t, open, &server{}, outbox.Config{})
}

func newInboxFixtureOver[TTx any](t *testing.T, open Open[TTx], s *server, config outbox.Config) *inboxFixture[TTx] {
	t.Helper()
	return newInboxFixtureWith(t, open, s, config, kirim.DeliveryObserver{})
}

func newInboxFixtureWith[TTx any](t *testing.T, open Open[TTx], s *server, config outbox.Config, observer kirim.DeliveryObserver) *inboxFixture[TTx] {
	t.Helper()
	f := &inboxFixture[TTx]{fixture: newFixtureOver(t, open, s, config)}
	verifier, err := kirim.NewWebhookVerifier(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	h := kirim.NewWebhookHandler(verifier)
	h.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		if f.fail != nil {
			if err := f.fail(m.Text); err != nil {
				return err
			}
		}
		f.handled = append(f.handled, m.Text)
		return nil
	})
	f.Handler, err = f.Inbox(outbox.InboxConfig{Verifier: verifier, Handler: h, Observer: observer})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// deliver posts a delivery and returns the status of the response.
func (f *inboxFixture[TTx]) deliver(body string) int {
	f.Helper()
	return f.post(kirim.SignWebhook(webhookSecret, time.Now(), []byte(body)), body)
}

func (f *inboxFixture[TTx]) post(signature, body string) int {
	f.Helper()
	r := httptest.NewRequestWithContext(f.Context(), http.MethodPost, "/webhooks", strings.NewReader(body))
	r.Header.Set("X-Kirim-Signature", signature)
	r.Header.Set("X-Kirim-Delivery-Id", "wbd_1")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Code
}

// work does the jobs of deliveries and returns their errors.
func (f *inboxFixture[TTx]) work() (failed error) {
	f.Helper()
	var ids []int64
	f.query(`DELETE FROM {s}river_job WHERE kind = 'kirim_delivery' RETURNING {argument args: delivery}`, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	for _, id := range ids {
		failed = errors.Join(failed, f.driver.steps.WorkDelivery(f.Context(), id))
	}
	return failed
}

func (f *inboxFixture[TTx]) wantStored(want int64) {
	f.Helper()
	if got := f.number(`SELECT count(*) FROM {s}kirim_delivery`); got != want {
		f.Errorf("%d deliveries are stored, want %d", got, want)
	}
}

func (f *inboxFixture[TTx]) wantHandled(want ...string) {
	f.Helper()
	if !slices.Equal(f.handled, want) {
		f.Errorf("%q was handled, want %q", f.handled, want)
	}
}

func testInbox[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a delivery is stored at once, and handled later, once", func(t *testing.T) {
		f := newInboxFixture(t, open)
		for range 2 { // the sender comes again, as it has not seen the first response
			if status := f.deliver(twoMessages); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
		}
		f.wantHandled()
		f.wantStored(2)
		if err := f.work(); err != nil {
			t.Error(err)
		}
		f.wantHandled("first", "second")
		f.wantStored(0)
	})
	t.Run("what failed is handled again, and nothing else of its delivery", func(t *testing.T) {
		f := newInboxFixture(t, open)
		f.deliver(twoMessages)
		noSpace := errors.New("the CRM is away")
		f.fail = func(text string) error {
			if text == "first" {
				return noSpace
			}
			return nil
		}
		if err := f.work(); !errors.Is(err, noSpace) {
			t.Errorf("the error is %v", err)
		}
		f.wantHandled("second")
		f.wantStored(1)
		f.fail = nil
		f.again()
		f.wantHandled("second", "first")
		f.wantStored(0)
	})
	t.Run("a delivery whose job is gone gets another", func(t *testing.T) {
		f := newInboxFixture(t, open)
		f.deliver(twoMessages)
		f.exec(`DELETE FROM {s}river_job`)
		f.again()
		f.wantHandled("first", "second")
	})
	t.Run("a delivery that was handled when the process died is not handled again", func(t *testing.T) {
		f := newInboxFixture(t, open)
		f.deliver(twoMessages)
		f.driver.before = func(statements []*driver.Statement) error {
			if strings.HasPrefix(statements[0].SQL, "DELETE") {
				return context.Canceled
			}
			return nil
		}
		if err := f.work(); !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
		f.driver.before = nil
		f.wantStored(1)
		f.again()
		f.wantHandled("first", "second")
		f.wantStored(0)
	})
	t.Run("what is refused is not stored", func(t *testing.T) {
		f := newInboxFixture(t, open)
		for _, c := range []struct {
			name, signature, body string
			want                  int
		}{
			{"no signature", "", twoMessages, http.StatusUnauthorized},
			{"a signature of another body", kirim.SignWebhook(webhookSecret, time.Now(), []byte("{}")), twoMessages, http.StatusUnauthorized},
			{"an old signature", kirim.SignWebhook(webhookSecret, time.Now().Add(-time.Hour), []byte(twoMessages)), twoMessages, http.StatusServiceUnavailable},
			{"no JSON", kirim.SignWebhook(webhookSecret, time.Now(), []byte("hello")), "hello", http.StatusBadRequest},
		} {
			if got := f.post(c.signature, c.body); got != c.want {
				t.Errorf("%s: status %d, want %d", c.name, got, c.want)
			}
		}
		f.wantStored(0)
	})
	t.Run("the sender comes again when the database is away", func(t *testing.T) {
		f := newInboxFixture(t, open)
		f.exec(`DROP TABLE {s}kirim_delivery`)
		if status := f.deliver(twoMessages); status != http.StatusServiceUnavailable {
			t.Errorf("status %d", status)
		}
	})
	t.Run("checks of the address are left to the handler", func(t *testing.T) {
		f := newInboxFixture(t, open)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/webhooks", nil))
		if w.Code != http.StatusOK {
			t.Errorf("status %d", w.Code)
		}
	})
	t.Run("a configuration that cannot work is refused", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		verifier, err := kirim.NewWebhookVerifier(webhookSecret)
		if err != nil {
			t.Fatal(err)
		}
		h := kirim.NewWebhookHandler(verifier)
		for field, config := range map[string]outbox.InboxConfig{
			"Verifier": {Handler: h},
			"Handler":  {Verifier: verifier},
			"Workers":  {Verifier: verifier, Handler: h, Workers: -1},
			"Timeout":  {Verifier: verifier, Handler: h, Timeout: -1},
		} {
			var invalid *kirim.ValidationError
			if _, err := f.Inbox(config); !errors.As(err, &invalid) || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

// again makes the jobs of deliveries that have none, a while later, and does them.
func (f *inboxFixture[TTx]) again() {
	f.Helper()
	f.forward(time.Hour)
	if err := f.driver.steps.Forget(f.Context()); err != nil {
		f.Fatal(err)
	}
	if err := f.work(); err != nil {
		f.Error(err)
	}
}
