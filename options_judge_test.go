package kirim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kirim-go/kirim"
)

// sixth is how a system that is not Kirim could report an error in a 200.
const sixth = `{"ok":false,"reason":"NO_CREDIT","data":{"id":"msg_1"}}`

func judgeSixth(_ int, _ http.Header, body []byte) kirim.Verdict {
	switch {
	case bytes.Contains(body, []byte(`"ok":false`)):
		return kirim.VerdictFailure
	case bytes.Contains(body, []byte(`"ok":true`)):
		return kirim.VerdictSuccess
	}
	return kirim.VerdictDefault
}

func decodeSixth(_ int, _ http.Header, body []byte) *kirim.Error {
	var answer struct{ Reason kirim.ErrorCode }
	_ = json.Unmarshal(body, &answer) // a body of another shape has no reason
	if answer.Reason == "" {
		return nil
	}
	kinds := map[kirim.ErrorCode]kirim.Kind{"NO_CREDIT": kirim.KindBilling, "SLOW_DOWN": kirim.KindRateLimited}
	return &kirim.Error{Code: answer.Reason, Kind: kinds[answer.Reason]}
}

func TestAJudgeDecidesWhatA2xxIs(t *testing.T) {
	t.Parallel()
	warning := `{"ok":true,"errors":["the name was cut"],"id":"1"}`
	denied := envelope(kirim.TypePermission, kirim.CodeFeatureNotAvailable)
	for _, tt := range []struct {
		name, body string
		judge      bool
		want       error // nil for a success
	}{
		{"a report of its own, unjudged", sixth, false, nil},
		{"a report of its own beside a result", sixth, true, kirim.ErrorCode("NO_CREDIT")},
		{"a warning that looks like an error, unjudged", warning, false, kirim.KindUnknown},
		{"a warning that looks like an error", warning, true, nil},
		{"the default, of an error envelope", denied, true, kirim.CodeFeatureNotAvailable},
		{"the default, of anything else", `{"data":{}}`, true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opts := []kirim.Option{kirim.WithErrorDecoder(decodeSixth)}
			if tt.judge {
				opts = append(opts, kirim.WithResponseJudge(judgeSixth))
			}
			var tree map[string]any
			var raw []byte
			for name, out := range map[string]any{"nothing": nil, "bytes": &raw, "a tree": &tree} {
				w := newWire(answer{status: 202, body: tt.body})
				err := w.client(t, opts...).Do(t.Context(), "POST", "/x", nil, nil, out)
				if !errors.Is(err, tt.want) || len(w.seen()) != 1 {
					t.Errorf("into %s: %v after %d requests, want %v", name, err, len(w.seen()), tt.want)
				}
				if err == nil {
					continue
				}
				if e := answerOf(t, err); e.StatusCode != 202 || string(e.Body) != tt.body || e.Path != "/x" || e.Attempts != 1 {
					t.Errorf("into %s: %+v", name, e)
				}
			}
			if tt.want != nil && (raw != nil || tree != nil) {
				t.Errorf("a failure was read into %s and %v", raw, tree)
			}
		})
	}
}

func TestAJudgedFailureOfAMethodIsThatError(t *testing.T) {
	t.Parallel()
	opts := []kirim.Option{kirim.WithResponseJudge(judgeSixth), kirim.WithErrorDecoder(decodeSixth)}
	_, err := newWire(answer{status: 200, body: sixth}).client(t, opts...).PhoneNumber("1").Messages.Send(t.Context(), hello)
	if !errors.Is(err, kirim.KindBilling) || kirim.MaybeSent(err) {
		t.Errorf("%v, MaybeSent %v", err, kirim.MaybeSent(err))
	}
	w := newWire(answer{status: 200, body: `{"ok":false,"reason":"SLOW_DOWN"}`, header: map[string]string{"Retry-After": "0"}}, accepted)
	opts = append(opts, kirim.WithRetryPolicy(quick))
	if _, err := w.client(t, opts...).PhoneNumber("1").Messages.Send(t.Context(), hello); err != nil || len(w.seen()) != 2 {
		t.Errorf("a rate limit in a 200: %v after %d requests", err, len(w.seen()))
	}
}

