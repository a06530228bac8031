package outboxtest

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
)

// sandbox is a Kirim with late failures, whose signed deliveries reach an outbox that
// runs.
type sandbox[TTx any] struct {
	*fixture[TTx]
	*kirimtest.Server
	told chan *outbox.Record
	box  *process[TTx]
}

func newSandbox[TTx any](t *testing.T, open Open[TTx], options ...kirimtest.Option) *sandbox[TTx] {
	t.Helper()
	s := &sandbox[TTx]{fixture: newFixture(t, open, outbox.Config{}), Server: kirimtest.Start(t, options...), told: make(chan *outbox.Record, 100)}
	s.exec(`UPDATE {s}outboxtest_clock SET micros = $1`, time.Now().UnixMicro())
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	s.box = s.startProcess(outbox.NewSender(client), outbox.Config{
		PollInterval: 20 * time.Millisecond,
		OnEnd:        func(_ context.Context, r *outbox.Record) error { s.told <- r; return nil },
	})
	verifier, err := kirim.NewWebhookVerifier(s.WebhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	h := kirim.NewWebhookHandler(verifier)
	s.box.Attach(h)
	receiver := httptest.NewServer(h)
	t.Cleanup(receiver.Close)
	s.Subscribe(receiver.URL)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error)
	go func() { ended <- s.box.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// enqueue enqueues a message from the number of the sandbox.
func (s *sandbox[TTx]) enqueue(m outbox.Message) int64 {
	s.Helper()
	m.From = s.PhoneNumberID
	ids, err := s.box.Enqueue(s.Context(), m)
	if err != nil {
		s.Fatal(err)
	}
	return ids[0]
}

// wait waits for an end, while the clock of the database goes on.
func (s *sandbox[TTx]) wait(status kirim.MessageStatus) *outbox.Record {
	s.Helper()
	for range 600 {
		if r := s.next(); r != nil && r.Status == status {
			return r
		}
	}
	s.Fatalf("no message has reached the status %q; sent %q", status, s.sent())
	return nil
}

// next returns the next end, or nil when the clock of the database has gone on
// before there was any.
func (s *sandbox[TTx]) next() *outbox.Record {
	select {
	case r := <-s.told:
		return r
	case <-time.After(50 * time.Millisecond):
		s.forward(time.Second)
		return nil
	}
}

// sent returns the type of each message that the sandbox has accepted, and its key.
func (s *sandbox[TTx]) sent() (sent []string) {
	for _, m := range s.Messages() {
		sent = append(sent, m.Type+" "+m.IdempotencyKey)
	}
	return sent
}

func testEndToEnd[TTx any](t *testing.T, open Open[TTx]) {
	// failFirst lets the first n messages fail late, and delivers the others.
	failFirst := func(n, code int, before ...kirimtest.Status) kirimtest.Option {
		return kirimtest.WithStatusPlan(func(kirimtest.Message) []kirimtest.Status {
			if n--; n < 0 {
				return kirimtest.Delivered()(kirimtest.Message{})
			}
			return append(slices.Clone(before), kirimtest.Failed(code)(kirimtest.Message{})...)
		})
	}
	open24 := func(s *sandbox[TTx]) { s.Receive(kirimtest.Inbound{From: alice, Text: "hi"}) }
	t.Run("a message is delivered", func(t *testing.T) {
		s := newSandbox(t, open)
		open24(s)
		id := s.enqueue(keyed("k"))
		r := s.wait(kirim.MessageDelivered)
		if r.ID != id || !isKirimIDOf(r.KirimID) || !strings.HasPrefix(r.WAMID, "wamid.") {
			t.Errorf("the record is %+v", r)
		}
	})
	t.Run("the window is closed, as turns out late", func(t *testing.T) {
		s := newSandbox(t, open, kirimtest.WithLateRefusals())
		m := keyed("k")
		m.Template = &kirim.Template{Name: "hello_world", Language: "en_US"}
		id := s.enqueue(m)
		if r := s.wait(kirim.MessageDelivered); r.ID != id || !r.UsedTemplate {
			t.Errorf("the record is %+v", r)
		}
		if got, want := s.sent(), []string{"text k", "template k:template"}; !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
	t.Run("a message that was throttled goes out again", func(t *testing.T) {
		s := newSandbox(t, open, failFirst(2, throttled))
		open24(s)
		s.enqueue(keyed("k"))
		if r := s.wait(kirim.MessageDelivered); r.Generation != 3 {
			t.Errorf("the record is %+v", r)
		}
		if got, want := s.sent(), []string{"text k", "text k:again-1", "text k:again-2"}; !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
	t.Run("a message that was sent and then throttled does not", func(t *testing.T) {
		s := newSandbox(t, open, failFirst(1, throttled, kirimtest.Status{Name: "sent"}))
		open24(s)
		s.enqueue(keyed("k"))
		if r := s.wait(kirim.MessageFailed); !kirim.IsRateLimited(r.Err) {
			t.Errorf("the record is %+v", r)
		}
		if got, want := s.sent(), []string{"text k"}; !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
	t.Run("the recipient has stopped marketing, as turns out late", func(t *testing.T) {
		s := newSandbox(t, open, failFirst(1, 131050))
		open24(s)
		s.enqueue(marketing(alice, "an offer"))
		s.wait(kirim.MessageFailed)
		second := s.enqueue(marketing(alice, "another offer"))
		if r := s.wait(""); r.ID != second || r.State != outbox.StateSuppressed {
			t.Errorf("the record is %+v", r)
		}
	})
	t.Run("a campaign of many outcomes adds up", func(t *testing.T) {
		s := newSandbox(t, open, kirimtest.WithPlan(kirimtest.Plan{WritePerMinute: 100_000, ReadPerMinute: 100_000}))
		const n = 40
		s.SetStatusPlan(func(m kirimtest.Message) []kirimtest.Status {
			switch m.To[len(m.To)-1] {
			case '0', '1':
				return kirimtest.Failed(131026)(m)
			case '2':
				return kirimtest.Read()(m)
			}
			return kirimtest.Delivered()(m)
		})
		for i := range n {
			to := fmt.Sprintf("+62812000%05d", i)
			s.Receive(kirimtest.Inbound{From: to, Text: "hi"})
			m := textTo(to, "hello")
			m.Campaign = "spring"
			s.enqueue(m)
		}
		var p outbox.Progress
		for p.Total == 0 || p.Queued+p.Sent > 0 || p.Read < n/10 {
			s.next()
			var err error
			if p, err = s.box.Progress(t.Context(), "spring"); err != nil {
				t.Fatal(err)
			}
		}
		failed := 0
		for _, k := range p.Failed {
			failed += k
		}
		if p.Total != n || p.Read != n/10 || failed != n/5 || p.Delivered != n-n/10-n/5 {
			t.Errorf("the progress is %+v", p)
		}
	})
}

func isKirimIDOf(id string) bool { return strings.HasPrefix(id, "msg_") }
