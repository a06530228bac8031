package outboxtest

import (
	"context"
	"testing"

	"github.com/kirim-go/kirim/outbox"
)

func testRunning[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("Run ends without an error when its context ends while it starts", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ctx, end := context.WithCancel(t.Context())
		end()
		if err := f.Outbox.Run(ctx); err != nil {
			t.Error(err)
		}
	})
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
