package main

import (
	"context"

	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/kirim-go/kirim"

	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

// Names of what is measured.
const (
	pgNoop       = "PostgreSQL: River's no-op jobs, 1 process"
	pgPerMessage = "PostgreSQL: one job per message, unordered, 1 process"
	pgTens       = "PostgreSQL: lanes of ten, 1 process"
	pgOnes       = "PostgreSQL: lanes of one, 1 process"
	pgTens3      = "PostgreSQL: lanes of ten, 3 processes"
	pgOnes3      = "PostgreSQL: lanes of one, 3 processes"
	pgPlain      = "PostgreSQL: plain inserts, transactions of 50"
	pgEnqueue    = "PostgreSQL: enqueue, transactions of 50"
	liteNoop     = "SQLite: River's no-op jobs"
	liteTens     = "SQLite: lanes of ten"
	liteOnes     = "SQLite: lanes of one"
)

// rows are those of the table.
var rows = []struct {
	name, beside string
	goal         float64
}{
	{pgNoop, "", 0},
	{pgPerMessage, pgNoop, 0},
	{pgTens, pgNoop, 0.9},
	{pgOnes, pgNoop, 0.3},
	{pgTens3, pgNoop, 0},
	{pgOnes3, pgNoop, 0},
	{pgPlain, "", 0},
	{pgEnqueue, pgPlain, 0.5},
	{liteNoop, "", 0},
	{liteTens, liteNoop, 2},
	{liteOnes, liteNoop, 0.45},
}

func (b *bench) contenders() []contender {
	postgres := func(lane, processes int) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) { return b.send(ctx, postgresPlace(b.url), lane, processes) }
	}
	sqlite := func(lane int) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) { return b.send(ctx, sqlitePlace(), lane, 1) }
	}
	return []contender{
		{pgNoop, func(ctx context.Context) (float64, error) { return b.jobs(ctx, postgresPlace(b.url), false) }},
		{pgPerMessage, func(ctx context.Context) (float64, error) { return b.jobs(ctx, postgresPlace(b.url), true) }},
		{pgTens, postgres(10, 1)},
		{pgOnes, postgres(1, 1)},
		{pgTens3, postgres(10, 3)},
		{pgOnes3, postgres(1, 3)},
		{pgPlain, b.plainInserts},
		{pgEnqueue, b.enqueue},
		{liteNoop, func(ctx context.Context) (float64, error) { return b.jobs(ctx, sqlitePlace(), false) }},
		{liteTens, sqlite(10)},
		{liteOnes, sqlite(1)},
	}
}

// messages are so many to recipients who get so many each.
func messages(from string, class outbox.Class, n, each int) []outbox.Message {
	return messagesAfter(0, from, class, n, each)
}

// messagesAfter are so many that come after the first ones.
func messagesAfter(first int, from string, class outbox.Class, n, each int) []outbox.Message {
	list := make([]outbox.Message, n)
	for i := range list {
		list[i] = outbox.Message{
			From: from, Class: class, Campaign: "bench", Key: fmt.Sprintf("%s-%d", class, first+i),
			Message: kirim.OutboundMessage{
				To:      fmt.Sprintf("+62811%07d", (first+i)/each),
				Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
			},
		}
	}
	return list
}

// send measures from the start of the processes that send until the server has
// everything.
func (b *bench) send(ctx context.Context, p *place, lane, processes int) (float64, error) {
	defer p.remove(ctx)
	server := sandbox()
	defer server.Close()
	if err := p.fill(ctx, messages(server.PhoneNumberID, outbox.ClassTransactional, b.messages, lane)); err != nil {
		return 0, err
	}
	var workers []*worker
	defer func() {
		for _, w := range workers {
			w.stop()
		}
	}()
	for range processes {
		w, err := startWorker(ctx, settingsFor(p, server, 64))
		if err != nil {
			return 0, err
		}
		workers = append(workers, w)
	}
	began := time.Now()
	for _, w := range workers {
		w.begin()
	}
	if err := until(ctx, func() bool { return server.MessageCount() >= b.messages }); err != nil {
		return 0, err
	}
	return time.Since(began).Seconds(), nil
}

// until waits for a condition, for two minutes without progress at most.
func until(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			return errors.New("it takes more than ten minutes")
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}

// number is a job of River's that a contender works.
type number struct {
	N int `json:"n"`
}

// Kind implements river.JobArgs.
func (number) Kind() string { return "number" }

// numberWorker counts, and sends the message with the number if it has a server.
type numberWorker struct {
	river.WorkerDefaults[number]
	count    atomic.Int64
	messages []outbox.Message
	number   *kirim.PhoneNumber
}

// Work implements river.Worker.
func (w *numberWorker) Work(ctx context.Context, job *river.Job[number]) error {
	if w.number != nil {
		m := w.messages[job.Args.N]
		if _, err := w.number.Messages.Send(ctx, m.Message, kirim.WithIdempotencyKey(m.Key)); err != nil {
			return err
		}
	}
	w.count.Add(1)
	return nil
}

// jobs measures River's jobs alone, in a process with nothing else to do.
func (b *bench) jobs(ctx context.Context, p *place, sending bool) (float64, error) {
	defer p.remove(ctx)
	if err := p.fill(ctx, nil); err != nil {
		return 0, err
	}
	if p.lite {
		db, err := outboxsqlite.OpenDB(p.url)
		if err != nil {
			return 0, err
		}
		seconds, err := jobsOver(ctx, riversqlite.New(db), "", b.messages, sending, func() {})
		return seconds, errors.Join(err, db.Close())
	}
	pool, err := pgxpool.New(ctx, p.url)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	return jobsOver(ctx, riverpgxv5.New(pool), p.schema, b.messages, sending, func() {})
}

