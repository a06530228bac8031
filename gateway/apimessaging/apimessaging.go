// Package apimessaging speaks to API Messaging (apimessaging.com): WhatsApp
// sessions that are paired with a phone by a QR code. It sends text, images,
// videos, audio and documents. See package gateway for what all gateways
// have in common.
//
//	client, err := apimessaging.NewClient(key, kirim.WithBaseURL("https://api.example.com/v1"))
//	if err != nil {
//		return err
//	}
//	sent, err := client.WithSession("session-1").Send(ctx, kirim.OutboundMessage{
//		To:      "+6281100000001",
//		Content: kirim.Text{Body: "Your order has left the house."},
//	})
//
// # Rate limits
//
// Answers carry the limit, what remains and when it resets:
// [kirim.WithResponse] gives them as RateLimit. A 429 has a Retry-After,
// perhaps except for too many requests at the same time; the client then
// waits until X-RateLimit-Reset.
//
// # Assumptions
//
// The documentation exists in two editions that differ in paths and fields.
// This package follows the more detailed one, with paths below a base URL
// that ends in /v1 or /api/v1, and recipients as digits without a plus. A
// session is created with the fields that only the other edition shows. How
// webhooks are authenticated is not documented: put a secret into their URL.
//
// Docs: https://apimessaging.com/api-docs/docs/messages
package apimessaging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/internal/adapter"
	"github.com/kirim-go/kirim/internal/system"
)

var vendor = adapter.System{System: system.APIMessaging}

// Client speaks to API Messaging. It is safe for concurrent use.
type Client struct {
	api     *adapter.Client
	session string
}

// NewClient returns a client for the API key. [kirim.WithBaseURL] must be
// among the options: the host in the vendor's examples is not the vendor's.
func NewClient(apiKey string, opts ...kirim.Option) (*Client, error) {
	api, err := vendor.NewClient(apiKey, kirim.DefaultBaseURL, opts)
	if err != nil {
		return nil, err
	}
	if api.BaseURL() == kirim.DefaultBaseURL { // Kirim's own, so that none was given
		return nil, errors.New("kirim: apimessaging has no base URL of its own: give one with kirim.WithBaseURL")
	}
	return &Client{api: api}, nil
}

// DecodeError reads an error response of API Messaging.
//
// Docs: https://apimessaging.com/api-docs/docs/error-codes
func DecodeError(statusCode int, header http.Header, body []byte) *kirim.Error {
	return vendor.DecodeError(statusCode, header, body)
}

// WithSession returns a client that sends from a session. It shares connections and
// limits with c. Without a session the field is left out of a send, which the
// documented API refuses.
func (c *Client) WithSession(sessionID string) *Client { return &Client{c.api, sessionID} }

// From is [Client.WithSession].
//
// Deprecated: use WithSession.
func (c *Client) From(sessionID string) *Client { return c.WithSession(sessionID) }

// outbound is the body of both kinds of send.
type outbound struct {
	SessionID       string `json:"sessionId,omitempty"`
	To              string `json:"to"`
	Text            string `json:"text,omitempty"`
	MediaType       string `json:"mediaType,omitempty"`
	Media           string `json:"media,omitempty"`
	Caption         string `json:"caption,omitempty"`
	Filename        string `json:"filename,omitempty"`
	QuotedMessageID string `json:"quotedMessageId,omitempty"`
}

