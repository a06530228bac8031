package kirimtest

import (
	"cmp"
	"net/http"
	"time"
)

// mostReplays is the most deliveries of one bulk replay.
const mostReplays = 1000

type deliveryView struct {
	ID             string  `json:"id"`
	Object         string  `json:"object"`
	Status         string  `json:"status"`
	SubscriptionID string  `json:"subscription_id"`
	EventType      string  `json:"event_type"`
	EventID        string  `json:"event_id"`
	Attempts       int     `json:"attempts"`
	ResponseStatus *int    `json:"response_status"`
	LastError      *string `json:"last_error"`
	NextAttemptAt  *string `json:"next_attempt_at"`
	ReplayedFrom   *string `json:"replayed_from"`
	CreatedAt      string  `json:"created_at"`
}

func (d *delivery) view(as *Assumptions) deliveryView {
	view := deliveryView{
		ID:             d.id,
		Object:         "webhook_delivery",
		Status:         d.wireStatus(as),
		SubscriptionID: d.sub.id,
		EventType:      d.event.name,
		EventID:        d.event.id,
		Attempts:       len(d.attempts),
		LastError:      orNull(d.lastError),
		NextAttemptAt:  stampOrNull(d.nextAttempt()),
		ReplayedFrom:   orNull(d.replayedFrom),
		CreatedAt:      stamp(d.created),
	}
	if n := len(d.attempts); n > 0 && d.attempts[n-1].StatusCode != 0 {
		status := d.attempts[n-1].StatusCode // a copy: the view outlives the lock
		view.ResponseStatus = &status
	}
	return view
}

// wireStatus is the status by the name that the API gives it.
func (d *delivery) wireStatus(as *Assumptions) string {
	if d.status == DeliverySucceeded {
		return as.DeliveredStatus
	}
	return string(d.status)
}

// deliveryFilter selects deliveries. Its zero fields select all.
type deliveryFilter struct {
	subscription, status, event string
	after, before               time.Time // both exclusive
}

func (f *deliveryFilter) holds(d *delivery, as *Assumptions, now time.Time) bool {
	return !d.purged(now) &&
		(f.subscription == "" || f.subscription == d.sub.id) &&
		(f.status == "" || f.status == d.wireStatus(as)) &&
		(f.event == "" || f.event == d.event.name) &&
		(f.after.IsZero() || d.created.After(f.after)) &&
		(f.before.IsZero() || d.created.Before(f.before))
}

// listDeliveries handles GET /v1/webhook_deliveries.
func listDeliveries(x *exchange) *reply {
	q, as := x.query(), &x.s.cfg.assumptions
	f := deliveryFilter{
		subscription: q.filter("subscription_id", 1, 0),
		status:       q.filter("status", 1, 0),
		event:        q.filter("event_type", 1, 64),
		after:        q.time("created_after"),
		before:       q.time("created_before"),
	}
	now := x.now()
	keep := func(d *delivery) bool { return f.holds(d, as, now) }
	return pageOf(x, q, newest(keep, &x.s.state.deliveries), func(d *delivery) any { return d.view(as) })
}

// getDelivery handles GET /v1/webhook_deliveries/{id}.
func getDelivery(x *exchange, d *delivery) *reply {
	return ok(http.StatusOK, d.view(&x.s.cfg.assumptions))
}

// replayDelivery handles POST /v1/webhook_deliveries/{id}/replay.
func replayDelivery(x *exchange, d *delivery) *reply {
	switch {
	case d.sub.deleted:
		return notFound("webhook subscription any more")
	case d.sub.status == SubscriptionDisabled:
		return disabled()
	}
	again := x.s.enqueue(d.sub, d.event, d.id, x.now())
	return ok(http.StatusAccepted, struct {
		ID           string `json:"id"`
		Object       string `json:"object"`
		ReplayedFrom string `json:"replayed_from"`
		Status       string `json:"status"`
	}{again.id, "webhook_delivery", d.id, string(DeliveryPending)})
}

// bulkReplay handles POST /v1/webhook_deliveries/bulk_replay.
func bulkReplay(x *exchange) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	as := &x.s.cfg.assumptions
	v := x.checker()
	f := deliveryFilter{
		subscription: v.text(o, "", "subscription_id", 1, 0),
		event:        v.optionalText(o, "", "event_type", 1, 64),
		after:        v.time(o, "created_after"),
		before:       v.time(o, "created_before"),
		status:       string(DeliveryDead),
	}
	if present(o, "status") {
		f.status = v.oneOf(o, "", "status", string(DeliveryFailed), string(DeliveryDead))
	}
	if v.err != nil {
		return failed(v.err)
	}
	sub, found := x.s.state.subscriptions.get(f.subscription)
	switch {
	case !found:
		return notFound("webhook subscription")
	case sub.status == SubscriptionDisabled:
		return disabled()
	}
	now := x.now()
	var chosen []*delivery
	capped := false
	for d := range x.s.state.deliveries.oldest {
		if !f.holds(d, as, now) {
			continue
		}
		if capped = len(chosen) == mostReplays; capped {
			break
		}
		chosen = append(chosen, d)
	}
	for _, d := range chosen {
		x.s.enqueue(sub, d.event, d.id, now)
	}
	return ok(http.StatusAccepted, struct {
		Enqueued int  `json:"enqueued"`
		Capped   bool `json:"capped"`
	}{len(chosen), capped})
}

// forDelivery runs h with the delivery of the path, which may be named by the
// id of any of its attempts, and the state locked.
func forDelivery(h func(*exchange, *delivery) *reply) handler {
	return holding(func(x *exchange) *reply {
		d, _ := x.s.state.deliveries.get(x.params[0])
		d = cmp.Or(d, x.s.state.attemptIDs[x.params[0]])
		if d == nil || d.purged(x.now()) {
			return notFound("webhook delivery")
		}
		return h(x, d)
	})
}

// time returns the zero time when the field is absent.
func (v *checker) time(o map[string]any, key string) time.Time {
	s := v.optionalText(o, "", key, 1, 0)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		v.invalid("", key, "The value must be a time such as 2026-01-02T03:04:05Z.")
	}
	return t
}
