package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// onlyReader hides what else a reader can do.
type onlyReader struct{ io.Reader }

func rewinding5(text string) kirim.StreamedBody {
	again := func() (io.Reader, error) { return strings.NewReader(text), nil }
	return kirim.StreamedBody{Reader: onlyReader{strings.NewReader(text)}, Rewind: again, ContentType: "text/plain", Size: int64(len(text))}
}

func TestAStreamedBodyArrivesAsItIs(t *testing.T) {
	t.Parallel()
	type arrival struct {
		length            int64
		contentType, body string
	}
	var got arrival
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = arrival{r.ContentLength, r.Header.Get("Content-Type"), string(body)}
	}))
	t.Cleanup(server.Close)
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(server.URL+"/v1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	large := strings.Repeat("0123456789", 1<<17)
	for name, tt := range map[string]struct {
		body kirim.StreamedBody
		want arrival
	}{
		"of a known size":   {kirim.StreamedBody{Reader: onlyReader{strings.NewReader(large)}, Size: int64(len(large))}, arrival{int64(len(large)), "application/octet-stream", large}},
		"of an unknown one": {kirim.StreamedBody{Reader: onlyReader{strings.NewReader(large)}, ContentType: "text/csv"}, arrival{-1, "text/csv", large}},
		"of nothing":        {kirim.StreamedBody{Reader: onlyReader{strings.NewReader("")}}, arrival{-1, "application/octet-stream", ""}},
	} {
		if err := c.Do(t.Context(), http.MethodPost, "/files", nil, tt.body, nil); err != nil || got != tt.want {
			t.Errorf("%s: %v, arrived %d bytes of %d as %s, %v", name, err, len(got.body), got.length, got.contentType, got.body == tt.want.body)
		}
	}
}

func TestAStreamedBodyIsSentAgainOnlyFromItsBeginning(t *testing.T) {
	t.Parallel()
	once := func(text string) kirim.StreamedBody {
		return kirim.StreamedBody{Reader: strings.NewReader(text), Size: int64(len(text))}
	}
	broken := rewinding5("hello")
	broken.Rewind = func() (io.Reader, error) { return nil, os.ErrClosed }
	for name, tt := range map[string]struct {
		body     kirim.StreamedBody
		opts     []kirim.RequestOption
		unkeyed  bool
		answers  bool // else the first attempt has no connection
		requests int
		want     string // part of the error; empty for none
	}{
		"with a key and a way back":             {rewinding5("hello"), nil, false, true, 2, ""},
		"with a key and no way back":            {once("hello"), nil, false, true, 1, "the body cannot be read again"},
		"with no way back, but nothing read":    {once("hello"), nil, false, false, 1, ""},
		"without a key":                         {rewinding5("hello"), nil, true, true, 1, "500"},
		"without a key, but harmless":           {rewinding5("hello"), []kirim.RequestOption{kirim.WithIdempotent()}, true, true, 2, ""},
		"harmless, and retries are off":         {rewinding5("hello"), []kirim.RequestOption{kirim.WithIdempotent(), kirim.WithoutRetry()}, true, true, 1, "500"},
		"a body that cannot be opened any more": {broken, nil, false, true, 1, "file already closed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := testwire.New(testwire.Once(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, func(http.ResponseWriter, *http.Request) {}))
				attempts := 0
				transport := testwire.Func(func(req *http.Request) (*http.Response, error) {
					if attempts++; attempts == 1 && !tt.answers {
						return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
					}
					return wire.RoundTrip(req)
				})
				if !tt.answers {
					wire = testwire.Answering(200, "{}")
				}
				opts := []kirim.Option{kirim.WithHTTPClient(&http.Client{Transport: transport})}
				if tt.unkeyed {
					opts = append(opts, kirim.WithoutIdempotencyKeys())
				}
				c, err := kirim.NewClient(testKey, opts...)
				if err != nil {
					t.Fatal(err)
				}
				err = c.Do(t.Context(), http.MethodPost, "/files", nil, tt.body, nil, tt.opts...)
				if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				seen := wire.Requests()
				if len(seen) != tt.requests {
					t.Errorf("%d requests, want %d", len(seen), tt.requests)
				}
				for _, r := range seen {
					if r.Body != "hello" {
						t.Errorf("a request had the body %q", r.Body)
					}
				}
			})
		})
	}
}

func TestABodyOfAnotherSizeThanAnnouncedIsNeverCompleted(t *testing.T) {
	t.Parallel()
	boom := errors.New("the disk is gone")
	for name, tt := range map[string]struct {
		reader io.Reader
		size   int64
		want   error
		text   string
	}{
		"shorter":                         {strings.NewReader("hell"), 5, io.ErrUnexpectedEOF, "has 4 bytes instead of 5"},
		"longer":                          {strings.NewReader("hello!"), 5, nil, "longer than its size of 5 bytes"},
		"longer, a byte at a time":        {onlyReader{&slowReader{data: []byte("hello!")}}, 5, nil, "longer than its size of 5 bytes"},
		"failing":                         {io.MultiReader(strings.NewReader("hel"), failing{boom}), 5, boom, "the disk is gone"},
		"failing, of an unknown size":     {io.MultiReader(strings.NewReader("hel"), failing{boom}), 0, boom, "the disk is gone"},
		"failing where it should end":     {io.MultiReader(strings.NewReader("hello"), failing{boom}), 5, boom, "the disk is gone"},
		"failing at once":                 {failing{boom}, 5, boom, "the disk is gone"},
		"failing with a wrapped deadline": {failing{fmt.Errorf("disk: %w", os.ErrDeadlineExceeded)}, 5, os.ErrDeadlineExceeded, "disk"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var complete atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if _, err := io.ReadAll(r.Body); err == nil {
					complete.Add(1)
				}
			}))
			c, err := kirim.NewClient(testKey, kirim.WithBaseURL(server.URL+"/v1"))
			if err != nil {
				t.Fatal(err)
			}
			again := func() (io.Reader, error) { return tt.reader, nil }
			err = c.Do(t.Context(), http.MethodPost, "/files", nil, kirim.StreamedBody{Reader: tt.reader, Size: tt.size, Rewind: again}, nil)
			c.CloseIdleConnections()
			server.Close() // after its handlers
			var lost *kirim.TransportError
			if !errors.As(err, &lost) || lost.Attempts != 1 || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want one attempt and %q", err, tt.text)
			}
			if complete.Load() != 0 {
				t.Error("the server got a complete request")
			}
			if kirim.IsTemporary(err) {
				t.Error("the error is called temporary")
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// slowReader gives a byte at a time, with a pause before each.
type slowReader struct {
	data  []byte
	pause time.Duration
	reads int
}

func (r *slowReader) Read(p []byte) (int, error) {
	r.reads++
	time.Sleep(r.pause)
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:1], r.data)
	r.data = r.data[n:]
	return n, nil
}

