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
	propagator := t.propagator
	if propagator == nil {
		propagator = propagation.NewCompositeTextMapPropagator() // none, as nil would be the global one
	}
	return &outerTransport{t, otelhttp.NewTransport(&innerTransport{next},
		otelhttp.WithTracerProvider(t.tracers),
		otelhttp.WithMeterProvider(t.meters),
		otelhttp.WithPropagators(propagator),
		otelhttp.WithSpanOptions(trace.WithAttributes(t.attributes...)),
		otelhttp.WithSpanNameFormatter(spanName),
	)}
}

type outerTransport struct {
	t    *clientTelemetry
	http *otelhttp.Transport
}

type innerTransport struct{ next http.RoundTripper }

// exchange is a request and its response, on the way through both transports. It is the context
// of what otelhttp gets, which saves an allocation.
type exchange struct {
	context.Context //nolint:containedctx // of the attempt
	t               *clientTelemetry
	name            string
	template        attribute.KeyValue
	resends         int64
	request         *http.Request // as it was
	propagates      bool
	url             url.URL // that otelhttp gets
	size            phantom // the body that it gets

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

func spanName(_ string, r *http.Request) string {
	x, ok := r.Context().(*exchange)
	if !ok {
		return r.Method
	}
	return x.name
}

// RoundTrip shows otelhttp a request without what is nobody else's business.
func (o *outerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	x := &exchange{Context: ctx, t: o.t, request: r}
	x.url.Scheme, x.url.Host = r.URL.Scheme, r.URL.Host
	if c := o.t.callOf(ctx); c != nil {
		x.name, x.template, x.url.Opaque = c.route.http, c.route.template, c.route.opaque
		x.resends = c.requests.Add(1) - 1
		x.propagates = o.t.propagator != nil
		if o.t.elsewhere(ctx) {
			x.Context = trace.ContextWithSpan(ctx, c.span)
		}
	} else {
		x.download()
	}
	masked := r.WithContext(x) //nolint:contextcheck // x is derived from that of the request
	masked.URL, masked.Host = &x.url, ""
	masked.Header = nil
	if o.t.propagator != nil {
		masked.Header = make(http.Header)
	}
	if r.ContentLength > 0 {
		x.size.left = r.ContentLength
		masked.Body, masked.GetBody = &x.size, nil
	}
	resp, err := o.http.RoundTrip(masked)
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
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		x.describe(span)
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

func (x *exchange) describe(span trace.Span) {
	attributes := make([]attribute.KeyValue, 1, 2)
	attributes[0] = x.template
	if x.resends > 0 {
		attributes = append(attributes, attribute.Int64(keyResendCount, x.resends))
	}
	span.SetAttributes(attributes...)
}

// downloadPath stands for the path of a file, of which all may be secret.
const downloadPath = "/{file}"

// download is for the file of a message, which is no call. Its link is a signed one, to a host
// whose first labels may be the name of a server of many or that of a customer's store.
func (x *exchange) download() {
	x.name, x.template = x.request.Method+" "+downloadPath, attribute.String(keyTemplate, downloadPath)
	host := x.url.Hostname()
	if net.ParseIP(host) == nil {
		if labels := strings.Split(host, "."); len(labels) > 2 {
			host = strings.Join(labels[len(labels)-2:], ".")
		}
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	x.url.Host, x.url.Opaque = host, "//"+host+downloadPath
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
