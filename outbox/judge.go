package outbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/kirim-go/kirim"
)

// verdict is what an attempt to send a message means for it and for its lane.
type verdict struct {
	state State // queued: it is tried again
	err   error // why
	// notSent says that the message certainly is not out, doubt that it may be.
	notSent, doubt bool
	attempted      bool          // there was an attempt
	counts         bool          // as an attempt, for the waits between them
	useTemplate    bool          // the template goes out next
	wait           time.Duration // of the lane, before it goes on
	pairLimit      bool          // the pair limit refused it
	rateLimit      bool          // another rate limit did, which all recipients share
	suppress       bool          // the recipient has stopped marketing
	pause          bool          // nothing of the number can be sent
	pauseFor       time.Duration // until when; zero for until somebody resumes it
}

// Waits where the server names none.
const (
	firstBackoff  = time.Second
	longestWait   = 5 * time.Minute
	rateLimitWait = 5 * time.Second
	turnWait      = time.Second // when the rate limiter had no turn in time
	withheldWait  = 24 * time.Hour
)

// judge decides what the outcome of an attempt means. keyLifetime is that of the
// sender's keys.
func judge(h *head, err error, keyLifetime time.Duration) verdict {
	var kind kirim.Kind
	_ = errors.As(err, &kind)
	action, asked := kirim.Disposition(err)
	doubt := isInDoubt(err, kind, action)
	switch {
	case err == nil:
		return verdict{state: StateSent, counts: true}
	case doubt && keyLifetime == 0:
		return verdict{state: StateUnknown, err: err, doubt: true, counts: true}
	case doubt:
		return verdict{state: StateQueued, err: err, doubt: true, counts: true, wait: max(asked, backoff(h.attempts))}
	}
	// This attempt did nothing. What an earlier one with the same key did is still open.
	v := verdict{state: StateQueued, err: err, doubt: h.inDoubt, notSent: !h.inDoubt}
	meta := metaCodeOf(err)
	v.suppress = meta == codeStoppedMarketing
	switch {
	case meta == codePairLimit:
		v.pairLimit = true
	case v.suppress && !h.inDoubt:
		v.state = StateSuppressed
	case meta == codeWithheld:
		v.counts, v.wait = true, max(asked, withheldWait)
	case kind == kirim.KindRateLimited:
		v.rateLimit, v.wait = true, max(asked, rateLimitWait)
	case hadNoTurn(err):
		v.wait = turnWait
	case concernsAccount(err, kind):
		v.pause = true
		if kind == kirim.KindQuotaExceeded {
			v.pauseFor = asked
		}
	case kind == kirim.KindOutsideWindow && h.rescue != nil && !h.useTemplate && !h.inDoubt:
		v.useTemplate = true
	case action == kirim.ActionRetryAfter:
		v.wait = asked
	case isTransport(err), kirim.IsTemporary(err), action == kirim.ActionRetry:
		v.counts, v.wait = true, backoff(h.attempts)
	case h.inDoubt: // a refusal, which says nothing of the attempt before
		v.state, v.counts = StateUnknown, true
	default:
		v.state, v.counts = StateDiscarded, true
	}
	return v
}

// Codes of Meta's that mean more, or less, than their kind.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
const (
	codePairLimit        = 131056
	codeStoppedMarketing = 131050
	codeWithheld         = 131049 // this recipient gets too much marketing; of quota_exceeded
	codeCountry          = 130497 // nobody in this recipient's country may be sent to; of suspended
)

func metaCodeOf(err error) int {
	if refused, ok := find[*kirim.Error](err); ok {
		return refused.MetaCode
	}
	return 0
}

// isInDoubt reports whether the message may be out. Of an error that is not of
// package kirim only its kind is known, if anything, and few of them say that the
// message was refused.
func isInDoubt(err error, kind kirim.Kind, action kirim.Action) bool {
	switch {
	case err == nil:
		return false
	case kirim.MaybeSent(err):
		return true
	case isOfKirim(err):
		return false
	}
	return action == kirim.ActionDecide && kind != kirim.KindTemplateUnavailable && !concernsAccount(err, kind)
}

func isOfKirim(err error) bool {
	_, isRefused := find[*kirim.Error](err)
	_, isLate := find[*kirim.MessageError](err)
	_, isInvalid := find[*kirim.ValidationError](err)
	return isTransport(err) || isRefused || isLate || isInvalid
}

// isTransport reports whether there was no response. That may pass even where it
// is a certificate that was refused: somebody mends it.
func isTransport(err error) bool {
	_, is := find[*kirim.TransportError](err)
	return is
}

// hadNoTurn reports whether the time was up before the first request, as it is when
// the rate limiter has no turn for it.
func hadNoTurn(err error) bool {
	transport, ok := find[*kirim.TransportError](err)
	return ok && transport.Attempts == 0 &&
		(errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}

// concernsAccount reports whether every other message of the number fails as well
// until somebody has mended the account or the configuration.
func concernsAccount(err error, kind kirim.Kind) bool {
	switch kind {
	case kirim.KindAuthMissing, kirim.KindAuthInvalid, kirim.KindAuthExpired, kirim.KindAuthRevoked, kirim.KindPermission,
		kirim.KindPlanLimit, kirim.KindQuotaExceeded, kirim.KindBilling, kirim.KindNotConnected, kirim.KindUpstreamAuth:
		return true
	case kirim.KindSuspended:
		return metaCodeOf(err) != codeCountry
	case kirim.KindNotFound: // the number, unless it is something that the message names
		refused, ok := find[*kirim.Error](err)
		return !ok || refused.Param == "" && refused.Code != "message_not_found"
	}
	return false
}

// backoff returns the wait after so many attempts, with 20 % of jitter.
func backoff(attempts int) time.Duration {
	wait := min(firstBackoff<<min(attempts, 20), longestWait)
	return wait - time.Duration(rand.Int64N(int64(wait)/5)) //nolint:gosec // spreads load
}
