package kirim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// OutboundMessage is one message to one recipient.
//
// Its JSON form is exactly the body of a send, so a message can be kept in a
// queue or a file and sent later: what json.Marshal writes, json.Unmarshal
// reads back.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
type OutboundMessage struct {
	// To is the recipient in E.164 with the leading plus: "+6281100000001".
	// It is sent as given; a number without the plus gets invalid_phone_number. For a group it is the group's id.
	To string

	// Content is what is sent, such as a [Text], an [Image], a [Template] or a
	// [List]; see [Content].
	Content Content

	// ReplyTo makes the message a reply that quotes an inbound message. It
	// takes that message's wamid, not a msg_ id. Empty means no quote.
	ReplyTo string

	// Recipient is a business-scoped user id, for a person whose number is not
	// known: "ID.70000000000000001". Where To is set as well, Meta takes To.
	//
	// Recipient, RecipientType, CallbackData and IdentityKeyHash are Meta's
	// fields; that Kirim passes them on is assumed.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
	Recipient string

	// RecipientType is [RecipientGroup], or empty for one person.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
	RecipientType string

	// CallbackData comes back in the statuses of the message; see
	// [StatusUpdate]. Meta documents at most 512 characters for calls and
	// nothing for messages, so it is not checked.
	CallbackData string

	// IdentityKeyHash makes Meta refuse the message, with code 137000, when the
	// recipient's identity has changed since the hash was received; see
	// [Person]. It needs the identity change check of the phone number.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
	IdentityKeyHash string
}

// RecipientGroup is the RecipientType of a message to a group.
const RecipientGroup = "group"

// recipientIndividual is the default, as Meta spells it out.
const recipientIndividual = "individual"

// ContentKind names what the message carries: "text", "template", or
// "interactive/" and the kind of the interactive message, such as
// "interactive/list". They are Meta's words, but for "interactive/product_carousel",
// which is a carousel too. That of a [Raw] is its Type, and that of a message
// without a content is empty.
func (m OutboundMessage) ContentKind() string {
	if isNil(m.Content) {
		return ""
	}
	return m.Content.kind()
}

// MarshalJSON writes the body of the send to Kirim. It does not validate, but
// refuses what has no such body: no content, and a [Raw] without an object or
// with a Type that would collide with another field.
func (m OutboundMessage) MarshalJSON() ([]byte, error) { return m.body(dialectKirim) }

// MarshalMetaJSON writes the body of the send as Meta's Cloud API takes it. It
// differs from that of MarshalJSON in the recipient_type, which is always
// written, in the language of a template, which is an object with a code and a
// policy, and in the name of reply buttons. UnmarshalJSON reads both forms.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func (m OutboundMessage) MarshalMetaJSON() ([]byte, error) { return m.body(dialectMeta) }

func (m OutboundMessage) body(d dialect) ([]byte, error) {
	if isNil(m.Content) {
		return nil, refuse("type", "a content", "none")
	}
	value, err := m.Content.object(d)
	if err != nil {
		return nil, err
	}
	object, err := json.Marshal(value)
	if err != nil {
		return nil, refuseEncoding("content", "a content for encoding/json", m.Content, err)
	}
	kind, _, _ := strings.Cut(m.Content.kind(), "/")
	recipientType := m.RecipientType
	if d == dialectMeta && recipientType == "" {
		recipientType = recipientIndividual
	}

	// Room for all of it, and not much more: it is held while the call waits.
	size := len(object) + len(m.To) + 2*len(kind) + 60
	if rare := len(m.Recipient) + len(m.ReplyTo) + len(m.CallbackData) + len(m.IdentityKeyHash) + len(recipientType); rare > 0 {
		size += rare + 130 // with their names
	}
	body := make([]byte, 0, size)
	body = append(body, `{"messaging_product":"`+messagingProduct+`"`...)
	body = appendField(body, "recipient_type", recipientType)
	if m.To != "" || m.Recipient == "" {
		body = appendText(append(body, `,"to":`...), m.To)
	}
	body = appendField(body, "recipient", m.Recipient)
	body = appendField(body, "recipient_identity_key_hash", m.IdentityKeyHash)
	body = appendField(body, "biz_opaque_callback_data", m.CallbackData)
	if m.ReplyTo != "" {
		body = append(appendText(append(body, `,"context":{"message_id":`...), m.ReplyTo), '}')
	}
	body = append(append(append(body, `,"type":"`...), kind...), `","`...)
	body = append(append(append(body, kind...), `":`...), object...)
	return append(body, '}'), nil
}

