package outboxtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// lease is above the default one.
const lease = time.Minute + time.Second

func testDoubt[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("a message in doubt is sent again until its key may have lapsed, and then is unknown", func(t *testing.T) {
		for name, attempt := range map[string]time.Duration{"default attempts": 35 * time.Second, "short attempts": 5 * time.Second} {
			longest := 24*time.Hour - attempt - 5*time.Minute
			for _, tt := range []struct {
				name  string
				after time.Duration
				want  outbox.State
			}{
				{"a second before", longest - time.Second, outbox.StateSent},
				{"a second after", longest + time.Second, outbox.StateUnknown},
			} {
				for how, fail := range map[string]func(*fixture[TTx]){
					"the response was lost": func(f *fixture[TTx]) {
						f.server.replyInTurn(acceptAndBreak())
						f.settle()
					},
					"the worker died": func(f *fixture[TTx]) { f.crash() },
				} {
					t.Run(name+", "+how+", "+tt.name, func(t *testing.T) {
						f := newFixture(t, open, outbox.Config{AttemptTimeout: attempt})
						ids := f.enqueue(text("one"), text("two"))
						fail(f)
						f.forward(tt.after)
						second := f.startProcess(f.server.sender(t), outbox.Config{AttemptTimeout: attempt})
						f.settleIn(second)
						f.wantState(tt.want, ids[0])
						if got := f.server.received(); got[0] != "one" || slices.Contains(got[1:], "one") {
							t.Errorf("recipients got %q", got)
						}
						if n := len(f.requestsFor("one")); (n == 2) != (tt.want == outbox.StateSent) {
							t.Errorf("%d requests", n)
						}
					})
				}
			}
		}
	})
	t.Run("after the death of a worker another sends on, each message once and in order", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		second := f.startProcess(f.server.sender(t), outbox.Config{})
		ids := f.enqueue(text("one"), text("two"), text("three"))
		f.crash()
		f.settleIn(second)
		f.forward(lease - 2*time.Second)
		f.settleIn(second)
		f.wantReceived("one", "two", "three") // by the worker, before it died
		f.wantState(outbox.StateQueued, ids...)
		f.forward(2 * time.Second)
		f.settleIn(second)
		f.wantState(outbox.StateSent, ids...)
		f.wantReceived("one", "two", "three")
	})
	t.Run("a worker that stands still past its lease changes nothing but what it has sent", func(t *testing.T) {
		for _, tt := range []struct {
			name    string
			keyless bool
			late    outcome      // of the worker that stood still
			between outbox.State // as the other worker says
			want    outbox.State
			got     []string
		}{
			{"with keys, it was sent", false, accept(), outbox.StateSent, outbox.StateSent, []string{"one", "two"}},
			{"with keys, it was refused", false, refuse(http.StatusUnprocessableEntity, "invalid_field_value"), outbox.StateSent, outbox.StateSent, []string{"one", "two"}},
			{"with keys, it is in doubt", false, acceptAndBreak(), outbox.StateSent, outbox.StateSent, []string{"one", "two"}},
			{"without keys, it was sent", true, accept(), outbox.StateUnknown, outbox.StateSent, []string{"two", "one"}},
			{"without keys, it was refused", true, refuse(http.StatusUnprocessableEntity, "invalid_field_value"), outbox.StateUnknown, outbox.StateUnknown, []string{"two"}},
			{"without keys, it was not reached", true, notReached(), outbox.StateUnknown, outbox.StateUnknown, []string{"two"}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				f := newFixtureOver(t, open, &server{keyless: tt.keyless}, outbox.Config{})
				second := f.startProcess(f.server.sender(t), outbox.Config{})
				ids := f.enqueue(text("one"), text("two"))
				stoodStill := false
				f.server.reply(func(*request) outcome {
					if stoodStill {
						return accept()
					}
					stoodStill = true
					f.forward(lease)
					f.settleIn(second)
					f.wantState(tt.between, ids[0])
					return tt.late
				})
				f.settle()
				f.wantState(tt.want, ids[0])
				f.wantState(outbox.StateSent, ids[1])
				f.wantReceived(tt.got...)
			})
		}
	})
	t.Run("a worker that stands still past its lease does not undo what another one has begun", func(t *testing.T) {
		f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
		second := f.startProcess(f.server.sender(t), outbox.Config{})
		ids := f.enqueue(text("one"), text("two"))
		standsStill, goesOn, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		f.server.reply(func(r *request) outcome {
			if r.Text == "one" {
				close(standsStill)
				<-goesOn
				return notReached()
			}
			close(goesOn) // the first worker gives "two" back, which it has not begun
			<-ended
			if f.record(ids[1]).FirstAttemptAt.IsZero() {
				t.Error("the message would be sent again if this worker died now")
			}
			return accept()
		})
		go func() {
			defer close(ended)
			f.settle()
		}()
		<-standsStill
		f.forward(lease)
		f.settleIn(second)
		f.wantState(outbox.StateSent, ids[1])
		f.wantReceived("two")
	})
	t.Run("without keys", func(t *testing.T) {
		t.Run("what is in doubt is unknown at once, and those behind it are sent", func(t *testing.T) {
			f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
			ids := f.enqueue(text("one"), text("two"))
			f.server.replyInTurn(breakBefore())
			f.settle()
			f.wantState(outbox.StateUnknown, ids[0])
			f.wantState(outbox.StateSent, ids[1])
			if r := f.record(ids[0]); r.Err == nil || r.FirstAttemptAt.IsZero() || r.EndedAt.IsZero() {
				t.Errorf("got %+v", r)
			}
			f.forward(48 * time.Hour)
			f.settle()
			f.wantReceived("two")
		})
		t.Run("what a worker had begun when it died is unknown, and the others are sent", func(t *testing.T) {
			f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
			second := f.startProcess(f.server.sender(t), outbox.Config{})
			ids := f.enqueue(text("one"), text("two"))
			f.crash()
			f.forward(lease)
			f.settleIn(second)
			f.wantState(outbox.StateUnknown, ids[0])
			f.wantState(outbox.StateSent, ids[1])
			f.wantReceived("one", "two")
		})
		t.Run("what was certainly not out is sent again", func(t *testing.T) {
			f := newFixtureOver(t, open, &server{keyless: true}, outbox.Config{})
			id := f.enqueueOne(text("one"))
			f.server.replyInTurn(notReached(), rateLimited(1))
			f.settle()
			f.forward(longestBackoff)
			f.settle()
			f.forward(longestBackoff)
			f.settle()
			f.wantState(outbox.StateSent, id)
			f.wantReceived("one")
		})
	})
	t.Run("a record that the database refuses for a while is made when it is back", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		ids := f.enqueue(text("one"), text("two"))
		failures := 2
		f.driver.before = func([]*driver.Statement) error {
			if len(f.server.asked()) == 2 && failures > 0 {
				failures--
				return errDatabaseAway
			}
			return nil
		}
		f.settle()
		f.wantState(outbox.StateSent, ids...)
		f.wantReceived("one", "two")
	})
}

