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
)

// judge decides what the outcome of an attempt means. keyLifetime is that of the
// sender's keys.
func judge(h *head, err error, keyLifetime time.Duration) verdict {
	var kind kirim.Kind
	classified := errors.As(err, &kind)
	action, asked := kirim.Disposition(err)
	doubt := err != nil && (kirim.MaybeSent(err) || !isOfKirim(err, classified))
	switch {
	case err == nil:
		return verdict{state: StateSent, counts: true}
	case doubt && keyLifetime == 0, kind == kirim.KindIdempotencyReuse && h.inDoubt:
		return verdict{state: StateUnknown, err: err, doubt: true, counts: true}
	case doubt:
		return verdict{state: StateQueued, err: err, doubt: true, counts: true, wait: max(asked, backoff(h.attempts))}
	}
	// This attempt did nothing. What an earlier one with the same key did is still open.
	v := verdict{state: StateQueued, err: err, doubt: h.inDoubt, notSent: !h.inDoubt}
	meta := metaCodeOf(err)
	switch {
	case meta == codePairLimit:
		v.pairLimit = true
	case meta == codeStoppedMarketing && !h.inDoubt:
		v.state, v.suppress = StateSuppressed, true
	case kind == kirim.KindRateLimited:
		v.rateLimit, v.wait = true, max(asked, rateLimitWait)
	case isContextError(err) && action == kirim.ActionRetry: // it ended before anything was sent
		v.wait = turnWait
	case concernsAccount(kind):
		v.pause = true
		if kind == kirim.KindQuotaExceeded {
			v.pauseFor = asked
		}
	case kind == kirim.KindOutsideWindow && h.rescue != nil && !h.useTemplate && !h.inDoubt:
		v.useTemplate = true
	case isTransport(err), kirim.IsTemporary(err), action == kirim.ActionRetry, action == kirim.ActionRetryAfter:
		v.counts, v.wait = true, max(asked, backoff(h.attempts))
	case h.inDoubt: // a refusal, which says nothing of the attempt before
		v.state, v.counts = StateUnknown, true
	default:
		v.state, v.counts = StateDiscarded, true
	}
	return v
}

// Codes of Meta's that mean more than their kind.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
const (
	codePairLimit        = 131056
	codeStoppedMarketing = 131050
)

func metaCodeOf(err error) int {
	var answer *kirim.Error
	if errors.As(err, &answer) {
		return answer.MetaCode
	}
	return 0
}

// isOfKirim reports whether an error is one whose meaning is known. Of any
// other it is not known whether the message is out.
func isOfKirim(err error, classified bool) bool {
	var invalid *kirim.ValidationError
	return classified || isTransport(err) || errors.As(err, &invalid) || errors.Is(err, errors.ErrUnsupported)
}

// isTransport reports whether there was no response. That may pass even where it
// is a certificate that was refused: somebody mends it.
func isTransport(err error) bool {
	var transport *kirim.TransportError
	return errors.As(err, &transport)
}

func isContextError(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// concernsAccount reports whether every other message of the number fails as well
// until somebody has mended the account or the configuration.
func concernsAccount(kind kirim.Kind) bool {
	switch kind {
	case kirim.KindAuthMissing, kirim.KindAuthInvalid, kirim.KindAuthExpired, kirim.KindAuthRevoked, kirim.KindPermission,
		kirim.KindPlanLimit, kirim.KindQuotaExceeded, kirim.KindSuspended, kirim.KindBilling, kirim.KindNotConnected,
		kirim.KindUpstreamAuth, kirim.KindNotFound:
		return true
	}
	return false
}

// backoff returns the wait after so many attempts, with 20 % of jitter.
func backoff(attempts int) time.Duration {
	wait := min(firstBackoff<<min(attempts, 20), longestWait)
	return wait - time.Duration(rand.Int64N(int64(wait)/5)) //nolint:gosec // spreads load
}
