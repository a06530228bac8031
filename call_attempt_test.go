package kirim_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// refusingProxy answers every CONNECT with a status, and counts them.
func refusingProxy(t *testing.T, status int) (proxy *url.URL, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy got a %s", r.Method)
		}
		*asked++
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	proxy, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy.User = url.UserPassword("user", "proxy-password")
	return proxy, asked
}

func TestAProxyThatRefusesToConnectIsNamed(t *testing.T) {
	t.Parallel()
	for status, attempts := range map[int]int{403: 1, 407: 1, 502: 4, 503: 4, 504: 4} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			proxy, asked := refusingProxy(t, status)
			transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
			c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: transport}), kirim.WithRetryPolicy(quick), kirim.WithoutIdempotencyKeys())
			if err != nil {
				t.Fatal(err)
			}
			checkProxyRefusal(t, post(t.Context(), c), proxy, *asked, attempts)
		})
	}
}

func checkProxyRefusal(t *testing.T, err error, proxy *url.URL, asked, want int) {
	t.Helper()
	failure := (*kirim.TransportError)(nil)
	if !errors.As(err, &failure) || kirim.MaybeSent(err) {
		t.Fatalf("%v, MaybeSent %v, want a TransportError and no doubt", err, kirim.MaybeSent(err))
	}
	if asked != want || failure.Attempts != want {
		t.Errorf("the proxy was asked %d times in %d attempts, want %d", asked, failure.Attempts, want)
	}
	permanent := want == 1
	if named := strings.Contains(err.Error(), proxy.Host); named != permanent || kirim.IsTemporary(err) == permanent {
		t.Errorf("the proxy is named: %v, Temporary %v: %v", named, kirim.IsTemporary(err), err)
	}
	if strings.Contains(err.Error(), "proxy-password") || strings.Contains(err.Error(), "user") {
		t.Errorf("the text has the credentials of the proxy: %v", err)
	}
}

// The client's own transport takes its proxy from the environment, which
// net/http reads once for a process: hence another process.
func TestAProxyOfTheEnvironmentThatRefusesToConnectIsNamed(t *testing.T) {
	const inside = "KIRIM_TEST_IN_A_PROCESS_WITH_A_PROXY"
	if os.Getenv(inside) != "" {
		c, err := kirim.NewClient(testKey, kirim.WithBaseURL("https://api.kirim.example/v1"), kirim.WithRetryPolicy(quick))
		if err != nil {
			t.Fatal(err)
		}
		err = post(t.Context(), c)
		failure := (*kirim.TransportError)(nil)
		if !errors.As(err, &failure) {
			t.Fatal(err)
		}
		fmt.Printf("attempts=%d temporary=%v sent=%v: %v\n", failure.Attempts, kirim.IsTemporary(err), kirim.MaybeSent(err), err)
		return
	}
	t.Parallel()
	proxy, asked := refusingProxy(t, http.StatusProxyAuthRequired)
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), inside+"=1", "HTTPS_PROXY="+proxy.String(), "https_proxy=", "NO_PROXY=", "no_proxy=")
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "attempts=1 temporary=false sent=false") || *asked != 1 {
		t.Fatalf("the proxy was asked %d times: %v\n%s", *asked, err, out)
	}
	if !strings.Contains(string(out), proxy.Host) || !strings.Contains(string(out), "407") || strings.Contains(string(out), "proxy-password") {
		t.Errorf("want the proxy and its status, without credentials:\n%s", out)
	}
}

func TestASOCKSProxyThatRefusesIsNamed(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][][]byte{
		"no acceptable authentication methods":    {{5, 0xff}},
		"username/password authentication failed": {{5, 2}, {1, 1}},
		"connection not allowed by ruleset":       {{5, 0}, {5, 2, 0, 1, 0, 0, 0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					buffer := make([]byte, 512)
					for _, answer := range answers {
						_, _ = conn.Read(buffer)
						_, _ = conn.Write(answer)
					}
					conn.Close()
				}
			}()
			proxy := &url.URL{Scheme: "socks5", Host: l.Addr().String(), User: url.UserPassword("user", "proxy-password")}
			transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
			c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: transport}), kirim.WithRetryPolicy(quick))
			if err != nil {
				t.Fatal(err)
			}
			err = post(t.Context(), c)
			failure := (*kirim.TransportError)(nil)
			if !errors.As(err, &failure) || failure.Attempts != 1 || kirim.IsTemporary(err) || kirim.MaybeSent(err) {
				t.Fatalf("%v, MaybeSent %v, want one attempt", err, kirim.MaybeSent(err))
			}
			if !strings.Contains(err.Error(), proxy.Host) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "proxy-password") {
				t.Errorf("want the proxy and its reason, without credentials: %v", err)
			}
		})
	}
}