func testStuckLane[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("what was sent is recorded although the lane cannot be given back", func(t *testing.T) {
		for _, keyless := range []bool{false, true} {
			t.Run(fmt.Sprintf("without keys: %v", keyless), func(t *testing.T) {
				f := newFixtureOver(t, open, &server{keyless: keyless}, outbox.Config{})
				second := f.startProcess(f.server.sender(t), outbox.Config{})
				ids := f.enqueue(text("one"), text("two"))
				locked := errors.New("canceled while waiting for a lock")
				f.driver.before = func(statements []*driver.Statement) error {
					if len(f.server.asked()) == 2 && len(statements) > 1 { // it gives back and records
						return locked
					}
					return nil
				}
				if _, err := f.driver.steps.WorkLane(t.Context(), f.takeJobs()[0]); !errors.Is(err, locked) {
					t.Errorf("got %v", err)
				}
				f.wantState(outbox.StateSent, ids...)
				f.forward(lease)
				f.enqueue(text("three"))
				f.settleIn(second)
				f.wantReceived("one", "two", "three")
			})
		}
	})
}

var errCrashed = errors.New("the process died")

// crash has the first process die when it would next tell the database of what it
// has sent.
func (f *fixture[TTx]) crash() {
	f.Helper()
	f.driver.before = func([]*driver.Statement) error {
		if len(f.server.asked()) > 0 {
			return errCrashed
		}
		return nil
	}
	for _, lane := range f.takeJobs() {
		if _, err := f.driver.steps.WorkLane(f.Context(), lane); !errors.Is(err, errCrashed) {
			f.Fatalf("the worker did not die: %v", err)
		}
	}
	f.driver.before = nil
}

// requestsFor returns the requests with a text.
func (f *fixture[TTx]) requestsFor(text string) (requests []*request) {
	for _, r := range f.server.asked() {
		if r.Text == text {
			requests = append(requests, r)
		}
	}
	return requests
}
