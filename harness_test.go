package kirim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kirim-go/kirim"
)

const (
	testKey  = "kdv_live_TESTtestTESTtestTESTtest"
	testBase = "https://api.kirim.example/prefix/v1"
)

// answer is one turn of a wire.
type answer struct {
	status int
	header map[string]string
	body   string
	err    error         // instead of an answer
	cut    error         // the body breaks off with it, after what is in it
	hang   bool          // no answer until the request's context ends
	before func()        // runs when the request has been read
	after  time.Duration // passes before the answer
}

// wire is a server without a network: it gives its answers in turn, and the
// last one for ever.
type wire struct {
	mu       sync.Mutex
	answers  []answer
	requests []seen
}

// seen is a request as the server read it.
type seen struct {
	method, url, body string
	header            http.Header
	at                time.Time
}

func newWire(answers ...answer) *wire { return &wire{answers: answers} }

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body.Close()
	}
	w.mu.Lock()
	a := w.answers[min(len(w.requests), len(w.answers)-1)]
	w.requests = append(w.requests, seen{req.Method, req.URL.String(), string(body), req.Header.Clone(), time.Now()})
	w.mu.Unlock()
	if a.before != nil {
		a.before()
	}
	if a.hang {
		a.after = 1 << 62
	}
	if a.after > 0 {
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(a.after):
		}
	}
	if a.err != nil {
		return nil, a.err
	}
	header := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}
	for name, value := range a.header {
		header.Set(name, value)
	}
	var reader io.Reader = strings.NewReader(a.body)
	if a.cut != nil {
		reader = io.MultiReader(reader, iotest.ErrReader(a.cut))
	}
	return &http.Response{
		StatusCode: a.status, Header: header, Body: io.NopCloser(reader), ContentLength: -1,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
	}, nil
}

func (w *wire) seen() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]seen(nil), w.requests...)
}

// client returns a client that speaks to the wire.
func (w *wire) client(t testing.TB, opts ...kirim.Option) *kirim.Client {
	t.Helper()
	opts = append([]kirim.Option{
		kirim.WithBaseURL(testBase),
		kirim.WithHTTPClient(&http.Client{Transport: w}),
	}, opts...)
	c, err := kirim.NewClient(testKey, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// post makes the call that most tests make.
func post(ctx context.Context, c *kirim.Client, opts ...kirim.RequestOption) error {
	return c.Do(ctx, http.MethodPost, "/1/messages", nil, []byte(`{"n":1}`), nil, opts...)
}

// envelope is an error body of Kirim's.
func envelope(typ kirim.ErrorType, code kirim.ErrorCode) string {
	return `{"error":{"type":"` + string(typ) + `","code":"` + string(code) + `","message":"Say it.","request_id":"req_BODY"}}`
}

// answerOf returns the *kirim.Error in err.
func answerOf(t *testing.T, err error) *kirim.Error {
	t.Helper()
	var e *kirim.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want a *kirim.Error in it", err, err)
	}
	return e
}
