package testwire_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

func TestAWireCarriesRequestsToItsServerAndKeepsThem(t *testing.T) {
	t.Parallel()
	wire := testwire.New(testwire.Once(
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) },
	))
	c, err := kirim.NewClient("key", wire.Options(kirim.WithRetryPolicy(kirim.RetryPolicy{}))...)
	if err != nil {
		t.Fatal(err)
	}
	var e *kirim.Error
	if err := c.Do(t.Context(), http.MethodGet, "/first", nil, nil, nil); !errors.As(err, &e) || e.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the first answer is %v", err)
	}
	var echoed struct{ A int }
	if err := c.Do(t.Context(), http.MethodPost, "/second", nil, map[string]int{"A": 1}, &echoed); err != nil || echoed.A != 1 {
		t.Errorf("%+v, %v", echoed, err)
	}
	requests := wire.Requests()
	if len(requests) != 2 {
		t.Fatalf("%d requests", len(requests))
	}
	if r := requests[1]; r.Method != http.MethodPost || r.URL != testwire.BaseURL+"/second" || r.Body != `{"A":1}` || r.Header.Get("Authorization") != "Bearer key" || r.At.IsZero() {
		t.Errorf("%+v", r)
	}
}

func TestAResponseBelongsToTheRequestOfTheClient(t *testing.T) {
	t.Parallel()
	fault := errors.New("no answer")
	wire := testwire.Serving(func(n int, _ *http.Request) (*http.Response, error) {
		if n == 1 {
			return nil, fault
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	send := func(body io.Reader) (*http.Request, *http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, testwire.BaseURL, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := wire.RoundTrip(req)
		return req, resp, err
	}
	if req, resp, err := send(strings.NewReader("a")); err != nil || resp.Request != req || resp.Header == nil || resp.Proto != "HTTP/1.1" {
		t.Errorf("%+v, %v", resp, err)
	}
	if _, _, err := send(nil); !errors.Is(err, fault) {
		t.Errorf("the second answer is %v", err)
	}
	broken := errors.New("the body breaks off")
	if _, _, err := send(iotest.ErrReader(broken)); !errors.Is(err, broken) || len(wire.Requests()) != 2 {
		t.Errorf("%v, %d requests", err, len(wire.Requests()))
	}
	wire.Forget()
	if _, resp, err := send(nil); err != nil || resp.StatusCode != http.StatusOK || len(wire.Requests()) != 1 {
		t.Errorf("after Forget the first answer is %+v, %v", resp, err)
	}
}
