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

// attempt is one request of a call: the body of it, the limit of its time,
// and the evidence of whether it left. They are one value, as each send has
// one of each.
type attempt struct {
	ctx    context.Context //nolint:containedctx // the value lives as long as the attempt
	cancel context.CancelFunc
	body   bytes.Reader

	// An attempt that never had a connection to write to has sent nothing.
	// net/http says when it starts to look for one, so that its silence about
	// having found one is evidence; a transport that says neither proves
	// nothing.
	trace              httptrace.ClientTrace
	looking, connected atomic.Bool
}

func (a *attempt) Read(p []byte) (int, error) { return a.body.Read(p) }
func (a *attempt) Close() error               { return nil }

func (a *attempt) neverConnected() bool { return a.looking.Load() && !a.connected.Load() }

// begin readies the request of an attempt. The engine calls it before each,
// and no transport has seen the request yet.
func (c *call) begin(req *http.Request) {
	if c.client.logger != nil {
		c.began = time.Now()
	}
	a := &attempt{ctx: c.ctx}
	timeout := c.client.policy.AttemptTimeout
	if deadline, ok := c.ctx.Deadline(); !ok || time.Until(deadline) > timeout {
		a.ctx, a.cancel = context.WithTimeout(a.ctx, timeout)
	}
	if c.operation != read { // a read can be repeated anyway
		a.trace.GetConn = func(string) { a.looking.Store(true) }
		a.trace.GotConn = func(httptrace.GotConnInfo) { a.connected.Store(true) }
		a.ctx = httptrace.WithClientTrace(a.ctx, &a.trace)
	}
	*req = *req.WithContext(a.ctx)
	if len(c.payload) > 0 {
		a.body.Reset(c.payload)
		req.Body = a
	}
	c.attempt = a
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
	if c.attempt.ctx.Err() != nil && c.ctx.Err() == nil {
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