// A RoundTripper that tries a second host: the first may have processed what
// the second refuses.
func TestATransportThatFailsOverSendsNothingTwiceWithoutAKey(t *testing.T) {
	t.Parallel()
	refuses, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refuses.Close()
	for name, second := range map[string]string{
		"the second refuses":           refuses.Addr().String(),
		"the second cannot be found":   "second.invalid:80",
		"the second would process too": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, processed := newProcessingAndDropping(t)
			other, processedToo := newProcessingAndDropping(t)
			if second != "" {
				other = second
			}
			failover := testwire.Func(func(req *http.Request) (*http.Response, error) {
				var errs []error
				for _, host := range []string{first, other} {
					attempt := req.Clone(req.Context())
					attempt.URL.Host = host
					if body, err := req.GetBody(); err != nil {
						return nil, err
					} else {
						attempt.Body = body
					}
					resp, err := http.DefaultTransport.RoundTrip(attempt)
					if err == nil {
						return resp, nil
					}
					errs = append(errs, err)
				}
				return nil, errs[len(errs)-1]
			})
			c, err := kirim.NewClient(testKey, kirim.WithBaseURL("http://"+first+"/v1"),
				kirim.WithHTTPClient(&http.Client{Transport: failover}), kirim.WithRetryPolicy(quick), kirim.WithoutIdempotencyKeys())
			if err != nil {
				t.Fatal(err)
			}
			err = post(t.Context(), c)
			if !kirim.MaybeSent(err) || processed()+processedToo() != 1 {
				t.Errorf("processed %d times by the first and %d by the second, MaybeSent %v: %v", processed(), processedToo(), kirim.MaybeSent(err), err)
			}
		})
	}
}

// newProcessingAndDropping starts a server that counts requests and closes
// their connections without a response.
func newProcessingAndDropping(t *testing.T) (address string, processed func() int) {
	t.Helper()
	count := make(chan int, 1)
	count <- 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		count <- <-count + 1
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() int {
		n := <-count
		count <- n
		return n
	}
}

// Nothing that comes after a connection was had proves that nothing was sent,
// whatever kind of error it is.
func TestNothingThatFollowsAConnectionProvesThatNothingWasSent(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]error{
		"no TLS record": errRecord, "plain HTTP": http.ErrSchemeMismatch, "certificate": errCert, "alert": errAlert,
		"failed dial": errRefused, "failed lookup": errDNS, "failed proxy": errProxy, "wrapped": fmt.Errorf("second host: %w", errNoHost),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attempts := 0
			rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
				attempts++
				trace := httptrace.ContextClientTrace(req.Context())
				trace.GetConn("h:443")
				trace.GotConn(httptrace.GotConnInfo{})
				return nil, after
			})
			c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: rt}), kirim.WithRetryPolicy(quick), kirim.WithoutIdempotencyKeys())
			if err != nil {
				t.Fatal(err)
			}
			if err := post(t.Context(), c); !kirim.MaybeSent(err) || attempts != 1 {
				t.Errorf("%d attempts, MaybeSent %v: %v", attempts, kirim.MaybeSent(err), err)
			}
		})
	}
}

// A refusal of what the transport sent again says nothing about the request
// before: the first DELETE may have worked, and the second finds nothing.
func TestWhatTheTransportSentAgainStaysInDoubt(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{"GET": false, "HEAD": false, "DELETE": true, "PUT": true, "PATCH": true, "POST": true} {
		rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(req.Context())
			for range 2 {
				trace.GetConn("h:443")
				trace.GotConn(httptrace.GotConnInfo{})
			}
			return &http.Response{StatusCode: 404, Body: http.NoBody, Request: req}, nil
		})
		c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: rt}))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), method, "/labels/1", nil, nil, nil); err == nil || kirim.MaybeSent(err) != want {
			t.Errorf("%s: MaybeSent %v, want %v: %v", method, kirim.MaybeSent(err), want, err)
		}
	}
}

