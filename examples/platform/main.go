// Platform is a shop system whose shops send from WhatsApp numbers of their
// own: each shop becomes a customer, gets a link to connect its number, and
// its messages go out from there. It runs against a sandbox:
//
//	go run ./examples/platform
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

type shop struct{ id, name, customer string } // a row of your own table; the last one is Kirim's id of it

type platform struct {
	client  *kirim.Client
	numbers sync.Map // ids of phone numbers by customer; another column of that table
}

// invite returns the page on which the shop connects its number. The server
// tells it once, but tells the same attempt again for a day, should we lose it.
func (p *platform) invite(ctx context.Context, s *shop, attempt int) (string, error) {
	if s.customer == "" {
		params := kirim.CustomerCreateParams{Name: s.name, Metadata: kirim.Metadata{"shop": s.id}}
		customer, err := p.client.Customers.Create(ctx, params, kirim.WithIdempotencyKey("signup:"+s.id))
		if err != nil {
			return "", err
		}
		s.customer = customer.ID
	}
	params := kirim.SetupLinkCreateParams{ExpiresInHours: 72, SuccessRedirectURL: "https://shops.example.com/connected"}
	link, err := p.client.Customers.CreateSetupLink(ctx, s.customer, params, kirim.WithIdempotencyKey(fmt.Sprintf("invite:%s:%d", s.id, attempt)))
	if err != nil {
		return "", err
	}
	return link.SetupURL, nil
}

// onboarded is told by a webhook that a shop has connected its number.
func (p *platform) onboarded(_ context.Context, n *kirim.CustomerNotice) error {
	if n.Event == kirim.EventCustomerOnboarded && n.PhoneNumber != nil {
		p.numbers.Store(n.Customer.ID, n.PhoneNumber.PhoneNumberID)
	}
	return nil
}

// shipped tells a buyer, from the shop's number, that an order is on its way.
func (p *platform) shipped(ctx context.Context, s *shop, order, buyer string) error {
	number, connected := p.numbers.Load(s.customer)
	if !connected {
		return errors.New("the shop has not connected a number")
	}
	_, err := p.client.PhoneNumber(number.(string)).Messages.Send(ctx,
		kirim.OutboundMessage{To: buyer, Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}},
		kirim.WithIdempotencyKey("shipped:"+s.id+":"+order))
	if errors.Is(err, kirim.KindNotConnected) {
		return fmt.Errorf("the shop has to be invited again: %w", err)
	}
	return err
}

func main() {
	if err := run(context.Background(), log.New(os.Stdout, "", 0)); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out *log.Logger) error {
	clock := kirimtest.NewManualClock(time.Now())
	sandbox := kirimtest.NewServer(kirimtest.WithClock(clock))
	defer sandbox.Close()
	client, err := sandbox.Client()
	verifier, noSecret := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
	if err := errors.Join(err, noSecret); err != nil {
		return err
	}
	p := &platform{client: client}
	hooks := kirim.NewWebhookHandler(verifier.WithClock(clock.Now))
	hooks.OnCustomer(p.onboarded)
	endpoint := httptest.NewServer(hooks)
	defer endpoint.Close()
	sandbox.Subscribe(endpoint.URL, string(kirim.EventCustomerOnboarded))
	ana, budi, done := &shop{id: "ana", name: "Toko Ana"}, &shop{id: "budi", name: "Warung Budi"}, errors.New("done")
	for _, visit := range []struct {
		shop    *shop
		attempt int
		after   time.Duration
		number  string
	}{{ana, 1, time.Hour, "200000001"}, {budi, 1, 80 * time.Hour, "200000002"}, {budi, 2, time.Hour, "200000002"}} {
		page, err := p.invite(ctx, visit.shop, visit.attempt)
		again, lost := p.invite(ctx, visit.shop, visit.attempt)
		if err := errors.Join(err, lost); err != nil {
			return err
		}
		out.Printf("%s gets invitation %d; asked for twice, it is the same: %v", visit.shop.name, visit.attempt, page == again)
		sandbox.Advance(visit.after)
		_, err = sandbox.CompleteSetup(page, kirimtest.PhoneNumber{ID: visit.number})
		sandbox.Settle()
		out.Printf("  opened after %v: %v", visit.after, cmp.Or(err, done))
		out.Printf("  message to a buyer: %v", cmp.Or(p.shipped(ctx, visit.shop, "1042", "+6281100000001"), done))
	}
	for _, m := range sandbox.Messages() {
		out.Printf("%s was sent from number %s.", m.IdempotencyKey, m.PhoneNumberID)
	}
	_, err = client.Customers.Archive(ctx, ana.customer)
	_, refused := p.invite(ctx, ana, 2)
	out.Printf("%s has left; no invitation any more: %v", ana.name, kirim.IsConflict(refused))
	return err
}
