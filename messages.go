package kirim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// MessagesService sends messages from one number, marks received ones as read,
// and reads back both. Get it from [Client.PhoneNumber].
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
type MessagesService struct {
	client        *Client
	phoneNumberID string
	path          string // of its messages
}

// AcceptedMessage is the answer to a send. Accepted means queued: whether the
// message reached the phone is told later, by webhooks.
type AcceptedMessage struct {
	// ID is Kirim's id of the message, msg_….
	ID string `json:"id"`
	// Status is the state that the message begins in. The vendor does not
	// document its values for this answer.
	Status string `json:"status"`
	// WAMID is WhatsApp's id of the message. It is often still empty here
	// and then comes with the message.sent webhook.
	WAMID  string `json:"message_id,omitempty"`
	Object string `json:"object,omitempty"` // "message"
	// UsedTemplate says that [MessagesService.SendOrTemplate] sent the
	// template, as the 24-hour window was closed.
	UsedTemplate bool `json:"-"`

	Extra Extra `json:"-"`
	blank []blankField
}

// missing names what a send cannot do without.
func (m *AcceptedMessage) missing() string {
	if m.ID == "" {
		return "id"
	}
	return ""
}

// ReadReceipt is the answer to marking a message as read.
type ReadReceipt struct {
	ID     string `json:"id"`         // Kirim's id of the received message, msg_…
	Object string `json:"object"`     // "message"
	Status string `json:"status"`     // "read"
	WAMID  string `json:"message_id"` // WhatsApp's id of the received message
	Extra  Extra  `json:"-"`
	blank  []blankField
}

// Send sends a message. It is checked first, and one that breaks a documented
// limit is a [*ValidationError] with nothing sent; see
// [OutboundMessage.Validate].
//
// A message of any type but [Template] needs a message of the customer's
// within the last 24 hours; without, the error is one for which
// [IsOutside24hWindow] is true.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
func (s *MessagesService) Send(ctx context.Context, message OutboundMessage, opts ...RequestOption) (*AcceptedMessage, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	if s.client.validating && !settings.skipValidation {
		if err := message.Validate(); err != nil {
			return nil, err
		}
	}
	body, err := message.wireBody()
	if err != nil {
		return nil, err
	}
	return postMessage[AcceptedMessage](ctx, s, body, opts)
}

// SendOrTemplate sends a message and, when it is refused because the 24-hour
// window is closed, the template instead. UsedTemplate in the result tells
// which of the two went out. Both are checked before either is sent.
//
// The template goes out under an idempotency key derived from that of the
// message, so that a repeat of the whole call with the same
// [WithIdempotencyKey] sends neither of them twice. When there is doubt
// whether the message is out, the template is not sent. A [Response] asked
// for with [WithResponse] describes the last request; if the template fails
// too, so does the error.
//
// With a [WithWindowMemory] that knows that the window is closed, the template
// goes out at once, but not with [WithIdempotencyKey]: the customer may write
// between two calls with the same key. Only a refusal that the server remembers
// under the key, as this package assumes that it does, then keeps the message
// from going out after the template.
func (s *MessagesService) SendOrTemplate(ctx context.Context, message OutboundMessage, template Template, opts ...RequestOption) (*AcceptedMessage, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	rescue := inPlaceOf(message, template)
	if s.client.validating && !settings.skipValidation {
		if err := rescue.Validate(); err != nil {
			return nil, err
		}
	}
	key := settings.key
	if key == "" && s.client.keyed {
		key = newIdempotencyKey()
		opts = append(slices.Clip(opts), WithIdempotencyKey(key))
	}
	if settings.key != "" || !s.windowKnownClosed(ctx, message.To) {
		accepted, err := s.Send(ctx, message, opts...)
		if err == nil || !IsOutside24hWindow(err) || MaybeSent(err) {
			return accepted, err
		}
	} else if s.client.validating && !settings.skipValidation {
		if err := message.Validate(); err != nil {
			return nil, err
		}
	}
	return s.sendRescue(ctx, rescue, key, opts)
}

// inPlaceOf is the template for the recipient of a message.
func inPlaceOf(message OutboundMessage, template Template) OutboundMessage {
	message.Content, message.ReplyTo = template, ""
	return message
}

// sendRescue sends what goes out in place of a message under key, which is empty
// for none.
func (s *MessagesService) sendRescue(ctx context.Context, rescue OutboundMessage, key string, opts []RequestOption) (*AcceptedMessage, error) {
	if s.client.keyed {
		opts = append(slices.Clip(opts), WithIdempotencyKey(derivedKey(key, ":template")))
	}
	accepted, err := s.Send(ctx, rescue, opts...)
	if err != nil {
		return nil, fmt.Errorf("the 24-hour window is closed, and the template failed: %w", err)
	}
	accepted.UsedTemplate = true
	return accepted, nil
}

// derivedKey is the key of a further request of the same call. It must stay
// the same over versions of this package.
func derivedKey(key, suffix string) string {
	if len(key)+len(suffix) <= maxIdempotencyKey {
		return key + suffix
	}
	sum := sha256.Sum256([]byte(key + suffix))
	return hex.EncodeToString(sum[:])
}

// MarkRead marks a received message as read, and with it, on the customer's
// phone, those before it. The id is WhatsApp's (wamid.…), from the webhook,
// not Kirim's msg_….  Repeating it does no harm.
//
// Docs: https://developers.kirim.chat/sending/mark-as-read/
func (s *MessagesService) MarkRead(ctx context.Context, wamid string, opts ...RequestOption) (*ReadReceipt, error) {
	return s.markRead(ctx, wamid, nil, opts)
}

// ShowTyping marks a received message as read, as [MessagesService.MarkRead]
// does, and shows the customer that an answer is being written, until the
// next message goes out or about 25 seconds have passed. Kirim is reported to
// refuse more than one in 3 seconds for a customer, as [IsRateLimited].
//
// Docs: https://developers.kirim.chat/sending/mark-as-read/
func (s *MessagesService) ShowTyping(ctx context.Context, wamid string, opts ...RequestOption) (*ReadReceipt, error) {
	return s.markRead(ctx, wamid, &typingIndicator{Type: "text"}, opts)
}

type typingIndicator struct {
	Type string `json:"type"`
}

func (s *MessagesService) markRead(ctx context.Context, wamid string, typing *typingIndicator, opts []RequestOption) (*ReadReceipt, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	if s.client.validating && !settings.skipValidation {
		if err := checkWAMID("message_id", wamid); err != nil {
			return nil, err
		}
	}
	return postMessage[ReadReceipt](ctx, s, struct {
		MessagingProduct string           `json:"messaging_product"`
		Status           string           `json:"status"`
		MessageID        string           `json:"message_id"`
		TypingIndicator  *typingIndicator `json:"typing_indicator,omitempty"`
	}{"whatsapp", "read", wamid, typing}, opts)
}

// checkWAMID refuses what cannot be WhatsApp's id of a message.
func checkWAMID(path, wamid string) error {
	var actual string
	switch {
	case wamid == "":
		actual = "empty"
	case strings.HasPrefix(wamid, "msg_"):
		actual = "a msg_ id"
	default:
		return nil
	}
	return refuse(path, "the wamid of a received message", actual)
}

// postMessage posts to the number's messages. The two things that can be
// posted there differ only in body and answer.
func postMessage[T any](ctx context.Context, s *MessagesService, body any, opts []RequestOption) (*T, error) {
	return request[T](ctx, s.client, http.MethodPost, s.path, nil, body, opts)
}
