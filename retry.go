package kirim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// RetryPolicy says how often and after how long a request is retried. Which
// requests are retried is fixed by this table, where K is a POST with an
// idempotency key that the server honours, which is every POST to Kirim:
//
//	outcome                              GET HEAD  DELETE  PUT PATCH  K             POST without key
//	proven not sent (dial, DNS)          again     again   again      again         again
//	certificate, TLS, refused by proxy   stop      stop    stop       stop          stop
//	reset, EOF, timeout, body cut short  again     again   again      same key      stop
//	408                                  again     again   again      same key      stop
//	409 idempotency_in_progress          stop      stop    stop       same key      stop
//	429                                  again     again   again      same key      again
//	500                                  again     again   again (1)  same key (1)  stop
//	502, 504                             again     again   again      same key      stop
//	503                                  again     again   again      same key      only with Retry-After
//	any other                            stop      stop    stop       stop          stop
//
// (1) WithoutInternalErrorRetry turns it off. The vendor's guide on failed
// sends has a 5xx repeated under the same key:
// https://developers.kirim.chat/guides/failed-sends/
//
// What a code in the body says counts more than the status. A rate limit
// (Kirim's rate_limit_exceeded, Meta's 4, 80007, 130429, 131048, 131056 and the like)
// is a 429 under any status, a code that says that a retry would fail again
// stops, and a passing failure that gets 4xx is a 500. A 408 is the
// exception: whatever gave up waiting does not know how the request ended, so no
// code in the body of a 408 settles it, and [MaybeSent] stays true. A 5xx with
// Idempotent-Replayed: true is not retried either: the server has stored it,
// and would give it again.
//
// The wait is random between 0 and min(MaxDelay, MinDelay·2ⁿ) for the n-th
// retry, counted from 0. A Retry-After of the server replaces it, and is never cut
// short. So that not all calls that it holds back are sent in the same second, they
// wait up to 30 s more, one after the other: after a 429 as fast as the bucket fills
// (X-RateLimit-Limit), otherwise at the rate of the client's calls in the last minute,
// or faster when 30 s are too little for that. A client that was made less than a
// second before its last call knows no rate: there it is up to a tenth more, at
// most one second. No wait for others goes past the deadline of the context. After a
// 429 without a Retry-After the client waits a second more than its own delay. After a code for which Meta advises a wait it waits that: 4ⁿ
// seconds for 131056, the messages to one recipient, a minute or more for
// maintenance, a day (an assumption) for 131048, the restriction for spam. A rate
// limit of Meta's own responses without a Retry-After waits for the
// estimated_time_to_regain_access in their headers. When the delay is longer than MaxRetryAfter, or any wait
// would go past the deadline of the context, the call ends at once with the
// error at hand, and [Error.RetryAfter] tells when to come back.
//
// A client also keeps a retry budget, so that an outage is not made worse by
// retries: a new client has MaxRetries, and each call adds a twelfth of one. What is
// above MaxRetries fades: e⁻¹ of it is left after a minute. A retry takes 1 from the budget
// when it is sent, or a third after a 429, and gives it back when it gets a final
// response. A call that finds too little, before its wait or after it, ends with
// an error that matches [ErrRetryQuotaExceeded].
//
// Durations that are zero take the default; negative values are errors.
type RetryPolicy struct {
	// MaxRetries is the number of retries after the first attempt. The
	// default policy has 3; 0 means no retries.
	MaxRetries int
	// MinDelay is the upper bound of the wait before the first retry; it
	// doubles with each. Default 500 ms.
	MinDelay time.Duration
	// MaxDelay bounds the waits that the client chooses itself. Default 8 s.
	MaxDelay time.Duration
	// MaxRetryAfter is the longest wait that a server may ask for, or Meta
	// advise, without the wait for other calls. Default 60 s. With less than 1 s, a 429 that does not say how
	// long to wait is not retried.
	MaxRetryAfter time.Duration
	// AttemptTimeout limits one attempt, response included. Default 35 s,
	// which is more than the 30 s for which Kirim keeps a request waiting
	// for another one with the same key. The call as a whole is limited by
	// its context alone.
	AttemptTimeout time.Duration
	// WithoutInternalErrorRetry leaves a 500 to a PUT, a PATCH or a POST with a
	// key as it is. GET, HEAD and DELETE are still retried.
	WithoutInternalErrorRetry bool
	// RepeatInternalErrors has no effect: a POST with a key is repeated after a
	// 500.
	//
	// Deprecated: set WithoutInternalErrorRetry for the opposite.
	RepeatInternalErrors bool
	// WithoutQuota turns the retry budget off.
	WithoutQuota bool
}

