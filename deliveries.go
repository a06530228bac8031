package kirim

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// WebhookDeliveriesService lists deliveries of events and replays those
// that failed.
type WebhookDeliveriesService struct{ client *core }

// WebhookDelivery is one event on its way to one subscription. Only ID,
// Object, Status and ReplayedFrom are documented; the rest is assumed.
//
// Docs: https://developers.kirim.chat/api/operations/webhook_deliveriesidreplay/
type WebhookDelivery struct {
	ID             string                `json:"id,omitzero"`     // wbd_…
	Object         string                `json:"object,omitzero"` // "webhook_delivery"
	Status         WebhookDeliveryStatus `json:"status,omitzero"`
	SubscriptionID string                `json:"subscription_id,omitzero" kirim:"assumed"`
	EventType      WebhookEventType      `json:"event_type,omitzero" kirim:"assumed"`
	EventID        string                `json:"event_id,omitzero" kirim:"assumed"`
	Attempts       int                   `json:"attempts,omitzero" kirim:"assumed"`
	ResponseStatus int                   `json:"response_status,omitzero" kirim:"assumed"` // HTTP status of your receiver; 0 when it gave none
	LastError      string                `json:"last_error,omitzero" kirim:"assumed"`
	NextAttemptAt  time.Time             `json:"next_attempt_at,omitzero" kirim:"assumed"` // zero when there will be none
	ReplayedFrom   string                `json:"replayed_from,omitzero" kirim:"assumed"`   // id of the delivery that this one replays
	CreatedAt      time.Time             `json:"created_at,omitzero" kirim:"assumed"`
	Extra          Extra                 `json:"-"`
	blank          []blankField
}

// WebhookDeliveryStatus is the state of a delivery. The server may have more.
type WebhookDeliveryStatus string

// States of a delivery. The vendor's pages do not agree on what the latter
// two mean.
const (
	DeliveryPending WebhookDeliveryStatus = "pending"
	DeliveryFailed  WebhookDeliveryStatus = "failed"
	DeliveryDead    WebhookDeliveryStatus = "dead" // all attempts were made
)

// WebhookDeliveryListParams selects deliveries. All filters are assumed.
type WebhookDeliveryListParams struct {
	SubscriptionID string                `url:"subscription_id,omitempty"`
	Status         WebhookDeliveryStatus `url:"status,omitempty"`
	EventType      WebhookEventType      `url:"event_type,omitempty"`
	CreatedAfter   time.Time             `url:"created_after,omitempty" layout:"2006-01-02T15:04:05.999999999Z07:00"`
	CreatedBefore  time.Time             `url:"created_before,omitempty" layout:"2006-01-02T15:04:05.999999999Z07:00"`
	Limit          int                   `url:"limit,omitempty"`  // deliveries on a page, 1 to 100; the server's default is 25
	Cursor         string                `url:"cursor,omitempty"` // of a [Page] with the same filters
}

// BulkReplayParams selects deliveries to replay.
type BulkReplayParams struct {
	SubscriptionID string                `json:"subscription_id"`
	Status         WebhookDeliveryStatus `json:"status,omitzero"`     // failed or dead; dead when empty
	EventType      WebhookEventType      `json:"event_type,omitzero"` // at most 64 characters
	CreatedAfter   time.Time             `json:"created_after,omitzero"`
	CreatedBefore  time.Time             `json:"created_before,omitzero"`
}

// BulkReplayResult is how many deliveries will be replayed.
type BulkReplayResult struct {
	Enqueued int   `json:"enqueued,omitzero"`
	Capped   bool  `json:"capped,omitzero"` // there were more than 1,000: replay again with a narrower time
	Extra    Extra `json:"-"`
	blank    []blankField
}

// List returns one page of the organisation's deliveries. The server forgets
// them 30 days after their creation.
//
// Docs: https://kirim-dev.pages.dev/concepts/pagination/
func (s *WebhookDeliveriesService) List(ctx context.Context, params WebhookDeliveryListParams, opts ...RequestOption) (*Page[WebhookDelivery], error) {
	return listPage[WebhookDelivery](ctx, s.client, "/webhook_deliveries", params, opts)
}

// All iterates over the deliveries from params.Cursor on, one page in memory.
// An error is a [*ListError] and ends the iteration.
//
// Docs: https://kirim-dev.pages.dev/concepts/pagination/
func (s *WebhookDeliveriesService) All(ctx context.Context, params WebhookDeliveryListParams, opts ...RequestOption) iter.Seq2[*WebhookDelivery, error] {
	return all[WebhookDelivery](ctx, s.client, "/webhook_deliveries", params, opts)
}

// Get returns one delivery. No page of the vendor describes the operation; it
// is assumed.
func (s *WebhookDeliveriesService) Get(ctx context.Context, id string, opts ...RequestOption) (*WebhookDelivery, error) {
	return request[WebhookDelivery](ctx, s.client, http.MethodGet, pathOf("webhook_deliveries", id), nil, nil, opts)
}

// Replay delivers an event again and returns the new delivery; the old one
// stays as it is. Replaying for a subscription that the server has disabled is
// [CodeWebhookSubscriptionDisabled].
//
// Docs: https://developers.kirim.chat/api/operations/webhook_deliveriesidreplay/
func (s *WebhookDeliveriesService) Replay(ctx context.Context, id string, opts ...RequestOption) (*WebhookDelivery, error) {
	return request[WebhookDelivery](ctx, s.client, http.MethodPost, pathOf("webhook_deliveries", id, "replay"), nil, nil, opts)
}

// BulkReplay delivers the events of failed deliveries again, at most 1,000 in
// a call; Capped in the result reports that there were more.
//
// Docs: https://developers.kirim.chat/api/operations/webhook_deliveriesbulk_replay/
func (s *WebhookDeliveriesService) BulkReplay(ctx context.Context, params BulkReplayParams, opts ...RequestOption) (*BulkReplayResult, error) {
	params.CreatedAfter, params.CreatedBefore = params.CreatedAfter.UTC(), params.CreatedBefore.UTC()
	return request[BulkReplayResult](ctx, s.client, http.MethodPost, "/webhook_deliveries/bulk_replay", nil, params, opts)
}
