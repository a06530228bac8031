package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// state is a response to a question for a message.
func state(status string, more ...string) answer {
	return answer{status: 200, body: `{"data":{"id":"msg_1","status":"` + status + `"` + strings.Join(more, "") + `}}`}
}

const windowError = `,"error":{"code":"outside_24h_window","message":"m","provider_code":131047}`

func TestWaitEndsAtTheStateOrAnyBeyondIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		waitFor  kirim.MessageStatus
		statuses string // as the server tells them
		requests int
		ends     string
	}{
		{"", "pending sent delivered", 3, "delivered"},
		{"", "read", 1, "read"},
		{"", "pending played", 2, "played"},
		{kirim.MessageSent, "pending sent", 2, "sent"},
		{kirim.MessageSent, "pending delivered", 2, "delivered"},
		{kirim.MessageRead, "pending sent delivered read", 4, "read"},
		{kirim.MessagePlayed, "delivered read played", 3, "played"},
		{"", "queued a_new_word delivered", 3, "delivered"},
	} {
		t.Run(string(tt.waitFor)+" "+tt.statuses, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var answers []answer
				for status := range strings.FieldsSeq(tt.statuses) {
					answers = append(answers, state(status))
				}
				w := newWire(answers...)
				var opts []kirim.WaitOption
				if tt.waitFor != "" {
					opts = append(opts, kirim.WithWaitStatus(tt.waitFor))
				}
				m, err := w.client(t).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1", opts...)
				if err != nil || string(m.Status) != tt.ends || len(w.seen()) != tt.requests {
					t.Errorf("%+v, %v after %d requests, want %d", m, err, len(w.seen()), tt.requests)
				}
			})
		})
	}
}

func TestWaitReturnsAFailedMessageAndWhyItFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, err := newWire(state("pending"), state("failed", windowError)).client(t).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
		var late *kirim.MessageError
		if m == nil || m.Status != kirim.MessageFailed || !kirim.IsOutside24hWindow(err) || !errors.As(err, &late) || late.MetaCode != 131047 {
			t.Errorf("%+v, %v", m, err)
		}
		m, err = newWire(state("failed")).client(t).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
		if m == nil || !errors.Is(err, kirim.KindUnknown) {
			t.Errorf("without a reason: %+v, %v", m, err)
		}
	})
}

func TestWaitAsksLessAndLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(state("pending"))
		ctx, cancel := context.WithTimeout(t.Context(), 125*time.Second)
		defer cancel()
		began := time.Now()
		m, err := w.client(t).PhoneNumber("1").Messages.Wait(ctx, "msg_1")
		var ended *kirim.WaitError
		if !errors.As(err, &ended) || ended.Status != "pending" || ended.ID != "msg_1" || !errors.Is(err, context.DeadlineExceeded) || m == nil || m.Status != "pending" {
			t.Errorf("%+v, %v", m, err)
		}
		wantText(t, err, "it is pending: context deadline exceeded")
		var at []int
		for _, request := range w.seen() {
			at = append(at, int(request.at.Sub(began).Seconds()))
		}
		if want := []int{0, 1, 3, 7, 15, 31, 61, 91, 121}; !slices.Equal(at, want) {
			t.Errorf("asked after %v s, want %v", at, want)
		}
	})
}

func TestWaitOutlastsWhatPassesAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := answer{status: 429, header: map[string]string{"Retry-After": "90"}}
		began := time.Now()
		m, err := newWire(answer{status: 503}, answer{err: errReset}, busy, state("delivered")).
			client(t, kirim.WithRetryPolicy(kirim.RetryPolicy{})).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
		if took := time.Since(began); err != nil || m.Status != "delivered" || took != 93*time.Second {
			t.Errorf("%+v, %v after %v", m, err, took)
		}
		w := newWire(state("pending"), answer{status: 404, body: envelope(kirim.TypeNotFound, kirim.CodeResourceNotFound)})
		m, err = w.client(t).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
		if !kirim.IsNotFound(err) || m == nil || m.Status != "pending" || len(w.seen()) != 2 {
			t.Errorf("%+v, %v", m, err)
		}
		cause := errors.New("the order was cancelled")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Second, func() { cancel(cause) })
		_, err = newWire(answer{status: 503}).client(t, kirim.WithRetryPolicy(kirim.RetryPolicy{})).PhoneNumber("1").Messages.Wait(ctx, "msg_1")
		if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
			t.Errorf("cancelled: %v", err)
		}
		if _, err := newWire(state("pending")).client(t).PhoneNumber("1").Messages.Wait(ctx, "msg_1"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
	})
}

func TestWaitRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	w := newWire(state("delivered"))
	messages := w.client(t).PhoneNumber("1").Messages
	for _, status := range []kirim.MessageStatus{"", "pending", "failed", "DELIVERED"} {
		_, err := messages.Wait(t.Context(), "msg_1", kirim.WithWaitStatus(status))
		wantRefusal(t, err, "WithWaitStatus")
	}
	if _, err := messages.Wait(t.Context(), ""); err == nil {
		t.Error("an empty id was asked for")
	}
	if n := len(w.seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
	if _, err := kirim.NewClient(testKey, kirim.WithStatusFeed(nil)); err == nil {
		t.Error("a nil feed was taken")
	}
	if _, err := kirim.NewClient(testKey, kirim.WithStatusFeed(&kirim.StatusFeed{})); err == nil {
		t.Error("the zero feed was taken")
	}
}

// hookOf returns a handler that the feed is attached to, and a function that
// delivers an event to it.
func hookOf(t *testing.T, feed *kirim.StatusFeed) (*kirim.WebhookHandler, func(string)) {
	t.Helper()
	v, err := kirim.NewWebhookVerifier(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	hooks := kirim.NewWebhookHandler(v)
	feed.Attach(hooks)
	return hooks, func(body string) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Kirim-Signature", kirim.SignWebhook(testSecret, time.Now(), []byte(body)))
		w := &statusRecorder{header: http.Header{}}
		if hooks.ServeHTTP(w, r); w.status != 200 {
			t.Errorf("the handler answered %d", w.status)
		}
	}
}

type statusRecorder struct {
	header http.Header
	status int
}

func (w *statusRecorder) Header() http.Header         { return w.header }
func (w *statusRecorder) Write(p []byte) (int, error) { return len(p), nil }
func (w *statusRecorder) WriteHeader(status int)      { w.status = status }

