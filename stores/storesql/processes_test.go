package storesql_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storesql"
)

const raceKeys = 100

// TestMain is also the main function of the processes that race for claims.
func TestMain(m *testing.M) {
	if dsn := os.Getenv("STORESQL_TEST_RACER"); dsn != "" {
		if err := race(dsn, os.Getenv("STORESQL_TEST_SCHEMA")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// race claims each of some keys and prints those that it got.
func race(dsn, schema string) error {
	p := &place{storesql.SQLite, "sqlite", dsn, "", nil}
	if schema != "" {
		p = &place{storesql.PostgreSQL, "pgx", dsn, schema, []storesql.Option{storesql.WithSchema(schema)}}
	}
	db, err := p.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	s, err := storesql.New(db, p.database, p.opts...)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.Migrate(ctx); err != nil { // also at once
		return err
	}
	d := s.Deduper()
	for i := range raceKeys {
		key := fmt.Sprint("key-", i)
		state, token, err := d.ClaimToken(ctx, key)
		if err == nil && state == kirim.Claimed {
			fmt.Println(key)
			err = d.CompleteToken(ctx, key, token)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func TestProcessesThatRaceForAKeyHaveOneWinner(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		var racers [3]*exec.Cmd
		var printed [len(racers)]strings.Builder
		for i := range racers {
			racer := exec.CommandContext(t.Context(), os.Args[0])
			racer.Env = append(os.Environ(), "STORESQL_TEST_RACER="+p.dsn, "STORESQL_TEST_SCHEMA="+p.schema)
			racer.Stdout, racer.Stderr = &printed[i], os.Stderr
			must(t, racer.Start())
			racers[i] = racer
		}
		var errs []error
		winners := make(map[string]int)
		for i, racer := range racers {
			errs = append(errs, racer.Wait())
			for key := range strings.FieldsSeq(printed[i].String()) {
				winners[key]++
			}
		}
		must(t, errors.Join(errs...))
		for i := range raceKeys {
			if n := winners[fmt.Sprint("key-", i)]; n != 1 {
				t.Errorf("key %d was claimed by %d processes", i, n)
			}
		}
	})
}
