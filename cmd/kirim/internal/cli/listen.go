package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/spf13/cobra"
)

func newListen(a *app.App) *cobra.Command {
	l := &listener{app: a, seen: map[string]time.Time{}, told: map[string]bool{}}
	cmd := &cobra.Command{
		Use:     "listen --forward-to URL",
		Short:   "Forward the deliveries of a webhook subscription to a local address",
		GroupID: groupWebhooks,
		Args:    app.Arguments(),
		Long: `Watch the deliveries that the server makes to a webhook subscription, and post
each to a local address, signed with a secret of your own: a service on this
machine sees what a real account or a sandbox sees, without a tunnel.

The API lists deliveries without their bodies. listen makes two kinds of events
again from the messages that they are about:

  message.received   without what a reply quotes, the ID and hash of a file,
                     and referrals
  message.status     with the status that the message has now: of several that
                     passed between two looks, the last is forwarded

Other events are named, but not forwarded: what was in them cannot be read. A
sandbox with a control API on this machine, such as kirim sandbox, gives the
bodies, so that everything it delivers is forwarded, as it is.

The subscription stays as it is, and its own receiver gets its deliveries as before;
a subscription that the server has disabled gets no deliveries.

The secret is in $KIRIM_WEBHOOK_SECRET or in the file of --secret-file, which is
made with a new secret when it does not exist. Each look is one read of the
account's rate limit, and one or more when something has happened.`,
		Example: `  kirim listen --forward-to http://127.0.0.1:8080/webhooks/kirim --secret-file .kirim-webhook-secret
  kirim listen --forward-to http://127.0.0.1:8080/webhooks/kirim --since 1h --once`,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd.Context()) },
	}
	a.AddConnectionFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&l.target, "forward-to", "", "post deliveries to this `URL`")
	f.StringVar(&l.secretFile, "secret-file", "", "sign with the secret in this `file` (default $KIRIM_WEBHOOK_SECRET)")
	f.StringVar(&l.subscription, "subscription", "", "watch this subscription, by its `ID`; needed when there are several")
	f.StringSliceVar(&l.events, "events", nil, "forward only these `events`, separated by commas")
	addTime(a, cmd, &l.since, "since", "begin with the deliveries created after this time, or so long ago (default now)")
	f.DurationVar(&l.interval, "interval", 3*time.Second, "how often to look, at least 1s")
	f.BoolVar(&l.once, "once", false, "look once and end")
	return cmd
}

// listener forwards deliveries.
type listener struct {
	app                              *app.App
	target, secretFile, subscription string
	events                           []string
	since                            time.Time
	interval                         time.Duration
	once                             bool

	client    *kirim.Client
	signer    signer
	messages  messageFinder
	sandbox   sandboxBodies
	seen      map[string]time.Time // deliveries that were dealt with, by ID
	told      map[string]bool      // statuses that were forwarded, by message and status
	forwarded int
}

// overlap is how far back a look goes behind the newest delivery: the order in
// which deliveries become visible is not documented.
const overlap = 10 * time.Second

func (l *listener) run(ctx context.Context) error {
	if err := checkTarget("--forward-to", l.target); err != nil {
		return err
	}
	if l.interval < time.Second {
		return app.Usagef("--interval is shorter than 1s: each look counts in the rate limit")
	}
	secret, err := l.secret()
	if err != nil {
		return err
	}
	l.signer = signer{app.Kirim, secret}
	if l.client, err = client(l.app); err != nil {
		return err
	}
	l.sandbox = sandboxAt(ctx, l.client.BaseURL())
	if err := l.choose(ctx); err != nil {
		return err
	}
	if l.since.IsZero() {
		if err := l.skipOld(ctx); err != nil {
			return err
		}
	}
	l.messages = messageFinder{client: l.client}
	if err := l.messages.findNumbers(ctx); err != nil {
		return err
	}
	l.app.Note("Forwarding deliveries of %s to %s", l.subscription, l.target)
	if !l.once {
		l.app.Note("Stop with Ctrl+C.")
	}
	return l.watch(ctx)
}

