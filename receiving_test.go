package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestStatusNeverMovesBackwards(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ updates, want string }{
		{"sent delivered read", "read"},
		{"read delivered sent", "read"},
		{"delivered sent", "delivered"},
		{"read played read", "played"},
		{"pending sent pending", "sent"},
		{"sent failed", "failed"},
		{"failed sent", "failed"},
		{"failed delivered", "delivered"},
		{"failed sent played", "played"},
		{"levitated failed", "failed"},
		{"levitated floated", "floated"},
		{"floated levitated", "floated"},
		{"delivered failed", "delivered"},
		{"read failed read", "read"},
		{"sent levitated", "sent"},
		{"levitated", "levitated"},
		{"levitated sent", "sent"},
	} {
		var status kirim.MessageStatus
		tracker := kirim.NewStatusTracker(0)
		for word := range strings.FieldsSeq(tt.updates) {
			status = kirim.NextStatus(status, kirim.MessageStatus(word))
			tracker.Apply(&kirim.StatusUpdate{ID: "wamid.1", Status: kirim.MessageStatus(word)})
		}
		progress, known := tracker.Progress("wamid.1", "")
		if string(status) != tt.want || progress.Status != status || !known {
			t.Errorf("%s: %q, tracked %q, want %q", tt.updates, status, progress.Status, tt.want)
		}
	}
}

func TestTrackerJoinsTheTwoIDsOfAMessage(t *testing.T) {
	t.Parallel()
	steps := map[string]func(*kirim.StatusTracker){
		"join":   func(s *kirim.StatusTracker) { s.Join("msg_1", "wamid.1") },
		"status": func(s *kirim.StatusTracker) { s.Apply(&kirim.StatusUpdate{ID: "wamid.1", Status: "delivered"}) },
		"queued": func(s *kirim.StatusTracker) { s.Apply(&kirim.StatusUpdate{ID: "msg_1", Status: "pending"}) },
	}
	for _, order := range []string{"join status queued", "status queued join", "queued join status", "status join", "join status join"} {
		tracker := kirim.NewStatusTracker(0)
		for step := range strings.FieldsSeq(order) {
			steps[step](tracker)
		}
		for _, id := range []string{"msg_1", "wamid.1"} {
			p, known := tracker.Progress(id, "")
			if !known || p.ID != "msg_1" || p.WAMID != "wamid.1" || p.Status != kirim.MessageDelivered {
				t.Errorf("%s: %s is %+v", order, id, p)
			}
		}
	}
	tracker := kirim.NewStatusTracker(0)
	tracker.Join("msg_1", "")
	tracker.Join("", "wamid.1")
	if _, known := tracker.Progress("", ""); known {
		t.Error("an empty id was joined")
	}
}

func TestTrackerTellsChangesAndParticipantsApart(t *testing.T) {
	t.Parallel()
	tracker := kirim.NewStatusTracker(0)
	update := func(status kirim.MessageStatus, phone string) bool {
		_, changed := tracker.Apply(&kirim.StatusUpdate{ID: "wamid.1", Status: status, GroupID: "G", Recipient: kirim.Person{Phone: phone}})
		return changed
	}
	if !update("sent", "62") || update("sent", "62") || !update("read", "62") || update("delivered", "62") || !update("sent", "63") {
		t.Error("changes are told wrongly")
	}
	for phone, want := range map[string]kirim.MessageStatus{"62": "read", "63": "sent"} {
		if p, _ := tracker.Progress("wamid.1", phone); p.Status != want {
			t.Errorf("%s has %s", phone, p.Status)
		}
	}
	_, _ = tracker.Apply(&kirim.StatusUpdate{ID: "wamid.2", Status: "failed", Errors: []kirim.EventError{{Code: 131047, Kind: kirim.KindOutsideWindow}}})
	if p, _ := tracker.Progress("wamid.2", ""); !kirim.IsOutside24hWindow(p.Err) {
		t.Errorf("why it failed is lost: %v", p.Err)
	}
}

