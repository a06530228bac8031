package outboxtest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// wholeTable is a line of a plan that reads all of a table that grows: of PostgreSQL, or
// of SQLite, which calls it by its alias.
var wholeTable = regexp.MustCompile(`Seq Scan on (kirim_message|kirim_lane|river_job)|^SCAN (kirim_message|kirim_lane|river_job|m|l|j)$`)

func testGrowth[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a sweep does not write to the lanes of a long queue", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.enqueue(text("one"), textTo(bob, "two"))
		f.forward(10 * time.Minute)
		before := f.number(`SELECT sum(due_at) FROM {s}kirim_lane`)
		f.sweep(f.process)
		if after := f.number(`SELECT sum(due_at) FROM {s}kirim_lane`); after != before {
			t.Errorf("due_at was %d in all, and is %d", before, after)
		}
	})
	t.Run("a lane that lost its job gets another when the queue is empty", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.enqueue(text("lost"))
		f.exec(`DELETE FROM {s}river_job`)
		f.enqueue(textTo(bob, "waits"))
		f.forward(time.Minute)
		f.sweep(f.process)
		jobs := f.takeJobs()
		if len(jobs) != 1 {
			t.Fatalf("%d jobs while one waits, want 1", len(jobs))
		}
		f.work(f.process, jobs[0])
		f.settle()
		f.wantReceived("waits", "lost")
	})
	t.Run("what is done every second, every minute and for each webhook reads no whole table", func(t *testing.T) {
		const lanes = 5000
		f := newFixture(t, open, outbox.Config{})
		messages := make([]outbox.Message, lanes)
		for i := range messages {
			messages[i] = textTo(fmt.Sprintf("+6281200%05d", i), "hello")
		}
		f.enqueue(messages...)
		// Nine of ten were sent. PostgreSQL has no statistics yet, as in the first minute of a
		// campaign.
		f.exec(`UPDATE {s}kirim_message SET state = 'sent', ended_at = created_at, kirim_id = 'msg_' || id, wamid = 'wamid.' || id WHERE id % 10 > 0`)
		f.exec(`UPDATE {s}kirim_lane SET state = 'idle', due_at = NULL WHERE id % 10 > 0`)
		for n := range 3 { // PostgreSQL does read a small table to change a thousand rows of it
			f.exec(`INSERT INTO {s}kirim_message (lane, number, class, campaign, key_hash, body_hash, state, created_at, ended_at, body, kirim_id, wamid)
				SELECT lane, number, class, campaign, key_hash || $1, body_hash, state, created_at, ended_at, body, kirim_id || $1, wamid || $1 FROM {s}kirim_message`, fmt.Sprintf("-%d", n))
			f.exec(`INSERT INTO {s}kirim_lane (name, number, class, person, state, enq, flipped, job_at)
				SELECT name || $1, number, class, person, 'idle', enq, flipped, job_at FROM {s}kirim_lane`, fmt.Sprintf("-%d", n))
		}
		f.exec(`UPDATE {s}river_job SET state = 'completed', finalized_at = created_at WHERE id % 10 > 0`)
		f.forward(2 * time.Minute)
		var statements []*driver.Statement
		f.driver.seen = func(run []*driver.Statement) { statements = append(statements, run...) }
		f.sweep(f.process)
		f.forget()
		f.hear(f.process, status("wamid.4999", kirim.MessageSent))
		f.hear(f.process, status("msg_4998", kirim.MessageSent))
		f.driver.seen = nil
		if len(statements) < 15 {
			t.Fatalf("only %d statements", len(statements))
		}
		for _, s := range statements {
			plan := f.plan(s.SQL, s.Args...)
			for line := range strings.Lines(plan) {
				if wholeTable.MatchString(strings.TrimSpace(line)) {
					t.Errorf("%s\nis done by\n%s", s.SQL, plan)
					break
				}
			}
		}
	})
}
