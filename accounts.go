package kirim

import (
	"context"
	"encoding/json"
	"iter"
)

// AccountsService reads the organisation's WhatsApp accounts.
type AccountsService struct{ client *core }

// Account is a WhatsApp number of the organisation, or of one of its
// customers.
//
// Docs: https://developers.kirim.chat/api/operations/accounts/
type Account struct {
	Object string `json:"object,omitzero"` // "account"
	// PhoneNumberID is what [Client.PhoneNumber] takes. It is empty, like
	// PhoneNumber, while the account is being set up.
	PhoneNumberID string        `json:"phone_number_id,omitzero"`
	PhoneNumber   string        `json:"phone_number,omitzero"` // E.164, "+628111222333"
	Name          string        `json:"name,omitzero"`
	Status        AccountStatus `json:"status,omitzero"`
	// Customer owns the account in platform mode. That the server sends it here is
	// assumed, as are the two fields below, whose form is not known.
	Customer      *CustomerRef    `json:"customer,omitzero" kirim:"assumed"`
	MetaStatus    string          `json:"meta_status,omitzero" kirim:"assumed"`
	MessagingTier json.RawMessage `json:"messaging_tier,omitzero" kirim:"assumed"`
	Extra         Extra           `json:"-"`
	blank         []blankField
}

// AccountStatus is the state of an account. The server may have more.
type AccountStatus string

// States of an account.
const (
	AccountConnected    AccountStatus = "connected"
	AccountDisconnected AccountStatus = "disconnected"
	AccountDegraded     AccountStatus = "degraded"
	AccountOnboarding   AccountStatus = "onboarding"

	// AccountStatusAll selects accounts of any status in a list.
	AccountStatusAll AccountStatus = "all"
)

// AccountRef is the account that a contact, a conversation or a message
// belongs to.
type AccountRef struct {
	PhoneNumberID string       `json:"phone_number_id,omitzero"`
	PhoneNumber   string       `json:"phone_number,omitzero"`
	Customer      *CustomerRef `json:"customer,omitzero"` // nil unless in platform mode
	Extra         Extra        `json:"-"`
	blank         []blankField
}

// CustomerRef is the customer that owns an account in platform mode.
type CustomerRef struct {
	ID    string `json:"id,omitzero"` // cus_…
	Name  string `json:"name,omitzero"`
	Extra Extra  `json:"-"`
	blank []blankField
}

// AccountListParams selects accounts.
type AccountListParams struct {
	// Status is AccountConnected, which is the server's default, or
	// AccountStatusAll.
	Status AccountStatus `url:"status,omitempty"`
}

// List returns the organisation's WhatsApp accounts, by default the connected
// ones. This is where phone_number_ids come from. The list has one page.
//
// Docs: https://developers.kirim.chat/api/operations/accounts/
func (s *AccountsService) List(ctx context.Context, params AccountListParams, opts ...RequestOption) (*Page[Account], error) {
	return listPage[Account](ctx, s.client, "/accounts", params, opts)
}

// All iterates over what [AccountsService.List] returns. An error is a
// [*ListError] and ends the iteration.
//
// Docs: https://developers.kirim.chat/api/operations/accounts/
func (s *AccountsService) All(ctx context.Context, params AccountListParams, opts ...RequestOption) iter.Seq2[*Account, error] {
	return all[Account](ctx, s.client, "/accounts", params, opts)
}
