package outboxtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// permutations returns the orders of things.
func permutations(things ...string) (orders [][]string) {
	if len(things) == 0 {
		return [][]string{nil}
	}
	for i, thing := range things {
		for _, rest := range permutations(slices.Delete(slices.Clone(things), i, i+1)...) {
			orders = append(orders, append([]string{thing}, rest...))
		}
	}
	return orders
}

// in is the fixture in a subtest, which uses the same database.
func (f *fixture[TTx]) in(t *testing.T) *fixture[TTx] {
	sub := *f
	sub.T = t
	return &sub
}

// nextID is Kirim's id of the message that is sent next.
func (f *fixture[TTx]) nextID() string {
	return fmt.Sprintf("msg_%06d", len(f.server.received())+1)
}

// sendAmid sends the next message while events come in: those before "response"
// before the response is recorded, and the others after it.
func (f *fixture[TTx]) sendAmid(order []string, events map[string]string) int64 {
	f.Helper()
	message := f.enqueueOne(text("hello"))
	at := slices.Index(order, "response")
	f.server.reply(func(*request) outcome {
		for _, name := range order[:at] {
			f.hear(f.process, events[name])
		}
		return accept()
	})
	f.settle()
	f.server.reply(nil)
	for _, name := range order[at+1:] {
		f.hear(f.process, events[name])
	}
	f.sweep(f.process)
	f.forward(3 * time.Second) // what came before the response is looked at again
	f.sweep(f.process)
	f.sweep(f.process)
	return message
}

// sendLinked sends a message of which both ids are known.
func (f *fixture[TTx]) sendLinked(m outbox.Message) (message int64, id string) {
	f.Helper()
	id, message = f.nextID(), f.enqueueOne(m)
	f.settle()
	f.hear(f.process, notice(id))
	return message, id
}

// cloud is a sender whose responses have WhatsApp's id alone.
type cloud struct {
	n      int
	during func(wamid string) // before the response is recorded
}

func (c *cloud) Send(_ context.Context, _ string, _ kirim.OutboundMessage, _ ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	c.n++
	wamid := fmt.Sprintf("wamid.cloud%d", c.n)
	if c.during != nil {
		c.during(wamid)
	}
	return &kirim.AcceptedMessage{WAMID: wamid}, nil
}

