package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// ExampleWebhookHandler_HandleEvent handles what a queue has kept of deliveries
// that were verified before.
func ExampleWebhookHandler_HandleEvent() {
	hooks := kirim.NewWebhookHandler(nil) // it serves no HTTP
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		fmt.Println(m.Text)
		return nil
	})
	body := []byte(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},` +
		`"messages":[{"from":"6281100000001","id":"wamid.1","timestamp":"1780000000","type":"text","text":{"body":"Halo"}}]}}]}]}`)
	for range 2 { // queues deliver at least once
		event, err := kirim.DecodeEvent(nil, body)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := hooks.HandleEvent(context.Background(), event); err != nil {
			fmt.Println("later:", err)
		}
	}
	// Output: Halo
}

func TestHandleEventSaysWhichElementsFailed(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(nil)
	var ran []string
	faults := map[string]func() error{
		"2": func() error { return errors.New("full") },
		"4": func() error { panic("oh") },
	}
	h.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		ran = append(ran, m.ID)
		if fault := faults[m.ID]; fault != nil {
			return fault()
		}
		return nil
	})
	e := mustDecode(t, field("messages", element("1"), element("2"), element("3"), element("4")))
	err := h.HandleEvent(t.Context(), e)
	var first *kirim.ElementError
	var panicked *kirim.PanicError
	if !errors.As(err, &first) || first.Element != 1 || !errors.As(err, &panicked) || errors.Is(err, kirim.ErrElementBusy) {
		t.Errorf("%v", err)
	}
	if want := "kirim: webhook: element 1: full\nkirim: webhook: element 3: the callback panicked with a value of type string"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	clear(faults)
	if err := h.HandleEvent(t.Context(), e); err != nil {
		t.Error(err)
	}
	if got := strings.Join(ran, " "); got != "1 2 3 4 2 4" {
		t.Errorf("ran for %s", got)
	}
}

func TestHandleEventSharesWindowsObserversAndDedupeWithDeliveries(t *testing.T) {
	t.Parallel()
	windows := kirim.NewMemoryWindowStore(0)
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithWebhookWindowStore(windows))
	observed, ran := 0, 0
	h.Observe(func(context.Context, *kirim.Event) error { observed++; return nil })
	h.OnMessage(func(context.Context, *kirim.InboundMessage) error { ran++; return nil })
	e := mustDecode(t, text("1"))
	e.ReceivedAt = time.Time{} // as of an event that was made by hand
	if err := h.HandleEvent(t.Context(), e); err != nil {
		t.Error(err)
	}
	if code := deliver(t, h, text("1")); code != 200 || observed != 1 || ran != 1 {
		t.Errorf("answer %d, observed %d times, ran %d times", code, observed, ran)
	}
	if at, _ := windows.LastOpened(t.Context(), "1", "6281234500001"); at.Unix() != 1780000000 {
		t.Errorf("the window opened at %v", at)
	}
	if !e.ReceivedAt.IsZero() {
		t.Error("the caller's event was changed")
	}
}

func TestHandleEventRefusesWhatItCannotHandle(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(nil)
	h.OnMessage(func(context.Context, *kirim.InboundMessage) error { t.Error("ran"); return nil })
	e := mustDecode(t, text("1"))
	wantRefusal(t, h.HandleEvent(nil, e), "ctx") //nolint:staticcheck // what it is about
	wantRefusal(t, h.HandleEvent(t.Context(), nil), "event")
	wantRefusal(t, h.HandleEvent(t.Context(), &kirim.Event{Data: []kirim.EventData{e.Data[0], nil}}), "event.Data[1]")
	wantRefusal(t, h.HandleEvent(t.Context(), &kirim.Event{Data: []kirim.EventData{(*kirim.StatusUpdate)(nil)}}), "event.Data[0]")
	for _, none := range []*kirim.WebhookHandler{nil, {}} {
		wantText(t, none.HandleEvent(t.Context(), e), "not one of NewWebhookHandler")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.HandleEvent(ended, e); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := h.HandleEvent(t.Context(), &kirim.Event{}); err != nil {
		t.Errorf("an event without elements: %v", err)
	}
	if err := h.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	wantText(t, h.HandleEvent(t.Context(), e), "shut down")
	if text := (*kirim.ElementError)(nil).Error(); text == "" || errors.Unwrap((*kirim.ElementError)(nil)) != nil {
		t.Errorf("a nil ElementError says %q", text)
	}
}

func TestHandleEventTakesNoPlaceOfDeliveriesAndShutdownWaitsForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithMaxDeliveries(1))
		h.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
			if m.ID != "quick" {
				time.Sleep(time.Minute) // longer than a delivery may take
			}
			return nil
		})
		var all sync.WaitGroup
		for _, id := range []string{"1", "2"} {
			all.Go(func() {
				if err := h.HandleEvent(t.Context(), mustDecode(t, text(id))); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if code := deliver(t, h, text("quick")); code != 200 {
			t.Errorf("answer %d", code)
		}
		busy := h.HandleEvent(t.Context(), mustDecode(t, text("1")))
		if !errors.Is(busy, kirim.ErrElementBusy) {
			t.Errorf("%v", busy)
		}
		began := time.Now()
		if err := h.Shutdown(t.Context()); err != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		all.Wait()
	})
}