func TestMemoriesAreBounded(t *testing.T) {
	t.Parallel()
	const size = 100
	tracker, deduper, windows := kirim.NewStatusTracker(size), kirim.NewMemoryDeduper(size, 0), kirim.NewMemoryWindowStore(size)
	for i := range 10 * size {
		id := strconv.Itoa(i)
		tracker.Apply(&kirim.StatusUpdate{ID: id, Status: "sent"})
		deduper.Claim(t.Context(), id)
		deduper.Complete(t.Context(), id)
		windows.Opened(t.Context(), "1", id, testTime.Add(time.Duration(i)))
		windows.Opened(t.Context(), "1", "often", testTime.Add(time.Duration(i)))
	}
	if n := deduper.Len(); n != size {
		t.Errorf("the deduper has %d", n)
	}
	for i, want := range map[int]bool{0: false, 10*size - size/4: true, 10*size - 1: true} {
		id := strconv.Itoa(i)
		_, tracked := tracker.Progress(id, "")
		state, _ := deduper.Claim(t.Context(), id)
		opened, _ := windows.LastOpened(t.Context(), "1", "+"+id)
		if tracked != want || (state == kirim.ClaimedDone) != want || opened.IsZero() == want {
			t.Errorf("%d: tracked %v, state %v, opened %v", i, tracked, state, opened)
		}
	}
}

func TestDeduperRemembersForSevenDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := kirim.NewMemoryDeduper(0, 0)
		claim := func() kirim.ClaimState {
			state, err := d.Claim(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			return state
		}
		const day = 24 * time.Hour
		for i, step := range []struct {
			wait time.Duration
			then func(context.Context, string) error
			want kirim.ClaimState
		}{
			{0, nil, kirim.Claimed},
			{30 * day, nil, kirim.ClaimedBusy},
			{0, d.Release, kirim.Claimed},
			{0, d.Complete, kirim.ClaimedDone},
			{0, d.Release, kirim.ClaimedDone},
			{7*day - 1, nil, kirim.ClaimedDone},
			{1, nil, kirim.Claimed},
			{0, d.Complete, kirim.ClaimedDone},
		} {
			time.Sleep(step.wait)
			if step.then != nil {
				step.then(t.Context(), "k")
			}
			if got := claim(); got != step.want {
				t.Errorf("step %d: %v, want %v", i, got, step.want)
			}
		}
		time.Sleep(8 * day)
		d.Complete(t.Context(), "other")
		if d.Len() != 1 {
			t.Errorf("what is over is not forgotten: %d", d.Len())
		}
	})
}

