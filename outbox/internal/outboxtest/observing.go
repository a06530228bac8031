package outboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// watcher notes the calls of an observer, a line for each.
type watcher struct {
	mu    sync.Mutex
	lines []string
}

func (w *watcher) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// want checks what was noted since the last check.
func (w *watcher) want(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.lines, want) {
		t.Errorf("the observer has seen\n\t%s\nwant\n\t%s", strings.Join(w.lines, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.lines = nil
}

type observerKey string

// observer names itself in the contexts that it returns, and expects that of its own
// back.
func (w *watcher) observer(name string) outbox.Observer {
	begin := func(ctx context.Context, what string) context.Context {
		return context.WithValue(ctx, observerKey(name), what)
	}
	own := func(ctx context.Context, what string) string {
		if got, _ := ctx.Value(observerKey(name)).(string); got != what {
			return fmt.Sprintf(" in the context of %q", got)
		}
		return ""
	}
	return outbox.Observer{
		BeginEnqueue: func(ctx context.Context, e outbox.Enqueuing) context.Context {
			w.note("%senqueue %d", name, e.Messages)
			return begin(ctx, "enqueue")
		},
		EndEnqueue: func(ctx context.Context, e outbox.Enqueued) {
			w.note("%senqueued %d %v %t%s", name, e.Messages, e.Added, e.Err != nil, own(ctx, "enqueue"))
		},
		BeginSend: func(ctx context.Context, s outbox.Sending) context.Context {
			w.note("%ssend %s, attempt %d, doubt %t, at %v", name, described(s.Observed), s.Attempt, s.InDoubt, s.At.Sub(start).Truncate(time.Second))
			return begin(ctx, "send")
		},
		EndSend: func(ctx context.Context, s outbox.Sent) {
			w.note("%ssent %d: %s, %s %s, doubt %t, error %t, wait %t%s", name, s.ID, s.Outcome, s.State, s.Kind, s.Doubtful, s.Err != nil, s.Wait > 0, own(ctx, "send"))
		},
		End: func(_ context.Context, e outbox.Ended) {
			without := ""
			if !e.Attempted {
				without = " without an attempt"
			}
			w.note("%send %s: %s %s at %v%s", name, described(e.Observed), e.State, e.Kind, e.At.Sub(start), without)
		},
		Status: func(_ context.Context, c outbox.StatusChange) {
			w.note("%sstatus %s: %q %q, %s %s, accepted %v, at %v, heard %v, delivered %t, failed %t", name, described(c.Observed), c.From, c.To, c.State, c.Kind,
				accepted(c), c.At.Sub(start), c.HeardAt.Sub(start), c.Delivered(), c.Failed())
		},
	}
}

func accepted(c outbox.StatusChange) any {
	if c.AcceptedAt.IsZero() {
		return "never"
	}
	return c.AcceptedAt.Sub(start)
}

func described(o outbox.Observed) string {
	text := fmt.Sprintf("%d %s #%d", o.ID, o.Class, o.Generation)
	if o.Template {
		text += " as template"
	}
	if o.Traceparent != "" {
		text += " of " + o.Traceparent
	}
	return fmt.Sprintf("%s, %v, due %v", text, o.EnqueuedAt.Sub(start), o.DueAt.Sub(start))
}

// attemptsAlone leaves the ends of attempts.
func (w *watcher) attemptsAlone() outbox.Observer {
	return outbox.Observer{EndSend: w.observer("").EndSend}
}

func (w *watcher) endsAlone() outbox.Observer { return outbox.Observer{End: w.observer("").End} }

func (w *watcher) statusesAlone() outbox.Observer {
	return outbox.Observer{Status: w.observer("").Status, End: w.observer("").End}
}

func observed(observers ...outbox.Observer) outbox.Config {
	return outbox.Config{Observers: observers}
}

func testObserving[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("from the call that enqueues to the end", func(t *testing.T) {
		w := &watcher{}
		config := observed(w.observer(""))
		config.Traceparent = func(ctx context.Context) string {
			what, _ := ctx.Value(observerKey("")).(string)
			return "the trace of " + what
		}
		f := newFixture(t, open, config)
		later := marketing(bob, "an offer")
		later.NotBefore = start.Add(time.Minute)
		f.enqueue(withKey("k", "one"), later, withKey("k", "one"))
		w.want(t, "enqueue 3", "enqueued 3 map[marketing:1 transactional:1] false")
		f.forward(time.Second)
		f.settle()
		w.want(t,
			"send 1 transactional #1 of the trace of enqueue, 0s, due 0s, attempt 1, doubt false, at 1s",
			"sent 1: accepted, sent , doubt false, error false, wait false",
			"end 1 transactional #1 of the trace of enqueue, 0s, due 0s: sent  at 1s")
		f.forward(2 * time.Minute)
		f.settle()
		w.want(t,
			"send 2 marketing #1 of the trace of enqueue, 0s, due 1m0s, attempt 1, doubt false, at 2m1s",
			"sent 2: accepted, sent , doubt false, error false, wait false",
			"end 2 marketing #1 of the trace of enqueue, 0s, due 1m0s: sent  at 2m1s")
		f.enqueue(withKey("k", "one"))
		w.want(t, "enqueue 1", "enqueued 1 map[] false")
		if _, err := f.Enqueue(t.Context(), withKey("k", "two")); err == nil {
			t.Error("no error")
		}
		w.want(t, "enqueue 1", "enqueued 1 map[] true")
		err := f.inTx(func(ctx context.Context, tx TTx) error {
			_, err := f.EnqueueTx(ctx, tx, text("in a transaction"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.want(t, "enqueue 1", "enqueued 1 map[transactional:1] false")
	})
	testOutcomes(t, open)
	t.Run("an attempt in doubt and the next one", func(t *testing.T) {
		w := &watcher{}
		f := newFixture(t, open, observed(w.observer("")))
		f.server.replyInTurn(acceptAndBreak())
		f.enqueueOne(keyed("k"))
		f.settle()
		f.forward(2 * time.Second)
		f.settle()
		w.want(t, "enqueue 1", "enqueued 1 map[transactional:1] false",
			"send 1 transactional #1, 0s, due 0s, attempt 1, doubt false, at 0s",
			"sent 1: in_doubt, queued , doubt true, error true, wait true",
			"send 1 transactional #1, 0s, due 0s, attempt 2, doubt true, at 2s",
			"sent 1: accepted, sent , doubt false, error false, wait false",
			"end 1 transactional #1, 0s, due 0s: sent  at 2s")
	})
	testObservedEnds(t, open)
	testObservedStatuses(t, open)
	testObserversTogether(t, open)
	testFaultyObservers(t, open)
	testObservedInbox(t, open)
}

func testOutcomes[TTx any](t *testing.T, open Open[TTx]) {
	noTurn := &kirim.TransportError{Err: context.DeadlineExceeded}
	for _, tt := range []struct {
		name    string
		keyless bool
		sender  outbox.Sender // in place of the server
		reply   outcome
		message outbox.Message
		want    string
	}{
		{name: "accepted", reply: accept(), want: "accepted, sent , doubt false, error false, wait false"},
		{name: "not reached", reply: notReached(), want: "retry, queued , doubt false, error true, wait true"},
		{name: "rate limit", reply: rateLimited(30), want: "rate_limited, queued rate_limited, doubt false, error true, wait true"},
		{name: "pair limit", reply: refuseMeta(400, pairLimit), want: "pair_limited, queued rate_limited, doubt false, error true, wait true"},
		{name: "no turn", sender: failing(noTurn), want: "no_turn, queued , doubt false, error true, wait true"},
		{name: "bad API key", reply: refuse(401, "invalid_api_key"), want: "paused, queued auth_invalid, doubt false, error true, wait false"},
		{name: "window", message: rescued("k"), reply: refuse(422, "outside_24h_window"), want: "template, queued outside_window, doubt false, error true, wait false"},
		{name: "in doubt", reply: acceptAndBreak(), want: "in_doubt, queued , doubt true, error true, wait true"},
		{name: "in doubt without keys", keyless: true, reply: acceptAndBreak(), want: "unknown, unknown , doubt true, error true, wait false"},
		{name: "refused", reply: refuse(400, "invalid_recipient"), want: "discarded, discarded invalid_request, doubt false, error true, wait false"},
		{name: "no marketing", message: marketing(alice, "offer"), reply: refuseMeta(403, 131050), want: "suppressed, suppressed "},
		{name: "sender that panics", sender: outbox.SenderFunc(nil), want: ""},
	} {
		t.Run("an attempt: "+tt.name, func(t *testing.T) {
			w := &watcher{}
			f := newFixtureOver(t, open, &server{keyless: tt.keyless}, observed(w.attemptsAlone()))
			if tt.message.From == "" {
				tt.message = keyed("k")
			}
			p := f.process
			switch {
			case tt.name == "sender that panics":
				p = f.startProcess(outbox.SenderFunc(func(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
					panic("a fault")
				}), observed(w.attemptsAlone()))
				tt.want = "unknown, unknown , doubt true, error true, wait false"
			case tt.sender != nil:
				p = f.startProcess(tt.sender, observed(w.attemptsAlone()))
			default:
				f.server.replyInTurn(tt.reply)
			}
			f.enqueueOne(tt.message)
			f.sweep(p)
			f.work(p, f.takeJobs()[0])
			if len(w.lines) == 0 || !strings.HasPrefix(w.lines[0], "sent 1: "+tt.want) {
				t.Errorf("the observer has seen %q, want %q", w.lines, tt.want)
			}
		})
	}
}

func failing(err error) outbox.Sender {
	return outbox.SenderFunc(func(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
		return nil, err
	})
}

func testObservedEnds[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("each end that comes without an attempt", func(t *testing.T) {
		w := &watcher{}
		f := newFixtureOver(t, open, &server{keyless: true}, observed(w.endsAlone()))
		expired := text("too late")
		expired.NotBefore, expired.Expires = start.Add(time.Second), start.Add(2*time.Second)
		f.enqueue(expired, marketing(bob, "an offer"), text("cancelled"), text("cancelled in a transaction"))
		if err := f.Suppress(t.Context(), from, bob, "asked us to"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Cancel(t.Context(), 3, 17); err != nil {
			t.Fatal(err)
		}
		err := f.inTx(func(ctx context.Context, tx TTx) error { _, err := f.CancelTx(ctx, tx, 4); return err })
		if err != nil {
			t.Fatal(err)
		}
		w.want(t, "end 3 transactional #1, 0s, due 0s: cancelled  at 0s without an attempt", "end 4 transactional #1, 0s, due 0s: cancelled  at 0s without an attempt")
		f.forward(time.Minute)
		f.settle()
		slices.Sort(w.lines)
		w.want(t, "end 1 transactional #1, 0s, due 1s: expired  at 1m0s without an attempt", "end 2 marketing #1, 0s, due 0s: suppressed  at 1m0s without an attempt")
	})
	t.Run("what a person decides", func(t *testing.T) {
		w := &watcher{}
		f := newFixtureOver(t, open, &server{keyless: true}, observed(w.endsAlone()))
		f.server.reply(func(*request) outcome { return acceptAndBreak() })
		ids := f.enqueue(text("one"), text("two"), text("three"))
		f.settle()
		w.want(t, "end 1 transactional #1, 0s, due 0s: unknown  at 0s", "end 2 transactional #1, 0s, due 0s: unknown  at 0s", "end 3 transactional #1, 0s, due 0s: unknown  at 0s")
		f.server.reply(nil)
		f.forward(time.Minute)
		for i, d := range []outbox.Decision{outbox.DecideSent, outbox.DecideNotSent, outbox.DecideSendAgain} {
			if err := f.Resolve(t.Context(), ids[i], d); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Resolve(t.Context(), ids[1], outbox.DecideNotSent); err != nil { // it stays what it is
			t.Fatal(err)
		}
		f.settle()
		w.want(t, "end 1 transactional #1, 0s, due 0s: sent  at 1m0s without an attempt", "end 2 transactional #1, 0s, due 0s: discarded  at 1m0s without an attempt", "end 3 transactional #2, 0s, due 1m0s: sent  at 1m0s")
	})
	t.Run("an end that another worker has recorded is seen by the observer of that one", func(t *testing.T) {
		late, other := &watcher{}, &watcher{}
		f := newFixture(t, open, observed(late.observer("")))
		second := f.startProcess(f.server.sender(t), observed(other.endsAlone()))
		f.enqueueOne(keyed("k"))
		late.lines = nil
		f.server.reply(func(*request) outcome {
			f.server.reply(nil)
			f.forward(2 * time.Minute) // the claim lapses
			f.settleIn(second)
			return accept()
		})
		f.settle()
		f.wantState(outbox.StateSent, 1)
		late.want(t, "send 1 transactional #1, 0s, due 0s, attempt 1, doubt false, at 0s", "sent 1: accepted, sent , doubt false, error false, wait false")
		other.want(t, "end 1 transactional #1, 0s, due 0s: sent  at 2m0s")
	})
}

func testObservedStatuses[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("what webhooks change", func(t *testing.T) {
		w := &watcher{}
		config := observed(w.statusesAlone())
		config.Traceparent = func(context.Context) string { return "00-aa-bb-01" }
		f := newFixture(t, open, config)
		f.enqueueOne(keyed("k"))
		f.forward(time.Second)
		f.settle()
		w.want(t, "end 1 transactional #1 of 00-aa-bb-01, 0s, due 0s: sent  at 1s")
		f.forward(time.Second)
		f.hear(f.process, notice("msg_000001"))
		w.want(t)
		for _, s := range []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered, kirim.MessageDelivered, kirim.MessageSent, kirim.MessageRead} {
			f.hear(f.process, status("wamid.000001", s))
		}
		const of = "status 1 transactional #1 of 00-aa-bb-01, 0s, due 0s: "
		w.want(t,
			of+`"" "sent", sent , accepted 1s, at 0s, heard 2s, delivered false, failed false`,
			of+`"sent" "delivered", sent , accepted 1s, at 0s, heard 2s, delivered true, failed false`,
			of+`"delivered" "read", sent , accepted 1s, at 0s, heard 2s, delivered false, failed false`)
	})
	t.Run("a late failure", func(t *testing.T) {
		w := &watcher{}
		f := newFixture(t, open, observed(w.statusesAlone()))
		f.enqueueOne(keyed("k"))
		f.settle()
		f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageFailed, 131026))
		kind := f.record(1).Err.Kind
		w.want(t, "end 1 transactional #1, 0s, due 0s: sent  at 0s",
			fmt.Sprintf(`status 1 transactional #1, 0s, due 0s: "" "failed", sent %s, accepted 0s, at 0s, heard 0s, delivered false, failed true`, kind))
	})
	t.Run("a late refusal, after which the template is sent", func(t *testing.T) {
		w := &watcher{}
		f := newFixture(t, open, observed(w.observer("")))
		f.enqueueOne(rescued("k"))
		f.settle()
		w.lines = nil
		f.forward(time.Minute)
		f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageFailed, windowClosed))
		f.settle()
		f.hear(f.process, enrichedStatus("msg_000002", kirim.MessageRead))
		w.want(t,
			`status 1 transactional #1, 0s, due 0s: "" "failed", queued outside_window, accepted 0s, at 0s, heard 1m0s, delivered false, failed true`,
			"send 1 transactional #1 as template, 0s, due 1m0s, attempt 1, doubt false, at 1m0s",
			"sent 1: accepted, sent , doubt false, error false, wait false",
			"end 1 transactional #1 as template, 0s, due 1m0s: sent  at 1m0s",
			`status 1 transactional #1 as template, 0s, due 1m0s: "" "read", sent , accepted 1m0s, at 0s, heard 1m0s, delivered true, failed false`)
	})
	t.Run("a late refusal that is taken back", func(t *testing.T) {
		w := &watcher{}
		f := newFixture(t, open, observed(w.statusesAlone()))
		f.enqueueOne(rescued("k"))
		f.settle()
		w.lines = nil
		f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageFailed, windowClosed))
		w.lines = nil
		f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageDelivered))
		w.want(t,
			`status 1 transactional #1 as template, 0s, due 0s: "" "delivered", sent , accepted never, at 0s, heard 0s, delivered true, failed false`,
			"end 1 transactional #1, 0s, due 0s: sent  at 0s without an attempt")
		f.settle()
		w.want(t)
	})
	t.Run("what a look at the server tells", func(t *testing.T) {
		w := &watcher{}
		f := newFixture(t, open, observed(w.statusesAlone()))
		f.server.lookUp = func(id string) string { return fmt.Sprintf(`{"data":{"id":%q,"status":"delivered"}}`, id) }
		f.enqueueOne(keyed("k"))
		f.settle()
		f.forward(11 * time.Minute)
		f.settle()
		w.want(t, "end 1 transactional #1, 0s, due 0s: sent  at 0s",
			`status 1 transactional #1, 0s, due 0s: "" "delivered", sent , accepted 0s, at 11m0s, heard 11m0s, delivered true, failed false`)
	})
}

