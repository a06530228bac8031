package outboxtest

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

const otherNumber = "100000000000002"

// longestBackoff is above every wait between attempts.
const longestBackoff = 5 * time.Minute

func testLanes[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a head that fails holds up those behind it, and no other recipient", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"), textTo(bob, "to bob"))
		failures := 3
		f.server.reply(func(r *request) outcome {
			if r.To == alice && failures > 0 {
				failures--
				return notReached()
			}
			return accept()
		})
		f.settle()
		f.wantReceived("to bob")
		f.wantState(outbox.StateQueued, ids[:2]...)
		for attempt := range 3 {
			wait := time.Second << attempt
			f.forward(wait - wait/5 - time.Millisecond)
			f.settle()
			f.wantReceived("to bob")
			f.forward(wait/5 + time.Millisecond)
			f.settle()
		}
		f.wantReceived("to bob", "one", "two")
		if r := f.record(ids[0]); r.Attempts != 4 || r.Generation != 1 || r.Err != nil {
			t.Errorf("the record says %d attempts in generation %d, %v", r.Attempts, r.Generation, r.Err)
		}
	})
	t.Run("an attempt that is in doubt is made again with the same key, in its place", func(t *testing.T) {
		for name, lost := range map[string]outcome{"it was carried out": acceptAndBreak(), "it was not carried out": breakBefore()} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, open, outbox.Config{})
				ids := f.enqueue(text("one"), text("two"))
				f.server.replyInTurn(lost)
				f.settle()
				r := f.record(ids[0])
				if r.State != outbox.StateQueued || r.Err == nil || r.FirstAttemptAt.IsZero() || r.Attempts != 1 {
					t.Errorf("got %+v", r)
				}
				f.forward(longestBackoff)
				f.settle()
				f.wantReceived("one", "two")
				f.wantState(outbox.StateSent, ids...)
				if asked := f.server.asked(); asked[0].Key != asked[1].Key || asked[0].Key == asked[2].Key {
					t.Errorf("the keys are %q, %q and %q", asked[0].Key, asked[1].Key, asked[2].Key)
				}
			})
		}
	})
	t.Run("a message that is refused is discarded with its error, and the next is sent", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"))
		f.server.replyInTurn(refuse(http.StatusUnprocessableEntity, "invalid_field_value"))
		f.settle()
		f.wantReceived("two")
		r := f.record(ids[0])
		if r.State != outbox.StateDiscarded || r.Err == nil || r.Err.Kind != kirim.KindInvalidRequest || r.EndedAt.IsZero() {
			t.Errorf("got %+v: %v", r, r.Err)
		}
	})
	t.Run("with StopLaneOnFailure a discarded message holds up the lane until a person decides", func(t *testing.T) {
		for name, decide := range map[string]func(*fixture[TTx], int64) error{
			"to send it again": func(f *fixture[TTx], id int64) error { return f.Replay(f.Context(), id) },
			"to go on without": func(f *fixture[TTx], id int64) error { return f.Resolve(f.Context(), id, outbox.DecideNotSent) },
		} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, open, outbox.Config{StopLaneOnFailure: true})
				ids := f.enqueue(text("one"), text("two"), textTo(bob, "to bob"))
				f.server.reply(func(r *request) outcome {
					if r.To == alice {
						return refuse(http.StatusUnprocessableEntity, "invalid_field_value")
					}
					return accept()
				})
				f.settle()
				f.wantReceived("to bob")
				f.enqueue(text("three"))
				f.forward(48 * time.Hour)
				f.settle()
				f.wantReceived("to bob")
				f.wantState(outbox.StateDiscarded, ids[0])
				f.server.reply(nil)
				if err := decide(f, ids[0]); err != nil {
					t.Fatal(err)
				}
				f.settle()
				want := []string{"to bob", "one", "two", "three"}
				if name == "to go on without" {
					want = slices.Delete(want, 1, 2)
				}
				f.wantReceived(want...)
			})
		}
	})
	t.Run("a message that was never out is given up after GiveUpAfter", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{GiveUpAfter: time.Hour})
		ids := f.enqueue(text("one"), text("two"))
		f.server.reply(func(r *request) outcome {
			if r.Text == "one" {
				return notReached()
			}
			return accept()
		})
		for range 11 {
			f.settle()
			f.wantState(outbox.StateQueued, ids...)
			f.forward(longestBackoff)
		}
		f.forward(longestBackoff + time.Second)
		f.settle()
		f.wantState(outbox.StateDiscarded, ids[0])
		f.wantReceived("two")
	})
	t.Run("NotBefore holds up nobody, and the message is sent when it is due", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		later := text("later")
		later.NotBefore = start.Add(time.Hour)
		f.enqueue(later, text("one"))
		f.settle()
		f.wantReceived("one")
		f.forward(time.Hour - time.Microsecond)
		f.settle()
		f.wantReceived("one")
		f.enqueue(text("two"))
		f.settle()
		f.wantReceived("one", "two")
		f.forward(time.Microsecond)
		f.settle()
		f.wantReceived("one", "two", "later")
	})
	t.Run("of messages for later the earliest is sent first", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		for _, minutes := range []int{30, 10, 20} {
			m := text(fmt.Sprint(minutes))
			m.NotBefore = start.Add(time.Duration(minutes) * time.Minute)
			f.enqueue(m)
		}
		for range 3 {
			f.settle()
			f.forward(10 * time.Minute)
		}
		f.settle()
		f.wantReceived("10", "20", "30")
	})
	t.Run("what expires is not sent", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		code := text("123456")
		code.Expires = start.Add(time.Minute)
		inTime := text("654321")
		inTime.Expires = start.Add(time.Minute + time.Second)
		ids := f.enqueue(code, inTime, text("one"))
		f.forward(time.Minute)
		f.settle()
		f.wantReceived("654321", "one")
		f.wantState(outbox.StateExpired, ids[0])
		if r := f.record(ids[0]); r.Attempts != 0 || r.EndedAt.IsZero() {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("what expires while it is in doubt is unknown", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		code := text("123456")
		code.Expires = start.Add(time.Minute)
		id := f.enqueueOne(code)
		f.server.replyInTurn(acceptAndBreak())
		f.settle()
		f.forward(time.Minute)
		f.settle()
		f.wantState(outbox.StateUnknown, id)
		f.wantReceived("123456")
	})
	t.Run("a closed window sends the template, under a key derived from that of the message", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		m := withKey("k", "one")
		m.Template = &kirim.Template{Name: "hello_world", Language: "en_US"}
		ids := f.enqueue(m, text("two"))
		f.server.replyInTurn(refuse(http.StatusUnprocessableEntity, "outside_24h_window"))
		f.settle()
		f.wantReceived("hello_world", "two")
		if r := f.record(ids[0]); r.State != outbox.StateSent || !r.UsedTemplate || r.Generation != 1 {
			t.Errorf("got %+v", r)
		}
		if got := f.server.asked()[1].Key; got != "k:template" {
			t.Errorf("the key is %q", got)
		}
	})
	t.Run("a message that comes while the lane is sent goes out in the same turn", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.enqueue(text("one"))
		f.server.reply(func(r *request) outcome {
			if r.Text == "one" {
				f.enqueue(text("two"))
			}
			return accept()
		})
		for _, lane := range f.takeJobs() {
			f.work(f.process, lane)
		}
		f.wantReceived("one", "two")
		if n := f.number(`SELECT count(*) FROM {s}kirim_lane WHERE state = 'idle'`); n != 1 {
			t.Errorf("%d lanes are idle, want 1", n)
		}
	})
	t.Run("more messages than a worker takes at a time are sent in order", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{PairLimit: outbox.PairLimit{Burst: -1}})
		messages, want := make([]outbox.Message, 120), make([]string, 120)
		for i := range messages {
			want[i] = fmt.Sprint(i)
			messages[i] = text(want[i])
		}
		f.enqueue(messages...)
		f.settle()
		f.wantReceived(want...)
	})
	t.Run("waits", func(t *testing.T) { testWaits(t, open) })
	t.Run("pauses", func(t *testing.T) { testPauses(t, open) })
	t.Run("jobs", func(t *testing.T) { testJobs(t, open) })
}

