package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kirim-go/kirim/outbox"
)

const (
	campaignWorkers = 64
	campaignPage    = 1000   // messages of one call of Enqueue
	campaignParts   = 50     // each beside a control
	vacuumParts     = 20     // likewise
	controlSize     = 2000   // messages
	statusMessages  = 20_000 // of which webhooks tell
	connections     = 16
)

// vacuum is how the tables of a campaign are vacuumed.
type vacuum struct {
	Name    string
	storage string // parameters of the three busy tables
}

// vacuums are the settings that can be compared.
var vacuums = []vacuum{
	{"default", ""},
	{"off", "autovacuum_enabled = false"},
	{"eager", "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0"},
}

// busyTables are those that a campaign writes to.
var busyTables = []string{"kirim_message", "kirim_lane", "river_job"}

// course is what was measured of one campaign.
type course struct {
	Vacuum      string
	Messages    int
	Lane        int // messages to each recipient
	EnqueueRate float64
	EnqueueWAL  int64
	EnqueueCPU  float64 // seconds of PostgreSQL
	Slices      []slice
	Sizes       [][]tableSize // before the first message, and after each decile
	Statuses    cost
	Final       []tableSize // after the statuses

	place   *place
	stub    *stub
	process *worker
}

// slice is a part of a campaign, and the control right after it.
type slice struct {
	Messages   int
	Seconds    float64
	WAL        int64
	SenderCPU  float64 // seconds of the process that sends
	ServerCPU  float64 // seconds of PostgreSQL
	Control    float64 // messages a second of a small campaign in new tables
	Autovacuum int64   // runs on the busy tables until then
}

// tableSize is the size of a table.
type tableSize struct {
	Table                     string
	Live, Dead, Heap, Indexes int64
	Vacuums                   int64 // by autovacuum
}

// printStatements says where the time of PostgreSQL goes, after each part.
var printStatements bool

// measureCampaign measures a campaign, a fifth of it under several settings of autovacuum,
// and what one of each thing costs; or one of these phases.
func measureCampaign(ctx context.Context, messages, lane, rounds, each int, phase string) error {
	if phase != "" && phase != "campaign" && phase != "vacuum" && phase != "costs" && phase != "page" {
		return fmt.Errorf("-phase: %q is none of campaign, vacuum, costs and page", phase)
	}
	m, err := readMeasured()
	if err != nil {
		return err
	}
	if phase == "page" {
		return m.write()
	}
	m.Date, m.Go, m.Cores = time.Now().UTC().Format("2006-01-02"), runtime.Version(), runtime.NumCPU()
	if phase == "" || phase == "campaign" {
		courses, version, err := runCampaigns(ctx, messages, lane, campaignParts, vacuums[:1])
		if err != nil {
			return err
		}
		m.Campaign, m.Postgres = courses[0], version
	}
	if phase == "" || phase == "vacuum" {
		if m.Vacuums, _, err = runCampaigns(ctx, messages/5, lane, vacuumParts, vacuums); err != nil {
			return err
		}
	}
	if phase == "" || phase == "costs" {
		if m.Costs, err = measureCosts(ctx, rounds, each); err != nil {
			return err
		}
	}
	return m.write()
}

// runCampaigns sends a campaign under each of the settings, a part of each in turn, so
// that they share the machine's load, with a control after that.
func runCampaigns(ctx context.Context, messages, lane, parts int, settings []vacuum) (courses []*course, version string, err error) {
	var preload []string
	if printStatements {
		preload = []string{"shared_preload_libraries=pg_stat_statements"}
	}
	server, err := startPostgres(ctx, preload...)
	if err != nil {
		return nil, "", err
	}
	defer server.remove()
	if version, err = server.version(ctx); err != nil {
		return nil, "", err
	}
	defer func() {
		for _, c := range courses {
			c.stop()
		}
	}()
	for _, v := range settings {
		c, err := newCourse(ctx, server, v, messages, lane)
		if err != nil {
			return nil, "", err
		}
		courses = append(courses, c)
		fmt.Printf("%s: %d messages enqueued, %.0f/s\n", v.Name, messages, c.EnqueueRate)
	}
	for i := range parts {
		for _, c := range courses {
			if err := c.slice(ctx, server, i, parts); err != nil {
				return nil, "", fmt.Errorf("%s: %w", c.Vacuum, err)
			}
		}
		rate, err := control(ctx, server.poolURL(), lane)
		if err != nil {
			return nil, "", fmt.Errorf("control: %w", err)
		}
		for _, c := range courses {
			s := &c.Slices[i]
			s.Control = rate
			fmt.Printf("%-8s %3d %%  %6.0f/s  control %6.0f/s  ratio %.2f  WAL %5.0f B  CPU %3.0f + %3.0f us a message  %d vacuums\n",
				c.Vacuum, (i+1)*100/parts, s.rate(), rate, s.ratio(), s.wal(), s.senderCPU(), s.serverCPU(), s.Autovacuum)
		}
	}
	for _, c := range courses {
		if err := c.finish(ctx, server); err != nil {
			return nil, "", fmt.Errorf("%s: %w", c.Vacuum, err)
		}
	}
	return courses, version, nil
}