func testObserversTogether[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("the first observer begins first and ends last, each in its own context", func(t *testing.T) {
		w := &watcher{}
		f := newFixture(t, open, observed(w.observer("a "), outbox.Observer{}, w.observer("b ")))
		f.enqueueOne(keyed("k"))
		f.settle()
		f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageDelivered))
		for i, line := range w.lines {
			w.lines[i] = strings.Join(strings.Fields(line)[:2], " ")
			if strings.Contains(line, "in the context of") {
				t.Error(line)
			}
		}
		w.want(t, "a enqueue", "b enqueue", "b enqueued", "a enqueued", "a send", "b send", "b sent", "a sent", "a end", "b end", "a status", "b status")
	})
	t.Run("the sender gets what the last observer has begun, which ends with the attempt", func(t *testing.T) {
		detached := outbox.Observer{BeginSend: func(context.Context, outbox.Sending) context.Context {
			return context.WithValue(context.Background(), observerKey("sender"), "here")
		}}
		none := outbox.Observer{BeginSend: func(context.Context, outbox.Sending) context.Context { return nil }}
		f := newFixture(t, open, outbox.Config{})
		var here any
		var deadline, ended bool
		sender := outbox.SenderFunc(func(ctx context.Context, _ string, _ kirim.OutboundMessage, _ ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
			here = ctx.Value(observerKey("sender"))
			_, deadline = ctx.Deadline()
			<-ctx.Done()
			ended = errors.Is(ctx.Err(), context.DeadlineExceeded)
			return &kirim.AcceptedMessage{}, nil
		})
		config := observed(detached, none)
		config.AttemptTimeout = 20 * time.Millisecond
		p := f.startProcess(sender, config)
		f.enqueueOne(keyed("k"))
		f.settleIn(p)
		if here != "here" || !deadline || !ended {
			t.Errorf("the sender got %v, a deadline %t, and its context has ended %t", here, deadline, ended)
		}
		f.wantState(outbox.StateSent, 1)
	})
	t.Run("nothing is kept", func(t *testing.T) {
		const n = 300
		var made, freed atomic.Int32
		type state struct{ _ [64]byte }
		keep := func(ctx context.Context) context.Context {
			s := &state{}
			made.Add(1)
			runtime.AddCleanup(s, func(int) { freed.Add(1) }, 0)
			return context.WithValue(ctx, observerKey("state"), s)
		}
		f := newFixture(t, open, observed(outbox.Observer{
			BeginEnqueue: func(ctx context.Context, _ outbox.Enqueuing) context.Context { return keep(ctx) },
			BeginSend:    func(ctx context.Context, _ outbox.Sending) context.Context { return keep(ctx) },
		}))
		for i := range n {
			f.enqueueOne(textTo(fmt.Sprintf("+6281200%05d", i%10), "hello"))
		}
		f.settle()
		for range 100 {
			if runtime.GC(); freed.Load() == made.Load() {
				break
			}
			runtime.Gosched()
		}
		if made.Load() != 2*n || freed.Load() < 2*n-2 { // the last of each may still be on a stack
			t.Errorf("%d of %d contexts were freed", freed.Load(), made.Load())
		}
	})
}

