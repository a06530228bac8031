package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func testEnqueue[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("what is enqueued is sent in order, each message once", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"), text("three"))
		f.wantState(outbox.StateQueued, ids...)
		f.settle()
		f.wantReceived("one", "two", "three")
		f.wantState(outbox.StateSent, ids...)
		f.settle()
		if n := len(f.server.asked()); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
	t.Run("what is enqueued in a transaction is sent after its commit", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		var ids []int64
		err := f.inTx(func(ctx context.Context, tx TTx) (err error) {
			ids, err = f.EnqueueTx(ctx, tx, text("one"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		f.settle()
		f.wantState(outbox.StateSent, ids...)
	})
	t.Run("nothing is sent after a rollback", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		changedMind := errors.New("the order was not paid")
		err := f.inTx(func(ctx context.Context, tx TTx) error {
			if _, err := f.EnqueueTx(ctx, tx, text("one")); err != nil {
				return err
			}
			return changedMind
		})
		if !errors.Is(err, changedMind) {
			t.Fatal(err)
		}
		f.settle()
		f.wantReceived()
	})
	t.Run("ids are in the order of the messages, over several recipients", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		messages := make([]outbox.Message, 20)
		for i := range messages {
			messages[i] = textTo(fmt.Sprintf("+62812345670%02d", i*7%20), fmt.Sprint(i))
		}
		ids := f.enqueue(messages...)
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
			t.Errorf("the ids are %v", ids)
		}
		for i, id := range ids {
			m, kept, err := f.record(id).Content()
			if err != nil || !kept || m.Content.(kirim.Text).Body != fmt.Sprint(i) {
				t.Errorf("message %d has the id of %v (%v)", i, m.Content, err)
			}
		}
	})
	t.Run("nothing is enqueued of no messages", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		if ids, err := f.Enqueue(t.Context()); err != nil || len(ids) != 0 {
			t.Errorf("got %v, %v", ids, err)
		}
	})
	t.Run("more than 10,000 messages in one call are refused", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		messages := slices.Repeat([]outbox.Message{text("one")}, 10_001)
		var invalid *kirim.ValidationError
		if _, err := f.Enqueue(t.Context(), messages...); !errors.As(err, &invalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a bad message leaves nothing behind and the transaction usable", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		bad := text("")
		err := f.inTx(func(ctx context.Context, tx TTx) error {
			var invalid *kirim.ValidationError
			if _, err := f.EnqueueTx(ctx, tx, text("one"), bad); !errors.As(err, &invalid) {
				t.Errorf("got %v", err)
			}
			_, err := f.EnqueueTx(ctx, tx, text("two"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		f.settle()
		f.wantReceived("two")
	})
	t.Run("the record has what was enqueued", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{Traceparent: func(context.Context) string { return "00-aa-bb-01" }})
		m := withKey("order-17", "one")
		m.Class, m.Campaign, m.NotBefore, m.Expires = outbox.ClassMarketing, "spring", start.Add(time.Minute), start.Add(time.Hour)
		r := f.record(f.enqueueOne(m))
		if r.Number != from || r.Recipient != alice[1:] || r.Key != "order-17" || r.Class != outbox.ClassMarketing || r.Campaign != "spring" ||
			!r.NotBefore.Equal(start.Add(time.Minute)) || !r.Expires.Equal(start.Add(time.Hour)) || !r.CreatedAt.Equal(start) ||
			r.Traceparent != "00-aa-bb-01" || r.State != outbox.StateQueued || !r.EndedAt.IsZero() || !r.FirstAttemptAt.IsZero() || r.Generation != 1 || r.Err != nil {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("keys", func(t *testing.T) { testKeys(t, open) })
}

// withKey is a message with a text and a key, to alice.
func withKey(key, body string) outbox.Message {
	m := text(body)
	m.Key = key
	return m
}

func testKeys[TTx any](t *testing.T, open Open[TTx]) {
	again := func(f *fixture[TTx]) int64 { return f.enqueueOne(withKey("k", "one")) }
	for _, tt := range []struct {
		name string
		then func(*fixture[TTx], int64) // what happens to the first message
		by   func(*fixture[TTx]) int64  // how it is enqueued again
	}{
		{"before it is sent", nil, again},
		{"after it was sent", func(f *fixture[TTx], _ int64) { f.settle() }, again},
		{"after it was cancelled", func(f *fixture[TTx], id int64) {
			if _, err := f.Cancel(f.Context(), id); err != nil {
				f.Fatal(err)
			}
		}, again},
		{"after it was discarded", func(f *fixture[TTx], _ int64) {
			f.server.replyInTurn(refuse(422, "invalid_field_value"))
			f.settle()
		}, again},
		{"in another process", nil, func(f *fixture[TTx]) int64 {
			ids, err := f.startProcess(f.server.sender(f.T), outbox.Config{}).Enqueue(f.Context(), withKey("k", "one"))
			if err != nil {
				f.Fatal(err)
			}
			return ids[0]
		}},
		{"in a transaction", nil, func(f *fixture[TTx]) (id int64) {
			err := f.inTx(func(ctx context.Context, tx TTx) error {
				ids, err := f.EnqueueTx(ctx, tx, withKey("k", "one"))
				id = ids[0]
				return err
			})
			if err != nil {
				f.Fatal(err)
			}
			return id
		}},
		{"with another class, time and campaign", nil, func(f *fixture[TTx]) int64 {
			m := withKey("k", "one")
			m.Class, m.Campaign, m.NotBefore = outbox.ClassMarketing, "spring", start.Add(time.Hour)
			return f.enqueueOne(m)
		}},
	} {
		t.Run("the same key and body is the earlier message "+tt.name, func(t *testing.T) {
			f := newFixture(t, open, outbox.Config{})
			first := again(f)
			if tt.then != nil {
				tt.then(f, first)
			}
			before := f.record(first).State
			if got := tt.by(f); got != first {
				t.Errorf("its id is %d, and was %d", got, first)
			}
			f.wantState(before, first)
			asked := len(f.server.asked())
			f.settle()
			if n := len(f.server.asked()) - asked; before != outbox.StateQueued && n > 0 {
				t.Errorf("it was sent again, %d times", n)
			}
			if n := f.number(`SELECT count(*) FROM {s}kirim_message`); n != 1 {
				t.Errorf("%d messages", n)
			}
		})
	}
	t.Run("the same key and body twice in one call is one message", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(withKey("k", "one"), text("two"), withKey("k", "one"))
		if ids[0] != ids[2] || ids[0] == ids[1] {
			t.Errorf("the ids are %v", ids)
		}
		f.settle()
		f.wantReceived("one", "two")
	})
	for _, tt := range []struct {
		name     string
		messages []outbox.Message
		index    int
		isKnown  bool // the earlier one is of another call
	}{
		{"in a later call", []outbox.Message{text("two"), withKey("k", "other")}, 1, true},
		{"in the same call", []outbox.Message{withKey("j", "one"), text("two"), withKey("j", "other")}, 2, false},
		{"to another recipient", []outbox.Message{{From: from, Key: "k", Message: kirim.OutboundMessage{To: bob, Content: kirim.Text{Body: "one"}}}}, 0, true},
	} {
		t.Run("the same key with another body is refused "+tt.name, func(t *testing.T) {
			f := newFixture(t, open, outbox.Config{})
			first := again(f)
			err := f.inTx(func(ctx context.Context, tx TTx) error {
				_, err := f.EnqueueTx(ctx, tx, tt.messages...)
				var reused *outbox.KeyReusedError
				if !errors.As(err, &reused) || reused.Index != tt.index || reused.Key != tt.messages[tt.index].Key || (reused.ID == first) != tt.isKnown {
					t.Errorf("got %v", err)
				}
				_, err = f.EnqueueTx(ctx, tx, text("three"))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			f.settle()
			f.wantReceived("one", "three")
		})
	}
	t.Run("the key is that of the request, so that a restored database sends nothing twice", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		again(f)
		f.settle()
		f.exec(`DELETE FROM {s}kirim_message`)
		id := again(f)
		f.settle()
		f.wantState(outbox.StateSent, id)
		f.wantReceived("one")
		if got := f.server.asked()[0].Key; got != "k" {
			t.Errorf("the idempotency key is %q", got)
		}
	})
}