func testStatuses[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("response, status and notice in any order", func(t *testing.T) {
		shared := newFixture(t, open, outbox.Config{})
		for _, order := range permutations("response", "status", "notice") {
			for want, code := range map[kirim.MessageStatus][]int{kirim.MessageDelivered: nil, kirim.MessageFailed: {131026}} {
				t.Run(strings.Join(order, ", ")+" of "+string(want), func(t *testing.T) {
					f := shared.in(t)
					id := f.nextID()
					message := f.sendAmid(order, map[string]string{"status": status(wamidOf(id), want, code...), "notice": notice(id)})
					f.wantLinked(message, id, want)
				})
			}
		}
		for _, order := range permutations("response", "status") {
			t.Run(strings.Join(order, ", ")+" with both ids", func(t *testing.T) {
				f := shared.in(t)
				id := f.nextID()
				message := f.sendAmid(order, map[string]string{"status": enrichedStatus(id, kirim.MessageRead)})
				f.wantLinked(message, id, kirim.MessageRead)
			})
		}
	})
	t.Run("without a notice the server is asked", func(t *testing.T) {
		shared := newFixture(t, open, outbox.Config{LookUpAfter: 10 * time.Minute})
		for _, order := range permutations("response", "status") {
			t.Run(strings.Join(order, ", "), func(t *testing.T) {
				f := shared.in(t)
				id, asked := f.nextID(), 0
				f.server.lookUp = func(asking string) string {
					asked++
					return fmt.Sprintf(`{"data":{"id":%q,"message_id":%q,"status":"sent"}}`, asking, wamidOf(asking))
				}
				message := f.sendAmid(order, map[string]string{"status": status(wamidOf(id), kirim.MessageDelivered)})
				f.wantStatus(message, "")
				f.forward(9 * time.Minute)
				f.sweep(f.process)
				if asked > 0 {
					t.Error("the server was asked too early")
				}
				f.forward(2 * time.Minute)
				f.sweep(f.process)
				f.sweep(f.process)
				f.wantLinked(message, id, kirim.MessageDelivered)
				f.forward(time.Hour)
				f.sweep(f.process)
				if asked != 1 {
					t.Errorf("the server was asked %d times", asked)
				}
			})
		}
	})
	t.Run("a message of which nothing is heard is asked for less and less often, for a day", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{LookUpAfter: 10 * time.Minute})
		asked := 0
		f.server.lookUp = func(string) string { asked++; return `{"data":{"id":"msg_000001","status":"pending"}}` }
		message := f.enqueueOne(text("hello"))
		f.settle()
		for range 3 * 24 * 12 {
			f.forward(5 * time.Minute)
			f.sweep(f.process)
		}
		if asked < 5 || asked > 12 {
			t.Errorf("the server was asked %d times", asked)
		}
		f.wantStatus(message, "")
	})
	t.Run("the server that is asked says how long to wait", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{LookUpAfter: time.Minute})
		asked := 0
		f.server.lookUp = func(string) string { asked++; return "" }
		f.enqueue(text("one"), text("two"), text("three"))
		f.settle()
		f.forward(2 * time.Minute)
		for range 3 {
			f.sweep(f.process)
		}
		if asked != 1 {
			t.Errorf("the server was asked %d times in the time for which it asked to wait", asked)
		}
	})
	t.Run("a sender whose responses have WhatsApp's id", func(t *testing.T) {
		sender := &cloud{}
		f := newFixture(t, open, outbox.Config{})
		p := f.startProcess(sender, outbox.Config{})
		for i, before := range []bool{false, true} {
			wamid := fmt.Sprintf("wamid.cloud%d", i+1)
			if sender.during = nil; before {
				sender.during = func(wamid string) { f.hear(p, status(wamid, kirim.MessageDelivered)) }
			}
			message := f.enqueueOne(text("hello"))
			f.settleIn(p)
			if !before {
				f.hear(p, status(wamid, kirim.MessageDelivered))
			}
			f.forward(3 * time.Second)
			f.sweep(p)
			f.wantStatus(message, kirim.MessageDelivered)
			if r := f.record(message); r.WAMID != wamid || r.KirimID != "" || f.pending() != 0 {
				t.Errorf("the ids are %q and %q; %d facts wait", r.KirimID, r.WAMID, f.pending())
			}
		}
	})
	t.Run("a link that comes after days finds what was told in the meantime", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		id, message := f.nextID(), f.enqueueOne(text("hello"))
		f.settle()
		f.hear(f.process, status(wamidOf(id), kirim.MessageRead))
		for range 6 * 24 {
			f.forward(time.Hour)
			f.sweep(f.process)
		}
		f.forget()
		f.hear(f.process, notice(id))
		f.sweep(f.process)
		f.wantLinked(message, id, kirim.MessageRead)
	})
	t.Run("statuses in any order, several times", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		for _, order := range permutations("sent", "delivered", "read", "failed") {
			message, id := f.sendLinked(text("hello"))
			for range 2 {
				for _, s := range order {
					if s == "failed" {
						f.hear(f.process, status(wamidOf(id), kirim.MessageFailed, 131026))
						continue
					}
					f.hear(f.process, status(wamidOf(id), kirim.MessageStatus(s)))
				}
			}
			f.wantLinked(message, id, kirim.MessageRead)
			if r := f.record(message); r.Err != nil {
				t.Errorf("%q: the error of a message that was read is %v", order, r.Err)
			}
		}
	})
	t.Run("why a message failed may be told later than that it did", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message, id := f.sendLinked(text("hello"))
		f.hear(f.process, status(wamidOf(id), kirim.MessageFailed))
		if r := f.record(message); r.Err == nil || r.Err.Kind != kirim.KindUnknown {
			t.Errorf("the error is %v", r.Err)
		}
		f.hear(f.process, status(wamidOf(id), kirim.MessageFailed, 131026))
		f.hear(f.process, status(wamidOf(id), kirim.MessageFailed, 131000))
		f.hear(f.process, status(wamidOf(id), kirim.MessageFailed))
		f.wantLinked(message, id, kirim.MessageFailed)
		if r := f.record(message); r.Err == nil || r.Err.MetaCode != 131026 {
			t.Errorf("the error is %v", r.Err)
		}
	})
	t.Run("the failure of one participant of a group is none of the message", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message, id := f.sendLinked(text("hello"))
		f.hear(f.process, strings.Replace(status(wamidOf(id), kirim.MessageFailed, 131026), `"recipient_id"`, `"recipient_type":"group","group_id":"g","recipient_participant_id"`, 1))
		f.wantStatus(message, "")
	})
	t.Run("two processes hear of a message at the same time", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		second := f.startProcess(f.server.sender(t), outbox.Config{})
		message, id := f.sendLinked(text("hello"))
		overtaken := false
		f.driver.before = func(statements []*driver.Statement) error {
			if !overtaken && strings.Contains(statements[0].SQL, "status_at = CASE") {
				overtaken = true
				f.hear(second, status(wamidOf(id), kirim.MessageRead))
			}
			return nil
		}
		f.hear(f.process, status(wamidOf(id), kirim.MessageDelivered))
		f.driver.before = nil
		if !overtaken {
			t.Error("the other process was not in between")
		}
		f.wantLinked(message, id, kirim.MessageRead)
	})
	t.Run("a webhook is refused while the database is away, and comes again", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		id, message := f.nextID(), f.enqueueOne(text("hello"))
		f.settle()
		delivered := status(wamidOf(id), kirim.MessageDelivered)
		f.driver.before = func([]*driver.Statement) error { return errDatabaseAway }
		for _, event := range []string{notice(id), delivered, preference(`"wa_id":"6281234567001"`, "stop", start.Unix())} {
			if err := f.tryHear(f.process, event); err == nil {
				t.Error("an event was accepted and lost")
			}
		}
		f.driver.before = nil
		f.hear(f.process, notice(id))
		f.hear(f.process, delivered)
		f.wantLinked(message, id, kirim.MessageDelivered)
	})
}

