package kirim

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// stages are what a call passes through, in this order, for each of its
// attempts:
//
//	limit    waits until a request may go out; an error ends the call
//	setKey   puts the call's idempotency key on the request
//	begin    makes the HTTP request
//	judge    records what the attempt brought and decides whether to retry
//	delay    is how long to wait before that
type stages interface {
	limit() error
	setKey() http.Header
	begin(headers http.Header) *http.Request
	judge(resp *http.Response, err error) (again bool)
	delay() time.Duration
}

// engine takes calls through their stages. go-retryablehttp runs the loop: it
// makes the HTTP requests and sleeps between them. All it does beside that is
// out of reach: its limits, its policies, its logger and its final error.
//
// A call has an engine to itself, but takes it from a pool: its hooks are closures,
// and making them would add 5 allocations to the 32 of a send.
type engine struct {
	client  retryablehttp.Client
	request retryablehttp.Request
	ctx     context.Context //nolint:containedctx // of the call; between two calls it is nil
	call    stages
}

// newEngine returns an engine with the stages in the order in which
// go-retryablehttp reaches them. The first limit is in run, as the library has
// no hook before the first request that may fail.
func newEngine() any {
	e := &engine{}
	e.client.RetryMax = math.MaxInt32
	e.client.ErrorHandler = retryablehttp.PassthroughErrorHandler
	e.client.PrepareRetry = func(*http.Request) error { return e.call.limit() }
	e.client.RequestLogHook = func(retryablehttp.Logger, *http.Request, int) {
		e.request.Request = e.call.begin(e.call.setKey())
	}
	e.client.CheckRetry = func(_ context.Context, resp *http.Response, err error) (bool, error) {
		again := e.call.judge(resp, err)
		if again {
			// The wait for the next attempt is no part of this one. A copy gets the
			// context of the call, as the transport may not be done with the old.
			e.request.Request = e.request.Request.WithContext(e.ctx) //nolint:contextcheck // of the call on purpose
		}
		return again, nil
	}
	e.client.Backoff = func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return e.call.delay() }
	return e
}

// run takes a call through its stages until judge, limit or the context ends
// it. The call knows which: what go-retryablehttp returns adds nothing, and the
// bodies of all responses have been read and closed by judge.
func (e *engine) run(ctx context.Context, client *http.Client, call stages) {
	if call.limit() != nil {
		return
	}
	e.ctx, e.client.HTTPClient, e.call = ctx, client, call
	_, _ = e.client.Do(&e.request) //nolint:bodyclose // closed by judge, on every path
	e.ctx, e.call, e.request.Request = nil, nil, nil
}
