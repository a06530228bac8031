package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func testManaging[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("cancelling", func(t *testing.T) { testCancel(t, open) })
	t.Run("deciding", func(t *testing.T) { testDecisions(t, open) })
	t.Run("looking", func(t *testing.T) { testLists(t, open) })
}

func testCancel[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("what is queued is cancelled, and what is out, in doubt or unknown to the outbox is not", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		sent := f.enqueueOne(text("sent"))
		f.settle()
		inDoubt := f.enqueueOne(textTo(bob, "in doubt"))
		f.server.replyInTurn(acceptAndBreak())
		f.settle()
		queued := f.enqueue(text("one"), text("two"))
		got, err := f.Cancel(t.Context(), sent, queued[0], 1<<40, inDoubt, queued[0])
		if err != nil || !slices.Equal(got, queued[:1]) {
			t.Errorf("cancelled %v, %v; want %v", got, err, queued[:1])
		}
		if got, err := f.Cancel(t.Context(), queued[0]); err != nil || len(got) != 0 {
			t.Errorf("cancelled again: %v, %v", got, err)
		}
		f.forward(longestBackoff)
		f.settle()
		f.wantReceived("sent", "in doubt", "two")
		f.wantState(outbox.StateCancelled, queued[0])
		f.wantState(outbox.StateSent, sent, inDoubt, queued[1])
	})
	t.Run("a message that waits for another attempt after a refusal is cancelled", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"))
		f.server.replyInTurn(rateLimited(60))
		f.settle()
		if got, err := f.Cancel(t.Context(), ids...); err != nil || len(got) != 2 {
			t.Errorf("cancelled %v, %v", got, err)
		}
		f.forward(time.Hour)
		f.settle()
		f.wantReceived()
	})
	t.Run("a message is cancelled while the one before it is sent without a key", func(t *testing.T) {
		f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"), text("three"))
		f.server.reply(func(r *request) outcome {
			if r.Text == "one" {
				if got, err := f.Cancel(t.Context(), ids[:2]...); err != nil || !slices.Equal(got, ids[1:2]) {
					t.Errorf("cancelled %v, %v", got, err)
				}
			}
			return accept()
		})
		f.settle()
		f.wantReceived("one", "three")
		f.wantState(outbox.StateCancelled, ids[1])
	})
	t.Run("CancelTx holds when the transaction is committed, and not when it is rolled back", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"))
		changedMind := errors.New("the order stands")
		for i, end := range []error{nil, changedMind} {
			err := f.inTx(func(ctx context.Context, tx TTx) error {
				got, err := f.CancelTx(ctx, tx, ids[i])
				if err != nil || !slices.Equal(got, ids[i:i+1]) {
					t.Errorf("cancelled %v, %v", got, err)
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		f.settle()
		f.wantReceived("two")
	})
	t.Run("a campaign is cancelled, however large, and no other message", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		messages := make([]outbox.Message, 502)
		for i := range messages {
			messages[i] = textTo(fmt.Sprintf("+62812345%05d", i), fmt.Sprint(i))
			messages[i].Campaign = "spring"
		}
		messages[0].Campaign = "summer"
		messages[1].Campaign = ""
		f.enqueue(messages...)
		if n, err := f.CancelCampaign(t.Context(), "spring"); n != 500 || err != nil {
			t.Errorf("cancelled %d, %v", n, err)
		}
		if n, err := f.CancelCampaign(t.Context(), "spring"); n != 0 || err != nil {
			t.Errorf("cancelled again: %d, %v", n, err)
		}
		if _, err := f.CancelCampaign(t.Context(), ""); !isInvalid(err) {
			t.Errorf("without a name: %v", err)
		}
		f.settle()
		f.wantReceived("0", "1")
	})
	t.Run("more than 10,000 ids in one call are refused", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		if _, err := f.Cancel(t.Context(), make([]int64, 10_001)...); !isInvalid(err) {
			t.Errorf("got %v", err)
		}
	})
}

