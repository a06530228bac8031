package bench

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"
)

const (
	webhookSecret = "whsec_TESTtestTESTtest"
	webhookSize   = 550
)

// naiveVerify is what a program does that has no package for it.
func naiveVerify(header string, body []byte) bool {
	stamp, signature, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	t, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(t, 0)).Abs() > 300*time.Second {
		return false
	}
	want, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), want)
}

// naiveEvent is the same message in structs written by hand.
type naiveEvent struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      string `json:"id"`
		Changes []struct {
			Field string `json:"field"`
			Value struct {
				Metadata struct {
					DisplayPhoneNumber string `json:"display_phone_number"`
					PhoneNumberID      string `json:"phone_number_id"`
				} `json:"metadata"`
				Contacts []struct {
					Profile struct {
						Name string `json:"name"`
					} `json:"profile"`
					WAID string `json:"wa_id"`
				} `json:"contacts"`
				Messages []struct {
					From      string `json:"from"`
					ID        string `json:"id"`
					Timestamp string `json:"timestamp"`
					Type      string `json:"type"`
					Text      *struct {
						Body string `json:"body"`
					} `json:"text"`
				} `json:"messages"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

// kirimBody is a received text message.
func kirimBody(tb testing.TB) []byte {
	body, err := os.ReadFile("../testdata/events/text.json")
	if err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, body); err != nil {
		tb.Fatal(err)
	}
	return padded(tb, b.String(), `"body":"`)
}

// stripeBody is an event about a customer.
func stripeBody(tb testing.TB) []byte {
	return padded(tb, `{"id":"evt_1NG8Du2eZvKYlo2CUI79vXWy","object":"event","api_version":"`+stripe.APIVersion+`","created":1795240800,`+
		`"data":{"object":{"id":"cus_NffrFeUfNV2Hib","object":"customer","description":"Halo","email":"sari@example.com","livemode":false,`+
		`"metadata":{},"name":"Sari"}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"type":"customer.created"}`,
		`"description":"`)
}

// padded lengthens the text after the mark, so that the body has as many
// bytes as all others.
func padded(tb testing.TB, body, mark string) []byte {
	pad := webhookSize - len(body)
	if pad < 0 || !strings.Contains(body, mark) {
		tb.Fatalf("the body has %d bytes", len(body))
	}
	return []byte(strings.Replace(body, mark, mark+strings.Repeat("x", pad), 1))
}

// rewinding is a request's body that can be read many times.
type rewinding struct{ *bytes.Reader }

func (rewinding) Close() error { return nil }

// receiver checks, or checks and decodes, one delivery.
type receiver struct {
	name string
	make func(tb testing.TB, body []byte) (receive func() (text string, err error))
}

var verifiers = []receiver{
	{"naive", func(_ testing.TB, body []byte) func() (string, error) {
		header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(webhookSecret, time.Now(), body)}}
		return func() (string, error) {
			if !naiveVerify(header.Get("X-Kirim-Signature"), body) {
				return "", kirim.ErrWebhookSignatureMismatch
			}
			return "", nil
		}
	}},
	{"kirim", func(tb testing.TB, body []byte) func() (string, error) {
		v := newVerifier(tb)
		header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(webhookSecret, time.Now(), body)}}
		return func() (string, error) { return "", v.Verify(header, body) }
	}},
	{"stripe-go", func(_ testing.TB, body []byte) func() (string, error) {
		signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: webhookSecret})
		return func() (string, error) { return "", webhook.ValidatePayload(body, signed.Header, webhookSecret) }
	}},
	{"standard-webhooks", func(tb testing.TB, body []byte) func() (string, error) {
		v, err := standardwebhooks.NewWebhookRaw([]byte(webhookSecret))
		if err != nil {
			tb.Fatal(err)
		}
		now := time.Now()
		signature, err := v.Sign("evt_1", now, body)
		if err != nil {
			tb.Fatal(err)
		}
		header := http.Header{}
		header.Set(standardwebhooks.HeaderWebhookID, "evt_1")
		header.Set(standardwebhooks.HeaderWebhookSignature, signature)
		header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
		return func() (string, error) { return "", v.Verify(body, header) }
	}},
}

