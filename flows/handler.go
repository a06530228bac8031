package flows

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/webhook"
)

// Exchange decides what a user sees next. Its context ends with the request and
// after the time of [WithTimeout]. An error that matches [ErrTokenInvalid] is a 427;
// any other, a panic and a nil Response are a 500, which WhatsApp shows as a general
// error. A mistake of the user is not an error but a [Response.WithErrorMessage].
type Exchange func(ctx context.Context, r *Request) (*Response, error)

// Handler is the [http.Handler] of a data endpoint, made by [NewHandler]. It responds
// to health checks by itself. It must get the request with its body unread, and is
// safe for concurrent use. A nil or zero Handler responds with 503.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint
type Handler struct {
	*handler // behind a pointer, so that fmt shows nothing of it
}

type handler struct {
	keys     []*rsa.PrivateKey
	exchange Exchange
	secrets  [][]byte
	unsigned bool
	observe  func(context.Context, *ErrorNotification)
	logger   *slog.Logger
	timeout  time.Duration
	maxBody  int64
}

// NewHandler returns a handler that decrypts requests with the keys, which are tried in
// their order: the current one first, then those that it replaced. Each must be RSA
// with 2048 bits; see [ParsePrivateKey]. One of [WithAppSecrets] and
// [WithoutSignatureCheck] is required.
func NewHandler(keys []*rsa.PrivateKey, exchange Exchange, opts ...Option) (*Handler, error) {
	h := &handler{
		keys:     slices.Clone(keys),
		exchange: exchange,
		logger:   slog.New(slog.DiscardHandler),
		timeout:  defaultTimeout,
		maxBody:  defaultMaxBody,
	}
	if len(keys) == 0 {
		return nil, errors.New("flows: there is no private key")
	}
	for i, key := range keys {
		if err := checkKey(key); err != nil {
			return nil, fmt.Errorf("flows: private key %d: %w", i+1, err)
		}
	}
	if exchange == nil {
		return nil, errors.New("flows: the callback is nil")
	}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("flows: option %d is nil", i+1)
		}
		if err := opt(h); err != nil {
			return nil, err
		}
	}
	if (len(h.secrets) > 0) == h.unsigned {
		return nil, errors.New("flows: who may send requests? Give either WithAppSecrets or WithoutSignatureCheck")
	}
	return &Handler{h}, nil
}

// Format shows nothing of the handler, whatever the verb.
func (h Handler) Format(f fmt.State, _ rune) { fmt.Fprint(f, "flows.Handler") }

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h == nil || h.handler == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
	defer cancel()
	status, body, err := h.serve(ctx, w, r)
	if err != nil {
		level := slog.LevelWarn
		if status == http.StatusInternalServerError {
			level = slog.LevelError
		}
		h.logger.LogAttrs(ctx, level, "flows: request not handled", slog.Int("status", status), slog.Any("error", err))
	}
	if len(body) > 0 {
		w.Header().Set("Content-Type", "text/plain")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // base64 of what was encrypted, as text/plain
}

// serve returns the response to a POST, and what kept it from being a 200.
func (h *handler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) (status int, sealed []byte, err error) {
	body, err := readBody(ctx, w, r, h.maxBody)
	if err != nil {
		return http.StatusBadRequest, nil, err
	}
	if int64(len(body)) > h.maxBody {
		return http.StatusRequestEntityTooLarge, nil, fmt.Errorf("flows: the body has more than %d bytes", h.maxBody)
	}
	if !h.signed(r.Header, body) {
		return statusSignature, nil, errSignature
	}
	plain, s, key, err := open(h.keys, body)
	if err != nil {
		if errors.Is(err, errEnvelope) {
			return http.StatusBadRequest, nil, err
		}
		return http.StatusMisdirectedRequest, nil, err
	}
	request, err := parseRequest(plain, key)
	if err != nil {
		return http.StatusBadRequest, nil, err
	}
	status, response, err := h.respond(ctx, request)
	if response != nil {
		sealed = s.seal(response)
	}
	return status, sealed, err
}

// respond returns the response to a request before it is encrypted.
func (h *handler) respond(ctx context.Context, r *Request) (status int, body []byte, err error) {
	if r.Action == actionPing {
		return http.StatusOK, []byte(`{"data":{"status":"active"}}`), nil
	}
	defer func() {
		if value := recover(); value != nil {
			status, body, err = http.StatusInternalServerError, nil, &PanicError{value, debug.Stack()}
		}
	}()
	if n := r.notification(); n != nil {
		if h.observe != nil {
			h.observe(ctx, n)
		}
		return http.StatusOK, []byte(`{"data":{"acknowledged":true}}`), nil
	}
	token := r.FlowToken // the callback may change the request
	response, err := h.exchange(ctx, r)
	if errors.Is(err, ErrTokenInvalid) {
		var invalid *tokenInvalidError
		if errors.As(err, &invalid) {
			body = invalid.body()
		}
		return statusTokenInvalid, body, nil
	}
	if err == nil {
		body, err = response.encode(token)
	}
	if err != nil {
		return http.StatusInternalServerError, nil, err
	}
	return http.StatusOK, body, nil
}

// readBody reads up to one byte more than the limit. A body that trickles in ends with
// the context: the deadline for reading is moved up then, and never back.
func readBody(ctx context.Context, w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	// Writers that have no deadlines are those of tests and adapters.
	deadline := http.NewResponseController(w)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = deadline.SetReadDeadline(time.Now())
	})
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if !stop() {
		<-ended // the writer must not be used after the request
	}
	if err != nil {
		return nil, fmt.Errorf("flows: the body cannot be read after %d bytes: %w", len(body), err)
	}
	return body, nil
}

// signed reports whether one of the secrets has signed the body. All are tried,
// whichever fits.
func (h *handler) signed(header http.Header, body []byte) bool {
	if h.unsigned {
		return true
	}
	text, found := strings.CutPrefix(webhook.Value(header, "X-Hub-Signature-256"), "sha256=")
	signature, err := hex.DecodeString(text)
	if !found || err != nil {
		return false
	}
	valid := false
	for _, secret := range h.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		if hmac.Equal(signature, mac.Sum(nil)) {
			valid = true
		}
	}
	return valid
}
