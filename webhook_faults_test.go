package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// deadlines notes the deadlines that are set for reading.
type deadlines struct {
	*httptest.ResponseRecorder
	mu  sync.Mutex
	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.set = append(d.set, t)
	return nil
}

// waiting is a body that ends when its deadline has come.
type waiting struct{ *deadlines }

func (w waiting) Read([]byte) (int, error) {
	for {
		w.mu.Lock()
		ended := len(w.set) > 0
		w.mu.Unlock()
		if ended {
			break
		}
		time.Sleep(time.Second)
	}
	return 0, errors.New("deadline")
}

func TestOnlyWhatIsVerifiedIsFreedOfTheServersDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*http.Request, *deadlines)
		want   string
	}{
		{"a good delivery", func(*http.Request, *deadlines) {}, "[none]"},
		{"no signature", func(r *http.Request, _ *deadlines) { r.Header = nil }, "[]"},
		{"a body over the limit", func(r *http.Request, _ *deadlines) { r.ContentLength = 4 << 20 }, "[]"},
		{"a body that trickles in", func(r *http.Request, d *deadlines) { r.Body = io.NopCloser(waiting{d}) }, "[8s]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
				r := signed(testSecret, testTime, []byte(text("1")))
				tt.change(r, w)
				began, set := time.Now(), []string{}
				kirim.NewWebhookHandler(verifier(t, testSecret)).ServeHTTP(w, r)
				for _, at := range w.set {
					if at.IsZero() {
						set = append(set, "none")
					} else {
						set = append(set, at.Sub(began).String())
					}
				}
				if got := fmt.Sprint(set); got != tt.want {
					t.Errorf("deadlines %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestPanicDoesNotShowWhatItWasWith(t *testing.T) {
	t.Parallel()
	const private = "Halo, ini rahasia"
	var message *kirim.InboundMessage
	for _, tt := range []struct {
		panics func()
		want   string
	}{
		{func() { panic(private) }, "a value of type string"},
		{func() { panic(errors.New(private)) }, "a value of type *errors.errorString"},
		{func() { panic(fmt.Errorf("handling %s: %w", private, io.EOF)) }, "a value of type *fmt.wrapError"},
		{func() { panic(&kirim.InboundMessage{Text: private}) }, "a value of type *kirim.InboundMessage"},
		{func() { _ = message.Text }, "invalid memory address"},
		{func() { _ = []int{}[len(private)] }, "index out of range"},
		{func() { (*kirim.StatusTracker)(nil).Join("a", "b") }, "the StatusTracker is nil"},
	} {
		var value any
		func() {
			defer func() { value = recover() }()
			tt.panics()
		}()
		err := &kirim.PanicError{Value: value}
		for _, verb := range []string{"%v", "%+v", "%s", "%q", "%#v"} {
			if got := fmt.Sprintf(verb, err); strings.Contains(got, "rahasia") || !strings.Contains(got, tt.want) {
				t.Errorf("%s: %s, want %s", verb, got, tt.want)
			}
		}
	}
}

func TestNilRequestsAndVerifiers(t *testing.T) {
	t.Parallel()
	if _, err := verifier(t, testSecret).Event(nil); err == nil || kirim.WebhookStatusCode(err) != 500 {
		t.Errorf("Event(nil): %v", err)
	}
	var none *kirim.WebhookVerifier
	for _, v := range []*kirim.WebhookVerifier{none.WithMaxBody(1), none.WithTolerance(1), none.WithClock(nil)} {
		if _, err := v.Event(signed(testSecret, testTime, nil)); !errors.Is(err, kirim.ErrWebhookNoSecret) {
			t.Error(err)
		}
	}
}

func TestHandlerThatNobodyMade(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*kirim.WebhookHandler{"nil": nil, "zero": {}} {
		if code := deliver(t, h, text("1")); code != 503 {
			t.Errorf("%s: answer %d", name, code)
		}
		if err := h.Shutdown(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for method, call := range map[string]func(){
			"OnMessage": func() { h.OnMessage(nil) },
			"OnHistory": func() { h.OnHistory(func(ctx, *kirim.HistoryChunk) error { return nil }) },
			"On":        func() { h.On("a.b", nil) },
			"OnUnknown": func() { h.OnUnknown(nil) },
			"Observe":   func() { h.Observe(nil) },
			"Attach":    func() { kirim.NewStatusFeed().Attach(h) },
		} {
			func() {
				defer func() {
					if got := fmt.Sprint(recover()); !strings.Contains(got, "NewWebhookHandler") {
						t.Errorf("%s handler, %s: panic with %s", name, method, got)
					}
				}()
				call()
			}()
		}
	}
}

func TestFeedThatNobodyMadeIsNotAttached(t *testing.T) {
	t.Parallel()
	for _, feed := range []*kirim.StatusFeed{nil, {}} {
		h := kirim.NewWebhookHandler(verifier(t, testSecret))
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, "NewStatusFeed") {
					t.Errorf("panic with %s", got)
				}
			}()
			feed.Attach(h)
		}()
		if code := deliver(t, h, text("1")); code != 200 {
			t.Errorf("answer %d", code)
		}
	}
}

type ownDeduper struct{ kirim.Deduper }

type ownWindows struct{ kirim.WindowStore }

type ownContext struct{ context.Context }

type ownLogs struct{ slog.Handler }

func TestHandlerTakesNilBelowATypeForTheDefault(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]kirim.WebhookOption{
		"no option":                 nil,
		"no deduper":                kirim.WithDeduper(nil),
		"a nil MemoryDeduper":       kirim.WithDeduper((*kirim.MemoryDeduper)(nil)),
		"a nil deduper of the user": kirim.WithDeduper((*ownDeduper)(nil)),
		"a zero MemoryDeduper":      kirim.WithDeduper(&kirim.MemoryDeduper{}),
		"no windows":                kirim.WithWebhookWindowStore(nil),
		"a nil MemoryWindowStore":   kirim.WithWebhookWindowStore((*kirim.MemoryWindowStore)(nil)),
		"nil windows of the user":   kirim.WithWebhookWindowStore((*ownWindows)(nil)),
		"no logger":                 kirim.WithWebhookLogger(nil),
		"a zero logger":             kirim.WithWebhookLogger(&slog.Logger{}),
		"a logger of nil":           kirim.WithWebhookLogger(slog.New((*ownLogs)(nil))),
	} {
		h := kirim.NewWebhookHandler(verifier(t, testSecret), option)
		calls := 0
		h.OnMessage(func(ctx, *kirim.InboundMessage) error {
			if calls++; calls == 1 {
				return errors.New("not yet")
			}
			return nil
		})
		for i, want := range []int{500, 200, 200} {
			if code := deliver(t, h, text("1")); code != want {
				t.Errorf("%s: answer %d to delivery %d, want %d", name, code, i, want)
			}
		}
		if calls != 2 {
			t.Errorf("%s: %d calls", name, calls)
		}
	}
}

