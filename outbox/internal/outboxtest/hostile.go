package outboxtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func testHostileEvents[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("no event makes the sender come again for ever, or takes much room", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message, id := f.sendLinked(text("hello"))
		long := strings.Repeat("x", 100_000)
		value := func(value string) string {
			return `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` + from + `"},` + value + `}}]}]}`
		}
		for _, event := range []string{
			`{}`, `{"entry":[]}`, `{"entry":null}`, value(`"statuses":[]`), value(`"statuses":[{}]`), value(`"statuses":[{"id":null,"status":7}]`),
			value(`"statuses":"none"`), value(`"statuses":[{"id":["wamid.000001"],"status":{"a":1}}]`),
			status("", kirim.MessageDelivered), status(long, kirim.MessageDelivered), status("wamid.\x00\u00e9\u2028 ", kirim.MessageDelivered),
			status("wamid.\"'; DROP TABLE kirim_message; --", kirim.MessageDelivered),
			status(wamidOf(id), kirim.MessageStatus(long)), status(wamidOf(id), "\u00e9"), status(wamidOf(id), ""), status(wamidOf(id), "exploded"),
			value(`"statuses":[{"id":"wamid.000001","status":"failed","timestamp":"99999999999999999999","errors":[{"code":"` + long + `\u0000","title":"\u0000` + long + `"}]}]`),
			value(`"statuses":[{"id":"wamid.foreign","status":"failed","timestamp":"-1","errors":[{"code":1e300}],"recipient_id":"` + long + `"}]`),
			value(`"statuses":[{"id":"wamid.foreign","status":"failed","errors":[]}]`),
			`{"entry":[{"changes":[{"field":"messages","value":` + statusValue("wamid.foreign", "read") + `}]}],"kirim":{"message_id":"msg_` + long + `"}}`,
			`{"entry":[{"changes":[{"field":"messages","value":` + statusValue("wamid.foreign", "read") + `}]}],"kirim":"msg_1"}`,
			`{"id":"evt_1","type":"message.sent","data":{"message":{"id":"msg_` + long + `","provider_id":"wamid.` + long + `"}}}`,
			`{"id":"evt_1","type":"message.sent","data":{"message":{"id":"msg_000001","provider_id":"msg_000001"}}}`,
			`{"id":"evt_1","type":"message.sent","data":null}`,
			preference(`"wa_id":"`+long+`"`, "stop", 1), preference(`"user_id":"\u0000"`, "stop", 1), preference(`"x":1`, "stop", -1), preference(`"wa_id":"1"`, "resume", 1<<62),
		} {
			for range 2 {
				f.hear(f.process, event)
			}
		}
		f.forward(time.Minute)
		f.settle()
		f.query(`SELECT id, length(message) + COALESCE(length(wamid), 0) + COALESCE(length(status), 0) + COALESCE(length(error), 0) FROM {s}kirim_pending`, func(scan func(...any) error) error {
			var id, length int64
			err := scan(&id, &length)
			if length > 1500 {
				t.Errorf("a fact takes %d bytes", length)
			}
			return err
		})
		if n := f.pending(); n > 20 {
			t.Errorf("%d facts wait", n)
		}
		if r := f.record(message); r.Status != kirim.MessageFailed || r.StatusAt.Year() != start.Year() || r.WAMID != wamidOf(id) || len(r.Err.Text) > 300 {
			t.Errorf("the record is %+v", r)
		}
		f.hear(f.process, status(wamidOf(id), kirim.MessageRead))
		f.wantStatus(message, kirim.MessageRead)
		if found := f.traces(long[:1000]); found != nil {
			t.Errorf("what is too long is in %q", found)
		}
	})
	t.Run("a server whose ids cannot be stored", func(t *testing.T) {
		for name, id := range map[string]string{"long": strings.Repeat("x", 100_000), "NUL": "msg_\x00", "not ASCII": "msg_\u00e9"} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, open, outbox.Config{})
				f.server.reply(func(*request) outcome {
					return outcome{status: 202, response: fmt.Sprintf(`{"data":{"id":"%s","status":"queued"}}`, strings.ReplaceAll(id, "\x00", `\u0000`))}
				})
				message := f.enqueueOne(text("hello"))
				f.settle()
				if r := f.record(message); r.State != outbox.StateSent || r.KirimID != "" {
					t.Errorf("the record is %+v", r)
				}
			})
		}
	})
	t.Run("what is told of other programs' messages is bounded", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		const most = 200_000
		f.exec(fmt.Sprintf(`INSERT INTO {s}kirim_pending (message, status, received_at, check_at)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT 'wamid.foreign' || i, 'read', {now}, {now} + 2000000 FROM n`, most+25_000))
		f.forget()
		if n := f.pending(); n != most {
			t.Errorf("%d facts are kept, want %d", n, most)
		}
		if n := f.number(`SELECT min(id) FROM {s}kirim_pending`); n != 25_001 {
			t.Errorf("the oldest is that of id %d", n)
		}
	})
	t.Run("100,000 statuses of other programs' messages do not slow a sweep", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		messages := make([]outbox.Message, 10_000)
		for i := range messages {
			messages[i] = textTo(fmt.Sprintf("+6281200%05d", i), "hello")
		}
		f.enqueue(messages...)
		f.exec(`UPDATE {s}kirim_message SET state = 'sent', kirim_id = 'msg_' || id, wamid = 'wamid.' || id, ended_at = {now}`)
		f.exec(`UPDATE {s}kirim_lane SET state = 'idle', due_at = NULL`)
		f.sweep(f.process)
		empty := f.timeSweep()
		f.exec(`INSERT INTO {s}kirim_pending (message, status, received_at, check_at)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT 'wamid.foreign' || i, 'read', {now}, {now} + 2000000 FROM n`)
		idle := f.timeSweep()
		f.forward(3 * time.Second) // all of them are to be looked at
		var slowest, all time.Duration
		for range 20 {
			took := f.timeSweep()
			slowest, all = max(slowest, took), all+took
		}
		if left := f.number(`SELECT count(*) FROM {s}kirim_pending WHERE check_at <= {now}`); left > 0 {
			t.Errorf("%d facts are still to be looked at", left)
		}
		t.Logf("a sweep takes %v without facts, %v with 100,000 that are not due, and %v at most while all of them are looked at, in %v together", empty, idle, slowest, all)
		if slowest > 5*time.Second { // on a busy machine, with the race detector
			t.Errorf("a sweep takes %v", slowest)
		}
	})
}

// timeSweep returns how long a sweep takes in real time.
func (f *fixture[TTx]) timeSweep() time.Duration {
	f.Helper()
	begin := time.Now()
	f.sweep(f.process)
	return time.Since(begin).Round(100 * time.Microsecond)
}