func testWaits[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a rate limit makes the number wait as long as the server asks, and counts no attempt", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"))
		f.server.reply(func(r *request) outcome {
			if r.From == from {
				return rateLimited(30)
			}
			return accept()
		})
		f.settle() // it returns, so that no worker is held
		toBob, fromAnother := textTo(bob, "to bob"), text("from another number")
		fromAnother.From = otherNumber
		f.enqueue(toBob, fromAnother)
		f.settle()
		f.wantReceived("from another number")
		f.forward(29 * time.Second)
		f.settle()
		if n := len(f.server.asked()); n != 2 {
			t.Errorf("%d requests before the time is over, want 2", n)
		}
		f.server.reply(nil)
		f.forward(2 * time.Second)
		f.settle()
		if got := f.server.received(); len(got) != 4 || slices.Index(got, "one") > slices.Index(got, "two") {
			t.Errorf("recipients got %q", got)
		}
		if r := f.record(ids[0]); r.Attempts != 1 || r.Err != nil {
			t.Errorf("got %d attempts, %v", r.Attempts, r.Err)
		}
	})
	t.Run("a rate limit is never given up", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{GiveUpAfter: time.Minute})
		id := f.enqueueOne(text("one"))
		f.server.reply(func(*request) outcome { return rateLimited(30) })
		for range 10 {
			f.settle()
			f.forward(31 * time.Second)
		}
		f.wantState(outbox.StateQueued, id)
		if n := len(f.server.asked()); n != 10 {
			t.Errorf("%d requests, want 10", n)
		}
	})
	t.Run("the pair limit makes this lane alone wait, four times as long each time", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		refusals := 0
		f.server.reply(func(r *request) outcome {
			if r.Text == "one" && refusals < 4 {
				refusals++
				return refuseMeta(http.StatusBadRequest, 131056)
			}
			return accept()
		})
		ids := f.enqueue(text("one"), text("two"))
		f.settle()
		for i, wait := range []time.Duration{4 * time.Second, 16 * time.Second, 64 * time.Second} {
			f.enqueue(textTo(bob, fmt.Sprint(i)))
			f.settle()
			f.forward(wait - time.Microsecond)
			f.settle()
			if refusals != i+1 {
				t.Fatalf("a microsecond before %v: %d refusals, want %d", wait, refusals, i+1)
			}
			f.forward(time.Microsecond)
			f.settle()
		}
		f.forward(256 * time.Second)
		f.settle()
		f.wantReceived("0", "1", "2", "one", "two")
		if r := f.record(ids[0]); r.Attempts != 1 {
			t.Errorf("%d attempts", r.Attempts)
		}
		refusals = 3
		f.enqueue(text("one"))
		f.settle()
		f.forward(4 * time.Second) // as it begins anew
		f.settle()
		if n := len(f.server.received()); n != 6 {
			t.Errorf("%d messages arrived, want 6", n)
		}
	})
	t.Run("45 messages to one recipient go out at once, and then one in 6 seconds", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		messages := make([]outbox.Message, 48)
		for i := range messages {
			messages[i] = text(fmt.Sprint(i))
		}
		f.enqueue(messages...)
		f.enqueue(textTo(bob, "to bob"))
		f.settle()
		if got := f.server.received(); len(got) != 46 || !slices.Contains(got, "to bob") {
			t.Fatalf("%d messages at once, want 45 and that to bob", len(got))
		}
		for want := 47; want <= 49; want++ {
			f.forward(5 * time.Second)
			f.settle()
			if n := len(f.server.received()); n != want-1 {
				t.Fatalf("%d messages before 6 s were over, want %d", n, want-1)
			}
			f.forward(1100 * time.Millisecond)
			f.settle()
			if n := len(f.server.received()); n != want {
				t.Fatalf("%d messages after 6 s, want %d", n, want)
			}
		}
	})
}