// obedient reads bodies and ends when the context does, as net/http.
var obedient = testwire.Func(func(req *http.Request) (*http.Response, error) {
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, req.Body)
		req.Body.Close()
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
})

func TestTheTimeOfAnAttemptRunsFromTheLastProgressOfItsBody(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pause time.Duration
		took  time.Duration
		fails bool
	}{
		"slow, but steady": {30 * time.Second, 6 * 30 * time.Second, false},
		"stuck":            {time.Hour, 35 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: obedient}))
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				body := kirim.StreamedBody{Reader: &slowReader{data: []byte("hello"), pause: tt.pause}, Size: 5}
				err = c.Do(t.Context(), http.MethodPost, "/files", nil, body, nil)
				if took := time.Since(start); took != tt.took || (err != nil) != tt.fails || tt.fails && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%v after %v", err, took)
				}
				time.Sleep(2 * time.Hour) // a Read that is stuck ends by itself alone
			})
		})
	}
}

// A goroutine that was left would fail the bubble.
func TestNothingOfABodyIsReadAfterTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: obedient}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		reader := &slowReader{data: []byte("hello"), pause: time.Second}
		start := time.Now()
		err = c.Do(ctx, http.MethodPost, "/files", nil, kirim.StreamedBody{Reader: reader, Size: 5}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if reader.reads != 3 {
			t.Errorf("%d reads, want the two before the end and the one that was under way", reader.reads)
		}
	})
}

func TestAStreamedBodyThatCannotBeSentIsRefused(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: "{}"})
	for name, tt := range map[string]struct {
		method, field string
		body          any
	}{
		"without a reader":         {http.MethodPost, "StreamedBody.Reader", kirim.StreamedBody{}},
		"with a nil pointer":       {http.MethodPost, "StreamedBody.Reader", kirim.StreamedBody{Reader: (*bytes.Reader)(nil)}},
		"of a GET":                 {http.MethodGet, "body", rewinding5("hello")},
		"with a line in its type":  {http.MethodPost, "StreamedBody.ContentType", kirim.StreamedBody{Reader: strings.NewReader(""), ContentType: "a\r\nb"}},
		"a reader with nothing to": {http.MethodPost, "body", strings.NewReader("hello")},
	} {
		err := w.client(t).Do(t.Context(), tt.method, "/files", nil, tt.body, nil)
		var refused *kirim.ValidationError
		if !errors.As(err, &refused) || refused.Violations[0].Path != tt.field || len(w.seen()) != 0 {
			t.Errorf("%s: %v after %d requests", name, err, len(w.seen()))
		}
	}
}

func TestAHeaderIsThatOfOneRequest(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: "{}"})
	c := w.client(t)
	ask := func(opts ...kirim.RequestOption) error {
		return c.Do(t.Context(), http.MethodGet, "/me", nil, nil, nil, opts...)
	}
	if err := errors.Join(
		ask(kirim.WithHeader("file_offset", "0"), kirim.WithHeader("Accept", "text/csv"), kirim.WithAuthorizationScheme("OAuth")),
		ask(),
	); err != nil {
		t.Fatal(err)
	}
	first, second := w.seen()[0].header, w.seen()[1].header
	if first.Get("file_offset") != "0" || first.Get("Accept") != "text/csv" || first.Get("Authorization") != "OAuth "+testKey {
		t.Errorf("the first request had %v", first)
	}
	if second.Get("file_offset") != "" || second.Get("Accept") != "application/json" || second.Get("Authorization") != "Bearer "+testKey {
		t.Errorf("the second request had %v", second)
	}
	for name, opt := range map[string]kirim.RequestOption{
		"no name":             kirim.WithHeader("", "x"),
		"a name with a line":  kirim.WithHeader("A\nB", "x"),
		"a value with a line": kirim.WithHeader("A", "x\r\nB: y"),
		"a long value":        kirim.WithHeader("A", strings.Repeat("x", 4097)),
		"the key":             kirim.WithHeader("authorization", "Bearer x"),
		"the framing":         kirim.WithHeader("content-length", "1"),
		"the idempotency key": kirim.WithHeader("idempotency-key", "x"),
		"a scheme of two":     kirim.WithAuthorizationScheme("Bearer x"),
		"no scheme":           kirim.WithAuthorizationScheme(""),
	} {
		var refused *kirim.ValidationError
		if err := ask(opt); !errors.As(err, &refused) || !slices.Contains([]string{"WithHeader", "WithAuthorizationScheme"}, refused.Violations[0].Path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.seen()) != 2 {
		t.Errorf("%d requests, want 2", len(w.seen()))
	}
}
