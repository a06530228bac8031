package kirim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	maxBody      = 8 << 20  // of a 2xx answer
	maxErrorBody = 64 << 10 // of any other; what is longer is cut
)

const redactedKey = "[redacted]"

// minSecret is the length from which a key is looked for in answers. Shorter
// ones, which only tests have, also occur in ordinary words.
const minSecret = 8

// call is one logical call: all its attempts, and what they brought.
//
// go-retryablehttp runs the loop: it makes the call and sleeps. Each attempt
// begins in begin and is judged in check, which is its only authority: the
// library's own limits are out of reach, and its policies, its logger and its
// final error are not used. check also reads the body, so that the decision
// can depend on it, the connection can be used again, and nothing is left
// open on any path.
type call struct {
	client    *core
	settings  requestSettings
	operation operation
	method    string
	path      string
	key       string
	url       url.URL
	headers   http.Header     // of the request
	payload   []byte          // likewise; nil for none
	out       any             // where the answer goes; nil for nowhere
	ctx       context.Context //nolint:containedctx // the caller's; the value lives as long as the call
	request   retryablehttp.Request
	attempt   *attempt // the last one
	first     attempt
	keyHeader [1]string

	attempts  int
	began     time.Time     // of the last attempt; kept only for the log
	waiting   bool          // between two attempts
	wait      time.Duration // before the next attempt
	cost      int           // taken from the quota for the last repeat
	ambiguous bool          // an attempt may have been carried out

	status  int         // of the last attempt's answer; 0 for none
	header  http.Header // likewise
	body    []byte      // of a 2xx answer
	answer  *Error      // the last answer that was an error, of any attempt
	failure error       // why the last attempt brought no complete answer
	row     outcome     // of the last attempt
	stopped string      // why it was not repeated, when that is not plain
	cause   error       // likewise, as an error to match
	limited error       // from the limiter
}

// run makes the attempts and returns the error of the last one.
func (c *call) run(ctx context.Context) error {
	c.ctx = ctx
	if err := contextError(ctx); err != nil {
		return c.neverSent(err)
	}
	if err := c.waitForLimiter(); err != nil {
		return c.neverSent(fmt.Errorf("waiting for the limiter: %w", err))
	}
	engine := c.client.engines.Get().(*engine)
	engine.call, engine.HTTPClient = c, c.client.http
	// What the engine returns is known already, from check: the body of its
	// response has been read and closed there.
	_, _ = engine.Do(&c.request) //nolint:bodyclose // closed in check, on every path
	engine.call = nil
	c.client.engines.Put(engine)
	if c.waiting {
		return c.endedWhileWaiting()
	}
	return c.result()
}

// engine is go-retryablehttp's client. A call has one for itself, but does
// not make it: its hooks are closures, and would be half of what a call
// allocates on top of net/http.
type engine struct {
	retryablehttp.Client
	call *call // for which it works now
}

func newEngine() any {
	e := &engine{}
	e.RetryMax = math.MaxInt32
	e.RequestLogHook = func(retryablehttp.Logger, *http.Request, int) { e.call.begin() }
	e.CheckRetry = func(_ context.Context, resp *http.Response, err error) (bool, error) {
		return e.call.check(resp, err), nil
	}
	e.Backoff = func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return e.call.wait }
	e.PrepareRetry = func(*http.Request) error { return e.call.waitForLimiter() }
	e.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return e
}

// check records what an attempt brought and decides whether to repeat.
func (c *call) check(resp *http.Response, err error) (again bool) {
	c.attempts++
	c.record(resp, err)
	c.observe()
	c.waiting = c.shouldRepeat()
	c.end()
	c.log()
	return c.waiting
}

func (c *call) record(resp *http.Response, err error) {
	c.status, c.header, c.body, c.failure = 0, nil, nil, nil
	// What a transport sent again was a request without a key only where nothing
	// of it had been written.
	resent := c.attempt.resends.Load() > 0 && c.operation != unkeyed
	c.ambiguous = c.ambiguous || resent && c.operation != read
	if err != nil {
		c.recordFailure(err)
		return
	}
	c.status, c.header = resp.StatusCode, redacted(resp.Header, c.client.apiKey)
	if c.status >= 200 && c.status <= 299 {
		var tooLarge bool
		c.body, tooLarge, err = readRedacted(resp, maxBody, c.client.apiKey)
		switch {
		case err != nil:
			c.recordFailure(fmt.Errorf("the answer was cut short: %w", err))
			return
		case tooLarge:
			c.judge(c.newInvalidResponse("the body is larger than 8 MiB", nil))
		default:
			c.judge(c.decodeResult())
		}
	} else {
		c.recordError(resp)
	}
}

