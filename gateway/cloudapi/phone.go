package cloudapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/internal/adapter"
)

// PhoneNumber is one business phone number, from which messages are sent. Get it
// from [Client.PhoneNumber].
type PhoneNumber struct {
	client    *Client
	id        string
	marketing *Marketing // nil to send over the messages endpoint
}

// PhoneNumber returns the number with that id, which is not the number itself:
// WhatsApp Manager and the account's phone_numbers list it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
func (c *Client) PhoneNumber(id string) *PhoneNumber { return &PhoneNumber{client: c, id: id} }

// ID returns the phone number ID.
func (p *PhoneNumber) ID() string { return p.id }

// Send sends a message of any content, to a phone number, a user id
// ([kirim.OutboundMessage.Recipient]) or a group. It is checked first, and one that
// breaks a documented limit is a [*kirim.ValidationError] with nothing sent; see
// [kirim.OutboundMessage.Validate]. The body is that of
// [kirim.OutboundMessage.MarshalMetaJSON].
//
// To may lack the plus, as in WhatsApp's own ids. Meta advises it: without, it may
// take the number for one of the business's own country.
//
// Accepted is not delivered: what becomes of the message is reported by webhooks. ID
// and WAMID are both WhatsApp's id of the message. Status is what Meta says of a
// template, "accepted", "held_for_quality_assessment" or "paused", and empty where
// it says nothing. [Recipient] tells whom Meta took the recipient for. A response
// without an id is an error of [kirim.KindInvalidResponse], and
// [kirim.MaybeSent] is true for it.
//
// A content other than a [kirim.Template] needs a message of the customer's within
// the last 24 hours. Meta says so in the response, or later in a webhook.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func (p *PhoneNumber) Send(ctx context.Context, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	checked := message
	if checked.RecipientType == "" && checked.To != "" && strings.Trim(checked.To, "0123456789") == "" {
		checked.To = "+" + checked.To
	}
	if err := p.client.api.Validate(checked, opts); err != nil {
		return nil, err
	}
	body, err := message.MarshalMetaJSON()
	if err != nil {
		return nil, err
	}
	path := p.path("messages")
	if p.marketing != nil {
		path = p.path("marketing_messages")
		if body, err = p.marketing.extend(message, body); err != nil {
			return nil, err
		}
	}
	var answer sent
	if err := p.client.do(ctx, http.MethodPost, path, nil, body, &answer, opts); err != nil {
		return nil, err
	}
	return answer.accepted(), nil
}

// path is that of something below the number.
func (p *PhoneNumber) path(name string) string { return "/" + url.PathEscape(p.id) + "/" + name }

// sent is the response to a send.
type sent struct {
	Messages []struct {
		ID      string `json:"id"`
		Status  string `json:"message_status"`
		GroupID string `json:"group_id"`
	} `json:"messages"`
	Contacts json.RawMessage `json:"contacts"`
}

// Missing implements [adapter.Out].
func (s *sent) Missing() string {
	if len(s.Messages) == 0 || s.Messages[0].ID == "" {
		return "messages[0].id"
	}
	return ""
}

func (s *sent) accepted() *kirim.AcceptedMessage {
	accepted := &kirim.AcceptedMessage{}
	if len(s.Messages) > 0 { // a 204 has none
		accepted.ID, accepted.WAMID, accepted.Status = s.Messages[0].ID, s.Messages[0].ID, s.Messages[0].Status
	}
	if s.Contacts != nil {
		accepted.Extra = kirim.Extra{"contacts": s.Contacts}
	}
	return accepted
}

// Contact is whom Meta took the recipient of a message for.
type Contact struct {
	Input  string `json:"input"`   // the recipient as it was sent
	WAID   string `json:"wa_id"`   // may differ from the number in Input; empty for a user id
	UserID string `json:"user_id"` // a business-scoped user id; empty where Meta does not say
}

// Recipient returns whom Meta took the recipient of a message for, from the
// response to its send. It is the zero Contact where the response does not say.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
func Recipient(accepted *kirim.AcceptedMessage) Contact {
	var contacts []Contact
	if accepted == nil || json.Unmarshal(accepted.Extra["contacts"], &contacts) != nil || len(contacts) == 0 {
		return Contact{}
	}
	return contacts[0]
}

// MarkRead marks a received message as read, and with it, on the customer's phone,
// those before it. The id is its wamid, from the webhook, of the last 30 days.
// Doing so again does no harm.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/mark-message-as-read
func (p *PhoneNumber) MarkRead(ctx context.Context, wamid string, opts ...kirim.RequestOption) error {
	return p.markRead(ctx, readReceipt{"whatsapp", "read", wamid, nil}, opts)
}

// ShowTyping marks a received message as read, as [PhoneNumber.MarkRead] does, and
// shows the customer that a reply is being written, until the next message goes
// out or 25 seconds have passed.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators
func (p *PhoneNumber) ShowTyping(ctx context.Context, wamid string, opts ...kirim.RequestOption) error {
	return p.markRead(ctx, readReceipt{"whatsapp", "read", wamid, &typingIndicator{"text"}}, opts)
}

type readReceipt struct {
	MessagingProduct string           `json:"messaging_product"`
	Status           string           `json:"status"`
	MessageID        string           `json:"message_id"`
	TypingIndicator  *typingIndicator `json:"typing_indicator,omitempty"`
}

type typingIndicator struct {
	Type string `json:"type"`
}

func (p *PhoneNumber) markRead(ctx context.Context, receipt readReceipt, opts []kirim.RequestOption) error {
	actual := ""
	switch {
	case receipt.MessageID == "":
		actual = "empty"
	case strings.HasPrefix(receipt.MessageID, "msg_"):
		actual = "a msg_ id, which is Kirim's"
	}
	if actual != "" {
		return &kirim.ValidationError{Violations: []kirim.Violation{{Path: "message_id", Limit: "the wamid of a received message", Actual: actual}}}
	}
	return p.client.do(ctx, http.MethodPost, p.path("messages"), nil, receipt, &done{}, opts)
}

// done is the response to what has no result of its own.
type done struct {
	Success bool `json:"success"`
}

// Missing implements [adapter.Out].
func (d *done) Missing() string {
	if !d.Success {
		return "success"
	}
	return ""
}

var (
	_ adapter.Out = (*sent)(nil)
	_ adapter.Out = (*done)(nil)
)
