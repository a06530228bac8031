package kirim_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// go-retryablehttp with its defaults has the faults that these tests are
// named after. None may be reachable through this package.

func TestLibraryReplaysAPostThatTheServerHandled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts     []kirim.Option
		requests int
	}{
		"with a key that the server honours, under the same key": {nil, 4},
		"without a key, not once":                                {[]kirim.Option{kirim.WithoutIdempotencyKeys()}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newDroppingServer(t)
			c := server.client(t, append(tc.opts, kirim.WithRetryPolicy(quick))...)
			err := post(t.Context(), c)
			var te *kirim.TransportError
			if !errors.As(err, &te) || !kirim.MaybeSent(err) || te.Attempts != tc.requests {
				t.Errorf("%v, MaybeSent %v", err, kirim.MaybeSent(err))
			}
			bodies, keys := server.seen()
			if len(bodies) != tc.requests {
				t.Errorf("the server read %d requests, want %d", len(bodies), tc.requests)
			}
			for i := range bodies {
				if bodies[i] != `{"n":1}` || keys[i] != te.IdempotencyKey {
					t.Errorf("request %d: body %q, key %q", i+1, bodies[i], keys[i])
				}
			}
		})
	}
}

func TestLibraryLosesTheLastAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 502, body: "<html>down</html>", header: map[string]string{"X-Request-Id": "req_last"}})
		e := answerOf(t, post(t.Context(), w.client(t)))
		if e.StatusCode != 502 || string(e.Body) != "<html>down</html>" || e.RequestID != "req_last" || e.Attempts != 4 {
			t.Errorf("%+v", e)
		}
	})
}

// The faults of its Retry-After (unbounded, overflowing, few forms) and of
// its deadline-blind sleep are rows of TestRetryAfterDecidesTheWait and
// TestAWaitPastTheDeadlineIsNotBegun; its fixed schedule without jitter is
// refuted by TestOwnDelayIsFullJitterUnderADoublingCap.

func TestLibraryEmptiesThePoolWhenACallFails(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/fail" {
			w.WriteHeader(502)
		}
	}))
	opened := countConnections(server)
	server.Start()
	defer server.Close()
	shared := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer shared.CloseIdleConnections()
	newClient := func(policy kirim.RetryPolicy, opts ...kirim.Option) *kirim.Client {
		opts = append(opts, kirim.WithBaseURL(server.URL), kirim.WithHTTPClient(shared), kirim.WithRetryPolicy(policy))
		c, err := kirim.NewClient(testKey, opts...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := newClient(quick)
	const width = 8
	together := func() {
		var wg sync.WaitGroup
		for range width {
			wg.Go(func() {
				if err := post(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	together()
	before := opened.Load()
	if err := c.Do(t.Context(), "POST", "/fail", nil, nil, nil); err == nil { // used up
		t.Fatal("the call succeeded")
	}
	ctx, cancel := context.WithCancel(t.Context())
	patient := newClient(kirim.RetryPolicy{MaxRetries: 1, MinDelay: time.Hour, MaxDelay: time.Hour},
		kirim.WithLogger(slog.New(onRepeat(cancel)))) // ends the call while it waits
	if err := patient.Do(ctx, "POST", "/fail", nil, nil, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	together()
	// net/http may dial for one or two that another connection then serves; an
	// emptied pool means width more.
	if now := opened.Load(); now > max(before, width)+width/4 {
		t.Errorf("%d connections before the failed calls, %d after", before, now)
	}
}

// onRepeat is a log handler that is called when an attempt will be repeated.
type onRepeat func()

func (onRepeat) Enabled(_ context.Context, level slog.Level) bool { return level == slog.LevelInfo }
func (f onRepeat) Handle(context.Context, slog.Record) error      { f(); return nil }
func (f onRepeat) WithAttrs([]slog.Attr) slog.Handler             { return f }
func (f onRepeat) WithGroup(string) slog.Handler                  { return f }

func TestLibraryLogsURLsToStderr(t *testing.T) {
	var logged bytes.Buffer
	defer log.SetOutput(log.Writer())
	log.SetOutput(&logged)
	w := newWire(answer{status: 200})
	if err := w.client(t).Do(t.Context(), "GET", "/x", url.Values{"access_token": {"secret"}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if logged.Len() > 0 {
		t.Errorf("logged %q", logged.String())
	}
}

func TestLibraryReportsADeliveredMessageAsFailedWhenTheContextEndsAfterTheHeaders(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	a := accepted
	a.before = cancel
	m, err := newWire(a).client(t).PhoneNumber("1").Messages.Send(ctx, hello)
	if err != nil || m.ID != "msg_1" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestLibraryOpensAConnectionPerAttemptWhenErrorBodiesAreLong(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(502)
		io.WriteString(w, strings.Repeat("x", 20<<10))
	}))
	opened := countConnections(server)
	server.Start()
	defer server.Close()
	policy := quick
	policy.MaxRetries = 4
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(server.URL), kirim.WithRetryPolicy(policy))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	if e := answerOf(t, post(t.Context(), c)); e.Attempts != 5 || len(e.Body) != 20<<10 {
		t.Errorf("%d attempts, body of %d bytes", e.Attempts, len(e.Body))
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for 5 attempts", n)
	}
}

// Its PrepareRetry hands over a response whose body is closed when it fails:
// TestALimiterThatFailsEndsTheCall. Its logger of the wrong type panics: no
// option takes one. Its matching of error texts: the rows of
// TestEveryCellOfTheRetryTable hold types with other texts than it knows, and
// this test holds its texts in other types.
func TestLibraryJudgesErrorsByTheirText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"stopped after 10 redirects", "unsupported protocol scheme", "invalid header", "certificate is not trusted"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWire(answer{err: errors.New(text)})
			_ = post(t.Context(), w.client(t))
			if n := len(w.seen()); n != 4 {
				t.Errorf("%q: %d requests, want 4", text, n)
			}
		})
	}
}

// Its retrying of status 0, 505, 511 and the like is in the rows of the
// table too.

func TestNetHTTPDoesNotRepeatBehindOurBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts     []kirim.Option
		request  []kirim.RequestOption
		requests int
	}{
		"without a key":                {[]kirim.Option{kirim.WithoutIdempotencyKeys()}, nil, 1},
		"with a key and without retry": {nil, []kirim.RequestOption{kirim.WithoutRetry()}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newDroppingServer(t)
			server.answerFirst = true // so that the second request is on a kept connection
			c := server.client(t, append(tc.opts, kirim.WithRetryPolicy(quick))...)
			if err := post(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			err := post(t.Context(), c, tc.request...)
			if bodies, _ := server.seen(); len(bodies) != 1+tc.requests || !kirim.MaybeSent(err) {
				t.Errorf("the server read %d requests after the first, want %d: %v", len(bodies)-1, tc.requests, err)
			}
		})
	}
}

