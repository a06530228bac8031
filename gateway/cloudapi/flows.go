package cloudapi

import (
	"context"
	"iter"
	"net/http"

	"github.com/kirim-go/kirim"
)

// FlowsService manages the flows of an account. To send one, see
// [kirim.FlowMessage]; package flows serves the endpoint that a flow exchanges data
// with.
type FlowsService struct {
	client  *Client
	account string
}

// Flows returns the service for the flows of the account.
func (a *Account) Flows() *FlowsService { return &FlowsService{a.client, a.id} }

// FlowStatus is the state of a flow. Meta may have more.
type FlowStatus string

// The states.
const (
	FlowDraft      FlowStatus = "DRAFT" // can be changed, published and deleted
	FlowPublished  FlowStatus = "PUBLISHED"
	FlowDeprecated FlowStatus = "DEPRECATED"
	FlowBlocked    FlowStatus = "BLOCKED"   // by Meta's monitoring
	FlowThrottled  FlowStatus = "THROTTLED" // by Meta's monitoring: 10 messages an hour
)

// FlowInfo is what Meta says of a flow. All but ID may be empty.
type FlowInfo struct {
	ID               string                `json:"id"`
	Name             string                `json:"name"`
	Status           FlowStatus            `json:"status"`
	Categories       []string              `json:"categories"` // SIGN_UP, SIGN_IN, APPOINTMENT_BOOKING, LEAD_GENERATION, CONTACT_US, CUSTOMER_SUPPORT, SURVEY, OTHER
	ValidationErrors []FlowValidationError `json:"validation_errors"`
	JSONVersion      string                `json:"json_version"`
	DataAPIVersion   string                `json:"data_api_version"`
	EndpointURI      string                `json:"endpoint_uri"`
	DataChannelURI   string                `json:"data_channel_uri"` // an older name of EndpointURI
	Preview          FlowPreview           `json:"preview"`
	Health           FlowHealth            `json:"health_status"`
	Account          struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"whatsapp_business_account"`
	Application struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Link string `json:"link"`
	} `json:"application"`
	UpdatedAt Time `json:"updated_at"`
}

// FlowPreview is a page that shows the flow to anyone who has the address.
type FlowPreview struct {
	URL       string `json:"preview_url"`
	ExpiresAt Time   `json:"expires_at"`
}

// FlowHealth is whether messages with the flow can be sent.
type FlowHealth struct {
	CanSendMessage string `json:"can_send_message"` // AVAILABLE, LIMITED, BLOCKED
	Entities       []struct {
		Type           string `json:"entity_type"` // FLOW, WABA, BUSINESS, APP
		ID             string `json:"id"`
		CanSendMessage string `json:"can_send_message"`
		Errors         []struct {
			Code             int    `json:"error_code"`
			Description      string `json:"error_description"`
			PossibleSolution string `json:"possible_solution"`
		} `json:"errors"`
	} `json:"entities"`
}

// FlowValidationError is a fault in the JSON of a flow. Meta takes the JSON of a
// draft all the same, but does not publish it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/error-codes
type FlowValidationError struct {
	Code        string        `json:"error"`      // such as INVALID_PROPERTY
	Type        string        `json:"error_type"` // such as FLOW_JSON_ERROR, JSON_SCHEMA_ERROR
	Message     string        `json:"message"`
	LineStart   int           `json:"line_start"` // counted from 1
	LineEnd     int           `json:"line_end"`
	ColumnStart int           `json:"column_start"`
	ColumnEnd   int           `json:"column_end"`
	Pointers    []FlowPointer `json:"pointers"`
}

// FlowPointer is a place in the JSON of a flow.
type FlowPointer struct {
	Path        string `json:"path"` // such as screens[0].layout.children[0].type
	LineStart   int    `json:"line_start"`
	LineEnd     int    `json:"line_end"`
	ColumnStart int    `json:"column_start"`
	ColumnEnd   int    `json:"column_end"`
}

// FlowListParams select flows. The zero value lists all of them.
type FlowListParams struct {
	Fields []string `url:"fields,comma,omitempty"` // members of [FlowInfo], by their names in JSON; empty for Meta's default
	Limit  int      `url:"limit,omitempty"`
	Cursor string   `url:"after,omitempty"` // of a [kirim.Page] with the same parameters
}

// List returns one page of the account's flows.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) List(ctx context.Context, params FlowListParams, opts ...kirim.RequestOption) (*kirim.Page[FlowInfo], error) {
	return list[FlowInfo](ctx, s.client, s.path(), params, opts)
}

// All iterates over the flows from params.Cursor on, one page in memory. An error is
// a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) All(ctx context.Context, params FlowListParams, opts ...kirim.RequestOption) iter.Seq2[*FlowInfo, error] {
	return all[FlowInfo](ctx, s.client, s.path(), params, opts)
}

// FlowCreateParams are a flow to create.
type FlowCreateParams struct {
	Name        string   `json:"name"` // of no other flow of the account
	Categories  []string `json:"categories"`
	FlowJSON    string   `json:"flow_json,omitzero"`     // empty for an empty draft
	Publish     bool     `json:"publish,omitzero"`       // at once, if FlowJSON has no fault
	CloneFlowID string   `json:"clone_flow_id,omitzero"` // a flow of the account to copy
	EndpointURI string   `json:"endpoint_uri,omitzero"`  // which the flow exchanges data with
}

// FlowResult is what became of the JSON of a flow.
type FlowResult struct {
	ID               string                `json:"id"` // of a flow that was created
	ValidationErrors []FlowValidationError `json:"validation_errors"`
}

// Create creates a draft, or publishes a flow at once. With FlowJSON the result
// lists its faults, and the call has no error: the draft is there. It is not retried in
// doubt; a list with the name tells then.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) Create(ctx context.Context, params FlowCreateParams, opts ...kirim.RequestOption) (*FlowResult, error) {
	return call[FlowResult](ctx, s.client, http.MethodPost, s.path(), nil, params, opts, "id")
}

// FlowGetParams choose what to read.
type FlowGetParams struct {
	// Fields are members of [FlowInfo], by their names in JSON; empty for all that
	// Meta documents. The address of the preview stays the same while it works;
	// "preview.invalidate(true)" asks for another one.
	Fields []string `url:"fields,comma,omitempty"`
}

// Get returns the flow with that id, with its preview.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) Get(ctx context.Context, id string, params FlowGetParams, opts ...kirim.RequestOption) (*FlowInfo, error) {
	if len(params.Fields) == 0 {
		params.Fields = []string{
			"id", "name", "categories", "preview", "status", "validation_errors", "json_version",
			"data_api_version", "data_channel_uri", "health_status", "whatsapp_business_account", "application",
		}
	}
	return get[FlowInfo](ctx, s.client, pathTo(id), params, opts, "id")
}

// FlowUpdateParams are what to change; what is empty stays as it is.
type FlowUpdateParams struct {
	Name        string   `json:"name,omitzero"`
	Categories  []string `json:"categories,omitzero"`
	EndpointURI string   `json:"endpoint_uri,omitzero"`
}

// Update changes what is not in the JSON of the flow. It is retried like a PUT.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) Update(ctx context.Context, id string, params FlowUpdateParams, opts ...kirim.RequestOption) error {
	return set(ctx, s.client, pathTo(id), params, opts)
}

// Publish makes a draft a flow that can be sent, for good: its JSON cannot be changed
// any more. It is not retried in doubt; Get tells then.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) Publish(ctx context.Context, id string, opts ...kirim.RequestOption) error {
	return perform(ctx, s.client, http.MethodPost, pathTo(id, "publish"), nil, nil, opts)
}

// Deprecate takes a published flow out of use, for good: it can neither be sent nor
// opened. It is not retried in doubt; Get tells then.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) Deprecate(ctx context.Context, id string, opts ...kirim.RequestOption) error {
	return perform(ctx, s.client, http.MethodPost, pathTo(id, "deprecate"), nil, nil, opts)
}

// Delete removes a draft; a published flow can only be deprecated. A second call does
// no harm, and it is retried.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) Delete(ctx context.Context, id string, opts ...kirim.RequestOption) error {
	return perform(ctx, s.client, http.MethodDelete, pathTo(id), nil, nil, opts)
}

func (s *FlowsService) path() string { return pathTo(s.account, "flows") }
