package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// callRecorder is an observer that keeps what it is told.
type callRecorder struct {
	mu       sync.Mutex
	begun    []kirim.CallInfo
	attempts []kirim.CallAttempt
	ends     []kirim.CallEnd
	order    []string
}

// recorderKey is where an observer that records keeps its name, for those within it.
type (
	recorderKey struct{ name string }
	latestKey   struct{}
)

func withRecorder(c context.Context, name string) context.Context {
	return context.WithValue(context.WithValue(c, recorderKey{name}, true), latestKey{}, name)
}

// noted says what an observer was called for, and whether with another context than its own.
func noted(c context.Context, name, what string) string {
	if latest := c.Value(latestKey{}); latest != name {
		what += fmt.Sprintf(" with the context of %v", latest)
	}
	return name + " " + what
}

func (r *callRecorder) observer(name string) kirim.CallObserver {
	note := func(c context.Context, what string) { r.order = append(r.order, noted(c, name, what)) }
	return kirim.CallObserver{
		Begin: func(c context.Context, call kirim.CallInfo) context.Context {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.begun = append(r.begun, call)
			c = withRecorder(c, name)
			note(c, "begin")
			return c
		},
		Attempt: func(c context.Context, a kirim.CallAttempt) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.attempts = append(r.attempts, a)
			note(c, "attempt")
		},
		End: func(c context.Context, e kirim.CallEnd) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ends = append(r.ends, e)
			note(c, "end")
		},
	}
}

// slowLimiter waits for a second.
type slowLimiter struct{ err error }

func (l slowLimiter) Wait(c context.Context, _ kirim.RateClass) error {
	time.Sleep(time.Second)
	return l.err
}
func (slowLimiter) Observe(kirim.RateClass, kirim.RateLimit) {}

func TestObserverIsToldOfEachAttemptAndOfTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r callRecorder
		w := newWire(
			answer{status: 429, after: 2 * time.Second, header: map[string]string{"Retry-After": "3", "X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0"}},
			answer{err: errReset},
			answer{status: 202, body: `{"data":{"id":"msg_1"}}`, header: map[string]string{"X-Request-Id": "req_3", "Idempotent-Replayed": "true"}},
		)
		c := w.client(t, kirim.WithCallObserver(r.observer("a")), kirim.WithLimiter(slowLimiter{}))
		began := time.Now()
		if err := post(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		if len(r.begun) != 1 || len(r.ends) != 1 || len(r.attempts) != 3 {
			t.Fatalf("%d begun, %d attempts, %d ends", len(r.begun), len(r.attempts), len(r.ends))
		}
		info := kirim.CallInfo{Method: "POST", Route: "/{id}/messages", Server: "api.kirim.example"}
		if r.begun[0] != info || r.ends[0].CallInfo != info || r.attempts[2].CallInfo != info {
			t.Errorf("begun %+v, want %+v", r.begun[0], info)
		}
		first, second, third := r.attempts[0], r.attempts[1], r.attempts[2]
		var answered *kirim.Error
		if first.Outcome != kirim.AttemptRateLimited || first.Number != 1 || !first.Retry || first.Wait < 3*time.Second || first.Duration != 2*time.Second ||
			first.LimiterWait != time.Second || first.StatusCode != 429 || first.RateLimit.Limit != 600 || !errors.As(first.Err, &answered) || first.RateClass != kirim.RateWrite {
			t.Errorf("first: %+v", first)
		}
		if second.Outcome != kirim.AttemptNoResponse || !second.Retry || second.StatusCode != 0 || !errors.Is(second.Err, errReset) || second.LimiterWait != time.Second {
			t.Errorf("second: %+v", second)
		}
		if third.Outcome != kirim.AttemptSucceeded || third.Retry || third.Wait != 0 || third.Err != nil || third.RequestID != "req_3" || !third.Replayed {
			t.Errorf("third: %+v", third)
		}
		if end := r.ends[0]; end.Err != nil || end.Attempts != 3 || end.RequestID != "req_3" || !end.Replayed || end.StatusCode != 202 || end.Duration != took {
			t.Errorf("end: %+v", end)
		}
	})
}