// finish ends the process that sends, and measures the webhooks.
func (c *course) finish(ctx context.Context, server *postgres) error {
	_ = c.process.process.Process.Signal(syscall.SIGCONT)
	time.Sleep(3 * time.Second) // for it to record the last messages
	c.process.stop()
	if err := c.hearStatuses(ctx, server, min(statusMessages, c.Messages)); err != nil {
		return err
	}
	fmt.Printf("%s: %d events of webhooks, %.0f/s\n", c.Vacuum, statusFacts*min(statusMessages, c.Messages), c.Statuses.Rate)
	pool, err := pgxpool.New(ctx, c.place.url)
	if err != nil {
		return err
	}
	defer pool.Close()
	var n, unsent, linked int
	if err := pool.QueryRow(ctx, "SELECT count(*), count(*) FILTER (WHERE state <> 'sent'), count(*) FILTER (WHERE status = 'read') FROM "+c.place.schema+".kirim_message").Scan(&n, &unsent, &linked); err != nil {
		return err
	}
	fmt.Printf("%d messages, %d not sent, %d read\n", n, unsent, linked)
	c.Final, err = sizesOf(ctx, pool, c.place.schema)
	if printStatements {
		statements(ctx, pool)
		rows, err := pool.Query(ctx, "SELECT indexrelname, pg_relation_size(indexrelid), idx_scan FROM pg_stat_user_indexes WHERE schemaname = $1 ORDER BY 2 DESC", c.place.schema)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var size, scans int64
			if err := rows.Scan(&name, &size, &scans); err != nil {
				return err
			}
			fmt.Printf("    %-45s %8.1f MB %9d scans\n", name, float64(size)/1e6, scans)
		}
	}
	return err
}

// newCourse makes tables, fills them, and starts the process that is to send.
func newCourse(ctx context.Context, server *postgres, v vacuum, messages, lane int) (*course, error) {
	c := &course{Vacuum: v.Name, Messages: messages, Lane: lane, place: postgresPlace(server.poolURL()), stub: newStub()}
	if err := c.place.fill(ctx, nil); err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, c.place.url)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if printStatements {
		if _, err := pool.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
			return nil, err
		}
	}
	for _, table := range busyTables {
		if v.storage == "" {
			break
		}
		if _, err := pool.Exec(ctx, "ALTER TABLE "+c.place.schema+"."+table+" SET ("+v.storage+")"); err != nil {
			return nil, err
		}
	}
	lsn, cpu, began := walOf(ctx, pool), server.cpuSeconds(), time.Now()
	if err := c.enqueue(ctx); err != nil {
		return nil, err
	}
	c.EnqueueRate = float64(messages) / time.Since(began).Seconds()
	c.EnqueueWAL, c.EnqueueCPU = walOf(ctx, pool)-lsn, server.cpuSeconds()-cpu
	sizes, err := sizesOf(ctx, pool, c.place.schema)
	if err != nil {
		return nil, err
	}
	c.Sizes = append(c.Sizes, sizes)
	c.process, err = startWorker(ctx, workerSettings{
		URL: c.place.url, Schema: c.place.schema, Base: c.stub.URL, Key: "kdv_live_bench", Workers: campaignWorkers, Class: string(outbox.ClassMarketing),
	})
	return c, err
}

// enqueue enqueues with four callers.
func (c *course) enqueue(ctx context.Context) error {
	o, end, err := c.place.open(ctx, outbox.Disabled(), outbox.Config{})
	if err != nil {
		return err
	}
	defer end()
	pages := make(chan int)
	var callers sync.WaitGroup
	var once sync.Once
	var failed error
	for range 4 {
		callers.Go(func() {
			for first := range pages {
				n := min(campaignPage, c.Messages-first)
				if _, err := o.Enqueue(ctx, messagesAfter(first, "106540352242922", outbox.ClassMarketing, n, c.Lane)...); err != nil {
					once.Do(func() { failed = err })
				}
			}
		})
	}
	for first := 0; first < c.Messages; first += campaignPage {
		pages <- first
	}
	close(pages)
	callers.Wait()
	return errors.Join(failed, o.Close())
}

