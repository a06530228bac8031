package kirim

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// CustomersService manages customers and the links through which they connect
// their WhatsApp accounts. A customer is a tenant of yours, who owns numbers;
// a [Contact] is somebody whom a number chats with.
//
// Docs: https://docs.kirimdev.com/platform/customers/
type CustomersService struct{ client *core }

// Customer is a tenant of the organisation in platform mode.
//
// Docs: https://docs.kirimdev.com/api/operations/customersid/get/
type Customer struct {
	ID         string         `json:"id,omitzero"`     // cus_…
	Object     string         `json:"object,omitzero"` // "customer"
	Name       string         `json:"name,omitzero"`   // as the server has cleaned it: one line, single spaces
	Email      string         `json:"email,omitzero"`
	Status     CustomerStatus `json:"status,omitzero"`
	Metadata   Metadata       `json:"metadata,omitzero"`
	ArchivedAt time.Time      `json:"archived_at,omitzero"` // zero unless archived
	TeamID     string         `json:"team_id,omitzero"`
	CreatedAt  time.Time      `json:"created_at,omitzero"`
	UpdatedAt  time.Time      `json:"updated_at,omitzero"`
	// Only Get returns WhatsAppAccounts.
	WhatsAppAccounts []CustomerAccount `json:"whatsapp_accounts,omitzero"`
	Extra            Extra             `json:"-"`
	blank            []blankField
}

// CustomerAccount is a WhatsApp account of a customer.
type CustomerAccount struct {
	PhoneNumberID string        `json:"phone_number_id,omitzero"` // what [Client.PhoneNumber] takes
	PhoneNumber   string        `json:"phone_number,omitzero"`
	Name          string        `json:"name,omitzero"`
	Status        AccountStatus `json:"status,omitzero"`
	OnboardedAt   time.Time     `json:"onboarded_at,omitzero"`
	Extra         Extra         `json:"-"`
	blank         []blankField
}

// CustomerStatus is the state of a customer. The server may have more.
type CustomerStatus string

// States of a customer.
const (
	CustomerPending   CustomerStatus = "pending"   // no account yet
	CustomerActive    CustomerStatus = "active"    // has connected an account
	CustomerSuspended CustomerStatus = "suspended" // cannot write in the dashboard; sends through the API still pass
	CustomerArchived  CustomerStatus = "archived"
)

// CustomerListParams selects customers.
type CustomerListParams struct {
	Status CustomerStatus `url:"status,omitempty"`
	TeamID string         `url:"team_id,omitempty"` // assumed filter
	Search string         `url:"search,omitempty"`  // assumed filter
	Limit  int            `url:"limit,omitempty"`   // customers on a page, 1 to 100; the server's default is 25
	Cursor string         `url:"cursor,omitempty"`  // of a [Page] with the same filters
}

// CustomerCreateParams is a customer to create.
type CustomerCreateParams struct {
	Name     string   `json:"name"` // 1 to 200 characters
	Email    string   `json:"email,omitzero"`
	Metadata Metadata `json:"metadata,omitzero"` // at most 64 keys and 16 KB
	TeamID   string   `json:"team_id,omitzero"`  // required when the organisation has several teams; see [Me]
}

// CustomerUpdateParams changes a customer. Zero fields are left as they are.
type CustomerUpdateParams struct {
	Name     string           `json:"name,omitzero"` // 1 to 200 characters
	Email    Change[string]   `json:"email,omitzero"`
	Metadata Change[Metadata] `json:"metadata,omitzero"` // at most 64 keys and 16 KB; as a whole, nothing is merged here
	Status   CustomerStatus   `json:"status,omitzero"`   // which states can be set is not documented
}

// List returns one page of the organisation's customers.
//
// Docs: https://docs.kirimdev.com/changelog/2026-06-05-customers-multi-tenant-platform/
func (s *CustomersService) List(ctx context.Context, params CustomerListParams, opts ...RequestOption) (*Page[Customer], error) {
	return listPage[Customer](ctx, s.client, "/customers", params, opts)
}

// All iterates over the customers from params.Cursor on, one page in memory.
// An error is a [*ListError] and ends the iteration.
//
// Docs: https://developers.kirim.chat/concepts/pagination/
func (s *CustomersService) All(ctx context.Context, params CustomerListParams, opts ...RequestOption) iter.Seq2[*Customer, error] {
	return all[Customer](ctx, s.client, "/customers", params, opts)
}

// Get returns one customer with its WhatsApp accounts.
//
// Docs: https://docs.kirimdev.com/api/operations/customersid/get/
func (s *CustomersService) Get(ctx context.Context, id string, opts ...RequestOption) (*Customer, error) {
	return request[Customer](ctx, s.client, http.MethodGet, pathOf("customers", id), nil, nil, opts)
}

// Create creates a customer, in state pending.
//
// Docs: https://docs.kirimdev.com/api/operations/customers/post/
func (s *CustomersService) Create(ctx context.Context, params CustomerCreateParams, opts ...RequestOption) (*Customer, error) {
	return request[Customer](ctx, s.client, http.MethodPost, "/customers", nil, params, opts)
}

// Update changes a customer. Changing nothing is a [*ValidationError].
//
// Docs: https://docs.kirimdev.com/api/operations/customersid/patch/
func (s *CustomersService) Update(ctx context.Context, id string, params CustomerUpdateParams, opts ...RequestOption) (*Customer, error) {
	return patch[Customer](ctx, s.client, pathOf("customers", id), params, opts)
}

