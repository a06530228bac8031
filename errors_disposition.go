package kirim

import (
	"errors"
	"net/http"
	"time"
)

// Action is what a queue does with a message whose call failed.
type Action string

// The actions, from the most hopeful to the most careful.
const (
	ActionRetry      Action = "retry"        // retry, with the key of the error if it has one
	ActionRetryAfter Action = "retry_after"  // likewise, but not before the wait has passed
	ActionDoNotRetry Action = "do_not_retry" // the same request fails again
	ActionDecide     Action = "decide"       // a person must decide, or mend the account first
)

// Disposition maps any error of this package to what a queue needs to know,
// wrapped and joined errors included. The wait is how long the server asks for,
// and zero for all actions but [ActionRetryAfter]. It is a judgement of this
// package over [MaybeSent], [IsTemporary] and [Kind]:
//
//   - [ActionRetry]: a failure that passes, where nothing was carried out, or a
//     repeat does no harm: it is a POST with an idempotency key, a PUT, a PATCH or
//     a DELETE. Repeat with that key ([Error.IdempotencyKey],
//     [TransportError.IdempotencyKey]) within 24 hours, never without. Give a
//     call that makes several requests, such as [MessagesService.SendOrTemplate],
//     a key of your own, and repeat it with that one.
//   - [ActionRetryAfter]: likewise, where the server said how long to wait.
//   - [ActionDoNotRetry]: nothing failed (nil), or the request is wrong as it
//     stands.
//   - [ActionDecide]: the message may be out and no key protects a repeat, the
//     account or the configuration is in the way, or the error tells too little,
//     as one that is not of this package does.
//
// A call whose context ended before anything was sent says retry; an error of a
// context alone says decide. So does a [*WaitError]: the message was accepted, and
// a further [MessagesService.Wait] for [WaitError.ID] is safe. A [*MessageError]
// that says retry is of a message that did not arrive: send it anew, with a new
// key, as the server replays the response to the old one.
//
// Of several joined errors the most careful action counts, and the longest wait.
// Errors that are not of this package say nothing there, and neither do nil
// pointers.
func Disposition(err error) (action Action, wait time.Duration) {
	if err == nil {
		return ActionDoNotRetry, 0
	}
	action, wait = disposition(err)
	if action == "" {
		action = ActionDecide
	}
	if action != ActionRetryAfter {
		wait = 0
	}
	return action, wait
}

// disposition is empty for an error that says nothing.
func disposition(err error) (Action, time.Duration) {
	if isNil(err) {
		return "", 0
	}
	switch e := err.(type) { //nolint:errorlint // every error of the tree is checked, not the first that matches
	case interface {
		disposition() (Action, time.Duration)
	}:
		return e.disposition()
	case interface{ Unwrap() []error }:
		return mostCareful(e.Unwrap())
	case interface{ As(any) bool }: // an error of the caller's that has one of this package in it
		if kind := Kind(""); e.As(&kind) {
			return actionOfKind(kind), 0
		}
	}
	if err == errors.ErrUnsupported { //nolint:errorlint // as above
		return ActionDoNotRetry, 0
	}
	if e, ok := err.(interface{ Unwrap() error }); ok {
		return disposition(e.Unwrap())
	}
	return "", 0
}

func mostCareful(errs []error) (action Action, wait time.Duration) {
	careful := map[Action]int{ActionRetry: 1, ActionRetryAfter: 2, ActionDoNotRetry: 3, ActionDecide: 4}
	for _, err := range errs {
		a, w := disposition(err)
		if careful[a] > careful[action] {
			action = a
		}
		wait = max(wait, w)
	}
	return action, wait
}

// disposition does not look at what else ended the call, such as the context
// or the retry quota: neither changes what the server said.
func (e *Error) disposition() (Action, time.Duration) {
	sent := MaybeSent(e)
	passes := IsTemporary(e) || e.StatusCode == http.StatusRequestTimeout ||
		e.Kind == KindQuotaExceeded && e.RetryAfter > 0
	switch {
	case sent && operationOf(e.Method, e.IdempotencyKey) == unkeyed:
		return ActionDecide, 0
	case sent && !passes && e.Kind != KindInvalidResponse:
		return ActionDecide, 0
	case !sent && !passes:
		return actionOfKind(e.Kind), 0
	}
	return actionRetryIn(e.RetryAfter)
}

func (e *TransportError) disposition() (Action, time.Duration) {
	switch {
	case e.permanent, MaybeSent(e) && operationOf(e.Method, e.IdempotencyKey) == unkeyed:
		return ActionDecide, 0
	case e.Last != nil:
		return actionRetryIn(e.Last.RetryAfter)
	}
	return ActionRetry, 0
}

func (e *ValidationError) disposition() (Action, time.Duration) { //nolint:unparam // as all of them
	if errors.Is(e.cause, KindTemplateUnavailable) {
		return actionOfKind(KindTemplateUnavailable), 0
	}
	return ActionDoNotRetry, 0
}

func (c ErrorCode) disposition() (Action, time.Duration) { return actionOfKind(kindOfCode[c]), 0 }
func (k Kind) disposition() (Action, time.Duration)      { return actionOfKind(k), 0 }

// knownError is an error to compare with, which says what a queue does.
type knownError struct {
	text   string
	action Action
}

func (e *knownError) Error() string                        { return e.text }
func (e *knownError) disposition() (Action, time.Duration) { return e.action, 0 }

func actionRetryIn(wait time.Duration) (Action, time.Duration) {
	if wait > 0 {
		return ActionRetryAfter, wait
	}
	return ActionRetry, 0
}

// actionOfFailure is the action for what certainly did not arrive.
func actionOfFailure(err error) Action {
	if IsTemporary(err) {
		return ActionRetry
	}
	kind := KindUnknown
	_ = errors.As(err, &kind)
	return actionOfKind(kind)
}

// actionOfKind is the action where no more than a kind is known. Of the failures
// that pass only a rate limit proves that the request was not carried out.
func actionOfKind(kind Kind) Action {
	switch kind {
	case KindRateLimited:
		return ActionRetry
	case KindInvalidRequest, KindInvalidRecipient, KindRecipientUnavailable, KindOutsideWindow, KindTemplateNotFound,
		KindPayloadTooLarge, KindMediaInvalid, KindNotFound, KindMethodNotAllowed, KindIdempotencyReuse, KindWebhookInvalid:
		return ActionDoNotRetry
	}
	return ActionDecide
}
