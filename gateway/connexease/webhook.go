package connexease

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
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
}

// NewWebhookVerifier takes the secret, or several while it is being changed.
// The vendor advises 32 characters or more.
func NewWebhookVerifier(secrets ...string) (*WebhookVerifier, error) {
	v := &WebhookVerifier{}
	for i, secret := range secrets {
		if secret == "" || strings.TrimSpace(secret) != secret {
			return nil, fmt.Errorf("kirim: connexease webhook: secret %d is empty, or has a space at an end", i+1)
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
