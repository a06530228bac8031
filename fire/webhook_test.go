package fire

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/kirim-go/kirim"
)

// TestHeadersOfAnotherSignerOfTheSameSchemeVerify makes 2,000 headers by
// another implementation of t=…,v1=HMAC-SHA256(t.body).
func TestHeadersOfAnotherSignerOfTheSameSchemeVerify(t *testing.T) {
	t.Parallel()
	for i := range 2000 {
		body := make([]byte, rand.IntN(2000))
		for i := range body {
			body[i] = byte(rand.IntN(256))
		}
		at := time.Unix(rand.Int64N(4e9), 0)
		secret := "whsec_" + string(rune('a'+i%26))
		signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: secret, Timestamp: at})
		v, err := kirim.NewWebhookVerifier("whsec_other", secret)
		if err != nil {
			t.Fatal(err)
		}
		v = v.WithClock(func() time.Time { return at.Add(time.Duration(rand.IntN(601)-300) * time.Second) })
		header := http.Header{"X-Kirim-Signature": {signed.Header}}
		if err := v.Verify(header, body); err != nil {
			t.Fatalf("%q: %v", signed.Header, err)
		}
		if got := kirim.SignWebhook(secret, at, body); got != signed.Header {
			t.Fatalf("SignWebhook makes %q, the other %q", got, signed.Header)
		}
		if err := v.Verify(header, slices.Concat(body, []byte{0})); !errors.Is(err, kirim.ErrWebhookSignatureMismatch) {
			t.Fatalf("a changed body: %v", err)
		}
	}
}
