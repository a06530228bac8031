package kirimtest

import (
	"encoding/json"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// SubscriptionStatus is the state of a webhook subscription.
type SubscriptionStatus string

// States of a subscription. Only an active one gets new events.
const (
	SubscriptionActive   SubscriptionStatus = "active"
	SubscriptionPaused   SubscriptionStatus = "paused"
	SubscriptionDisabled SubscriptionStatus = "disabled" // after too many failures in a row
)

// subscription is under state.mu.
type subscription struct {
	head
	url         string
	description json.RawMessage // a string or null
	events      []string
	status      SubscriptionStatus
	secrets     []*signingSecret
	failures    int // deliveries in a row that failed for good
	deleted     bool
	meta        bool // of an app at Meta; its events are the fields of webhooks
}

type signingSecret struct {
	id, plaintext string
	created       time.Time
	expires       time.Time // zero for never
}

func newSigningSecret(plaintext string, now, expires time.Time) *signingSecret {
	return &signingSecret{newID("sec_", now), plaintext, now, expires}
}

func newWebhookSecret() string { return newSecret("whsec_", 24) }

func (sub *subscription) wants(event string) bool {
	return sub.status == SubscriptionActive && slices.Contains(sub.events, event)
}

// ended reports whether no further attempts are made.
func (sub *subscription) ended() bool { return sub.deleted || sub.status == SubscriptionDisabled }

// activeSecrets drops the secrets that have expired and returns the others.
func (sub *subscription) activeSecrets(now time.Time) []*signingSecret {
	sub.secrets = slices.DeleteFunc(sub.secrets, func(secret *signingSecret) bool {
		return !secret.expires.IsZero() && !now.Before(secret.expires)
	})
	return sub.secrets
}

// Subscription is a webhook of the organisation.
type Subscription struct {
	ID       string // wbs_…
	URL      string
	Events   []string
	Status   SubscriptionStatus
	Failures int      // deliveries that failed for good since the last success
	Secrets  []string // that sign a delivery now, oldest first
}

// Subscribe delivers events of these types to url, or events of all types when
// none is named, signed with [Server.WebhookSecret]. Unlike the API it takes any
// URL, also the http one of a test server.
func (s *Server) Subscribe(url string, events ...string) Subscription {
	if len(events) == 0 {
		events = eventTypes
	}
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	sub := st.subscribe(url, slices.Clone(events), s.WebhookSecret, now)
	s.noteSettings()
	return sub.public(now)
}

// subscribe adds a subscription. st.mu is held.
func (st *state) subscribe(url string, events []string, secret string, now time.Time) *subscription {
	sub := &subscription{
		head:    st.newHead("wbs_", now),
		url:     url,
		events:  events,
		status:  SubscriptionActive,
		secrets: []*signingSecret{newSigningSecret(secret, now, time.Time{})},
	}
	st.subscriptions.add(sub)
	return sub
}

func (sub *subscription) public(now time.Time) Subscription {
	p := Subscription{ID: sub.id, URL: sub.url, Events: slices.Clone(sub.events), Status: sub.status, Failures: sub.failures}
	for _, secret := range sub.activeSecrets(now) {
		p.Secrets = append(p.Secrets, secret.plaintext)
	}
	return p
}

// Subscriptions returns the webhook subscriptions, oldest first.
func (s *Server) Subscriptions() []Subscription {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	list := make([]Subscription, 0, len(st.subscriptions.order))
	for sub := range st.subscriptions.oldest {
		list = append(list, sub.public(now))
	}
	return list
}

type secretView struct {
	ID        string  `json:"id"`
	Secret    string  `json:"secret,omitempty"`
	CreatedAt string  `json:"created_at"`
	ExpiresAt *string `json:"expires_at"`
}

func (secret *signingSecret) view() secretView {
	return secretView{ID: secret.id, CreatedAt: stamp(secret.created), ExpiresAt: stampOrNull(secret.expires)}
}

type subscriptionView struct {
	ID                  string             `json:"id"`
	Object              string             `json:"object"`
	URL                 string             `json:"url"`
	Status              SubscriptionStatus `json:"status"`
	Events              []string           `json:"events"`
	Description         json.RawMessage    `json:"description"`
	Secrets             []secretView       `json:"secrets"`
	ConsecutiveFailures int                `json:"consecutive_failures"`
	CreatedAt           string             `json:"created_at"`
	UpdatedAt           string             `json:"updated_at"`
	InitialSecret       string             `json:"initial_secret,omitempty"`
}

func (sub *subscription) view(now time.Time) subscriptionView {
	view := subscriptionView{
		ID:                  sub.id,
		Object:              "webhook_subscription",
		URL:                 sub.url,
		Status:              sub.status,
		Events:              sub.events,
		Description:         rawOrNull(sub.description),
		Secrets:             []secretView{},
		ConsecutiveFailures: sub.failures,
		CreatedAt:           stamp(sub.created),
		UpdatedAt:           stamp(sub.updated),
	}
	for _, secret := range sub.activeSecrets(now) {
		view.Secrets = append(view.Secrets, secret.view())
	}
	return view
}

// listSubscriptions handles GET /v1/webhook_subscriptions.
func listSubscriptions(x *exchange) *reply {
	all := func(*subscription) bool { return true }
	return pageOf(x, x.query(), newest(all, &x.s.state.subscriptions), func(sub *subscription) any { return sub.view(x.now()) })
}

// getSubscription handles GET /v1/webhook_subscriptions/{id}.
func getSubscription(x *exchange, sub *subscription) *reply {
	return ok(http.StatusOK, sub.view(x.now()))
}

// createSubscription handles POST /v1/webhook_subscriptions.
func createSubscription(x *exchange) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	v := x.checker()
	address := v.webhookURL(o, x.s.cfg.httpWebhooks)
	events := v.events(o)
	description := v.description(o)
	if v.err != nil {
		return failed(v.err)
	}
	sub := x.s.state.subscribe(address, events, newWebhookSecret(), x.now())
	sub.description = description
	view := sub.view(x.now())
	view.InitialSecret = sub.secrets[0].plaintext
	x.s.noteSettings()
	return ok(http.StatusCreated, view)
}

