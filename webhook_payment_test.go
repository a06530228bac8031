package kirim_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

func TestAPaymentIsNoDelivery(t *testing.T) {
	t.Parallel()
	const refund = `,"payment":{"reference_id":"r","transaction":{"refunds":[{"id":"rfnd_1","status":"success"}]}}`
	for _, tt := range []struct{ element, want string }{
		{`"status":"captured","type":"payment"`, "payment captured"},
		{`"status":"captured","type":"payment","payment":{"reference_id":"r"}`, "payment captured"},
		{`"status":"captured","type":"payment"` + refund, "payment captured"}, // no duplicate of the one before
		{`"status":"failed","type":"PAYMENT"`, "payment failed"},
		{`"status":"failed","payment":{"reference_id":"r"}`, "payment failed"},
		{`"status":"delivered","type":"payment"`, "payment delivered"},
		{`"status":"failed","type":"order"`, "unknown"},
		{`"status":"read","type":7`, "unknown"},
		{`"status":"read","type":"message"`, "status read"},
		{`"status":"sent","type":null`, "status sent"},
		{`"status":"delivered","type":"","payment":null`, "status delivered"},
	} {
		tracker := kirim.NewStatusTracker(0)
		h := kirim.NewWebhookHandler(verifier(t, testSecret))
		var got []string
		h.OnStatus(func(_ ctx, s *kirim.StatusUpdate) error {
			tracker.Apply(s)
			got = append(got, "status "+string(s.Status))
			return nil
		})
		h.OnPayment(func(_ ctx, p *kirim.PaymentUpdate) error { got = append(got, "payment "+p.Status); return nil })
		h.OnUnknown(func(_ ctx, e *kirim.Event) error { got = append(got, "unknown"); return nil })
		deliver(t, h, field("statuses", `{"id":"wamid.1","recipient_id":"6281",`+tt.element+`}`))
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.element, s, tt.want)
		}
		if _, moved := tracker.Progress("wamid.1", ""); moved != strings.HasPrefix(tt.want, "status") {
			t.Errorf("%s: the message moved: %v", tt.element, moved)
		}
	}
}

func TestARefundIsNoDuplicateOfThePayment(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	var got []string
	h.OnPayment(func(_ ctx, p *kirim.PaymentUpdate) error {
		got = append(got, fmt.Sprint(p.Status, " ", len(p.Transaction.Refunds)))
		return nil
	})
	payment := func(refunds string) string {
		return field("statuses", `{"id":"wamid.1","type":"payment","status":"captured","timestamp":"1780000000","recipient_id":"6281",`+
			`"payment":{"reference_id":"r","transaction":{"id":"t","status":"success","refunds":`+refunds+`}}}`)
	}
	for range 2 {
		for _, refunds := range []string{`null`, `[{"id":"1","status":"pending"}]`, `[{"id":"1","status":"success"}]`} {
			r := signed(testSecret, testTime, []byte(payment(refunds)))
			r.Header.Set("X-Kirim-Event-Id", "wamid.1")
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	if s := strings.Join(got, ", "); s != "captured 0, captured 1, captured 1" {
		t.Errorf("ran for %s", s)
	}
}
