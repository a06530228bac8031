package outboxtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const (
	windowClosed = 131047
	pairLimit    = 131056
	throttled    = 130429
)

// rescued is a text whose template is sent when the window is closed.
func rescued(key string) outbox.Message {
	m := text("hello")
	m.Key, m.Template = key, &kirim.Template{Name: "order_update", Language: "id"}
	return m
}

func keyed(key string) outbox.Message {
	m := text("hello")
	m.Key = key
	return m
}

// keys returns the idempotency keys of all requests.
func (f *fixture[TTx]) keys() (keys []string) {
	for _, r := range f.server.asked() {
		keys = append(keys, r.Key)
	}
	return keys
}

func (f *fixture[TTx]) wantKeys(want ...string) {
	f.Helper()
	if got := f.keys(); !slices.Equal(got, want) {
		f.Errorf("requests with the keys %q, want %q", got, want)
	}
}

func testLateRefusals[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("the template goes out once, under its own key, when the window turns out to be closed", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message, id := f.sendLinked(rescued("k"))
		failed := status(wamidOf(id), kirim.MessageFailed, windowClosed)
		f.hear(f.process, failed)
		f.wantState(outbox.StateQueued, message)
		f.hear(f.process, failed)
		f.settle()
		f.hear(f.process, failed)
		f.settle()
		f.wantKeys("k", "k:template")
		f.wantReceived("hello", "order_update")
		r := f.record(message)
		if r.State != outbox.StateSent || r.Status != "" || !r.UsedTemplate || r.Err != nil || r.KirimID != "msg_000002" || r.WAMID != "" {
			t.Errorf("the record is %+v", r)
		}
		// What is told of the first send does not concern the second.
		for _, late := range []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered} {
			f.hear(f.process, status(wamidOf(id), late))
			f.hear(f.process, enrichedStatus(id, late))
		}
		f.hear(f.process, notice(id))
		f.forward(time.Minute)
		f.settle()
		if r := f.record(message); r.Status != "" || r.KirimID != "msg_000002" || r.WAMID != "" {
			t.Errorf("the record is %+v", r)
		}
		f.hear(f.process, enrichedStatus("msg_000002", kirim.MessageDelivered))
		f.wantStatus(message, kirim.MessageDelivered)
	})
	t.Run("the template is refused as well", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message, id := f.sendLinked(rescued("k"))
		f.hear(f.process, status(wamidOf(id), kirim.MessageFailed, windowClosed))
		f.settle()
		f.hear(f.process, enrichedStatus("msg_000002", kirim.MessageFailed, windowClosed))
		f.settle()
		f.wantKeys("k", "k:template")
		f.wantStatus(message, kirim.MessageFailed)
		if r := f.record(message); !kirim.IsOutside24hWindow(r.Err) {
			t.Errorf("the error is %v", r.Err)
		}
	})
	t.Run("without a template, or with its content dropped, the message has failed", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		code := rescued("code")
		code.Class = outbox.ClassCode
		for _, m := range []outbox.Message{text("hello"), code} {
			message, id := f.sendLinked(m)
			f.hear(f.process, status(wamidOf(id), kirim.MessageFailed, windowClosed))
			f.settle()
			f.wantStatus(message, kirim.MessageFailed)
			if r := f.record(message); !kirim.IsOutside24hWindow(r.Err) {
				t.Errorf("the error is %v", r.Err)
			}
		}
		if n := len(f.server.asked()); n != 2 {
			t.Errorf("%d requests", n)
		}
	})
	t.Run("the server that is asked tells of the refusal", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{LookUpAfter: time.Minute})
		f.server.lookUp = func(id string) string {
			return fmt.Sprintf(`{"data":{"id":%q,"status":"failed","error":{"code":"outside_24h_window","message":"no"}}}`, id)
		}
		message := f.enqueueOne(rescued("k"))
		f.settle()
		f.forward(2 * time.Minute)
		f.sweep(f.process)
		f.settle()
		f.wantKeys("k", "k:template")
		f.wantState(outbox.StateSent, message)
	})
	t.Run("the refusal comes before the response is recorded", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message := f.enqueueOne(rescued("k"))
		f.server.reply(func(r *request) outcome {
			if r.Text == "hello" {
				f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageFailed, windowClosed))
			}
			return accept()
		})
		f.settle()
		f.forward(3 * time.Second)
		f.settle()
		f.settle()
		f.wantKeys("k", "k:template")
		f.wantState(outbox.StateSent, message)
	})
	t.Run("two processes hear of the refusal at the same time", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		second := f.startProcess(f.server.sender(t), outbox.Config{})
		message, id := f.sendLinked(rescued("k"))
		failed := status(wamidOf(id), kirim.MessageFailed, windowClosed)
		overtaken := false
		f.driver.before = func(statements []*driver.Statement) error {
			if !overtaken && len(statements) == 2 {
				overtaken = true
				f.hear(second, failed)
				f.settleIn(second)
			}
			return nil
		}
		f.hear(f.process, failed)
		f.driver.before = nil
		f.settle()
		f.wantKeys("k", "k:template")
		f.wantState(outbox.StateSent, message)
		if !overtaken {
			t.Error("the other process was not in between")
		}
	})
	t.Run("what shows that the message arrived outweighs the refusal", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		for name, events := range map[string]func(wamid string) []string{
			"before it": func(wamid string) []string {
				return []string{status(wamid, kirim.MessageDelivered), status(wamid, kirim.MessageFailed, windowClosed)}
			},
			"after it, and before the template is sent": func(wamid string) []string {
				return []string{status(wamid, kirim.MessageFailed, windowClosed), status(wamid, kirim.MessageDelivered)}
			},
		} {
			before := len(f.keys())
			message, id := f.sendLinked(rescued("k " + name))
			for _, event := range events(wamidOf(id)) {
				f.hear(f.process, event)
			}
			f.settle()
			f.wantStatus(message, kirim.MessageDelivered)
			if r := f.record(message); r.UsedTemplate || r.Err != nil {
				t.Errorf("%s: the record is %+v", name, r)
			}
			if n := len(f.keys()) - before; n != 1 {
				t.Errorf("%s: %d requests", name, n)
			}
		}
	})
	t.Run("a message that was throttled is sent again five times, each under a key of its own", func(t *testing.T) {
		for name, code := range map[string]int{"by the account's limit": throttled, "by the limit of a pair": pairLimit} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, open, outbox.Config{})
				message := f.enqueueOne(keyed("k"))
				f.settle()
				for i, wait := range []int{4, 16, 64, 256, 256} {
					f.hear(f.process, enrichedStatus(fmt.Sprintf("msg_%06d", i+1), kirim.MessageFailed, code))
					f.forward(time.Duration(wait-1) * time.Second)
					f.settle()
					if n := len(f.keys()); n != i+1 {
						t.Errorf("the message is sent again before %d seconds", wait)
					}
					f.forward(time.Second)
					f.settle()
				}
				f.hear(f.process, enrichedStatus("msg_000006", kirim.MessageFailed, code))
				f.forward(time.Hour)
				f.settle()
				f.wantKeys("k", "k:again-1", "k:again-2", "k:again-3", "k:again-4", "k:again-5")
				f.wantStatus(message, kirim.MessageFailed)
				if r := f.record(message); !kirim.IsRateLimited(r.Err) || r.Generation != 6 {
					t.Errorf("generation %d, error %v", r.Generation, r.Err)
				}
			})
		}
	})
	t.Run("a message that was throttled is not sent again when anything says that WhatsApp has it", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		failed := func(wamid string) string { return status(wamid, kirim.MessageFailed, throttled) }
		for _, seen := range []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead} {
			want := seen
			if seen == kirim.MessageSent {
				want = kirim.MessageFailed
			}
			for name, hear := range map[string]func(id string){
				"before the refusal": func(id string) {
					f.hear(f.process, notice(id))
					f.hear(f.process, status(wamidOf(id), seen))
					f.hear(f.process, failed(wamidOf(id)))
				},
				"after it, and before the message is sent again": func(id string) {
					f.hear(f.process, notice(id))
					f.hear(f.process, failed(wamidOf(id)))
					f.hear(f.process, status(wamidOf(id), seen))
				},
				"before the link": func(id string) {
					f.hear(f.process, status(wamidOf(id), seen))
					f.hear(f.process, failed(wamidOf(id)))
					f.hear(f.process, notice(id))
				},
				"after the refusal, and before the link": func(id string) {
					f.hear(f.process, failed(wamidOf(id)))
					f.hear(f.process, status(wamidOf(id), seen))
					f.hear(f.process, notice(id))
				},
			} {
				t.Run(string(seen)+" "+name, func(t *testing.T) {
					f := f.in(t)
					before, id := len(f.keys()), f.nextID()
					message := f.enqueueOne(text("hello"))
					f.settle()
					hear(id)
					for range 10 {
						f.settle()
						f.forward(time.Minute)
					}
					f.wantStatus(message, want)
					if n := len(f.keys()) - before; n != 1 || f.pending() != 0 {
						t.Errorf("%d requests, %d facts wait", n, f.pending())
					}
				})
			}
		}
	})
	t.Run("another late failure is the end of a message", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message, id := f.sendLinked(rescued("k"))
		f.hear(f.process, status(wamidOf(id), kirim.MessageFailed, 131026))
		f.settle()
		f.wantKeys("k")
		f.wantStatus(message, kirim.MessageFailed)
	})
	t.Run("a recipient at which the outbox stopped stays stopped", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{StopLaneOnFailure: true})
		_, id := f.sendLinked(rescued("k"))
		f.server.replyInTurn(refuse(400, "invalid_recipient"))
		f.enqueue(text("refused"), text("behind it"))
		f.settle()
		f.hear(f.process, status(wamidOf(id), kirim.MessageFailed, windowClosed))
		f.settle()
		f.wantReceived("hello")
	})
	t.Run("a record that is repeated does not undo the template", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		message := f.enqueueOne(rescued("k"))
		committed := false
		f.driver.after = func(statements []*driver.Statement) error {
			if committed || !slices.ContainsFunc(statements, func(s *driver.Statement) bool { return strings.Contains(s.SQL, "r.not_sent") }) {
				return nil
			}
			committed = true // and the connection breaks
			f.hear(f.process, enrichedStatus("msg_000001", kirim.MessageFailed, windowClosed))
			return errDatabaseAway
		}
		f.settle()
		f.settle()
		f.wantKeys("k", "k:template")
		f.wantState(outbox.StateSent, message)
		if !committed {
			t.Error("nothing was recorded")
		}
	})
}