// updateSubscription handles PATCH /v1/webhook_subscriptions/{id}.
func updateSubscription(x *exchange, sub *subscription) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	v := x.checker()
	next := *sub
	v.anyOf(o, "url", "description", "events", "status")
	if _, given := o["description"]; given {
		next.description = v.description(o)
	}
	if _, given := o["url"]; given {
		next.url = v.webhookURL(o, x.s.cfg.httpWebhooks)
	}
	if _, given := o["events"]; given {
		next.events = v.events(o)
	}
	if _, given := o["status"]; given {
		next.status = SubscriptionStatus(v.oneOf(o, "", "status", string(SubscriptionActive), string(SubscriptionPaused)))
	}
	if v.err != nil {
		return failed(v.err)
	}
	if sub.status == SubscriptionDisabled {
		if next.status != SubscriptionActive {
			return disabled()
		}
		next.failures = 0
	}
	next.updated = x.now()
	*sub = next
	x.s.noteSettings()
	return ok(http.StatusOK, sub.view(x.now()))
}

// deleteSubscription handles DELETE /v1/webhook_subscriptions/{id}.
func deleteSubscription(x *exchange, sub *subscription) *reply {
	sub.deleted = true
	x.s.state.subscriptions.remove(sub)
	x.s.bury(sub, "subscription deleted")
	x.s.noteSettings()
	return x.deleted(sub.id, "webhook_subscription")
}

