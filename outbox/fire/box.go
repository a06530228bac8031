package main

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

// plan is what a process is to do.
type plan struct {
	Name           string        `json:"name"` // of the process, in the User-Agent of its requests
	Postgres       string        `json:"postgres"`
	Schema         string        `json:"schema"`
	SQLite         string        `json:"sqlite"` // in place of these two
	System         system        `json:"system"`
	BaseURL        string        `json:"base_url"`
	APIKey         string        `json:"api_key"`
	Number         string        `json:"number"`
	WebhookSecret  string        `json:"webhook_secret"`
	Lease          time.Duration `json:"lease"`
	AttemptTimeout time.Duration `json:"attempt_timeout"`
	// Enqueue makes it one that enqueues; otherwise it sends.
	Enqueue *enqueuePlan `json:"enqueue"`
}

// system is what messages are sent through.
type system string

const (
	systemKirim    system = "kirim"
	systemCloudAPI system = "cloudapi" // whose server honours no keys
	// systemForgetful says that its server honours keys, and does not send any. With
	// it the tests must fail.
	systemForgetful system = "forgetful"
)

// sender returns the sender of a plan.
func (p plan) sender() (outbox.Sender, error) {
	options := []kirim.Option{kirim.WithBaseURL(p.BaseURL), kirim.WithUserAgent(p.Name)}
	switch p.System {
	case systemCloudAPI:
		client, err := cloudapi.NewClient(p.APIKey, options...)
		if err != nil {
			return nil, err
		}
		return outbox.SingleSender(p.Number, client.PhoneNumber(p.Number)), nil
	case systemForgetful:
		client, err := kirim.NewClient(p.APIKey, append(options, kirim.WithoutIdempotencyKeys())...)
		return forgetful{outbox.NewSender(client)}, err
	case systemKirim:
		client, err := kirim.NewClient(p.APIKey, options...)
		return outbox.NewSender(client), err
	}
	return outbox.Disabled(), nil
}

// forgetful sends without the key that it says is honoured.
type forgetful struct{ outbox.Sender }

// Send implements [outbox.Sender].
func (s forgetful) Send(ctx context.Context, from string, message kirim.OutboundMessage, _ ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	return s.Sender.Send(ctx, from, message, kirim.WithoutRetry())
}

// KeyLifetime implements [outbox.KeyHonourer].
func (forgetful) KeyLifetime() time.Duration { return 24 * time.Hour }

// box is an outbox in either database.
type box struct {
	db      *sql.DB // the same database
	migrate func(ctx context.Context) error
	run     func(ctx context.Context) error
	attach  func(*kirim.WebhookHandler)
	list    func(ctx context.Context, f outbox.Filter) iter.Seq2[*outbox.Record, error]
	enqueue func(ctx context.Context, tx *sql.Tx, messages ...outbox.Message) ([]int64, error)
	close   func() error
}

func openBox(ctx context.Context, p plan) (*box, error) {
	sender, err := p.sender()
	if err != nil {
		return nil, err
	}
	config := outbox.Config{
		Schema: p.Schema, Lease: p.Lease, AttemptTimeout: p.AttemptTimeout,
		PairLimit: outbox.PairLimit{Burst: -1},
		Logger:    slog.Default(),
	}
	if p.SQLite != "" {
		return openSQLite(ctx, p.SQLite, sender, config)
	}
	return openPostgres(ctx, p, sender, config)
}

func openSQLite(ctx context.Context, path string, sender outbox.Sender, config outbox.Config) (*box, error) {
	db, err := outboxsqlite.OpenDB(path)
	if err != nil {
		return nil, err
	}
	o, err := outboxsqlite.New(ctx, db, sender, config)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &box{db, o.Migrate, o.Run, o.Attach, o.List, o.EnqueueTx, db.Close}, nil
}

func openPostgres(ctx context.Context, p plan, sender outbox.Sender, config outbox.Config) (*box, error) {
	settings, err := pgxpool.ParseConfig(p.Postgres)
	if err != nil {
		return nil, err
	}
	settings.MaxConns = 6
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", p.Postgres)
	if err != nil {
		pool.Close()
		return nil, err
	}
	db.SetMaxOpenConns(4)
	o, err := outboxpg.New(ctx, pool, sender, config)
	if err != nil {
		pool.Close()
		return nil, errors.Join(err, db.Close())
	}
	enqueue := func(ctx context.Context, tx *sql.Tx, messages ...outbox.Message) ([]int64, error) {
		return outboxpg.EnqueueSQLTx(ctx, o, tx, messages...)
	}
	return &box{db, o.Migrate, o.Run, o.Attach, o.List, enqueue, func() error { pool.Close(); return db.Close() }}, nil
}