// wantLinked checks that a message has both ids and a status, and that nothing else
// waits.
func (f *fixture[TTx]) wantLinked(message int64, id string, want kirim.MessageStatus) {
	f.Helper()
	f.wantStatus(message, want)
	if r := f.record(message); r.KirimID != id || r.WAMID != wamidOf(id) {
		f.Errorf("the ids are %q and %q", r.KirimID, r.WAMID)
	}
	if n := f.pending(); n != 0 {
		f.Errorf("%d facts wait", n)
	}
}

func testStatusesDuringCommits[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a status that comes while its response is not committed yet is joined later", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		if f.store.Schema() == "" {
			t.Skip("SQLite has one writer: the webhook waits for the commit")
		}
		message := f.enqueueOne(text("hello"))
		tx, commit, _, err := f.store.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d := f.driver.Driver
		record := &driver.Statement{
			SQL:  d.Dialect().SQL(`UPDATE {s}kirim_message SET state = 'sent', kirim_id = $1, wamid = $2, ended_at = {now} WHERE id = $3`),
			Args: []any{"msg_1", wamidOf("msg_1"), message},
		}
		if err := d.Within(tx).Run(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		f.hear(f.process, status(wamidOf("msg_1"), kirim.MessageRead))
		f.forward(3 * time.Second)
		f.sweep(f.process) // it is still not committed
		f.wantState(outbox.StateQueued, message)
		if err := commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.forward(10 * time.Second)
		f.sweep(f.process)
		f.wantLinked(message, "msg_1", kirim.MessageRead)
	})
}
