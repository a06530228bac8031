// Catchup repairs what an outage behind your webhook endpoint has left: it
// enables the subscription that the server gave up, has dead deliveries made
// again, and fetches the messages for which there was no delivery at all,
// because the subscription was disabled. Each is handled once. In a sandbox:
//
//	go run ./examples/catchup
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// handle does what there is to do for a message, once, whichever way it came.
// In your program, seen is a table that all processes share.
func handle(ctx context.Context, seen kirim.Deduper, wamid string) error {
	if state, err := seen.Claim(ctx, wamid); err != nil || state != kirim.Claimed {
		return err
	}
	return seen.Complete(ctx, wamid) // after the work; Release if that failed
}

// replay has the server deliver what it could not. The keys let it do so once, if run again.
func replay(ctx context.Context, out *log.Logger, client *kirim.Client, subscription string, since time.Time) error {
	sub, err := client.WebhookSubscriptions.Get(ctx, subscription)
	if err == nil && sub.Status == kirim.SubscriptionDisabled { // it gets nothing, and replays are refused
		out.Print("The subscription was disabled; it is made active again.")
		_, err = client.WebhookSubscriptions.Update(ctx, sub.ID, kirim.WebhookSubscriptionUpdateParams{Status: kirim.SubscriptionActive})
	}
	if err != nil {
		return err
	}
	dead, n := kirim.WebhookDeliveryListParams{SubscriptionID: sub.ID, Status: kirim.DeliveryDead, CreatedAfter: since, Limit: 100}, 0
	for d, err := range client.WebhookDeliveries.All(ctx, dead) {
		if err == nil {
			_, err = client.WebhookDeliveries.Replay(ctx, d.ID, kirim.WithIdempotencyKey("catchup:"+d.ID))
		}
		if err != nil && !kirim.IsNotFound(err) { // forgotten after 30 days
			return fmt.Errorf("after %d replays: %w", n, err)
		}
		n++
	}
	out.Printf("%d deliveries were dead, and are made again.", n)
	return nil
}

// fetch handles all messages since then for which no delivery came.
func fetch(ctx context.Context, out *log.Logger, messages *kirim.MessagesService, since time.Time, seen *kirim.MemoryDeduper) error {
	before := seen.Len()
	for m, err := range messages.All(ctx, kirim.MessageListParams{Direction: kirim.MessageInbound, CreatedAfter: since, Limit: 100}) {
		if err == nil {
			err = handle(ctx, seen, cmp.Or(m.WAMID, m.ID))
		}
		if err != nil {
			return err
		}
	}
	out.Printf("%d messages were fetched that no delivery had brought; %d are handled.", seen.Len()-before, seen.Len())
	return nil
}

func main() {
	if err := run(context.Background(), log.New(os.Stdout, "", 0)); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out *log.Logger) error {
	seen := kirim.NewMemoryDeduper(0, 0)
	clock := kirimtest.NewManualClock(time.Now())
	sandbox := kirimtest.NewServer(kirimtest.WithClock(clock), kirimtest.WithoutWebhookJitter())
	defer sandbox.Close()
	client, err := sandbox.Client()
	verifier, noSecret := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
	if err := errors.Join(err, noSecret); err != nil {
		return err
	}
	hooks, down := kirim.NewWebhookHandler(verifier.WithClock(clock.Now)), atomic.Bool{}
	hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
		if down.Load() {
			return errors.New("the database is down")
		}
		return handle(ctx, seen, m.ID)
	})
	endpoint := httptest.NewServer(hooks)
	defer endpoint.Close()
	subscription := sandbox.Subscribe(endpoint.URL, "message.received").ID
	write := func(n int, then time.Duration) {
		for range n {
			sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Text: "Halo"})
		}
		sandbox.Advance(then)
		out.Printf("%d messages were written; %d are handled.", n, seen.Len())
	}
	write(3, time.Minute)
	began := clock.Now().Add(-time.Second)
	down.Store(true)
	write(25, 48*time.Hour)
	write(2, time.Hour)
	down.Store(false)
	for range 2 { // the second time, there is nothing left to do
		err := replay(ctx, out, client, subscription, began)
		sandbox.Settle()
		if err := errors.Join(err, fetch(ctx, out, client.PhoneNumber(sandbox.PhoneNumberID).Messages, began, seen)); err != nil {
			return err
		}
	}
	return nil
}
