package kirim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// EventVerifier makes an event of a request that comes from the sender, and
// refuses any other. [*WebhookVerifier] does so for Kirim. With one of your own a
// [WebhookHandler] receives from any system, with everything that it has:
//
//	type verifier struct{ secret []byte }
//
//	func (v verifier) Event(r *http.Request) (*kirim.Event, error) {
//		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Secret")), v.secret) != 1 {
//			return nil, kirim.ErrWebhookSignatureMismatch
//		}
//		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
//		if err != nil {
//			return nil, err
//		}
//		return kirim.DecodeEvent(nil, body)
//	}
//
// Event is called concurrently, with the body unread. The context of the request
// ends when the time for the delivery is up. An error refuses the delivery, and so
// do, with 500, a panic and an event that is nil or has a nil element. Elements
// that you make yourself need their ID, or a time and Raw, to be distinguished.
//
// Two more methods are optional:
//
//	Challenge(r *http.Request) (body string, err error)
//
// responds to a GET or a HEAD, by which some senders check that a URL is yours before
// they deliver to it. The body goes out as plain text with 200; an error is 403.
// Without the method both get 200 and no body.
//
//	StatusCode(err error) int
//
// returns the status of the response to a request that Event refused with err, for
// a sender that takes another one than [WebhookStatusCode] to mean what it says. It
// must be 200 to 599; anything else is sent as 500. What comes of an event after
// that, such as a callback that failed, has the status that [WebhookHandler] says.
type EventVerifier interface {
	Event(r *http.Request) (*Event, error)
}

// challenger is the optional part of an [EventVerifier] for GET.
type challenger interface {
	Challenge(r *http.Request) (body string, err error)
}

// statusCoder is the optional part of an [EventVerifier] for refusals.
type statusCoder interface {
	StatusCode(err error) int
}

// errFaultyVerifier is of an [EventVerifier] that breaks its contract.
var errFaultyVerifier = errors.New("kirim: webhook: the verifier is faulty")

// verify asks the verifier for the event of a request.
func (h *webhookHandler) verify(ctx context.Context, r *http.Request) (e *Event, err error) {
	if isNil(h.verifier) {
		return nil, ErrWebhookNoSecret
	}
	var panicked *PanicError
	err = guarded(ctx, func(ctx context.Context) (err error) {
		e, err = h.verifier.Event(r.WithContext(ctx))
		return err
	})
	switch {
	case errors.As(err, &panicked):
		return nil, fmt.Errorf("%w: %w", errFaultyVerifier, err)
	case err != nil:
		return nil, err
	case e == nil:
		return nil, fmt.Errorf("%w: it returned neither an event nor an error", errFaultyVerifier)
	}
	if i := e.nilElement(); i >= 0 {
		return nil, fmt.Errorf("%w: Data[%d] of its event is nil", errFaultyVerifier, i)
	}
	return e.dated(), nil
}

// nilElement returns the index of the first element that is nil, -1 for none.
func (e *Event) nilElement() int {
	return slices.IndexFunc(e.Data, func(data EventData) bool { return isNil(data) })
}

// dated returns an event that has the time when it was received.
func (e *Event) dated() *Event {
	if !e.ReceivedAt.IsZero() {
		return e
	}
	dated := *e
	dated.ReceivedAt = time.Now()
	return &dated
}

// refusal returns the status of the response to a request that the verifier has
// refused with err.
func (h *webhookHandler) refusal(ctx context.Context, err error) int {
	own, ok := h.verifier.(statusCoder)
	if !ok || isNil(h.verifier) {
		return WebhookStatusCode(err)
	}
	status := 0
	if failed := guarded(ctx, func(context.Context) error { status = own.StatusCode(err); return nil }); failed != nil {
		h.logger.LogAttrs(ctx, slog.LevelError, "kirim: webhook verifier failed", slog.Any("error", failed))
		return http.StatusInternalServerError
	}
	if status < http.StatusOK || status > 599 {
		return http.StatusInternalServerError
	}
	return status
}

// answerCheck responds to a request that only asks whether this is the right URL.
func (h *webhookHandler) answerCheck(w http.ResponseWriter, r *http.Request) {
	own, ok := h.verifier.(challenger)
	switch {
	case !ok:
		// The vendor checks that a URL is reachable, with a method that is
		// not documented, before there is a secret.
		answer(w, http.StatusOK)
		return
	case isNil(h.verifier):
		answer(w, http.StatusServiceUnavailable)
		return
	}
	var body string
	err := guarded(r.Context(), func(context.Context) (err error) {
		body, err = own.Challenge(r)
		return err
	})
	if err != nil {
		h.logger.LogAttrs(r.Context(), slog.LevelWarn, "kirim: webhook challenge refused", slog.Any("error", err))
		answer(w, http.StatusForbidden)
		return
	}
	// The body is, as a rule, a part of the URL: no browser may take it for HTML.
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, body)
	}
}
