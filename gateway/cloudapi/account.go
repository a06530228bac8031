package cloudapi

import (
	"context"

	"github.com/kirim-go/kirim"
)

// Account is a WhatsApp Business Account (WABA): the templates, flows and numbers
// of a business. Get it from [Client.Account].
type Account struct {
	client *Client
	id     string
}

// Account returns the account with that id, which WhatsApp Manager and the entries
// of webhooks show. Calls on it need the permission whatsapp_business_management.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/whatsapp-business-accounts
func (c *Client) Account(id string) *Account { return &Account{c, id} }

// ID returns the id of the account.
func (a *Account) ID() string { return a.id }

// AccountInfo is what Meta says of an account. All but ID may be empty.
type AccountInfo struct {
	ID                         string `json:"id"`
	Name                       string `json:"name"`
	TimezoneID                 string `json:"timezone_id"` // Meta's id of it
	MessageTemplateNamespace   string `json:"message_template_namespace"`
	AccountReviewStatus        string `json:"account_review_status"`        // APPROVED, PENDING, REJECTED
	BusinessVerificationStatus string `json:"business_verification_status"` // VERIFIED, UNVERIFIED, …
	Country                    string `json:"country"`
	OwnershipType              string `json:"ownership_type"`
	PrimaryBusinessLocation    string `json:"primary_business_location"`
}

// AccountGetParams choose what to read.
type AccountGetParams struct {
	// Fields are the members of [AccountInfo] to read, by their names in JSON, such
	// as "account_review_status"; empty for Meta's default.
	Fields []string `url:"fields,comma,omitempty"`
}

// Get reads the account.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/whatsapp-business-account-api
func (a *Account) Get(ctx context.Context, params AccountGetParams, opts ...kirim.RequestOption) (*AccountInfo, error) {
	return get[AccountInfo](ctx, a.client, pathTo(a.id), params, opts, "id")
}

// AccountUpdateParams are what to change; an empty member stays as it is.
type AccountUpdateParams struct {
	Name       string `json:"name,omitzero"` // 1 to 100 characters
	TimezoneID string `json:"timezone_id,omitzero"`
}

// Update changes the account. A second call does no harm, and it is retried like a
// PUT.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/whatsapp-business-account-api
func (a *Account) Update(ctx context.Context, params AccountUpdateParams, opts ...kirim.RequestOption) error {
	return set(ctx, a.client, pathTo(a.id), params, opts)
}
