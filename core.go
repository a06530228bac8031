package kirim

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"sync"

	"github.com/google/go-querystring/query"

	"github.com/kirim-go/kirim/internal/system"
)

// core is a client without its services: what its calls have in common. The
// services are made of it, and not of the client that has them as its fields.
type core struct {
	base      *url.URL // without trailing slash
	apiKey    string
	header    http.Header // of every request
	http      *http.Client
	dialer    *sparingDialer // nil over a transport of the caller's
	policy    RetryPolicy
	timer     *attemptTimer
	budget    *retryBudget
	recovery  *recovery
	limiter   Limiter
	limits    *perClass[lastLimit] // what was last learnt
	logger    *slog.Logger
	observers *callObservers // nil for none
	decode    ErrorDecoder
	judge     ResponseJudge // nil for the default
	keyed     bool          // POST requests carry an Idempotency-Key
	engines   *sync.Pool    // of *engine
	followed  bool          // a redirect is what its calls are made for
}

// do makes one call, as [Client.Do] describes it.
func (c *core) do(ctx context.Context, method, path string, query, body, out any, opts []RequestOption) error {
	call, err := c.ready(ctx, method, path, query, body, out, opts)
	if err != nil {
		return err
	}
	return call.run(ctx)
}

// ready checks and prepares a call. It returns before the call runs, as
// [MessagesService.Send] does with its own checks: the variables of all that, 1,300
// bytes, would otherwise stay on the stack while the call waits.
func (c *core) ready(ctx context.Context, method, path string, query, body, out any, opts []RequestOption) (*call, error) {
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	call, err := c.newCall(method, path, query, body, out, opts)
	if err != nil {
		return nil, c.refused(ctx, method, path, err)
	}
	return call, nil
}

// refused returns the error of a call that sends nothing, and lets it be observed.
func (c *core) refused(ctx context.Context, method, path string, err error) error {
	if _, observed := c.observers.begin(ctx, method, path); observed != nil {
		observed.end(Response{}, err)
	}
	return err
}

// check refuses what every call needs and would otherwise be found missing deep
// inside.
func (c *core) check(ctx context.Context) error {
	switch {
	case c == nil:
		return refuse("client", "one that NewClient made", "a zero Client")
	case isNil(ctx):
		return refuse("ctx", "a context", "nil")
	}
	return nil
}

// newCall readies a call. Nothing has been sent when it fails.
func (c *core) newCall(method, path string, query, body, out any, opts []RequestOption) (*call, error) {
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	call := &call{client: c, method: method, path: path, settings: settings, out: out}
	switch method {
	case http.MethodPost:
		if call.settings.key != "" && !c.keyed {
			return nil, refuse("WithIdempotencyKey", "none on a client made WithoutIdempotencyKeys", "a key, which would protect nothing")
		}
		if c.keyed {
			call.key = call.settings.key
			if call.key == "" {
				call.key = newIdempotencyKey()
			}
		}
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, refuse("method", "GET, HEAD, POST, PUT, PATCH or DELETE", fmt.Sprintf("%.20q", method))
	}
	call.operation = operationOf(method, call.key)
	if call.operation == unkeyed && settings.idempotent {
		call.operation = replace
	}
	if err := c.prepare(call, query, body); err != nil {
		return nil, err
	}
	if _, own := out.(system.Result); out != nil && (isNil(out) || !own && reflect.TypeOf(out).Kind() != reflect.Pointer) {
		return nil, refuse("out", "nil or a pointer to what is to be filled", fmt.Sprintf("a value of type %T that is none", out))
	}
	return call, nil
}

// prepare readies what the HTTP requests of the call will have in common.
func (c *core) prepare(call *call, params, body any) error {
	var err error
	if call.url, err = resolve(c.base, call.path); err != nil {
		return err
	}
	if call.url.RawQuery, err = encodeQuery(params); err != nil {
		return err
	}
	if err := call.encode(body); err != nil {
		return err
	}
	call.keyHeader[0] = call.key
	return nil
}

var jsonContentType = []string{"application/json"}

func encodeQuery(params any) (string, error) {
	switch p := params.(type) {
	case nil:
		return "", nil
	case url.Values:
		return p.Encode(), nil
	}
	values, err := query.Values(params)
	if err != nil {
		return "", refuseEncoding("query", "nil, a url.Values or a struct for go-querystring", params, err)
	}
	return values.Encode(), nil
}