// TestEachOutcomeHasItsWord goes through the rows of the retry table.
func TestEachOutcomeHasItsWord(t *testing.T) {
	t.Parallel()
	for want, given := range map[kirim.AttemptOutcome]answer{
		kirim.AttemptSucceeded:      {status: 200, body: "{}"},
		kirim.AttemptNotSent:        {err: errRefused},
		kirim.AttemptNoResponse:     {err: errReset},
		kirim.AttemptRequestTimeout: {status: 408},
		kirim.AttemptInProgress:     {status: 409, body: envelope(kirim.TypeConflict, kirim.CodeIdempotencyInProgress)},
		kirim.AttemptRateLimited:    {status: 429},
		kirim.AttemptInternalError:  {status: 500},
		kirim.AttemptBadGateway:     {status: 504},
		kirim.AttemptUnavailable:    {status: 503},
		kirim.AttemptRefused:        {status: 422},
	} {
		var r callRecorder
		err := post(t.Context(), newWire(given).client(t, kirim.WithCallObserver(r.observer("a"))), kirim.WithoutRetry())
		if len(r.attempts) != 1 || r.attempts[0].Outcome != want || (r.attempts[0].Err == nil) != (err == nil) {
			t.Errorf("%s: %+v", want, r.attempts)
		}
		if len(r.ends) != 1 || r.ends[0].Err != err { //nolint:errorlint // the same value
			t.Errorf("%s: ends with %v, the call with %v", want, r.ends, err)
		}
	}
	var r callRecorder
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(server.URL), kirim.WithCallObserver(r.observer("a")))
	if err != nil {
		t.Fatal(err)
	}
	if _ = post(t.Context(), c); len(r.attempts) != 1 || r.attempts[0].Outcome != kirim.AttemptMisconfigured {
		t.Errorf("a certificate that nobody signed: %+v", r.attempts)
	}
}

func TestCallsThatSendNothingAreObservedToo(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	limited := errors.New("no tokens")
	message := kirim.OutboundMessage{To: "+6281234500001", Content: kirim.Text{Body: "Halo"}}
	for name, send := range map[string]func(*kirim.Client) error{
		"invalid": func(c *kirim.Client) error {
			_, err := c.PhoneNumber("1").Messages.Send(t.Context(), kirim.OutboundMessage{To: "+6281234500001", Content: kirim.Text{}})
			return err
		},
		"invalid rescue": func(c *kirim.Client) error {
			_, err := c.PhoneNumber("1").Messages.SendOrTemplate(t.Context(), message, kirim.Template{})
			return err
		},
		"no content": func(c *kirim.Client) error {
			_, err := c.PhoneNumber("1").Messages.Send(t.Context(), kirim.OutboundMessage{To: "+6281234500001"}, kirim.WithoutRequestValidation())
			return err
		},
		"a body that is no JSON": func(c *kirim.Client) error {
			return c.Do(t.Context(), "POST", "/1/messages", nil, make(chan int), nil)
		},
		"cancelled": func(c *kirim.Client) error {
			_, err := c.PhoneNumber("1").Messages.Send(cancelled, message)
			return err
		},
		"limited": func(c *kirim.Client) error {
			_, err := c.PhoneNumber("1").Messages.Send(t.Context(), message)
			return err
		},
	} {
		var r callRecorder
		w := newWire()
		opts := []kirim.Option{kirim.WithCallObserver(r.observer("a"))}
		if name == "limited" {
			opts = append(opts, kirim.WithLimiter(slowLimiter{limited}))
		}
		err := send(w.client(t, opts...))
		if err == nil || len(w.seen()) != 0 {
			t.Fatalf("%s: %v, %d requests", name, err, len(w.seen()))
		}
		if len(r.begun) != 1 || len(r.attempts) != 0 || len(r.ends) != 1 || r.ends[0].Err != err || r.ends[0].Attempts != 0 || r.ends[0].Route != "/{id}/messages" { //nolint:errorlint // the same value
			t.Errorf("%s: %d begun, ends %+v", name, len(r.begun), r.ends)
		}
	}
}

