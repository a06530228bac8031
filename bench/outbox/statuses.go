package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
)

// statusFacts is what webhooks tell of a message: both ids, sent, delivered and read.
const statusFacts = 4

// hearStatuses tells the outbox what webhooks say of messages all over a campaign that
// was sent.
func (c *course) hearStatuses(ctx context.Context, server *postgres, messages int) error {
	pool, err := pgxpool.New(ctx, c.place.url)
	if err != nil {
		return err
	}
	defer pool.Close()
	ids := make([]string, messages)
	for i := range ids {
		ids[i] = stubID(int64(i*(c.Messages/messages)) + 1)
	}
	m := startMeter(ctx, server, pool, nil)
	err = c.hear(ctx, pool, ids)
	c.Statuses = m.stop(ctx, costFact, messages*statusFacts)
	return err
}

// hear tells the outbox what webhooks say of messages, 16 events at a time, in the order
// of the real ones for each message.
func (c *course) hear(ctx context.Context, pool *pgxpool.Pool, ids []string) error {
	o, err := outboxpg.New(ctx, pool, outbox.Disabled(), outbox.Config{Schema: c.place.schema})
	if err != nil {
		return err
	}
	verifier, err := kirim.NewWebhookVerifier("whsec_bench")
	if err != nil {
		return err
	}
	hooks := kirim.NewWebhookHandler(verifier)
	o.Attach(hooks)
	var next atomic.Int64
	var callers sync.WaitGroup
	var once sync.Once
	var failed error
	for range 16 {
		callers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(ids)); i = next.Add(1) - 1 {
				if err := hearOne(ctx, hooks, ids[i]); err != nil {
					once.Do(func() { failed = err })
				}
			}
		})
	}
	callers.Wait()
	return errors.Join(failed, o.Close())
}

func hearOne(ctx context.Context, hooks *kirim.WebhookHandler, id string) error {
	wamid := "wamid.HBgNNjI4MTEwMDAwMDAwMBUCABEYEjE" + id
	bodies := []string{fmt.Sprintf(`{"id":"evt_%s","type":"message.sent","data":{"session":"106540352242922","message":{"id":%q,"provider_id":%q,"to":"+628110000000"}}}`, id, id, wamid)}
	for _, status := range []string{"sent", "delivered", "read"} {
		bodies = append(bodies, fmt.Sprintf(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},"statuses":[{"id":%q,"status":%q,"timestamp":"%d","recipient_id":"628110000000"}]}}]}]}`,
			wamid, status, time.Now().Unix()))
	}
	for _, body := range bodies {
		e, err := kirim.DecodeEvent(http.Header{}, []byte(body))
		if err != nil {
			return err
		}
		if err := hooks.HandleEvent(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
