package storesql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest/storetest"
	"github.com/kirim-go/kirim/stores/storesql"
)

const week = 7 * 24 * time.Hour

func TestTheDeduperPassesTheSuite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *place) {
		storetest.Deduper(t, func(t *testing.T) storetest.Opened[kirim.TokenDeduper] {
			o := opened(t, again(t), func(s *storesql.Stores) kirim.TokenDeduper { return s.Deduper() }, "kirim_claim")
			o.Lease, o.Retention = time.Minute, week
			return o
		})
	})
}

func TestTheStatusStorePassesTheSuite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *place) {
		storetest.StatusStore(t, func(t *testing.T) storetest.Opened[kirim.StatusStore] {
			o := opened(t, again(t), func(s *storesql.Stores) kirim.StatusStore { return s.Statuses() }, "kirim_status", "kirim_status_id")
			o.Retention = week
			return o
		})
	})
}

func TestTheLimitStorePassesTheSuite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *place) {
		storetest.LimitStore(t, func(t *testing.T) storetest.Opened[kirim.LimitStore] {
			o := opened(t, again(t), func(s *storesql.Stores) kirim.LimitStore { return s.Limits() }, "kirim_ratelimit")
			o.Retention = time.Hour
			return o
		})
	})
}

func TestTheWindowStorePassesTheSuite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		windows := func(s *storesql.Stores) kirim.WindowStore { return s.Windows() }
		storetest.WindowStore(t, func(t *testing.T) func() kirim.WindowStore { return opened(t, again(t), windows).Connect })
		o := opened(t, p, windows)
		storetest.WindowStoreRetention(t, o.Connect(), o.Advance)
	})
}

// again returns a new place for the subtest of a test on one database.
func again(t *testing.T) *place {
	if strings.Contains(t.Name(), "/SQLite/") {
		return sqlite(t)
	}
	return postgres(t)
}

func TestAWindowIsForgottenAfterTwoDays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		o := opened(t, p, func(s *storesql.Stores) *storesql.WindowStore { return s.Windows() }, "kirim_window", "kirim_decision")
		w := o.Connect()
		at := time.Now().Truncate(time.Millisecond)
		for i := range 40 {
			must(t, w.Opened(t.Context(), "1", fmt.Sprint("old ", i), at))
			if _, err := w.Decide(t.Context(), fmt.Sprint("old ", i), true); err != nil {
				t.Error(err)
			}
		}
		for _, hours := range []int{24, 24} {
			o.Advance(time.Duration(hours) * time.Hour)
			if last, err := w.LastOpened(t.Context(), "1", "old 1"); err != nil || !last.Equal(at) {
				t.Errorf("%v, %v", last, err)
			}
		}
		o.Advance(2 * time.Hour)
		if last, err := w.LastOpened(t.Context(), "1", "old 1"); err != nil || !last.IsZero() {
			t.Errorf("%v, %v", last, err)
		}
		for i := range 40 {
			must(t, w.Opened(t.Context(), "1", fmt.Sprint("new ", i), at))
			if _, err := w.Decide(t.Context(), fmt.Sprint("new ", i), true); err != nil {
				t.Error(err)
			}
		}
		if n := o.Count(); n > 100 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestPruneRemovesWhatIsOfNoUse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		tables := []string{"kirim_claim", "kirim_window", "kirim_decision", "kirim_status", "kirim_status_id", "kirim_ratelimit"}
		o := opened(t, p, func(s *storesql.Stores) *storesql.Stores { return s }, tables...)
		s := o.Connect()
		fill := func(name string) {
			if _, _, err := s.Deduper().ClaimToken(t.Context(), name); err != nil {
				t.Error(err)
			}
			_, err := s.Windows().Decide(t.Context(), name, true)
			_, _, applied := s.Statuses().Apply(t.Context(), &kirim.StatusUpdate{ID: name, Status: kirim.MessageSent})
			must(t, errors.Join(err, applied, s.Deduper().Complete(t.Context(), name+" done"), s.Windows().Opened(t.Context(), "1", name, time.Now()),
				s.Limits().SaveLimit(t.Context(), name, kirim.SeenLimit{At: time.Now()})))
		}
		fill("old")
		o.Advance(week + time.Hour)
		fill("new")
		n, err := s.Prune(t.Context())
		// A few calls have removed old rows themselves. A message is two rows.
		if left := o.Count(); err != nil || n > 6 || left != 7 {
			t.Errorf("%d removed, %d left, %v", n, left, err)
		}
		if n, err := s.Prune(t.Context()); n != 0 || err != nil {
			t.Errorf("%d removed again, %v", n, err)
		}
	})
}

func TestProcessesMayMigrateAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		var all sync.WaitGroup
		var errs [6]error
		for i := range errs {
			s, err := storesql.New(p.connect(t), p.database, p.opts...)
			must(t, err)
			all.Go(func() { errs[i] = errors.Join(s.Migrate(t.Context()), s.Migrate(t.Context())) })
		}
		all.Wait()
		must(t, errors.Join(errs[:]...))
		if n := count(t, p.connect(t), "kirim_migration"); n != 1 {
			t.Errorf("%d migrations were applied", n)
		}
	})
}

func TestTwoPrefixesAreTwoStores(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		db := p.connect(t)
		for _, prefix := range []string{"shop_", "support_"} {
			s := p.stores(t, db, storesql.WithPrefix(prefix))
			if state, err := s.Deduper().Claim(t.Context(), "k"); err != nil || state != kirim.Claimed {
				t.Errorf("%v, %v", state, err)
			}
			if n := count(t, db, prefix+"claim"); n != 1 {
				t.Errorf("%d rows", n)
			}
		}
	})
}

