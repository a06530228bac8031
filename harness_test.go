package kirim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

const (
	testKey  = "kdv_live_TESTtestTESTtestTESTtest"
	testBase = testwire.BaseURL
)

// answer is one turn of a wire.
type answer struct {
	status int
	header map[string]string
	body   string
	err    error         // instead of a response
	cut    error         // the body breaks off with it, after what is in it
	hang   bool          // no response until the request's context ends
	before func()        // runs when the request has been read
	after  time.Duration // passes before the response
}

// wire is a server without a network: it gives its responses in turn, and the
// last one for ever.
type wire struct {
	*testwire.Wire
	answers []answer
}

// seen is a request as the server read it.
type seen struct {
	method, url, body string
	header            http.Header
	at                time.Time
}

func newWire(answers ...answer) *wire {
	w := &wire{answers: answers}
	w.Wire = testwire.Serving(func(n int, req *http.Request) (*http.Response, error) {
		return w.answers[min(n, len(w.answers)-1)].give(req.Context())
	})
	return w
}

// restart begins again, with other responses.
func (w *wire) restart(answers ...answer) {
	w.Forget()
	w.answers = answers
}

func (a answer) give(ctx context.Context) (*http.Response, error) {
	if a.before != nil {
		a.before()
	}
	if a.hang {
		a.after = 1 << 62
	}
	if a.after > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
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
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(reader), ContentLength: -1}, nil
}

func (w *wire) seen() []seen {
	var all []seen
	for _, r := range w.Requests() {
		all = append(all, seen{r.Method, r.URL, r.Body, r.Header, r.At})
	}
	return all
}

// client returns a client that speaks to the wire.
func (w *wire) client(t testing.TB, opts ...kirim.Option) *kirim.Client {
	t.Helper()
	c, err := kirim.NewClient(testKey, w.Options(opts...)...)
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
