package driver

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Script runs the statements of a migration.
type Script func(ctx context.Context, sql string) error

// InTransaction calls do with what runs statements in one transaction.
type InTransaction func(ctx context.Context, do func(r Runner, run Script) error) error

// Version is the version of the schema that this version of the outbox needs. It works without
// the migrations that come after it: 2 makes Backlog and Depths fast, 3 the sweep.
const Version = 1

// Migrate runs the migrations of files, named 001_what.sql and so on, that
// have not run yet, each in a transaction of inTx. No other process migrates
// meanwhile. A migration locks one table that is in use: with the locks of two in one
// transaction, it and a call that enqueues could wait for each other. The table that names
// the migrations is not that of package storesql, whose tables may be in the same schema.
func Migrate(ctx context.Context, d Dialect, files fs.FS, inTx InTransaction) error {
	var done []int
	err := inTx(ctx, func(r Runner, _ Script) error {
		table := &Statement{SQL: d.SQL(`CREATE TABLE IF NOT EXISTS {s}kirim_outbox_migration (version bigint PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL)`)}
		err := r.Run(ctx, table)
		if err == nil {
			done, err = Migrations(ctx, d, r)
		}
		return err
	})
	if err != nil {
		return err
	}
	names, err := fs.Glob(files, "*/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	for i, name := range names {
		version := i + 1
		if slices.Contains(done, version) {
			continue
		}
		script, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		title := strings.TrimSuffix(path.Base(name), ".sql")
		err = inTx(ctx, func(r Runner, run Script) error {
			if err := run(ctx, d.SQL(string(script))); err != nil {
				return err
			}
			return r.Run(ctx, &Statement{
				SQL:  d.SQL(`INSERT INTO {s}kirim_outbox_migration (version, name, applied_at) VALUES ($1, $2, {now})`),
				Args: []any{version, title},
			})
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", title, err)
		}
	}
	return nil
}

// Migrations returns the versions of the migrations that have run.
func Migrations(ctx context.Context, d Dialect, r Runner) (versions []int, err error) {
	err = r.Run(ctx, &Statement{
		SQL: d.SQL(`SELECT version FROM {s}kirim_outbox_migration ORDER BY version`),
		Each: func(scan func(...any) error) error {
			var version int
			err := scan(&version)
			versions = append(versions, version)
			return err
		},
	})
	return versions, err
}
