// Package connexease speaks to Connexease Gateway
// (docs.gateway.connexease.com), a proxy in front of Meta's Cloud API with a
// prepaid balance. It sends texts, images, audio, documents, templates and
// interactive messages. See package gateway for what all gateways have in
// common.
//
//	client, err := connexease.NewClient(key)
//	if err != nil {
//		return err
//	}
//	sent, err := client.Send(ctx, kirim.OutboundMessage{
//		To:      "+6281100000001",
//		Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
//	})
//
// # Errors
//
// Codes that are not documented yet are classified by their area, their group
// and the HTTP status. KindUpstreamAuth means that the WhatsApp account must
// be connected anew, which another API key does not help. A 429 says in its
// body how long to wait.
//
// # Assumptions
//
// The documentation exists in two editions. This package follows the newer
// one: its host, and recipients without a plus. Replies and media ids are
// passed on in Meta's form, which the vendor says the body has, without
// naming them.
//
// Docs: https://docs.gateway.connexease.com/api-reference/send-message
package connexease

import (
	"context"
	"net/http"
	"strconv"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/internal/adapter"
	"github.com/kirim-go/kirim/internal/system"
)

var vendor = adapter.System{System: system.Connexease}

// DefaultBaseURL is where requests go unless [kirim.WithBaseURL] is given.
const DefaultBaseURL = "https://api.gateway.connexease.com/v1"

// Client speaks to Connexease Gateway. It is safe for concurrent use.
type Client struct {
	api    *adapter.Client
	params SendParams
}

// NewClient returns a client for the API key.
func NewClient(apiKey string, opts ...kirim.Option) (*Client, error) {
	api, err := vendor.NewClient(apiKey, DefaultBaseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{api: api}, nil
}

// DecodeError reads an error response of Connexease Gateway.
//
// Docs: https://docs.gateway.connexease.com/api-reference/error-codes
func DecodeError(statusCode int, header http.Header, body []byte) *kirim.Error {
	return vendor.DecodeError(statusCode, header, body)
}

// SendParams say how messages are sent.
type SendParams struct {
	// Fake goes through authentication, limits and billing, and sends
	// nothing. The ids of such messages begin with wamid.FAKE_.
	Fake bool `url:"is_fake,omitempty"`
	// MarketingLite sends through Meta's Marketing Messages Lite API.
	MarketingLite bool `url:"mmlite,omitempty"`
}

// WithSendParams returns a client that sends with params. It shares connections
// and limits with c.
func (c *Client) WithSendParams(params SendParams) *Client { return &Client{c.api, params} }

// With is [Client.WithSendParams].
//
// Deprecated: use WithSendParams.
func (c *Client) With(params SendParams) *Client { return c.WithSendParams(params) }

// Send sends any content but [kirim.Video], which the vendor does not list; a
// [kirim.Raw] goes through as it is. The table in docs/messages.md says which
// contents the vendor documents. ID and WAMID of the response are both
// WhatsApp's id. What becomes of the message is told by webhooks alone.
//
// Docs: https://docs.gateway.connexease.com/api-reference/send-whatsapp-message
func (c *Client) Send(ctx context.Context, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	if err := vendor.Refusal(message); err != nil {
		return nil, err
	}
	if err := c.api.Validate(message, opts); err != nil {
		return nil, err
	}
	message.To = adapter.Digits(message.To)
	body, err := message.MarshalMetaJSON()
	if err != nil {
		return nil, err
	}
	data, err := adapter.Data[sent](ctx, c.api, http.MethodPost, "/wa/message", c.params, body, opts)
	if err != nil {
		return nil, err
	}
	accepted := &kirim.AcceptedMessage{}
	for _, m := range data.Messages[:min(1, len(data.Messages))] { // none in a 204
		accepted.ID, accepted.WAMID, accepted.Status = m.ID, m.ID, m.Status
	}
	return accepted, nil
}

// sent is the response to a send.
type sent struct {
	Messages []struct {
		ID     string `json:"id"`
		Status string `json:"message_status"`
	} `json:"messages"`
}

// Missing implements [adapter.Out].
func (s *sent) Missing() string {
	if len(s.Messages) == 0 || s.Messages[0].ID == "" {
		return "messages[0].id"
	}
	return ""
}

// RateLimits reads what a response says about the two windows that a request
// is counted in. Get the header from [kirim.WithResponse] or [kirim.Error].
// A window that is not reported is zero. Reset and Wait are always zero.
//
// Docs: https://docs.gateway.connexease.com/essentials/rate-limits
func RateLimits(header http.Header) (perSecond, perMinute kirim.RateLimit) {
	window := func(name string) kirim.RateLimit {
		limit, _ := strconv.Atoi(header.Get("X-RateLimit-" + name + "-Limit"))
		remaining, _ := strconv.Atoi(header.Get("X-RateLimit-" + name + "-Remaining"))
		return kirim.RateLimit{Limit: max(0, limit), Remaining: max(0, remaining)}
	}
	return window("sec"), window("min")
}