// slice lets the process send a part, and stops it then.
func (c *course) slice(ctx context.Context, server *postgres, i, parts int) error {
	pool, err := pgxpool.New(ctx, c.place.url)
	if err != nil {
		return err
	}
	defer pool.Close()
	stat := filepath.Join("/proc", strconv.Itoa(c.process.process.Process.Pid), "stat")
	before := c.stub.accepted.Load()
	target := int64(c.Messages) * int64(i+1) / int64(parts)
	lsn, cpu := walOf(ctx, pool), server.cpuSeconds()
	own, _, _ := cpuOf(stat)
	began := time.Now()
	if i == 0 {
		c.process.begin()
	} else if err := c.process.process.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	if err := until(ctx, func() bool { return c.stub.accepted.Load() >= target }); err != nil {
		return err
	}
	if err := c.process.process.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	s := slice{Seconds: time.Since(began).Seconds(), Messages: int(c.stub.accepted.Load() - before)}
	after, _, _ := cpuOf(stat)
	s.SenderCPU, s.ServerCPU, s.WAL = after-own, server.cpuSeconds()-cpu, walOf(ctx, pool)-lsn
	sizes, err := sizesOf(ctx, pool, c.place.schema)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		s.Autovacuum += size.Vacuums
	}
	if (i+1)%(parts/10) == 0 {
		c.Sizes = append(c.Sizes, sizes)
	}
	if printStatements {
		statements(ctx, pool)
	}
	c.Slices = append(c.Slices, s)
	return nil
}

// control is the rate of a small campaign in new tables of the same server: what the
// machine, with its load of now, does without the growth.
func control(ctx context.Context, url string, lane int) (float64, error) {
	p := postgresPlace(url)
	defer p.remove(ctx)
	c := &course{Messages: controlSize, Lane: lane, place: p, stub: newStub()}
	defer c.stop()
	if err := c.enqueue(ctx); err != nil {
		return 0, err
	}
	var err error
	c.process, err = startWorker(ctx, workerSettings{
		URL: p.url, Schema: p.schema, Base: c.stub.URL, Key: "kdv_live_bench", Workers: campaignWorkers, Class: string(outbox.ClassMarketing),
	})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	c.process.begin()
	if err := until(ctx, func() bool { return c.stub.accepted.Load() >= controlSize }); err != nil {
		return 0, err
	}
	return controlSize / time.Since(began).Seconds(), nil
}

func (c *course) stop() {
	if c.process != nil {
		c.process.stop()
	}
	c.stub.Close()
}

// walOf returns how far the write-ahead log has come, in bytes.
func walOf(ctx context.Context, pool *pgxpool.Pool) (position int64) {
	_ = pool.QueryRow(ctx, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").Scan(&position)
	return position
}

// sizesOf reads the sizes of the busy tables. What is live and dead is what the
// statistics know of.
func sizesOf(ctx context.Context, pool *pgxpool.Pool, schema string) (sizes []tableSize, err error) {
	for _, table := range busyTables {
		s := tableSize{Table: table}
		err := pool.QueryRow(ctx, `
SELECT n_live_tup, n_dead_tup, pg_relation_size(relid), pg_indexes_size(relid), autovacuum_count
FROM pg_stat_user_tables WHERE schemaname = $1 AND relname = $2`, schema, table).Scan(&s.Live, &s.Dead, &s.Heap, &s.Indexes, &s.Vacuums)
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, s)
	}
	return sizes, nil
}

// statements prints where the time of PostgreSQL went, of a server that has
// pg_stat_statements.
func statements(ctx context.Context, pool *pgxpool.Pool) {
	rows, err := pool.Query(ctx, `SELECT calls, total_exec_time, mean_exec_time, rows, shared_blks_hit / calls, wal_bytes::bigint / calls, left(regexp_replace(query, '\s+', ' ', 'g'), 110) FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 14`)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var calls, n, hit, wal int64
		var total, mean float64
		var query string
		if err := rows.Scan(&calls, &total, &mean, &n, &hit, &wal, &query); err != nil {
			return
		}
		fmt.Printf("    %8d calls %8.0f ms %8.3f ms each %8d rows %6d blocks %5d WAL  %s\n", calls, total, mean, n, hit, wal, query)
	}
	_, _ = pool.Exec(ctx, "SELECT pg_stat_statements_reset()")
}
