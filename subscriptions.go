package kirim

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"time"
)

// WebhookSubscriptionsService manages where events are delivered to. A
// subscription gets its events of all numbers of the organisation.
type WebhookSubscriptionsService struct{ client *core }

// WebhookSubscription is an address that chosen events are delivered to.
//
// Docs: https://kirim-dev.pages.dev/guides/webhooks/
type WebhookSubscription struct {
	ID          string                    `json:"id,omitzero"`     // wbs_…
	Object      string                    `json:"object,omitzero"` // "webhook_subscription"
	URL         string                    `json:"url,omitzero"`
	Status      WebhookSubscriptionStatus `json:"status,omitzero"`
	Events      []WebhookEventType        `json:"events,omitzero"`
	Description string                    `json:"description,omitzero"`
	Secrets     []SigningSecret           `json:"secrets,omitzero"` // without the secrets themselves
	// InitialSecret signs the deliveries. Only Create returns it: keep it.
	InitialSecret WebhookSecret `json:"initial_secret,omitzero"`
	// These three are assumed.
	ConsecutiveFailures int       `json:"consecutive_failures,omitzero" kirim:"assumed"`
	CreatedAt           time.Time `json:"created_at,omitzero" kirim:"assumed"`
	UpdatedAt           time.Time `json:"updated_at,omitzero" kirim:"assumed"`
	Extra               Extra     `json:"-"`
	blank               []blankField
}