// quick waits next to nothing.
var quick = kirim.RetryPolicy{MaxRetries: 3, MinDelay: 1, MaxDelay: 1}

func countConnections(server *httptest.Server) *atomic.Int32 {
	var n atomic.Int32
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
	return &n
}

// droppingServer reads requests whole and then resets the connection.
type droppingServer struct {
	listener    net.Listener
	answerFirst bool

	mu           sync.Mutex
	bodies, keys []string
}

func newDroppingServer(t *testing.T) *droppingServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &droppingServer{listener: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return s
}

func (s *droppingServer) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body, _ := io.ReadAll(req.Body)
		s.mu.Lock()
		s.bodies, s.keys = append(s.bodies, string(body)), append(s.keys, req.Header.Get("Idempotency-Key"))
		first := len(s.bodies) == 1
		s.mu.Unlock()
		if !first || !s.answerFirst {
			conn.(*net.TCPConn).SetLinger(0) // so that closing is a reset
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

func (s *droppingServer) seen() (bodies, keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bodies, s.keys
}

func (s *droppingServer) client(t *testing.T, opts ...kirim.Option) *kirim.Client {
	t.Helper()
	c, err := kirim.NewClient(testKey, append(opts, kirim.WithBaseURL("http://"+s.listener.Addr().String()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestRealFailuresThatProveThatNothingWasSent(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	defer plain.Close()
	hangingUp := newDroppingServer(t) // closes in the middle of the TLS handshake

	for name, tc := range map[string]struct {
		url      string
		attempts int
		is       error
	}{
		"nobody listens":                    {"http://" + closed.Addr().String(), 4, syscall.ECONNREFUSED},
		"a certificate that nobody signed":  {untrusted.URL, 1, nil},
		"plain HTTP where TLS was expected": {strings.Replace(plain.URL, "http:", "https:", 1), 1, http.ErrSchemeMismatch},
		"a handshake that is cut off":       {"https://" + hangingUp.listener.Addr().String(), 4, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := kirim.NewClient(testKey, kirim.WithBaseURL(tc.url), kirim.WithRetryPolicy(quick), kirim.WithoutIdempotencyKeys())
			if err != nil {
				t.Fatal(err)
			}
			err = post(t.Context(), c)
			var te *kirim.TransportError
			if !errors.As(err, &te) || te.Attempts != tc.attempts || kirim.MaybeSent(err) || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v, MaybeSent %v, want %d attempts", err, kirim.MaybeSent(err), tc.attempts)
			}
			if strings.Contains(err.Error(), "Post ") || strings.Contains(err.Error(), "http://") {
				t.Errorf("the text has the URL in it: %v", err)
			}
		})
	}
}