func jobsOver[TTx any](ctx context.Context, d riverdriver.Driver[TTx], schema string, n int, sending bool, filled func()) (float64, error) {
	w := &numberWorker{}
	if sending {
		server := sandbox()
		defer server.Close()
		client, err := server.Client()
		if err != nil {
			return 0, err
		}
		w.number, w.messages = client.PhoneNumber(server.PhoneNumberID), messages(server.PhoneNumberID, "", n, 1)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	client, err := river.NewClient(d, &river.Config{
		Schema: schema, Workers: workers, FetchCooldown: 20 * time.Millisecond, FetchPollInterval: 100 * time.Millisecond,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 64}},
	})
	if err != nil {
		return 0, err
	}
	jobs := make([]river.InsertManyParams, n)
	for i := range jobs {
		jobs[i].Args = number{i}
	}
	if _, err := client.InsertManyFast(ctx, jobs); err != nil {
		return 0, err
	}
	filled()
	began := time.Now()
	if err := client.Start(ctx); err != nil {
		return 0, err
	}
	err = until(ctx, func() bool { return w.count.Load() >= int64(n) })
	took := time.Since(began).Seconds()
	return took, errors.Join(err, client.Stop(ctx))
}

// enqueue measures EnqueueTx in transactions of 50.
func (b *bench) enqueue(ctx context.Context) (float64, error) {
	p := postgresPlace(b.url)
	defer p.remove(ctx)
	began := time.Now()
	err := p.fillTimed(ctx, messages("1", "", b.messages, 10), &began)
	return time.Since(began).Seconds(), err
}

// plainInserts measures what a program would write by hand: a row for each message, in
// transactions of 50.
func (b *bench) plainInserts(ctx context.Context) (float64, error) {
	p := postgresPlace(b.url)
	defer p.remove(ctx)
	if err := p.fill(ctx, nil); err != nil {
		return 0, err
	}
	pool, err := pgxpool.New(ctx, p.url)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	table := pgx.Identifier{p.schema, "message"}.Sanitize()
	if _, err := pool.Exec(ctx, "CREATE TABLE "+table+" (id bigserial PRIMARY KEY, recipient text, body text, key text UNIQUE, created_at timestamptz DEFAULT now())"); err != nil {
		return 0, err
	}
	list := messages("1", "", b.messages, 10)
	began := time.Now()
	for i := 0; i < len(list); i += 50 {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			for _, m := range list[i:min(i+50, len(list))] {
				body, err := m.Message.MarshalJSON()
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "INSERT INTO "+table+" (recipient, body, key) VALUES ($1, $2, $3)", m.Message.To, string(body), m.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds(), nil
}

// place is a database of a measurement's own.
type place struct {
	lite   bool
	url    string // or the path of the file
	schema string
}

func postgresPlace(url string) *place {
	return &place{url: url, schema: fmt.Sprintf("kirim_bench_%d", time.Now().UnixNano())}
}

func sqlitePlace() *place {
	dir, err := os.MkdirTemp("", "kirim-bench")
	if err != nil {
		panic(err)
	}
	return &place{lite: true, url: filepath.Join(dir, "outbox.db")}
}

func (p *place) remove(ctx context.Context) {
	if p.lite {
		_ = os.RemoveAll(filepath.Dir(p.url))
		return
	}
	pool, err := pgxpool.New(ctx, p.url)
	if err != nil {
		return
	}
	defer pool.Close()
	_, _ = pool.Exec(ctx, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS "+p.schema+" CASCADE")
}

// box is an outbox of either kind.
type box interface {
	Enqueue(ctx context.Context, messages ...outbox.Message) ([]int64, error)
	Run(ctx context.Context) error
	Close() error
}

// open opens the outbox of a place, and makes it where it is new.
func (p *place) open(ctx context.Context, sender outbox.Sender, config outbox.Config) (box, func(), error) {
	config.Migrate = true
	if p.lite {
		o, err := outboxsqlite.Open(ctx, p.url, sender, config)
		return o, func() {}, err
	}
	config.Schema = p.schema
	pool, err := pgxpool.New(ctx, p.url)
	if err != nil {
		return nil, nil, err
	}
	if _, err := pool.Exec(ctx, "SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS "+p.schema); err != nil {
		return nil, nil, err
	}
	o, err := outboxpg.New(ctx, pool, sender, config)
	return o, pool.Close, err
}

// fill makes the tables and enqueues messages.
func (p *place) fill(ctx context.Context, list []outbox.Message) error {
	return p.fillTimed(ctx, list, new(time.Time))
}

// fillTimed is fill, and notes when the tables were made.
func (p *place) fillTimed(ctx context.Context, list []outbox.Message, began *time.Time) error {
	o, end, err := p.open(ctx, outbox.Disabled(), outbox.Config{})
	if err != nil {
		return err
	}
	defer end()
	*began = time.Now()
	for i := 0; i < len(list); i += 50 {
		if _, err := o.Enqueue(ctx, list[i:min(i+50, len(list))]...); err != nil {
			return err
		}
	}
	return o.Close()
}
