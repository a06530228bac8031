package kirim

import (
	"context"
	"strings"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// MessageEcho is a message that somebody of the business has sent from the
// WhatsApp Business app, on a number that is used there and here.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/smb_message_echoes
type MessageEcho struct {
	MetaChange
	ID string // wamid.…
	To Person
	// Message has the content, in the fields of a received message. From is
	// the business.
	Message InboundMessage
}

// HistoryChunk is a part of the chats that a business had in the WhatsApp
// Business app before its number was connected. A chunk may hold thousands of
// messages; chunks come in any order.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history
type HistoryChunk struct {
	MetaChange     // Time is that of the newest message
	Phase      int // 0: the last day, 1: up to 90 days ago, 2: up to 180 days
	Order      int // of the chunk in its phase
	Progress   int // of the whole, in percent; 100 when it is complete
	// Media says that the chunk is one message with its file, which an
	// earlier chunk had as [MessageTypeMediaPlaceholder].
	Media   bool
	Threads []HistoryThread
	Errors  []EventError // e.g. code 2593109: the business does not share its history
}

// HistoryThread is a chat with one customer.
type HistoryThread struct {
	Customer Person
	Messages []HistoryMessage
}

// HistoryMessage is a message of a chat.
type HistoryMessage struct {
	FromBusiness bool
	To           Person
	// Status is what had become of it; a message with an error is
	// [MessageFailed].
	Status MessageStatus
	// Message has the content, in the fields of a received message. It opens
	// no window.
	Message InboundMessage
}

// OnMessageEcho sets the callback for [EventMessageEchoes]. The vendor
// reports such messages as message.sent, too; see [OutboundNotice.Source].
func (h *WebhookHandler) OnMessageEcho(f func(context.Context, *MessageEcho) error) { onData(h, f) }

// OnHistory sets the callback for [EventHistory].
func (h *WebhookHandler) OnHistory(f func(context.Context, *HistoryChunk) error) { onData(h, f) }

func (m *MessageEcho) dedupeKey(e *Event) string {
	if m.ID == "" {
		return m.MetaChange.dedupeKey(e)
	}
	return elementKey("echo", m.BusinessAccountID, m.PhoneNumberID, m.ID)
}

// messagesOf returns the messages that an element is or has.
func messagesOf(data EventData) (messages []*InboundMessage) {
	switch data := data.(type) {
	case *InboundMessage:
		messages = append(messages, data)
	case *MessageEcho:
		messages = append(messages, &data.Message)
	case *HistoryChunk:
		for i := range data.Threads {
			for j := range data.Threads[i].Messages {
				messages = append(messages, &data.Threads[i].Messages[j].Message)
			}
		}
	}
	return messages
}

func readMessageEcho(r *jsonscan.Reader, e *MessageEcho) {
	var m HistoryMessage
	readHistoryMessage(r, &m)
	e.ID, e.Time, e.To, e.Message = m.Message.ID, m.Message.Time, m.To, m.Message
}

func decodeHistory(r *jsonscan.Reader, v *changeValue) []EventData {
	data := readListed(r, string(EventHistory), map[string]elementReader{
		"history":  element(readHistoryChunk),
		"messages": element(readHistoryMedia),
	})
	for _, d := range data {
		if c, ok := d.(*HistoryChunk); ok {
			for i := range c.Threads {
				c.Threads[i].settle(v)
			}
		}
	}
	return data
}

// settle decides who has written what.
func (t *HistoryThread) settle(v *changeValue) {
	for i := range t.Messages {
		m := &t.Messages[i]
		m.FromBusiness = m.FromBusiness || m.Message.From.Phone != "" && m.Message.From.Phone == v.displayPhoneNumber
		customer := &m.Message.From
		if m.FromBusiness {
			customer = &m.To
		}
		if t.Customer == (Person{}) {
			t.Customer = *customer
		}
		if *customer == (Person{}) {
			*customer = t.Customer
		}
		v.describe(customer, false)
	}
	v.describe(&t.Customer, false)
}

func readHistoryChunk(r *jsonscan.Reader, c *HistoryChunk) {
	for name := range r.Fields() {
		switch string(name) {
		case "metadata":
			for name := range r.Fields() {
				switch string(name) {
				case "phase":
					c.Phase = int(r.Int())
				case "chunk_order":
					c.Order = int(r.Int())
				case "progress":
					c.Progress = int(r.Int())
				}
			}
		case "threads":
			c.Threads = jsonscan.Objects(r, readHistoryThread)
		case "errors":
			c.Errors = readEventErrors(r)
		}
	}
	for _, m := range messagesOf(c) {
		if m.Time.After(c.Time) {
			c.Time = m.Time
		}
	}
}

func readHistoryMedia(r *jsonscan.Reader, c *HistoryChunk) {
	var m HistoryMessage
	readHistoryMessage(r, &m)
	c.Media, c.Time = true, m.Message.Time
	c.Threads = []HistoryThread{{Messages: []HistoryMessage{m}}}
}

func readHistoryThread(r *jsonscan.Reader, t *HistoryThread) {
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			t.Customer.address(r.Text())
		case "messages":
			t.Messages = jsonscan.Objects(r, readHistoryMessage)
		}
	}
}

// readHistoryMessage reads a message, and then what a received one does not have.
func readHistoryMessage(r *jsonscan.Reader, m *HistoryMessage) {
	readMessage(r, &m.Message)
	rest := jsonscan.New(m.Message.Raw)
	for name := range rest.Fields() {
		switch string(name) {
		case "to":
			m.To.address(rest.Text())
		case "to_user_id":
			m.To.UserID = rest.Text()
		case "to_parent_user_id":
			m.To.ParentUserID = rest.Text()
		case "history_context":
			for name := range rest.Fields() {
				switch string(name) {
				case "status":
					m.Status = MessageStatus(strings.ToLower(rest.Text()))
				case "from_me":
					m.FromBusiness = rest.Bool()
				}
			}
		}
	}
	m.To.settle()
	if m.Status == "error" {
		m.Status = MessageFailed
	}
}
