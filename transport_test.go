package kirim_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
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

// What proves that an attempt without a response sent nothing is that net/http
// looked for a connection and found none. Silence proves nothing.
func TestEachAttemptIsProvenOnItsOwn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fate   func(*httptrace.ClientTrace) // of the attempt that gets no response
		repeat bool
	}{
		"a connection":              {func(trace *httptrace.ClientTrace) { trace.GetConn("h:443"); trace.GotConn(httptrace.GotConnInfo{}) }, false},
		"silence":                   {func(*httptrace.ClientTrace) {}, false},
		"no connection to be found": {func(trace *httptrace.ClientTrace) { trace.GetConn("h:443") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attempts := 0
			rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
				attempts++
				trace := httptrace.ContextClientTrace(req.Context())
				if attempts == 2 {
					test.fate(trace)
					return nil, io.EOF
				}
				trace.GetConn("h:443")
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
			err = post(t.Context(), c)
			if repeated := err == nil && attempts == 3; repeated != test.repeat || kirim.MaybeSent(err) == test.repeat {
				t.Errorf("%d attempts, MaybeSent %v: %v", attempts, kirim.MaybeSent(err), err)
			}
		})
	}
}

// net/http sends a request that carries a key once more when a connection that
// it kept is closed. A refusal is then that of the second request alone.
func TestARefusalAfterNetHTTPHasSentAgainLeavesTheFirstInDoubt(t *testing.T) {
	t.Parallel()
	for _, connections := range []int{1, 2} {
		rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(req.Context())
			for range connections {
				trace.GetConn("h:443")
				trace.GotConn(httptrace.GotConnInfo{})
			}
			return &http.Response{StatusCode: 403, Body: http.NoBody, Request: req}, nil
		})
		for keyed, opts := range map[bool][]kirim.Option{true: nil, false: {kirim.WithoutIdempotencyKeys()}} {
			c, err := kirim.NewClient(testKey, append(opts, kirim.WithHTTPClient(&http.Client{Transport: rt}))...)
			if err != nil {
				t.Fatal(err)
			}
			err = post(t.Context(), c)
			if want := keyed && connections > 1; kirim.MaybeSent(err) != want {
				t.Errorf("%d connections, keyed %v: MaybeSent %v", connections, keyed, !want)
			}
		}
	}
}

func TestHeadersBeyondAMegabyteAreNotRead(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		w.Header().Set("X-Long", strings.Repeat("x", size))
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(server.URL), kirim.WithRetryPolicy(quick))
	if err != nil {
		t.Fatal(err)
	}
	for size, fine := range map[string]bool{"500000": true, "1100000": false} {
		err := c.Do(t.Context(), http.MethodGet, "/x", url.Values{"size": {size}}, nil, nil, kirim.WithoutRetry())
		if lost := (*kirim.TransportError)(nil); fine && err != nil || !fine && !errors.As(err, &lost) {
			t.Errorf("%s bytes: %v", size, err)
		}
	}
}
