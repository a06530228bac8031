package kirim

import (
	"context"
	"errors"
	"fmt"
)

// ElementError is why an element of an event was not handled; see
// [WebhookHandler.HandleEvent].
type ElementError struct {
	Element int // index in [Event.Data]
	Err     error
}

// Error has the text of Err, which is that of the callback as it was returned.
func (e *ElementError) Error() string {
	if e == nil {
		return noError
	}
	return fmt.Sprintf("kirim: webhook: element %d: %v", e.Element, e.Err)
}

// Unwrap returns Err.
func (e *ElementError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// HandleEvent handles an event that was verified before, outside of HTTP: one from a
// queue or a durable inbox, as [DecodeEvent] returns it. Windows, observers, callbacks and
// the [Deduper] are those of deliveries, so that an element is handled once,
// whichever way it comes. Elements are handled in order, each whether or not
// others fail.
//
// The error joins an [*ElementError] for each element that was not handled. It matches
// [ErrElementBusy] when one of them is in work elsewhere, and a [*PanicError] when a
// callback panicked. Call HandleEvent again with the same event later: only those
// elements are handled again. A nil ctx, event or element is a [*ValidationError].
//
// Callbacks get ctx, which [WithDeliveryTimeout] does not shorten. It ends before a claim of
// a shared deduper lapses that says when ([TokenDeduper]). [WithMaxDeliveries] does not count these calls,
// [WebhookHandler.Shutdown] waits for them and has later ones fail.
func (h *WebhookHandler) HandleEvent(ctx context.Context, e *Event) error {
	switch {
	case h.isZero():
		return errors.New("kirim: the WebhookHandler is not one of NewWebhookHandler")
	case isNil(ctx):
		return refuse("ctx", "a context", "nil")
	case e == nil:
		return refuse("event", "an event", "nil")
	}
	if i := e.nilElement(); i >= 0 {
		return refuse(fmt.Sprintf("event.Data[%d]", i), "an element", "nil")
	}
	if !h.begin(0) {
		return errors.New("kirim: webhook: the handler was shut down")
	}
	defer h.end(0)
	e = e.dated()
	h.openWindows(ctx, e)
	var failed []error
	for i := range e.Data {
		if end := h.handle(ctx, e, i); end.Err != nil {
			failed = append(failed, &ElementError{i, end.Err})
		}
	}
	return errors.Join(failed...)
}
