package outboxtest

import (
	"context"
	"errors"
	"testing"

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
	t.Run("nothing is sent before the commit", func(t *testing.T) {
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
}
