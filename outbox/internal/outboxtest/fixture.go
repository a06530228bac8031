package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// fixture is a database with the tables of the outbox, a server, and one process
// that uses both. The clock of the database stands still until a test moves it.
type fixture[TTx any] struct {
	*testing.T
	*process[TTx]
	store   Store[TTx]
	server  *server
	snoozed []int64 // lanes whose jobs come again
}

// process is an outbox as one process has it. Nothing is sent unless a test takes
// the steps, or calls Run.
type process[TTx any] struct {
	*outbox.Outbox[TTx]
	driver *tappedDriver[TTx]
}

// begin of the clock.
var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

const (
	from  = "100000000000001"
	alice = "+6281234567001"
	bob   = "+6281234567002"
)

// newFixture makes a fixture with a server that honours keys.
func newFixture[TTx any](t *testing.T, open Open[TTx], config outbox.Config) *fixture[TTx] {
	t.Helper()
	return newFixtureOver(t, open, &server{}, config)
}

func newFixtureOver[TTx any](t *testing.T, open Open[TTx], s *server, config outbox.Config) *fixture[TTx] {
	t.Helper()
	t.Parallel()
	f := &fixture[TTx]{T: t, store: open(t), server: s}
	d := f.store.Driver(t)
	f.execIn(d, `CREATE TABLE {s}outboxtest_clock (micros bigint NOT NULL)`)
	f.execIn(d, `INSERT INTO {s}outboxtest_clock VALUES ($1)`, start.UnixMicro())
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.store.UseClock(t)
	f.process = f.startProcess(s.sender(t), config)
	return f
}

// startProcess opens the outbox as another process does.
func (f *fixture[TTx]) startProcess(sender outbox.Sender, config outbox.Config) *process[TTx] {
	f.Helper()
	d := &tappedDriver[TTx]{Driver: f.store.Driver(f.T)}
	config.Schema = f.store.Schema()
	box, err := outbox.New(f.Context(), d, sender, config)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := box.Close(); err != nil {
			f.Error(err)
		}
	})
	return &process[TTx]{box, d}
}

// forward moves the clock of the database.
func (f *fixture[TTx]) forward(by time.Duration) {
	f.Helper()
	f.exec(`UPDATE {s}outboxtest_clock SET micros = micros + $1`, by.Microseconds())
}

// exec runs a statement in the words of [driver.Dialect].
func (f *fixture[TTx]) exec(sql string, args ...any) int64 {
	f.Helper()
	return f.execIn(f.driver.Driver, sql, args...)
}

func (f *fixture[TTx]) execIn(d driver.Driver[TTx], sql string, args ...any) int64 {
	f.Helper()
	s := &driver.Statement{SQL: d.Dialect().SQL(sql), Args: args}
	if err := d.Pool().Run(f.Context(), s); err != nil {
		f.Fatalf("%s: %v", sql, err)
	}
	return s.Affected
}

func (f *fixture[TTx]) query(sql string, each func(scan func(...any) error) error, args ...any) {
	f.Helper()
	d := f.driver.Driver
	if err := d.Pool().Run(f.Context(), &driver.Statement{SQL: d.Dialect().SQL(sql), Args: args, Each: each}); err != nil {
		f.Fatalf("%s: %v", sql, err)
	}
}

// number returns the only number that a query returns.
func (f *fixture[TTx]) number(sql string, args ...any) (n int64) {
	f.Helper()
	f.query(sql, func(scan func(...any) error) error { return scan(&n) }, args...)
	return n
}

// settle does, in one process, all that can be done now: the sweep, and the jobs
// that wait.
func (f *fixture[TTx]) settle() {
	f.Helper()
	f.settleIn(f.process)
}

func (f *fixture[TTx]) settleIn(p *process[TTx]) {
	f.Helper()
	for range 1000 {
		if err := p.driver.steps.Sweep(f.Context()); err != nil {
			f.Fatal(err)
		}
		lanes := f.takeJobs()
		if len(lanes) == 0 {
			return
		}
		snoozed := false
		for _, lane := range lanes {
			snoozed = f.work(p, lane) || snoozed
		}
		if snoozed {
			return // it would come again at once
		}
	}
	f.Fatal("there is always more to do")
}

// work does the job of a lane and reports whether the lane was locked.
func (f *fixture[TTx]) work(p *process[TTx], lane int64) (snoozed bool) {
	f.Helper()
	snoozed, err := p.driver.steps.WorkLane(f.Context(), lane)
	if err != nil {
		f.Fatal(err)
	}
	if snoozed {
		f.snoozed = append(f.snoozed, lane)
	}
	return snoozed
}

// takeJobs takes the jobs that wait, as River does, and returns their lanes.
func (f *fixture[TTx]) takeJobs() (lanes []int64) {
	f.Helper()
	f.query(`DELETE FROM {s}river_job WHERE kind = 'kirim_lane' AND state = 'available' RETURNING {argument args: lane}`, func(scan func(...any) error) error {
		var lane int64
		err := scan(&lane)
		lanes = append(lanes, lane)
		return err
	})
	slices.Sort(lanes)
	lanes = append(f.snoozed, lanes...)
	f.snoozed = nil
	return lanes
}

// text is a message with a text, to alice.
func text(body string) outbox.Message { return textTo(alice, body) }

func textTo(to, body string) outbox.Message {
	return outbox.Message{From: from, Message: kirim.OutboundMessage{To: to, Content: kirim.Text{Body: body}}}
}

// enqueue enqueues in the first process.
func (f *fixture[TTx]) enqueue(messages ...outbox.Message) []int64 {
	f.Helper()
	ids, err := f.Enqueue(f.Context(), messages...)
	if err != nil {
		f.Fatal(err)
	}
	return ids
}

// enqueueOne enqueues a message and returns its id.
func (f *fixture[TTx]) enqueueOne(m outbox.Message) int64 {
	f.Helper()
	return f.enqueue(m)[0]
}

func (f *fixture[TTx]) record(id int64) *outbox.Record {
	f.Helper()
	r, err := f.Get(f.Context(), id)
	if err != nil {
		f.Fatalf("message id %d: %v", id, err)
	}
	return r
}

// wantState checks the states of messages.
func (f *fixture[TTx]) wantState(want outbox.State, ids ...int64) {
	f.Helper()
	for _, id := range ids {
		if r := f.record(id); r.State != want {
			f.Errorf("message id %d is %s (%v), want %s", id, r.State, r.Err, want)
		}
	}
}

// wantReceived checks what recipients got, in order.
func (f *fixture[TTx]) wantReceived(want ...string) {
	f.Helper()
	if got := f.server.received(); !slices.Equal(got, want) {
		f.Errorf("recipients got %q, want %q", got, want)
	}
}

// inTx runs what a program does in a transaction of its own, and commits.
func (f *fixture[TTx]) inTx(do func(ctx context.Context, tx TTx) error) error {
	f.Helper()
	tx, commit, rollback, err := f.store.Begin(f.Context())
	if err != nil {
		return err
	}
	if err := do(f.Context(), tx); err != nil {
		if failed := rollback(f.Context()); failed != nil {
			return fmt.Errorf("%w; and rollback: %w", err, failed)
		}
		return err
	}
	return commit(f.Context())
}

func isInvalid(err error) bool {
	var invalid *kirim.ValidationError
	return errors.As(err, &invalid)
}
