// Package shingle speaks to ShingleAI (docs.shingleai.com), a hub of email,
// SMS, voice and other messages. It reads and marks messages and lists
// contacts, customers and tasks. The vendor documents no sending of WhatsApp
// messages; [Client.Send] says so. See package gateway for what all gateways
// have in common.
//
//	client, err := shingle.NewClient(key)
//	if err != nil {
//		return err
//	}
//	for contact, err := range client.AllContacts(ctx, shingle.ListParams{}) {
//		if err != nil {
//			return err
//		}
//		log.Print(contact.ID)
//	}
//
// # Errors
//
// A VALIDATION_ERROR comes in one of two shapes, a list of issues or a tree
// of properties. Both are read: gateway.FieldErrors gives the fields, Param
// the first. [kirim.Error] has the request id for the vendor's support.
//
// # Assumptions
//
// Rate limit headers, Retry-After and a retryAfter in the body belong to an
// older edition of the documentation, and the newer one has none of them:
// each is used when it is there, and nothing relies on one. The documentation
// names few fields of contacts, customers and tasks, so these keep the whole
// JSON in Raw.
//
// Docs: https://docs.shingleai.com/api-reference/introduction
package shingle

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/internal/adapter"
	"github.com/kirim-go/kirim/internal/system"
)

var vendor = adapter.System{System: system.Shingle}

// DefaultBaseURL is where requests go unless [kirim.WithBaseURL] is given.
const DefaultBaseURL = "https://api.shingleai.com/v1"

// Client speaks to ShingleAI. It is safe for concurrent use.
type Client struct{ api *adapter.Client }

// NewClient returns a client for the API key, sk_live_….
func NewClient(apiKey string, opts ...kirim.Option) (*Client, error) {
	api, err := vendor.NewClient(apiKey, DefaultBaseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{api}, nil
}

// DecodeError reads an error response of ShingleAI.
//
// Docs: https://docs.shingleai.com/api-reference/errors
func DecodeError(statusCode int, header http.Header, body []byte) *kirim.Error {
	return vendor.DecodeError(statusCode, header, body)
}

// Send sends nothing. It returns an error that matches
// [errors.ErrUnsupported].
func (c *Client) Send(_ context.Context, message kirim.OutboundMessage, _ ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	if adapter.Value(message.Content) != nil {
		if err := vendor.Refusal(message); err != nil {
			return nil, err
		}
	}
	return nil, vendor.Unsupported("messages")
}

// Message is a message of any channel.
type Message struct {
	ID                string          `json:"id"` // a UUID
	Type              string          `json:"type"`
	Direction         string          `json:"direction"` // incoming, outgoing
	ThreadID          string          `json:"threadId"`
	Text              string          `json:"text"`
	Status            string          `json:"status"`
	ReadAt            *time.Time      `json:"readAt"`       // nil while unread
	ArchivedAt        *time.Time      `json:"archivedAt"`   // nil unless archived
	SnoozedUntil      *time.Time      `json:"snoozedUntil"` // nil unless snoozed
	ProviderName      string          `json:"providerName"`
	ProviderMessageID string          `json:"providerMessageId"`
	Sender            json.RawMessage `json:"sender"`    // its shape is not documented
	Recipient         json.RawMessage `json:"recipient"` // likewise
}

// Get returns a message.
//
// Docs: https://docs.shingleai.com/api-reference/messages/get-message
func (c *Client) Get(ctx context.Context, id string, opts ...kirim.RequestOption) (*Message, error) {
	return adapter.Data[Message](ctx, c.api, http.MethodGet, "/messages/"+url.PathEscape(id), nil, nil, opts)
}

// Moment is a change of a point in time: [Set] sets it, [Clear] removes it, and
// the zero value leaves it as it is.
type Moment struct {
	at  time.Time
	set bool
}

// Set sets a time.
func Set(t time.Time) Moment { return Moment{t, true} }

// Clear removes a time.
func Clear() Moment { return Moment{set: true} }

// At is [Set].
//
// Deprecated: use Set.
func At(t time.Time) Moment { return Set(t) }

// Cleared is [Clear].
//
// Deprecated: use Clear.
func Cleared() Moment { return Clear() }

// IsZero reports whether m changes nothing.
func (m Moment) IsZero() bool { return !m.set }

// MarshalJSON writes the time in RFC 3339, or null.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.at.IsZero() {
		return []byte("null"), nil
	}
	return m.at.MarshalJSON()
}

// MessageUpdateParams are the changes to a message.
type MessageUpdateParams struct {
	ReadAt       Moment `json:"readAt,omitzero"`
	ArchivedAt   Moment `json:"archivedAt,omitzero"`
	SnoozedUntil Moment `json:"snoozedUntil,omitzero"`
}

// Update changes a message and returns it. It sets absolute values, so it is
// retried like a PATCH of Kirim's.
//
// Docs: https://docs.shingleai.com/api-reference/messages/update-message
func (c *Client) Update(ctx context.Context, id string, params MessageUpdateParams, opts ...kirim.RequestOption) (*Message, error) {
	return adapter.Data[Message](ctx, c.api, http.MethodPatch, "/messages/"+url.PathEscape(id), nil, params, opts)
}

