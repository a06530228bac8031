package kirim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"time"
)

// call is one logical call: all its attempts, and what they brought. Its
// methods limit, setKey, begin, judge and delay are its stages; the engine goes
// through them. judge alone decides whether to retry. It also reads the body,
// so that the decision can depend on it, the connection can be used again, and
// nothing is left open on any path.
type call struct {
	client    *core
	settings  requestSettings
	operation operation
	method    string
	path      string
	key       string
	url       url.URL
	payload   []byte          // of the request; nil for none
	stream    *StreamedBody   // likewise
	out       any             // where the response goes; nil for nowhere
	ctx       context.Context //nolint:containedctx // the caller's; the value lives as long as the call
	attempt   *attempt        // the last one
	first     attempt         // in the call itself, which saves one of its 33 allocations
	keyHeader [1]string       // backs the header of the key, likewise

	attempts  int
	waiting   bool          // between two attempts
	stuck     bool          // the reader of a streamed body has not returned
	wait      time.Duration // before the next attempt
	cost      float64       // of the last retry, in the budget
	recovers  bool          // it waits, among others, until a time that the server named
	ambiguous bool          // an attempt may have been carried out

	status  int         // of the last attempt's response; 0 for none
	header  http.Header // likewise
	body    []byte      // of a 2xx response
	answer  *Error      // the last response that was an error, of any attempt
	failure error       // why the last attempt brought no complete response
	row     outcome     // of the last attempt
	stopped string      // why it was not retried, when that is not obvious
	cause   error       // likewise, as an error to match
	limited error       // from the limiter

	observed *observedCall // nil for no observers
}

// run makes the attempts, and returns and reports the error of the last one.
func (c *call) run(ctx context.Context) error {
	ctx, c.observed = c.client.observers.begin(ctx, c.method, c.path)
	c.ctx = ctx
	if ctx.Err() == nil {
		engine := c.client.engines.Get().(*engine)
		engine.run(ctx, c.client.http, c)
		c.client.engines.Put(engine)
		c.endRecovery()
	}
	err := c.ending()
	c.report(err)
	return err
}

// ending is the error of the call.
func (c *call) ending() error {
	switch {
	case c.attempts == 0 && c.limited == nil:
		return c.neverSent(contextError(c.ctx))
	case c.attempts == 0:
		return c.neverSent(fmt.Errorf("waiting for the limiter: %w", c.limited))
	case c.waiting:
		return c.endedWhileWaiting()
	}
	return c.result()
}

// report tells how the call ended to who asked for it.
func (c *call) report(err error) {
	if r := c.settings.response; r != nil {
		limit := r.RateLimit
		if c.attempts == 0 {
			limit = RateLimit{}
		}
		*r = c.response(limit)
	}
	c.tellEnd(err)
}

// limit waits until an attempt may go out, which the retry budget and the limiter
// decide, and remembers what the limiter says: the engine does not return that as it
// is.
func (c *call) limit() error {
	c.endRecovery()
	if c.attempts == 0 {
		c.client.budget.called(time.Now())
	} else if !c.client.budget.take(c.cost) {
		c.waiting = c.stopForBudget()
		return c.cause
	}
	if err := c.waitForLimiter(); err != nil {
		c.client.budget.give(c.cost)
		return err
	}
	return nil
}

func (c *call) waitForLimiter() error {
	limiter := c.client.limiter
	if limiter == nil {
		return nil
	}
	if c.observed != nil {
		began := time.Now()
		defer func() { c.observed.limiterWait = time.Since(began) }()
	}
	c.limited = c.withEnd(limiter.Wait(c.ctx, c.rateClass()))
	return c.limited
}

// setKey returns the headers of an attempt, with the key of the call. They are
// new for each: a transport or a cookie jar may add to those of the attempt
// before.
func (c *call) setKey() http.Header {
	headers := maps.Clone(c.client.header)
	switch {
	case c.payload != nil:
		headers["Content-Type"] = jsonContentType
	case c.stream != nil:
		headers["Content-Type"] = []string{cmp.Or(c.stream.ContentType, "application/octet-stream")}
	}
	if c.key != "" {
		headers["Idempotency-Key"] = c.keyHeader[:]
	}
	if scheme := c.settings.scheme; scheme != "" {
		headers["Authorization"] = []string{scheme + " " + c.client.apiKey}
	}
	maps.Copy(headers, c.settings.header)
	return headers
}

