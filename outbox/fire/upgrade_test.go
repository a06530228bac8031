package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

var update = flag.Bool("update", false, "write the tables of the first release anew; not after that release")

// frozen is when the rows of the fixtures were written, in microseconds.
const frozen = 1_790_000_000_000_000

// schemaOfTheDump stands in the dump of PostgreSQL where the schema does.
const schemaOfTheDump = "first_release"

// databases are those with a fixture of the first release.
var databases = []struct {
	name, fixture string
	plan          func(t *testing.T) plan
	dump          func(r *rig) string
	catalogue     []string // queries that describe the tables
}{
	{
		"PostgreSQL", "../outboxpg/testdata/schema_001.sql", func(*testing.T) plan { return plan{} }, dumpPostgres,
		[]string{
			`SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(column_default, '') FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'migrated'`,
			`SELECT regexp_replace(indexdef, ' ON [^ ]*\.', ' ON ') FROM pg_indexes WHERE schemaname = current_schema()`,
		},
	},
	{
		"SQLite", "../outboxsqlite/testdata/schema_001.sql", func(t *testing.T) plan { return plan{SQLite: filepath.Join(t.TempDir(), "orders.db")} }, dumpSQLite,
		[]string{`SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'`},
	},
}

func TestTheTablesOfTheFirstReleaseUpgradeToThoseOfThis(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			p := d.plan(t)
			catalogue := func(r *rig) (lines []string) {
				for _, query := range d.catalogue {
					lines = append(lines, r.texts(query)...)
				}
				slices.Sort(lines)
				return lines
			}
			fresh := newRig(t, p)
			want := catalogue(fresh)
			if *update {
				fresh.writeFirstRelease()
				if err := os.WriteFile(d.fixture, []byte(d.dump(fresh)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p = d.plan(t)
			upgraded := newRigOver(t, p, func(r *rig) { r.restore(d.fixture) })
			if err := upgraded.box.migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := catalogue(upgraded)
			if !slices.Equal(got, want) {
				t.Errorf("the upgraded tables differ from fresh ones:\n%s", difference(got, want))
			}
		})
	}
}

// difference lists what is in one list alone.
func difference(got, want []string) string {
	var b strings.Builder
	for _, line := range got {
		if !slices.Contains(want, line) {
			fmt.Fprintln(&b, "upgraded:", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			fmt.Fprintln(&b, "fresh:", line)
		}
	}
	return b.String()
}

// The rows of the first release: open ones, ones in doubt, ones whose worker has
// died, one that is unknown, one that was discarded, and one that is due later.
func TestAnUpgradeBesideAWorkerOfBeforeLosesNothing(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			r := newRigOver(t, d.plan(t), func(r *rig) { r.restore(d.fixture) })
			r.shiftTimes()
			for _, key := range []string{"up-2-0", "up-3-0"} { // whose requests had reached the server
				r.sendAsBefore(key)
			}
			for i, key := range oldKeys {
				recipient := recipientOf(oldRecipient(key))
				switch key {
				case unknownOldKey:
					continue
				case laterOldKey: // the others to its recipient do not wait for it
					recipient = "later"
				}
				r.exec("INSERT INTO "+r.table+" (key, recipient, place) VALUES ($1, $2, $3)", key, recipient, i)
			}
			r.exec("INSERT INTO " + r.table + "_counter (recipient, place) SELECT recipient, 1000 FROM " + r.table + " GROUP BY recipient")
			r.startWorker()
			enqueuer := r.startEnqueuer(enqueuePlan{PerSecond: 20})
			time.Sleep(time.Second)
			if err := r.box.migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.startWorker()
			time.Sleep(time.Duration(max(3, 6**tenths)) * time.Second)
			enqueuer.end(t)
			r.finish(time.Minute)
			end := r.history().ended[unknownOldKey]
			if end.state != outbox.StateUnknown || r.sandbox.Processed(unknownOldKey) != 0 {
				t.Errorf("what was unknown is %s, and was processed %d times", end.state, r.sandbox.Processed(unknownOldKey))
			}
		})
	}
}