// observe passes on what the attempt taught about the rate limit. The
// limiter counts what is under way, so it hears of every attempt.
func (c *call) observe() {
	limit, class := c.rateLimit(), c.rateClass()
	if limit.Known() {
		c.client.limits.of(class).store(limit)
	}
	if limiter := c.client.limiter; limiter != nil {
		limiter.Observe(class, limit)
	}
}

func (c *call) recordFailure(err error) {
	err = c.explain(err)
	// The text of url.Error has the query in it.
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		err = outer.Err
	}
	sent := true
	if c.row = lost; c.status == 0 {
		c.row, sent = failureOf(err, c.attempt.neverConnected(), c.attempt.connected.Load())
	}
	c.ambiguous = c.ambiguous || sent
	c.failure = c.withEnd(withoutServerText(err, c.client.apiKey))
}

// withEnd returns err such that it matches how the context ended, if it did.
func (c *call) withEnd(err error) error {
	if err != nil && c.ctx.Err() != nil {
		for _, ended := range []error{context.Cause(c.ctx), c.ctx.Err()} {
			if !errors.Is(err, ended) {
				err = fmt.Errorf("%w: %w", ended, err)
			}
		}
	}
	return err
}

func (c *call) recordError(resp *http.Response) {
	// A body that breaks off still goes with a status.
	body, _, brokeOff := readRedacted(resp, maxErrorBody, c.client.apiKey)
	e := c.decodeError(body)
	e.StatusCode = c.status
	if c.status == http.StatusNotFound && c.client.decode == nil && !versioned(c.client.base.Path) {
		e.detail = "the base URL has no version such as the /v1 of " + DefaultBaseURL
	}
	if e.Header == nil {
		e.Header = c.header
	}
	if e.Body == nil {
		e.Body = body
	}
	c.judge(e)
	if ended := contextError(c.ctx); ended != nil && (brokeOff != nil || c.client.policy.mayRepeat(c.row, c.operation, e)) {
		c.stop(ended.Error(), ended)
	}
}

// judge finds the row for an answer: e is the error that it is, nil for none.
func (c *call) judge(e *Error) {
	if e == nil {
		c.row = success
		return
	}
	e.Method, e.Path = c.method, c.path
	e.IdempotencyKey, e.Attempts = c.key, c.attempts
	e.complete()
	e.redact(c.client.apiKey)
	c.row, c.answer = outcomeOf(e), e
	e.ambiguous = c.ambiguous
	c.ambiguous = e.maybeSent()
}

// shouldRepeat decides whether to repeat, and sets wait when so.
func (c *call) shouldRepeat() bool {
	var answer *Error
	if c.failure == nil && c.row != success {
		answer = c.answer
	}
	policy := &c.client.policy
	if c.row == success || c.ctx.Err() != nil || !policy.mayRepeat(c.row, c.operation, answer) {
		if answer != nil && answer.StatusCode >= 500 && replayed(answer.Header) {
			c.stopped = "the server has stored this answer under the key"
		}
		c.settle(answer)
		return false
	}
	switch {
	case c.settings.noRetry:
		return c.stop("retries are off for this call", nil)
	case policy.MaxRetries == 0:
		return c.stop("the policy has no retries", nil)
	case c.attempts > policy.MaxRetries:
		return c.stop("the retries are used up", nil)
	}
	var asked time.Duration
	who := "the server asks for"
	if answer != nil {
		if asked = answer.RetryAfter; asked > 0 && !answer.retryAfterKnown {
			who = "meta advises"
		}
	}
	least := asked
	if asked == 0 && c.row == throttled {
		least, who = leastThrottled, "too many requests need"
	}
	if least > policy.MaxRetryAfter {
		answer.RetryAfter = least
		return c.stop(fmt.Sprintf("the wait of %v that %s is more than %v", least, who, policy.MaxRetryAfter), nil)
	}
	c.wait = policy.delay(c.attempts-1, asked, c.row)
	if deadline, ok := c.ctx.Deadline(); ok && time.Until(deadline) <= c.wait {
		why := "a wait"
		if least > 0 {
			answer.RetryAfter = least
			why = fmt.Sprintf("the wait of %v that %s", least, who)
		}
		return c.stop(why+" would pass the deadline", nil)
	}
	c.cost = quotaCost
	if c.row == throttled {
		c.cost = quotaCostThrottled
	}
	if !c.client.quota.take(c.cost) {
		c.cost = 0
		return c.stop("the client's retry quota is used up", ErrRetryQuotaExceeded)
	}
	return true
}

func (c *call) stop(why string, cause error) bool {
	c.stopped, c.cause = why, cause
	return false
}