// DefaultRetryPolicy returns 3 retries, waits up to 500 ms, 1 s and 2 s (at
// most 8 s), at most 60 s when the server asks for it, and 35 s for each
// attempt.
func DefaultRetryPolicy() RetryPolicy {
	p, _ := RetryPolicy{MaxRetries: 3}.complete()
	return p
}

// complete checks the policy and sets what it leaves to the defaults.
func (p RetryPolicy) complete() (RetryPolicy, error) {
	if p.MaxRetries < 0 {
		return p, fmt.Errorf("MaxRetries is %d, less than 0", p.MaxRetries)
	}
	for _, d := range []struct {
		name     string
		value    *time.Duration
		standard time.Duration
	}{
		{"MinDelay", &p.MinDelay, 500 * time.Millisecond},
		{"MaxDelay", &p.MaxDelay, max(8*time.Second, p.MinDelay)},
		{"MaxRetryAfter", &p.MaxRetryAfter, time.Minute},
		{"AttemptTimeout", &p.AttemptTimeout, 35 * time.Second},
	} {
		if *d.value < 0 {
			return p, fmt.Errorf("%s is %v, less than 0", d.name, *d.value)
		}
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if p.MinDelay > p.MaxDelay {
		return p, fmt.Errorf("MinDelay %v is more than MaxDelay %v", p.MinDelay, p.MaxDelay)
	}
	return p, nil
}

// operation is a column of the table.
type operation int

const (
	read    operation = iota // GET, HEAD
	remove                   // DELETE
	replace                  // PUT, PATCH: here they set absolute values
	keyed                    // POST with a key that the server honours
	unkeyed                  // POST without
)

func operationOf(method, key string) operation {
	switch {
	case method == http.MethodGet || method == http.MethodHead:
		return read
	case method == http.MethodDelete:
		return remove
	case method == http.MethodPut || method == http.MethodPatch:
		return replace
	case key != "":
		return keyed
	}
	return unkeyed
}

// outcome is a row of the table.
type outcome int

const (
	success       outcome = iota
	notSent               // the request demonstrably never left
	misconfigured         // certificate, TLS configuration, refused by a proxy
	lost                  // reset, EOF, timeout, body cut short
	requestTimeout
	inProgress
	throttled
	internalError
	gatewayError
	unavailable
	refused // any other response
)

var attemptOutcomes = [...]AttemptOutcome{
	success: AttemptSucceeded, notSent: AttemptNotSent, misconfigured: AttemptMisconfigured, lost: AttemptNoResponse,
	requestTimeout: AttemptRequestTimeout, inProgress: AttemptInProgress, throttled: AttemptRateLimited,
	internalError: AttemptInternalError, gatewayError: AttemptBadGateway, unavailable: AttemptUnavailable, refused: AttemptRefused,
}

// verdict is a cell of the table.
type verdict int

const (
	stop verdict = iota
	again
	unlessOff    // by RetryPolicy.WithoutInternalErrorRetry
	ifRetryAfter // when the response has one
)

var verdicts = [...][5]verdict{
	//               read   remove replace keyed unkeyed
	notSent:        {again, again, again, again, again},
	misconfigured:  {stop, stop, stop, stop, stop},
	lost:           {again, again, again, again, stop},
	requestTimeout: {again, again, again, again, stop},
	inProgress:     {stop, stop, stop, again, stop},
	throttled:      {again, again, again, again, again},
	internalError:  {again, again, unlessOff, unlessOff, stop},
	gatewayError:   {again, again, again, again, stop},
	unavailable:    {again, again, again, again, ifRetryAfter},
	refused:        {stop, stop, stop, stop, stop},
}

// outcomeOf finds the row for a response that is an error. What a code says
// counts more than the status, which Meta's errors are known to have wrong: its
// throttling comes as 400, and as 500 through others.
func outcomeOf(e *Error) outcome {
	told := e.kindIsTold()
	switch {
	case e.StatusCode == http.StatusRequestTimeout: // whatever gave up waiting does not know how it ended
		return requestTimeout
	case e.Kind == KindSuspended && e.MetaCode == metaSpamRate: // it ends by itself
		return throttled
	case e.refusedByCode(), e.Kind == KindInvalidResponse:
		return refused
	case told && e.Kind == KindRateLimited:
		return throttled
	case told && e.Kind == KindIdempotencyInProgress:
		return inProgress
	}
	switch e.StatusCode {
	case http.StatusTooManyRequests:
		return throttled
	case http.StatusInternalServerError:
		return internalError
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return gatewayError
	case http.StatusServiceUnavailable:
		return unavailable
	}
	if told && e.failed() && e.StatusCode < 500 {
		return internalError
	}
	return refused
}

// mayRepeat looks an outcome up in the table. answer is nil when there was
// none.
func (p *RetryPolicy) mayRepeat(row outcome, column operation, answer *Error) bool {
	switch {
	case answer == nil:
	case answer.StatusCode >= 500 && replayed(answer.Header):
		return false
	case row == throttled && column == unkeyed && answer.metaIsGuessed():
		return false // a number in a text does not prove that nothing was sent
	}
	switch verdicts[row][column] {
	case again:
		return true
	case unlessOff:
		return !p.WithoutInternalErrorRetry
	case ifRetryAfter:
		return answer.retryAfterKnown
	default:
		return false
	}
}

// leastThrottled is the least wait after a response that says to go slower, and
// not for how long.
const leastThrottled = time.Second

// delay returns how long to wait before the n-th retry, counted from 0.
func (p *RetryPolicy) delay(n int, row outcome) time.Duration {
	limit := p.MaxDelay
	if n < 62 && p.MinDelay <= p.MaxDelay>>n {
		limit = p.MinDelay << n
	}
	if row == throttled {
		return leastThrottled + jitter(limit)
	}
	return jitter(limit)
}

// failureOf finds the row for an attempt without a complete response, and whether
// the request may have been sent. Proof that it was not must be positive.
// neverConnected is such proof. Without a report of either, from a transport of
// the caller's that is silent about what it does, an error that only comes
// before a connection is usable is one too. After a connection was had, nothing
// is: the error may be of a second host that the transport tried.
func failureOf(err error, neverConnected, connected bool) (row outcome, sent bool) {
	var (
		certificate  *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		noRoots      x509.SystemRootsError
		record       tls.RecordHeaderError
		proxy        *proxyRefusedError
		redirect     *redirectRefusedError
		resolution   *net.DNSError
		operation    *net.OpError
		isConnection = errors.As(err, &operation)
	)
	switch {
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &hostname),
		errors.As(err, &invalid), errors.As(err, &noRoots), errors.As(err, &proxy):
		return misconfigured, connected
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch),
		isConnection && (operation.Op == "remote error" || operation.Op == "local error"):
		// No TLS, or an alert. They come during the handshake, but also after the
		// request was written: when a TLS terminator dies, and with TLS 1.3 as the
		// verdict on a client certificate.
		return misconfigured, !neverConnected
	case errors.As(err, &redirect):
		return refused, true
	case neverConnected,
		!connected && isConnection && (operation.Op == "dial" || operation.Op == "proxyconnect"),
		!connected && errors.As(err, &resolution):
		return notSent, false
	}
	return lost, true
}

// contextError returns why ctx ended, such that it matches both ctx.Err and
// the cause that it was cancelled with; nil while it has not ended.
func contextError(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}