// oldKeys are the messages of the fixtures, in the order of their ids. The number is
// that of the recipient.
var oldKeys = []string{"up-1-0", "up-1-1", "up-2-0", "up-2-1", "up-3-0", "up-3-1", "up-4-0", "up-5-0", "up-6-0"}

const (
	unknownOldKey = "up-4-0"
	laterOldKey   = "up-6-0"
)

func oldRecipient(key string) int { return int(key[3] - '0') }

// writeFirstRelease writes the rows of the fixtures.
func (r *rig) writeFirstRelease() {
	r.t.Helper()
	for _, key := range oldKeys {
		if err := r.enqueueOne(r.t.Context(), key, recipientOf(oldRecipient(key))); err != nil {
			r.t.Fatal(err)
		}
	}
	r.exec("DROP TABLE " + r.table)
	r.exec("DROP TABLE " + r.table + "_counter")
	const at = frozen
	set := func(format string, args ...any) { r.exec(fmt.Sprintf(format, args...)) }
	set("UPDATE kirim_message SET created_at = %d", at)
	set("UPDATE kirim_lane SET job_at = %d, due_at = %d", at, at+60_000_000)
	set("UPDATE kirim_message SET first_attempt_at = %d, in_doubt = true, attempts = 1, error = '{\"text\":\"kirim: POST /{id}/messages: 502\",\"kind\":\"upstream\"}', error_kind = 'upstream' WHERE key = 'up-2-0'", at)
	set("UPDATE kirim_lane SET state = 'parked', due_at = %d WHERE name LIKE '%%%s%%'", at+1_000_000, recipientOf(2)[1:])
	set("UPDATE kirim_message SET first_attempt_at = %d WHERE key IN ('up-3-0', 'up-3-1')", at)
	set("UPDATE kirim_lane SET state = 'owned', owner = 'AWORKEROFTHEFIRSTRELEASE', due_at = %d WHERE name LIKE '%%%s%%'", at+5_000_000, recipientOf(3)[1:])
	set("UPDATE kirim_message SET state = 'unknown', first_attempt_at = %d, in_doubt = true, attempts = 1, ended_at = %d WHERE key = '%s'", at, at, unknownOldKey)
	set("UPDATE kirim_message SET state = 'discarded', attempts = 1, ended_at = %d, error = '{\"text\":\"kirim: POST /{id}/messages: 400 131026\",\"kind\":\"recipient_unavailable\",\"meta_code\":131026}', error_kind = 'recipient_unavailable' WHERE key = 'up-5-0'", at)
	set("UPDATE kirim_message SET not_before = %d WHERE key = '%s'", at+4_000_000, laterOldKey)
	set("UPDATE kirim_lane SET state = 'idle', due_at = %d WHERE name LIKE '%%%s%%'", at+4_000_000, recipientOf(6)[1:])
}

// shiftTimes makes the rows of a fixture as young as they were.
func (r *rig) shiftTimes() {
	r.t.Helper()
	shift := time.Now().UnixMicro() - frozen
	for _, column := range []string{"kirim_message.created_at", "kirim_message.first_attempt_at", "kirim_message.ended_at", "kirim_message.not_before", "kirim_lane.job_at", "kirim_lane.due_at"} {
		table, name, _ := strings.Cut(column, ".")
		r.exec(fmt.Sprintf("UPDATE %s SET %s = %s + %d WHERE %s IS NOT NULL", table, name, name, shift, name))
	}
}

// sendAsBefore lets the server take a message as the first release had sent it.
func (r *rig) sendAsBefore(key string) {
	r.t.Helper()
	client, err := kirim.NewClient(r.plan.APIKey, kirim.WithBaseURL(r.plan.BaseURL))
	if err != nil {
		r.t.Fatal(err)
	}
	m := messageOf(r.plan.Number, recipientOf(oldRecipient(key)), key)
	if _, err := client.PhoneNumber(r.plan.Number).Messages.Send(r.t.Context(), m.Message, kirim.WithIdempotencyKey(key)); err != nil {
		r.t.Fatal(err)
	}
}

