package cloudapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/webhook"
)

// WebhookVerifier reports whether a webhook comes from Meta, by the signature that
// its app secret makes. It also responds to the request by which Meta checks a
// callback URL. It is a [kirim.EventVerifier], so that [kirim.WebhookHandler]
// handles each message and status once:
//
//	verifier, err := cloudapi.NewWebhookVerifier(os.Getenv("META_VERIFY_TOKEN"), os.Getenv("META_APP_SECRET"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	hooks := kirim.NewWebhookHandler(verifier)
//	hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
//		return queue.Put(ctx, m.From.E164(), m.Text)
//	})
//	http.Handle("/webhooks/meta", hooks)
//
// # Responses
//
// Meta delivers again after any status but 200, for up to 7 days. So the verifier
// refuses what may be accepted later, and accepts what never can:
//
//	signature missing, malformed or wrong                  401
//	signature right, but the body is not a JSON object     200
//	body too large                                         413
//	body was read before, by the program                   500
//	body broke off, or the verifier has no secret          503
//
// A wrong signature is mostly an app secret that was not changed here yet: what
// Meta sent in the meantime comes again. A body with a right signature that is no
// JSON object stays one, so it is dropped and the handler logs it. What the handler
// itself says is fit for Meta as well: 500 for a callback that failed, 503 for what
// had no turn, 200 for events that nobody asked for.
//
// # Replays
//
// The signature has no time in it, so a delivery that somebody has seen can be
// replayed. The [kirim.Deduper] of the handler drops what was handled in the last 7
// days; serve the URL over https only.
//
// # Mutual TLS
//
// Meta can present a client certificate with the common name
// client.webhooks.fbclientcerts.com. What ends TLS checks it: a proxy, or a
// [crypto/tls.Config] with Meta's CA in ClientCAs and RequireAndVerifyClientCert,
// and a VerifyConnection that compares the name. The signature is checked here all
// the same.
//
// Docs: https://developers.facebook.com/docs/graph-api/webhooks/getting-started#mtls-for-webhooks
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
type WebhookVerifier struct {
	keys    func() webhookKeys // of a function fmt shows no more than its address
	maxBody int64
}

type webhookKeys struct {
	verifyToken [sha256.Size]byte // hashed, so that no length is given away
	appSecrets  [][]byte
}

func (k webhookKeys) get() webhookKeys { return k }

// maxWebhookBody is what Meta documents as the largest payload, 3 MB.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
const maxWebhookBody = 3 << 20

// NewWebhookVerifier takes the verify token that was entered beside the callback
// URL, and the secret of the app, or several while it is being changed. An empty
// one is an error, and so is none, or one with what clings to a copied text, such
// as white space at an end or quotation marks. Bodies may be 3 MiB large.
func NewWebhookVerifier(verifyToken string, appSecrets ...string) (*WebhookVerifier, error) {
	if err := webhook.CheckSecret(verifyToken); err != nil {
		return nil, fmt.Errorf("kirim: cloudapi webhook: the verify token %w", err)
	}
	if len(appSecrets) == 0 {
		return nil, fmt.Errorf("kirim: cloudapi webhook: no app secret is given: %w", kirim.ErrWebhookNoSecret)
	}
	keys := webhookKeys{verifyToken: sha256.Sum256([]byte(verifyToken))}
	for i, secret := range appSecrets {
		if err := webhook.CheckSecret(secret); err != nil {
			return nil, fmt.Errorf("kirim: cloudapi webhook: app secret %d %w", i+1, err)
		}
		keys.appSecrets = append(keys.appSecrets, []byte(secret))
	}
	return &WebhookVerifier{keys.get, maxWebhookBody}, nil
}

// WithMaxBody returns a verifier that refuses bodies over n bytes. Zero and less
// mean the default, 3 MiB.
func (v *WebhookVerifier) WithMaxBody(n int64) *WebhookVerifier {
	if v == nil {
		return nil
	}
	if n <= 0 {
		n = maxWebhookBody
	}
	return &WebhookVerifier{v.keys, min(n, 1<<40)} // one more must not overflow
}

// SignWebhook returns the value of an X-Hub-Signature-256 header that signs a body
// as Meta does, for tests of a receiver.
func SignWebhook(appSecret string, body []byte) string {
	return signatureScheme + sign(appSecret, body)
}

