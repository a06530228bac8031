package kirim

import (
	"bytes"
	"context"
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
	context.Context //nolint:containedctx // the attempt is one: the caller's, with the limit of its own time
	cancel          context.CancelFunc
	body            bytes.Reader

	// An attempt that never had a connection to write to has sent nothing.
	// net/http says when it starts to look for one, so that its silence about
	// having found one is evidence; a transport that says neither proves
	// nothing.
	trace              httptrace.ClientTrace
	looking, connected atomic.Bool

	// net/http sends a request with an Idempotency-Key once more by itself when
	// a connection that it kept is closed before the answer.
	resent atomic.Bool

	address string // for sparingDialer: where the connection leads to
	waiting bool   // likewise: for that connection
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

// begin makes the request of an attempt; the engine calls it before each.
func (c *call) begin() {
	if c.client.logger != nil {
		c.began = time.Now()
	}
	a := &c.first // which a call that is not repeated need not make
	if c.attempts > 0 {
		a = &attempt{}
	}
	a.Context = c.ctx
	timeout := c.client.policy.AttemptTimeout
	if deadline, ok := c.ctx.Deadline(); !ok || time.Until(deadline) > timeout {
		a.Context, a.cancel = context.WithTimeout(c.ctx, timeout)
	}
	dialer := c.client.dialer
	a.trace.GetConn = func(address string) {
		a.looking.Store(true)
		a.resent.Store(a.connected.Load() && c.operation == keyed)
		dialer.wanted(a, address)
	}
	a.trace.GotConn = func(httptrace.GotConnInfo) {
		a.connected.Store(true)
		dialer.served(a)
	}
	request := http.Request{
		Method:        c.method,
		URL:           &c.url,
		Host:          c.url.Host,
		Header:        c.headers,
		ContentLength: int64(len(c.payload)),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
	}
	if len(c.payload) > 0 {
		a.body.Reset(c.payload)
		request.Body = io.NopCloser(&a.body) // by which net/http knows it to be in memory, and writes it with the headers
		if !c.settings.noRetry { // net/http repeats only what it can rewind
			request.GetBody = c.bodyAgain
		}
	}
	c.attempt = a
	c.request.Request = request.WithContext(httptrace.WithClientTrace(a, &a.trace))
}

// bodyAgain is the body once more: net/http asks for it when a connection
// that it kept turns out to be closed.
func (c *call) bodyAgain() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(c.payload)), nil
}

// end releases what the attempt holds. The engine's request gets the caller's
// context back, as the wait for the next attempt is no part of this one; a
// copy gets it, as the transport may not be done with the old.
func (c *call) end() {
	c.client.dialer.over(c.attempt)
	if c.attempt.cancel == nil {
		return
	}
	c.attempt.cancel()
	if c.waiting {
		c.request.Request = c.request.Request.WithContext(c.ctx)
	}
}

// explain tells a timeout of the attempt from the end of the caller's
// context, which net/http reports in the same words.
func (c *call) explain(err error) error {
	if c.attempt.Err() != nil && c.ctx.Err() == nil {
		return &attemptTimeoutError{c.client.policy.AttemptTimeout, err}
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
