package storesql_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim/kirimtest/storetest"
	"github.com/kirim-go/kirim/stores/storesql"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// place is a new database, or a new schema of one.
type place struct {
	database storesql.Database
	driver   string
	dsn      string // with the schema in the search path
	schema   string // of PostgreSQL
	opts     []storesql.Option
}

// each runs a test on each database.
func each(t *testing.T, test func(*testing.T, *place)) {
	t.Helper()
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, postgres(t))
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, sqlite(t))
	})
}

// postgres makes a schema, which is dropped after the test.
func postgres(t testing.TB) *place {
	t.Helper()
	server := os.Getenv("KIRIM_TEST_POSTGRES")
	if server == "" {
		const why = "needs PostgreSQL: set KIRIM_TEST_POSTGRES to the URL of a database, such as postgres://postgres@127.0.0.1:5432/postgres"
		if os.Getenv("KIRIM_REQUIRE_POSTGRES") == "1" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	schema := "storesql_" + strings.ToLower(rand.Text()[:12])
	db, err := sql.Open("pgx", server)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	run(t, db, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { run(t, db, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(server)
	must(t, err)
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return &place{storesql.PostgreSQL, "pgx", u.String(), schema, []storesql.Option{storesql.WithSchema(schema)}}
}

func sqlite(t testing.TB) *place {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "stores.db") + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(20000)&_pragma=synchronous(NORMAL)"
	return &place{storesql.SQLite, "sqlite", dsn, "", nil}
}

// open returns a pool of its own, as another process has one.
func (p *place) open() (*sql.DB, error) {
	db, err := sql.Open(p.driver, p.dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	if p.database == storesql.SQLite {
		db.SetMaxOpenConns(1)
	}
	return db, nil
}

// connect is open for a test, after which it is closed.
func (p *place) connect(t testing.TB) *sql.DB {
	t.Helper()
	db, err := p.open()
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// stores returns the stores on a pool, migrated.
func (p *place) stores(t testing.TB, db *sql.DB, opts ...storesql.Option) *storesql.Stores {
	t.Helper()
	s, err := storesql.New(db, p.database, append(p.opts, opts...)...)
	must(t, err)
	must(t, s.Migrate(t.Context()))
	return s
}

// opened makes a suite's store of which each process has one of two pools. Its time can
// be moved. The rows of tables are counted.
func opened[S any](t *testing.T, p *place, store func(*storesql.Stores) S, tables ...string) storetest.Opened[S] {
	t.Helper()
	pools := [2]*sql.DB{p.connect(t), p.connect(t)}
	run(t, pools[0], "CREATE TABLE ahead (ahead bigint)")
	run(t, pools[0], "INSERT INTO ahead VALUES (0)")
	var stores [2]*storesql.Stores
	for i, db := range pools {
		stores[i] = p.stores(t, db, storesql.WithClock("ahead"))
	}
	connected := 0
	return storetest.Opened[S]{
		Connect: func() S { connected++; return store(stores[connected%2]) },
		Advance: func(d time.Duration) {
			run(t, pools[0], fmt.Sprint("UPDATE ahead SET ahead = ahead + ", d.Milliseconds()))
		},
		Count: func() (n int) {
			for _, table := range tables {
				n += count(t, pools[0], table)
			}
			return n
		},
	}
}

func count(t *testing.T, db *sql.DB, table string) (n int) {
	t.Helper()
	must(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func run(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(context.WithoutCancel(t.Context()), statement) // also after the test
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
