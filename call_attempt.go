package kirim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"time"
)

// attempt is one request of a call: the context and the body of it, and the
// evidence of whether it left. They are one value, as each send has one of
// each.
type attempt struct {
	limitedContext
	operation  operation
	maxResends int32
	request    *http.Request
	payload    []byte
	body       bytes.Reader  // over payload
	stream     *streamReader // in its place, with a timer of its own
	stalled    atomic.Bool   // that timer ended the attempt

	// An attempt that never had a connection to write to has sent nothing.
	// net/http says when it starts to look for one, so that its silence about
	// having found one is evidence; a transport that says neither proves
	// nothing.
	trace              httptrace.ClientTrace
	looking, connected atomic.Bool

	// A transport sends a request again by itself. Over HTTP/1 net/http does so
	// when a connection that it kept is closed and the request has an
	// Idempotency-Key or no effect. Over HTTP/2 it does so with any, also with
	// one that may have been carried out (RST_STREAM with PROTOCOL_ERROR), at
	// once and without end. A RoundTripper of the caller's may try a second host.
	resends  atomic.Int32
	written  atomic.Bool // a header was; known only of a request without key
	answered atomic.Bool // what follows is a redirect

	destination atomic.Pointer[destination] // for sparingDialer: where the connection leads to
	waiting     atomic.Bool                 // likewise: for that connection
}

type attemptKey struct{}

// Value gives the attempt to whoever has its context.
func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	return a.Context.Value(key)
}

func (a *attempt) neverConnected() bool { return a.looking.Load() && !a.connected.Load() }

// begin returns the request of the next attempt.
func (c *call) begin(headers http.Header) *http.Request {
	if c.observed != nil {
		c.observed.attemptBegan = time.Now()
	}
	a := &c.first // a retry needs one of its own
	if c.attempts > 0 {
		a = &attempt{}
	}
	a.operation, a.payload = c.operation, c.payload
	if !c.settings.noRetry {
		a.maxResends = 3
	}
	if c.stream == nil {
		a.Context, a.cancel = context.WithCancelCause(c.ctx)
		c.client.timer.start(&a.limitedContext)
	} else {
		c.beginStream(a)
	}
	dialer := c.client.dialer
	a.trace.GetConn = func(address string) {
		a.looking.Store(true)
		switch {
		case a.answered.Swap(false):
			a.resends.Store(0)
		case a.connected.Load() && !a.mayResend(a.resends.Add(1)):
			a.cancel(nil)
		}
		dialer.wanted(a, address)
	}
	a.trace.GotConn = func(httptrace.GotConnInfo) {
		a.connected.Store(true)
		dialer.served(a)
	}
	if a.operation == unkeyed {
		// It costs a few allocations, which requests with a key are spared.
		a.trace.WroteHeaderField = func(string, []string) { a.written.Store(true) }
	}
	request := blankRequest.WithContext(httptrace.WithClientTrace(a, &a.trace))
	request.Method, request.URL, request.Host = c.method, &c.url, c.url.Host
	request.Header, request.ContentLength = headers, int64(len(c.payload))
	if len(c.payload) > 0 {
		a.body.Reset(c.payload)
		// By NopCloser net/http knows that it is in memory, and writes it with
		// the headers. It sends again only what it can rewind.
		request.Body = io.NopCloser(&a.body)
		if a.maxResends > 0 {
			request.GetBody = a.bodyAgain
		}
	}
	if a.stream != nil {
		request.Body, request.ContentLength = a.stream, a.stream.size
	}
	a.request, c.attempt = request, a
	return request
}

// blankRequest is what all requests begin as; it is never changed. A literal in
// begin would be on the stack as well as in the heap: 600 bytes that, with
// others, made the stack of a call that waits 8 kB instead of 4.
var blankRequest = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}

// beginStream opens the body of an attempt, which ends when it makes no progress
// for as long as another attempt may take.
func (c *call) beginStream(a *attempt) {
	timeout := c.client.policy.AttemptTimeout
	a.Context, a.cancel = context.WithCancelCause(c.ctx)
	source := c.stream.Reader
	if c.attempts > 0 {
		source = c.attempt.stream.source
		if c.attempt.stream.started.Load() {
			var err error
			if source, err = c.stream.Rewind(); err != nil {
				source = failingReader{err}
			}
		}
	}
	a.timer = time.AfterFunc(timeout, func() {
		a.stalled.Store(true)
		a.cancel(nil)
	})
	a.stream = newStreamReader(source, c.stream.Size, func() { a.timer.Reset(timeout) })
}

var errNotResent = errors.New("the connection, or the stream, was closed before the answer")

// mayResend reports whether the transport may send the request for the n-th
// time more. It does not say why it wants to, so a request without a key is not
// sent again once any of it was written, even where an HTTP/2 server says that
// it did not look at it. That holds for every protocol: a connection does not
// say what it speaks (HTTP/2 without TLS, a registered protocol).
func (a *attempt) mayResend(n int32) bool {
	return n <= a.maxResends && !a.written.Load()
}

// bodyAgain is the body once more, for net/http to send the request again. It
// also asks, for nothing, when the response is a redirect.
func (a *attempt) bodyAgain() (io.ReadCloser, error) {
	if !a.answered.Load() && !a.mayResend(1) {
		return nil, errNotResent
	}
	return io.NopCloser(bytes.NewReader(a.payload)), nil
}

// end releases what the attempt holds.
func (c *call) end() {
	c.client.dialer.over(c.attempt)
	c.client.timer.stop(&c.attempt.limitedContext)
	c.attempt.cancel(nil)
}

// explain tells why the attempt was ended from the end of the caller's
// context, which net/http reports in the same words.
func (c *call) explain(err error) error {
	switch {
	case c.attempt.Err() == nil || c.ctx.Err() != nil:
		return c.explainProxy(err)
	case errors.Is(c.attempt.Err(), context.Canceled) && !c.attempt.stalled.Load():
		return errNotResent
	}
	return &attemptTimeoutError{c.client.policy.AttemptTimeout, err}
}

// explainEnd returns err, from a transport, such that it matches how the attempt
// of ctx ended. A context that a transport derives says Canceled of an attempt
// that took too long, and [context.DeadlineExceeded] only as its cause.
func explainEnd(ctx context.Context, err error) error {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if ok && errors.Is(err, context.Canceled) {
		if e := a.expired(); e != nil {
			return e
		}
	}
	return err
}

// attemptTimeoutError matches os.ErrDeadlineExceeded, and on purpose not
// context.DeadlineExceeded: the caller's context has not ended.
type attemptTimeoutError struct {
	timeout time.Duration
	err     error
}

func (e *attemptTimeoutError) Error() string {
	return fmt.Sprintf("no complete answer within %v", e.timeout)
}
func (e *attemptTimeoutError) Timeout() bool { return true }
func (e *attemptTimeoutError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded
}
