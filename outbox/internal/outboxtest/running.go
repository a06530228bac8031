package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

func testRunning[TTx any](t *testing.T, open Open[TTx]) {
	for steps := range 4 {
		t.Run(fmt.Sprintf("Run ends without an error when its context ends before statement %d of its start", steps+1), func(t *testing.T) {
			f := newFixture(t, open, outbox.Config{})
			ctx, end := context.WithCancel(t.Context())
			defer end()
			var begun atomic.Int32
			f.driver.before = func([]*driver.Statement) error {
				if int(begun.Add(1)) > steps {
					end()
				}
				return nil
			}
			if err := f.Outbox.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("each configured class has a depth, also when nothing waits", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{Classes: map[outbox.Class]outbox.ClassConfig{"survey": {Workers: 1}}})
		f.enqueue(text("one"), text("two"))
		depths, err := f.Depths(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []outbox.Depth{{Class: "code"}, {Class: "marketing"}, {Class: "survey"}, {Class: "transactional", Queued: 2}}
		if len(depths) != len(want) {
			t.Fatalf("the depths are %v", depths)
		}
		for i, d := range depths {
			if d != want[i] {
				t.Errorf("the depth is %v, not %v", d, want[i])
			}
		}
	})
}

// run calls Run in a process, and returns how to end it and wait until it has
// returned.
func (f *fixture[TTx]) run(p *process[TTx]) (stop func()) {
	f.Helper()
	ctx, end := context.WithCancel(f.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return func() {
		f.Helper()
		end()
		if err := <-ended; err != nil {
			f.Error(err)
		}
	}
}

// await returns when a request with a text has come.
func await(t *testing.T, requests <-chan *request, text string) *request {
	t.Helper()
	for {
		select {
		case r := <-requests:
			if r.Text == text {
				return r
			}
		case <-t.Context().Done():
			t.Fatalf("no request %q", text)
		}
	}
}

func testDraining[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("Run finishes and records what it sends, and gives the rest back at once", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		second := f.startProcess(f.server.sender(t), outbox.Config{})
		requests, goOn := make(chan *request, 9), make(chan struct{})
		f.server.reply(func(r *request) outcome {
			requests <- r
			if r.Text == "one" {
				<-goOn
			}
			return accept()
		})
		ids := f.enqueue(text("one"), text("two"), text("three"))
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Outbox.Run(ctx) }()
		await(t, requests, "one")
		end()
		close(goOn)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		f.wantState(outbox.StateSent, ids[0])
		for _, id := range ids[1:] {
			if r := f.record(id); r.State != outbox.StateQueued || !r.FirstAttemptAt.IsZero() {
				t.Errorf("got %+v", r)
			}
		}
		f.settleIn(second)
		f.wantReceived("one", "two", "three")
	})
	t.Run("Run ends a send that takes longer than DrainTimeout, and it is in doubt", func(t *testing.T) {
		config := outbox.Config{DrainTimeout: time.Millisecond}
		f := newFixture(t, open, config)
		requests := make(chan *request, 9)
		f.server.reply(func(r *request) outcome {
			requests <- r
			<-r.ended
			return breakBefore()
		})
		id := f.enqueueOne(text("one"))
		stop := f.run(f.process)
		await(t, requests, "one")
		stop()
		if r := f.record(id); r.State != outbox.StateQueued || r.FirstAttemptAt.IsZero() || r.Err == nil {
			t.Errorf("got %+v", r)
		}
		f.server.reply(nil)
		f.forward(longestBackoff)
		f.settleIn(f.startProcess(f.server.sender(t), outbox.Config{}))
		f.wantReceived("one")
	})
	t.Run("Run is called again after it has returned, and not twice at once", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		requests := make(chan *request, 9)
		f.server.reply(func(r *request) outcome {
			requests <- r
			return accept()
		})
		for _, body := range []string{"one", "two"} {
			stop := f.run(f.process)
			f.enqueue(text(body))
			await(t, requests, body)
			if err := f.Outbox.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "twice") {
				t.Errorf("got %v", err)
			}
			if err := f.Close(); err == nil {
				t.Error("it was closed while Run had not returned")
			}
			stop()
		}
		f.wantReceived("one", "two")
	})
	t.Run("a one-time code is sent while all workers for marketing hang", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{Classes: map[outbox.Class]outbox.ClassConfig{outbox.ClassMarketing: {Workers: 2}}})
		requests, goOn := make(chan *request, 99), make(chan struct{})
		f.server.reply(func(r *request) outcome {
			requests <- r
			if strings.HasPrefix(r.Text, "offer") {
				<-goOn
			}
			return accept()
		})
		for i := range 6 {
			offer := textTo(fmt.Sprintf("+6281234568%03d", i), fmt.Sprint("offer ", i))
			offer.Class = outbox.ClassMarketing
			f.enqueue(offer)
		}
		stop := f.run(f.process)
		for range 2 {
			if r := <-requests; !strings.HasPrefix(r.Text, "offer") {
				t.Errorf("got %q", r.Text)
			}
		}
		code := text("123456")
		code.Class = outbox.ClassCode
		f.enqueue(code)
		await(t, requests, "123456")
		if n := len(f.server.asked()); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
		close(goOn)
		stop()
	})
	t.Run("two processes send each message once, in order, while others use the outbox", func(t *testing.T) {
		config := outbox.Config{PollInterval: 50 * time.Millisecond}
		f := newFixture(t, open, config)
		second := f.startProcess(f.server.sender(t), config)
		const lanes, each = 5, 6
		all := make(chan struct{})
		f.server.reply(func(r *request) outcome {
			if len(f.server.received()) == lanes*each-1 {
				close(all)
			}
			return accept()
		})
		stopFirst, stopSecond := f.run(f.process), f.run(second)
		var users sync.WaitGroup
		for lane := range lanes {
			users.Go(func() {
				for i := range each {
					id, err := f.Enqueue(t.Context(), textTo(fmt.Sprintf("+6281234569%03d", lane), fmt.Sprintf("%d/%02d", lane, i)))
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := second.Get(t.Context(), id[0]); err != nil {
						t.Error(err)
					}
				}
			})
		}
		users.Go(func() {
			for range each {
				if _, err := f.Depths(t.Context()); err != nil {
					t.Error(err)
				}
				if err := second.Pause(t.Context(), otherNumber, "", ""); err != nil {
					t.Error(err)
				}
				if _, err := f.Resume(t.Context(), otherNumber, ""); err != nil {
					t.Error(err)
				}
				if _, err := f.Cancel(t.Context(), 1<<40); err != nil {
					t.Error(err)
				}
			}
		})
		users.Wait()
		<-all
		stopFirst()
		stopSecond()
		got := f.server.received()
		slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:1], b[:1]) })
		if !slices.IsSorted(got) || len(got) != lanes*each || len(f.server.asked()) != lanes*each {
			t.Errorf("%d messages in %d requests, in the order %q", len(got), len(f.server.asked()), got)
		}
	})
}