// judge records what an attempt brought and decides whether to retry.
func (c *call) judge(resp *http.Response, err error) (again bool) {
	c.attempts++
	c.record(resp, err)
	c.learn()
	c.waiting = c.shouldRepeat()
	c.end()
	if c.observed != nil {
		c.tell()
	}
	return c.waiting
}

// tell lets the last attempt be observed.
func (c *call) tell() {
	a := CallAttempt{
		Number: c.attempts, Outcome: attemptOutcomes[c.row], LimiterWait: c.observed.limiterWait, Duration: time.Since(c.observed.attemptBegan),
		StatusCode: c.status, RequestID: c.header.Get("X-Request-Id"), Replayed: replayed(c.header),
		RateClass: c.rateClass(), RateLimit: c.rateLimit(), Err: c.failure, Retry: c.waiting,
	}
	switch {
	case c.failure != nil || c.row == success:
	case c.leadsOn():
		a.Outcome = AttemptSucceeded
	default:
		a.Err = c.answer
	}
	if a.Retry {
		a.Wait = c.wait
	}
	c.observed.attempted(a)
}

// tellEnd lets the end of the call be observed.
func (c *call) tellEnd(err error) {
	if c.observed == nil {
		return
	}
	var response Response
	if c.attempts > 0 {
		response = c.response(c.rateLimit())
	}
	if c.leadsOn() {
		err = nil
	}
	c.observed.end(response, err)
}

// leadsOn reports whether the response is the redirect that the call is made for.
func (c *call) leadsOn() bool {
	return c.client.followed && c.failure == nil && c.status/100 == 3
}

// delay is the time between two attempts, which judge has chosen.
func (c *call) delay() time.Duration { return c.wait }

func (c *call) record(resp *http.Response, err error) {
	c.status, c.header, c.body, c.failure = 0, nil, nil, nil
	if c.stream != nil {
		c.stuck = !c.attempt.stream.stop(c.attempt)
		if failed := c.attempt.stream.failed(); failed != nil {
			c.recordReaderFailure(resp, failed)
			return
		}
	}
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
			c.classify(c.newInvalidResponse("the body is larger than 8 MiB", nil))
		default:
			c.classify(c.decodeResult())
		}
	} else {
		c.recordError(resp)
	}
}

// learn passes on what the attempt taught about the rate limit. The
// limiter counts what is under way, so it is informed of every attempt.
func (c *call) learn() {
	limit, class := c.rateLimit(), c.rateClass()
	if limit.Known() {
		c.client.limits.of(class).store(limit)
	}
	if limiter := c.client.limiter; limiter != nil {
		limiter.Observe(class, limit)
	}
	if r := c.settings.response; r != nil {
		r.RateLimit = limit // which report keeps: reading it again took 2 % of a send
	}
}

// recordReaderFailure is for a body that could not be read to its end. The server
// has a part of the request, which it cannot carry out, and what it responded,
// if it did, is not about the whole.
func (c *call) recordReaderFailure(resp *http.Response, err error) {
	if resp != nil {
		resp.Body.Close()
	}
	c.row, c.ambiguous = refused, c.ambiguous || resp != nil
	c.failure = c.withEnd(fmt.Errorf("reading the body: %w", err))
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
	c.classify(e)
	if ended := contextError(c.ctx); ended != nil && (brokeOff != nil || c.client.policy.mayRepeat(c.row, c.operation, e)) {
		c.stop(ended.Error(), ended)
	}
}

