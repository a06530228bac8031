package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// application is what OnEnd tells. It fails when fail says so.
type application struct {
	mu   sync.Mutex
	told []string
	fail func(r *outbox.Record) error
}

func (a *application) onEnd(_ context.Context, r *outbox.Record) error {
	a.mu.Lock()
	fail := a.fail
	a.told = append(a.told, strings.TrimRight(fmt.Sprintf("%s %s %s", r.Key, r.State, r.Status), " "))
	a.mu.Unlock()
	if fail != nil {
		return fail(r)
	}
	return nil
}

// wantTold checks what was told since the last check.
func (a *application) wantTold(t *testing.T, want ...string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.told, want) {
		t.Errorf("OnEnd was called for %q, want %q", a.told, want)
	}
	a.told = nil
}

func testEnds[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("the application is told of each end, once", func(t *testing.T) {
		app := &application{}
		f := newFixture(t, open, outbox.Config{OnEnd: app.onEnd})
		f.enqueue(keyed("k"))
		f.sweep(f.process)
		app.wantTold(t)
		f.settle()
		f.settle()
		app.wantTold(t, "k sent")
		f.hear(f.process, notice("msg_000001"))
		f.hear(f.process, status("wamid.000001", kirim.MessageSent))
		f.settle()
		app.wantTold(t)
		for range 2 {
			f.hear(f.process, status("wamid.000001", kirim.MessageDelivered))
		}
		f.settle()
		app.wantTold(t, "k sent delivered")
		f.hear(f.process, status("wamid.000001", kirim.MessageRead))
		f.settle()
		app.wantTold(t)
	})
	t.Run("a message that was read was delivered", func(t *testing.T) {
		app := &application{}
		f := newFixture(t, open, outbox.Config{OnEnd: app.onEnd})
		for _, s := range []kirim.MessageStatus{kirim.MessageRead, kirim.MessagePlayed} {
			f.enqueue(keyed(string(s)))
			id := f.nextID()
			f.settle()
			f.hear(f.process, enrichedStatus(id, s))
			f.settle()
			f.hear(f.process, enrichedStatus(id, kirim.MessageDelivered))
			f.settle()
			app.wantTold(t, string(s)+" sent", string(s)+" sent "+string(s))
		}
	})
	t.Run("every end", func(t *testing.T) {
		app := &application{}
		f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{OnEnd: app.onEnd})
		f.server.reply(func(r *request) outcome {
			switch r.Text {
			case "discarded":
				return refuse(400, "invalid_recipient")
			case "unknown":
				return acceptAndBreak()
			}
			return accept()
		})
		m := func(key string) outbox.Message {
			m := textTo(fmt.Sprintf("+62812345%04d", len(key)), key) // a recipient of its own
			m.Key = key
			return m
		}
		expired := m("expired")
		expired.Expires = start.Add(time.Minute)
		expired.NotBefore = start.Add(time.Second)
		suppressed := m("suppressed")
		suppressed.Class = outbox.ClassMarketing
		if err := f.Suppress(f.Context(), from, suppressed.Message.To, "asked us to"); err != nil {
			t.Fatal(err)
		}
		ids := f.enqueue(m("discarded"), m("unknown"), expired, suppressed, m("cancel"), m("failed"))
		if cancelled, err := f.Cancel(f.Context(), ids[4]); err != nil || len(cancelled) != 1 {
			t.Fatalf("cancelled %v, %v", cancelled, err)
		}
		f.settle()
		for _, r := range f.server.delivered {
			if r.Text == "failed" {
				f.hear(f.process, enrichedStatus(r.ID, kirim.MessageFailed, 131026))
			}
		}
		f.forward(2 * time.Minute)
		f.settle()
		slices.Sort(app.told)
		app.wantTold(t, "cancel cancelled", "discarded discarded", "expired expired", "failed sent", "failed sent failed", "suppressed suppressed", "unknown unknown")
		if err := f.Resolve(f.Context(), ids[1], outbox.DecideNotSent); err != nil {
			t.Fatal(err)
		}
		f.settle()
		app.wantTold(t, "unknown discarded")
	})
	t.Run("an end that a late refusal takes back is not told, and the next one is", func(t *testing.T) {
		app := &application{}
		f := newFixture(t, open, outbox.Config{OnEnd: app.onEnd})
		f.enqueue(rescued("k"))
		f.sweep(f.process)
		f.work(f.process, f.takeJobs()[0])
		f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageFailed, windowClosed))
		f.settle()
		app.wantTold(t, "k sent")
		if keys := f.keys(); !slices.Equal(keys, []string{"k", "k:template"}) {
			t.Errorf("requests %q", keys)
		}
	})
	t.Run("it is told again when it fails or panics, and the others in the meantime", func(t *testing.T) {
		app := &application{}
		f := newFixture(t, open, outbox.Config{OnEnd: app.onEnd})
		const bad = 250 // more than are told in one claim
		messages := make([]outbox.Message, bad)
		for i := range messages {
			messages[i] = textTo(fmt.Sprintf("+6281200%05d", i), "hello")
			messages[i].Key = fmt.Sprintf("bad-%03d", i)
		}
		f.enqueue(messages...)
		app.fail = func(r *outbox.Record) error {
			switch {
			case r.Key == "bad-000":
				panic("the application has a fault")
			case strings.HasPrefix(r.Key, "bad"):
				return errors.New("the CRM is away")
			}
			return nil
		}
		f.settle()
		if len(app.told) != bad {
			t.Errorf("%d calls, want %d", len(app.told), bad)
		}
		app.told = nil
		f.enqueue(keyed("good"))
		f.settle()
		app.wantTold(t, "good sent")
		app.fail = nil
		f.forward(time.Minute)
		f.settle()
		if len(app.told) != bad {
			t.Errorf("%d calls, want %d", len(app.told), bad)
		}
		app.told = nil
		f.forward(time.Hour)
		f.settle()
		app.wantTold(t)
	})
	t.Run("another process tells what one has not that died", func(t *testing.T) {
		app := &application{}
		f := newFixture(t, open, outbox.Config{OnEnd: app.onEnd})
		second := f.startProcess(f.server.sender(t), outbox.Config{OnEnd: app.onEnd})
		f.enqueue(keyed("k"))
		died := errors.New("killed")
		f.driver.before = func(statements []*driver.Statement) error {
			if strings.Contains(statements[0].SQL, "r.claim") { // it has told, and dies before it notes that
				return died
			}
			return nil
		}
		f.sweep(f.process)
		f.work(f.process, f.takeJobs()[0])
		if err := f.driver.steps.Sweep(t.Context()); !errors.Is(err, died) {
			t.Fatal(err)
		}
		app.wantTold(t, "k sent")
		f.sweep(second)
		app.wantTold(t) // the claim of the first has not lapsed
		f.forward(3 * time.Minute)
		f.sweep(second)
		app.wantTold(t, "k sent")
		f.forward(time.Hour)
		f.sweep(second)
		app.wantTold(t)
	})
	t.Run("several processes tell each end once while none of them dies", func(t *testing.T) {
		app := &application{}
		f := newFixture(t, open, outbox.Config{OnEnd: app.onEnd})
		const n = 300
		messages := make([]outbox.Message, n)
		for i := range messages {
			messages[i] = textTo(fmt.Sprintf("+6281200%05d", i), "hello")
		}
		f.enqueue(messages...)
		f.sweep(f.process)
		for _, lane := range f.takeJobs() {
			f.work(f.process, lane)
		}
		processes := []*process[TTx]{f.process}
		for range 2 {
			processes = append(processes, f.startProcess(f.server.sender(t), outbox.Config{OnEnd: app.onEnd}))
		}
		var running sync.WaitGroup
		for _, p := range processes {
			running.Go(func() {
				if err := p.driver.steps.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if len(app.told) != n {
			t.Errorf("%d calls, want %d", len(app.told), n)
		}
	})
	t.Run("what happens while an end is told is told as well", func(t *testing.T) {
		app := &application{}
		f := newFixture(t, open, outbox.Config{OnEnd: app.onEnd})
		heard := false
		app.fail = func(*outbox.Record) error {
			if !heard {
				heard = true
				f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageDelivered))
			}
			return nil
		}
		f.enqueue(keyed("k"))
		f.settle()
		f.settle()
		app.wantTold(t, "k sent", "k sent delivered")
	})
	t.Run("a callback that hangs keeps no message from being sent", func(t *testing.T) {
		hangs, sent := make(chan struct{}), make(chan string, 10)
		onEnd := func(ctx context.Context, r *outbox.Record) error {
			if r.Key == "first" {
				close(hangs)
				<-ctx.Done()
			}
			return ctx.Err()
		}
		f := newFixture(t, open, outbox.Config{OnEnd: onEnd, PollInterval: 20 * time.Millisecond})
		f.server.reply(func(r *request) outcome { sent <- r.Key; return accept() })
		f.enqueue(keyed("first"))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- f.Outbox.Run(ctx) }()
		<-hangs
		<-sent
		later := keyed("second")
		later.NotBefore = start.Add(time.Minute)
		f.enqueue(later)
		f.forward(2 * time.Minute) // only the sweep wakes the recipient now
		if key := <-sent; key != "second" {
			t.Errorf("%q was sent", key)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
