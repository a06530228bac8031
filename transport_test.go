package kirim_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync/atomic"
	"testing"

	"github.com/kirim-go/kirim"
)

// Over HTTP/2 a connection serves many requests, and net/http reports having
// one from another place than over HTTP/1. The proof that nothing was sent
// must not be fooled by that.
func TestAStreamThatBreaksOverHTTP2MayHaveBeenSent(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("the request came over %s", r.Proto)
		}
		io.Copy(io.Discard, r.Body)
		if arrived.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for name, opts := range map[string][]kirim.Option{
		"without a key": {kirim.WithoutIdempotencyKeys()},
		"with a key":    nil,
	} {
		arrived.Store(0)
		opts = append(opts, kirim.WithBaseURL(server.URL), kirim.WithHTTPClient(server.Client()), kirim.WithRetryPolicy(quick))
		c, err := kirim.NewClient(testKey, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if err := post(t.Context(), c); err != nil {
			t.Fatal(name, err)
		}
		err = post(t.Context(), c)
		want := map[string]int32{"without a key": 1 + 1, "with a key": 1 + 4}[name]
		if got := arrived.Load(); got != want || !kirim.MaybeSent(err) {
			t.Errorf("%s: %d requests arrived, want %d; MaybeSent %v: %v", name, got, want, kirim.MaybeSent(err), err)
		}
	}
}

func TestEachAttemptIsProvenOnItsOwn(t *testing.T) {
	t.Parallel()
	attempts := 0
	rt := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		attempts++
		trace := httptrace.ContextClientTrace(req.Context())
		trace.GetConn("h:443")
		if attempts == 2 {
			return nil, io.EOF // before there was a connection
		}
		trace.GotConn(httptrace.GotConnInfo{})
		status := 200
		if attempts == 1 {
			status = 429
		}
		return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
	})
	c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: rt}), kirim.WithRetryPolicy(quick), kirim.WithoutIdempotencyKeys())
	if err != nil {
		t.Fatal(err)
	}
	if err := post(t.Context(), c); err != nil || attempts != 3 {
		t.Errorf("%d attempts: %v", attempts, err)
	}
}