// exiting is a sender that ends its goroutine in place of the first send, as a test
// does that fails in it.
type exiting struct {
	outbox.Sender
	outbox.KeyHonourer
	once sync.Once
}

// Send implements [outbox.Sender].
func (s *exiting) Send(ctx context.Context, from string, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	s.once.Do(runtime.Goexit)
	return s.Sender.Send(ctx, from, message, opts...)
}

func testMisuse[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a sender and an OnEnd that end their goroutines are called again", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		var once sync.Once
		told := 0
		sender := f.server.sender(t)
		p := f.startProcess(&exiting{Sender: sender, KeyHonourer: sender.(outbox.KeyHonourer)}, outbox.Config{
			OnEnd: func(context.Context, *outbox.Record) error {
				once.Do(runtime.Goexit)
				told++
				return nil
			},
		})
		id := f.enqueueOne(text("one"))
		f.settleIn(p)
		if r := f.record(id); r.State != outbox.StateQueued || r.Err == nil || !strings.Contains(r.Err.Text, "goroutine") || r.FirstAttemptAt.IsZero() {
			t.Errorf("got %+v", r)
		}
		f.forward(longestBackoff)
		f.settleIn(p)
		f.forward(longestBackoff)
		f.settleIn(p)
		f.wantState(outbox.StateSent, id)
		f.wantReceived("one")
		if told != 1 {
			t.Errorf("OnEnd was called %d times", told)
		}
	})
	t.Run("Run without tables says what to do", func(t *testing.T) {
		store := open(t)
		box, err := outbox.New(t.Context(), store.Driver(t), (&server{}).sender(t), outbox.Config{Schema: store.Schema()})
		if err != nil {
			t.Fatal(err)
		}
		if err := box.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "Migrate") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a program that only enqueues cannot Run", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		only := f.startProcess(outbox.Disabled(), outbox.Config{})
		if _, err := only.Enqueue(t.Context(), text("one")); err != nil {
			t.Error(err)
		}
		if err := only.Run(t.Context()); !isInvalid(err) {
			t.Errorf("got %v", err)
		}
		f.settle()
		f.wantReceived("one")
	})
	t.Run("after Close, with no context, and as nil, the outbox returns errors", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		closed := f.startProcess(f.server.sender(t), outbox.Config{})
		for range 2 {
			if err := closed.Close(); err != nil {
				t.Error(err)
			}
		}
		var none *outbox.Outbox[TTx]
		var noContext context.Context
		var noTx TTx
		tx, _, rollback, err := f.store.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := rollback(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		}()
		for name, tt := range map[string]struct {
			box *outbox.Outbox[TTx]
			ctx context.Context //nolint:containedctx // it is what is tested
		}{"closed": {closed.Outbox, t.Context()}, "no context": {f.Outbox, noContext}, "nil": {none, t.Context()}, "not opened": {&outbox.Outbox[TTx]{}, t.Context()}} {
			o, ctx := tt.box, tt.ctx
			for method, call := range map[string]func() error{
				"Enqueue":        func() error { _, err := o.Enqueue(ctx, text("one")); return err },
				"EnqueueTx":      func() error { _, err := o.EnqueueTx(ctx, tx, text("one")); return err },
				"Run":            func() error { return o.Run(ctx) },
				"Migrate":        func() error { return o.Migrate(ctx) },
				"CheckTables":    func() error { return o.CheckTables(ctx) },
				"Get":            func() error { _, err := o.Get(ctx, 1); return err },
				"GetByKey":       func() error { _, err := o.GetByKey(ctx, "k"); return err },
				"Cancel":         func() error { _, err := o.Cancel(ctx, 1); return err },
				"CancelTx":       func() error { _, err := o.CancelTx(ctx, tx, 1); return err },
				"CancelCampaign": func() error { _, err := o.CancelCampaign(ctx, "spring"); return err },
				"Resolve":        func() error { return o.Resolve(ctx, 1, outbox.DecideSent) },
				"Replay":         func() error { return o.Replay(ctx, 1) },
				"Pause":          func() error { return o.Pause(ctx, "", "", "") },
				"Resume":         func() error { _, err := o.Resume(ctx, "", ""); return err },
				"Pauses":         func() error { _, err := o.Pauses(ctx); return err },
				"Progress":       func() error { _, err := o.Progress(ctx, "spring"); return err },
				"Depths":         func() error { _, err := o.Depths(ctx); return err },
				"Backlog":        func() error { _, err := o.Backlog(ctx); return err },
				"Erase":          func() error { _, err := o.Erase(ctx, alice); return err },
				"Suppress":       func() error { return o.Suppress(ctx, from, alice, "") },
				"Unsuppress":     func() error { _, err := o.Unsuppress(ctx, from, alice); return err },
				"IsSuppressed":   func() error { _, err := o.IsSuppressed(ctx, from, alice); return err },
				"List": func() error {
					for _, err := range o.List(ctx, outbox.Filter{}) {
						return err
					}
					return nil
				},
			} {
				if err := call(); err == nil || name == "closed" && !errors.Is(err, outbox.ErrClosed) || name == "no context" && !isInvalid(err) {
					t.Errorf("%s, %s: %v", name, method, err)
				}
			}
		}
		if _, err := f.EnqueueTx(t.Context(), noTx, text("one")); !isInvalid(err) {
			t.Errorf("no transaction: %v", err)
		}
		if _, err := f.CancelTx(t.Context(), noTx, 1); !isInvalid(err) {
			t.Errorf("no transaction: %v", err)
		}
		if err := none.Close(); err != nil || none.Schema() != "" {
			t.Errorf("nil: %v, %q", err, none.Schema())
		}
	})
	t.Run("an outbox without a sender is not opened", func(t *testing.T) {
		store := open(t)
		var noFunc outbox.SenderFunc
		for _, sender := range []outbox.Sender{nil, noFunc, outbox.NewSender(nil), outbox.SingleSender(from, nil)} {
			if _, err := outbox.New(t.Context(), store.Driver(t), sender, outbox.Config{}); !isInvalid(err) {
				t.Errorf("got %v", err)
			}
		}
	})
}
