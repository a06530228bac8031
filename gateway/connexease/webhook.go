package connexease

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
)

// ErrWebhookSecret is the error of a webhook that does not carry the secret.
var ErrWebhookSecret = errors.New("kirim: connexease webhook: the secret is missing or wrong")

// WebhookVerifier tells whether a webhook comes from Connexease Gateway, by
// the secret that was entered in its dashboard and that it sends as a bearer
// token. There is no signature: whoever reads one webhook can forge the next.
// It is safe for concurrent use.
//
// Docs: https://docs.gateway.connexease.com/api-reference/webhooks
type WebhookVerifier struct {
	secrets [][sha256.Size]byte // hashed, so that no length is given away
	// Kirim's events are behind Kirim's signature: what is verified here is
	// signed with a secret that never leaves the process.
	relay       *kirim.WebhookVerifier
	relaySecret string
}

// NewWebhookVerifier takes the secret, or several while it is being changed.
// The vendor advises 32 characters or more.
func NewWebhookVerifier(secrets ...string) (*WebhookVerifier, error) {
	v := &WebhookVerifier{relaySecret: rand.Text()}
	for i, secret := range secrets {
		if secret == "" || strings.TrimSpace(secret) != secret {
			return nil, fmt.Errorf("kirim: connexease webhook: secret %d is empty, or has a space at an end", i+1)
		}
		v.secrets = append(v.secrets, sha256.Sum256([]byte(secret)))
	}
	if len(v.secrets) == 0 {
		return nil, errors.New("kirim: connexease webhook: no secret is given")
	}
	relay, err := kirim.NewWebhookVerifier(v.relaySecret)
	if err != nil {
		return nil, err
	}
	v.relay = relay.WithMaxBody(maxWebhook)
	return v, nil
}

// String hides the secrets.
func (WebhookVerifier) String() string { return "connexease.WebhookVerifier([redacted])" }

// GoString is String, so that %#v shows no more.
func (v WebhookVerifier) GoString() string { return v.String() }

// Verify returns nil when the header carries one of the secrets, and
// [ErrWebhookSecret] otherwise. It takes the same time for every wrong one.
func (v *WebhookVerifier) Verify(header http.Header) error {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return ErrWebhookSecret
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ErrWebhookSecret
	}
	given, match := sha256.Sum256([]byte(strings.TrimSpace(token))), 0
	for _, secret := range v.secrets {
		match |= subtle.ConstantTimeCompare(secret[:], given[:])
	}
	if match == 0 {
		return ErrWebhookSecret
	}
	return nil
}

// maxWebhook is more than Meta, whose body it is, ever sends.
const maxWebhook = 4 << 20

// Payload verifies a webhook and returns its body as it came: by assumption
// one of Meta's Cloud API, which the gateway forwards. Answer 401 to
// [ErrWebhookSecret], else 200 within five seconds, and work afterwards.
func (v *WebhookVerifier) Payload(r *http.Request) ([]byte, error) {
	if err := v.Verify(r.Header); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWebhook+1))
	if err != nil {
		return nil, fmt.Errorf("kirim: connexease webhook: %w", err)
	}
	if len(body) > maxWebhook {
		return nil, errors.New("kirim: connexease webhook: the body is larger than 4 MiB")
	}
	return body, nil
}

// Event verifies a webhook and reads it into the types that Kirim uses for
// what it passes on from Meta: [*kirim.InboundMessage], [*kirim.StatusUpdate]
// and the others of [kirim.EventData].
func (v *WebhookVerifier) Event(r *http.Request) (*kirim.Event, error) {
	body, err := v.Payload(r)
	if err != nil {
		return nil, err
	}
	signed := &http.Request{
		Header:        http.Header{"X-Kirim-Signature": {kirim.SignWebhook(v.relaySecret, time.Now(), body)}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	return v.relay.Event(signed)
}
