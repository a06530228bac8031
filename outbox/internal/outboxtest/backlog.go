package outboxtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

func testBacklog[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("what waits, for what, and for how long", func(t *testing.T) {
		f := newInboxFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
		f.wantBacklog("deliveries 0 0s")
		scheduled, overdue, offer := text("later"), textTo(bob, "long due"), marketing(bob, "an offer")
		scheduled.NotBefore, overdue.NotBefore = start.Add(time.Hour), start.Add(-time.Hour)
		own := textTo(bob, "of a class that no process has")
		own.Class = "survey"
		f.enqueue(scheduled, overdue, offer, own)
		f.forward(30 * time.Second)
		f.enqueue(textTo(bob, "new"))
		f.deliver(twoMessages)
		f.forward(30 * time.Second)
		f.wantBacklog("marketing due 1 1m0s", "survey due 1 1m0s", "transactional due 2 1m0s", "transactional scheduled 1 0s", "deliveries 1 30s")
		if err := f.Pause(t.Context(), "", outbox.ClassMarketing, "night"); err != nil {
			t.Fatal(err)
		}
		if err := f.Pause(t.Context(), "another number", "", "night"); err != nil {
			t.Fatal(err)
		}
		f.wantBacklog("marketing paused 1 1m0s", "survey due 1 1m0s", "transactional due 2 1m0s", "transactional scheduled 1 0s", "deliveries 1 30s")
		if err := f.Pause(t.Context(), from, "", "no money"); err != nil {
			t.Fatal(err)
		}
		f.wantBacklog("marketing paused 1 1m0s", "survey paused 1 1m0s", "transactional scheduled 1 0s", "transactional paused 2 1m0s", "deliveries 1 30s")
		for number, class := range map[string]outbox.Class{"": outbox.ClassMarketing, from: ""} {
			if _, err := f.Resume(t.Context(), number, class); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.work(); err != nil {
			t.Fatal(err)
		}
		f.server.reply(func(r *request) outcome {
			if r.Text == "new" {
				return acceptAndBreak()
			}
			return accept()
		})
		f.settle()
		f.forward(time.Minute)
		f.settle()
		f.wantBacklog("transactional scheduled 1 0s", "transactional unknown 1 1m0s", "deliveries 0 0s")
		f.forward(time.Hour)
		f.wantBacklog("transactional due 1 2m0s", "transactional unknown 1 1h1m0s", "deliveries 0 0s")
	})
	t.Run("what is in doubt", func(t *testing.T) {
		f := newInboxFixtureOver(t, open, &server{}, outbox.Config{})
		f.server.reply(func(*request) outcome { return acceptAndBreak() })
		f.enqueue(text("one"), text("two"))
		f.settle()
		f.forward(time.Second)
		f.wantBacklog("transactional due 1 1s", "transactional in_doubt 1 1s", "deliveries 0 0s")
	})
	t.Run("a class that is configured and a state of which nothing waits are there", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{Classes: map[outbox.Class]outbox.ClassConfig{"survey": {Workers: 1}}})
		b, err := f.Backlog(t.Context())
		if err != nil || len(b.Messages) != 4*5 {
			t.Errorf("got %+v, %v", b, err)
		}
	})
	t.Run("messages that have ended cost nothing", func(t *testing.T) {
		const ended, waiting = 1 << 15, 1000
		f := newFixture(t, open, outbox.Config{})
		f.enqueueOne(keyed("k"))
		f.settle()
		for n := 1; n < ended; n *= 2 {
			f.exec(`INSERT INTO {s}kirim_message (lane, number, class, campaign, key_hash, body_hash, state, created_at, ended_at)
				SELECT lane, number, class, campaign, key_hash || $1, body_hash, state, created_at, ended_at FROM {s}kirim_message`, fmt.Sprintf("-%d", n))
		}
		messages := make([]outbox.Message, waiting)
		for i := range messages {
			messages[i] = textTo(fmt.Sprintf("+6281200%05d", i), "hello")
		}
		f.enqueue(messages...)
		f.exec(`ANALYZE`)
		var statements []string
		f.driver.before = func(run []*driver.Statement) error {
			for _, s := range run {
				statements = append(statements, s.SQL)
			}
			return nil
		}
		began := time.Now()
		if _, err := f.Backlog(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d messages wait beside %d that have ended: %v", waiting, ended, time.Since(began))
		if _, err := f.Depths(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.driver.before = nil
		for _, sql := range statements {
			plan := f.plan(sql)
			if !strings.Contains(sql, "kirim_message") {
				continue
			}
			if !strings.Contains(plan, "kirim_message_open") && !strings.Contains(plan, "kirim_message_trouble") || strings.Contains(plan, "Seq Scan on kirim_message") {
				t.Errorf("%s\nis done by\n%s", sql, plan)
			}
		}
	})
}

// plan is how the database does a statement.
func (f *fixture[TTx]) plan(sql string, args ...any) string {
	f.Helper()
	var plan strings.Builder
	if f.store.Schema() != "" {
		f.query("EXPLAIN "+sql, func(scan func(...any) error) error {
			var line string
			err := scan(&line)
			fmt.Fprintln(&plan, line)
			return err
		}, args...)
		return plan.String()
	}
	f.query("EXPLAIN QUERY PLAN "+sql, func(scan func(...any) error) error {
		var line string
		err := scan(new(int64), new(int64), new(int64), &line)
		fmt.Fprintln(&plan, line)
		return err
	}, args...)
	return plan.String()
}

// wantBacklog checks what waits, a line for each entry with a message.
func (f *fixture[TTx]) wantBacklog(want ...string) {
	f.Helper()
	b, err := f.Backlog(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	var got []string
	queued := 0
	for _, w := range b.Messages {
		if w.Count > 0 {
			got = append(got, fmt.Sprintf("%s %s %d %v", w.Class, w.State, w.Count, w.Oldest))
		}
		if w.State != outbox.WaitUnknown {
			queued += w.Count
		}
	}
	got = append(got, fmt.Sprintf("deliveries %d %v", b.Deliveries, b.OldestDelivery))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		f.Errorf("the backlog is\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if n := f.number(`SELECT count(*) FROM {s}kirim_message WHERE state = 'queued'`); int64(queued) != n {
		f.Errorf("%d messages are counted, and %d are queued", queued, n)
	}
}
