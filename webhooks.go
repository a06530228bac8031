package kirim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kirim-go/kirim/internal/webhook"
)

// What can be wrong with a webhook request. [WebhookStatusCode] gives the
// HTTP status to respond with, which [WebhookHandler] does itself. The
// sender gives a delivery up at once on most 4xx, and retries it for 31
// hours on 5xx. None of the texts holds a signature or a secret.
var (
	// ErrWebhookNoSecret: the verifier has no secret to check with. Answer 503.
	ErrWebhookNoSecret error = &knownError{"kirim: webhook: no signing secret is configured", ActionDecide}
	// ErrWebhookSignatureMissing: no signature header came. Answer 401.
	ErrWebhookSignatureMissing error = &knownError{"kirim: webhook: the signature header is missing", ActionDoNotRetry}
	// ErrWebhookSignatureMalformed: the signature header has no t or no
	// usable v1, two different t, or more parts than anybody sends. Answer 401.
	ErrWebhookSignatureMalformed error = &knownError{"kirim: webhook: the signature header is malformed", ActionDoNotRetry}
	// ErrWebhookSignatureMismatch: no secret made any of the signatures over
	// this body. Answer 401.
	ErrWebhookSignatureMismatch error = &knownError{"kirim: webhook: no signature matches", ActionDoNotRetry}
	// ErrWebhookTooOld: the signature is right, but was made too long ago: a
	// replay, a slow network, or a clock that is wrong. Answer 503, so that
	// an honest delivery comes again, freshly signed.
	ErrWebhookTooOld error = &knownError{"kirim: webhook: the signature is too old", ActionRetry}
	// ErrWebhookTooNew: the signature is right, but was made in the future:
	// one of the two clocks is wrong. Answer 503.
	ErrWebhookTooNew error = &knownError{"kirim: webhook: the signature is from the future", ActionRetry}
	// ErrWebhookBodyTooLarge: the body is over the limit, and was not checked.
	// Answer 413.
	ErrWebhookBodyTooLarge error = &knownError{"kirim: webhook: the body is too large", ActionDoNotRetry}
	// ErrWebhookBodyConsumed: something before this package has read the
	// body. That is a fault of the program. Answer 500.
	ErrWebhookBodyConsumed error = &knownError{"kirim: webhook: the body was read before it could be verified", ActionDecide}
	// ErrWebhookMalformed: the signature is right, but the body is not an
	// event. Answer 400.
	ErrWebhookMalformed error = &knownError{"kirim: webhook: the body is not an event", ActionDoNotRetry}
)

var errNilRequest error = &knownError{"kirim: webhook: the request is nil", ActionDecide}