// classify finds the row for a response: e is the error that it is, nil for none.
func (c *call) classify(e *Error) {
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

// shouldRepeat decides whether to retry, and sets wait when so.
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
	case c.stream != nil && (c.stuck || c.stream.Rewind == nil && c.attempt.stream.started.Load()):
		return c.stop("the body cannot be read again", nil)
	}
	c.cost = retryCost
	if c.row == throttled {
		c.cost = throttledRetryCost
	}
	if !c.chooseWait(answer) {
		return false
	}
	if !c.client.budget.has(c.cost) {
		c.endRecovery()
		return c.stopForBudget()
	}
	return true
}

// chooseWait sets the wait before the next attempt. It reports false when that would
// be too long.
func (c *call) chooseWait(answer *Error) bool {
	policy := &c.client.policy
	left := time.Duration(math.MaxInt64)
	if deadline, ok := c.ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	var asked time.Duration // by the server, or advised for a code
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
	switch {
	case asked == 0:
		c.wait = policy.delay(c.attempts-1, c.row)
	case left > asked:
		c.wait = asked + c.beginRecovery(asked, left-asked)
	default:
		c.wait = asked
	}
	if left <= c.wait {
		why := "a wait"
		if least > 0 {
			answer.RetryAfter = least
			why = fmt.Sprintf("the wait of %v that %s", least, who)
		}
		return c.stop(why+" would pass the deadline", nil)
	}
	return true
}

// beginRecovery counts the call among those that wait for a time that the server named,
// and returns how long it waits after that. left is the time from then to the
// deadline.
func (c *call) beginRecovery(asked, left time.Duration) time.Duration {
	if !c.answer.retryAfterKnown || c.row == inProgress || c.row == throttled && (c.answer.MetaCode != 0 || c.client.limiter != nil) {
		// Advice and a request in progress are about this call, what Meta limits may be its
		// recipient, and a limiter spreads what waits for a bucket.
		return jitter(min(asked/10, time.Second, left/2))
	}
	wait := delayedRetry{asked: asked, left: left, calls: c.client.budget.callsPerSecond(), shared: c.row != throttled}
	if limit := c.rateLimit(); c.row == throttled && !limit.Percent {
		wait.refill = float64(limit.Limit) / time.Minute.Seconds()
	}
	c.recovers = true
	return c.client.recovery.enter(wait)
}

// endRecovery is for the end of that wait.
func (c *call) endRecovery() {
	if c.recovers {
		c.recovers = false
		c.client.recovery.leave()
	}
}

func (c *call) stopForBudget() bool {
	c.cost = 0
	return c.stop("the client's retry budget is used up", ErrRetryQuotaExceeded)
}

func (c *call) stop(why string, cause error) bool {
	c.stopped, c.cause = why, cause
	return false
}

// settle returns what the last retry cost when the server has shown that it works.
func (c *call) settle(answer *Error) {
	if c.row != success && (answer == nil || answer.StatusCode >= 500 && c.row != throttled && !answer.refusedByCode()) {
		return
	}
	if c.attempts > 1 {
		c.client.budget.give(c.cost)
	}
}

// result is the error of the last attempt, nil when it brought a 2xx response.
func (c *call) result() error {
	if c.failure != nil {
		return &TransportError{
			Method: c.method, Path: c.path, IdempotencyKey: c.key, Attempts: c.attempts,
			StatusCode: c.status, Err: c.failure, Last: c.answer,
			inDoubt:   c.ambiguous && c.operation != read,
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
// call between two attempts. It matches that error and the last response.
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
		// the server's, unless Meta is the server and says that it is empty.
		r.Exceeded = c.row == throttled && (c.answer.MetaCode == 0 || r.Percent && r.Remaining == 0 ||
			c.status == http.StatusTooManyRequests && c.answer.MetaCode != metaPairRate)
	}
	return r
}

// response is what the caller asked for with WithResponse.
func (c *call) response(limit RateLimit) Response {
	return Response{
		StatusCode:     c.status,
		Header:         c.header,
		RequestID:      c.header.Get("X-Request-Id"),
		RateLimit:      limit,
		Replayed:       replayed(c.header),
		IdempotencyKey: c.key,
		Attempts:       c.attempts,
	}
}