// restore runs the script of a fixture.
func (r *rig) restore(fixture string) {
	r.t.Helper()
	script, err := os.ReadFile(fixture)
	if err != nil {
		r.t.Fatal(err)
	}
	r.exec(strings.ReplaceAll(string(script), schemaOfTheDump, r.plan.Schema))
}

// texts returns the first column of a query.
func (r *rig) texts(query string) (lines []string) {
	r.t.Helper()
	rows, err := r.box.db.QueryContext(r.t.Context(), query)
	if err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			r.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return lines
}

var setting = regexp.MustCompile(`(?m)^(--.*|SET .*|SELECT pg_catalog.set_config.*|CREATE SCHEMA .*|\\.*)?\n`)

// dumpPostgres dumps with pg_dump, which goes with the server.
func dumpPostgres(r *rig) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	program := "pg_dump"
	if len(found) > 0 {
		program = found[len(found)-1]
	}
	out, err := exec.Command(program, "--schema="+r.plan.Schema, "--no-owner", "--no-privileges", "--column-inserts", "--dbname="+r.server).Output()
	if err != nil {
		r.t.Fatalf("%s: %v", program, err)
	}
	return strings.ReplaceAll(setting.ReplaceAllString(string(out), ""), r.plan.Schema, schemaOfTheDump)
}

// dumpSQLite writes the statements that made the tables, and the rows.
func dumpSQLite(r *rig) string {
	var b strings.Builder
	for _, statement := range r.texts("SELECT sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid") {
		b.WriteString(statement + ";\n")
	}
	for _, table := range r.texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND (name NOT LIKE 'sqlite_%' OR name = 'sqlite_sequence') ORDER BY rowid") {
		columns := r.texts("SELECT name FROM pragma_table_info('" + table + "') ORDER BY cid")
		quoted := "quote(\"" + strings.Join(columns, "\") || ', ' || quote(\"") + "\")"
		if table == "sqlite_sequence" {
			b.WriteString("DELETE FROM sqlite_sequence;\n")
		}
		for _, values := range r.texts("SELECT " + quoted + " FROM " + table) {
			b.WriteString("INSERT INTO " + table + " (\"" + strings.Join(columns, "\", \"") + "\") VALUES (" + values + ");\n")
		}
	}
	for _, statement := range r.texts("SELECT sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY rowid") {
		b.WriteString(statement + ";\n")
	}
	return b.String()
}

// Programs that enqueue must not wait for a migration, however many rows there are.
func TestMigrateOnManyRowsLocksNothingForASecond(t *testing.T) {
	t.Parallel()
	r := newRigOver(t, plan{}, func(r *rig) { r.restore(databases[0].fixture) })
	rows := 100_000 * *tenths
	r.exec(fmt.Sprintf(`INSERT INTO kirim_message (lane, number, class, campaign, recipient, body, key, key_hash, body_hash, state, created_at, ended_at)
		SELECT 1, 'n', 'transactional', 'many', 'r' || i, '{}', 'm' || i, 'm' || i, 'b', 'sent', %d, %d FROM generate_series(1, %d) i`, frozen, frozen, rows))
	var slowest, calls atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var enqueuers sync.WaitGroup
	for e := range 4 { // several, as a migration and a call may wait for each other's tables
		enqueuers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				began := time.Now()
				if err := r.enqueueOne(ctx, fmt.Sprintf("%s-2-%d", smooth, 4*n+e), recipientOf((4*n+e)%rigRecipients)); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				calls.Add(1)
				slowest.Store(max(slowest.Load(), int64(time.Since(began))))
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	slowest.Store(0)
	began := time.Now()
	err := r.box.migrate(t.Context())
	took := time.Since(began)
	time.Sleep(200 * time.Millisecond)
	stop()
	enqueuers.Wait()
	t.Logf("Migrate on %d rows took %v; the slowest of %d calls to enqueue meanwhile took %v", rows, took.Round(time.Millisecond), calls.Load(), time.Duration(slowest.Load()).Round(time.Millisecond))
	if err != nil {
		t.Error(err)
	}
	if d := time.Duration(slowest.Load()); d > time.Second {
		t.Errorf("a call waited for %v", d)
	}
}
