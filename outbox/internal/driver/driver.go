// Package driver is what the outbox needs of a database. The modules outboxpg
// and outboxsqlite implement it.
package driver

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

// Driver reaches one database, whose transactions are of type TTx.
type Driver[TTx any] interface {
	// River returns the driver that River uses for the same database.
	River() riverdriver.Driver[TTx]
	// Dialect returns how its SQL differs.
	Dialect() Dialect
	// Pool runs statements in a transaction of their own.
	Pool() Runner
	// Within runs statements in a transaction that is already open.
	Within(tx TTx) Runner
	// InTx runs f in a transaction, which it commits unless f fails.
	InTx(ctx context.Context, f func(tx TTx) error) error
	// Migrate brings River's tables and those of the outbox up to date. Several
	// processes may call it at once.
	Migrate(ctx context.Context) error
	// IsUnavailable reports whether an error says that the database cannot be
	// reached, or has refused a statement that may succeed later.
	IsUnavailable(err error) bool
	// PollInterval is how often to look for jobs in addition to notifications.
	PollInterval() time.Duration
	// Close releases what the driver has opened itself.
	Close() error
}

// Runner runs statements.
type Runner interface {
	// Run runs the statements in order, as one transaction, in one round trip
	// where the database can. Each sees what others committed before it began.
	Run(ctx context.Context, statements ...*Statement) error
}

// Statement is a statement of SQL with its arguments and what it returned.
type Statement struct {
	SQL  string
	Args []any
	// Each is called for each row that is returned; nil for statements that
	// return none.
	Each func(scan func(into ...any) error) error
	// Affected is set to the number of rows that were changed, or returned.
	Affected int64
}

// Transaction is the caller's, in which messages are enqueued.
type Transaction interface {
	Runner
	// InsertJobs adds jobs to River's queues.
	InsertJobs(ctx context.Context, jobs []river.InsertManyParams) error
}

// Steps are what the workers and the sweep of an outbox do, for tests that do it by
// hand: in an order, and at times, of their own.
type Steps struct {
	// WorkLane does the job of a lane. It reports whether the job is to come again
	// later.
	WorkLane func(ctx context.Context, lane int64) (snoozed bool, err error)
	// WorkDelivery does the job of a delivery in the inbox.
	WorkDelivery func(ctx context.Context, delivery int64) error
	// Sweep does what is done every second, Forget what is done every minute.
	Sweep, Forget func(ctx context.Context) error
}

// Stepper is a [Driver] that wants the steps of the outbox which is made over it.
type Stepper interface{ SetSteps(steps Steps) }