// Send sends a [kirim.Text], [kirim.Image], [kirim.Video], [kirim.Audio] or
// [kirim.Document]. Media is given by its link; the media ids of Meta mean
// nothing here. ReplyTo takes an id of this system's, and works for texts
// only. PreviewURL is ignored. The response has no WAMID.
//
// Docs: https://apimessaging.com/api-docs/docs/messages
func (c *Client) Send(ctx context.Context, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	if err := vendor.Refusal(message); err != nil {
		return nil, err
	}
	path, body := "/messages/media", outbound{SessionID: c.session, To: adapter.Digits(message.To)}
	switch content := adapter.Value(message.Content).(type) {
	case kirim.Text:
		path, body.Text, body.QuotedMessageID = "/messages/text", content.Body, message.ReplyTo
	case kirim.Image:
		body.MediaType, body.Media, body.Caption = "image", content.Link, content.Caption
	case kirim.Video:
		body.MediaType, body.Media, body.Caption = "video", content.Link, content.Caption
	case kirim.Audio:
		body.MediaType, body.Media = "audio", content.Link
	case kirim.Document:
		body.MediaType, body.Media, body.Caption, body.Filename = "document", content.Link, content.Caption, content.Filename
	default:
		return nil, vendor.Unsupported(message.ContentKind())
	}
	message.ReplyTo = "" // Kirim's rules for it do not hold here
	if err := c.api.Validate(message, opts); err != nil {
		return nil, err
	}
	data, err := adapter.Data[accepted](ctx, c.api, http.MethodPost, path, nil, body, opts)
	if err != nil {
		return nil, err
	}
	return &kirim.AcceptedMessage{ID: data.MessageID, Status: data.Status}, nil
}

// accepted is the response to a send.
type accepted struct {
	MessageID string `json:"messageId"`
	Status    string `json:"status"`
}

// Missing implements [adapter.Out].
func (a *accepted) Missing() string {
	if a.MessageID == "" {
		return "messageId"
	}
	return ""
}

// SessionCreateParams describe a new session.
type SessionCreateParams struct {
	Name    string `json:"name"`
	Webhook string `json:"webhook,omitempty"` // https URL for the session's events
}

// Session is a session that waits to be paired.
type Session struct {
	ID     string `json:"sessionId"`
	QRCode string `json:"qrCode"` // a data: URL of a PNG for the phone to scan
}

// CreateSession creates a session, of which a plan allows five an hour. It is
// retried as little as a send is.
//
// Docs: https://apimessaging.com/api-docs
func (c *Client) CreateSession(ctx context.Context, params SessionCreateParams, opts ...kirim.RequestOption) (*Session, error) {
	return adapter.Data[Session](ctx, c.api, http.MethodPost, "/sessions", nil, params, opts)
}

// The names of events. The two editions of the documentation know different
// ones; expect others.
const (
	EventMessageReceived     = "message.received"
	EventMessageSent         = "message.sent"
	EventMessageDelivered    = "message.delivered"
	EventMessageStatus       = "message.status"
	EventSessionConnected    = "session.connected"
	EventSessionDisconnected = "session.disconnected"
)

// Event is the payload of a webhook. What is absent is empty.
type Event struct {
	Name      string
	ID        string // of the message
	SessionID string
	To        string
	Message   string    // empty when it is not a text; see Data
	Timestamp time.Time // zero when it is not RFC 3339
	Data      json.RawMessage
}

// DecodeEvent decodes the body of a webhook. It does not verify who sent it.
// Respond to a webhook within five seconds.
func DecodeEvent(body []byte) (*Event, error) {
	var payload struct {
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &payload); err != nil {
		return nil, fmt.Errorf("kirim: apimessaging event: %w", err)
	}
	if payload.Event == "" {
		return nil, errors.New("kirim: apimessaging event: it has no name")
	}
	event := &Event{Name: payload.Event, Data: payload.Data}
	var data map[string]any
	if json.Unmarshal(payload.Data, &data) == nil {
		event.ID, _ = data["id"].(string)
		event.SessionID, _ = data["sessionId"].(string)
		event.To, _ = data["to"].(string)
		event.Message, _ = data["message"].(string)
		at, _ := data["timestamp"].(string)
		event.Timestamp, _ = time.Parse(time.RFC3339, at)
	}
	return event, nil
}

// ParseEvent is [DecodeEvent].
//
// Deprecated: use DecodeEvent.
func ParseEvent(body []byte) (*Event, error) { return DecodeEvent(body) }
