package kirim

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// ConversationsService manages the conversations of a number. Get it from
// [Client.PhoneNumber].
type ConversationsService struct {
	client        *core
	phoneNumberID string
}

// Conversation is all that a number and a contact have said to each other.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idconversations/
type Conversation struct {
	ID              string             `json:"id,omitzero"`     // cnv_…
	Object          string             `json:"object,omitzero"` // "conversation"
	Status          ConversationStatus `json:"status,omitzero"`
	Contact         ContactRef         `json:"contact,omitzero"`
	WhatsAppAccount AccountRef         `json:"whatsapp_account,omitzero"`
	// Assignee is the user who looks after it. That it is nil when nobody
	// does is assumed.
	Assignee      *UserRef  `json:"assignee,omitzero"`
	UnreadCount   int       `json:"unread_count,omitzero"`
	LastMessageAt time.Time `json:"last_message_at,omitzero"` // zero when there was none
	LastInboundAt time.Time `json:"last_inbound_at,omitzero"` // zero when there was none
	CreatedAt     time.Time `json:"created_at,omitzero"`
	UpdatedAt     time.Time `json:"updated_at,omitzero"`
	Extra         Extra     `json:"-"`
	blank         []blankField
}

// ContactRef is the contact of a conversation.
type ContactRef struct {
	ID          string `json:"id,omitzero"`           // ctc_…
	PhoneNumber string `json:"phone_number,omitzero"` // E.164
	Name        string `json:"name,omitzero"`
	Extra       Extra  `json:"-"`
	blank       []blankField
}

// UserRef is a user of the organisation.
type UserRef struct {
	ID    string `json:"id,omitzero"` // usr_…
	Name  string `json:"name,omitzero"`
	Email string `json:"email,omitzero"`
	Extra Extra  `json:"-"`
	blank []blankField
}

// ConversationStatus is the state of a conversation. The server may have
// more.
type ConversationStatus string

// States of a conversation.
const (
	ConversationOpen     ConversationStatus = "open"
	ConversationResolved ConversationStatus = "resolved"
	ConversationPending  ConversationStatus = "pending"
)

// ConversationListParams selects conversations.
type ConversationListParams struct {
	Status       ConversationStatus `url:"status,omitempty"`
	ContactID    string             `url:"contact_id,omitempty"`
	UpdatedSince time.Time          `url:"updated_since,omitempty" layout:"2006-01-02T15:04:05.999999999Z07:00"` // assumed filter
	Limit        int                `url:"limit,omitempty"`                                                      // conversations on a page, 1 to 100; the server's default is 25
	Cursor       string             `url:"cursor,omitempty"`                                                     // of a [Page] with the same filters
}

// ConversationUpdateParams changes a conversation. Zero fields are left as
// they are.
type ConversationUpdateParams struct {
	Status     ConversationStatus `json:"status,omitzero"`
	AssignedTo Change[string]     `json:"assigned_to,omitzero"` // a user's id, or [Clear] for nobody
}

// List returns one page of the number's conversations, those with the newest
// messages first and those without any last.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idconversations/
func (s *ConversationsService) List(ctx context.Context, params ConversationListParams, opts ...RequestOption) (*Page[Conversation], error) {
	return listPage[Conversation](ctx, s.client, s.path(), params, opts)
}

// All iterates over the conversations from params.Cursor on, one page in
// memory. An error is a [*ListError] and ends the iteration.
//
// Docs: https://developers.kirim.chat/concepts/pagination/
func (s *ConversationsService) All(ctx context.Context, params ConversationListParams, opts ...RequestOption) iter.Seq2[*Conversation, error] {
	return all[Conversation](ctx, s.client, s.path(), params, opts)
}

// Get returns one conversation. No page of the vendor describes the
// operation; it is assumed.
func (s *ConversationsService) Get(ctx context.Context, id string, opts ...RequestOption) (*Conversation, error) {
	return request[Conversation](ctx, s.client, http.MethodGet, s.path(id), nil, nil, opts)
}

// Update changes status, assignee or both, and fires conversation.closed or
// conversation.assigned. Changing nothing is a [*ValidationError].
//
// Docs: https://kirim-dev.pages.dev/api/operations/conversationsid/patch/
func (s *ConversationsService) Update(ctx context.Context, id string, params ConversationUpdateParams, opts ...RequestOption) (*Conversation, error) {
	return patch[Conversation](ctx, s.client, s.path(id), params, opts)
}

// AttachLabel attaches a label. No page of the vendor describes the
// operation; it is assumed to be like [ContactsService.AttachLabel].
func (s *ConversationsService) AttachLabel(ctx context.Context, id, labelID string, opts ...RequestOption) (*LabelAttachment, error) {
	return attachLabel(ctx, s.client, s.path(id), labelID, opts)
}

// DetachLabel detaches a label. No page of the vendor describes the
// operation; it is assumed to be like [ContactsService.DetachLabel].
func (s *ConversationsService) DetachLabel(ctx context.Context, id, labelID string, opts ...RequestOption) (*LabelAttachment, error) {
	return detachLabel(ctx, s.client, s.path(id), labelID, opts)
}

func (s *ConversationsService) path(segments ...string) string {
	return pathOf(append([]string{s.phoneNumberID, "conversations"}, segments...)...)
}