// secret returns the signing secret, and makes the file for it if need be.
func (l *listener) secret() (string, error) {
	if l.secretFile == "" {
		secrets, err := (&secretsFlags{}).read(l.app, app.Kirim)
		if err != nil {
			return "", app.WithHint(err, "set %s to any text your service has as its secret, or let --secret-file make one", secretVariable(app.Kirim))
		}
		return secrets[0], nil
	}
	secret, err := app.ReadSecretFile(l.secretFile)
	if err == nil {
		return secret, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", app.Usagef("--secret-file: %w", err)
	}
	secret = "whsec_" + rand.Text()
	if err := os.WriteFile(l.secretFile, []byte(secret+"\n"), 0o600); err != nil {
		return "", app.Usagef("--secret-file: %w", err)
	}
	l.app.Note("Made a new secret. For your service:\n  export KIRIM_WEBHOOK_SECRET=\"$(cat %s)\"", l.secretFile)
	return secret, nil
}

// choose finds the subscription to watch.
func (l *listener) choose(ctx context.Context) error {
	var active, others []string
	for s, err := range l.client.WebhookSubscriptions.All(ctx, kirim.WebhookSubscriptionListParams{Limit: largestPage}) {
		if err != nil {
			return err
		}
		switch {
		case s.ID == l.subscription && s.Status != kirim.SubscriptionActive:
			l.app.Note("Subscription %s is %s: the server makes no new deliveries to it.", s.ID, s.Status)
			return nil
		case s.ID == l.subscription:
			return nil
		case s.Status == kirim.SubscriptionActive:
			active = append(active, s.ID)
		default:
			others = append(others, s.ID+" ("+string(s.Status)+")")
		}
	}
	switch {
	case l.subscription != "":
		return &app.Failure{Code: app.ExitNotFound, Err: errors.New("there is no such subscription"), Hint: "kirim subscriptions list shows them"}
	case len(active) == 1:
		l.subscription = active[0]
		return nil
	case len(active) > 1:
		return app.WithHint(app.Usagef("there are %d active subscriptions", len(active)), "choose one with --subscription: %s", strings.Join(active, ", "))
	}
	hint := "create a subscription with any https URL that responds, then run kirim listen again"
	if l.sandbox.address != "" {
		hint = "start the sandbox with --webhook and the address of your service: it then delivers by itself"
	}
	state := "there is none"
	if len(others) > 0 {
		state = strings.Join(others, ", ")
	}
	return &app.Failure{
		Code: app.ExitNotFound,
		Err:  fmt.Errorf("no subscription is active, and without one the server makes no deliveries (%s)", state),
		Hint: hint,
	}
}

// skipOld marks the deliveries that there are as dealt with. The clock of this
// machine would not do: that of the server, or of a sandbox, may differ.
func (l *listener) skipOld(ctx context.Context) error {
	page, err := l.client.WebhookDeliveries.List(ctx, kirim.WebhookDeliveryListParams{SubscriptionID: l.subscription, Limit: largestPage})
	if err != nil {
		return err
	}
	for _, d := range page.Items {
		l.done(d)
	}
	return nil
}

// done marks a delivery as dealt with.
func (l *listener) done(d *kirim.WebhookDelivery) {
	l.seen[d.ID] = d.CreatedAt
	if d.CreatedAt.After(l.since) {
		l.since = d.CreatedAt
	}
}

