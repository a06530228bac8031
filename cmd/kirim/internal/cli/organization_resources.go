package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
)

// client returns a client of Kirim for the flags.
func client(a *app.App) (*kirim.Client, error) {
	conn, err := a.Connect(app.Kirim)
	if err != nil {
		return nil, err
	}
	return conn.Kirim()
}

func withConnection(a *app.App, cmd *cobra.Command) *cobra.Command {
	a.AddConnectionFlags(cmd)
	return cmd
}

func newDeliveries(a *app.App) *cobra.Command {
	var params kirim.WebhookDeliveryListParams
	deliveries := list[*kirim.Client, kirim.WebhookDelivery]{
		short: "List webhook deliveries of the last 30 days, the newest first",
		columns: []column[kirim.WebhookDelivery]{
			{title: "id", value: func(d *kirim.WebhookDelivery) string { return d.ID }},
			{title: "created", value: func(d *kirim.WebhookDelivery) string { return moment(d.CreatedAt) }},
			{title: "event", value: func(d *kirim.WebhookDelivery) string { return string(d.EventType) }},
			{title: "status", value: func(d *kirim.WebhookDelivery) string { return string(d.Status) }, style: stateStyle},
			{title: "outcome", below: true, value: outcomeOf},
		},
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&params.SubscriptionID, "subscription", "", "only to this subscription, by its `ID`")
			addChoice(cmd, &params.Status, "status", "only in this `state`", kirim.DeliveryPending, kirim.DeliveryFailed, kirim.DeliveryDead)
			addChoice(cmd, &params.EventType, "event", "only of this `event`", kirim.EventMessageReceived, kirim.EventMessageStatus)
			addTime(a, cmd, &params.CreatedAfter, "after", "only those created after this time, or so long ago")
			addTime(a, cmd, &params.CreatedBefore, "before", "only those created before this time, or so long ago")
		},
		connect: client,
		page: func(ctx context.Context, c *kirim.Client, limit int, cursor string) (*kirim.Page[kirim.WebhookDelivery], error) {
			params.Limit, params.Cursor = limit, cursor
			return c.WebhookDeliveries.List(ctx, params)
		},
	}
	show := byID(a, "get", "Show a delivery", client, func(ctx context.Context, c *kirim.Client, id string) (*kirim.WebhookDelivery, error) {
		return c.WebhookDeliveries.Get(ctx, id)
	})
	replay := byID(a, "replay", "Have the server deliver an event again", client, func(ctx context.Context, c *kirim.Client, id string) (*kirim.WebhookDelivery, error) {
		return c.WebhookDeliveries.Replay(ctx, id)
	})
	return withConnection(a, newGroup(groupWebhooks, "deliveries", "List webhook deliveries, show or replay one", deliveries.command(a), show, replay))
}

// outcomeOf is what became of a delivery so far.
func outcomeOf(d *kirim.WebhookDelivery) string {
	parts := []string{count(d.Attempts, "attempt", "attempts")}
	if d.ResponseStatus != 0 {
		parts = append(parts, "response "+strconv.Itoa(d.ResponseStatus))
	}
	if d.LastError != "" {
		parts = append(parts, d.LastError)
	}
	if !d.NextAttemptAt.IsZero() {
		parts = append(parts, "next "+moment(d.NextAttemptAt))
	}
	return strings.Join(parts, ", ")
}