// addSecret handles POST /v1/webhook_subscriptions/{id}/secrets.
func addSecret(x *exchange, sub *subscription) *reply {
	var expires time.Time
	if len(x.body) > 0 {
		o, err := x.object()
		if err != nil {
			return failed(err)
		}
		v := x.checker()
		if hours := v.hours(o, "expires_in_hours"); hours > 0 {
			expires = x.now().Add(hours)
		}
		if v.err != nil {
			return failed(v.err)
		}
	}
	if sub.status == SubscriptionDisabled {
		return disabled()
	}
	secret := newSigningSecret(newWebhookSecret(), x.now(), expires)
	if x.s.cfg.assumptions.RotationEndsOldSecrets {
		secret.expires = time.Time{}
		for _, old := range sub.secrets {
			if !expires.IsZero() && (old.expires.IsZero() || expires.Before(old.expires)) {
				old.expires = expires
			}
		}
	}
	sub.secrets = append(sub.secrets, secret)
	sub.updated = x.now()
	view := secret.view()
	view.Secret = secret.plaintext
	return ok(http.StatusCreated, view)
}

// revokeSecret handles DELETE /v1/webhook_subscriptions/{id}/secrets/{secret_id}.
func revokeSecret(x *exchange, sub *subscription) *reply {
	active := sub.activeSecrets(x.now())
	i := slices.IndexFunc(active, func(secret *signingSecret) bool { return secret.id == x.params[1] })
	switch {
	case i < 0:
		return notFound("secret")
	case sub.status == SubscriptionDisabled:
		return disabled()
	case len(active) == 1:
		return failed(fail("cannot_revoke_last_secret", "", "A subscription keeps at least one secret."))
	}
	sub.secrets = slices.Delete(active, i, i+1)
	sub.updated = x.now()
	return x.deleted(x.params[1], "webhook_secret")
}

func disabled() *reply {
	return failed(fail("webhook_subscription_disabled", "", "The subscription was disabled after too many failures. Set its status to active first."))
}

// forSubscription runs h with the subscription of the path, and the state locked.
func forSubscription(h func(*exchange, *subscription) *reply) handler {
	return holding(func(x *exchange) *reply {
		sub, found := x.s.state.subscriptions.get(x.params[0])
		if !found {
			return notFound("webhook subscription")
		}
		return h(x, sub)
	})
}

// webhookURL returns an https URL, or one of a loopback host by http if allowed.
func (v *checker) webhookURL(o map[string]any, allowHTTP bool) string {
	s := v.text(o, "", "url", 0, 0)
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !allowHTTP || !loopback(u.Hostname())) {
		v.fail("invalid_webhook_url", "url", "The URL must be an absolute https URL.")
	}
	return s
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}

// events returns the types of events, each once.
func (v *checker) events(o map[string]any) []string {
	if !present(o, "events") {
		v.missing("", "events")
		return nil
	}
	items, isArray := o["events"].([]any)
	if !isArray || len(items) == 0 {
		v.invalid("", "events", "The field must be an array of at least one event type.")
	}
	events := make([]string, 0, len(items))
	for i, item := range items {
		name, _ := item.(string)
		if !slices.Contains(eventTypes, name) {
			v.fail("invalid_event_type", at("events", i), "There is no such event type.")
		}
		if !slices.Contains(events, name) {
			events = append(events, name)
		}
	}
	return events
}

// description returns a text or null.
func (v *checker) description(o map[string]any) json.RawMessage {
	if !present(o, "description") {
		return nil
	}
	return mustJSON(v.optionalText(o, "", "description", 0, 0))
}

// hours returns 0 when the field is absent.
func (v *checker) hours(o map[string]any, key string) time.Duration {
	if !present(o, key) {
		return 0
	}
	number, _ := o[key].(json.Number)
	n, err := number.Int64()
	if err != nil || n < 1 || n > math.MaxInt64/int64(time.Hour) {
		v.invalid("", key, "The field must be a whole number of hours, at least 1.")
		return 0
	}
	return time.Duration(n) * time.Hour
}
