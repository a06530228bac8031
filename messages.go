package kirim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// MessagesService sends messages from one number, marks received ones as read,
// and reads back both. Get it from [Client.PhoneNumber].
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
type MessagesService struct {
	client        *core
	settings      *sendSettings
	phoneNumberID string
}

// sendSettings are what a client was made with that concerns messages alone.
type sendSettings struct {
	validating bool
	windows    WindowStore
	decided    *decisionCache
	feed       statusSource    // nil for none
	catalog    templateChecker // nil for none
	passed     *decisionCache  // the keys of calls that the catalog let pass
}

// AcceptedMessage is the response to a send. Accepted means queued: whether the
// message reached the phone is told later, by webhooks.
type AcceptedMessage struct {
	// ID is Kirim's id of the message, msg_….
	ID string `json:"id"`
	// Status is the state that the message begins in. The vendor does not
	// document its values for this response.
	Status string `json:"status"`
	// WAMID is WhatsApp's id of the message. It is often still empty here
	// and then comes with the message.sent webhook.
	WAMID  string `json:"message_id,omitempty"`
	Object string `json:"object,omitempty"` // "message"
	// UsedTemplate says that [MessagesService.SendOrTemplate] sent the
	// template, as the 24-hour window was closed.
	UsedTemplate bool `json:"-"`
	// Refusal is why the server refused the message itself, with the requests
	// that took; nil when the message was accepted, or the template went out at
	// once.
	Refusal *Error `json:"-"`

	Extra Extra `json:"-"`
	blank []blankField
}

// missing names what a send cannot do without.
func (r *AcceptedMessage) missing() string {
	if r.ID == "" {
		return "id"
	}
	return ""
}

// ReadReceipt is the response to marking a message as read.
type ReadReceipt struct {
	ID     string `json:"id"`         // Kirim's id of the received message, msg_…
	Object string `json:"object"`     // "message"
	Status string `json:"status"`     // "read"
	WAMID  string `json:"message_id"` // WhatsApp's id of the received message
	Extra  Extra  `json:"-"`
	blank  []blankField
}

// KeyLifetime returns for how long after a send the server still honours its
// [WithIdempotencyKey]: 24 hours, and zero for a client that was made with
// [WithoutIdempotencyKeys] or is nil. Until then the same send under the same key
// is carried out once.
//
// Docs: https://developers.kirim.chat/concepts/idempotency/
func (s *MessagesService) KeyLifetime() time.Duration {
	if s == nil || s.client == nil || !s.client.keyed {
		return 0
	}
	return idempotencyKeyLifetime
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
	call, err := s.checked(ctx, &message, opts)
	if err != nil {
		return nil, err
	}
	return s.accepted(call, call.run(ctx))
}

// checked checks a message and prepares the call that sends it.
func (s *MessagesService) checked(ctx context.Context, message *OutboundMessage, opts []RequestOption) (*call, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	if err := s.validate(ctx, settings, *message); err != nil {
		return nil, s.client.refused(ctx, http.MethodPost, s.path(), err)
	}
	return s.ready(ctx, message, opts)
}

// ready prepares the call that sends a message.
func (s *MessagesService) ready(ctx context.Context, message *OutboundMessage, opts []RequestOption) (*call, error) {
	body, err := message.body(dialectKirim)
	if err != nil {
		return nil, s.client.refused(ctx, http.MethodPost, s.path(), err)
	}
	return s.client.ready(ctx, http.MethodPost, s.path(), nil, body, &resourceEnvelope[AcceptedMessage]{}, opts)
}

// accepted returns what a call that ready prepared ended with.
func (s *MessagesService) accepted(c *call, err error) (*AcceptedMessage, error) {
	if err == nil {
		return &c.out.(*resourceEnvelope[AcceptedMessage]).data, nil
	}
	if s.settings.catalog != nil {
		s.rememberDoubt(err)
	}
	return nil, err
}

// validate checks what a call may send, before any of it goes out.
func (s *MessagesService) validate(ctx context.Context, settings requestSettings, messages ...OutboundMessage) error {
	if !s.settings.validating || settings.skipValidation {
		return nil
	}
	for _, m := range messages {
		if err := m.Validate(); err != nil {
			return err
		}
	}
	if s.settings.catalog == nil {
		return nil
	}
	return s.checkTemplates(ctx, settings.key, messages)
}

// send sends a message that has been checked.
func (s *MessagesService) send(ctx context.Context, message OutboundMessage, opts []RequestOption) (*AcceptedMessage, error) {
	call, err := s.ready(ctx, &message, opts)
	if err != nil {
		return nil, err
	}
	return s.accepted(call, call.run(ctx))
}