func TestSendOrTemplateAsksTheWindowMemory(t *testing.T) {
	t.Parallel()
	const accepted, closed = `{"data":{"id":"msg_1","status":"pending"}}`, kirim.CodeOutside24hWindow
	for _, tt := range []struct {
		name    string
		ago     time.Duration // since the customer wrote; 0 for never
		refused bool          // by the server, when free-form
		opts    []kirim.RequestOption
		want    string
	}{
		{"unknown: the message", 0, false, nil, "text"},
		{"unknown and refused: the message, then the template", 0, true, nil, "text template"},
		{"open: the message", time.Hour, false, nil, "text"},
		{"open by the memory, closed by the server: rescued", time.Hour, true, nil, "text template"},
		{"just open: the message", 24 * time.Hour, false, nil, "text"},
		{"just closed: the template at once", 24*time.Hour + 1, false, nil, "template"},
		{"closed, with a key: the template at once", 72 * time.Hour, false, []kirim.RequestOption{kirim.WithIdempotencyKey("k")}, "template"},
		{"unknown, the template preferred", 0, false, []kirim.RequestOption{kirim.WithIdempotencyKey("k"), kirim.WithTemplateFirst()}, "template"},
		{"open, the template preferred", time.Hour, false, []kirim.RequestOption{kirim.WithIdempotencyKey("k"), kirim.WithTemplateFirst()}, "text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				windows := kirim.NewMemoryWindowStore(0)
				if tt.ago > 0 {
					windows.Opened(t.Context(), "1", "6281100000001", time.Now())
					time.Sleep(tt.ago)
				}
				first := answer{status: 202, body: accepted}
				if tt.refused {
					first = answer{status: 422, body: envelope(kirim.TypeInvalidRequest, closed)}
				}
				w := newWire(first, answer{status: 202, body: accepted})
				messages := w.client(t, kirim.WithWindowStore(windows)).PhoneNumber("1").Messages
				sent, err := messages.SendOrTemplate(t.Context(), hello, reminder, tt.opts...)
				if err != nil {
					t.Fatal(err)
				}
				var types []string
				for _, r := range w.seen() {
					typ := "text"
					if strings.Contains(r.body, `"type":"template"`) {
						typ = "template"
					}
					if tt.opts != nil && r.header.Get("Idempotency-Key") != map[string]string{"text": "k", "template": "k:template"}[typ] {
						t.Errorf("%s under the key %s", typ, r.header.Get("Idempotency-Key"))
					}
					types = append(types, typ)
				}
				if got := strings.Join(types, " "); got != tt.want || sent.UsedTemplate != strings.Contains(tt.want, "template") {
					t.Errorf("sent %s (%v), want %s", got, sent.UsedTemplate, tt.want)
				}
			})
		})
	}
}

// lostWindows cannot tell anything.
type lostWindows struct{}

func (lostWindows) Opened(context.Context, string, string, time.Time) error {
	return errors.New("away")
}
func (lostWindows) LastOpened(context.Context, string, string) (time.Time, error) {
	return time.Unix(1, 0), errors.New("away")
}

func TestWindowMemoryThatFailsIsNoReasonNotToSend(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 202, body: `{"data":{"id":"msg_1"}}`})
	messages := w.client(t, kirim.WithWindowStore(lostWindows{})).PhoneNumber("1").Messages
	if sent, err := messages.SendOrTemplate(t.Context(), hello, reminder); err != nil || sent.UsedTemplate {
		t.Errorf("%+v, %v", sent, err)
	}
	for store, warnings := range map[kirim.WindowStore]int{lostWindows{}: 1, kirim.NewMemoryWindowStore(0): 0} {
		var log bytes.Buffer
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithWebhookWindowStore(store),
			kirim.WithWebhookLogger(slog.New(slog.NewTextHandler(&log, nil))))
		if code := deliver(t, h, text("1")); code != 200 {
			t.Errorf("%T: status %d", store, code)
		}
		if got := strings.Count(log.String(), "kirim: window store failed"); got != warnings {
			t.Errorf("%T: %d warnings, want %d: %s", store, got, warnings, log.String())
		}
	}
	if _, err := kirim.NewClient(testKey, kirim.WithWindowStore(nil)); err == nil {
		t.Error("nil is taken")
	}
}

func TestTemplateAtOnceChecksTheMessageToo(t *testing.T) {
	t.Parallel()
	windows := kirim.NewMemoryWindowStore(0)
	windows.Opened(t.Context(), "1", "6281100000001", time.Now().Add(-100*time.Hour))
	w := newWire(answer{status: 202, body: `{}`})
	messages := w.client(t, kirim.WithWindowStore(windows)).PhoneNumber("1").Messages
	invalid := kirim.OutboundMessage{To: hello.To, Content: kirim.Text{}}
	var v *kirim.ValidationError
	if _, err := messages.SendOrTemplate(t.Context(), invalid, reminder); !errors.As(err, &v) || len(w.seen()) != 0 {
		t.Errorf("%v, %d requests", err, len(w.seen()))
	}
}

