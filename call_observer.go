package kirim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
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
	// that it returns is that of all the call does, and of the other functions. It must
	// be derived from ctx; nil stands for ctx.
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
	// Route is the path with {id} in place of each segment that is no word of an API
	// that this module knows, such as "/{id}/messages".
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
	// because of what the caller gave. [MaybeSent] says whether a message may be out.
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

var attemptOutcomes = [...]AttemptOutcome{
	success: AttemptSucceeded, notSent: AttemptNotSent, misconfigured: AttemptMisconfigured, lost: AttemptNoResponse,
	requestTimeout: AttemptRequestTimeout, inProgress: AttemptInProgress, throttled: AttemptRateLimited,
	internalError: AttemptInternalError, gatewayError: AttemptBadGateway, unavailable: AttemptUnavailable, refused: AttemptRefused,
}

// WithCallObserver adds an observer of the client's calls. Observers add up: their Begin
// functions are called in the order of the options, each with the context of the one
// before, Attempt and End in the reverse order, and the Transport of the first is the
// outermost. The default is none, which costs nothing.
//
// A call is what one method does, with all its attempts; [MessagesService.SendOrTemplate]
// is two when it sends the template after the message, and a list that is read page by page is
// one for each page. A message that [MessagesService] refuses before anything is sent
// is observed as a call without attempts. Calls on a zero client, with a nil context or with an option
// that is wrong are not observed, and neither are downloads of files.
func WithCallObserver(observer CallObserver) Option {
	return func(s *settings) error {
		if observer.Begin == nil && observer.Attempt == nil && observer.End == nil && observer.Transport == nil {
			return errors.New("kirim: WithCallObserver: the observer has no function")
		}
		s.observers = append(s.observers, observer)
		return nil
	}
}

// callObservers are those of a client, in their order.
type callObservers struct {
	list   []CallObserver
	logger *slog.Logger // of what the client logs
	server string

	redirects bool // a redirect is what the call is made for
}

// expectingRedirect are the observers of calls whose response is a redirect.
func (o *callObservers) expectingRedirect() *callObservers {
	if o == nil {
		return nil
	}
	expecting := *o
	expecting.redirects = true
	return &expecting
}

// observedCall is what the observers know of a call while it runs. A nil one is that of a
// client without observers.
type observedCall struct {
	*callObservers
	ctx   context.Context //nolint:containedctx // the context of the call
	info  CallInfo
	began time.Time
}

// begin returns nil when there is nobody to tell.
func (o *callObservers) begin(ctx context.Context, method, path string) *observedCall {
	if o == nil {
		return nil
	}
	c := &observedCall{callObservers: o, ctx: ctx, info: CallInfo{Method: method, Route: routeOf(path), Server: o.server}, began: time.Now()}
	for i := range o.list {
		if begin := o.list[i].Begin; begin != nil {
			o.guarded(ctx, func() {
				if derived := begin(c.ctx, c.info); derived != nil {
					c.ctx = derived
				}
			})
		}
	}
	return c
}

// attempted tells of the last attempt of a call.
func (c *observedCall) attempted(call *call) {
	a := CallAttempt{
		CallInfo: c.info, Number: call.attempts, Outcome: attemptOutcomes[call.row],
		LimiterWait: call.limiterWait, Duration: time.Since(call.began),
		StatusCode: call.status, RequestID: call.header.Get("X-Request-Id"), Replayed: replayed(call.header),
		RateClass: call.rateClass(), RateLimit: call.rateLimit(), Err: call.failure, Retry: call.waiting,
	}
	switch {
	case a.Err != nil || call.row == success:
	case c.redirects && call.status/100 == 3:
		a.Outcome = AttemptSucceeded
	default:
		a.Err = call.answer
	}
	if a.Retry {
		a.Wait = call.wait
	}
	for _, observer := range slices.Backward(c.list) {
		if observer.Attempt != nil {
			c.guarded(c.ctx, func() { observer.Attempt(c.ctx, a) })
		}
	}
}

// end tells how a call ended; call is nil when it never began.
func (c *observedCall) end(call *call, err error) {
	if c == nil {
		return
	}
	end := CallEnd{CallInfo: c.info, Duration: time.Since(c.began), Err: err}
	if call != nil && call.attempts > 0 {
		end.Response = call.response()
		if c.redirects && call.failure == nil && call.status/100 == 3 {
			end.Err = nil
		}
	}
	for _, observer := range slices.Backward(c.list) {
		if observer.End != nil {
			c.guarded(c.ctx, func() { observer.End(c.ctx, end) })
		}
	}
}

// guarded calls an observer, whose panic must not end the call.
func (o *callObservers) guarded(ctx context.Context, f func()) { guardObserver(ctx, o.logger, f) }

func guardObserver(ctx context.Context, logger *slog.Logger, f func()) {
	defer func() {
		if value := recover(); value != nil {
			if logger == nil {
				logger = slog.Default()
			}
			logger.LogAttrs(ctx, slog.LevelError, "kirim: an observer panicked", slog.String("type", fmt.Sprintf("%T", value)))
		}
	}()
	f()
}

// transport wraps next in the transports of the observers.
func (o *callObservers) transport(next http.RoundTripper) (http.RoundTripper, error) {
	if o == nil {
		return next, nil
	}
	for _, observer := range slices.Backward(o.list) {
		if observer.Transport == nil {
			continue
		}
		if next = observer.Transport(next); isNil(next) {
			return nil, errors.New("kirim: WithCallObserver: Transport returned nil")
		}
	}
	return next, nil
}

// attemptLog logs attempts, for [WithLogger].
func attemptLog(logger *slog.Logger) CallObserver {
	return CallObserver{Attempt: func(ctx context.Context, a CallAttempt) {
		level, message := slog.LevelDebug, "kirim: attempt"
		if a.Retry {
			level, message = slog.LevelInfo, "kirim: attempt failed, repeating"
		}
		if !logger.Enabled(ctx, level) {
			return
		}
		attrs := []slog.Attr{
			slog.String("method", a.Method),
			slog.String("route", a.Route),
			slog.Int("attempt", a.Number),
			slog.Duration("duration", a.Duration),
		}
		if a.StatusCode != 0 {
			attrs = append(attrs, slog.Int("status", a.StatusCode), slog.String("request_id", printable(a.RequestID)))
		} else {
			attrs = append(attrs, slog.String("outcome", "no answer"))
		}
		if answer, ok := a.Err.(*Error); ok { //nolint:errorlint // an attempt's is not wrapped
			attrs = append(attrs, slog.String("kind", string(answer.Kind)))
		}
		if a.Retry {
			attrs = append(attrs, slog.Duration("wait", a.Wait))
		}
		logger.LogAttrs(ctx, level, message, attrs...)
	}}
}
