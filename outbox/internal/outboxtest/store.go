package outboxtest

import (
	"context"
	"errors"
	"testing"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Store is a database of a test's own, which is removed when the test ends.
type Store[TTx any] interface {
	// Driver reaches it as a process of its own does. Its clock is what {now} says
	// once UseClock was called.
	Driver(t *testing.T) driver.Driver[TTx]
	// Schema is where the tables are.
	Schema() string
	// Begin begins a transaction of the application's, and returns how it ends.
	Begin(ctx context.Context) (tx TTx, commit, rollback func(context.Context) error, err error)
	// UseClock makes {now} read the table outboxtest_clock from now on.
	UseClock(t *testing.T)
}

// Open makes a store.
type Open[TTx any] func(t *testing.T) Store[TTx]

// tappedDriver is a driver whose steps a test takes, and whose statements it can
// watch or make fail.
type tappedDriver[TTx any] struct {
	driver.Driver[TTx]
	steps  driver.Steps
	before func(statements []*driver.Statement) error
	after  func(statements []*driver.Statement) error // when they are committed
	seen   func(statements []*driver.Statement)       // also in transactions of several runs
	// between is called between the statements of the next run, which are no
	// transaction then.
	between func()
}

// errDatabaseAway is what before returns for a database that cannot be reached.
var errDatabaseAway = errors.New("the database is away")

func (d *tappedDriver[TTx]) SetSteps(steps driver.Steps) { d.steps = steps }

func (d *tappedDriver[TTx]) Pool() driver.Runner { return tappedRunner[TTx]{d} }

func (d *tappedDriver[TTx]) Within(tx TTx) driver.Runner {
	return seenRunner[TTx]{d.Driver.Within(tx), d}
}

// seenRunner tells a tappedDriver what it runs.
type seenRunner[TTx any] struct {
	driver.Runner
	driver *tappedDriver[TTx]
}

func (r seenRunner[TTx]) Run(ctx context.Context, statements ...*driver.Statement) error {
	if seen := r.driver.seen; seen != nil {
		seen(statements)
	}
	return r.Runner.Run(ctx, statements...)
}

func (d *tappedDriver[TTx]) IsUnavailable(err error) bool {
	return err == errDatabaseAway || d.Driver.IsUnavailable(err) //nolint:errorlint // it is not wrapped
}

type tappedRunner[TTx any] struct{ driver *tappedDriver[TTx] }

func (r tappedRunner[TTx]) Run(ctx context.Context, statements ...*driver.Statement) error {
	if seen := r.driver.seen; seen != nil {
		seen(statements)
	}
	if before := r.driver.before; before != nil {
		if err := before(statements); err != nil {
			return err
		}
	}
	if between := r.driver.between; between != nil {
		r.driver.between = nil
		return runOneByOne(ctx, r.driver.Driver.Pool(), between, statements)
	}
	err := r.driver.Driver.Pool().Run(ctx, statements...)
	if after := r.driver.after; after != nil && err == nil {
		err = after(statements)
	}
	return err
}

func runOneByOne(ctx context.Context, r driver.Runner, between func(), statements []*driver.Statement) error {
	for i, s := range statements {
		if i > 0 {
			between()
		}
		if err := r.Run(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
