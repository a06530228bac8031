package kirim

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// CallObserver observes the calls of a client, for traces, metrics and logs; see
// [WithCallObserver]. Each function is optional. They run in the goroutine of the call,
// which waits for them, and must be safe for concurrent use.
//
//	kirim.CallObserver{
//		Begin: func(ctx context.Context, call kirim.CallInfo) context.Context {
//			return context.WithValue(ctx, beganKey{}, time.Now())
//		},
//		End: func(ctx context.Context, end kirim.CallEnd) {
//			log.Println(end.Method, end.Route, time.Since(ctx.Value(beganKey{}).(time.Time)), end.Err)
//		},
//	}
//
// A panic of an observer is logged with the client's logger, or [slog.Default], and the call
// goes on without what the function would have done: a fault of the observer does not lose
// the outcome of a message.
type CallObserver struct {
	// Begin is called when a call begins, before the rate limiter is asked. The context
	// that it returns is that of all the call does, and that which the other functions of
	// the observer get. It must be derived from ctx; nil stands for ctx.
	Begin func(ctx context.Context, call CallInfo) context.Context
	// Attempt is called when the outcome of an attempt, and whether it is retried, is
	// known.
	Attempt func(ctx context.Context, attempt CallAttempt)
	// End is called once for each Begin, with what the call returns.
	End func(ctx context.Context, end CallEnd)
	// Transport returns what carries out the attempts in place of next, by which it
	// sends them, such as one that makes a span of each HTTP request. It is called by
	// [NewClient]. The transport must send a request once, with its context or one
	// derived from it, and must not retry; it also gets the downloads of files, which
	// are no calls.
	Transport func(next http.RoundTripper) http.RoundTripper
}

// CallInfo says which call it is. Its values are the same for all recipients and ids, so
// that they can be attributes of a metric.
type CallInfo struct {
	Method string // of HTTP
	// Route is the path, such as "/{id}/messages". {id} stands for each segment but the
	// words of the APIs that this module knows.
	Route  string
	Server string // host of the base URL, with its port if it has one
}

// CallAttempt is one attempt of a call.
type CallAttempt struct {
	CallInfo
	Number      int            // from 1
	Outcome     AttemptOutcome // a row of the table at [RetryPolicy]
	LimiterWait time.Duration  // in the [Limiter], before Duration
	Duration    time.Duration  // from the request to the end of the body of its response
	StatusCode  int            // 0 when there was no response
	RequestID   string         // of the response; as the server wrote it
	Replayed    bool           // the server replayed a stored response
	RateClass   RateClass      // of the method
	RateLimit   RateLimit      // zero when the response did not say
	// Err is nil for a success, an [*Error] for a response that is an error, and
	// otherwise why there was no complete response.
	Err   error
	Retry bool          // another attempt follows
	Wait  time.Duration // before that attempt
}

// CallEnd is how a call ended.
type CallEnd struct {
	CallInfo
	Response               // as [WithResponse] gives it; zero when nothing was sent
	Duration time.Duration // of the whole call, waits included
	// Err is what the call returns. It is a [*ValidationError] when nothing was sent
	// because of what the caller gave. [MaybeSent] says whether a message may have been sent.
	Err error
}

// AttemptOutcome is a row of the table at [RetryPolicy], as a word.
type AttemptOutcome string

// The outcomes of an attempt.
const (
	AttemptSucceeded      AttemptOutcome = "success"
	AttemptNotSent        AttemptOutcome = "not_sent"        // no connection: the request never left
	AttemptMisconfigured  AttemptOutcome = "misconfigured"   // certificate, TLS, refused by a proxy
	AttemptNoResponse     AttemptOutcome = "no_response"     // reset, end of file, timeout, body cut short
	AttemptRequestTimeout AttemptOutcome = "request_timeout" // 408
	AttemptInProgress     AttemptOutcome = "in_progress"     // the server is at work on a request with the key
	AttemptRateLimited    AttemptOutcome = "rate_limited"    // 429, and codes that mean it
	AttemptInternalError  AttemptOutcome = "internal_error"  // 500
	AttemptBadGateway     AttemptOutcome = "bad_gateway"     // 502, 504
	AttemptUnavailable    AttemptOutcome = "unavailable"     // 503
	AttemptRefused        AttemptOutcome = "refused"         // any other response
)

// callObservers are those of a client, in their order.
type callObservers struct {
	list   []CallObserver
	logger *slog.Logger // of what the client logs
	server string
}

// observedCall is what the observers know of a call while it runs.
type observedCall struct {
	*callObservers
	contexts observation
	info     CallInfo
	began    time.Time

	limiterWait  time.Duration // before the last attempt
	attemptBegan time.Time     // likewise
}

// begin returns the context of a call, and nil when there is nobody to tell of it.
func (o *callObservers) begin(ctx context.Context, method, path string) (context.Context, *observedCall) {
	if o == nil {
		return ctx, nil
	}
	c := &observedCall{callObservers: o, info: CallInfo{Method: method, Route: routeOf(path), Server: o.server}, began: time.Now()}
	ctx, c.contexts = beginObservation(ctx, o.logger, o.list, func(o *CallObserver) func(context.Context, CallInfo) context.Context { return o.Begin }, c.info)
	return ctx, c
}

// attempted tells of an attempt.
func (c *observedCall) attempted(attempt CallAttempt) {
	attempt.CallInfo = c.info
	tellObservers(c.contexts, c.logger, c.list, func(o *CallObserver) func(context.Context, CallAttempt) { return o.Attempt }, attempt)
}

// end tells how a call ended.
func (c *observedCall) end(response Response, err error) {
	end := CallEnd{CallInfo: c.info, Response: response, Duration: time.Since(c.began), Err: err}
	tellObservers(c.contexts, c.logger, c.list, func(o *CallObserver) func(context.Context, CallEnd) { return o.End }, end)
}
