package outboxotel

import (
	"context"
	"errors"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// kinds are the kinds of errors that there are; the test beside this file compares them with
// the constants of package kirim.
var kinds = []kirim.Kind{
	kirim.KindInvalidRequest, kirim.KindInvalidRecipient, kirim.KindRecipientUnavailable,
	kirim.KindOutsideWindow, kirim.KindTemplateNotFound, kirim.KindTemplateUnavailable,
	kirim.KindPayloadTooLarge, kirim.KindMediaInvalid, kirim.KindNotConnected,
	kirim.KindUpstreamAuth, kirim.KindAuthMissing, kirim.KindAuthInvalid,
	kirim.KindAuthExpired, kirim.KindAuthRevoked, kirim.KindPermission,
	kirim.KindPlanLimit, kirim.KindQuotaExceeded, kirim.KindSuspended,
	kirim.KindBilling, kirim.KindNotFound, kirim.KindMethodNotAllowed,
	kirim.KindConflict, kirim.KindIdempotencyInProgress, kirim.KindIdempotencyReuse,
	kirim.KindWebhookInvalid, kirim.KindRateLimited, kirim.KindSendFailed,
	kirim.KindUpstream, kirim.KindInternal, kirim.KindUnavailable,
	kirim.KindInvalidResponse, kirim.KindUnknown,
}

// errorTypeOf is a word for an error; empty for none.
func errorTypeOf(err error) string {
	if err == nil {
		return ""
	}
	var reused *outbox.KeyReusedError
	var invalid *kirim.ValidationError
	var transport *kirim.TransportError
	var kind kirim.Kind
	switch {
	case errors.As(err, &reused):
		return errorKeyReused
	case errors.As(err, &invalid):
		return errorInvalid
	case errors.As(err, &kind):
		return kindOf(kind)
	case errors.Is(err, outbox.ErrClosed):
		return errorClosed
	case errors.Is(err, context.Canceled):
		return errorCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return errorDeadline
	case errors.As(err, &transport):
		return errorNoResponse
	}
	return other
}

// kindOf is a word for the kind of an error.
func kindOf(kind kirim.Kind) string { return known(kinds, kind) }

// stateOf is a word for the state of a message.
func stateOf(state outbox.State) string {
	if state == outbox.StateQueued {
		return string(state)
	}
	return known(endStates, state)
}