// appendField appends a member, unless the text is empty.
func appendField(body []byte, name, text string) []byte {
	if text == "" {
		return body
	}
	return appendText(append(append(append(body, `,"`...), name...), `":`...), text)
}

// appendText appends a text as encoding/json writes it.
func appendText(body []byte, text string) []byte {
	plain := func(c rune) bool { return c < ' ' || c > '~' || strings.ContainsRune(`"\<>&`, c) }
	if !strings.ContainsFunc(text, plain) {
		return append(append(append(body, '"'), text...), '"')
	}
	quoted, _ := json.Marshal(text) // a string has always a JSON form
	return append(body, quoted...)
}

// UnmarshalJSON reads the body of a send, to Kirim or to Meta, and loses nothing
// of it. A content with fields, at any depth, that its type cannot hold becomes a
// [Raw]; every other content becomes a value, not a pointer. A body without a type has
// that of the content in it, as in examples of Meta's; a recipient_type of
// "individual" is the empty default. Any field beside the content that this package does not know is an
// error that names it. It does not validate.
func (m *OutboundMessage) UnmarshalJSON(data []byte) error {
	decoded, err := decodeMessage(data)
	if err != nil {
		return fmt.Errorf("kirim: decode message: %w", err)
	}
	*m = decoded
	return nil
}

func decodeMessage(data []byte) (OutboundMessage, error) {
	var m OutboundMessage
	// encoding/json would put U+FFFD for what is not UTF-8.
	if !utf8.Valid(data) {
		return m, errors.New("not valid UTF-8")
	}
	fields, names, err := splitObject(data)
	if err != nil {
		return m, err
	}
	var kind string
	kindErr := fields.text("type", &kind)
	if _, given := fields["type"]; !given {
		for _, name := range names {
			if contentDecoders[name] != nil {
				kind, kindErr = name, nil
				break
			}
		}
	}
	texts := map[string]*string{
		"recipient_type": &m.RecipientType, "recipient": &m.Recipient,
		"biz_opaque_callback_data": &m.CallbackData, "recipient_identity_key_hash": &m.IdentityKeyHash,
	}
	for _, name := range names { // first, as they say best why a body is not a send
		if texts[name] == nil && !slices.Contains([]string{"messaging_product", "to", "context", "type", kind}, name) {
			return m, fmt.Errorf("unknown field %.40q", name)
		}
	}
	if kindErr != nil {
		return m, kindErr
	}
	if !isContentType(kind) {
		return m, errors.New("type is not the name of a content")
	}
	if err := fields.constant("messaging_product", messagingProduct); err != nil {
		return m, err
	}
	for _, name := range names {
		if into := texts[name]; into != nil {
			if err := fields.text(name, into); err != nil {
				return m, err
			}
		}
	}
	if m.RecipientType == recipientIndividual {
		m.RecipientType = ""
	}
	if _, given := fields["to"]; given || m.Recipient == "" {
		if err := fields.text("to", &m.To); err != nil {
			return m, err
		}
	}
	if context, given := fields["context"]; given {
		if m.ReplyTo, err = decodeContext(context); err != nil {
			return m, err
		}
	}
	object, given := fields[kind]
	if !given {
		return m, fmt.Errorf("no %s object for the type", kind)
	}
	m.Content, err = decodeContent(kind, object)
	return m, err
}

func decodeContext(data []byte) (wamid string, err error) {
	fields, names, err := splitObject(data)
	if err != nil {
		return "", fmt.Errorf("context: %w", err)
	}
	for _, name := range names {
		if name != "message_id" {
			return "", fmt.Errorf("context: unknown field %.40q", name)
		}
	}
	err = fields.text("message_id", &wamid)
	if err == nil && wamid == "" {
		err = errors.New("message_id is empty")
	}
	if err != nil {
		return "", fmt.Errorf("context: %w", err)
	}
	return wamid, nil
}
