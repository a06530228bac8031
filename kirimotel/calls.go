package kirimotel

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
)

// CallObserver returns what [WithTelemetry] gives to the client, for a program that combines it
// with others.
func CallObserver(opts ...Option) kirim.CallObserver {
	t := &clientTelemetry{telemetry: newTelemetry(opts)}
	t.callDuration, t.limiterWait = t.histogram(callDuration), t.histogram(limiterWait)
	t.attempts, t.retries, t.inDoubt = t.counter(attempts), t.counter(retries), t.counter(inDoubt)
	t.rateLimited, t.quotaRefusals = t.counter(rateLimited), t.counter(quotaRefusals)
	t.remaining, t.available = t.gauge(tokensRemaining), t.floatGauge(limitAvailable)
	t.routes.init(&t.telemetry, t.zero)
	return kirim.CallObserver{Begin: t.begin, Attempt: t.attempt, End: t.end, Transport: t.transport}
}

type clientTelemetry struct {
	telemetry
	routes routes

	callDuration, limiterWait                              metric.Float64Histogram
	attempts, retries, inDoubt, rateLimited, quotaRefusals metric.Int64Counter
	remaining                                              metric.Int64Gauge
	available                                              metric.Float64Gauge
}

// zero begins the counters of what is rare.
func (t *clientTelemetry) zero(s *server) {
	t.inDoubt.Add(unsampled, 0, s.all.add...)
	t.quotaRefusals.Add(unsampled, 0, s.all.add...)
	for _, class := range s.classes {
		t.rateLimited.Add(unsampled, 0, class.add...)
	}
}

// call is a call while it runs. It is the context of the call, which saves an allocation.
type call struct {
	context.Context //nolint:containedctx // with the span
	t               *clientTelemetry
	route           *route
	parent, span    trace.Span
	requests        atomic.Int64

	limiterWait, retryWait time.Duration
	last                   kirim.AttemptOutcome
}

// Value gives the call to the observer that it belongs to, and to any other by anyCall.
func (c *call) Value(key any) any {
	switch key := key.(type) {
	case *clientTelemetry:
		if key == c.t {
			return c
		}
	case anyCall:
		return c
	}
	return c.Context.Value(key)
}

type anyCall struct{}

// callOf returns the call of a context; nil when it has none.
func (t *clientTelemetry) callOf(ctx context.Context) *call {
	if c, ok := ctx.(*call); ok && c.t == t {
		return c
	}
	c, _ := ctx.Value(t).(*call)
	return c
}

var internal = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindInternal)}

func (t *clientTelemetry) begin(ctx context.Context, info kirim.CallInfo) context.Context {
	c := &call{t: t, route: t.routes.get(info), parent: trace.SpanFromContext(ctx)}
	if another, ok := ctx.Value(anyCall{}).(*call); ok && sameSpan(another.span, c.parent) && !t.same(&another.t.telemetry) {
		c.parent = another.parent // the span of the same call goes elsewhere
		ctx = trace.ContextWithSpan(ctx, c.parent)
	}
	c.Context, c.span = t.tracer.Start(ctx, c.route.name, internal...)
	return c
}

// unsampled is the context of measurements of which no exemplar is worth its cost: that of
// the duration of a call leads to its trace.
var unsampled = context.Background()

func (t *clientTelemetry) attempt(ctx context.Context, a kirim.CallAttempt) {
	if c := t.callOf(ctx); c != nil {
		c.attempted(a) //nolint:contextcheck // without exemplars
	}
}

func (c *call) attempted(a kirim.CallAttempt) {
	t := c.t
	c.last = a.Outcome
	c.limiterWait += a.LimiterWait
	of, class := c.route.attempts[a.Outcome], c.route.classes[a.RateClass]
	t.attempts.Add(unsampled, 1, of.add...)
	if a.LimiterWait > 0 {
		t.limiterWait.Record(unsampled, a.LimiterWait.Seconds(), class.record...)
	}
	if a.Outcome == kirim.AttemptRateLimited {
		t.rateLimited.Add(unsampled, 1, class.add...)
	}
	if limit := a.RateLimit; limit.Known() {
		t.available.Record(unsampled, float64(limit.Remaining)/float64(limit.Limit), class.record...)
		if !limit.Percent {
			t.remaining.Record(unsampled, int64(limit.Remaining), class.record...)
		}
	}
	if !a.Retry {
		return
	}
	c.retryWait += a.Wait
	t.retries.Add(unsampled, 1, of.add...)
	if c.span.IsRecording() {
		attributes := []attribute.KeyValue{
			attribute.String(keyAttemptOutcome, string(a.Outcome)), attribute.Int(keyAttempt, a.Number), attribute.Float64(keyWait, a.Wait.Seconds()),
		}
		if a.StatusCode != 0 {
			attributes = append(attributes, attribute.Int(keyStatusCode, a.StatusCode))
		}
		c.span.AddEvent(retryEvent, trace.WithAttributes(attributes...))
	}
}

const retryEvent = "kirim.retry"