// decoders begin with the request, whose body they have to read.
var decoders = []receiver{
	{"naive", func(_ testing.TB, body []byte) func() (string, error) {
		header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(webhookSecret, time.Now(), body)}}
		r, reader := delivery(header, body)
		return func() (string, error) {
			reader.Reset(body)
			body := make([]byte, r.ContentLength)
			if _, err := io.ReadFull(r.Body, body); err != nil {
				return "", err
			}
			if !naiveVerify(r.Header.Get("X-Kirim-Signature"), body) {
				return "", kirim.ErrWebhookSignatureMismatch
			}
			var e naiveEvent
			if err := json.Unmarshal(body, &e); err != nil {
				return "", err
			}
			return e.Entry[0].Changes[0].Value.Messages[0].Text.Body, nil
		}
	}},
	{"kirim", func(tb testing.TB, body []byte) func() (string, error) {
		v := newVerifier(tb)
		header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(webhookSecret, time.Now(), body)}}
		r, reader := delivery(header, body)
		return func() (string, error) {
			reader.Reset(body)
			e, err := v.Event(r)
			if err != nil {
				return "", err
			}
			return e.Data[0].(*kirim.InboundMessage).Text, nil
		}
	}},
	{"stripe-go", func(tb testing.TB, _ []byte) func() (string, error) {
		body := stripeBody(tb)
		signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: body, Secret: webhookSecret})
		r, reader := delivery(http.Header{"Stripe-Signature": {signed.Header}}, body)
		return func() (string, error) {
			reader.Reset(body)
			body := make([]byte, r.ContentLength)
			if _, err := io.ReadFull(r.Body, body); err != nil {
				return "", err
			}
			event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), webhookSecret)
			if err != nil {
				return "", err
			}
			var customer stripe.Customer
			if err := json.Unmarshal(event.Data.Raw, &customer); err != nil {
				return "", err
			}
			return customer.Description, nil
		}
	}},
}

func newVerifier(tb testing.TB) *kirim.WebhookVerifier {
	v, err := kirim.NewWebhookVerifier(webhookSecret)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func delivery(header http.Header, body []byte) (*http.Request, *bytes.Reader) {
	reader := bytes.NewReader(body)
	return &http.Request{Method: http.MethodPost, Header: header, ContentLength: int64(len(body)), Body: rewinding{reader}}, reader
}

// BenchmarkVerify checks the signature of 550 bytes with one secret.
func BenchmarkVerify(b *testing.B) { benchmarkReceivers(b, verifiers) }

// BenchmarkEvent checks the signature and decodes what was received.
func BenchmarkEvent(b *testing.B) { benchmarkReceivers(b, decoders) }

func benchmarkReceivers(b *testing.B, receivers []receiver) {
	for _, r := range receivers {
		b.Run("client="+r.name, func(b *testing.B) {
			receive := r.make(b, kirimBody(b))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := receive(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestReceiversAcceptWhatIsMeasuredAndNothingElse(t *testing.T) {
	t.Parallel()
	body := kirimBody(t)
	for _, r := range verifiers {
		mine := bytes.Clone(body)
		receive := r.make(t, mine)
		if _, err := receive(); err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
		mine[len(mine)-1]++
		if _, err := receive(); err == nil {
			t.Errorf("%s accepts a changed body", r.name)
		}
	}
	for _, r := range decoders {
		receive := r.make(t, body)
		for range 2 {
			if text, err := receive(); err != nil || !strings.HasPrefix(text, "xx") {
				t.Errorf("%s: %q, %v", r.name, text, err)
			}
		}
	}
}
