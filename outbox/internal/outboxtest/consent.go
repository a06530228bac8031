package outboxtest

import (
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func marketing(to, body string) outbox.Message {
	m := textTo(to, body)
	m.Class = outbox.ClassMarketing
	return m
}

// toUser is a message to somebody who hides the number.
func toUser(id, body string) outbox.Message {
	m := marketing("", body)
	m.Message.Recipient = id
	return m
}

func testConsent[TTx any](t *testing.T, open Open[TTx]) {
	const userID = "ID.70000000000000001"
	person := `"wa_id":"6281234567001","user_id":"` + userID + `"`
	now := start.Unix()
	t.Run("who has stopped marketing gets none, and all else, until they resume it", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.hear(f.process, preference(person, "stop", now))
		stopped := f.enqueue(marketing(alice, "an offer"), marketing(alice, "another offer"), toUser(userID, "an offer"))
		f.enqueue(text("your order"), marketing(bob, "for bob"))
		f.settle()
		f.wantReceived("your order", "for bob")
		f.wantState(outbox.StateSuppressed, stopped...)
		f.hear(f.process, preference(person, "resume", now+60))
		f.enqueue(marketing(alice, "a new offer"), toUser(userID, "and another"))
		f.settle()
		f.wantReceived("your order", "for bob", "a new offer", "and another")
		f.wantState(outbox.StateSuppressed, stopped...)
	})
	t.Run("what is said last counts, in whatever order it comes", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		for _, c := range []struct {
			name   string
			events []string
			want   bool
		}{
			{"stop", []string{preference(person, "stop", now-60)}, true},
			{"an older resume comes late", []string{preference(person, "resume", now-120)}, true},
			{"resume", []string{preference(person, "resume", now-30)}, false},
			{"another word", []string{preference(person, "pause", now)}, false},
			{"stop, in the future", []string{preference(person, "stop", now+1e9)}, true},
			{"resume, after it", []string{preference(person, "resume", now+1)}, false},
		} {
			for _, e := range c.events {
				f.hear(f.process, e)
			}
			for _, recipient := range []string{alice, "6281234567001", "+62 (812) 3456-7001", userID} {
				if got, err := f.IsSuppressed(t.Context(), from, recipient); err != nil || got != c.want {
					t.Errorf("%s: suppressed is %v, %v", c.name, got, err)
				}
			}
		}
	})
	t.Run("Meta says that the recipient has stopped marketing", func(t *testing.T) {
		for name, refuseIt := range map[string]func(f *fixture[TTx]){
			"in the response": func(f *fixture[TTx]) {
				f.server.replyInTurn(refuseMeta(400, 131050))
				f.settle()
			},
			"late": func(f *fixture[TTx]) {
				f.server.reply(func(r *request) outcome {
					f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageFailed, 131050))
					return accept()
				})
				first := f.enqueueOne(marketing(alice, "the first"))
				f.work(f.process, f.takeJobs()[0])
				f.forward(3 * time.Second)
				f.settle()
				f.wantStatus(first, kirim.MessageFailed)
			},
		} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, open, outbox.Config{})
				if name == "late" {
					refuseIt(f)
				}
				ids := f.enqueue(marketing(alice, "one"), marketing(alice, "two"))
				f.enqueue(text("your order"))
				if name != "late" {
					refuseIt(f)
				}
				f.settle()
				f.wantState(outbox.StateSuppressed, ids...)
				if n := len(f.server.asked()); n != 2 {
					t.Errorf("%d requests, want that which is refused and that of the order", n)
				}
				if is, err := f.IsSuppressed(t.Context(), from, alice); err != nil || !is {
					t.Errorf("suppressed is %v, %v", is, err)
				}
			})
		}
	})
	t.Run("what the application has suppressed stays until it says otherwise", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		if err := f.Suppress(t.Context(), from, "+62 812 3456 7001", "asked us by letter"); err != nil {
			t.Fatal(err)
		}
		f.hear(f.process, preference(person, "stop", now-10))
		f.hear(f.process, preference(person, "resume", now+10))
		ids := f.enqueue(marketing(alice, "an offer"))
		f.settle()
		f.wantState(outbox.StateSuppressed, ids...)
		for _, want := range []bool{true, false} {
			if was, err := f.Unsuppress(t.Context(), from, "6281234567001"); err != nil || was != want {
				t.Errorf("it was suppressed is %v, %v, want %v", was, err, want)
			}
		}
		f.enqueue(marketing(alice, "another offer"))
		f.settle()
		f.wantReceived("another offer")
	})
	t.Run("a stop is one of one number", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.hear(f.process, preference(person, "stop", now))
		m := marketing(alice, "from another number")
		m.From = "100000000000002"
		f.enqueue(m)
		f.settle()
		f.wantReceived("from another number")
	})
}