// Archive archives a customer. Its accounts remain; nothing is deleted. That
// the response holds the customer is assumed.
//
// Docs: https://docs.kirimdev.com/changelog/2026-06-05-customers-multi-tenant-platform/
func (s *CustomersService) Archive(ctx context.Context, id string, opts ...RequestOption) (*Customer, error) {
	return request[Customer](ctx, s.client, http.MethodDelete, pathOf("customers", id), nil, nil, opts)
}

// SetupLink is a page for one use, on which a customer connects a WhatsApp
// account.
//
// Docs: https://docs.kirimdev.com/platform/setup-links/
type SetupLink struct {
	ID     string `json:"id,omitzero"`     // csl_…; not the token, which begins alike
	Object string `json:"object,omitzero"` // "customer_setup_link"
	// CustomerID is an internal id of the vendor's, not the cus_… one.
	CustomerID         string          `json:"customer_id,omitzero"`
	Status             SetupLinkStatus `json:"status,omitzero"`
	TokenLast4         string          `json:"token_last4,omitzero"`
	ExpiresAt          time.Time       `json:"expires_at,omitzero"`
	ConsumedAt         time.Time       `json:"consumed_at,omitzero"` // zero unless consumed
	SuccessRedirectURL string          `json:"success_redirect_url,omitzero"`
	FailureRedirectURL string          `json:"failure_redirect_url,omitzero"`
	CreatedAt          time.Time       `json:"created_at,omitzero"`
	// SetupURL is the page itself. Only CreateSetupLink returns it, and
	// whoever has it can use it.
	SetupURL string `json:"setup_url,omitzero"`
	Extra    Extra  `json:"-"`
	blank    []blankField
}

// SetupLinkStatus is the state of a setup link. From active it goes to one of
// the others and stays there.
type SetupLinkStatus string

// States of a setup link.
const (
	SetupLinkActive   SetupLinkStatus = "active"
	SetupLinkConsumed SetupLinkStatus = "consumed"
	SetupLinkExpired  SetupLinkStatus = "expired"
	SetupLinkRevoked  SetupLinkStatus = "revoked"
)

// SetupLinkListParams selects setup links.
type SetupLinkListParams struct {
	Status SetupLinkStatus `url:"status,omitempty"`
}

// SetupLinkCreateParams is a setup link to create; the zero value will do.
// Redirect URLs are absolute, https, and without a fragment.
//
// Docs: https://docs.kirimdev.com/platform/redirect-urls/
type SetupLinkCreateParams struct {
	ExpiresInHours     int    `json:"expires_in_hours,omitzero"`     // 1 to 720; 168 when zero
	SuccessRedirectURL string `json:"success_redirect_url,omitzero"` // called with customer_id and account_id added
	FailureRedirectURL string `json:"failure_redirect_url,omitzero"`
}

// SetupLinkUpdateParams changes where an active link leads afterwards. That
// zero fields are left as they are is assumed.
type SetupLinkUpdateParams struct {
	SuccessRedirectURL Change[string] `json:"success_redirect_url,omitzero"`
	FailureRedirectURL Change[string] `json:"failure_redirect_url,omitzero"`
}

// ListSetupLinks returns the newest setup links of a customer, at most 50.
// The list has one page.
//
// Docs: https://docs.kirimdev.com/api/operations/customersidsetup_links/get/
func (s *CustomersService) ListSetupLinks(ctx context.Context, customerID string, params SetupLinkListParams, opts ...RequestOption) (*Page[SetupLink], error) {
	return listPage[SetupLink](ctx, s.client, pathOf("customers", customerID, "setup_links"), params, opts)
}

// CreateSetupLink creates a link. Its SetupURL is shown this once.
//
// Docs: https://docs.kirimdev.com/api/operations/customersidsetup_links/post/
func (s *CustomersService) CreateSetupLink(ctx context.Context, customerID string, params SetupLinkCreateParams, opts ...RequestOption) (*SetupLink, error) {
	return request[SetupLink](ctx, s.client, http.MethodPost, pathOf("customers", customerID, "setup_links"), nil, params, opts)
}

// UpdateSetupLink changes the redirect URLs of an active link; of any other
// it is an error for which [IsConflict] is true. Changing nothing is a
// [*ValidationError].
//
// Docs: https://docs.kirimdev.com/api/operations/customersidsetup_linkslink_id/patch/
func (s *CustomersService) UpdateSetupLink(ctx context.Context, customerID, linkID string, params SetupLinkUpdateParams, opts ...RequestOption) (*SetupLink, error) {
	return patch[SetupLink](ctx, s.client, pathOf("customers", customerID, "setup_links", linkID), params, opts)
}

// RevokeSetupLink makes an active link useless. That the response holds the
// link is assumed.
//
// Docs: https://docs.kirimdev.com/changelog/2026-06-05-customers-multi-tenant-platform/
func (s *CustomersService) RevokeSetupLink(ctx context.Context, customerID, linkID string, opts ...RequestOption) (*SetupLink, error) {
	return request[SetupLink](ctx, s.client, http.MethodDelete, pathOf("customers", customerID, "setup_links", linkID), nil, nil, opts)
}