// Contact is a person or a business.
type Contact struct {
	ID           string            `json:"id"`
	Emails       []json.RawMessage `json:"emails"`
	PhoneNumbers []json.RawMessage `json:"phoneNumbers"`
	Addresses    []json.RawMessage `json:"addresses"`
	Raw          json.RawMessage   `json:"-"` // the whole contact
}

// UnmarshalJSON keeps the contact as it came in Raw.
func (c *Contact) UnmarshalJSON(data []byte) error {
	type plain Contact
	err := json.Unmarshal(data, (*plain)(c))
	c.Raw = append(json.RawMessage(nil), data...)
	return err
}

// Record is a customer or a task.
type Record struct {
	ID  string          `json:"id"`
	Raw json.RawMessage `json:"-"` // the whole record
}

// UnmarshalJSON keeps the record as it came in Raw.
func (r *Record) UnmarshalJSON(data []byte) error {
	type plain Record
	err := json.Unmarshal(data, (*plain)(r))
	r.Raw = append(json.RawMessage(nil), data...)
	return err
}

// ListParams choose a part of a listing.
type ListParams struct {
	Limit  int `url:"limit,omitempty"` // 1 to 100, default 10
	Offset int `url:"offset,omitempty"`
}

// CustomerListParams choose and order customers.
type CustomerListParams struct {
	ListParams
	Sort string `url:"sort,omitempty"` // asc or desc; that the parameter is called so is an assumption
}

// TaskSearchParams are the words to look for. That the API calls them "query"
// is an assumption.
type TaskSearchParams struct {
	ListParams
	Query string `url:"query"`
}

// Page is a part of a listing.
type Page[T any] struct {
	Items   []T
	Limit   int
	Offset  int
	HasMore bool
	Total   *int // nil when the response does not say
}

// ListContacts returns one page of contacts.
//
// Docs: https://docs.shingleai.com/api-reference/contacts/list-contacts
func (c *Client) ListContacts(ctx context.Context, params ListParams, opts ...kirim.RequestOption) (*Page[Contact], error) {
	return list[Contact](ctx, c, "/contacts", params, opts)
}

// AllContacts yields the contacts from Offset on, in pages of Limit, and the
// error that ended it early.
func (c *Client) AllContacts(ctx context.Context, params ListParams, opts ...kirim.RequestOption) iter.Seq2[Contact, error] {
	return all(params, func(at ListParams) (*Page[Contact], error) { return c.ListContacts(ctx, at, opts...) })
}

// ListCustomers returns one page of customers.
//
// Docs: https://docs.shingleai.com/api-reference/customers/list-customers
func (c *Client) ListCustomers(ctx context.Context, params CustomerListParams, opts ...kirim.RequestOption) (*Page[Record], error) {
	return list[Record](ctx, c, "/customers", params, opts)
}

// AllCustomers yields the customers from Offset on, in pages of Limit, and
// the error that ended it early.
func (c *Client) AllCustomers(ctx context.Context, params CustomerListParams, opts ...kirim.RequestOption) iter.Seq2[Record, error] {
	return all(params.ListParams, func(at ListParams) (*Page[Record], error) {
		return c.ListCustomers(ctx, CustomerListParams{at, params.Sort}, opts...)
	})
}

// SearchTasks returns one page of the tasks that match.
//
// Docs: https://docs.shingleai.com/api-reference/tasks/search-tasks
func (c *Client) SearchTasks(ctx context.Context, params TaskSearchParams, opts ...kirim.RequestOption) (*Page[Record], error) {
	return list[Record](ctx, c, "/tasks/search", params, opts)
}

// AllTasks yields the tasks that match from Offset on, in pages of Limit, and
// the error that ended it early.
func (c *Client) AllTasks(ctx context.Context, params TaskSearchParams, opts ...kirim.RequestOption) iter.Seq2[Record, error] {
	return all(params.ListParams, func(at ListParams) (*Page[Record], error) {
		return c.SearchTasks(ctx, TaskSearchParams{at, params.Query}, opts...)
	})
}

func list[T any](ctx context.Context, c *Client, path string, params any, opts []kirim.RequestOption) (*Page[T], error) {
	var answer page[T]
	if err := c.api.Do(ctx, http.MethodGet, path, params, nil, &answer, opts); err != nil {
		return nil, err
	}
	p := answer.Meta.Pagination
	return &Page[T]{answer.Data, p.Limit, p.Offset, p.HasMore, p.Total}, nil
}

// page is the response to a listing.
type page[T any] struct {
	Data []T `json:"data"`
	Meta struct {
		Pagination struct {
			Limit   int  `json:"limit"`
			Offset  int  `json:"offset"`
			HasMore bool `json:"hasMore"`
			Total   *int `json:"total"`
		} `json:"pagination"`
	} `json:"meta"`
}

// Missing implements [adapter.Out].
func (p *page[T]) Missing() string {
	if p.Data == nil {
		return "data"
	}
	return ""
}

func all[T any](params ListParams, page func(ListParams) (*Page[T], error)) iter.Seq2[T, error] {
	return adapter.All(params.Offset, func(at int) ([]T, int, error) {
		got, err := page(ListParams{params.Limit, at})
		if err != nil {
			return nil, 0, err
		}
		next := at
		if got.HasMore {
			next += len(got.Items)
		}
		return got.Items, next, nil
	})
}
