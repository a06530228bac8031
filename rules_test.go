package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// Rules that clients like this one have broken, as far as no other test is
// about them.

func TestAnAnswerIsJudgedByItsStatusAlone(t *testing.T) {
	t.Parallel()
	bodies := map[string]answer{
		"with JSON":                     {body: envelope(kirim.TypeAPI, "brand_new"), header: map[string]string{"Content-Type": "application/json"}},
		"with HTML":                     {body: "<html>", header: map[string]string{"Content-Type": "text/html"}},
		"with JSON that is called HTML": {body: envelope(kirim.TypeAPI, "brand_new"), header: map[string]string{"Content-Type": "text/html"}},
		"with HTML that is called JSON": {body: "<html>", header: map[string]string{"Content-Type": "application/json"}},
		"with nothing":                  {},
	}
	attempts := map[int]int{409: 1, 500: 4, 502: 4, 503: 4, 422: 1} // of a POST with a key
	for status, want := range attempts {
		for body, a := range bodies {
			for _, hint := range []string{"", "true", "false"} {
				t.Run(fmt.Sprintf("%d %s and the hint %q", status, body, hint), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						header := maps.Clone(a.header)
						if header == nil {
							header = map[string]string{}
						}
						header["X-Should-Retry"] = hint
						w := newWire(answer{status: status, body: a.body, header: header})
						e := answerOf(t, post(t.Context(), w.client(t)))
						if e.StatusCode != status || string(e.Body) != a.body || len(w.seen()) != want {
							t.Errorf("%v with the body %q after %d requests, want %d", e, e.Body, len(w.seen()), want)
						}
					})
				})
			}
		}
	}
}

func TestEveryStatusBut2xxIsAnErrorWithThatStatus(t *testing.T) {
	t.Parallel()
	for status := 100; status < 1000; status++ {
		var said kirim.Response
		err := post(t.Context(), newWire(answer{status: status, body: "{}"}).client(t), kirim.WithoutRetry(), kirim.WithResponse(&said))
		if status/100 == 2 {
			if err != nil {
				t.Errorf("%d: %v", status, err)
			}
		} else if e := answerOf(t, err); e.StatusCode != status || e.Kind == "" {
			t.Errorf("%d: %v, kind %q", status, err, e.Kind)
		}
		if said.StatusCode != status {
			t.Errorf("%d: the Response says %d", status, said.StatusCode)
		}
	}
}

func TestAWaitIsNotUnderTheTimeoutOfAnAttempt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		first  answer
		policy kirim.RetryPolicy
		wait   time.Duration
	}{
		"that the server asks for":  {answer{status: 429, header: map[string]string{"Retry-After": "30"}}, kirim.RetryPolicy{MaxRetries: 1, AttemptTimeout: time.Second}, 30 * time.Second},
		"that the client chose":     {answer{status: 502}, kirim.RetryPolicy{MaxRetries: 1, AttemptTimeout: time.Millisecond, MinDelay: time.Hour, MaxDelay: time.Hour}, 0},
		"after a timed out attempt": {answer{hang: true}, kirim.RetryPolicy{MaxRetries: 1, AttemptTimeout: time.Millisecond, MinDelay: time.Hour, MaxDelay: time.Hour}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWire(tc.first, answer{status: 200})
				began := time.Now()
				err := post(t.Context(), w.client(t, kirim.WithRetryPolicy(tc.policy), kirim.WithHTTPClient(&http.Client{Transport: w, Timeout: tc.policy.AttemptTimeout})))
				if err != nil || len(w.seen()) != 2 || time.Since(began) < tc.wait {
					t.Errorf("%d requests in %v: %v", len(w.seen()), time.Since(began), err)
				}
			})
		})
	}
}

func TestTheDefaultWaitsAreWhatTheDocumentationSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}
		longest := make([]time.Duration, len(limits))
		for range 300 {
			w := newWire(answer{status: 502})
			_ = post(t.Context(), w.client(t))
			requests := w.seen()
			if len(requests) != 1+len(limits) {
				t.Fatalf("%d requests", len(requests))
			}
			for i := range limits {
				longest[i] = max(longest[i], requests[i+1].at.Sub(requests[i].at))
			}
		}
		for i, limit := range limits {
			// All of 300 below nine tenths happens once in 10¹³ runs.
			if longest[i] > limit || longest[i] < limit*9/10 {
				t.Errorf("wait %d reached %v of %v", i+1, longest[i], limit)
			}
		}
	})
}

// closing counts the bodies that were handed out and those that were closed.
type closing struct {
	http.RoundTripper
	open atomic.Int32
}

func (c *closing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(req)
	if err == nil {
		c.open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: &c.open}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	open   *atomic.Int32
	closed atomic.Bool
}

func (b *countedBody) Close() error {
	if !b.closed.Swap(true) {
		b.open.Add(-1)
	}
	return b.ReadCloser.Close()
}

