package storesql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim/stores/storesql"
)

// busyFile is an SQLite file whose first connections fail, as those of a new file do
// that several processes open at once.
type busyFile struct {
	driver driver.Driver
	dsn    string
	left   atomic.Int64 // connections that fail
}

func (f *busyFile) Connect(context.Context) (driver.Conn, error) {
	if f.left.Add(-1) >= 0 {
		return nil, busyError{}
	}
	return f.driver.Open(f.dsn)
}

func (f *busyFile) Driver() driver.Driver { return f.driver }

// busyError is as the driver tells SQLITE_BUSY_RECOVERY, an extended code of SQLITE_BUSY.
type busyError struct{}

func (busyError) Error() string { return "database is locked" }
func (busyError) Code() int     { return 261 }

func openBusyFile(t *testing.T, busy int64) *storesql.Stores {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "stores.db") + "?_pragma=busy_timeout(1000)"
	unopened, err := sql.Open("sqlite", dsn)
	must(t, err)
	file := &busyFile{driver: unopened.Driver(), dsn: dsn}
	must(t, unopened.Close())
	file.left.Store(busy)
	db := sql.OpenDB(file)
	t.Cleanup(func() { must(t, db.Close()) })
	s, err := storesql.New(db, storesql.SQLite)
	must(t, err)
	return s
}

func TestAMigrationWaitsForAFileThatIsBusy(t *testing.T) {
	t.Parallel()
	s := openBusyFile(t, 3)
	must(t, s.Migrate(t.Context()))
}

func TestAMigrationOfAFileThatStaysBusyIsAnError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		patience time.Duration
		most     time.Duration
		want     error
	}{
		"in the end":               {time.Hour, 3 * time.Second, busyError{}},
		"when the context is over": {100 * time.Millisecond, 100 * time.Millisecond, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := openBusyFile(t, 1<<62)
				ctx, cancel := context.WithTimeout(t.Context(), tc.patience)
				defer cancel()
				began := time.Now()
				err := s.Migrate(ctx)
				if took := time.Since(began); !errors.Is(err, tc.want) || took > tc.most || took < 50*time.Millisecond {
					t.Errorf("after %v: %v", took, err)
				}
				if isOver := ctx.Err() != nil; errors.Is(err, context.DeadlineExceeded) != isOver {
					t.Errorf("%v", err)
				}
			})
		})
	}
}
