package bench

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// canned is the answer that a server always gives: a JSON object of the shape
// that the service documents, up to 400 bytes, and the same header for all.
type canned struct {
	status int
	body   string
}

var cannedHeader = http.Header{
	"Content-Type":          {"application/json"},
	"Date":                  {"Sat, 21 Nov 2026 06:00:00 GMT"},
	"X-Ratelimit-Limit":     {"600"},
	"X-Ratelimit-Remaining": {"599"},
	"X-Ratelimit-Reset":     {"1795240860"},
	"X-Request-Id":          {"req_01JD6Q3V8Y5N2M4K7P9R1S3T5V"},
}

// RoundTrip answers without a network. It makes as little of its own as it
// can, so that what is measured is the client.
func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: cannedHeader, Body: io.NopCloser(strings.NewReader(c.body)),
		ContentLength: int64(len(c.body)), Request: req,
	}, nil
}

func (c canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	maps.Copy(w.Header(), cannedHeader)
	w.WriteHeader(c.status)
	io.WriteString(w, c.body)
}

// redirected sends what is meant for a service to a server on this machine.
// All clients keep the base URL of their service and pay the same for this.
type redirected struct {
	to   *url.URL
	next http.RoundTripper
}

func (r *redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	copied, target := *req, *req.URL
	target.Scheme, target.Host = r.to.Scheme, r.to.Host
	copied.URL, copied.Host = &target, r.to.Host
	return r.next.RoundTrip(&copied)
}

// wires are the two ways to a server.
var wires = []struct {
	name string
	to   func(testing.TB, canned) http.RoundTripper
}{
	{"memory", func(_ testing.TB, c canned) http.RoundTripper { return c }},
	{"loopback", func(tb testing.TB, c canned) http.RoundTripper {
		server := httptest.NewServer(c)
		tb.Cleanup(server.Close)
		to, err := url.Parse(server.URL)
		if err != nil {
			tb.Fatal(err)
		}
		return &redirected{to, server.Client().Transport}
	}},
}

// recorded keeps what the server was sent last.
type recorded struct {
	next   http.RoundTripper
	calls  atomic.Int64
	method string
	header http.Header
	body   string
}

func (r *recorded) RoundTrip(req *http.Request) (*http.Response, error) {
	r.calls.Add(1)
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.method, r.header, r.body = req.Method, req.Header.Clone(), string(body)
	copied := *req
	copied.Body = io.NopCloser(strings.NewReader(r.body))
	defer req.Body.Close()
	return r.next.RoundTrip(&copied)
}
