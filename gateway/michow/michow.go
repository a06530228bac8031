// Package michow speaks to MichoW (wapi.michotech.me): one WhatsApp session,
// chosen by the API key and connected in the vendor's dashboard. It sends
// text and reads the session's messages. See package gateway for what all
// gateways have in common.
//
//	client, err := michow.NewClient(key)
//	if err != nil {
//		return err
//	}
//	sent, err := client.Send(ctx, kirim.OutboundMessage{
//		To:      "+6281100000001",
//		Content: kirim.Text{Body: "Your order has left the house."},
//	})
//
// # Errors
//
// A response that refuses single fields has no code. It is an error of
// [kirim.KindInvalidRequest] all the same, with the first field in Param and
// all of them from gateway.FieldErrors. KindSendFailed means that WhatsApp's
// side took the message and failed then: it may be out.
//
// # Assumptions
//
// The send returns WhatsApp's id of the message while the listing counts
// messages by number. [Client.Get] takes that number, so a message that was
// just sent is found through [Client.List] and its WhatsAppID. A listing is
// taken to have a further page as long as links.next is set. Messages of a
// chat are taken to be listed like all messages.
//
// Docs: https://wapi.michotech.me/docs/api-reference
package michow

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

var vendor = adapter.System{System: system.MichoW}

// DefaultBaseURL is where requests go unless [kirim.WithBaseURL] is given.
const DefaultBaseURL = "https://wapi.michotech.me/api/v1"

// Client speaks to MichoW. It is safe for concurrent use.
type Client struct{ api *adapter.Client }

// NewClient returns a client for the API key, mw_….
func NewClient(apiKey string, opts ...kirim.Option) (*Client, error) {
	api, err := vendor.NewClient(apiKey, DefaultBaseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{api}, nil
}

// DecodeError reads an error response of MichoW, of either shape.
//
// Docs: https://wapi.michotech.me/docs/errors
func DecodeError(statusCode int, header http.Header, body []byte) *kirim.Error {
	return vendor.DecodeError(statusCode, header, body)
}

// Send sends a [kirim.Text] that is no reply. PreviewURL is ignored. ID and
// WAMID of the response are both WhatsApp's id.
//
// Docs: https://wapi.michotech.me/docs/messaging
func (c *Client) Send(ctx context.Context, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	if err := vendor.Refusal(message); err != nil {
		return nil, err
	}
	text, ok := adapter.Value(message.Content).(kirim.Text)
	if !ok {
		return nil, vendor.Unsupported(message.ContentKind())
	}
	if err := c.api.Validate(message, opts); err != nil {
		return nil, err
	}
	body := struct {
		To      string `json:"to"`
		Message string `json:"message"`
	}{adapter.Digits(message.To), text.Body}
	data, err := adapter.Data[accepted](ctx, c.api, http.MethodPost, "/messages/text", nil, body, opts)
	if err != nil {
		return nil, err
	}
	return &kirim.AcceptedMessage{ID: data.MessageID, WAMID: data.MessageID, Status: data.Status}, nil
}

// accepted is the response to a send.
type accepted struct {
	MessageID string `json:"message_id"`
	Status    string `json:"status"`
}

// Missing implements [adapter.Out].
func (a *accepted) Missing() string {
	if a.MessageID == "" {
		return "message_id"
	}
	return ""
}

// Message is a message of the session, sent or received.
type Message struct {
	ID           json.Number `json:"id"`
	Direction    string      `json:"direction"`
	Recipient    string      `json:"recipient"`
	Type         string      `json:"message_type"` // chat, image, video, audio, document
	Content      string      `json:"content"`
	WhatsAppID   string      `json:"whatsapp_message_id"`
	Status       string      `json:"status"`        // queued, sent, delivered, read, failed
	ErrorMessage string      `json:"error_message"` // why it failed
	CreatedAt    time.Time   `json:"created_at"`
}

// Get returns the message with that number, [Message.ID].
func (c *Client) Get(ctx context.Context, id string, opts ...kirim.RequestOption) (*Message, error) {
	return adapter.Data[Message](ctx, c.api, http.MethodGet, "/messages/"+url.PathEscape(id), nil, nil, opts)
}

// MessageListParams choose messages. The zero value lists all of them.
type MessageListParams struct {
	Page   int    `url:"page,omitempty"` // counted from 1, the default
	ChatID string `url:"chat_id,omitempty"`
	FromMe *bool  `url:"from_me,omitempty"`
	Type   string `url:"type,omitempty"` // chat, image, video, audio, document
}

// Page is one page of messages.
type Page struct {
	Messages []Message
	HasMore  bool
}

// List returns one page of messages.
func (c *Client) List(ctx context.Context, params MessageListParams, opts ...kirim.RequestOption) (*Page, error) {
	return c.list(ctx, "/messages", params, opts)
}

// All yields all messages from a page on, and the error that ended it early.
func (c *Client) All(ctx context.Context, params MessageListParams, opts ...kirim.RequestOption) iter.Seq2[Message, error] {
	return c.all(ctx, "/messages", params, opts)
}

// ChatListParams choose messages of one chat.
type ChatListParams struct {
	Page int // counted from 1, the default
}

// ListChat returns one page of the messages of a chat.
func (c *Client) ListChat(ctx context.Context, chatID string, params ChatListParams, opts ...kirim.RequestOption) (*Page, error) {
	return c.list(ctx, chatPath(chatID), MessageListParams{Page: params.Page}, opts)
}

// AllChat yields all messages of a chat from a page on, and the error that
// ended it early.
func (c *Client) AllChat(ctx context.Context, chatID string, params ChatListParams, opts ...kirim.RequestOption) iter.Seq2[Message, error] {
	return c.all(ctx, chatPath(chatID), MessageListParams{Page: params.Page}, opts)
}

func chatPath(chatID string) string { return "/chats/" + url.PathEscape(chatID) + "/messages" }

func (c *Client) list(ctx context.Context, path string, params MessageListParams, opts []kirim.RequestOption) (*Page, error) {
	var answer messageList
	if err := c.api.Do(ctx, http.MethodGet, path, params, nil, &answer, opts); err != nil {
		return nil, err
	}
	return &Page{answer.Data, answer.Links.Next != ""}, nil
}

// messageList is the response to a listing.
type messageList struct {
	Data  []Message `json:"data"`
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
}

// Missing implements [adapter.Out].
func (l *messageList) Missing() string {
	if l.Data == nil {
		return "data"
	}
	return ""
}

func (c *Client) all(ctx context.Context, path string, params MessageListParams, opts []kirim.RequestOption) iter.Seq2[Message, error] {
	return adapter.All(max(1, params.Page), func(at int) ([]Message, int, error) {
		params := params
		params.Page = at
		page, err := c.list(ctx, path, params, opts)
		if err != nil {
			return nil, 0, err
		}
		next := at
		if page.HasMore {
			next++
		}
		return page.Messages, next, nil
	})
}