func TestHandlerOpensWindowsForWhatCustomersWrite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		message, customer string
		want              time.Time
	}{
		{`"from":"6281","timestamp":"1779990000","type":"text"`, "6281", time.Unix(1779990000, 0)},
		{`"from":"+62 81","timestamp":"1779990000","type":"reaction"`, "6281", time.Unix(1779990000, 0)},
		{`"from_user_id":"ID.5","timestamp":1779990000,"type":"text"`, "ID.5", time.Unix(1779990000, 0)},
		{`"from":"6281","type":"request_welcome"`, "6281", testTime},
		{`"from":"6281","timestamp":"1999990000","type":"text"`, "6281", testTime}, // from the future
		{`"from":"6281","timestamp":"1779990000","type":"system"`, "6281", time.Time{}},
		{`"from":"6281","timestamp":"1779990000","type":"text","group_id":"G"`, "6281", time.Time{}},
	} {
		windows := kirim.NewMemoryWindowStore(0)
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithWebhookWindowStore(windows))
		deliver(t, h, `{"entry":[{"changes":[{"value":{"metadata":{"phone_number_id":"1"},"messages":[{"id":"m",`+tt.message+`}],"statuses":[{"id":"s","recipient_id":"6299","status":"read"}]}}]}]}`)
		if got, _ := windows.LastOpened(t.Context(), "1", tt.customer); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.message, got, tt.want)
		}
		if got, _ := windows.LastOpened(t.Context(), "1", "6299"); !got.IsZero() {
			t.Error("a status opened a window")
		}
	}
}

// TestSandboxDeliversTypedEvents lets the sandbox send everything that it can.
func TestSandboxDeliversTypedEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hooks := &lateHandler{}
		sandbox := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithStatusPlan(kirimtest.Read()), kirimtest.WithWebhookHandler(hooks))
		v, err := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
		if err != nil {
			t.Fatal(err)
		}
		h := kirim.NewWebhookHandler(v)
		hooks.Handler = h
		var got []string
		saw := func(what string, args ...any) error { got = append(got, fmt.Sprintf(what, args...)); return nil }
		tracker := kirim.NewStatusTracker(0)
		h.OnMessage(func(_ ctx, m *kirim.InboundMessage) error {
			return saw("%s %q from %s to %s", m.Type, m.Text, m.From.E164(), m.PhoneNumberID)
		})
		h.OnStatus(func(_ ctx, s *kirim.StatusUpdate) error { tracker.Apply(s); return nil })
		h.OnOutbound(func(_ ctx, o *kirim.OutboundNotice) error {
			tracker.Join(o.ID, o.WAMID)
			return saw("outbound %s to %s", o.Type, o.To.E164())
		})
		h.OnContactCreated(func(_ ctx, c *kirim.ContactCreated) error { return saw("contact %s", c.Contact.PhoneNumber) })
		h.OnUnknown(func(_ ctx, e *kirim.Event) error { t.Errorf("unknown %s: %s", e.Type, e.Raw); return nil })
		sandbox.Subscribe("https://hooks.example.com")
		sandbox.Receive(kirimtest.Inbound{From: hello.To, Text: "Halo"})
		sandbox.Settle()
		client, err := sandbox.Client()
		if err != nil {
			t.Fatal(err)
		}
		sent, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), hello)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		sandbox.Settle()
		for _, want := range []string{
			`text "Halo" from ` + hello.To + " to " + sandbox.PhoneNumberID,
			"outbound text to " + hello.To,
			"contact " + hello.To,
		} {
			if n := strings.Count(strings.Join(got, "\n")+"\n", want+"\n"); n != 1 {
				t.Errorf("%d times %q in %q", n, want, got)
			}
		}
		if p, _ := tracker.Progress(sent.ID, ""); p.Status != kirim.MessageRead || p.WAMID == "" {
			t.Errorf("the message is %+v", p)
		}
		for _, d := range sandbox.Deliveries() {
			if d.Status != kirimtest.DeliverySucceeded {
				t.Errorf("delivery of %s: %s, %+v", d.Event, d.Status, d.Attempts)
			}
		}
	})
}

// lateHandler is set after the sandbox, which makes the secret, has started.
type lateHandler struct{ http.Handler }