const (
	signatureHeader = "X-Hub-Signature-256"
	signatureScheme = "sha256="
)

// Verify checks the signature of a body, given exactly as it arrived: JSON that was
// decoded and encoded again does not verify. The name of the header
// X-Hub-Signature-256 may be in lower case. The error is one of the
// kirim.ErrWebhook values.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
func (v *WebhookVerifier) Verify(header http.Header, body []byte) error {
	if v == nil || v.keys == nil {
		return kirim.ErrWebhookNoSecret
	}
	if int64(len(body)) > v.maxBody {
		return kirim.ErrWebhookBodyTooLarge
	}
	values := webhook.Values(header, signatureHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return kirim.ErrWebhookSignatureMissing
	}
	signature, found := strings.CutPrefix(values[0], signatureScheme)
	var given [sha256.Size]byte
	if len(values) > 1 || !found || len(signature) != hex.EncodedLen(len(given)) {
		return kirim.ErrWebhookSignatureMalformed
	}
	if _, err := hex.Decode(given[:], []byte(signature)); err != nil {
		return kirim.ErrWebhookSignatureMalformed
	}
	matched := false
	for _, secret := range v.keys().appSecrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		matched = hmac.Equal(mac.Sum(nil), given[:]) || matched
	}
	if !matched {
		return kirim.ErrWebhookSignatureMismatch
	}
	return nil
}

// Event reads the body of a request, verifies it and decodes the event. The error
// is one of the kirim.ErrWebhook values, or that of reading the body;
// [WebhookVerifier.StatusCode] turns any of them into a response.
func (v *WebhookVerifier) Event(r *http.Request) (*kirim.Event, error) {
	if v == nil || v.keys == nil {
		return nil, kirim.ErrWebhookNoSecret
	}
	if r == nil {
		return nil, errors.New("kirim: cloudapi webhook: the request is nil")
	}
	body, err := v.read(r)
	if err != nil {
		return nil, err
	}
	if err := v.Verify(r.Header, body); err != nil {
		return nil, err
	}
	return kirim.DecodeEvent(nil, body) // none of the headers that Kirim has
}

// read reads the body within the limit.
func (v *WebhookVerifier) read(r *http.Request) ([]byte, error) {
	if r.ContentLength > v.maxBody {
		return nil, kirim.ErrWebhookBodyTooLarge
	}
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, v.maxBody+1))
	var tooLarge *http.MaxBytesError
	switch {
	case int64(len(body)) > v.maxBody || errors.As(err, &tooLarge):
		return nil, kirim.ErrWebhookBodyTooLarge
	case err != nil:
		return nil, fmt.Errorf("kirim: cloudapi webhook: reading the body: %w", err)
	case len(body) == 0 && r.ContentLength > 0:
		return nil, kirim.ErrWebhookBodyConsumed
	}
	return body, nil
}

// StatusCode returns the status of the response to a request that Event refused
// with err, as the documentation of [WebhookVerifier] has it.
func (v *WebhookVerifier) StatusCode(err error) int {
	if errors.Is(err, kirim.ErrWebhookMalformed) {
		return http.StatusOK
	}
	return kirim.WebhookStatusCode(err)
}

var errChallenge = errors.New("kirim: cloudapi webhook: not a subscription with the verify token")

// Challenge responds to the GET by which Meta checks a callback URL: with
// hub.challenge, when hub.mode is "subscribe" and hub.verify_token the verify
// token. It takes the same time for every wrong token. [kirim.WebhookHandler] sends
// the challenge as plain text with 200, and 403 for an error.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
func (v *WebhookVerifier) Challenge(r *http.Request) (string, error) {
	if v == nil || v.keys == nil {
		return "", kirim.ErrWebhookNoSecret
	}
	if r == nil || r.URL == nil {
		return "", errChallenge
	}
	query := r.URL.Query()
	want, given := v.keys().verifyToken, sha256.Sum256([]byte(query.Get("hub.verify_token")))
	if subtle.ConstantTimeCompare(want[:], given[:]) != 1 || query.Get("hub.mode") != "subscribe" {
		return "", errChallenge
	}
	return query.Get("hub.challenge"), nil
}
