package connexease

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/webhook"
)

// ErrWebhookSecret is the error of a webhook that does not carry the secret.
// [kirim.WebhookStatusCode] answers it with 401.
var ErrWebhookSecret error = secretError{}

type secretError struct{}

func (secretError) Error() string {
	return "kirim: connexease webhook: the secret is missing or wrong"
}

// Unwrap makes it what the same fault is with a signature.
func (secretError) Unwrap() error { return kirim.ErrWebhookSignatureMismatch }

// WebhookVerifier reports whether a webhook comes from Connexease Gateway, by
// the secret that was entered in its dashboard and that it sends as a bearer
// token. There is no signature: whoever reads one webhook can forge the next.
// It is safe for concurrent use.
//
// It is a [kirim.EventVerifier], so that [kirim.WebhookHandler] handles each
// message and status once:
//
//	verifier, err := connexease.NewWebhookVerifier(os.Getenv("CONNEXEASE_WEBHOOK_SECRET"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	hooks := kirim.NewWebhookHandler(verifier, kirim.WithDeliveryTimeout(4*time.Second))
//	hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
//		return queue.Put(ctx, m.From.E164(), m.Text)
//	})
//	http.Handle("/webhooks/connexease", hooks)
//
// The gateway waits 5 seconds for a response. What it does after another one than
// 200 is not documented: that it delivers again after a 5xx is assumed.
//
// Docs: https://docs.gateway.connexease.com/api-reference/webhooks
type WebhookVerifier struct {
	secrets [][sha256.Size]byte // hashed, so that no length is given away
}

// NewWebhookVerifier takes the secret, or several while it is being changed.
// The vendor advises 32 characters or more.
func NewWebhookVerifier(secrets ...string) (*WebhookVerifier, error) {
	v := &WebhookVerifier{}
	for i, secret := range secrets {
		if err := webhook.CheckSecret(secret); err != nil {
			return nil, fmt.Errorf("kirim: connexease webhook: secret %d %w", i+1, err)
		}
		v.secrets = append(v.secrets, sha256.Sum256([]byte(secret)))
	}
	if len(v.secrets) == 0 {
		return nil, errors.New("kirim: connexease webhook: no secret is given")
	}
	return v, nil
}

// String hides the secrets.
func (WebhookVerifier) String() string { return "connexease.WebhookVerifier([redacted])" }

// GoString is String, so that %#v shows no more.
func (v WebhookVerifier) GoString() string { return v.String() }

// Verify returns nil when the header carries one of the secrets, and
// [ErrWebhookSecret] otherwise, or [kirim.ErrWebhookNoSecret] when the
// verifier was not made by [NewWebhookVerifier]. The name of the header may be
// in lower case. It takes the same time for every wrong secret.
func (v *WebhookVerifier) Verify(header http.Header) error {
	if v == nil || len(v.secrets) == 0 {
		return kirim.ErrWebhookNoSecret
	}
	values := webhook.Values(header, "Authorization")
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
// one of Meta's Cloud API, which the gateway forwards. Answer an error with
// [kirim.WebhookStatusCode]: 401 to a wrong secret, 413 to a body over 4 MiB,
// 503 to one that broke off. Else answer 200 within five seconds, and work
// afterwards.
func (v *WebhookVerifier) Payload(r *http.Request) ([]byte, error) {
	if r == nil {
		return nil, errors.New("kirim: connexease webhook: the request is nil")
	}
	if err := v.Verify(r.Header); err != nil {
		return nil, err
	}
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWebhook+1))
	var tooLarge *http.MaxBytesError
	switch {
	case len(body) > maxWebhook || errors.As(err, &tooLarge):
		return nil, fmt.Errorf("kirim: connexease webhook: %w", kirim.ErrWebhookBodyTooLarge)
	case err != nil:
		return nil, fmt.Errorf("kirim: connexease webhook: %w", err)
	case len(body) == 0 && r.ContentLength > 0:
		return nil, kirim.ErrWebhookBodyConsumed
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
	return kirim.DecodeEvent(nil, body) // none of the headers that Kirim has
}
