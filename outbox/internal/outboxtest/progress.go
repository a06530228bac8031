package outboxtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func testProgress[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("each message of a campaign is counted once", func(t *testing.T) {
		f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
		outcomes := []string{
			"sent", "delivered", "read", "played", "failed", "failed as the window is closed", "failed and delivered", "undelivered twice",
			"discarded", "discarded template", "unknown", "expired", "cancelled", "suppressed", "queued", "scheduled",
		}
		ids := make(map[string]int64)
		var messages []outbox.Message
		for i, name := range outcomes {
			m := textTo(fmt.Sprintf("+62812345%04d", i), name)
			m.Campaign = "spring"
			switch name {
			case "expired":
				m.NotBefore, m.Expires = start.Add(time.Second), start.Add(2*time.Second)
			case "scheduled":
				m.NotBefore = start.Add(time.Hour)
			case "suppressed":
				m.Class = outbox.ClassMarketing
				if err := f.Suppress(t.Context(), from, m.Message.To, "asked us to"); err != nil {
					t.Fatal(err)
				}
			}
			messages = append(messages, m)
		}
		for i, id := range f.enqueue(messages...) {
			ids[outcomes[i]] = id
		}
		other := text("of another campaign")
		other.Campaign = "autumn"
		f.enqueue(other, text("of none"))
		f.server.reply(func(r *request) outcome {
			switch r.Text {
			case "discarded":
				return refuse(400, "invalid_recipient")
			case "discarded template":
				return refuse(400, "template_paused")
			case "unknown":
				return acceptAndBreak()
			case "queued":
				return refuseMeta(400, pairLimit)
			}
			return accept()
		})
		if _, err := f.Cancel(t.Context(), ids["cancelled"]); err != nil {
			t.Fatal(err)
		}
		f.wantTotal("spring", len(outcomes))
		f.settle()
		for _, r := range f.server.delivered {
			switch r.Text {
			case "delivered", "read", "played":
				f.hear(f.process, enrichedStatus(r.ID, kirim.MessageStatus(r.Text)))
			case "failed", "failed and delivered", "undelivered twice":
				f.hear(f.process, enrichedStatus(r.ID, kirim.MessageFailed, 131026))
			}
			switch r.Text {
			case "failed as the window is closed", "undelivered twice":
				f.hear(f.process, enrichedStatus(r.ID, kirim.MessageFailed, windowClosed))
			case "failed and delivered":
				f.hear(f.process, enrichedStatus(r.ID, kirim.MessageDelivered))
			}
		}
		f.forward(time.Minute)
		f.settle()
		failed := map[kirim.Kind]int{f.record(ids["failed"]).Err.Kind: 2, kirim.KindOutsideWindow: 1}
		discarded := make(map[kirim.Kind]int)
		for _, name := range []string{"discarded", "discarded template"} {
			discarded[f.record(ids[name]).Err.Kind]++
		}
		f.wantTotal("spring", len(outcomes))
		f.wantProgress("spring", outbox.Progress{
			Total: len(outcomes), Queued: 2, Sent: 1, Delivered: 2, Read: 2,
			Failed: failed, Discarded: discarded, Unknown: 1, Expired: 1, Cancelled: 1, Suppressed: 1,
		})
		f.wantProgress("nothing", outbox.Progress{Failed: map[kirim.Kind]int{}, Discarded: map[kirim.Kind]int{}})
	})
	t.Run("a campaign has a name", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		var invalid *kirim.ValidationError
		if _, err := f.Progress(t.Context(), ""); !errors.As(err, &invalid) {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("how much waits, and for how long", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		later, overdue, offer := text("later"), text("long due"), marketing(bob, "an offer")
		later.NotBefore, overdue.NotBefore = start.Add(time.Hour), start.Add(-time.Hour)
		offer.NotBefore = start.Add(time.Minute)
		f.enqueue(later, overdue, offer)
		want := func(want ...outbox.Depth) {
			t.Helper()
			depths, err := f.Depths(t.Context())
			depths = slices.DeleteFunc(depths, func(d outbox.Depth) bool { return d.Queued == 0 })
			if err != nil || !slices.Equal(depths, want) {
				t.Errorf("%+v, %v; want %+v", depths, err, want)
			}
		}
		f.forward(30 * time.Second)
		want(outbox.Depth{Class: outbox.ClassMarketing, Queued: 1}, outbox.Depth{Class: outbox.ClassTransactional, Queued: 2, Oldest: 30 * time.Second})
		f.forward(time.Minute)
		want(outbox.Depth{Class: outbox.ClassMarketing, Queued: 1, Oldest: 30 * time.Second}, outbox.Depth{Class: outbox.ClassTransactional, Queued: 2, Oldest: 90 * time.Second})
		f.settle()
		want(outbox.Depth{Class: outbox.ClassTransactional, Queued: 1})
	})
}

// wantTotal checks that the counts of a campaign add up.
func (f *fixture[TTx]) wantTotal(campaign string, want int) {
	f.Helper()
	p, err := f.Progress(f.Context(), campaign)
	if err != nil {
		f.Fatal(err)
	}
	sum := p.Queued + p.Sent + p.Delivered + p.Read + p.Unknown + p.Expired + p.Cancelled + p.Suppressed
	for _, kinds := range []map[kirim.Kind]int{p.Failed, p.Discarded} {
		for _, n := range kinds {
			sum += n
		}
	}
	if sum != want || p.Total != want {
		f.Errorf("the counts add up to %d, and the total is %d, want %d: %+v", sum, p.Total, want, p)
	}
}
