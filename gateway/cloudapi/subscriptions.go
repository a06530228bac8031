package cloudapi

import (
	"context"
	"iter"
	"net/http"

	"github.com/kirim-go/kirim"
)

// SubscribedAppsService says which apps get the webhooks of an account. The app is
// always the one that the access token belongs to.
type SubscribedAppsService struct {
	client  *Client
	account string
}

// SubscribedApps returns the service for the webhooks of the account.
func (a *Account) SubscribedApps() *SubscribedAppsService {
	return &SubscribedAppsService{a.client, a.id}
}

// SubscribedApp is an app that gets the webhooks of an account.
type SubscribedApp struct {
	App struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Link string `json:"link"`
	} `json:"whatsapp_business_api_data"`
	// OverrideCallbackURL is where they go in place of the app's address; empty for
	// none.
	OverrideCallbackURL string `json:"override_callback_uri"`
}

// Subscribe has the app get the webhooks of the account. With an override they go to
// its address, which must pass Meta's check with the verify token first; nil leaves
// them with the app's. It is retried like a PUT, as it sets an absolute value.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
func (s *SubscribedAppsService) Subscribe(ctx context.Context, override *CallbackOverride, opts ...kirim.RequestOption) error {
	var body any = struct{}{}
	if override != nil {
		if override.URL == "" {
			return refuse("URL", "an https address", "empty")
		}
		body = override
	}
	return set(ctx, s.client, s.path(), body, opts)
}

// Unsubscribe stops the webhooks of the account for the app. A second call does no
// harm, and it is retried.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api
func (s *SubscribedAppsService) Unsubscribe(ctx context.Context, opts ...kirim.RequestOption) error {
	return perform(ctx, s.client, http.MethodDelete, s.path(), nil, nil, opts)
}

// SubscribedAppListParams select a part of the list.
type SubscribedAppListParams struct {
	Cursor string `url:"after,omitempty"` // of a [kirim.Page]
}

// List returns one page of the apps that get the account's webhooks.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api
func (s *SubscribedAppsService) List(ctx context.Context, params SubscribedAppListParams, opts ...kirim.RequestOption) (*kirim.Page[SubscribedApp], error) {
	return list[SubscribedApp](ctx, s.client, s.path(), params, opts)
}

// All iterates over the apps that get the account's webhooks, from params.Cursor on.
// An error is a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api
func (s *SubscribedAppsService) All(ctx context.Context, params SubscribedAppListParams, opts ...kirim.RequestOption) iter.Seq2[*SubscribedApp, error] {
	return all[SubscribedApp](ctx, s.client, s.path(), params, opts)
}

func (s *SubscribedAppsService) path() string { return pathTo(s.account, "subscribed_apps") }
