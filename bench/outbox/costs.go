package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/kirim-go/kirim/outbox"
)

// cost is what one of something costs: the median of the rounds.
type cost struct {
	Of        string
	Rate      float64 // a second
	OwnCPU    float64 // microseconds of the process that sends, enqueues or works
	HTTPCPU   float64 // microseconds of the sandbox
	ServerCPU float64 // microseconds of PostgreSQL
	Commits   float64
	WAL       float64 // bytes
}

// Names of what is measured.
const (
	costNoop    = "a no-op job of River"
	costOnes    = "a message, a lane each"
	costTens    = "a message, lanes of ten"
	costEnqueue = "an enqueue, 50 in a transaction"
	costFact    = "an event of a webhook"
)

// meter measures what a part of a run costs.
type meter struct {
	server  *postgres
	pool    *pgxpool.Pool
	process string // /proc/…/stat of another process that works, or empty
	began   time.Time

	own, other, serverCPU float64
	commits, wal          int64
}

func startMeter(ctx context.Context, server *postgres, pool *pgxpool.Pool, w *worker) *meter {
	m := &meter{server: server, pool: pool}
	if w != nil {
		m.process = filepath.Join("/proc", strconv.Itoa(w.process.Process.Pid), "stat")
	}
	m.own, m.other, m.serverCPU, m.commits, m.wal = m.read(ctx)
	m.began = time.Now()
	return m
}

func (m *meter) read(ctx context.Context) (own, other, serverCPU float64, commits, wal int64) {
	own, _, _ = cpuOf("/proc/self/stat")
	other, _, _ = cpuOf(m.process)
	_ = m.pool.QueryRow(ctx, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()").Scan(&commits)
	return own, other, m.server.cpuSeconds(), commits, walOf(ctx, m.pool)
}

// stop returns the costs of each of n.
func (m *meter) stop(ctx context.Context, of string, n int) cost {
	seconds := time.Since(m.began).Seconds()
	own, other, serverCPU, commits, wal := m.read(ctx)
	each := 1 / float64(n)
	c := cost{
		Of: of, Rate: float64(n) / seconds, OwnCPU: (own - m.own) * each * 1e6, ServerCPU: (serverCPU - m.serverCPU) * each * 1e6,
		Commits: float64(commits-m.commits) * each, WAL: float64(wal-m.wal) * each,
	}
	if m.process != "" { // this process has the sandbox then
		c.HTTPCPU, c.OwnCPU = c.OwnCPU, (other-m.other)*each*1e6
	}
	return c
}

// measureCosts measures each in rounds, in a server that does nothing else.
func measureCosts(ctx context.Context, rounds, n int) ([]cost, error) {
	server, err := startPostgres(ctx)
	if err != nil {
		return nil, err
	}
	defer server.remove()
	all := make(map[string][]cost)
	names := []string{costNoop, costOnes, costTens, costEnqueue, costFact}
	for range rounds {
		for _, f := range []func(context.Context, *postgres, int) ([]cost, error){costOfNoop, costOfOnes, costOfTens} {
			costs, err := f(ctx, server, n)
			if err != nil {
				return nil, err
			}
			for _, c := range costs {
				fmt.Printf("%-34s %6.0f/s  CPU %4.0f own %4.0f sandbox %4.0f PostgreSQL us  %.2f commits  %5.0f B WAL\n", c.Of, c.Rate, c.OwnCPU, c.HTTPCPU, c.ServerCPU, c.Commits, c.WAL)
				all[c.Of] = append(all[c.Of], c)
			}
		}
	}
	medians := make([]cost, len(names))
	for i, name := range names {
		of := func(field func(cost) float64) float64 {
			var values []float64
			for _, c := range all[name] {
				values = append(values, field(c))
			}
			return median(values)
		}
		medians[i] = cost{
			name, of(func(c cost) float64 { return c.Rate }), of(func(c cost) float64 { return c.OwnCPU }), of(func(c cost) float64 { return c.HTTPCPU }),
			of(func(c cost) float64 { return c.ServerCPU }), of(func(c cost) float64 { return c.Commits }), of(func(c cost) float64 { return c.WAL }),
		}
	}
	return medians, nil
}

func costOfNoop(ctx context.Context, server *postgres, n int) ([]cost, error) {
	p := postgresPlace(server.poolURL())
	defer p.remove(ctx)
	if err := p.fill(ctx, nil); err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, p.url)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	var m *meter
	if _, err := jobsOver(ctx, riverpgxv5.New(pool), p.schema, n, false, func() { m = startMeter(ctx, server, pool, nil) }); err != nil {
		return nil, err
	}
	return []cost{m.stop(ctx, costNoop, n)}, nil
}

func costOfOnes(ctx context.Context, server *postgres, n int) ([]cost, error) {
	return costOfSending(ctx, server, n, 1)
}

func costOfTens(ctx context.Context, server *postgres, n int) ([]cost, error) {
	return costOfSending(ctx, server, n, 10)
}

// costOfSending measures enqueuing, sending to the sandbox, and what webhooks say.
func costOfSending(ctx context.Context, server *postgres, n, lane int) (costs []cost, err error) {
	c := &course{Messages: n, Lane: lane, place: postgresPlace(server.poolURL()), stub: newStub()}
	defer c.place.remove(ctx)
	defer c.stop()
	pool, err := pgxpool.New(ctx, c.place.url)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	sandbox := sandbox()
	defer sandbox.Close()
	o, end, err := c.place.open(ctx, outbox.Disabled(), outbox.Config{})
	if err != nil {
		return nil, err
	}
	defer end()
	list := messages(sandbox.PhoneNumberID, outbox.ClassTransactional, n, lane)
	m := startMeter(ctx, server, pool, nil)
	for page := range slices.Chunk(list, 50) {
		if _, err := o.Enqueue(ctx, page...); err != nil {
			return nil, err
		}
	}
	if lane == 1 {
		costs = append(costs, m.stop(ctx, costEnqueue, n))
	}
	if c.process, err = startWorker(ctx, settingsFor(c.place, sandbox, campaignWorkers)); err != nil {
		return nil, err
	}
	m = startMeter(ctx, server, pool, c.process)
	c.process.begin()
	if err := until(ctx, func() bool { return sandbox.MessageCount() >= n }); err != nil {
		return nil, err
	}
	of := costTens
	if lane == 1 {
		of = costOnes
	}
	costs = append(costs, m.stop(ctx, of, n))
	if lane > 1 {
		return costs, o.Close()
	}
	for tries := 0; ; tries++ { // the last messages are recorded after the response
		var queued int
		err := pool.QueryRow(ctx, "SELECT count(*) FROM "+c.place.schema+".kirim_message WHERE state = 'queued'").Scan(&queued)
		if err == nil && queued > 0 && tries > 600 {
			err = errors.New("the last messages were not recorded")
		}
		if err != nil {
			return nil, err
		}
		if queued == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	var ids []string
	for _, m := range sandbox.Messages() {
		ids = append(ids, m.ID)
	}
	m = startMeter(ctx, server, pool, nil)
	if err := c.hear(ctx, pool, ids); err != nil {
		return nil, err
	}
	return append(costs, m.stop(ctx, costFact, statusFacts*len(ids))), o.Close()
}