func (t *clientTelemetry) end(ctx context.Context, end kirim.CallEnd) {
	c := t.callOf(ctx)
	if c == nil {
		return
	}
	maybeSent := kirim.MaybeSent(end.Err)
	how := c.ending(end.Err, maybeSent)
	of := c.route.ends.get(how)
	t.callDuration.Record(ctx, end.Duration.Seconds(), of.record...)
	if maybeSent {
		t.inDoubt.Add(ctx, 1, c.route.all.add...) // rare, and worth an exemplar
	}
	if errors.Is(end.Err, kirim.ErrRetryQuotaExceeded) {
		t.quotaRefusals.Add(ctx, 1, c.route.all.add...)
	}
	if c.span.IsRecording() {
		c.describe(&end, how, maybeSent)
	}
	c.span.End()
}

// describe sets all attributes of the span at once, which is cheaper than some at its beginning and
// some at its end. The name alone has what a sampler may want to know.
func (c *call) describe(end *kirim.CallEnd, how ending, maybeSent bool) {
	size := 4 // of a call that succeeds at once
	if end.Err != nil || end.Attempts > 1 || c.limiterWait > 0 {
		size = 12
	}
	attributes := make([]attribute.KeyValue, 0, len(c.route.base)+size)
	attributes = append(append(attributes, c.route.base...), attribute.String(keyCallOutcome, how.outcome), attribute.Int(keyAttempts, end.Attempts))
	if end.StatusCode != 0 {
		attributes = append(attributes, attribute.Int(keyStatusCode, end.StatusCode))
	}
	if id := end.RequestID; isID(id) {
		attributes = append(attributes, attribute.String(keyRequestID, id))
	}
	if c.limiterWait > 0 {
		attributes = append(attributes, attribute.Float64(keyLimiterWait, c.limiterWait.Seconds()))
	}
	if c.retryWait > 0 {
		attributes = append(attributes, attribute.Float64(keyRetryWait, c.retryWait.Seconds()))
	}
	if end.Replayed {
		attributes = append(attributes, attribute.Bool(keyReplayed, true))
	}
	if end.Err == nil {
		c.span.SetAttributes(attributes...)
		return
	}
	attributes = append(attributes, attribute.String(keyErrorType, how.errorType), attribute.Bool(keyMaybeSent, maybeSent))
	if e := (*kirim.Error)(nil); errors.As(end.Err, &e) && e != nil {
		attributes = append(attributes, attribute.String(keyErrorKind, known(isKind, e.Kind)))
		number := strconv.Itoa(e.MetaCode)
		if code := string(e.Code); code != "" && code != number {
			attributes = append(attributes, attribute.String(keyErrorCode, known(isCode, e.Code)))
		}
		if e.MetaCode > 0 && (e.MetaCode < longestMetaCode || slices.Contains(longMetaCodes, e.MetaCode)) {
			attributes = append(attributes, attribute.Int(keyMetaCode, e.MetaCode))
		}
	}
	c.span.SetAttributes(attributes...)
	c.span.SetStatus(codes.Error, how.errorType)
}

// longestMetaCode is above most codes of Meta's. A longer one that is not in longMetaCodes may be
// anything, such as a phone number.
const longestMetaCode = 1_000_000

// ending says how a call ended, by the last thing that it met.
func (c *call) ending(err error, maybeSent bool) ending {
	if err == nil {
		return ending{outcome: outcomeSuccess}
	}
	end := ending{outcome: outcomeFailed, errorType: other}
	var lost *kirim.TransportError
	var refusal *kirim.Error
	var invalid *kirim.ValidationError
	switch {
	case errors.As(err, &lost) && lost != nil:
		end.errorType = c.failure(err, lost)
		if end.errorType == errorCanceled || end.errorType == errorDeadline {
			end.outcome = outcomeCanceled
		}
	case errors.As(err, &refusal) && refusal != nil:
		end = ending{outcomeRefused, known(isKind, refusal.Kind)}
	case errors.As(err, &invalid) && invalid != nil:
		end = ending{outcomeInvalid, errorValidation}
	}
	if maybeSent {
		end.outcome = outcomeInDoubt
	}
	return end
}

// failure is the error.type of a call without a complete response.
func (c *call) failure(err error, lost *kirim.TransportError) string {
	switch {
	case errors.Is(err, context.Canceled):
		return errorCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return errorDeadline
	case lost.Attempts == 0:
		return errorLimiter
	case errors.Is(lost.Err, os.ErrDeadlineExceeded):
		return errorTimeout
	case c.last == "":
		return other
	}
	return string(c.last)
}

// isID reports whether a server's id of a request looks like one, and not like a phone number or
// a text.
func isID(s string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/"
	return s != "" && len(s) <= 100 && strings.Trim(s, plain) == "" && strings.Trim(s, "0123456789-._:/") != ""
}

var isKind, isCode = setOf(kinds), setOf(slices.Concat(errorCodes, gatewayCodes))

func setOf[T comparable](words []T) map[T]bool {
	set := make(map[T]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// known returns a word of an open set, if it is one that this package knows.
func known[T ~string](set map[T]bool, word T) string {
	if set[word] {
		return string(word)
	}
	return other
}