func TestEveryBodyIsClosedHoweverAnAttemptEnds(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]answer{
		"success":                           {{status: 200, body: `{"data":{}}`}},
		"success that is not JSON":          {{status: 200, body: "<html>"}},
		"success over the limit":            {{status: 200, body: strings.Repeat(" ", 9<<20)}},
		"success that breaks off":           {{status: 200, body: "{", cut: io.ErrUnexpectedEOF}},
		"refusal":                           {{status: 422, body: "{}"}},
		"refusal over the limit":            {{status: 422, body: strings.Repeat("x", 1<<20)}},
		"failures until none is left":       {{status: 502, body: "<html>"}},
		"failure that breaks off":           {{status: 502, body: "<", cut: errReset}, {status: 200}},
		"redirect":                          {{status: 302, header: map[string]string{"Location": "https://elsewhere.example/"}}},
		"redirect within the origin":        {{status: 302, header: map[string]string{"Location": "/prefix/v1/x"}}, {status: 200}},
		"wait that is longer than allowed":  {{status: 429, body: "{}", header: map[string]string{"Retry-After": "3600"}}},
		"wait that goes past the deadline":  {{status: 429, body: "{}", header: map[string]string{"Retry-After": "50"}}},
		"answer that never comes":           {{status: 502, body: "{}"}, {status: 502, body: "{}"}, {hang: true}},
		"answer that nobody waits for more": {{status: 200, body: "{}", after: 39 * time.Second}},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
					defer cancel()
					c := &closing{RoundTripper: newWire(answers...)}
					client := newWire().client(t, kirim.WithHTTPClient(&http.Client{Transport: c}))
					var out any
					_ = client.Do(ctx, method, "/x", nil, nil, &out)
					if n := c.open.Load(); n != 0 {
						t.Errorf("%d bodies are open", n)
					}
				})
			})
		}
	}
}

func TestAnySetOfValidOptionsMakesAClientInAnyOrder(t *testing.T) {
	t.Parallel()
	zero := kirim.RetryPolicy{}
	all := []kirim.Option{
		kirim.WithBaseURL("http://h.example"), kirim.WithInsecureHTTP(), kirim.WithHTTPClient(http.DefaultClient), kirim.WithHTTPClient(&http.Client{}),
		kirim.WithRetryPolicy(zero), kirim.WithLimiter(&pacer{}), kirim.WithLogger(slog.New(slog.DiscardHandler)), kirim.WithUserAgent("a/1"),
		kirim.WithErrorDecoder(kirim.DecodeError), kirim.WithoutIdempotencyKeys(), kirim.WithoutValidation(),
	}
	before := *http.DefaultClient
	for set := range 1 << len(all) {
		var opts []kirim.Option
		for i, opt := range all {
			if set>>i&1 == 1 {
				opts = append(opts, opt)
			}
		}
		// Plain http to a host needs its option; nothing else needs another.
		wrong := set&1 == 1 && set&2 == 0
		for range 2 {
			if c, err := kirim.NewClient(testKey, opts...); (err != nil) != wrong || (c == nil) != wrong {
				t.Fatalf("set %b: %v", set, err)
			}
			slices.Reverse(opts)
		}
	}
	if http.DefaultClient.Transport != before.Transport || http.DefaultClient.Timeout != before.Timeout || http.DefaultClient.CheckRedirect != nil {
		t.Error("http.DefaultClient was changed")
	}
}

func TestTheCauseOfAnErrorIsFoundInIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the tunnel is down")
		err := post(t.Context(), newWire(answer{err: fmt.Errorf("dial: %w", cause)}).client(t))
		if !errors.Is(err, cause) {
			t.Errorf("%v does not match its cause", err)
		}
		wantText(t, err, cause.Error())
	})
}

func TestTheModuleAsksForTwoLibrariesAndForNoToolchain(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var direct []string
	for line := range strings.Lines(string(mod)) {
		if m := regexp.MustCompile(`^(?:require )?\s*(\S+\.\S+/\S+) v\S+$`).FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			direct = append(direct, m[1])
		}
	}
	if want := []string{"github.com/google/go-querystring", "github.com/hashicorp/go-retryablehttp"}; !slices.Equal(direct, want) {
		t.Errorf("direct dependencies %q", direct)
	}
	if regexp.MustCompile(`(?m)^(toolchain|replace|exclude)\b`).Match(mod) || !regexp.MustCompile(`(?m)^go 1\.\d+\.0$`).Match(mod) {
		t.Errorf("go.mod narrows what its users may choose:\n%s", mod)
	}
}

func TestEveryTestThatThePromisesOfSecurityNameExists(t *testing.T) {
	t.Parallel()
	promises, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	err = filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(source, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(promises, -1)
	if len(named) < 20 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if name := string(m[1]); !tests[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
