package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim/outbox"
)

// LockingStore is a store with locks of rows, in which several transactions write
// at the same time.
type LockingStore[TTx any] interface {
	Store[TTx]
	// Waiting returns how many statements wait for a lock.
	Waiting(t *testing.T) int
	// IsDeadlock reports whether an error says that the database has ended a
	// transaction in favour of another.
	IsDeadlock(err error) bool
}

// RunLocks runs the tests of what transactions do to each other.
func RunLocks[TTx any](t *testing.T, open Open[TTx]) {
	t.Run("nothing is sent before the commit", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		tx := f.begin()
		id := tx.enqueue(text("one"))
		f.settle()
		f.forward(time.Hour)
		f.settle()
		if n := len(f.server.asked()); n != 0 {
			t.Errorf("%d requests", n)
		}
		if _, err := f.Get(t.Context(), id); !errors.Is(err, outbox.ErrNotFound) {
			t.Errorf("others see it: %v", err)
		}
		tx.commit()
		f.settle()
		f.wantReceived("one")
	})
	t.Run("the order in a lane is that of the commits", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		first, second := f.begin(), f.begin()
		one := first.enqueue(text("one"))
		two := make(chan int64)
		go func() { two <- second.enqueue(text("two")) }()
		f.awaitWaiting(1)
		three := first.enqueue(text("three"))
		first.commit()
		id := <-two
		second.commit()
		if one >= three || three >= id {
			t.Errorf("the ids are %d, %d and %d", one, three, id)
		}
		f.settle()
		f.wantReceived("one", "three", "two")
	})
	t.Run("a message that is enqueued between claim and read is read", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.enqueue(text("one"))
		lane := f.takeJobs()[0]
		second := f.startProcess(f.server.sender(t), outbox.Config{})
		f.driver.between = func() { // the claim and what it reads are statements of their own
			if _, err := second.Enqueue(t.Context(), text("two")); err != nil {
				t.Error(err)
			}
		}
		f.work(f.process, lane)
		f.wantReceived("one", "two")
	})
	for name, end := range map[string]func(*openTx[TTx]){"is committed": (*openTx[TTx]).commit, "is rolled back": (*openTx[TTx]).rollback} {
		t.Run("a lane is released while an enqueue to it is open that "+name+" later", func(t *testing.T) {
			f := newFixture(t, open, outbox.Config{})
			f.enqueue(text("one"))
			tx := f.begin()
			f.server.reply(func(r *request) outcome {
				if r.Text == "one" {
					tx.enqueue(text("two"))
				}
				return accept()
			})
			worked := make(chan error)
			lane := f.takeJobs()[0]
			go func() {
				_, err := f.driver.steps.WorkLane(t.Context(), lane)
				worked <- err
			}()
			f.awaitWaiting(1) // for the release
			end(tx)
			if err := <-worked; err != nil {
				t.Fatal(err)
			}
			want := []string{"one", "two"}
			if name == "is rolled back" {
				want = want[:1]
			}
			f.wantReceived(want...) // by the same worker: nothing is stranded
			f.settle()
			f.wantReceived(want...)
		})
	}
	t.Run("a transaction that has a lane locked holds no worker", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		f.enqueue(text("one"), textTo(bob, "to bob"))
		tx := f.begin()
		tx.enqueue(text("two"))
		f.settle() // it returns
		f.wantReceived("to bob")
		tx.commit()
		f.settle()
		f.wantReceived("to bob", "one", "two")
	})
	t.Run("two transactions with one key and body enqueue one message", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		first, second := f.begin(), f.begin()
		one := first.enqueue(withKey("k", "one"))
		other := make(chan int64)
		go func() { other <- second.enqueue(withKey("k", "one")) }()
		f.awaitWaiting(1)
		first.commit()
		if id := <-other; id != one {
			t.Errorf("the id is %d, want %d", id, one)
		}
		second.commit()
		f.settle()
		f.wantReceived("one")
	})
	t.Run("of two transactions with one key and two bodies the later one enqueues nothing, and can go on", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		first, second := f.begin(), f.begin()
		other := textTo(bob, "other") // in another lane, so that the key alone is in the way
		other.Key = "k"
		id := first.enqueue(withKey("k", "one"))
		failed := make(chan error)
		go func() {
			_, err := f.EnqueueTx(t.Context(), second.tx, textTo(bob, "beside it"), other)
			failed <- err
		}()
		f.awaitWaiting(1)
		first.commit()
		var reused *outbox.KeyReusedError
		if err := <-failed; !errors.As(err, &reused) || reused.ID != id || reused.Index != 1 {
			t.Errorf("got %v", err)
		}
		second.enqueue(textTo(bob, "after it"))
		second.commit()
		f.settle()
		got := f.server.received()
		slices.Sort(got)
		if !slices.Equal(got, []string{"after it", "one"}) {
			t.Errorf("recipients got %q", got)
		}
	})
	t.Run("calls to the same recipients in opposite orders do not wait for each other", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		var calls sync.WaitGroup
		for worker := range 2 {
			calls.Go(func() {
				for range 20 {
					messages := make([]outbox.Message, 20)
					for i := range messages {
						n := i
						if worker == 1 {
							n = len(messages) - 1 - i
						}
						messages[i] = textTo(fmt.Sprintf("+62812345670%02d", n), "hello")
					}
					if _, err := f.Enqueue(t.Context(), messages...); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		calls.Wait()
	})
	t.Run("of two transactions that call several times in opposite orders the database ends one, with nothing half done", func(t *testing.T) {
		f := newFixture(t, open, outbox.Config{})
		first, second := f.begin(), f.begin()
		first.enqueue(text("first to alice"))
		second.enqueue(textTo(bob, "second to bob"))
		failures := make(chan error, 2)
		try := func(tx *openTx[TTx], m outbox.Message) {
			_, err := f.EnqueueTx(context.WithoutCancel(t.Context()), tx.tx, m)
			if err != nil {
				tx.rollback()
			} else {
				tx.commit()
			}
			failures <- err
		}
		go try(first, textTo(bob, "first to bob"))
		f.awaitWaiting(1)
		go try(second, text("second to alice"))
		var ended []error
		for range 2 {
			if err := <-failures; err != nil {
				ended = append(ended, err)
			}
		}
		if len(ended) != 1 || !f.store.(LockingStore[TTx]).IsDeadlock(ended[0]) {
			t.Errorf("ended with %v", ended)
		}
		f.settle()
		got := f.server.received()
		slices.Sort(got)
		if !slices.Equal(got, []string{"first to alice", "first to bob"}) && !slices.Equal(got, []string{"second to alice", "second to bob"}) {
			t.Errorf("recipients got %q", got)
		}
	})
	t.Run("a transaction that cancels and enqueues does not deadlock with the worker of the lane", func(t *testing.T) {
		for _, keyless := range []bool{false, true} {
			t.Run(fmt.Sprintf("without keys: %v", keyless), func(t *testing.T) {
				f := newFixtureOver(t, open, &server{keyless: keyless}, outbox.Config{})
				ids := f.enqueue(text("one"), text("two"), text("three"))
				tx := f.begin()
				f.server.reply(func(r *request) outcome {
					if r.Text == "one" {
						if _, err := f.CancelTx(t.Context(), tx.tx, ids[1], ids[2]); err != nil {
							t.Error(err)
						}
						tx.enqueue(text("four"))
					}
					return accept()
				})
				worked := make(chan error)
				lane := f.takeJobs()[0]
				go func() {
					_, err := f.driver.steps.WorkLane(t.Context(), lane)
					worked <- err
				}()
				f.awaitWaiting(1)
				tx.commit()
				if err := <-worked; err != nil {
					t.Fatal(err)
				}
				f.settle()
				want := []string{"one", "two", "three", "four"} // they had begun
				if keyless {
					want = []string{"one", "four"}
				}
				f.wantReceived(want...)
			})
		}
	})
}

// openTx is a transaction of the application's that is open.
type openTx[TTx any] struct {
	f        *fixture[TTx]
	tx       TTx
	end, not func(context.Context) error
}

func (f *fixture[TTx]) begin() *openTx[TTx] {
	f.Helper()
	tx, commit, rollback, err := f.store.Begin(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return &openTx[TTx]{f, tx, commit, rollback}
}

func (o *openTx[TTx]) enqueue(m outbox.Message) int64 {
	o.f.Helper()
	ids, err := o.f.EnqueueTx(o.f.Context(), o.tx, m)
	if err != nil {
		o.f.Error(err)
		return 0
	}
	return ids[0]
}

func (o *openTx[TTx]) commit() {
	o.f.Helper()
	if err := o.end(context.WithoutCancel(o.f.Context())); err != nil {
		o.f.Error(err)
	}
}

func (o *openTx[TTx]) rollback() {
	o.f.Helper()
	if err := o.not(context.WithoutCancel(o.f.Context())); err != nil {
		o.f.Error(err)
	}
}

// awaitWaiting returns when so many statements wait for locks.
func (f *fixture[TTx]) awaitWaiting(n int) {
	f.Helper()
	for f.store.(LockingStore[TTx]).Waiting(f.T) < n {
		if err := f.Context().Err(); err != nil {
			f.Fatal(err)
		}
	}
}