func TestASchemaIsCreated(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	db := p.connect(t)
	schema := p.schema + "_new"
	s, err := storesql.New(db, storesql.PostgreSQL, storesql.WithSchema(schema))
	must(t, err)
	must(t, s.Migrate(t.Context()))
	t.Cleanup(func() { run(t, db, "DROP SCHEMA "+schema+" CASCADE") })
	if n := count(t, db, schema+".kirim_claim"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestAfterTheMigrationNoRightToCreateIsNeeded(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	db := p.connect(t)
	p.stores(t, db)
	role := p.schema + "_app"
	run(t, db, "CREATE ROLE "+role)
	t.Cleanup(func() {
		run(t, db, "DROP OWNED BY "+role)
		run(t, db, "DROP ROLE "+role)
	})
	run(t, db, "GRANT USAGE ON SCHEMA "+p.schema+" TO "+role)
	run(t, db, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "+p.schema+" TO "+role)
	app := p.connect(t)
	app.SetMaxOpenConns(1)
	run(t, app, "SET ROLE "+role)
	s := p.stores(t, app)
	if state, err := s.Deduper().Claim(t.Context(), "k"); err != nil || state != kirim.Claimed {
		t.Errorf("%v, %v", state, err)
	}
	if _, err := s.Prune(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTablesOfALaterVersionAreLeftAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		db := p.connect(t)
		s := p.stores(t, db)
		run(t, db, "INSERT INTO kirim_migration (version) VALUES (1000)")
		if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "version 1000") {
			t.Errorf("%v", err)
		}
	})
}

func TestBadConfigurationIsAnError(t *testing.T) {
	t.Parallel()
	db := sqlite(t).connect(t)
	for want, open := range map[string]func() (*storesql.Stores, error){
		"the database is nil":         func() (*storesql.Stores, error) { return storesql.New(nil, storesql.SQLite) },
		"the database is Database(0)": func() (*storesql.Stores, error) { return storesql.New(db, 0) },
		"WithSchema: 0 bytes": func() (*storesql.Stores, error) {
			return storesql.New(db, storesql.PostgreSQL, storesql.WithSchema(""))
		},
		"WithSchema: 10 bytes": func() (*storesql.Stores, error) {
			return storesql.New(db, storesql.PostgreSQL, storesql.WithSchema("x; DROP y;"))
		},
		"WithSchema: SQLite": func() (*storesql.Stores, error) { return storesql.New(db, storesql.SQLite, storesql.WithSchema("x")) },
		"WithPrefix: 41 bytes": func() (*storesql.Stores, error) {
			return storesql.New(db, storesql.SQLite, storesql.WithPrefix(strings.Repeat("x", 41)))
		},
		"WithLease: 0s": func() (*storesql.Stores, error) { return storesql.New(db, storesql.SQLite, storesql.WithLease(0)) },
		"WithRetention: 1m0s": func() (*storesql.Stores, error) {
			return storesql.New(db, storesql.SQLite, storesql.WithRetention(time.Minute))
		},
	} {
		s, err := open()
		if s != nil || err == nil || !strings.HasPrefix(err.Error(), "kirim: storesql: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	if _, err := storesql.New(db, storesql.SQLite, nil, storesql.WithPrefix("x"), storesql.WithLease(time.Hour), storesql.WithRetention(time.Hour)); err != nil {
		t.Error(err)
	}
}

func TestSQLiteWithoutABusyTimeoutIsRefused(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/stores.db")
	must(t, err)
	defer db.Close()
	s, err := storesql.New(db, storesql.SQLite)
	must(t, err)
	if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "busy_timeout(10000)") {
		t.Errorf("%v", err)
	}
}

func TestWithoutTablesEveryCallIsAnError(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		s, err := storesql.New(p.connect(t), p.database, p.opts...)
		must(t, err)
		calls := map[string]func(context.Context) error{
			"claim":    func(ctx context.Context) error { _, _, err := s.Deduper().ClaimToken(ctx, "k"); return err },
			"complete": func(ctx context.Context) error { return s.Deduper().CompleteToken(ctx, "k", "t") },
			"release":  func(ctx context.Context) error { return s.Deduper().ReleaseToken(ctx, "k", "t") },
			"opened":   func(ctx context.Context) error { return s.Windows().Opened(ctx, "1", "2", time.Now()) },
			"last":     func(ctx context.Context) error { _, err := s.Windows().LastOpened(ctx, "1", "2"); return err },
			"decide":   func(ctx context.Context) error { _, err := s.Windows().Decide(ctx, "k", true); return err },
			"apply": func(ctx context.Context) error {
				_, _, err := s.Statuses().Apply(ctx, &kirim.StatusUpdate{ID: "w"})
				return err
			},
			"join":     func(ctx context.Context) error { return s.Statuses().Join(ctx, "msg_1", "w") },
			"progress": func(ctx context.Context) error { _, _, err := s.Statuses().Progress(ctx, "w", ""); return err },
			"save":     func(ctx context.Context) error { return s.Limits().SaveLimit(ctx, "k", kirim.SeenLimit{}) },
			"limit":    func(ctx context.Context) error { _, _, err := s.Limits().LastLimit(ctx, "k"); return err },
			"prune":    func(ctx context.Context) error { _, err := s.Prune(ctx); return err },
		}
		for name, call := range calls {
			if err := call(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "kirim: storesql: "+name) && !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := call(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s with a context that ended: %v", name, err)
			}
		}
	})
}
