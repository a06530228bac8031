// Package testwire is the network of this module's tests. It carries requests
// to a server in memory and keeps them, so that time can be virtual.
package testwire

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kirim-go/kirim"
)

// BaseURL is where [Wire.Options] send requests. Its path shows whether the
// prefix of a base URL is kept.
const BaseURL = "https://api.kirim.example/prefix/v1"

// Func is an [http.RoundTripper] made of a function.
type Func func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f Func) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Wire carries requests to a server and keeps them. It is safe for concurrent
// use.
type Wire struct {
	serve    func(n int, req *http.Request) (*http.Response, error)
	mu       sync.Mutex
	requests []Request
}

// Request is a request as the server read it.
type Request struct {
	Method, URL, Body string
	Header            http.Header
	At                time.Time // when it had arrived
}

// Serving returns a wire to a server that is a function of the request and its
// number, from 0. It is called concurrently, and need not say which request and
// protocol its response belongs to.
func Serving(serve func(n int, req *http.Request) (*http.Response, error)) *Wire {
	return &Wire{serve: serve}
}

// New returns a wire to a handler, which gets one request at a time.
func New(handler http.HandlerFunc) *Wire {
	var mu sync.Mutex
	return Serving(func(_ int, req *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		recorder := httptest.NewRecorder()
		handler(recorder, req)
		return recorder.Result(), nil
	})
}

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
	kept := Request{Method: req.Method, URL: req.URL.String(), Header: req.Header.Clone()}
	served := req
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
		kept.Body = string(body)
		served = req.Clone(req.Context())
		served.Body = io.NopCloser(bytes.NewReader(body))
	}
	kept.At = time.Now()
	w.mu.Lock()
	n := len(w.requests)
	w.requests = append(w.requests, kept)
	w.mu.Unlock()
	resp, err := w.serve(n, served)
	if err != nil {
		return nil, err
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	resp.Request, resp.Proto, resp.ProtoMajor, resp.ProtoMinor = req, "HTTP/1.1", 1, 1
	return resp, nil
}

// Requests returns what has arrived so far.
func (w *Wire) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// Forget drops the requests that were kept and begins to count from 0 again.
func (w *Wire) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = nil
}

// Options make a client speak to the wire.
func (w *Wire) Options(opts ...kirim.Option) []kirim.Option {
	return append([]kirim.Option{
		kirim.WithBaseURL(BaseURL),
		kirim.WithHTTPClient(&http.Client{Transport: w}),
	}, opts...)
}