// SendOrTemplate sends a message and, when it is refused because the 24-hour
// window is closed, the template instead. UsedTemplate in the result tells
// which of the two went out, and Refusal why the message did not. Both are
// checked before either is sent.
//
// The template goes out under an idempotency key derived from that of the
// message, so that a retry of the whole call with the same
// [WithIdempotencyKey] sends neither of them twice. The template's key, which an
// error may have, is that of the message with ":template" behind it; a call with
// such a key is the one with the key before it, but with a memory that is no
// [WindowDecider] the server refuses it. Behind a key of more than 246
// characters there is no room: the template's is then a hash of it, which does
// not lead back, and is refused here. When there is doubt whether the
// message is out, the template is not sent. A [Response] asked for with
// [WithResponse] describes the last request, and in First the one before; if the
// template fails too, the error is that of the template.
//
// With a [WithWindowStore] that knows that the window is closed, or with
// [WithTemplateFirst], the template goes out at once. Which of the two goes first is
// decided once for a key when the store is a [WindowDecider]: a retry does the
// same, although the customer may have written in between. Without one, a call
// with a [WithIdempotencyKey] sends the message first. So does every call for
// which the memory fails; only a refusal that the server remembers under the
// key, as this package assumes that it does, then keeps the message from going
// out after the template.
func (s *MessagesService) SendOrTemplate(ctx context.Context, message OutboundMessage, template Template, opts ...RequestOption) (*AcceptedMessage, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	rescue := inPlaceOf(message, template)
	if err := s.validate(ctx, settings, rescue, message); err != nil {
		return nil, s.client.refused(ctx, http.MethodPost, s.path(), err)
	}
	key, opts, err := s.callKey(settings, opts)
	if err != nil {
		return nil, err
	}
	if s.templateFirst(ctx, cmp.Or(message.To, message.Recipient), key, settings) {
		return s.sendRescue(ctx, rescue, key, opts)
	}
	accepted, err := s.send(ctx, message, opts)
	if err == nil || !IsOutside24hWindow(err) || MaybeSent(err) {
		return accepted, err
	}
	var first Response
	if r := settings.response; r != nil {
		first, *r = *r, Response{}
	}
	accepted, failed := s.sendRescue(ctx, rescue, key, opts)
	if r := settings.response; r != nil {
		r.First = &first
		r.Attempts += first.Attempts
	}
	if failed == nil {
		_ = errors.As(err, &accepted.Refusal)
	}
	return accepted, failed
}

// inPlaceOf is the template for the recipient of a message.
func inPlaceOf(message OutboundMessage, template Template) OutboundMessage {
	message.Content, message.ReplyTo = template, ""
	return message
}

// callKey returns the key of a call that may send a template in place of its
// message, and the options with it. One that was derived, as an error of the
// template's has it, leads back to the call that it is of: any other body under
// it would be refused, and a template under one derived from it sent again.
func (s *MessagesService) callKey(settings requestSettings, opts []RequestOption) (string, []RequestOption, error) {
	if !s.client.keyed {
		return "", opts, nil
	}
	key := settings.key
	if key == "" {
		key = newIdempotencyKey()
	}
	if isHashedKey(key, templateKey) {
		return "", opts, refuse("WithIdempotencyKey", "the key of the call, not that of its template, which does not lead back to one so long",
			"the key of a template")
	}
	// A store that does not decide cannot say what the call did.
	if _, decides := s.settings.windows.(WindowDecider); decides || s.settings.windows == nil {
		key = originalKey(key, templateKey)
	}
	if key != settings.key {
		opts = append(slices.Clip(opts), WithIdempotencyKey(key))
	}
	return key, opts, nil
}

// sendRescue sends what goes out in place of a message under key, which is empty
// for none. It has been checked.
func (s *MessagesService) sendRescue(ctx context.Context, rescue OutboundMessage, key string, opts []RequestOption) (*AcceptedMessage, error) {
	if s.client.keyed {
		opts = append(slices.Clip(opts), WithIdempotencyKey(derivedKey(key, templateKey)))
	}
	accepted, err := s.send(ctx, rescue, opts)
	if err != nil {
		return nil, fmt.Errorf("the template in place of the message failed: %w", err)
	}
	accepted.UsedTemplate = true
	return accepted, nil
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
// does, and shows the customer that a reply is being written, until the
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
	if s.settings.validating && !settings.skipValidation {
		if err := checkWAMID("message_id", wamid); err != nil {
			return nil, err
		}
	}
	return request[ReadReceipt](ctx, s.client, http.MethodPost, s.path(), nil, struct {
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

func (s *MessagesService) path(segments ...string) string {
	return pathOf(append([]string{s.phoneNumberID, "messages"}, segments...)...)
}
