package kirim

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Message is a message that was sent or received. The vendor's pages show ID,
// Status and CreatedAt; the other fields are assumed, so that each may be
// empty, and one of another shape is found in Extra.
//
// Docs: https://developers.kirim.chat/sending/receive-messages/
type Message struct {
	ID             string           `json:"id,omitzero"` // msg_…
	Object         string           `json:"object,omitzero" kirim:"assumed"`
	WAMID          string           `json:"message_id,omitzero" kirim:"assumed"` // WhatsApp's id, once known
	ConversationID string           `json:"conversation_id,omitzero" kirim:"assumed"`
	Direction      MessageDirection `json:"direction,omitzero" kirim:"assumed"`
	Type           MessageType      `json:"type,omitzero" kirim:"assumed"`
	Status         MessageStatus    `json:"status,omitzero"`
	From           string           `json:"from,omitzero" kirim:"assumed"`
	To             string           `json:"to,omitzero" kirim:"assumed"`
	Source         string           `json:"source,omitzero" kirim:"assumed"`  // dashboard, app, api or another
	Content        string           `json:"content,omitzero" kirim:"assumed"` // the text of a text message

	// Of a message with media; see [MessagesService.Media] for the file.
	MediaURL string `json:"media_url,omitzero" kirim:"assumed"`
	MIMEType string `json:"mime_type,omitzero" kirim:"assumed"`
	Caption  string `json:"caption,omitzero" kirim:"assumed"`
	Filename string `json:"filename,omitzero" kirim:"assumed"` // as its sender called it: not safe as a path

	// Of a message of the type of the same name.
	Location    *MessageLocation    `json:"location,omitzero" kirim:"assumed"`
	Contacts    []MessageContact    `json:"contacts,omitzero" kirim:"assumed"`
	Interactive *MessageInteractive `json:"interactive,omitzero" kirim:"assumed"`
	Reaction    *MessageReaction    `json:"reaction,omitzero" kirim:"assumed"`
	Button      *MessageButton      `json:"button,omitzero" kirim:"assumed"`

	WhatsAppAccount *AccountRef   `json:"whatsapp_account,omitzero" kirim:"assumed"`
	Error           *MessageError `json:"error,omitzero" kirim:"assumed"` // why it failed; nil when it did not
	CreatedAt       time.Time     `json:"created_at,omitzero"`
	UpdatedAt       time.Time     `json:"updated_at,omitzero" kirim:"assumed"`
	// UsedTemplate says that [MessagesService.SendAndWait] sent the template, as
	// the 24-hour window was closed.
	UsedTemplate bool  `json:"-"`
	Extra        Extra `json:"-"`
	blank        []blankField
}

// MessageLocation is a place in decimal degrees.
type MessageLocation struct {
	Latitude  float64 `json:"latitude,omitzero" kirim:"assumed"`
	Longitude float64 `json:"longitude,omitzero" kirim:"assumed"`
	Name      string  `json:"name,omitzero" kirim:"assumed"`
	Address   string  `json:"address,omitzero" kirim:"assumed"`
	Extra     Extra   `json:"-"`
	blank     []blankField
}

// MessageContact is a contact card.
type MessageContact struct {
	Name  string `json:"name,omitzero" kirim:"assumed"`
	Phone string `json:"phone,omitzero" kirim:"assumed"`
	WAID  string `json:"wa_id,omitzero" kirim:"assumed"`
	Extra Extra  `json:"-"`
	blank []blankField
}

// MessageInteractive is what the customer chose from buttons or a list.
type MessageInteractive struct {
	Type        string `json:"type,omitzero" kirim:"assumed"`
	ID          string `json:"id,omitzero" kirim:"assumed"` // as given in the message that offered the choice
	Title       string `json:"title,omitzero" kirim:"assumed"`
	Description string `json:"description,omitzero" kirim:"assumed"`
	Extra       Extra  `json:"-"`
	blank       []blankField
}