func testDecisions[TTx any](t *testing.T, open Open[TTx]) {
	for _, tt := range []struct {
		decision outbox.Decision
		want     outbox.State
		got      []string
	}{
		{outbox.DecideSent, outbox.StateSent, []string{"two"}},
		{outbox.DecideNotSent, outbox.StateDiscarded, []string{"two"}},
		{outbox.DecideSendAgain, outbox.StateSent, []string{"two", "one"}},
	} {
		t.Run("of an unknown message: "+string(tt.decision), func(t *testing.T) {
			f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
			ids := f.enqueue(text("one"), text("two"))
			f.server.replyInTurn(breakBefore())
			f.settle()
			f.wantState(outbox.StateUnknown, ids[0])
			if err := f.Resolve(t.Context(), ids[0], tt.decision); err != nil {
				t.Fatal(err)
			}
			f.settle()
			f.wantState(tt.want, ids[0])
			f.wantReceived(tt.got...)
			var wrong *outbox.StateError
			if err := f.Resolve(t.Context(), ids[0], outbox.DecideSent); !errors.As(err, &wrong) || wrong.ID != ids[0] || wrong.State != tt.want {
				t.Errorf("decided again: %v", err)
			}
		})
	}
	t.Run("a decision about a message that is not unknown, or is none, or that is none itself, is an error", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		id := f.enqueueOne(text("one"))
		var wrong *outbox.StateError
		for _, d := range []outbox.Decision{outbox.DecideSent, outbox.DecideNotSent, outbox.DecideSendAgain} {
			if err := f.Resolve(t.Context(), id, d); !errors.As(err, &wrong) || wrong.State != outbox.StateQueued {
				t.Errorf("%s of a queued message: %v", d, err)
			}
			if err := f.Resolve(t.Context(), 1<<40, d); !errors.Is(err, outbox.ErrNotFound) {
				t.Errorf("%s of no message: %v", d, err)
			}
		}
		if err := f.Resolve(t.Context(), id, "perhaps"); !isInvalid(err) {
			t.Errorf("no decision: %v", err)
		}
	})
	t.Run("a discarded message is sent again under another key", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(withKey("k", "one"), text("two"))
		f.server.replyInTurn(refuse(http.StatusUnprocessableEntity, "invalid_field_value"))
		f.settle()
		if err := f.Replay(t.Context(), ids[0]); err != nil {
			t.Fatal(err)
		}
		f.settle()
		f.wantReceived("two", "one")
		keys := []string{f.requestsFor("one")[0].Key, f.requestsFor("one")[1].Key}
		if !slices.Equal(keys, []string{"k", "k:again-1"}) {
			t.Errorf("the keys are %q", keys)
		}
		if r := f.record(ids[0]); r.State != outbox.StateSent || r.Generation != 2 || r.Attempts != 1 {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("a message that is not discarded, or whose content was dropped, is not sent again", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		discarded := f.enqueueOne(text("one"))
		f.server.replyInTurn(refuse(http.StatusUnprocessableEntity, "invalid_field_value"))
		f.settle()
		sent := f.enqueueOne(text("two"))
		f.settle()
		var wrong *outbox.StateError
		if err := f.Replay(t.Context(), sent, discarded); !errors.As(err, &wrong) || wrong.ID != sent {
			t.Errorf("a sent one: %v", err)
		}
		if err := f.Replay(t.Context(), 1<<40); !errors.Is(err, outbox.ErrNotFound) {
			t.Errorf("no message: %v", err)
		}
		f.forward(8 * 24 * time.Hour)
		if err := f.driver.steps.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := f.Replay(t.Context(), discarded); !errors.As(err, &wrong) || wrong.ID != discarded {
			t.Errorf("one without content: %v", err)
		}
		f.settle()
		f.wantReceived("two")
	})
}

