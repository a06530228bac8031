package outbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Outbox keeps messages in a database and sends them. TTx is the type of the
// caller's transactions. Get one from package outboxpg or outboxsqlite. It is safe
// for concurrent use.
type Outbox[TTx any] struct {
	*engine
	driver driver.Driver[TTx]
	insert *river.Client[TTx] // for jobs

	mu      sync.Mutex
	inbox   *inbox // nil when there is none
	running bool
	closed  bool
}

// New returns an outbox over a driver. It is for the packages outboxpg and
// outboxsqlite.
func New[TTx any](ctx context.Context, d driver.Driver[TTx], sender Sender, config Config) (*Outbox[TTx], error) {
	if isNil(sender) || sendsNothing(sender) {
		return nil, refuse("sender", "a Sender", "nil")
	}
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	e := &engine{
		config: config, sender: sender, pool: d.Pool(), dialect: d.Dialect(), sql: newQueries(d.Dialect()),
		isUnavailable: d.IsUnavailable, untold: make(chan struct{}, 1),
	}
	e.getter, _ = sender.(Getter)
	if config.PollInterval == 0 {
		e.config.PollInterval = d.PollInterval()
	}
	insert, err := river.NewClient(d.River(), &river.Config{Schema: config.Schema, Logger: riverLogger(config.Logger), Test: river.TestConfig{Time: riverClock()}})
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	o := &Outbox[TTx]{engine: e, driver: d, insert: insert}
	e.inTx = func(ctx context.Context, f func(driver.Transaction) error) error {
		return d.InTx(ctx, func(tx TTx) error { return f(o.within(tx)) })
	}
	if stepper, ok := any(d).(driver.Stepper); ok {
		stepper.SetSteps(driver.Steps{
			WorkLane: func(ctx context.Context, lane int64) (snoozed bool, err error) {
				locked, err := e.workJob(ctx, lane)
				return locked != nil, err
			},
			Sweep:        func(ctx context.Context) error { return e.performOnce(ctx, sweepEvery) },
			Forget:       func(ctx context.Context) error { return e.performOnce(ctx, rareSweep) },
			WorkDelivery: func(ctx context.Context, id int64) error { return o.inbox.work(ctx, id) },
		})
	}
	if config.Migrate {
		if err := o.Migrate(ctx); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Migrate makes the tables of the outbox and of River, or brings them up to date. It
// may be called by several processes at once, and while others of the version
// before still run.
func (o *Outbox[TTx]) Migrate(ctx context.Context) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	if err := o.driver.Migrate(ctx); err != nil {
		return fmt.Errorf("outbox: migrate: %w", err)
	}
	return nil
}

// transaction is a [driver.Transaction] in one of the caller's.
type transaction[TTx any] struct {
	driver.Runner
	tx     TTx
	insert *river.Client[TTx]
}

// InsertJobs implements [driver.Transaction].
func (t transaction[TTx]) InsertJobs(ctx context.Context, jobs []river.InsertManyParams) error {
	_, err := t.insert.InsertManyFastTx(ctx, t.tx, jobs)
	return err
}

func (o *Outbox[TTx]) within(tx TTx) driver.Transaction {
	return transaction[TTx]{o.driver.Within(tx), tx, o.insert}
}

// EnqueueTx adds messages in a transaction of the caller's, and returns their ids in
// the order of the messages. They are sent after its commit. It does not
// check whether [Outbox.Run] is called anywhere.
//
// A message with the key of an earlier one is the earlier one, whose id is
// returned; if it says something else, there is a [*KeyReusedError]. A bad message is
// a [*kirim.ValidationError]. After either of them nothing was enqueued and the
// transaction can go on. At most 10,000 messages are taken in one call.
//
// The recipients are locked until the transaction ends, in the order of their
// names: two transactions that call it several times each, for the same
// recipients in opposite orders, can wait for each other, and the database ends one
// of them.
func (o *Outbox[TTx]) EnqueueTx(ctx context.Context, tx TTx, messages ...Message) ([]int64, error) {
	if err := o.checkTx(ctx, tx); err != nil {
		return nil, err
	}
	return o.enqueueIn(ctx, o.within(tx), messages)
}

// EnqueueIn is EnqueueTx in a transaction of another type. It is for package
// outboxpg.
func (o *Outbox[TTx]) EnqueueIn(ctx context.Context, tx driver.Transaction, messages ...Message) ([]int64, error) {
	if err := o.check(ctx); err != nil {
		return nil, err
	}
	return o.enqueueIn(ctx, tx, messages)
}

func (e *engine) enqueueIn(ctx context.Context, tx driver.Transaction, messages []Message) ([]int64, error) {
	return e.enqueueObserved(ctx, messages, func(ctx context.Context, added *addedMessages) ([]int64, error) {
		return e.enqueue(ctx, tx, messages, added)
	})
}

// Enqueue is EnqueueTx in a transaction of its own: all messages are enqueued,
// or none.
func (o *Outbox[TTx]) Enqueue(ctx context.Context, messages ...Message) ([]int64, error) {
	if err := o.check(ctx); err != nil {
		return nil, err
	}
	return o.enqueueObserved(ctx, messages, func(ctx context.Context, added *addedMessages) (ids []int64, err error) {
		err = o.inTx(ctx, func(tx driver.Transaction) (err error) {
			ids, err = o.enqueue(ctx, tx, messages, added)
			return err
		})
		if err != nil {
			return nil, err
		}
		return ids, nil
	})
}

// check refuses what no method takes.
func (o *Outbox[TTx]) check(ctx context.Context) error {
	if isNil(ctx) {
		return refuse("ctx", "a context", "nil")
	}
	if o == nil || o.engine == nil {
		return errors.New("outbox: the Outbox is nil or was not opened")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	return nil
}

// checkTx refuses a transaction that is none, too.
func (o *Outbox[TTx]) checkTx(ctx context.Context, tx TTx) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	if isNil(tx) {
		return refuse("tx", "a transaction", "nil")
	}
	return nil
}

func isNil(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Map:
		return v.IsNil()
	default:
		return false
	}
}