// SigningSecret is one of the secrets that sign the deliveries of a
// subscription.
type SigningSecret struct {
	ID        string    `json:"id,omitzero"` // sec_…
	CreatedAt time.Time `json:"created_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero when it does not expire
	// Secret is the secret itself. Only AddSecret returns it: keep it. Its
	// place in that response is assumed; look for it in Extra when it is empty.
	Secret WebhookSecret `json:"secret,omitzero" kirim:"assumed"`
	Extra  Extra         `json:"-"`
	blank  []blankField
}

// WebhookSecret is a secret, whsec_…, as the server showed it once. It prints
// as [redacted]; convert it to a string to use it. JSON holds it in full.
type WebhookSecret string

// String hides the secret.
func (s WebhookSecret) String() string {
	if s == "" {
		return ""
	}
	return redactedKey
}

// Format hides the secret from every verb of [fmt].
func (s WebhookSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue hides the secret from [log/slog].
func (s WebhookSecret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// WebhookSubscriptionStatus is the state of a subscription. The server may
// have more.
type WebhookSubscriptionStatus string

// States of a subscription. The names of the latter two are assumed.
const (
	SubscriptionActive   WebhookSubscriptionStatus = "active"
	SubscriptionPaused   WebhookSubscriptionStatus = "paused"   // by you
	SubscriptionDisabled WebhookSubscriptionStatus = "disabled" // by the server, after too many failures in a row
)

// WebhookEventType names what an event is about. The server may have more.
type WebhookEventType string

// Types of events.
const (
	EventMessageReceived      WebhookEventType = "message.received" // a customer has written
	EventMessageStatus        WebhookEventType = "message.status"   // sent, delivered, read or failed
	EventConversationAssigned WebhookEventType = "conversation.assigned"
	EventConversationClosed   WebhookEventType = "conversation.closed"
	EventContactCreated       WebhookEventType = "contact.created"
	EventContactUpdated       WebhookEventType = "contact.updated"

	// Platform mode: https://docs.kirimdev.com/platform/webhooks/
	EventCustomerCreated           WebhookEventType = "customer.created"
	EventCustomerUpdated           WebhookEventType = "customer.updated"
	EventCustomerArchived          WebhookEventType = "customer.archived"
	EventCustomerOnboarded         WebhookEventType = "customer.onboarded"
	EventCustomerSetupLinkCreated  WebhookEventType = "customer.setup_link.created"
	EventCustomerSetupLinkConsumed WebhookEventType = "customer.setup_link.consumed"

	// Not in all of the vendor's documents, or only reported.
	EventMessageCreated         WebhookEventType = "message.created" // outbound, accepted and queued
	EventMessageSent            WebhookEventType = "message.sent"    // outbound, with its wamid
	EventMessageRevoked         WebhookEventType = "message.revoked"
	EventMessageEdited          WebhookEventType = "message.edited"
	EventContactIdentityUpdated WebhookEventType = "contact.identity_updated"
)

// Types of WhatsApp's events beside messages and statuses: the names of
// Meta's webhook fields. An event of a field that is not among them arrives
// as [UnknownData], with the name of the field as its type. Which of them
// Kirim delivers is not documented.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
const (
	EventAccountUpdate      WebhookEventType = "account_update"
	EventPhoneNumberQuality WebhookEventType = "phone_number_quality_update"
	EventTemplateStatus     WebhookEventType = "message_template_status_update"
	EventTemplateQuality    WebhookEventType = "message_template_quality_update"
	EventUserPreferences    WebhookEventType = "user_preferences"   // e.g. no more marketing
	EventMessageEchoes      WebhookEventType = "smb_message_echoes" // sent from the WhatsApp Business app
	EventHistory            WebhookEventType = "history"            // chats of the app from before

	EventCalls             WebhookEventType = "calls"
	EventGroupLifecycle    WebhookEventType = "group_lifecycle_update"
	EventGroupParticipants WebhookEventType = "group_participants_update" // Meta also spells it group_participant_update
	EventGroupSettings     WebhookEventType = "group_settings_update"
	EventGroupStatus       WebhookEventType = "group_status_update"
)

// eventMessages is the type of an element of Meta's field "messages" that is
// neither a message nor a status.
const eventMessages WebhookEventType = "messages"

// WebhookSubscriptionListParams selects a page.
type WebhookSubscriptionListParams struct {
	Limit  int    `url:"limit,omitempty"` // subscriptions on a page, 1 to 100; the server's default is 25
	Cursor string `url:"cursor,omitempty"`
}

// WebhookSubscriptionCreateParams is a subscription to create.
type WebhookSubscriptionCreateParams struct {
	URL         string             `json:"url"` // https, and reachable: the server looks
	Events      []WebhookEventType `json:"events"`
	Description string             `json:"description,omitzero"`
}

// WebhookSubscriptionUpdateParams changes a subscription. Zero fields are
// left as they are.
type WebhookSubscriptionUpdateParams struct {
	URL         string                    `json:"url,omitzero"`
	Description Change[string]            `json:"description,omitzero"`
	Events      []WebhookEventType        `json:"events,omitzero"` // as a whole
	Status      WebhookSubscriptionStatus `json:"status,omitzero"` // active also brings a disabled one back
}

// List returns one page of the organisation's subscriptions. No page of the
// vendor describes the operation; it is assumed.
func (s *WebhookSubscriptionsService) List(ctx context.Context, params WebhookSubscriptionListParams, opts ...RequestOption) (*Page[WebhookSubscription], error) {
	return listPage[WebhookSubscription](ctx, s.client, "/webhook_subscriptions", params, opts)
}

// All iterates over the subscriptions from params.Cursor on, one page in
// memory. An error is a [*ListError] and ends the iteration.
func (s *WebhookSubscriptionsService) All(ctx context.Context, params WebhookSubscriptionListParams, opts ...RequestOption) iter.Seq2[*WebhookSubscription, error] {
	return all[WebhookSubscription](ctx, s.client, "/webhook_subscriptions", params, opts)
}

// Get returns one subscription. No page of the vendor describes the
// operation; it is assumed.
func (s *WebhookSubscriptionsService) Get(ctx context.Context, id string, opts ...RequestOption) (*WebhookSubscription, error) {
	return request[WebhookSubscription](ctx, s.client, http.MethodGet, pathOf("webhook_subscriptions", id), nil, nil, opts)
}

// Create creates a subscription. Its InitialSecret is shown this once. Wrong
// URLs and event names are [CodeInvalidWebhookURL] and [CodeInvalidEventType].
//
// Docs: https://kirim-dev.pages.dev/guides/webhooks/
func (s *WebhookSubscriptionsService) Create(ctx context.Context, params WebhookSubscriptionCreateParams, opts ...RequestOption) (*WebhookSubscription, error) {
	return request[WebhookSubscription](ctx, s.client, http.MethodPost, "/webhook_subscriptions", nil, params, opts)
}

// Update changes, pauses or resumes a subscription, or brings back one that
// the server has disabled. Changing nothing is a [*ValidationError].
//
// Docs: https://developers.kirim.chat/api/operations/webhook_subscriptionsid/patch/
func (s *WebhookSubscriptionsService) Update(ctx context.Context, id string, params WebhookSubscriptionUpdateParams, opts ...RequestOption) (*WebhookSubscription, error) {
	return patch[WebhookSubscription](ctx, s.client, pathOf("webhook_subscriptions", id), params, opts)
}

// Delete deletes a subscription. No page of the vendor describes the
// operation; it is assumed. Retried after a lost response, it may be
// [IsNotFound] although it was done; [Error.Attempts] is then more than 1.
func (s *WebhookSubscriptionsService) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	return s.client.do(ctx, http.MethodDelete, pathOf("webhook_subscriptions", id), nil, nil, nil, opts)
}

// SigningSecretCreateParams is a secret to add; the zero value will do.
type SigningSecretCreateParams struct {
	ExpiresInHours int `json:"expires_in_hours,omitzero"` // at least 1; the server's maximum and default are not documented
}

// AddSecret adds a secret, for a change of secrets without a gap: each
// delivery is signed with all that are active. Add one, teach it to your
// receivers, then revoke the old one. The new secret is shown this once.
//
// Docs: https://developers.kirim.chat/api/operations/webhook_subscriptionsidsecrets/
func (s *WebhookSubscriptionsService) AddSecret(ctx context.Context, id string, params SigningSecretCreateParams, opts ...RequestOption) (*SigningSecret, error) {
	return request[SigningSecret](ctx, s.client, http.MethodPost, pathOf("webhook_subscriptions", id, "secrets"), nil, params, opts)
}

// RevokeSecret makes a secret useless at once. The last one cannot be
// revoked: [CodeCannotRevokeLastSecret]. The path of the operation is assumed.
//
// Docs: https://kirim-dev.pages.dev/concepts/errors/
func (s *WebhookSubscriptionsService) RevokeSecret(ctx context.Context, id, secretID string, opts ...RequestOption) error {
	return s.client.do(ctx, http.MethodDelete, pathOf("webhook_subscriptions", id, "secrets", secretID), nil, nil, nil, opts)
}