func testFaultyObservers[TTx any](t *testing.T, open Open[TTx]) {
	for name, fault := range map[string]func(){"panics": func() { panic("6281234567001 said hello") }, "ends its goroutine": runtime.Goexit} {
		t.Run("an observer that "+name+" loses and repeats nothing", func(t *testing.T) {
			w := &watcher{}
			faulty := outbox.Observer{
				BeginEnqueue: func(context.Context, outbox.Enqueuing) context.Context { fault(); return nil },
				EndEnqueue:   func(context.Context, outbox.Enqueued) { w.note("an end without a beginning"); fault() },
				BeginSend:    func(context.Context, outbox.Sending) context.Context { fault(); return nil },
				EndSend:      func(context.Context, outbox.Sent) { w.note("an end without a beginning"); fault() },
				End:          func(context.Context, outbox.Ended) { fault() },
				Status:       func(context.Context, outbox.StatusChange) { fault() },
			}
			endsFaulty := outbox.Observer{
				EndEnqueue: func(context.Context, outbox.Enqueued) { fault() },
				EndSend:    func(context.Context, outbox.Sent) { fault() },
			}
			var logged bytes.Buffer
			config := observed(w.observer(""), faulty, endsFaulty)
			config.Logger = slog.New(slog.NewTextHandler(&logged, nil))
			f := newFixture(t, open, config)
			f.server.replyInTurn(acceptAndBreak())
			ids := f.enqueue(keyed("one"), keyed("two"))
			f.settle()
			f.forward(2 * time.Second)
			f.settle()
			f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageDelivered))
			cancelled := text("cancelled")
			cancelled.NotBefore = start.Add(time.Hour)
			if got, err := f.Cancel(t.Context(), f.enqueueOne(cancelled)); err != nil || len(got) != 1 {
				t.Errorf("cancelled %v, %v", got, err)
			}
			f.wantState(outbox.StateSent, ids...)
			f.wantReceived("hello", "hello")
			f.wantKeys("one", "one", "two")
			f.wantStatus(ids[0], kirim.MessageDelivered)
			var seen []string
			for _, line := range w.lines {
				seen = append(seen, strings.Fields(line)[0])
			}
			want := strings.Fields("enqueue enqueued send sent send sent send sent end end status enqueue enqueued end")
			if !slices.Equal(seen, want) {
				t.Errorf("the other observer has seen %q, want %q", seen, want)
			}
			for _, function := range []string{"BeginEnqueue", "EndEnqueue", "BeginSend", "EndSend", "End", "Status"} {
				if !strings.Contains(logged.String(), "function="+function+" ") {
					t.Errorf("%s is not logged", function)
				}
			}
			if strings.Contains(logged.String(), "6281234567001") {
				t.Errorf("what the observer panicked with is logged: %s", logged.String())
			}
		})
	}
}