func TestEachAttemptHasHeadersOfItsOwn(t *testing.T) {
	t.Parallel()
	var cookies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "LB", Value: fmt.Sprint(len(cookies)), Path: "/"})
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(server.URL+"/v1"), kirim.WithHTTPClient(&http.Client{Jar: jar}), kirim.WithRetryPolicy(quick))
	if err != nil {
		t.Fatal(err)
	}
	if err := post(t.Context(), c); err == nil {
		t.Fatal("the call succeeded")
	}
	if want := []string{"", "LB=1", "LB=2", "LB=3"}; !slices.Equal(cookies, want) {
		t.Errorf("cookies %q, want %q", cookies, want)
	}
}

// A transport asks for the body once more to send the request again. It gets it
// only where a second request cannot be a second message.
func TestTheBodyIsGivenAgainOnlyWhereThatCannotSendTwice(t *testing.T) {
	t.Parallel()
	const body = `{"n":1}`
	for name, test := range map[string]struct {
		options []kirim.Option
		request []kirim.RequestOption
		wrote   bool // a header, before it asks
		want    string
	}{
		"with a key":                              {nil, nil, true, body},
		"without a key, nothing was written":      {[]kirim.Option{kirim.WithoutIdempotencyKeys()}, nil, false, body},
		"without a key, a header was written":     {[]kirim.Option{kirim.WithoutIdempotencyKeys()}, nil, true, "error"},
		"with a key, without repeats of the call": {nil, []kirim.RequestOption{kirim.WithoutRetry()}, true, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
				if _, err := io.Copy(io.Discard, req.Body); err != nil {
					t.Error(err)
				}
				trace := httptrace.ContextClientTrace(req.Context())
				if test.wrote && trace.WroteHeaderField != nil {
					trace.WroteHeaderField("Host", []string{"h"})
				}
				got = bodyAgain(req)
				return &http.Response{StatusCode: 204, Body: http.NoBody, Request: req}, nil
			})
			c, err := kirim.NewClient(testKey, append(test.options, kirim.WithHTTPClient(&http.Client{Transport: rt}))...)
			if err != nil {
				t.Fatal(err)
			}
			if err := post(t.Context(), c, test.request...); err != nil || got != test.want {
				t.Errorf("the body once more: %s, want %s; %v", got, test.want, err)
			}
		})
	}
}

func bodyAgain(req *http.Request) string {
	if req.GetBody == nil {
		return "none"
	}
	reader, err := req.GetBody()
	if err != nil {
		return "error"
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// net/http sends the request again by itself when a connection that it kept is
// closed: the whole of it, and as often as one attempt is allowed to.
func TestARequestIsWholeWhenItIsSentAgainOnAnotherConnection(t *testing.T) {
	t.Parallel()
	type request struct{ key, body string }
	var mu sync.Mutex
	var got []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, request{r.Header.Get("Idempotency-Key"), string(body)})
		if len(got) == 2 {
			panic(http.ErrAbortHandler) // on the connection that the first call left
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(server.URL+"/v1"), kirim.WithRetryPolicy(quick))
	if err != nil {
		t.Fatal(err)
	}
	var said kirim.Response
	for range 2 {
		if err := post(t.Context(), c, kirim.WithResponse(&said)); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 3 || got[1] != got[2] || got[1].key == "" || got[1].body != `{"n":1}` || said.Attempts != 1 {
		t.Errorf("requests %q in %d attempts, want the second twice in one", got, said.Attempts)
	}
}

func TestAnAttemptThatTakesTooLongSaysHowLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newWire(answer{hang: true}).client(t, kirim.WithRetryPolicy(kirim.RetryPolicy{AttemptTimeout: 7 * time.Second}))
		err := post(t.Context(), c)
		wantText(t, err, "no complete answer within 7s")
		if timeout := (interface{ Timeout() bool })(nil); !errors.As(err, &timeout) || !timeout.Timeout() ||
			!errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v does not match what it is", err)
		}
	})
}

// What SECURITY.md names as the exception from "nothing is logged": net/http
// itself prints what a server says on a connection that nobody waits on.
func TestNetHTTPPrintsWhatNobodyAskedFor(t *testing.T) {
	printed := make(chan string, 16)
	defer log.SetOutput(log.Writer())
	log.SetOutput(writerFunc(func(p []byte) (int, error) { printed <- string(p); return len(p), nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answered := make(chan struct{})
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		<-answered
		_, _ = io.WriteString(conn, "unasked")
		_, _ = r.ReadByte() // until the client closes
	}()
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL("http://"+l.Addr().String()+"/v1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := post(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	close(answered)
	if text := <-printed; !strings.Contains(text, "Unsolicited response") || !strings.Contains(text, "unasked") {
		t.Errorf("net/http printed %q", text)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
