package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// deliveryRecorder is an observer that keeps what it is told.
type deliveryRecorder struct {
	mu       sync.Mutex
	begun    []kirim.DeliveryInfo
	ends     []kirim.DeliveryEnd
	elements []kirim.ElementEnd
	order    []string
}

func (r *deliveryRecorder) observer(name string) kirim.DeliveryObserver {
	note := func(c context.Context, what string) { r.order = append(r.order, noted(c, name, what)) }
	return kirim.DeliveryObserver{
		Begin: func(c context.Context, d kirim.DeliveryInfo) context.Context {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.begun = append(r.begun, d)
			c = withRecorder(c, name)
			note(c, "begin")
			return c
		},
		End: func(c context.Context, e kirim.DeliveryEnd) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ends = append(r.ends, e)
			note(c, "end")
		},
		BeginElement: func(c context.Context, _ kirim.ElementInfo) context.Context {
			r.mu.Lock()
			defer r.mu.Unlock()
			c = withRecorder(c, name)
			note(c, "begin element")
			return c
		},
		EndElement: func(c context.Context, e kirim.ElementEnd) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.elements = append(r.elements, e)
			note(c, "end element")
		},
	}
}

func (r *deliveryRecorder) outcomes() (outcomes []kirim.ElementOutcome) {
	for _, e := range r.elements {
		outcomes = append(outcomes, e.Outcome)
	}
	return outcomes
}

func TestObserverIsToldWhatBecameOfEachElement(t *testing.T) {
	t.Parallel()
	failure := errors.New("the database is away")
	body := text("wamid.1") // of one message
	for name, tt := range map[string]struct {
		deduper  kirim.Deduper
		callback func(ctx, *kirim.InboundMessage) error
		before   func(*kirim.WebhookHandler)
		outcome  kirim.ElementOutcome
		status   int
		err      error
	}{
		"handled":   {nil, func(ctx, *kirim.InboundMessage) error { return nil }, nil, kirim.ElementHandled, 200, nil},
		"ignored":   {nil, nil, nil, kirim.ElementIgnored, 200, nil},
		"failed":    {nil, func(ctx, *kirim.InboundMessage) error { return failure }, nil, kirim.ElementFailed, 500, failure},
		"panicked":  {nil, func(ctx, *kirim.InboundMessage) error { panic("no") }, nil, kirim.ElementPanicked, 500, &kirim.PanicError{}},
		"not run":   {brokenDeduper{claim: failure}, func(ctx, *kirim.InboundMessage) error { return nil }, nil, kirim.ElementNotRun, 503, failure},
		"busy":      {nil, func(ctx, *kirim.InboundMessage) error { return kirim.ErrElementBusy }, nil, kirim.ElementBusy, 503, kirim.ErrElementBusy},
		"duplicate": {nil, func(ctx, *kirim.InboundMessage) error { return nil }, func(h *kirim.WebhookHandler) { deliver(t, h, body) }, kirim.ElementDuplicate, 200, nil},
	} {
		var r deliveryRecorder
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(tt.deduper), kirim.WithDeliveryObserver(r.observer("a")))
		h.OnMessage(tt.callback)
		if tt.before != nil {
			tt.before(h)
			r.begun, r.ends, r.elements = nil, nil, nil
		}
		if code := deliver(t, h, body); code != tt.status {
			t.Errorf("%s: response %d, want %d", name, code, tt.status)
		}
		if len(r.elements) != 1 || len(r.ends) != 1 || len(r.begun) != 1 {
			t.Errorf("%s: %d begun, %d ends, elements %v", name, len(r.begun), len(r.ends), r.outcomes())
			continue
		}
		element, end := r.elements[0], r.ends[0]
		m, ok := element.Event.Data[0].(*kirim.InboundMessage)
		if element.Outcome != tt.outcome || element.Index != 0 || len(element.Event.Data) != 1 || !ok || m.ID != "wamid.1" || (tt.err == nil) != (element.Err == nil) {
			t.Errorf("%s: %+v", name, element)
		}
		var panicked *kirim.PanicError
		if tt.err != nil && !errors.Is(element.Err, tt.err) && !(name == "panicked" && errors.As(element.Err, &panicked)) {
			t.Errorf("%s: error %v, want %v", name, element.Err, tt.err)
		}
		if end.StatusCode != tt.status || end.Err != nil || end.Event == nil || r.begun[0].Header.Get("X-Kirim-Signature") == "" || r.begun[0].Size != int64(len(body)) {
			t.Errorf("%s: %+v of %+v", name, end, r.begun[0])
		}
	}
}

func TestObserverIsToldHowLongCallbacksTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r deliveryRecorder
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeliveryObserver(r.observer("a")))
		h.Observe(func(ctx, *kirim.Event) error { time.Sleep(time.Second); return nil })
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { time.Sleep(2 * time.Second); return nil })
		deliver(t, h, text("wamid.1"))
		deliver(t, h, text("wamid.1"))
		if len(r.elements) != 2 || r.elements[0].Callback != 3*time.Second || r.elements[1].Callback != 0 || r.ends[0].Duration != 3*time.Second || r.ends[1].Duration != 0 {
			t.Errorf("elements %+v, ends %+v", r.elements, r.ends)
		}
	})
}

func TestRefusedDeliveriesAreObservedAndOtherRequestsAreNot(t *testing.T) {
	t.Parallel()
	var r deliveryRecorder
	var log bytes.Buffer
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeliveryObserver(r.observer("a")), kirim.WithWebhookLogger(slog.New(slog.NewTextHandler(&log, nil))))
	for _, method := range []string{"GET", "HEAD", "PUT"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/", nil))
	}
	if len(r.begun) != 0 {
		t.Errorf("observed: %+v", r.begun)
	}
	h.ServeHTTP(httptest.NewRecorder(), signed("whsec_nobody", testTime, []byte(text("wamid.1"))))
	if err := h.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	deliver(t, h, text("wamid.1"))
	if len(r.ends) != 2 || r.ends[0].StatusCode != 401 || !errors.Is(r.ends[0].Err, kirim.ErrWebhookSignatureMismatch) || r.ends[0].Event != nil ||
		r.ends[1].StatusCode != 503 || r.ends[1].Err == nil {
		t.Errorf("ends %+v", r.ends)
	}
	if !strings.Contains(log.String(), "shut down") {
		t.Errorf("the log says nothing of the delivery that was turned away: %s", log.String())
	}
}

func TestObserversOfDeliveriesAddUpAndAFaultyOneChangesNothing(t *testing.T) {
	t.Parallel()
	var r deliveryRecorder
	var log bytes.Buffer
	faulty := kirim.DeliveryObserver{
		Begin:        func(context.Context, kirim.DeliveryInfo) context.Context { panic("a secret") },
		End:          func(context.Context, kirim.DeliveryEnd) { panic("a secret") },
		BeginElement: func(context.Context, kirim.ElementInfo) context.Context { panic("a secret") },
		EndElement:   func(context.Context, kirim.ElementEnd) { panic("a secret") },
	}
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeliveryObserver(r.observer("a")), kirim.WithDeliveryObserver(faulty),
		kirim.WithDeliveryObserver(r.observer("b")), kirim.WithDeliveryObserver(kirim.DeliveryObserver{}), kirim.WithWebhookLogger(slog.New(slog.NewTextHandler(&log, nil))))
	h.OnMessage(func(c ctx, _ *kirim.InboundMessage) error {
		if c.Value(recorderKey{"a"}) == nil || c.Value(recorderKey{"b"}) == nil {
			t.Error("the callback has not got the context of the observers")
		}
		return nil
	})
	if code := deliver(t, h, text("wamid.1")); code != 200 {
		t.Errorf("response %d", code)
	}
	want := []string{"a begin", "b begin", "a begin element", "b begin element", "b end element", "a end element", "b end", "a end"}
	if !slices.Equal(r.order, want) {
		t.Errorf("order %q, want %q", r.order, want)
	}
	if got := strings.Count(log.String(), "an observer panicked"); got != 4 || strings.Contains(log.String(), "secret") {
		t.Errorf("%d panics logged: %s", got, log.String())
	}
}

func TestEventsOutsideOfHTTPAreObservedByElement(t *testing.T) {
	t.Parallel()
	var r deliveryRecorder
	h := kirim.NewWebhookHandler(nil, kirim.WithDeliveryObserver(r.observer("a")))
	h.OnMessage(func(ctx, *kirim.InboundMessage) error { return nil })
	e, err := kirim.DecodeEvent(nil, []byte(text("wamid.1")))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.HandleEvent(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.order, []string{"a begin element", "a end element"}) || !slices.Equal(r.outcomes(), []kirim.ElementOutcome{kirim.ElementHandled}) {
		t.Errorf("%q, %q", r.order, r.outcomes())
	}
}

// TestACallbackThatEndsItsGoroutineIsObserved as one that panicked: each Begin has its End.
func TestACallbackThatEndsItsGoroutineIsObserved(t *testing.T) {
	t.Parallel()
	var r deliveryRecorder
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeliveryObserver(r.observer("a")))
	h.OnMessage(func(ctx, *kirim.InboundMessage) error { runtime.Goexit(); return nil })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		deliver(t, h, text("wamid.1"))
	}()
	<-ended
	if !slices.Equal(r.outcomes(), []kirim.ElementOutcome{kirim.ElementPanicked}) || len(r.ends) != 1 || r.ends[0].StatusCode != 0 {
		t.Errorf("%q, ends %+v", r.outcomes(), r.ends)
	}
}