func testObservedInbox[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a delivery that is stored, and each try to handle it", func(t *testing.T) {
		w := &watcher{}
		own := func(ctx context.Context) any { return ctx.Value(observerKey("inbox")) }
		config := observed(outbox.Observer{
			BeginDelivery: func(ctx context.Context, d outbox.StoredDelivery) context.Context {
				w.note("handle %d of %s at %v", d.ID, d.Traceparent, d.ReceivedAt.Sub(start))
				return context.WithValue(ctx, observerKey("inbox"), "handling")
			},
			EndDelivery: func(ctx context.Context, d outbox.HandledDelivery) {
				w.note("handled %d: error %t after %v, %v", d.ID, d.Err != nil, d.HandledAt.Sub(d.ReceivedAt).Truncate(time.Second), own(ctx))
			},
		})
		config.Traceparent = func(ctx context.Context) string { return fmt.Sprint(own(ctx)) }
		observer := kirim.DeliveryObserver{
			Begin: func(ctx context.Context, d kirim.DeliveryInfo) context.Context {
				w.note("delivery of %d bytes", d.Size)
				return context.WithValue(ctx, observerKey("inbox"), "delivery")
			},
			End: func(ctx context.Context, end kirim.DeliveryEnd) {
				w.note("response %d, event %t, error %t, %v", end.StatusCode, end.Event != nil, end.Err != nil, own(ctx))
			},
		}
		f := newInboxFixtureWith(t, open, &server{}, config, observer)
		f.deliver(twoMessages)
		w.want(t, fmt.Sprintf("delivery of %d bytes", len(twoMessages)), "response 200, event true, error false, delivery")
		if status := f.post("wrong", twoMessages); status != 401 {
			t.Errorf("status %d", status)
		}
		w.want(t, fmt.Sprintf("delivery of %d bytes", len(twoMessages)), "response 401, event false, error true, delivery")
		f.fail = func(string) error { return errors.New("the CRM is away") }
		f.forward(time.Second)
		if err := f.work(); err == nil {
			t.Error("no error")
		}
		w.want(t, "handle 1 of delivery at 0s", "handled 1: error true after 1s, handling")
		f.fail = nil
		f.forward(time.Minute)
		if err := f.driver.steps.WorkDelivery(t.Context(), 1); err != nil {
			t.Error(err)
		}
		w.want(t, "handle 1 of delivery at 0s", "handled 1: error false after 1m1s, handling")
		f.wantHandled("first", "second")
		f.wantStored(0)
	})
	t.Run("an observer that panics loses no delivery", func(t *testing.T) {
		fault := func() { panic("6281234567001 said hello") }
		config := observed(outbox.Observer{
			BeginDelivery: func(context.Context, outbox.StoredDelivery) context.Context { fault(); return nil },
		}, outbox.Observer{EndDelivery: func(context.Context, outbox.HandledDelivery) { fault() }})
		f := newInboxFixtureWith(t, open, &server{}, config, kirim.DeliveryObserver{
			Begin: func(context.Context, kirim.DeliveryInfo) context.Context { fault(); return nil },
			End:   func(context.Context, kirim.DeliveryEnd) { fault() },
		})
		if status := f.deliver(twoMessages); status != 200 {
			t.Errorf("status %d", status)
		}
		if err := f.work(); err != nil {
			t.Error(err)
		}
		f.wantHandled("first", "second")
		f.wantStored(0)
	})
}