func testPauses[TTx any](t *testing.T, open Open[TTx]) {
	fromOther := func(body string) outbox.Message {
		m := text(body)
		m.From = otherNumber
		return m
	}
	t.Run("what concerns the account pauses the number, loudly, and discards nothing", func(t *testing.T) {
		var logged bytes.Buffer
		f := newFixture(t, open, outbox.Config{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		revoked := true
		f.server.reply(func(r *request) outcome {
			if revoked && r.From == from {
				return refuse(http.StatusUnauthorized, "revoked_api_key")
			}
			return accept()
		})
		ids := f.enqueue(text("one"), text("two"), textTo(bob, "to bob"), fromOther("from another number"))
		f.settle()
		f.forward(48 * time.Hour)
		f.settle()
		f.wantReceived("from another number")
		f.wantState(outbox.StateQueued, ids[:3]...)
		if n := len(f.server.asked()); n > 3 {
			t.Errorf("%d requests: it asks on", n)
		}
		if !strings.Contains(logged.String(), "level=ERROR") || strings.Contains(logged.String(), alice[1:]) {
			t.Errorf("it logged %q", logged.String())
		}
		pauses, err := f.Pauses(t.Context())
		if err != nil || len(pauses) != 1 || pauses[0].Number != from || pauses[0].Class != "" || pauses[0].Reason == "" || !pauses[0].Until.IsZero() {
			t.Errorf("the pauses are %+v, %v", pauses, err)
		}
		revoked = false
		if was, err := f.Resume(t.Context(), from, ""); err != nil || !was {
			t.Fatalf("got %v, %v", was, err)
		}
		f.settle()
		f.wantState(outbox.StateSent, ids...)
		if r := f.record(ids[0]); r.Attempts != 1 {
			t.Errorf("%d attempts", r.Attempts)
		}
	})
	t.Run("a pause of a number and a class holds for all processes", func(t *testing.T) {
		for _, tt := range []struct {
			name   string
			number string
			class  outbox.Class
			want   []string // that are sent
		}{
			{"all", "", "", nil},
			{"one number", from, "", []string{"other code", "other marketing"}},
			{"one class", "", outbox.ClassMarketing, []string{"code", "other code"}},
			{"one class of one number", from, outbox.ClassMarketing, []string{"code", "other code", "other marketing"}},
			{"a number that sends nothing", "3", "", []string{"code", "marketing", "other code", "other marketing"}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				f := newFixture(t, open, outbox.Config{})
				second := f.startProcess(f.server.sender(t), outbox.Config{})
				code, marketing, otherCode, otherMarketing := text("code"), text("marketing"), fromOther("other code"), fromOther("other marketing")
				code.Class, otherCode.Class = outbox.ClassCode, outbox.ClassCode
				marketing.Class, otherMarketing.Class = outbox.ClassMarketing, outbox.ClassMarketing
				if err := f.Pause(t.Context(), tt.number, tt.class, "the till is closed"); err != nil {
					t.Fatal(err)
				}
				f.enqueue(code, marketing, otherCode, otherMarketing)
				f.settleIn(second)
				f.settle()
				got := f.server.received()
				slices.Sort(got)
				if !slices.Equal(got, tt.want) {
					t.Errorf("sent %q, want %q", got, tt.want)
				}
				if was, err := second.Resume(t.Context(), tt.number, tt.class); err != nil || !was {
					t.Fatalf("got %v, %v", was, err)
				}
				if was, err := f.Resume(t.Context(), tt.number, tt.class); err != nil || was {
					t.Errorf("it was resumed twice: %v, %v", was, err)
				}
				f.settle()
				if n := len(f.server.received()); n != 4 {
					t.Errorf("%d messages, want 4", n)
				}
			})
		}
	})
	t.Run("a pause stops a worker between two messages", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		second := f.startProcess(f.server.sender(t), outbox.Config{})
		ids := f.enqueue(text("one"), text("two"))
		f.server.reply(func(r *request) outcome {
			if r.Text == "one" {
				if err := second.Pause(t.Context(), from, "", "stop"); err != nil {
					t.Error(err)
				}
				if err := f.driver.steps.Sweep(t.Context()); err != nil { // as it does every second
					t.Error(err)
				}
			}
			return accept()
		})
		f.settle()
		f.wantReceived("one")
		if r := f.record(ids[1]); r.State != outbox.StateQueued || !r.FirstAttemptAt.IsZero() {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("bad arguments are refused", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		for name, err := range map[string]error{
			"a class in capitals": f.Pause(t.Context(), "", "Marketing", ""),
			"a long number":       f.Pause(t.Context(), strings.Repeat("1", 65), "", ""),
			"a long reason":       f.Pause(t.Context(), "", "", strings.Repeat("a", 1001)),
			"a reason with a NUL": f.Pause(t.Context(), "", "", "\x00"),
			"a reason not UTF-8":  f.Pause(t.Context(), "", "", "\xff"),
		} {
			if !isInvalid(err) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func testJobs[TTx any](t *testing.T, open Open[TTx]) {
	for _, tt := range []struct {
		name string
		loss string // what happens to the job
		wait time.Duration
	}{
		{"was deleted", `DELETE FROM {s}river_job`, time.Minute},
		{"was taken by a worker that died before its claim", `UPDATE {s}river_job SET state = 'running', attempted_at = '2026-03-02 09:00:00.000Z'`, 5*time.Second + time.Millisecond},
	} {
		t.Run("a lane whose job "+tt.name+" is found by the sweep", func(t *testing.T) {
			f := newFixture(t, open, outbox.Config{})
			second := f.startProcess(f.server.sender(t), outbox.Config{})
			f.enqueue(text("one"))
			f.exec(tt.loss)
			f.settleIn(second)
			f.wantReceived()
			f.forward(tt.wait)
			f.settleIn(second)
			f.wantReceived("one")
		})
	}
	t.Run("a lane whose job waits in a long queue gets no other", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.enqueue(text("one"))
		f.forward(10 * time.Minute)
		if err := f.driver.steps.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := f.number(`SELECT count(*) FROM {s}river_job`); n != 1 {
			t.Errorf("%d jobs, want 1", n)
		}
	})
	t.Run("a job for a lane that is idle, or that is none, does nothing", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.enqueue(text("one"))
		lanes := f.takeJobs()
		f.work(f.process, lanes[0])
		f.work(f.process, lanes[0])
		f.work(f.process, 1<<40)
		f.wantReceived("one")
	})
}
