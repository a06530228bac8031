package kirim

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// OutboundNotice reports a message that was sent by the organisation, in
// whatever way. message.sent is where Kirim's id and WhatsApp's meet. Its
// fields are assumed from programs that receive it.
type OutboundNotice struct {
	Event         WebhookEventType // message.sent or message.created
	ID            string           // msg_…
	WAMID         string           // wamid.…; empty before WhatsApp has accepted it
	PhoneNumberID string
	Type          MessageType
	Body          string // the text of a text message
	To            Person
	Source        string // "api", "dashboard", "app" (WhatsApp on the owner's phone) or another
	// Time is when it happened: what the data says, or else when the event
	// was created.
	Time time.Time
	Raw  json.RawMessage
}

// MessageRevoked reports that a message was deleted by the one who sent it. The
// vendor names the event and shows no data: all fields are assumed from those
// of message.sent. Data without the id of a message is [UnknownData]. On
// numbers that are also used in the WhatsApp Business app, Meta tells the same
// by an [InboundMessage] of type revoke.
type MessageRevoked struct {
	ID             string // msg_…; one of ID and WAMID is there
	WAMID          string // wamid.…
	PhoneNumberID  string
	ConversationID string // cnv_…
	ContactID      string // ctc_…
	Customer       Person
	Time           time.Time // of the event, when the data has none
	Raw            json.RawMessage
}

// MessageEdited reports that the text of a message was changed by the one who
// sent it. Its fields are assumed, as those of [MessageRevoked].
type MessageEdited struct {
	ID             string // msg_…; one of ID and WAMID is there
	WAMID          string // wamid.…
	PhoneNumberID  string
	ConversationID string // cnv_…
	ContactID      string // ctc_…
	Customer       Person
	Type           MessageType
	Body           string    // new text
	Time           time.Time // of the event, when the data has none
	Raw            json.RawMessage
}

// ContactIdentityUpdated reports that the WhatsApp identity of a contact was
// changed, e.g. its number or user id. The vendor names the event and shows no
// data: the fields are assumed from those of contact.updated.
type ContactIdentityUpdated struct {
	Contact       Contact  // as it is now
	ChangedFields []string // names of the contact's fields
	Raw           json.RawMessage
}

// OnMessageRevoked sets the callback for message.revoked.
func (h *WebhookHandler) OnMessageRevoked(f func(context.Context, *MessageRevoked) error) {
	onData(h, f)
}

// OnMessageEdited sets the callback for message.edited.
func (h *WebhookHandler) OnMessageEdited(f func(context.Context, *MessageEdited) error) {
	onData(h, f)
}

// OnContactIdentityUpdated sets the callback for contact.identity_updated.
func (h *WebhookHandler) OnContactIdentityUpdated(f func(context.Context, *ContactIdentityUpdated) error) {
	onData(h, f)
}

func (n *OutboundNotice) dedupeKey(e *Event) string         { return eventKey(e, n.Raw) }
func (m *MessageRevoked) dedupeKey(e *Event) string         { return eventKey(e, m.Raw) }
func (m *MessageEdited) dedupeKey(e *Event) string          { return eventKey(e, m.Raw) }
func (c *ContactIdentityUpdated) dedupeKey(e *Event) string { return eventKey(e, c.Raw) }

func decodeOutbound(e *Event, raw json.RawMessage) EventData {
	n, ok := decodeNotice(e, raw)
	if !ok {
		return nil
	}
	to := n.to
	if to.Phone == "" {
		to.address(n.contact)
	}
	return &OutboundNotice{e.Type, n.id, n.wamid, n.phoneNumberID, n.typ, n.body, to, n.source, n.time, raw}
}

func decodeRevision(e *Event, raw json.RawMessage) EventData {
	n, ok := decodeNotice(e, raw)
	if !ok || n.id == "" && n.wamid == "" {
		return nil
	}
	var customer Person
	if customer.address(n.contact); n.contact == "" {
		customer = n.from
	}
	customer.Name = n.name
	if e.Type == EventMessageRevoked {
		return &MessageRevoked{n.id, n.wamid, n.phoneNumberID, n.conversationID, n.contactID, customer, n.time, raw}
	}
	return &MessageEdited{n.id, n.wamid, n.phoneNumberID, n.conversationID, n.contactID, customer, n.typ, n.body, n.time, raw}
}

func decodeIdentityUpdate(raw json.RawMessage) (EventData, error) {
	c := &ContactIdentityUpdated{Raw: raw}
	err := decodeParts(raw, map[string]any{"contact": &c.Contact, "changed_fields": &c.ChangedFields})
	if err != nil || c.Contact.ID == "" {
		return nil, err
	}
	return c, nil
}

// messageNotice is what Kirim's own events about a message are reported to
// have.
type messageNotice struct {
	id, wamid, phoneNumberID, conversationID string
	contactID, contact, name                 string
	typ                                      MessageType
	body, source                             string
	from, to                                 Person
	time                                     time.Time
}

// decodeNotice reads fields whose shape is only reported, so that none of
// them can make the event unreadable.
func decodeNotice(e *Event, raw json.RawMessage) (n messageNotice, ok bool) {
	r := jsonscan.New(raw)
	if r.Peek() != '{' {
		return n, false
	}
	for name := range r.Fields() {
		switch string(name) {
		case "session", "phone_number_id":
			n.phoneNumberID = r.Text()
		case "conversation_id":
			n.conversationID = r.Text()
		case "conversation":
			n.conversationID = r.Member("id")
		case "contact_id":
			n.contactID = r.Text()
		case "contact":
			r.Texts(map[string]*string{"id": &n.contactID, "name": &n.name, "phone_number": &n.contact})
		case "meta":
			if id := r.Member("phone_number_id"); n.phoneNumberID == "" {
				n.phoneNumberID = id
			}
		case "message":
			for name := range r.Fields() {
				n.field(r, name)
			}
		default:
			n.field(r, name)
		}
	}
	if n.time.IsZero() {
		n.time = e.CreatedAt
	}
	return n, true
}

// field reads a field of the message, which may also stand beside it.
func (n *messageNotice) field(r *jsonscan.Reader, name []byte) {
	switch string(name) {
	case "id", "message_id", "provider_id", "wamid", "original_message_id":
		id := r.Text()
		switch known := strings.HasPrefix(id, "msg_"); {
		case id == "":
		case known || string(name) == "id" && !strings.HasPrefix(id, "wamid."):
			n.id = id
		default:
			n.wamid = id
		}
	case "type":
		n.typ = MessageType(r.Text())
	case "body", "content":
		n.body = r.Text()
	case "text":
		if r.Peek() == '{' {
			n.body = r.Member("body")
		} else {
			n.body = r.Text()
		}
	case "from":
		n.from.address(r.Text())
	case "to":
		n.to.address(r.Text())
	case "source":
		n.source = r.Text()
	case "timestamp":
		n.time = readTime(r)
	}
}