// Run sends messages until ctx ends. Then it takes no more, waits for the sends in
// progress for [Config.DrainTimeout] at most, and returns nil. An error is one of the
// database when it starts: afterwards it goes on when the database fails, and is
// there again. It can be called again after it has returned, but not twice at once.
func (o *Outbox[TTx]) Run(ctx context.Context) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	if _, isDisabled := o.sender.(disabled); isDisabled {
		return errDisabled
	}
	if err := o.begin(ctx); err != nil {
		return err
	}
	defer o.end()
	if err := o.CheckTables(ctx); err != nil {
		return unlessEnded(ctx, err)
	}
	if err := o.readPauses(ctx); err != nil {
		return unlessEnded(ctx, fmt.Errorf("outbox: %w", err))
	}
	workers, err := o.newWorkers()
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	if err := workers.Start(ctx); err != nil {
		return unlessEnded(ctx, fmt.Errorf("outbox: start: %w", err))
	}
	sweeping, stopSweep := context.WithCancel(context.WithoutCancel(ctx))
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		o.sweep(sweeping)
	}()
	<-workers.Stopped()
	stopSweep()
	<-swept
	return nil
}

// unlessEnded returns the error of a start, and nil when the context has ended
// in the meantime, which is no failure of the database.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

func (o *Outbox[TTx]) begin(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running {
		return errors.New("outbox: Run is called twice at once")
	}
	o.running = true
	o.engine.mu.Lock()
	defer o.engine.mu.Unlock()
	o.ending = ctx.Done()
	return nil
}

func (o *Outbox[TTx]) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running = false
}

// CheckTables returns an error that says what to do when the tables are not
// there, or are those of an older version. [Outbox.Run] begins with it.
func (o *Outbox[TTx]) CheckTables(ctx context.Context) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	versions, err := driver.Migrations(ctx, o.dialect, o.pool)
	if err != nil {
		return fmt.Errorf("outbox: read the version of the tables (were they made? see Migrate): %w", err)
	}
	if len(versions) < driver.Version {
		return fmt.Errorf("outbox: the tables are at version %d, and %d is needed: call Migrate", len(versions), driver.Version)
	}
	return nil
}

// jobTimeout is the longest that a job can take: the work on a lane, and one
// attempt and the record of it.
func (e *engine) jobTimeout() time.Duration {
	return longestWork + e.config.AttemptTimeout + 2*e.config.Lease
}

// newWorkers returns a client of River that works the jobs.
func (o *Outbox[TTx]) newWorkers() (*river.Client[TTx], error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &laneWorker{engine: o.engine}); err != nil {
		return nil, err
	}
	queues := make(map[string]river.QueueConfig)
	o.mu.Lock()
	in := o.inbox
	o.mu.Unlock()
	if in != nil {
		if err := river.AddWorkerSafely(workers, &deliveryWorker{inbox: in}); err != nil {
			return nil, err
		}
		queues[inboxQueue] = river.QueueConfig{MaxWorkers: in.config.Workers}
	}
	for class, c := range o.config.Classes {
		if c.Workers > 0 {
			queues[queueOf(class)] = river.QueueConfig{MaxWorkers: c.Workers}
		}
	}
	return river.NewClient(o.driver.River(), &river.Config{
		Schema:               o.config.Schema,
		Logger:               riverLogger(o.config.Logger),
		Queues:               queues,
		Workers:              workers,
		FetchCooldown:        20 * time.Millisecond,
		FetchPollInterval:    o.config.PollInterval,
		PollOnly:             o.config.PollOnly,
		JobTimeout:           o.jobTimeout(),
		RescueStuckJobsAfter: 2 * o.jobTimeout(),
		SoftStopTimeout:      o.config.DrainTimeout,
		FetchOnlyKnownKinds:  true,
		Test:                 river.TestConfig{Time: riverClock()},
	})
}

// Close releases what the outbox has opened itself. It does not wait for
// [Outbox.Run], whose context ends first.
func (o *Outbox[TTx]) Close() error {
	if o == nil || o.engine == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running {
		return errors.New("outbox: Close while Run has not returned: end its context first")
	}
	if o.closed {
		return nil
	}
	o.closed = true
	return o.driver.Close()
}

// Classes returns the classes of [Config.Classes], with those that exist without it, sorted.
func (o *Outbox[TTx]) Classes() []Class {
	if o == nil || o.engine == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(o.config.Classes))
}

// Schema returns [Config.Schema].
func (o *Outbox[TTx]) Schema() string {
	if o == nil || o.engine == nil {
		return ""
	}
	return o.config.Schema
}
