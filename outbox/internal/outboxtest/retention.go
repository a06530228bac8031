package outboxtest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const day = 24 * time.Hour

// hasContent reports whether the content of a message is kept.
func (f *fixture[TTx]) hasContent(id int64) bool {
	f.Helper()
	_, kept, err := f.record(id).Content()
	if err != nil {
		f.Fatal(err)
	}
	return kept
}

func (f *fixture[TTx]) wantGone(id int64) {
	f.Helper()
	if _, err := f.Get(f.Context(), id); !errors.Is(err, outbox.ErrNotFound) {
		f.Errorf("message id %d: %v, want that it is not found", id, err)
	}
}

func testRetention[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("content is dropped 7 days after the end, and the rest after 90", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		later := text("in a hundred days")
		later.Key, later.NotBefore = "later", start.Add(100*day)
		message, queued := f.enqueueOne(keyed("k")), f.enqueueOne(later)
		f.settle()
		f.forward(7*day - time.Minute)
		f.forget()
		if !f.hasContent(message) {
			t.Error("the content is dropped too early")
		}
		f.forward(2 * time.Minute)
		f.forget()
		if f.hasContent(message) || !f.hasContent(queued) {
			t.Error("the content that is kept is not that of the message which is queued")
		}
		if same := f.enqueueOne(keyed("k")); same != message {
			t.Errorf("the key is that of message id %d, want %d", same, message)
		}
		f.forward(83 * day)
		f.forget()
		f.wantGone(message)
		f.wantState(outbox.StateQueued, queued)
		if again := f.enqueueOne(keyed("k")); again == message {
			t.Error("the key is that of a message that is gone")
		}
		f.settle()
		f.wantKeys("k", "k")
		f.forward(10 * day)
		f.settle()
		f.wantKeys("k", "k", "later")
		f.forward(100 * day)
		f.forget()
		if n := f.number(`SELECT count(*) FROM {s}kirim_lane`) + f.number(`SELECT count(*) FROM {s}kirim_message`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
	t.Run("a one-time code is dropped when it is sent", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		m := rescued("code")
		m.Class = outbox.ClassCode
		m.Expires = start.Add(5 * time.Minute)
		sent := f.enqueueOne(m)
		f.settle()
		if f.hasContent(sent) {
			t.Error("the code is kept")
		}
		if n := f.number(`SELECT count(*) FROM {s}kirim_message WHERE body IS NOT NULL OR rescue IS NOT NULL`); n != 0 {
			t.Errorf("%d bodies are left", n)
		}
		if same := f.enqueueOne(m); same != sent {
			t.Error("the same code is another message")
		}
	})
	t.Run("what is kept for ever", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{KeepBodies: -1, KeepMessages: -1})
		message := f.enqueueOne(text("hello"))
		f.settle()
		f.forward(1000 * day)
		f.forget()
		if !f.hasContent(message) {
			t.Error("the content is dropped")
		}
	})
	t.Run("messages may be kept for less long than bodies", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{KeepBodies: -1, KeepMessages: time.Hour})
		message := f.enqueueOne(text("hello"))
		f.settle()
		f.forward(2 * time.Hour)
		f.forget()
		f.wantGone(message)
	})
	t.Run("rows go in small transactions", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		const n = 2500
		messages := make([]outbox.Message, n)
		for i := range messages {
			messages[i] = text("hello")
		}
		f.enqueue(messages...)
		f.exec(`UPDATE {s}kirim_message SET state = 'cancelled', ended_at = {now}`)
		f.settle()
		f.forward(91 * day)
		var most, deleted int64
		f.driver.after = func(statements []*driver.Statement) error {
			for _, s := range statements {
				if most = max(most, s.Affected); strings.Contains(s.SQL, "DELETE FROM") && strings.Contains(s.SQL, "kirim_message WHERE") {
					deleted += s.Affected
				}
			}
			return nil
		}
		f.forget()
		if most > 1000 || deleted != n {
			t.Errorf("at most %d rows in a transaction, %d deleted", most, deleted)
		}
	})
	t.Run("what is told of messages that are not known, and pauses that are over", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.hear(f.process, status("wamid.foreign", kirim.MessageRead))
		if err := f.Pause(t.Context(), from, "", "until somebody resumes it"); err != nil {
			t.Fatal(err)
		}
		f.exec(`INSERT INTO {s}kirim_pause (number, class, reason, since, until) VALUES ('', 'x', 'for a while', {now}, {now} + 1000)`)
		f.forward(7*day - time.Minute)
		f.sweep(f.process)
		f.forget()
		if n, pauses := f.pending(), f.number(`SELECT count(*) FROM {s}kirim_pause`); n != 1 || pauses != 1 {
			t.Errorf("%d facts wait, and there are %d pauses", n, pauses)
		}
		f.forward(2 * time.Minute)
		f.forget()
		if n := f.pending(); n != 0 {
			t.Errorf("%d facts wait", n)
		}
	})
}