// What a judge calls a success needs its result all the same.
func TestAJudgedSuccessWithoutAResultIsNone(t *testing.T) {
	t.Parallel()
	judge := kirim.WithResponseJudge(func(int, http.Header, []byte) kirim.Verdict { return kirim.VerdictSuccess })
	for _, body := range []string{`{"data":null}`, `{"success":false}`, `<html>`, envelope(kirim.TypePermission, kirim.CodeFeatureNotAvailable)} {
		_, err := newWire(answer{status: 200, body: body}).client(t, judge).PhoneNumber("1").Messages.Send(t.Context(), hello)
		if !errors.Is(err, kirim.KindInvalidResponse) || !kirim.MaybeSent(err) {
			t.Errorf("%s: %v, MaybeSent %v", body, err, kirim.MaybeSent(err))
		}
	}
}

func TestAJudgeIsAskedOnceAboutA2xxWithABody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		method string
		answer answer
		asked  int64
	}{
		{"a success", "GET", answer{status: 200, body: `{"data":{}}`, header: map[string]string{"X-Request-Id": "req_1"}}, 1},
		{"no content", "POST", answer{status: 204}, 0},
		{"an empty body", "DELETE", answer{status: 200}, 0},
		{"a blank body", "POST", answer{status: 200, body: " \n"}, 0},
		{"a body that is too large", "GET", answer{status: 200, body: strings.Repeat(" ", 8<<20+1)}, 0},
		{"an error status", "GET", answer{status: 404, body: sixth}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			judge := kirim.WithResponseJudge(func(status int, header http.Header, body []byte) kirim.Verdict {
				asked.Add(1)
				if status != tt.answer.status || string(body) != tt.answer.body || header.Get("X-Request-Id") != "req_1" {
					t.Errorf("asked about %d %v %s", status, header, body)
				}
				return kirim.VerdictDefault
			})
			_ = newWire(tt.answer).client(t, judge).Do(t.Context(), tt.method, "/x", nil, nil, nil)
			if n := asked.Load(); n != tt.asked {
				t.Errorf("asked %d times, want %d", n, tt.asked)
			}
		})
	}
}

func TestANilJudgeIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := kirim.NewClient(testKey, kirim.WithResponseJudge(nil)); err == nil || !strings.Contains(err.Error(), "WithResponseJudge") {
		t.Errorf("%v", err)
	}
}

func TestAPanicOfAJudgeReachesTheCaller(t *testing.T) {
	t.Parallel()
	angry := true
	c := newWire(answer{status: 200, body: `{"data":{}}`}).client(t, kirim.WithResponseJudge(func(int, http.Header, []byte) kirim.Verdict {
		if angry {
			panic("out of order")
		}
		return kirim.VerdictDefault
	}))
	func() {
		defer func() {
			if got := recover(); got != "out of order" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = c.Do(t.Context(), "GET", "/x", nil, nil, nil)
	}()
	angry = false
	if err := c.Do(t.Context(), "GET", "/x", nil, nil, nil); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestAJudgeServesManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: sixth})
	c := w.client(t, kirim.WithResponseJudge(judgeSixth), kirim.WithErrorDecoder(decodeSixth))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := c.Do(t.Context(), "POST", "/x", nil, nil, nil); !errors.Is(err, kirim.KindBilling) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// The DecodeError of a package for such a system says what its client says.
func TestADecoderFillsInWhatItsClientWould(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Request-Id": {"req_1"}, "Retry-After": {"7"}}
	e := kirim.ErrorDecoder(decodeSixth).Decode(503, header, []byte(`{"reason":"BUSY"}`))
	if e.StatusCode != 503 || e.Code != "BUSY" || e.Kind != kirim.KindUnavailable || e.RequestID != "req_1" || e.RetryAfter.Seconds() != 7 ||
		e.Message != "Service Unavailable" || string(e.Body) != `{"reason":"BUSY"}` || e.Header.Get("Retry-After") != "7" || kirim.MaybeSent(e) {
		t.Errorf("%#v", e)
	}
	for name, decode := range map[string]kirim.ErrorDecoder{"one that leaves it": decodeSixth, "none": nil} {
		if e := decode.Decode(422, nil, []byte(windowClosed.body)); e.Code != kirim.CodeOutside24hWindow || e.Kind != kirim.KindOutsideWindow {
			t.Errorf("%s: %#v", name, e)
		}
	}
}