// MessageReaction is an emoji on another message.
type MessageReaction struct {
	TargetMessageID string `json:"target_message_id,omitzero" kirim:"assumed"`
	Emoji           string `json:"emoji,omitzero" kirim:"assumed"` // empty when the reaction was taken back
	Extra           Extra  `json:"-"`
	blank           []blankField
}

// MessageButton is the quick reply of a template that the customer chose.
type MessageButton struct {
	Payload string `json:"payload,omitzero" kirim:"assumed"`
	Text    string `json:"text,omitzero" kirim:"assumed"`
	Extra   Extra  `json:"-"`
	blank   []blankField
}

// MessageDirection is who sent a message.
type MessageDirection string

// Directions of a message.
const (
	MessageInbound  MessageDirection = "inbound"
	MessageOutbound MessageDirection = "outbound"
)

// MessageType is the type of a message. The server may have more.
type MessageType string

// Types of messages. Those after interactive occur in received messages only; those
// in the second group occur in webhooks only.
const (
	MessageTypeText        MessageType = "text"
	MessageTypeImage       MessageType = "image"
	MessageTypeVideo       MessageType = "video"
	MessageTypeAudio       MessageType = "audio"
	MessageTypeDocument    MessageType = "document"
	MessageTypeTemplate    MessageType = "template"
	MessageTypeInteractive MessageType = "interactive"
	MessageTypeSticker     MessageType = "sticker"
	MessageTypeLocation    MessageType = "location"
	MessageTypeContacts    MessageType = "contacts"
	MessageTypeReaction    MessageType = "reaction"
	MessageTypeButton      MessageType = "button"
	MessageTypeUnsupported MessageType = "unsupported"

	MessageTypeOrder          MessageType = "order"
	MessageTypeVoice          MessageType = "voice"           // an older form of audio recorded in the app
	MessageTypeSystem         MessageType = "system"          // e.g. the customer has a new number
	MessageTypeEdit           MessageType = "edit"            // of an earlier message
	MessageTypeRevoke         MessageType = "revoke"          // an earlier message was deleted
	MessageTypeRequestWelcome MessageType = "request_welcome" // first contact, before anything was written
	MessageTypeUnknown        MessageType = "unknown"
	// MessageTypeMediaPlaceholder is the type of a message of the history whose
	// file comes in a later chunk, or not at all.
	MessageTypeMediaPlaceholder MessageType = "media_placeholder"
)

// MessageListParams selects messages.
type MessageListParams struct {
	ConversationID string           `url:"conversation_id,omitempty"`
	Direction      MessageDirection `url:"direction,omitempty"`
	Status         MessageStatus    `url:"status,omitempty"`
	CreatedAfter   time.Time        `url:"created_after,omitempty" layout:"2006-01-02T15:04:05.999999999Z07:00"`
	CreatedBefore  time.Time        `url:"created_before,omitempty" layout:"2006-01-02T15:04:05.999999999Z07:00"` // assumed filter
	Limit          int              `url:"limit,omitempty"`                                                       // messages on a page, 1 to 100; the server's default is 25
	Cursor         string           `url:"cursor,omitempty"`                                                      // of a [Page] with the same filters
}

// List returns one page of the number's messages.
//
// Docs: https://developers.kirim.chat/concepts/pagination/
func (s *MessagesService) List(ctx context.Context, params MessageListParams, opts ...RequestOption) (*Page[Message], error) {
	return listPage[Message](ctx, s.client, s.path(), params, opts)
}

// All iterates over the messages from params.Cursor on, one page in memory.
// An error is a [*ListError] and ends the iteration.
//
// Docs: https://developers.kirim.chat/sdks/typescript/pagination/
func (s *MessagesService) All(ctx context.Context, params MessageListParams, opts ...RequestOption) iter.Seq2[*Message, error] {
	return all[Message](ctx, s.client, s.path(), params, opts)
}

// Get returns one message, by Kirim's id of it, msg_….
//
// Docs: https://developers.kirim.chat/concepts/resource-ids/
func (s *MessagesService) Get(ctx context.Context, id string, opts ...RequestOption) (*Message, error) {
	return request[Message](ctx, s.client, http.MethodGet, s.path(id), nil, nil, opts)
}