func statusEvent(id, status, more string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"statuses":[` +
		`{"id":"` + id + `","status":"` + status + `","timestamp":"1780000000","recipient_id":"6281100000001"` + more + `}]}}]}]}`
}

func sentEvent(id, wamid string) string {
	return `{"id":"evt_` + id + `","type":"message.sent","created_at":"2026-11-25T00:00:00Z","data":{"session":"1","message":{"id":"` + id + `","provider_id":"` + wamid + `","type":"text"}}}`
}

// A thousand waits with a feed: one request each, and none of them misses its
// event, whether it names the message by its wamid or by its msg_… id. A
// goroutine that was left would fail the bubble.
func TestWaitsWithAFeedAskOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const waits = 1000
		var mu sync.Mutex
		asked := 0
		rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			asked++
			mu.Unlock()
			id := path.Base(req.URL.Path)
			body := `{"data":{"id":"` + id + `","status":"pending","message_id":"wamid.` + id + `"}}`
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
		})
		feed := kirim.NewStatusFeed()
		_, deliver := hookOf(t, feed)
		c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: rt}), kirim.WithStatusFeed(feed))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range waits {
			wg.Go(func() {
				m, err := c.PhoneNumber("1").Messages.Wait(t.Context(), fmt.Sprintf("msg_%d", i))
				switch {
				case i%3 == 2 && (!kirim.IsOutside24hWindow(err) || m.Status != kirim.MessageFailed || m.Error == nil):
					t.Errorf("%d: %+v, %v", i, m, err)
				case i%3 != 2 && (err != nil || m.Status != kirim.MessageDelivered):
					t.Errorf("%d: %+v, %v", i, m, err)
				}
			})
		}
		time.Sleep(10 * time.Second)
		for i := range waits {
			id := fmt.Sprintf("msg_%d", i)
			switch i % 3 {
			case 0:
				deliver(statusEvent("wamid."+id, "delivered", ""))
			case 1:
				deliver(statusEvent(id, "delivered", ""))
			case 2:
				deliver(statusEvent(id, "failed", windowError))
			}
		}
		wg.Wait()
		t.Logf("%d waits asked %d times", waits, asked)
		if asked > waits {
			t.Errorf("%d requests for %d waits", asked, waits)
		}
	})
}

func TestAWaitHearsOfAMessageByTheNoticeThatJoinsItsIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, events := range map[string][]string{
			"the notice first":  {sentEvent("msg_1", "wamid.1"), statusEvent("wamid.1", "delivered", "")},
			"the status first":  {statusEvent("wamid.1", "delivered", ""), sentEvent("msg_1", "wamid.1")},
			"each of them late": {statusEvent("wamid.1", "sent", ""), statusEvent("wamid.1", "delivered", ""), sentEvent("msg_1", "wamid.1"), statusEvent("wamid.1", "read", "")},
		} {
			feed := kirim.NewStatusFeed()
			_, deliver := hookOf(t, feed)
			w := newWire(state("pending"))
			began := time.Now()
			time.AfterFunc(5*time.Second, func() {
				for _, event := range events {
					deliver(event)
				}
			})
			m, err := w.client(t, kirim.WithStatusFeed(feed)).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
			if took := time.Since(began); err != nil || m.WAMID != "wamid.1" || took != 5*time.Second || len(w.seen()) != 1 {
				t.Errorf("%s: %+v, %v after %v and %d requests", name, m, err, took, len(w.seen()))
			}
		}
	})
}

func TestAWaitWithAFeedAsksAgainForWhatAnotherProcessHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(state("pending"), state("sent"), state("delivered"))
		began := time.Now()
		m, err := w.client(t, kirim.WithStatusFeed(kirim.NewStatusFeed())).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
		if took := time.Since(began); err != nil || m.Status != "delivered" || took != time.Minute || len(w.seen()) != 3 {
			t.Errorf("%+v, %v after %v and %d requests", m, err, took, len(w.seen()))
		}
	})
}

func TestObserversSeeWhatCallbacksDo(t *testing.T) {
	t.Parallel()
	feed := kirim.NewStatusFeed()
	hooks, deliver := hookOf(t, feed)
	var seen []string
	hooks.Observe(func(_ context.Context, e *kirim.Event) error {
		seen = append(seen, fmt.Sprintf("observer:%d", len(e.Data)))
		return nil
	})
	hooks.Observe(nil)
	deliver(statusEvent("wamid.1", "sent", ""))
	hooks.OnStatus(func(_ context.Context, s *kirim.StatusUpdate) error {
		seen = append(seen, "callback:"+string(s.Status))
		return nil
	})
	deliver(statusEvent("wamid.1", "delivered", ""))
	deliver(statusEvent("wamid.1", "delivered", "")) // again
	if want := []string{"observer:1", "observer:1", "callback:delivered"}; !slices.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

func TestEverybodyOnOneHandlerSeesEveryStatus(t *testing.T) {
	t.Parallel()
	feed := kirim.NewStatusFeed()
	hooks, deliver := hookOf(t, feed)
	tracker := kirim.NewStatusTracker(0)
	seen := map[string][]string{}
	note := func(who string, s *kirim.StatusUpdate) { seen[who] = append(seen[who], string(s.Status)) }
	hooks.Observe(func(_ context.Context, e *kirim.Event) error {
		s := e.Data[0].(*kirim.StatusUpdate)
		note("tracker", s)
		tracker.Apply(s)
		return nil
	})
	hooks.OnStatus(func(_ context.Context, s *kirim.StatusUpdate) error { note("OnStatus", s); return nil })
	hooks.On(kirim.EventMessageStatus, func(_ context.Context, e *kirim.Event) error {
		note("On", e.Data[0].(*kirim.StatusUpdate))
		return nil
	})
	hooks.Observe(func(_ context.Context, e *kirim.Event) error {
		note("metrics", e.Data[0].(*kirim.StatusUpdate))
		return nil
	})
	want := []string{"sent", "delivered", "read"}
	for _, status := range want {
		deliver(statusEvent("msg_1", status, ""))
		deliver(statusEvent("msg_1", status, "")) // again, which nobody sees
	}
	for _, who := range []string{"tracker", "metrics", "On", "OnStatus"} {
		if !slices.Equal(seen[who], want) {
			t.Errorf("%s saw %v, want %v", who, seen[who], want)
		}
	}
	if progress, _ := tracker.Progress("msg_1", ""); progress.Status != kirim.MessageRead {
		t.Errorf("the tracker has %s", progress.Status)
	}
	// A wait that asks only later than it hears.
	w := newWire(state("pending"))
	if m, err := w.client(t, kirim.WithStatusFeed(feed)).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1"); err != nil || m.Status != kirim.MessageRead {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAnObserverThatFailsIsTheElementsFailure(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func() error{
		"an error": func() error { return errors.New("no") },
		"a panic":  func() error { panic("no") },
	} {
		hooks := kirim.NewWebhookHandler(verifier(t, testSecret))
		var ran []string
		failing := true
		hooks.Observe(func(context.Context, *kirim.Event) error { ran = append(ran, "first"); return nil })
		hooks.Observe(func(_ context.Context, e *kirim.Event) error {
			ran = append(ran, "second")
			if failing && e.Data[0].(*kirim.InboundMessage).ID == "1" {
				return fails()
			}
			return nil
		})
		hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
			ran = append(ran, "callback "+m.ID)
			return nil
		})
		body := strings.Replace(text("1"), element("1"), element("1")+","+element("2"), 1)
		for _, tt := range []struct {
			code int
			ran  []string
		}{
			{500, []string{"first", "second", "first", "second", "callback 2"}},
			{200, []string{"first", "second", "callback 1"}}, // only what failed was released
			{200, nil},
		} {
			ran = nil
			if code := deliver(t, hooks, body); code != tt.code || !slices.Equal(ran, tt.ran) {
				t.Errorf("%s: %d after %v, want %d after %v", name, code, ran, tt.code, tt.ran)
			}
			failing = false
		}
	}
}

func TestAWaitHearsOfAMessageByAStatusThatNamesItsID(t *testing.T) {
	t.Parallel()
	enriched := func(statuses, id string) string {
		return `{"entry":[{"changes":[{"field":"messages","value":{"statuses":[` + statuses + `]}}]}],"kirim":{"message_id":"` + id + `"}}`
	}
	const delivered = `{"id":"wamid.1","status":"delivered","timestamp":"1780000000","recipient_id":"6281234500001"}`
	for _, tt := range []struct {
		name, event string
		heard       bool
	}{
		{"its id", enriched(delivered, "msg_1"), true},
		{"that of another message", enriched(delivered, "msg_2"), false},
		{"none", enriched(delivered, ""), false},
		{"an id of another kind", enriched(delivered, "1"), false},
		{"its id, beside two statuses", enriched(delivered+`,{"id":"wamid.2","status":"read","timestamp":"1780000000"}`, "msg_1"), false},
	} {
		synctest.Test(t, func(t *testing.T) {
			feed := kirim.NewStatusFeed()
			_, deliver := hookOf(t, feed)
			w := newWire(state("pending"), state("delivered"))
			began := time.Now()
			time.AfterFunc(5*time.Second, func() { deliver(tt.event) })
			m, err := w.client(t, kirim.WithStatusFeed(feed)).PhoneNumber("1").Messages.Wait(t.Context(), "msg_1")
			took := time.Since(began)
			if err != nil || m.Status != kirim.MessageDelivered || (took == 5*time.Second) != tt.heard {
				t.Errorf("%s: %+v, %v after %v", tt.name, m, err, took)
			}
			if tt.heard && m.WAMID != "wamid.1" {
				t.Errorf("%s: the wamid is %q", tt.name, m.WAMID)
			}
		})
	}
}

func TestSendAndWaitRescuesALateRefusalOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		second := answer{status: 200, body: `{"data":{"id":"msg_2","status":"pending"}}`}
		w := newWire(accepted, state("pending"), state("failed", windowError), second, state("delivered"))
		template := reminder
		m, err := w.client(t).PhoneNumber("1").Messages.SendAndWait(t.Context(), hello, &template, kirim.WithIdempotencyKey("order-7"))
		if err != nil || !m.UsedTemplate || m.Status != "delivered" {
			t.Fatalf("%+v, %v", m, err)
		}
		seen := w.seen()
		if len(seen) != 5 || seen[0].header.Get("Idempotency-Key") != "order-7" || seen[3].header.Get("Idempotency-Key") != "order-7:template" ||
			!strings.Contains(seen[3].body, `"template"`) || !strings.HasSuffix(seen[4].url, "/messages/msg_2") {
			t.Errorf("%d requests: %+v", len(seen), seen)
		}

		// A repeat under the key of the template is one of the call: the server
		// answers both requests from memory.
		w = newWire(accepted, state("failed", windowError), second, state("delivered"))
		m, err = w.client(t).PhoneNumber("1").Messages.SendAndWait(t.Context(), hello, &template, kirim.WithIdempotencyKey("order-7:template"))
		again := w.seen()
		if err != nil || !m.UsedTemplate || len(again) != 4 || again[0].header.Get("Idempotency-Key") != "order-7" || again[0].body != seen[0].body ||
			again[2].header.Get("Idempotency-Key") != "order-7:template" || again[2].body != seen[3].body {
			t.Errorf("%+v, %v after %+v", m, err, again)
		}

		// The template fails late as well: that is the end.
		w = newWire(accepted, state("failed", windowError), second, state("failed", windowError))
		m, err = w.client(t).PhoneNumber("1").Messages.SendAndWait(t.Context(), hello, &template)
		if !kirim.IsOutside24hWindow(err) || m == nil || !m.UsedTemplate || len(w.seen()) != 4 {
			t.Errorf("%+v, %v after %d requests", m, err, len(w.seen()))
		}

		// Refused at once: SendOrTemplate has sent the template already.
		w = newWire(answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow)}, second, state("failed", windowError))
		m, err = w.client(t).PhoneNumber("1").Messages.SendAndWait(t.Context(), hello, &template)
		if !kirim.IsOutside24hWindow(err) || m == nil || !m.UsedTemplate || len(w.seen()) != 3 {
			t.Errorf("%+v, %v after %d requests", m, err, len(w.seen()))
		}

		// Without a template, or for another reason, nothing else is sent.
		for _, failure := range []string{windowError, `,"error":{"code":"recipient_blocked"}`} {
			rescue := &template
			if failure == windowError {
				rescue = nil
			}
			w = newWire(accepted, state("failed", failure))
			if m, err = w.client(t).PhoneNumber("1").Messages.SendAndWait(t.Context(), hello, rescue); err == nil || m == nil || m.UsedTemplate || len(w.seen()) != 2 {
				t.Errorf("%s: %+v, %v after %d requests", failure, m, err, len(w.seen()))
			}
		}

		// A wait that ends without a verdict leaves the message under way.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var ended *kirim.WaitError
		m, err = newWire(accepted, state("sent")).client(t).PhoneNumber("1").Messages.SendAndWait(ctx, hello, &template)
		if m == nil || !errors.As(err, &ended) || ended.Status != "sent" || !errors.Is(err, context.DeadlineExceeded) || !kirim.MaybeSent(err) {
			t.Errorf("%+v, %v, MaybeSent %v", m, err, kirim.MaybeSent(err))
		}
		for _, failed := range []answer{{status: 404}, {status: 204}} {
			w = newWire(accepted, failed)
			if failed.status == 204 {
				w = newWire(failed)
			}
			if _, err = w.client(t).PhoneNumber("1").Messages.SendAndWait(t.Context(), hello, nil); !errors.As(err, &ended) || !kirim.MaybeSent(err) {
				t.Errorf("%d: %v, MaybeSent %v", failed.status, err, kirim.MaybeSent(err))
			}
		}

		// A send that is refused has no message to wait for.
		w = newWire(answer{status: 403})
		if m, err := w.client(t).PhoneNumber("1").Messages.SendAndWait(t.Context(), hello, nil, kirim.WithWaitStatus(kirim.MessageRead)); m != nil || !kirim.IsPermission(err) || len(w.seen()) != 1 {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