// settle gives to the quota when the server has shown that it works.
func (c *call) settle(answer *Error) {
	if c.row != success && (answer == nil || answer.StatusCode >= 500 && c.row != throttled && !answer.refusedByCode()) {
		return
	}
	if c.attempts == 1 {
		c.client.quota.give(quotaReward)
	} else {
		c.client.quota.give(c.cost)
	}
}

// waitForLimiter remembers what the limiter says: the engine does not return
// it as it is.
func (c *call) waitForLimiter() error {
	if limiter := c.client.limiter; limiter != nil {
		c.limited = c.withEnd(limiter.Wait(c.ctx, c.rateClass()))
	}
	return c.limited
}

// result is the error of the last attempt, nil when it brought a 2xx answer.
func (c *call) result() error {
	if c.failure != nil {
		return &TransportError{
			Method: c.method, Path: c.path, IdempotencyKey: c.key, Attempts: c.attempts,
			StatusCode: c.status, Err: c.failure, Last: c.answer,
			maybeSent: c.ambiguous && c.operation != read,
			permanent: c.row == misconfigured || c.row == refused,
			stopped:   c.stopped, cause: c.cause,
		}
	}
	if c.row == success {
		return nil
	}
	c.answer.stopped, c.answer.cause = c.stopped, c.cause
	return c.answer
}

// endedWhileWaiting is the error when the context, or the limiter, ended the
// call between two attempts. It matches that error and the last answer.
func (c *call) endedWhileWaiting() error {
	err := contextError(c.ctx)
	if c.limited != nil && !errors.Is(c.limited, err) {
		err = c.limited
	}
	c.stopped, c.cause = fmt.Sprintf("%v while waiting", err), err
	return c.result()
}

func (c *call) neverSent(err error) error {
	return &TransportError{Method: c.method, Path: c.path, IdempotencyKey: c.key, Err: err}
}

func (c *call) rateClass() RateClass {
	if c.operation == read {
		return RateRead
	}
	return RateWrite
}

func (c *call) rateLimit() RateLimit {
	r := rateLimitOf(c.header)
	if c.failure == nil && c.row != success {
		if c.answer.retryAfterKnown {
			r.Wait = c.answer.RetryAfter
		}
		// What Meta limits, such as messages to one recipient, is no bucket of
		// the server's.
		r.Exceeded = c.row == throttled && (c.answer.MetaCode == 0 || c.status == http.StatusTooManyRequests && c.answer.MetaCode != metaPairRate)
	}
	return r
}

// response is what the caller asked for with WithResponse.
func (c *call) response() Response {
	return Response{
		StatusCode:     c.status,
		Header:         c.header,
		RequestID:      c.header.Get("X-Request-Id"),
		RateLimit:      c.rateLimit(),
		Replayed:       replayed(c.header),
		IdempotencyKey: c.key,
		Attempts:       c.attempts,
	}
}

func (c *call) log() {
	logger, again := c.client.logger, c.waiting
	level, message := slog.LevelDebug, "kirim: attempt"
	if again {
		level, message = slog.LevelInfo, "kirim: attempt failed, repeating"
	}
	if logger == nil || !logger.Enabled(c.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", c.method),
		slog.String("route", routeOf(c.path)),
		slog.Int("attempt", c.attempts),
		slog.Duration("duration", time.Since(c.began)),
	}
	if c.status != 0 {
		attrs = append(attrs, slog.Int("status", c.status), slog.String("request_id", printable(c.header.Get("X-Request-Id"))))
	} else {
		attrs = append(attrs, slog.String("outcome", "no answer"))
	}
	if c.row != success && c.failure == nil {
		attrs = append(attrs, slog.String("kind", string(c.answer.Kind)))
	}
	if again {
		attrs = append(attrs, slog.Duration("wait", c.wait))
	}
	logger.LogAttrs(c.ctx, level, message, attrs...)
}

// readBounded reads and closes a body. What goes beyond limit is left
// unread, which costs the connection but not the memory.
func readBounded(resp *http.Response, limit int) (body []byte, cut bool, err error) {
	defer func() {
		resp.Body.Close()
		resp.Body = http.NoBody
	}()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, false, nil // the body is the connection itself, of which no context ends the reading
	}
	// Room for what the answer says that it has and one more, which tells its
	// end or that it goes on; but not for any length that it may say.
	const most = 64 << 10
	size := resp.ContentLength
	if size < 0 || size > most {
		size = 512
	}
	body = make([]byte, 0, size+1)
	for len(body) <= limit {
		n, err := resp.Body.Read(body[len(body):min(cap(body), limit+1)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, false, nil
		case err != nil:
			return body, false, err
		case len(body) == cap(body):
			body = slices.Grow(body, min(len(body), limit+1-len(body)))
		}
	}
	return body[:limit:limit], true, nil
}
