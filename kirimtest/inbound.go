package kirimtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Inbound is a message of a customer, for [Server.Receive]. From or UserID is
// needed; a message with nothing else is an empty text.
type Inbound struct {
	From            string    // the customer, E.164; other spellings are brought into that form
	UserID          string    // the customer's business-scoped user id; without From, the number is hidden
	IdentityKeyHash string    // of the customer's identity, where the number checks it; see [kirim.OutboundMessage]
	GroupID         string    // the group that it was written in; such a message opens no window
	Name            string    // the customer's name at WhatsApp; names a contact that has none
	Text            string    // what the customer wrote; of an edit, the new text
	PhoneNumberID   string    // the number written to; default Server.PhoneNumberID
	ID              string    // msg_…; set by Receive when empty
	WAMID           string    // the id at WhatsApp; set by Receive when empty
	Time            time.Time // default: now. An earlier time opens what is left of the window
	ReplyTo         string    // wamid of the message that is quoted; may be empty

	// Type is the type of the message. The default is that of the one of the
	// following fields that is set, or "text". The types "order", "system",
	// "unsupported" and "request_welcome", and those that are not known here,
	// are told by Type alone, with their content in Object.
	Type string

	Media       *Media            // image, video, audio, document or sticker
	Caption     string            // of Media
	Location    *Location         // location
	Contacts    []ContactCard     // contacts
	Reaction    *Reaction         // reaction
	Button      *ButtonReply      // button: a quick reply of a template
	Interactive *InteractiveReply // interactive
	Edits       string            // edit: wamid of the customer's message that is changed to Text
	Revokes     string            // revoke: wamid of the customer's message that is deleted

	// Object is the content of a type that has no field here, as JSON. What
	// is not JSON is taken as a text.
	Object json.RawMessage
}

// Media is the file of an inbound message.
type Media struct {
	Data        []byte
	ContentType string // default "application/octet-stream"
	Filename    string // may be empty

	// Delay is for how long after the message came its file is not there yet:
	// 404. A negative one is for ever.
	Delay time.Duration
}

// Location is a place in decimal degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// ContactCard is a contact that a customer sends.
type ContactCard struct {
	Name  string `json:"name"`
	Phone string `json:"phone,omitempty"`
	WAID  string `json:"wa_id,omitempty"`
}

// Reaction is an emoji on a message; an empty one takes it back.
type Reaction struct {
	MessageID string `json:"target_message_id"` // wamid of the message reacted to
	Emoji     string `json:"emoji"`
}

// ButtonReply is the quick reply of a template that a customer tapped.
type ButtonReply struct {
	Payload string `json:"payload"`
	Text    string `json:"text"`
}

// InteractiveReply is what a customer chose from buttons or a list.
type InteractiveReply struct {
	Type        string `json:"type"` // "button_reply" (the default) or "list_reply"
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"` // of a row of a list
}

// kind is the type that the fields of the message make it.
func (m *Inbound) kind() string {
	switch {
	case m.Media != nil:
		kind, _, _ := strings.Cut(m.Media.ContentType, "/")
		if kind == "image" || kind == "video" || kind == "audio" {
			return kind
		}
		return "document"
	case m.Location != nil:
		return "location"
	case len(m.Contacts) > 0:
		return "contacts"
	case m.Reaction != nil:
		return "reaction"
	case m.Button != nil:
		return "button"
	case m.Interactive != nil:
		return "interactive"
	case m.Edits != "":
		return "edit"
	case m.Revokes != "":
		return "revoke"
	}
	return "text"
}

// spoken reports whether the customer said something to us with the message,
// which opens the window and counts as unread.
func (m *Inbound) spoken() bool {
	return m.GroupID == "" && !slices.Contains([]string{"system", "request_welcome", "edit", "revoke"}, m.Type)
}

// Receive lets a customer write to us, which opens the 24-hour window for that
// customer and number and, when there is none, makes the contact and its
// conversation. It returns the message with what was empty filled in, and From in
// E.164: spaces, dashes, dots and parentheses in it are dropped, and a plus that
// is missing is added. It panics when From is no number even so, as that of a
// customer who does not exist would open a window for nobody, unless it is empty
// and there is a UserID.
func (s *Server) Receive(m Inbound) Inbound {
	now := s.cfg.clock.Now()
	if m.From != "" || m.UserID == "" {
		m.From = customerNumber(m.From)
	}
	m.PhoneNumberID = cmp.Or(m.PhoneNumberID, s.PhoneNumberID)
	m.ID = cmp.Or(m.ID, newID("msg_", now))
	m.WAMID = cmp.Or(m.WAMID, newWAMID())
	m.Type = cmp.Or(m.Type, m.kind())
	if m.Time.IsZero() {
		m.Time = now
	}
	kept := m.clone()
	st, chat := &s.state, m.chat()
	st.mu.Lock()
	defer st.mu.Unlock()
	if old, evicted := st.received.add(kept); evicted {
		delete(st.wamids, old.WAMID)
	}
	st.wamids[m.WAMID] = wamidOwner{m.PhoneNumberID, chat.contact, m.ID, true}
	s.storeReceived(kept, chat, now)
	st.noteInbound(ChangeInbound, &kept, now)
	s.emitReceived(m)
	return m
}

// chat is the conversation with the customer, in which messages in a group are
// kept, too.
func (m *Inbound) chat() chatID {
	return chatID{m.PhoneNumberID, cmp.Or(digits(m.From), m.UserID)}
}

// customerNumber is a customer's number in E.164, so that all spellings of it
// mean one customer.
func customerNumber(from string) string {
	number := "+" + digits(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("().", r) {
			return -1
		}
		return r
	}, from))
	if !e164.MatchString(number) {
		panic(fmt.Sprintf("kirimtest: Receive: From, of %d characters, is not a phone number in E.164: a plus, the country code, 7 to 15 digits in all", utf8.RuneCountInString(from)))
	}
	return number
}

// WasRead reports whether a kept message of a customer was marked as read.
func (s *Server) WasRead(wamid string) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	m, found := s.state.inbound.get(s.state.wamids[wamid].messageID)
	return found && m.status == "read"
}

// clone copies what the caller could change later.
func (m Inbound) clone() Inbound {
	if m.Media != nil {
		media := *m.Media
		media.Data = bytes.Clone(media.Data)
		media.ContentType = cmp.Or(media.ContentType, "application/octet-stream")
		m.Media = &media
	}
	m.Contacts = slices.Clone(m.Contacts)
	m.Location, m.Reaction, m.Button = copied(m.Location), copied(m.Reaction), copied(m.Button)
	if m.Interactive = copied(m.Interactive); m.Interactive != nil {
		m.Interactive.Type = cmp.Or(m.Interactive.Type, "button_reply")
	}
	m.Object = bytes.Clone(m.Object)
	if len(m.Object) > 0 && !json.Valid(m.Object) {
		m.Object, _ = json.Marshal(string(m.Object)) // a string always marshals
	}
	return m
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
