package kirimotel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// otelhttp makes the span of an attempt. It records the whole URL, in which are ids of
// accounts, phone numbers that are searched for, and signatures of links, and the text of
// errors. So it works between two transports: the outer one shows it a request without
// all that, and the inner one sends the request as it was. Neither does otelhttp touch the body:
// net/http writes one that it knows to be in memory together with the headers.

// transport returns the outer transport.
func (t *clientTelemetry) transport(next http.RoundTripper) http.RoundTripper {
	o := &outerTransport{t: t, next: &innerTransport{next}}
	o.routes.make = func(route *route) *instrumented {
		i := &instrumented{o.instrument(route.http, route.template), [2]url.URL{{Scheme: "http"}, {Scheme: "https"}}}
		for n := range i.urls {
			i.urls[n].Host, i.urls[n].Opaque = route.host, "//"+route.host+route.template.Value.AsString()
		}
		return i
	}
	o.files = o.instrument(http.MethodGet+" "+downloadPath, attribute.String(keyTemplate, downloadPath))
	return o
}

// outerTransport has a transport of otelhttp for each route, which spares its spans their attributes
// that are always the same.
type outerTransport struct {
	t      *clientTelemetry
	next   http.RoundTripper
	routes cache[*route, *instrumented]
	files  *otelhttp.Transport // of downloads
}

// instrumented is what the requests of one route share.
type instrumented struct {
	http *otelhttp.Transport
	urls [2]url.URL // that otelhttp gets, by http and https; it copies them
}

func (o *outerTransport) instrument(name string, template attribute.KeyValue) *otelhttp.Transport {
	propagator := o.t.propagator
	if propagator == nil {
		propagator = propagation.NewCompositeTextMapPropagator() // none, as nil would be the global one
	}
	return otelhttp.NewTransport(o.next,
		otelhttp.WithTracerProvider(o.t.tracers),
		otelhttp.WithMeterProvider(o.t.meters),
		otelhttp.WithPropagators(propagator),
		otelhttp.WithSpanOptions(trace.WithAttributes(o.t.with(template)...)),
		otelhttp.WithSpanNameFormatter(func(string, *http.Request) string { return name }),
	)
}

type innerTransport struct{ next http.RoundTripper }

// exchange is a request and its response, on the way through both transports. It is the context
// of what otelhttp gets, which saves an allocation.
type exchange struct {
	context.Context //nolint:containedctx // of the attempt
	t               *clientTelemetry
	resends         int64
	request         *http.Request // as it was
	propagates      bool
	size            phantom // the body that otelhttp gets

	sent    *http.Request // as it went out
	err     error         // of the transport, or of reading the body
	theirs  io.ReadCloser // body of the response, as it came
	watched io.ReadCloser // likewise, as otelhttp returned it
}

type exchangeKey struct{}

// elsewhere reports whether the span of the context is that of another observer of the client,
// whose spans go elsewhere.
func (t *clientTelemetry) elsewhere(ctx context.Context) bool {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok && x.t != t {
		return !t.same(&x.t.telemetry)
	}
	c, ok := ctx.Value(anyCall{}).(*call)
	return ok && c.t != t && !t.same(&c.t.telemetry)
}

// Value gives the exchange to the inner transport.
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

// RoundTrip gives otelhttp a request without IDs, query and headers.
func (o *outerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	x := &exchange{Context: ctx, t: o.t, request: r}
	via := o.files
	var shown *url.URL
	if c := o.t.callOf(ctx); c != nil {
		shared := o.routes.get(c.route)
		via, shown = shared.http, &shared.urls[0]
		if r.URL.Scheme == "https" {
			shown = &shared.urls[1]
		}
		x.resends = c.requests.Add(1) - 1
		x.propagates = o.t.propagator != nil
		if o.t.elsewhere(ctx) {
			x.Context = trace.ContextWithSpan(ctx, c.span)
		}
	} else {
		shown = urlOfFile(r.URL)
	}
	masked := r.WithContext(x) //nolint:contextcheck // x is derived from that of the request
	masked.URL, masked.Host = shown, ""
	masked.Header = nil
	if o.t.propagator != nil {
		masked.Header = make(http.Header)
	}
	if r.ContentLength > 0 {
		x.size.left = r.ContentLength
		masked.Body, masked.GetBody = &x.size, nil
	}
	resp, err := via.RoundTrip(masked)
	if err != nil {
		if x.err != nil {
			err = x.err
		}
		return resp, err
	}
	if resp.Request == x.sent {
		resp.Request = r
	}
	if x.theirs != nil {
		x.watched, resp.Body = resp.Body, (*watchedBody)(x)
	}
	return resp, nil
}