func TestHandlerRefusesNilRequestsAndContexts(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, nil); w.Code != 500 {
		t.Errorf("answer %d to a nil request", w.Code)
	}
	for _, ctx := range []context.Context{nil, (*ownContext)(nil)} {
		var refused *kirim.ValidationError
		if err := h.Shutdown(ctx); !errors.As(err, &refused) || !strings.Contains(err.Error(), "ctx") {
			t.Errorf("%T: %v", ctx, err)
		}
	}
	if code := deliver(t, h, text("1")); code != 200 {
		t.Errorf("answer %d: a refused Shutdown has stopped the handler", code)
	}
}

func TestMemoryDeduperThatNobodyMade(t *testing.T) {
	t.Parallel()
	var absent *kirim.MemoryDeduper
	_, claim := absent.Claim(t.Context(), "k")
	for _, err := range []error{claim, absent.Complete(t.Context(), "k"), absent.Release(t.Context(), "k")} {
		if err == nil || !strings.Contains(err.Error(), "MemoryDeduper is nil") {
			t.Errorf("%v", err)
		}
	}
	zero := &kirim.MemoryDeduper{}
	if absent.Len() != 0 || zero.Len() != 0 {
		t.Error("something is remembered")
	}
	zero.Release(t.Context(), "k")
	for _, want := range []kirim.ClaimState{kirim.Claimed, kirim.ClaimedBusy} {
		if state, err := zero.Claim(t.Context(), "k"); state != want || err != nil {
			t.Errorf("%v, %v", state, err)
		}
	}
	if err := (&kirim.MemoryDeduper{}).Complete(t.Context(), "k"); err != nil {
		t.Error(err)
	}
	zero.Complete(t.Context(), "k")
	if state, _ := zero.Claim(t.Context(), "k"); state != kirim.ClaimedDone {
		t.Errorf("%v", state)
	}
}

func TestNilStatusesAndErrorsOfEvents(t *testing.T) {
	t.Parallel()
	if err := (*kirim.StatusUpdate)(nil).Err(); err != nil {
		t.Errorf("%v", err)
	}
	var err error = (*kirim.EventError)(nil)
	if text := err.Error(); !strings.HasPrefix(text, "kirim: event: ") {
		t.Errorf("%q", text)
	}
	if errors.Is(err, kirim.KindUnknown) || errors.Is(err, kirim.KindRateLimited) || kirim.IsOutside24hWindow(err) || kirim.MaybeSent(err) {
		t.Error("a nil error is of a kind")
	}
	var as *kirim.Error
	var message *kirim.MessageError
	if errors.As(err, &as) || errors.As(err, &message) {
		t.Errorf("%v, %v", as, message)
	}
}