func newSubscriptions(a *app.App) *cobra.Command {
	subscriptions := list[*kirim.Client, kirim.WebhookSubscription]{
		short: "List webhook subscriptions",
		columns: []column[kirim.WebhookSubscription]{
			{title: "id", value: func(s *kirim.WebhookSubscription) string { return s.ID }},
			{title: "status", value: func(s *kirim.WebhookSubscription) string { return string(s.Status) }, style: stateStyle},
			{title: "failures", value: func(s *kirim.WebhookSubscription) string { return strconv.Itoa(s.ConsecutiveFailures) }},
			{title: "url", below: true, value: func(s *kirim.WebhookSubscription) string { return s.URL }},
			{title: "events", below: true, value: func(s *kirim.WebhookSubscription) string { return joined(s.Events) }},
		},
		connect: client,
		page: func(ctx context.Context, c *kirim.Client, limit int, cursor string) (*kirim.Page[kirim.WebhookSubscription], error) {
			return c.WebhookSubscriptions.List(ctx, kirim.WebhookSubscriptionListParams{Limit: limit, Cursor: cursor})
		},
	}
	show := byID(a, "get", "Show a subscription", client, func(ctx context.Context, c *kirim.Client, id string) (*kirim.WebhookSubscription, error) {
		return c.WebhookSubscriptions.Get(ctx, id)
	})
	return withConnection(a, newGroup(groupWebhooks, "subscriptions", "List webhook subscriptions, show one", subscriptions.command(a), show))
}

func joined[S ~string](values []S) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return strings.Join(texts, ", ")
}

func newLabels(a *app.App) *cobra.Command {
	var params kirim.LabelListParams
	labels := list[*kirim.Client, kirim.Label]{
		short: "List labels",
		columns: []column[kirim.Label]{
			{title: "id", value: func(l *kirim.Label) string { return l.ID }},
			{title: "name", cut: true, value: func(l *kirim.Label) string { return l.Name }},
			{title: "color", value: func(l *kirim.Label) string { return string(l.Color) }},
			{title: "team", value: func(l *kirim.Label) string { return l.TeamID }},
		},
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&params.TeamID, "team", "", "only of this team, by its `ID`")
		},
		connect: client,
		page: func(ctx context.Context, c *kirim.Client, limit int, cursor string) (*kirim.Page[kirim.Label], error) {
			params.Limit, params.Cursor = limit, cursor
			return c.Labels.List(ctx, params)
		},
	}
	show := byID(a, "get", "Show a label, which is looked for in the list", client, func(ctx context.Context, c *kirim.Client, id string) (*kirim.Label, error) {
		for l, err := range c.Labels.All(ctx, kirim.LabelListParams{Limit: largestPage}) {
			if err != nil || l.ID == id {
				return l, err
			}
		}
		return nil, notListed("label")
	})
	return withConnection(a, newGroup(groupAccount, "labels", "List labels, show one", labels.command(a), show))
}

func notListed(noun string) error {
	return &app.Failure{Code: app.ExitNotFound, Err: fmt.Errorf("there is no such %s in the list", noun)}
}

func newAccounts(a *app.App) *cobra.Command {
	params := kirim.AccountListParams{}
	accounts := list[*kirim.Client, kirim.Account]{
		short: "List the business numbers of the organization",
		columns: []column[kirim.Account]{
			{title: "phone number id", value: func(c *kirim.Account) string { return c.PhoneNumberID }},
			{title: "phone number", value: func(c *kirim.Account) string { return c.PhoneNumber }},
			{title: "status", value: func(c *kirim.Account) string { return string(c.Status) }, style: stateStyle},
			{title: "name", cut: true, value: func(c *kirim.Account) string { return c.Name }},
		},
		flags: func(cmd *cobra.Command) {
			addChoice(cmd, &params.Status, "status", "only in this `state`; without it, connected ones", kirim.AccountConnected, kirim.AccountStatusAll)
		},
		connect: client,
		page: func(ctx context.Context, c *kirim.Client, limit int, _ string) (*kirim.Page[kirim.Account], error) {
			page, err := c.Accounts.List(ctx, params)
			if err == nil && len(page.Items) > limit { // the list has one page
				page.Items = page.Items[:limit]
			}
			return page, err
		},
	}
	show := byID(a, "get", "Show a business number, which is looked for in the list", client, func(ctx context.Context, c *kirim.Client, id string) (*kirim.Account, error) {
		for account, err := range c.Accounts.All(ctx, kirim.AccountListParams{Status: kirim.AccountStatusAll}) {
			if err != nil || account.PhoneNumberID == id {
				return account, err
			}
		}
		return nil, notListed("business number")
	})
	return withConnection(a, newGroup(groupAccount, "accounts", "List business numbers, show one", accounts.command(a), show))
}