// RoundTrip sends the request as it was.
func (i *innerTransport) RoundTrip(masked *http.Request) (*http.Response, error) {
	ctx := masked.Context()
	x := ctx.Value(exchangeKey{}).(*exchange)
	if x.resends > 0 {
		trace.SpanFromContext(ctx).SetAttributes(attribute.Int64(keyResendCount, x.resends))
	}
	x.sent = x.request.WithContext(ctx)
	if x.propagates {
		header := x.request.Header.Clone()
		maps.Copy(header, masked.Header)
		x.sent.Header = header
	}
	tracked := masked.Body
	if x.request.ContentLength <= 0 { // only reading tells how much it is, if there is one
		x.sent.Body, x.sent.GetBody, tracked = masked.Body, masked.GetBody, nil
	}
	resp, err := i.next.RoundTrip(x.sent)
	if tracked != nil && tracked != http.NoBody {
		exhaust(tracked)
	}
	if err != nil {
		x.err = err
		return resp, wordless(err)
	}
	if resp != nil && resp.Body != nil {
		x.theirs, resp.Body = resp.Body, (*wordlessBody)(x)
	}
	return resp, nil
}

// downloadPath stands for the path of a file, of which all may be secret.
const downloadPath = "/{file}"

// urlOfFile is what otelhttp gets for the file of a message, whose download is no call. Its link is a
// signed one, to a host whose first labels may be the name of a server of many or that of a customer's
// store.
func urlOfFile(link *url.URL) *url.URL {
	host := link.Hostname()
	if net.ParseIP(host) == nil {
		if labels := strings.Split(host, "."); len(labels) > 2 {
			host = strings.Join(labels[len(labels)-2:], ".")
		}
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: link.Scheme, Host: host, Opaque: "//" + host + downloadPath}
}

// phantom is a body of so many bytes, none of which anybody looks at.
type phantom struct{ left int64 }

func (p *phantom) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := min(p.left, int64(len(b)))
	p.left -= n
	return int(n), nil
}

func (p *phantom) Close() error { return nil }

var scratch [1 << 20]byte // phantom writes nothing

// exhaust lets otelhttp count a phantom.
func exhaust(tracked io.ReadCloser) {
	for {
		if _, err := tracked.Read(scratch[:]); err != nil {
			break
		}
	}
	_ = tracked.Close()
}

// wordlessBody is the body of a response as otelhttp gets it. Its error may quote a response.
type wordlessBody exchange

func (b *wordlessBody) Read(p []byte) (int, error) {
	n, err := b.theirs.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // as readers must return it
		b.err = err
		err = wordless(err)
	}
	return n, err
}

func (b *wordlessBody) Close() error { return b.theirs.Close() }

// watchedBody is the body of a response as the client gets it.
type watchedBody exchange

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.watched.Read(p)
	if err != nil && err != io.EOF {
		err = b.err
	}
	return n, err
}

func (b *watchedBody) Close() error { return b.watched.Close() }

// What otelhttp gets to know of an error. Spans have the word as error.type; its metrics have the
// name of the type.
type (
	canceled    struct{}
	timeout     struct{}
	unconnected struct{}
	untrusted   struct{}
	broken      struct{}
)

func (canceled) Error() string    { return errorCanceled }
func (timeout) Error() string     { return errorTimeout }
func (unconnected) Error() string { return "unconnected" }
func (untrusted) Error() string   { return "untrusted" }
func (broken) Error() string      { return "broken" }

func (e canceled) ErrorType() string    { return e.Error() }
func (e timeout) ErrorType() string     { return e.Error() }
func (e unconnected) ErrorType() string { return e.Error() }
func (e untrusted) ErrorType() string   { return e.Error() }
func (e broken) ErrorType() string      { return e.Error() }

// wordless returns an error that says of err what may be said.
func wordless(err error) error {
	var network net.Error
	var operation *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	switch {
	case errors.Is(err, context.Canceled):
		return canceled{}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return timeout{}
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &authority), errors.As(err, &hostname):
		return untrusted{}
	case errors.As(err, &operation) && operation.Op == "dial":
		return unconnected{}
	}
	return broken{}
}