func TestObserversAddUpAndEndInReverse(t *testing.T) {
	t.Parallel()
	var r callRecorder
	var wrapped []string
	wrap := func(name string) kirim.CallObserver {
		o := r.observer(name)
		o.Transport = func(next http.RoundTripper) http.RoundTripper {
			return roundTripFunc(func(req *http.Request) (*http.Response, error) {
				wrapped = append(wrapped, fmt.Sprint(name, " ", req.Context().Value(recorderKey{"b"})))
				return next.RoundTrip(req)
			})
		}
		return o
	}
	var logged bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := newWire(answer{status: 200, body: "{}"})
	if err := post(t.Context(), w.client(t, kirim.WithLogger(logger), kirim.WithCallObserver(wrap("a")), kirim.WithCallObserver(wrap("b")))); err != nil {
		t.Fatal(err)
	}
	want := []string{"a begin", "b begin", "b attempt", "a attempt", "b end", "a end"}
	if !slices.Equal(r.order, want) {
		t.Errorf("order %q, want %q", r.order, want)
	}
	if !slices.Equal(wrapped, []string{"a true", "b true"}) {
		t.Errorf("transports %q", wrapped)
	}
	if strings.Count(logged.String(), "kirim: attempt") != 1 {
		t.Errorf("logged %q", logged.String())
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestAnObserverThatPanicsChangesNothing(t *testing.T) {
	t.Parallel()
	var r callRecorder
	var logged bytes.Buffer
	faulty := kirim.CallObserver{
		Begin:   func(context.Context, kirim.CallInfo) context.Context { panic("the secret of a customer") },
		Attempt: func(context.Context, kirim.CallAttempt) { panic("the secret of a customer") },
		End:     func(context.Context, kirim.CallEnd) { panic(errors.New("the secret of a customer")) },
	}
	w := newWire(answer{status: 502}, answer{status: 200, body: "{}"})
	c := w.client(t, kirim.WithCallObserver(faulty), kirim.WithCallObserver(r.observer("a")), kirim.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))),
		kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 1, MinDelay: time.Microsecond}))
	if err := post(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(logged.String(), "an observer panicked"); got != 4 || strings.Contains(logged.String(), "secret") {
		t.Errorf("%d panics logged: %s", got, logged.String())
	}
	if len(r.begun) != 1 || len(r.attempts) != 2 || len(r.ends) != 1 {
		t.Errorf("the other observer: %d begun, %d attempts, %d ends", len(r.begun), len(r.attempts), len(r.ends))
	}
}

func TestObserversThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	_, err := kirim.NewClient(testKey, kirim.WithCallObserver(kirim.CallObserver{}))
	wantText(t, err, "kirim: WithCallObserver: the observer has no function")
	_, err = kirim.NewClient(testKey, kirim.WithCallObserver(kirim.CallObserver{
		Transport: func(http.RoundTripper) http.RoundTripper { return (*http.Transport)(nil) },
	}))
	wantText(t, err, "kirim: WithCallObserver: Transport returned nil")
	var nothing context.Context
	w := newWire(answer{status: 200, body: "{}"})
	c := w.client(t, kirim.WithCallObserver(kirim.CallObserver{Begin: func(context.Context, kirim.CallInfo) context.Context { return nothing }}))
	if err := post(t.Context(), c); err != nil {
		t.Errorf("a Begin that returns nil: %v", err)
	}
}

// TestALinkToAFileIsNoFailure: the response of Media is a redirect.
func TestALinkToAFileIsNoFailure(t *testing.T) {
	t.Parallel()
	var r callRecorder
	var fetched []string
	observer := r.observer("a")
	observer.Transport = func(next http.RoundTripper) http.RoundTripper {
		return roundTripFunc(func(req *http.Request) (*http.Response, error) {
			fetched = append(fetched, req.URL.Path)
			return next.RoundTrip(req)
		})
	}
	w := newWire(answer{status: 302, header: map[string]string{"Location": "https://files.example.com/x"}}, answer{status: 200, body: "file"})
	m, err := w.client(t, kirim.WithCallObserver(observer)).PhoneNumber("1").Messages.Media(t.Context(), "msg_1", kirim.MediaParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if len(r.ends) != 1 || r.ends[0].Err != nil || r.ends[0].StatusCode != 302 || r.attempts[0].Err != nil || r.attempts[0].Outcome != kirim.AttemptSucceeded ||
		r.ends[0].Route != "/{id}/messages/{id}/media" {
		t.Errorf("%+v, %+v", r.ends, r.attempts)
	}
	if len(fetched) != 2 || fetched[1] != "/x" {
		t.Errorf("the transport of the observer carried %q", fetched)
	}
}

// TestARouteHasNoIDs: names that vendors' users choose are ids, too.
func TestARouteHasNoIDs(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/106540352242922/messages":               "/{id}/messages",
		"/106540352242922/templates/order_update": "/{id}/templates/{id}",
		"/labels/vip":                 "/labels/{id}",
		"/customers/toko/setup_links": "/customers/{id}/setup_links",
		"/openapi.json":               "/openapi.json",
		"/me":                         "/me",
		"/1/contacts/6281234500001":   "/{id}/contacts/{id}",
	} {
		var r callRecorder
		w := newWire(answer{status: 200, body: "{}"})
		if err := w.client(t, kirim.WithCallObserver(r.observer("a"))).Do(t.Context(), "GET", path, nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		if r.begun[0].Route != want {
			t.Errorf("%s is %s, want %s", path, r.begun[0].Route, want)
		}
	}
}