func (l *listener) watch(ctx context.Context) error {
	for {
		err := l.look(ctx)
		switch {
		case ctx.Err() != nil: // stopped on purpose
			l.app.Note("Forwarded %s.", count(l.forwarded, "delivery", "deliveries"))
			return nil //nolint:nilerr // as said
		case err != nil && (l.once || !kirim.IsTemporary(err)):
			return err
		case err != nil:
			l.app.Note("Looking again in %s: %s", l.interval, strings.TrimPrefix(err.Error(), "kirim: "))
		case l.once:
			l.app.Note("Forwarded %s.", count(l.forwarded, "delivery", "deliveries"))
			return nil
		}
		timer := time.NewTimer(l.interval)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
}

// look forwards the deliveries that are new, the oldest first.
func (l *listener) look(ctx context.Context) error {
	from := l.since
	if len(l.seen) > 0 {
		from = from.Add(-overlap)
	}
	var fresh []*kirim.WebhookDelivery
	params := kirim.WebhookDeliveryListParams{SubscriptionID: l.subscription, CreatedAfter: from, Limit: largestPage}
	for d, err := range l.client.WebhookDeliveries.All(ctx, params) {
		if err != nil {
			return err
		}
		if !d.CreatedAt.IsZero() && d.CreatedAt.Before(from) {
			break // a server without this filter, which no page documents
		}
		if _, known := l.seen[d.ID]; !known && d.ReplayedFrom == "" {
			fresh = append(fresh, d)
		}
	}
	slices.Reverse(fresh)
	l.messages.forget()
	for _, d := range fresh {
		if err := l.forward(ctx, d); err != nil {
			return err
		}
		l.done(d)
	}
	for id, at := range l.seen {
		if at.Before(l.since.Add(-2*overlap)) && len(l.seen) > 1 {
			delete(l.seen, id)
		}
	}
	return nil
}

// forward deals with one delivery. Its error is of the API; what the receiver
// says is printed.
func (l *listener) forward(ctx context.Context, d *kirim.WebhookDelivery) error {
	if len(l.events) > 0 && !slices.Contains(l.events, string(d.EventType)) {
		return nil
	}
	line := forwardLine{Time: l.app.Now(), Event: string(d.EventType), EventID: d.EventID, DeliveryID: d.ID}
	out := l.sandbox.delivery(ctx, d.ID)
	if out == nil {
		var err error
		if out, err = l.rebuild(ctx, d, &line); err != nil {
			return err
		}
	}
	if out == nil {
		return l.print(line)
	}
	res, err := out.post(ctx, l.target, l.signer, l.app.Now())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		line.Error = err.Error()
		return l.print(line)
	}
	l.forwarded++
	line.Status, line.Took = res.status, res.took.Milliseconds()
	return l.print(line)
}

// rebuild makes a delivery again from the message that it was about. Without
// one, the line says why.
func (l *listener) rebuild(ctx context.Context, d *kirim.WebhookDelivery, line *forwardLine) (*delivery, error) {
	build := map[kirim.WebhookEventType]func(*kirim.Message, about) ([]byte, error){
		kirim.EventMessageReceived: receivedBody,
		kirim.EventMessageStatus:   statusBody,
	}[d.EventType]
	if build == nil {
		line.Skipped = "the API does not return what was in it"
		return nil, nil //nolint:nilnil // as said
	}
	found, err := l.messages.find(ctx, d.EventID)
	if err != nil {
		return nil, err
	}
	if found == nil {
		line.Skipped = "its message is not among the newest"
		return nil, nil //nolint:nilnil // as said
	}
	if d.EventType == kirim.EventMessageStatus {
		line.Detail = string(found.message.Status)
		key := found.message.ID + " " + line.Detail
		if l.told[key] {
			line.Skipped = "this status was forwarded before"
			return nil, nil //nolint:nilnil // as said
		}
		l.told[key] = true
	}
	more := found.about
	more.deliveryID = d.ID
	body, err := build(found.message, more)
	if err != nil {
		return nil, err
	}
	return &delivery{body: body, source: "meta", event: string(d.EventType), eventID: d.EventID, id: d.ID}, nil
}

// forwardLine is what is printed of a delivery.
type forwardLine struct {
	Time       time.Time `json:"time"`
	Event      string    `json:"event"`
	Detail     string    `json:"detail,omitempty"`
	EventID    string    `json:"event_id"`
	DeliveryID string    `json:"delivery_id"`
	Status     int       `json:"status,omitempty"`  // of the receiver's response
	Took       int64     `json:"took_ms,omitempty"` // until the response
	Skipped    string    `json:"skipped,omitempty"` // why it was not forwarded
	Error      string    `json:"error,omitempty"`   // why there is no response
}

func (l *listener) print(line forwardLine) error {
	if l.app.JSON {
		return l.app.PrintJSON(line)
	}
	s := l.app.Screen()
	outcome := s.Styled(console.Good, fmt.Sprint(line.Status)) + fmt.Sprintf(" in %d ms", line.Took)
	switch {
	case line.Skipped != "":
		outcome = s.Styled(console.Faint, "not forwarded: "+line.Skipped)
	case line.Error != "":
		outcome = s.Styled(console.Bad, "no response: "+line.Error)
	case line.Status < 200 || line.Status > 299:
		outcome = s.Styled(console.Bad, fmt.Sprint(line.Status)) + fmt.Sprintf(" in %d ms", line.Took)
	}
	s.Printf("%s  %-18s  %s\n", line.Time.Local().Format(time.TimeOnly), console.Line(strings.TrimSpace(line.Event+" "+line.Detail)), outcome)
	return nil
}
