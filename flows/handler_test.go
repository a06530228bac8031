package flows_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim/flows"
)

const (
	ping  = `{"version":"3.0","action":"ping"}`
	begin = `{"version":"3.0","action":"INIT","flow_token":"token-1"}`
)

func TestHealthChecksAndErrorNotificationsNeverReachTheCallback(t *testing.T) {
	t.Parallel()
	var seen []flows.ErrorNotification
	h := newHandler(t, forbidden(t), flows.WithErrorObserver(func(_ context.Context, n *flows.ErrorNotification) {
		seen = append(seen, *n)
	}))
	const acknowledged = `{"data":{"acknowledged":true}}`
	for payload, want := range map[string]string{
		ping: `{"data":{"status":"active"}}`,
		`{"action":"ping","data":{"error":"a","error_message":"b"}}`:                                               `{"data":{"status":"active"}}`,
		`{"version":"3.0","action":"INIT","screen":"A","flow_token":"t","data":{"error":"k","error_message":"m"}}`: acknowledged,
		`{"action":"data_exchange","data":{"error_key":"k","error_message":"","more":[1]}}`:                        acknowledged,
	} {
		if status, body := call(t, h, payload); status != 200 || body != want {
			t.Errorf("%s: %d %s, want %s", payload, status, body, want)
		}
		if status, body := call(t, newHandler(t, forbidden(t)), payload); status != 200 || body != want {
			t.Errorf("%s without an observer: %d %s, want %s", payload, status, body, want)
		}
	}
	if len(seen) != 2 {
		t.Fatalf("the observer saw %d notifications, not 2", len(seen))
	}
	for _, n := range seen {
		if n.Key != "k" || (n.Message == "m") != (n.Request.Screen == "A") {
			t.Errorf("key %q, message %q, screen %q", n.Key, n.Message, n.Request.Screen)
		}
	}
}

func TestAFieldThatIsNamedErrorIsNotAnErrorNotification(t *testing.T) {
	t.Parallel()
	calls := 0
	h := newHandler(t, func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		calls++
		if string(r.Data) == "null" {
			t.Error("Data is null where there is none")
		}
		return flows.Next("A", nil), nil
	})
	payloads := []string{
		`{"action":"data_exchange","data":{"error":"the engine stalls"}}`,
		`{"action":"data_exchange","data":{"error_message":"the engine stalls"}}`,
		`{"action":"data_exchange","data":{"error":{"a":1},"error_message":"m"}}`,
		`{"action":"data_exchange","data":[]}`,
		`{"action":"data_exchange","data":null}`,
		`{"action":"data_exchange"}`,
		`{"action":"an action of the future"}`,
	}
	for _, payload := range payloads {
		if status, body := call(t, h, payload); status != 200 || body != `{"screen":"A","data":{}}` {
			t.Errorf("%s: %d %s", payload, status, body)
		}
	}
	if calls != len(payloads) {
		t.Errorf("the callback got %d of %d requests", calls, len(payloads))
	}
}

func TestTheStatusFollowsFromWhatTheCallbackDid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exchange flows.Exchange
		status   int
		body     string
	}{
		"it returns a screen": {func(context.Context, *flows.Request) (*flows.Response, error) {
			return flows.Next("A", nil), nil
		}, 200, `{"screen":"A","data":{}}`},
		"it returns nothing": {func(context.Context, *flows.Request) (response *flows.Response, err error) { return }, 500, ""},
		"it fails": {func(context.Context, *flows.Request) (*flows.Response, error) {
			return flows.Next("A", nil), errors.New("no database")
		}, 500, ""},
		"the token is invalid": {func(context.Context, *flows.Request) (*flows.Response, error) {
			return nil, flows.ErrTokenInvalid
		}, 427, ""},
		"the token is invalid, with an empty message": {func(context.Context, *flows.Request) (*flows.Response, error) {
			return nil, flows.TokenInvalid("")
		}, 427, ""},
		"the token is invalid, with a message, wrapped": {func(context.Context, *flows.Request) (*flows.Response, error) {
			return nil, fmt.Errorf("order 7: %w", flows.TokenInvalid(`It was "paid".`))
		}, 427, `{"error_msg":"It was \"paid\"."}`},
		"it panics":                 {func(context.Context, *flows.Request) (*flows.Response, error) { panic("token-1") }, 500, ""},
		"it panics as handlers may": {func(context.Context, *flows.Request) (*flows.Response, error) { panic(http.ErrAbortHandler) }, 500, ""},
		"it changes the token of the flow": {func(_ context.Context, r *flows.Request) (*flows.Response, error) {
			r.FlowToken = "x"
			return flows.Close(nil), nil
		}, 200, `{"screen":"SUCCESS","data":{"extension_message_response":{"params":{"flow_token":"token-1"}}}}`},
		"its data panics": {func(context.Context, *flows.Request) (*flows.Response, error) { return flows.Next("A", panics{}), nil }, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if status, body := call(t, newHandler(t, test.exchange), begin); status != test.status || body != test.body {
				t.Errorf("%d %s, want %d %s", status, body, test.status, test.body)
			}
		})
	}
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("no") }

func TestAnObserverThatPanicsIsA500(t *testing.T) {
	t.Parallel()
	h := newHandler(t, forbidden(t), flows.WithErrorObserver(func(context.Context, *flows.ErrorNotification) { panic("no") }))
	if status, body := call(t, h, `{"action":"INIT","data":{"error":"k","error_message":"m"}}`); status != 500 || body != "" {
		t.Errorf("%d %s", status, body)
	}
}

func TestTheContextOfACallbackEnds(t *testing.T) {
	t.Parallel()
	p := newPhone(&testKeys()[0].PublicKey)
	body := p.seal(begin).String()
	for name, test := range map[string]struct {
		opts  []flows.Option
		after time.Duration // when the phone hangs up
		want  time.Duration
		cause error
	}{
		"after eight seconds":           {nil, time.Hour, 8 * time.Second, context.DeadlineExceeded},
		"after the time of WithTimeout": {[]flows.Option{flows.WithTimeout(time.Second)}, time.Hour, time.Second, context.DeadlineExceeded},
		"when the phone hangs up":       {nil, 3 * time.Second, 3 * time.Second, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var cause error
				h := newHandler(t, func(ctx context.Context, _ *flows.Request) (*flows.Response, error) {
					<-ctx.Done()
					cause = ctx.Err()
					return nil, cause
				}, test.opts...)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				defer time.AfterFunc(test.after, cancel).Stop()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader(body)))
				if took := time.Since(began); w.Code != 500 || w.Body.Len() > 0 || took != test.want || !errors.Is(cause, test.cause) {
					t.Errorf("status %d, body %q, after %v: %v", w.Code, w.Body, took, cause)
				}
			})
		})
	}
}

func TestASlowCallbackThatSucceedsIsNotCutOff(t *testing.T) {
	t.Parallel()
	p := newPhone(&testKeys()[0].PublicKey)
	body := p.seal(begin).String()
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, func(context.Context, *flows.Request) (*flows.Response, error) {
			<-time.After(9 * time.Second)
			return flows.Next("A", nil), nil
		})
		if w := post(t, h, body, ""); w.Code != 200 || p.open(w.Body.String()) != `{"screen":"A","data":{}}` {
			t.Errorf("status %d", w.Code)
		}
	})
}

// Everything that a log and a careless Printf may show, after each way to fail.