func testLists[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a message is found by its id and by its key", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		id := f.enqueueOne(withKey("k", "one"))
		if r, err := f.GetByKey(t.Context(), "k"); err != nil || r.ID != id {
			t.Errorf("got %+v, %v", r, err)
		}
		if r, err := f.GetByKey(t.Context(), "K"); !errors.Is(err, outbox.ErrNotFound) || r != nil {
			t.Errorf("another key: %+v, %v", r, err)
		}
		if r, err := f.Get(t.Context(), id+1); !errors.Is(err, outbox.ErrNotFound) || r != nil {
			t.Errorf("another id: %+v, %v", r, err)
		}
	})
	t.Run("a filter chooses by each of its fields", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		marketing, campaign, another := textTo(bob, "marketing"), textTo(bob, "campaign"), text("another number")
		marketing.Class, campaign.Campaign, another.From = outbox.ClassMarketing, "spring", otherNumber
		f.server.reply(func(r *request) outcome {
			if r.Text == "refused" {
				return refuse(http.StatusUnprocessableEntity, "invalid_field_value")
			}
			return accept()
		})
		ids := f.enqueue(text("refused"), marketing, campaign, another)
		f.settle()
		ids = append(ids, f.enqueueOne(text("queued")))
		for _, tt := range []struct {
			name   string
			filter outbox.Filter
			want   []int64
		}{
			{"all", outbox.Filter{}, ids},
			{"a state", outbox.Filter{State: outbox.StateQueued}, ids[4:]},
			{"a number", outbox.Filter{Number: otherNumber}, ids[3:4]},
			{"a class", outbox.Filter{Class: outbox.ClassMarketing}, ids[1:2]},
			{"a campaign", outbox.Filter{Campaign: "spring"}, ids[2:3]},
			{"a kind of error", outbox.Filter{Kind: kirim.KindInvalidRequest}, ids[:1]},
			{"a status", outbox.Filter{Status: kirim.MessageDelivered}, nil},
			{"a recipient", outbox.Filter{Recipient: bob}, ids[1:3]},
			{"a recipient in another spelling", outbox.Filter{Recipient: "62 (812) 3456-7002"}, ids[1:3]},
			{"part of a recipient", outbox.Filter{Recipient: bob[:6]}, nil},
			{"what came after another", outbox.Filter{AfterID: ids[2]}, ids[3:]},
			{"two fields", outbox.Filter{Recipient: bob, State: outbox.StateSent, Class: outbox.ClassTransactional}, ids[2:3]},
			{"a state that there is not", outbox.Filter{State: "lost"}, nil},
			{"a pattern", outbox.Filter{Campaign: "%"}, nil},
		} {
			if got := idsOf(t, f.List(t.Context(), tt.filter)); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
		if got := idsOf(t, f.Discarded(t.Context(), outbox.Filter{State: outbox.StateSent})); !slices.Equal(got, ids[:1]) {
			t.Errorf("discarded: %v", got)
		}
		if got := idsOf(t, f.Unknown(t.Context(), outbox.Filter{})); len(got) != 0 {
			t.Errorf("unknown: %v", got)
		}
	})
	t.Run("a list of several pages has each message once, also what is enqueued meanwhile", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		messages := make([]outbox.Message, 400)
		for i := range messages {
			messages[i] = text(fmt.Sprint(i))
		}
		want := f.enqueue(messages...)
		var got []int64
		for r, err := range f.List(t.Context(), outbox.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, r.ID); len(got) == 300 {
				want = append(want, f.enqueueOne(text("last")))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d messages, want %d", len(got), len(want))
		}
		for _, err := range f.List(t.Context(), outbox.Filter{}) {
			if err != nil {
				t.Error(err)
			}
			break // it can be left early
		}
	})
}

func idsOf(t *testing.T, list iter.Seq2[*outbox.Record, error]) (ids []int64) {
	t.Helper()
	for r, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	return ids
}