// WebhookStatusCode returns the HTTP status to respond to a webhook request with
// whose [WebhookVerifier.Verify] or [WebhookVerifier.Event] returned err: the
// one that the error's own text names, 413 for an [*http.MaxBytesError], 200
// for nil, and 503 for the others, such as a body that broke off, so that the
// delivery comes again.
func WebhookStatusCode(err error) int {
	for _, known := range []struct {
		err    error
		status int
	}{
		{nil, http.StatusOK},
		{ErrWebhookSignatureMissing, http.StatusUnauthorized},
		{ErrWebhookSignatureMalformed, http.StatusUnauthorized},
		{ErrWebhookSignatureMismatch, http.StatusUnauthorized},
		{ErrWebhookBodyTooLarge, http.StatusRequestEntityTooLarge},
		{ErrWebhookMalformed, http.StatusBadRequest},
		{ErrWebhookBodyConsumed, http.StatusInternalServerError},
		{errNilRequest, http.StatusInternalServerError},
		{errFaultyVerifier, http.StatusInternalServerError},
	} {
		if errors.Is(err, known.err) {
			return known.status
		}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}

const (
	signatureHeader = "X-Kirim-Signature"
	// A page of the vendor's has the name with this ending.
	signatureHeaderFallback = "X-Kirim-Signature-256"

	// The bounds of a signature header. A sender has one v1 for each active
	// secret; even 32 of them are hard to imagine, and every one costs work.
	maxSignatureHeader = 4096 // bytes
	maxSignatureParts  = 40
	maxSignatures      = 32

	// Meta's payloads reach 3 MB; Kirim adds a little.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
	defaultMaxWebhookBody = 3 << 20

	defaultWebhookTolerance = 300 * time.Second
)

// SignWebhook returns the value of an X-Kirim-Signature header that signs a
// body as the vendor does at the time t, for tests of a receiver:
//
//	t=<unix seconds>,v1=<hex of HMAC-SHA256(secret, "<unix seconds>.<body>")>
//
// The key is the whole text of the secret, "whsec_" included; that the prefix
// belongs to it is assumed from the vendor's samples.
//
// Docs: https://developers.kirim.chat/webhooks/signing/
func SignWebhook(secret string, t time.Time, body []byte) string {
	stamp := strconv.FormatInt(t.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// WebhookVerifier checks that a webhook request was signed with one of your
// secrets and not long ago. It is immutable and safe for concurrent use; the
// With methods return changed copies. It never shows a secret, with %v, %+v,
// %#v or in JSON.
type WebhookVerifier struct {
	keys      []*signingKey // pointers, as fmt does not follow nested ones
	tolerance time.Duration
	now       func() time.Time // nil for time.Now
	maxBody   int64
}

// NewWebhookVerifier returns a verifier that accepts what any of the secrets
// has signed: give it the old and the new one while you rotate them. A secret
// is the whole text that the API showed once, "whsec_" included; an empty
// one is an error, as is none at all, and so is one with what clings to a
// copied text: white space at an end, a byte order mark, quotation marks,
// invisible or control characters.
//
// Signatures may be 300 seconds old or ahead ([WebhookVerifier.WithTolerance])
// and bodies 3 MiB large ([WebhookVerifier.WithMaxBody]).
func NewWebhookVerifier(secrets ...string) (*WebhookVerifier, error) {
	if len(secrets) == 0 {
		return nil, ErrWebhookNoSecret
	}
	v := &WebhookVerifier{tolerance: defaultWebhookTolerance, maxBody: defaultMaxWebhookBody}
	for i, secret := range secrets {
		if err := webhook.CheckSecret(secret); err != nil {
			return nil, fmt.Errorf("kirim: webhook: secret %d %w", i+1, err)
		}
		if !slices.Contains(secrets[:i], secret) {
			v.keys = append(v.keys, newSigningKey(secret))
		}
	}
	return v, nil
}

// clone of nil is a verifier that accepts nothing, as nil does.
func (v *WebhookVerifier) clone() *WebhookVerifier {
	if v == nil {
		return &WebhookVerifier{}
	}
	changed := *v
	return &changed
}

// WithTolerance returns a verifier that accepts signatures up to d old, or
// ahead, counted in whole seconds. The default is 300 seconds, as the
// vendor's own SDK has it. Less than a second accepts only the very second,
// and nothing turns the check off; without it, whoever has seen a delivery
// can replay it for ever.
func (v *WebhookVerifier) WithTolerance(d time.Duration) *WebhookVerifier {
	changed := v.clone()
	changed.tolerance = max(0, d)
	return changed
}

// WithClock returns a verifier that takes the time from now, for tests. Nil
// means [time.Now].
func (v *WebhookVerifier) WithClock(now func() time.Time) *WebhookVerifier {
	changed := v.clone()
	changed.now = now
	return changed
}

// WithMaxBody returns a verifier that refuses bodies over n bytes. Zero and
// less mean the default, 3 MiB: Meta documents payloads of up to 3 MB.
func (v *WebhookVerifier) WithMaxBody(n int64) *WebhookVerifier {
	changed := v.clone()
	changed.maxBody = min(n, 1<<40) // one more must not overflow
	return changed
}

// Format shows how many secrets there are, whatever the verb.
func (v WebhookVerifier) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "kirim.WebhookVerifier(%d secrets)", len(v.keys))
}

func (v *WebhookVerifier) time() time.Time {
	if v.now == nil {
		return time.Now()
	}
	return v.now()
}

func (v *WebhookVerifier) limit() int64 {
	if v.maxBody <= 0 {
		return defaultMaxWebhookBody
	}
	return v.maxBody
}

// Verify checks the signature of a body, given exactly as it arrived: JSON
// that was decoded and encoded again does not verify. It reads the header
// X-Kirim-Signature or, without it, X-Kirim-Signature-256, in upper or lower
// case. Unknown parts of
// it and signatures that are not hex are ignored; one good signature is
// enough.
//
// The error is one of the ErrWebhook values. The time is checked last, so
// that [ErrWebhookTooOld] and [ErrWebhookTooNew] mean that the signature is
// right. Only the body and the time are signed; no other header is.
//
// Docs: https://developers.kirim.chat/webhooks/signing/
func (v *WebhookVerifier) Verify(header http.Header, body []byte) error {
	if v == nil || len(v.keys) == 0 {
		return ErrWebhookNoSecret
	}
	if int64(len(body)) > v.limit() {
		return ErrWebhookBodyTooLarge
	}
	values := webhook.Values(header, signatureHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		values = webhook.Values(header, signatureHeaderFallback)
	}
	var s signature
	if err := s.parse(values); err != nil {
		return err
	}
	matched := false
	for _, key := range v.keys {
		matched = key.signed(&s, body) || matched
	}
	if !matched {
		return ErrWebhookSignatureMismatch
	}
	// Both are seconds since 1970 and not negative, so that the difference
	// cannot overflow.
	age, tolerance := max(0, v.time().Unix())-s.time, int64(v.tolerance/time.Second)
	switch {
	case age > tolerance:
		return ErrWebhookTooOld
	case -age > tolerance:
		return ErrWebhookTooNew
	}
	return nil
}

// signature is what a signature header says.
type signature struct {
	stamp string // the time as it was written, which is what is signed
	time  int64  // unix seconds
	macs  [maxSignatures][sha256.Size]byte
	n     int
}

// parse reads the lines of a header. Several are one list, as in all of HTTP.
func (s *signature) parse(lines []string) error {
	size, parts := 0, 0
	for _, line := range lines {
		size += len(line)
	}
	if size > maxSignatureHeader {
		return ErrWebhookSignatureMalformed
	}
	if size == 0 {
		return ErrWebhookSignatureMissing
	}
	for _, line := range lines {
		for more := true; more; {
			var part string
			part, line, more = strings.Cut(line, ",")
			if parts++; parts > maxSignatureParts {
				return ErrWebhookSignatureMalformed
			}
			name, value, _ := strings.Cut(part, "=")
			if !s.take(strings.TrimSpace(name), strings.TrimSpace(value)) {
				return ErrWebhookSignatureMalformed
			}
		}
	}
	if s.stamp == "" || s.n == 0 {
		return ErrWebhookSignatureMalformed
	}
	return nil
}

func (s *signature) take(name, value string) bool {
	switch name {
	case "t":
		// ParseUint takes no sign, and 63 bits leave room for a difference.
		t, err := strconv.ParseUint(value, 10, 63)
		if err != nil || s.stamp != "" && s.stamp != value {
			return false
		}
		s.stamp, s.time = value, int64(t) // it has 63 bits
	case "v1":
		if len(value) != hex.EncodedLen(sha256.Size) {
			return true
		}
		if s.n == maxSignatures {
			return false
		}
		if _, err := hex.Decode(s.macs[s.n][:], []byte(value)); err == nil {
			s.n++
		}
	}
	return true
}

// signingKey computes signatures with one secret. The pool of keyed hashes saves
// all 11 allocations of a verification and more than half of its time.
type signingKey struct{ pool sync.Pool }

// signer is a keyed hash with room for what goes in and out of it.
type signer struct {
	mac   hash.Hash
	stamp []byte
	sum   []byte
}

func newSigningKey(secret string) *signingKey {
	return &signingKey{sync.Pool{New: func() any {
		return &signer{hmac.New(sha256.New, []byte(secret)), make([]byte, 0, 32), make([]byte, 0, sha256.Size)}
	}}}
}

// signed reports whether this key made one of the signatures. It takes the
// same time whichever it was.
func (k *signingKey) signed(s *signature, body []byte) bool {
	h := k.pool.Get().(*signer)
	h.mac.Reset()
	h.stamp = append(append(h.stamp[:0], s.stamp...), '.')
	h.mac.Write(h.stamp)
	h.mac.Write(body)
	h.sum = h.mac.Sum(h.sum[:0])
	matched := false
	for i := range s.macs[:s.n] {
		matched = hmac.Equal(s.macs[i][:], h.sum) || matched
	}
	clear(h.sum)
	k.pool.Put(h)
	return matched
}

// Event reads the body of a request, verifies it and decodes the event. The
// body must not have been read before; it is not closed, and cannot be read
// again. Event.Raw has it.
//
// An error is one of the ErrWebhook values, or that of reading the body;
// [WebhookStatusCode] turns any of them into a response.
func (v *WebhookVerifier) Event(r *http.Request) (*Event, error) {
	if v == nil || len(v.keys) == 0 {
		return nil, ErrWebhookNoSecret
	}
	if r == nil {
		return nil, errNilRequest
	}
	body, err := v.read(r)
	if err != nil {
		return nil, err
	}
	if err := v.Verify(r.Header, body); err != nil {
		return nil, err
	}
	e, err := DecodeEvent(r.Header, body)
	if err == nil && v.now != nil {
		e.ReceivedAt = v.now()
	}
	return e, err
}

// read reads the body within the limit.
func (v *WebhookVerifier) read(r *http.Request) ([]byte, error) {
	limit := v.limit()
	if r.ContentLength > limit {
		return nil, ErrWebhookBodyTooLarge
	}
	if r.Body == nil {
		return nil, nil
	}
	body, cut, err := readBounded(r.Body, r.ContentLength, limit)
	if err != nil && !cut {
		var tooLarge *http.MaxBytesError
		if cut = errors.As(err, &tooLarge); !cut {
			return nil, fmt.Errorf("kirim: webhook: reading the body: %w", err)
		}
	}
	switch {
	case cut:
		return nil, ErrWebhookBodyTooLarge
	case len(body) == 0 && r.ContentLength > 0:
		return nil, ErrWebhookBodyConsumed
	}
	return body, nil
}