// traces returns the columns of all tables that hold one of the words.
func (f *fixture[TTx]) traces(words ...string) (found []string) {
	f.Helper()
	columns := `SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'`
	if schema := f.store.Schema(); schema != "" {
		columns = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '` + schema + `'`
	}
	var all [][2]string
	f.query(columns, func(scan func(...any) error) error {
		var c [2]string
		err := scan(&c[0], &c[1])
		all = append(all, c)
		return err
	})
	for _, c := range all {
		f.query(fmt.Sprintf(`SELECT CAST(%q AS text) FROM {s}%q`, c[1], c[0]), func(scan func(...any) error) error {
			var value *string
			err := scan(&value)
			for _, word := range words {
				if value != nil && strings.Contains(*value, word) && !slices.Contains(found, c[0]+"."+c[1]) {
					found = append(found, c[0]+"."+c[1])
				}
			}
			return err
		})
	}
	slices.Sort(found)
	return found
}

func testErasure[TTx any](t *testing.T, open Open[TTx]) {
	digits := strings.TrimPrefix(alice, "+")
	words := []string{digits, "secret content", "secret-key", "secret-trace", "order_update", base64.StdEncoding.EncodeToString([]byte(digits))[:14]}
	secret := func(key string) outbox.Message {
		m := rescued("secret-key-" + key)
		m.Message.Content = kirim.Text{Body: "secret content"}
		m.Campaign = "spring"
		return m
	}
	wamid := "wamid." + base64.StdEncoding.EncodeToString([]byte(digits))
	erase := func(f *fixture[TTx], want int) {
		f.Helper()
		n, err := f.Erase(f.Context(), alice)
		if err != nil || n != want {
			f.Errorf("%d messages erased, %v; want %d", n, err, want)
		}
		if found := f.traces(words...); found != nil {
			f.Errorf("traces are left in %q", found)
		}
	}
	t.Run("every trace goes, and nothing is sent again", func(t *testing.T) {
		trace := "secret-trace"
		f := newFixture(t, open, outbox.Config{Traceparent: func(context.Context) string { return trace }})
		sent := f.enqueueOne(secret("sent"))
		f.settle()
		f.hear(f.process, strings.Replace(notice("msg_000001"), "wamid.000001", wamid, 1))
		f.hear(f.process, status(wamid, kirim.MessageFailed, 131026))
		f.hear(f.process, status(wamid+"foreign", kirim.MessageRead)) // of another program
		f.server.replyInTurn(refuse(400, "invalid_recipient"))
		discarded := f.enqueueOne(secret("discarded"))
		f.settle()
		later := secret("later")
		later.NotBefore = start.Add(day)
		queued, scheduled := f.enqueueOne(secret("queued")), f.enqueueOne(later)
		trace = ""
		f.enqueue(textTo(bob, "for bob"))
		if len(f.traces(words...)) < 5 {
			t.Fatalf("the test finds traces in %q alone", f.traces(words...))
		}
		erase(f, 4)
		f.settle()
		f.wantReceived("secret content", "for bob")
		f.wantState(outbox.StateSent, sent)
		f.wantState(outbox.StateDiscarded, discarded)
		f.wantState(outbox.StateCancelled, queued, scheduled)
		if p, err := f.Progress(t.Context(), "spring"); err != nil || p.Total != 4 || p.Cancelled != 2 || len(p.Failed) != 1 {
			t.Errorf("the progress is %+v, %v", p, err)
		}
		erase(f, 0)
		// The keys are those of the messages that were erased.
		for key, want := range map[string]int64{"sent": sent, "discarded": discarded, "queued": queued, "later": scheduled} {
			if same := f.enqueueOne(secret(key)); same != want {
				t.Errorf("the key of message id %d is that of %d", want, same)
			}
			if r, err := f.GetByKey(t.Context(), "secret-key-"+key); err != nil || r.ID != want || r.Recipient != "" || r.Key != "" {
				t.Errorf("message id %d is %+v, %v", want, r, err)
			}
		}
		f.settle()
		f.forward(2 * day)
		f.settle()
		f.wantReceived("secret content", "for bob")
		var stateError *outbox.StateError
		if err := f.Replay(t.Context(), discarded); !errors.As(err, &stateError) {
			t.Errorf("replayed an erased message: %v", err)
		}
		// The recipient can be sent to anew.
		f.enqueue(text("hello again"))
		f.settle()
		f.wantReceived("secret content", "for bob", "hello again")
	})
	t.Run("a message that is being sent is erased when it has ended", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.server.reply(func(*request) outcome {
			if n, err := f.Erase(t.Context(), alice); err == nil || n != 1 || !strings.Contains(err.Error(), "being sent") {
				t.Errorf("%d messages erased, %v", n, err)
			}
			return accept()
		})
		first := secret("first")
		first.Message.To = alice
		message := f.enqueueOne(first)
		f.exec(`INSERT INTO {s}kirim_message (lane, number, class, campaign, key_hash, body_hash, state, created_at, ended_at)
			SELECT lane, number, class, campaign, 'other', body_hash, 'expired', created_at, {now} FROM {s}kirim_message`)
		f.settle()
		f.wantState(outbox.StateSent, message)
		erase(f, 2)
	})
	t.Run("a message that is in doubt is erased when it has ended", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.server.replyInTurn(acceptAndBreak())
		message := f.enqueueOne(secret("doubt"))
		f.settle()
		if _, err := f.Erase(t.Context(), alice); err == nil || !strings.Contains(err.Error(), "in doubt") {
			t.Errorf("the error is %v", err)
		}
		if _, err := f.Erase(t.Context(), "+62 812-3456-7001"); err == nil {
			t.Error("another spelling is another recipient")
		}
		f.forward(time.Minute)
		f.settle()
		f.wantState(outbox.StateSent, message)
		f.wantReceived("secret content")
		erase(f, 1)
	})
	t.Run("a recipient whose messages are gone by now", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{KeepMessages: time.Hour, KeepBodies: time.Hour})
		f.enqueue(secret("old"))
		f.settle()
		f.forward(30 * time.Minute)
		f.exec(`DELETE FROM {s}kirim_message`)
		erase(f, 0)
	})
	t.Run("a long queue", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		messages := make([]outbox.Message, 450)
		for i := range messages {
			messages[i] = secret(fmt.Sprint(i))
		}
		f.enqueue(messages...)
		erase(f, len(messages))
		f.settle()
		f.wantReceived()
	})
	t.Run("who has stopped marketing has stopped it still", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.hear(f.process, preference(`"wa_id":"`+digits+`"`, "stop", start.Unix()))
		f.enqueue(secret("x"))
		f.settle()
		erase(f, 1)
		message := f.enqueueOne(marketing(alice, "an offer"))
		f.settle()
		f.wantState(outbox.StateSuppressed, message)
	})
	t.Run("a user id", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		const userID = "ID.70000000000000001"
		f.enqueue(toUser(userID, "secret content"))
		f.settle()
		if n, err := f.Erase(t.Context(), userID); err != nil || n != 1 {
			t.Errorf("%d messages erased, %v", n, err)
		}
		if found := f.traces("70000000000000001", "secret content"); found != nil {
			t.Errorf("traces are left in %q", found)
		}
	})
}
