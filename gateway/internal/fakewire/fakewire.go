// Package fakewire lets the tests of the gateway packages speak to their
// fakes without a network, so that time can be virtual.
package fakewire

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"

	"github.com/kirim-go/kirim"
)

// Wire carries requests to a handler and keeps them.
type Wire struct {
	mu       sync.Mutex
	handler  http.HandlerFunc
	requests []Request
}

// Request is a request as the handler saw it.
type Request struct {
	Method, URL, Body string
	Header            http.Header
}

// New returns a wire to a handler.
func New(handler http.HandlerFunc) *Wire { return &Wire{handler: handler} }

// Answering returns a wire to a server that always says the same. header is
// a list of names and values.
func Answering(status int, body string, header ...string) *Wire {
	return New(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // to memory
	})
}

// Once returns a handler that answers the first request itself and leaves
// the others to next.
func Once(first, next http.HandlerFunc) http.HandlerFunc {
	var asked atomic.Bool
	return func(w http.ResponseWriter, r *http.Request) {
		if asked.CompareAndSwap(false, true) {
			first(w, r)
		} else {
			next(w, r)
		}
	}
}

// RoundTrip implements [http.RoundTripper].
func (w *Wire) RoundTrip(req *http.Request) (*http.Response, error) {
	seen := Request{Method: req.Method, URL: req.URL.String(), Header: req.Header.Clone()}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
		seen.Body = string(body)
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, seen)
	recorder := httptest.NewRecorder()
	w.handler(recorder, req)
	answer := recorder.Result()
	answer.Request = req
	return answer, nil
}

// Requests returns what has arrived so far.
func (w *Wire) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Request(nil), w.requests...)
}

// Options make a client speak to the wire.
func (w *Wire) Options(opts ...kirim.Option) []kirim.Option {
	return append([]kirim.Option{
		kirim.WithBaseURL("https://gateway.example/prefix/v1"),
		kirim.WithHTTPClient(&http.Client{Transport: w}),
	}, opts...)
}
