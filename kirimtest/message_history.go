package kirimtest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// message is a message as the API keeps it.
type message struct {
	head
	chat         chatID
	conversation string // id
	status       string // of an inbound one

	sent     *Message // nil for an inbound one
	received *Inbound // nil for an outbound one

	text  string // of an inbound one, after edits
	token string // opens the file; empty for none
}

// storeSent keeps an accepted send. state.mu is held.
func (s *Server) storeSent(sent Message, chat chatID, now time.Time) {
	st := &s.state
	cv := st.converse(s.contactOf(chat, "", "api", now), now)
	m := &message{head: st.newHead("", now), chat: chat, conversation: cv.id, sent: &sent}
	m.id = sent.ID
	st.outbound.add(m)
	cv.spoke(now, now)
}

// storeReceived keeps a message of a customer. state.mu is held.
func (s *Server) storeReceived(in Inbound, chat chatID, now time.Time) {
	st := &s.state
	ct := s.contactOf(chat, in.Name, "inbound", now)
	cv := st.converse(ct, now)
	m := &message{
		head: st.newHead("", now), chat: chat, conversation: cv.id, status: s.cfg.assumptions.InboundStatus,
		received: &in, text: in.Text,
	}
	m.id = in.ID
	for _, old := range st.inbound.add(m) {
		st.media.drop(old)
	}
	if in.Media != nil {
		st.media.add(m)
	}
	st.rewrite(in, chat, now)
	ct.userID, ct.identity = cmp.Or(in.UserID, ct.userID), cmp.Or(in.IdentityKeyHash, ct.identity)
	if ct.name == "" && in.Name != "" {
		ct.name, ct.updated = in.Name, now
		s.emit("contact.updated", map[string]any{"contact": st.viewContact(ct), "changed_fields": []string{"name"}})
	}
	if !in.spoken() {
		return
	}
	if in.Time.After(ct.lastInbound) {
		ct.lastInbound, cv.lastInboundAt = in.Time, in.Time
	}
	cv.spoke(in.Time, now)
	cv.unread++
	if cv.status == "resolved" && s.cfg.assumptions.ReopenOnInbound {
		cv.status = "open"
	}
}

// rewrite does what an edit or a revoke does to the message it names.
// st.mu is held.
func (st *state) rewrite(in Inbound, chat chatID, now time.Time) {
	var wamid string
	switch in.Type {
	case "edit":
		wamid = in.Edits
	case "revoke":
		wamid = in.Revokes
	}
	target, found := st.inbound.get(st.wamids[wamid].messageID)
	if !found || target.chat != chat {
		return
	}
	target.updated = now
	if target.text = ""; in.Type == "edit" {
		target.text = in.Text
		return
	}
	st.media.drop(target)
}

// markRead notes that an inbound message was read. st.mu is held.
func (st *state) markRead(id string, now time.Time) {
	m, found := st.inbound.get(id)
	if !found || m.status == "read" {
		return
	}
	m.status, m.updated = "read", now
	st.noteInbound(ChangeRead, m.received, now)
	if ct := st.chats[m.chat]; ct != nil && ct.conversation != nil && m.received.spoken() {
		ct.conversation.unread = max(ct.conversation.unread-1, 0)
	}
}

// statusOf is the status of a message by now. st.mu is held.
func (s *Server) statusOf(m *message) string {
	if m.received != nil {
		return m.status
	}
	return s.progressOf(m.sent)
}

type messageView struct {
	ID             string            `json:"id"`
	Object         string            `json:"object"`
	WAMID          string            `json:"message_id"`
	ConversationID string            `json:"conversation_id"`
	Direction      string            `json:"direction"`
	Type           string            `json:"type"`
	Status         string            `json:"status"`
	Content        *string           `json:"content"`
	MediaURL       *string           `json:"media_url"`
	MIMEType       *string           `json:"mime_type"`
	Caption        *string           `json:"caption"`
	Filename       *string           `json:"filename"`
	Location       *Location         `json:"location"`
	Contacts       []ContactCard     `json:"contacts"`
	Interactive    *InteractiveReply `json:"interactive"`
	Reaction       *Reaction         `json:"reaction"`
	Button         *ButtonReply      `json:"button"`
	From           *string           `json:"from"`
	To             *string           `json:"to"`
	Source         *string           `json:"source"`
	Account        accountRef        `json:"whatsapp_account"`
	Error          *lateFailure      `json:"error"`
	CreatedAt      string            `json:"created_at"`
	UpdatedAt      string            `json:"updated_at"`
}

// viewMessage is a message as the API shows it. state.mu is held.
func (x *exchange) viewMessage(m *message) any {
	st := &x.s.state
	view := messageView{
		ID: m.id, Object: "message", ConversationID: m.conversation, Status: x.s.statusOf(m), Error: x.s.failureOf(m),
		Account: st.account(m.chat.phoneNumberID), CreatedAt: stamp(m.created), UpdatedAt: stamp(m.updated),
	}
	customer, number := m.chat.phone(), st.numbers[m.chat.phoneNumberID].Number
	if in := m.received; in != nil {
		view.Direction, view.WAMID, view.Type = "inbound", in.WAMID, in.Type
		view.From, view.To = orNull(customer), orNull(number)
		view.Content, view.Caption = orNull(m.text), orNull(in.Caption)
		view.Location, view.Contacts, view.Interactive, view.Reaction, view.Button = in.Location, in.Contacts, in.Interactive, in.Reaction, in.Button
		if in.Media != nil {
			view.MediaURL, view.MIMEType, view.Filename = orNull(x.mediaURL(m)), orNull(in.Media.ContentType), orNull(in.Media.Filename)
		}
		return view
	}
	view.Direction, view.WAMID, view.Type = "outbound", m.sent.WAMID, m.sent.Type
	view.From, view.To, view.Source = orNull(number), orNull(customer), orNull("api")
	content := m.sent.content()
	view.Content, view.MediaURL = orNull(content.Body), orNull(content.Link)
	view.Caption, view.Filename = orNull(content.Caption), orNull(content.Filename)
	return view
}

// outboundContent is what of a send is shown again.
type outboundContent struct {
	Body     string `json:"body"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`

	CallbackData string `json:"-"`
}

func (m *Message) content() outboundContent {
	var body map[string]json.RawMessage
	var content outboundContent
	if json.Unmarshal(m.Body, &body) == nil {
		// An interactive body is an object and stays out.
		_ = json.Unmarshal(body[m.Type], &content)
		_ = json.Unmarshal(body["biz_opaque_callback_data"], &content.CallbackData)
	}
	return content
}

// forMessage runs h with the message of the path, and the state locked.
func forMessage(h func(*exchange, *message) *reply) handler {
	return forNumber(func(x *exchange, n PhoneNumber) *reply {
		st := &x.s.state
		m, found := st.inbound.get(x.params[1])
		if !found {
			m, found = st.outbound.get(x.params[1])
		}
		if !found || m.chat.phoneNumberID != n.ID {
			return notFound("message")
		}
		return h(x, m)
	})
}

func getMessage(x *exchange, m *message) *reply {
	return ok(http.StatusOK, x.viewMessage(m))
}

func listMessages(x *exchange, n PhoneNumber) *reply {
	q := x.query()
	conversationID := q.filter("conversation_id", 1, 0)
	direction := q.choice("direction", "", "inbound", "outbound")
	status := q.filter("status", 1, 0)
	after, before := q.time("created_after"), q.time("created_before")
	keep := func(m *message) bool {
		return m.chat.phoneNumberID == n.ID &&
			(conversationID == "" || m.conversation == conversationID) &&
			(direction == "" || direction == "inbound" == (m.received != nil)) &&
			(status == "" || x.s.statusOf(m) == status) &&
			(after.IsZero() || m.created.After(after)) && (before.IsZero() || m.created.Before(before))
	}
	return pageOf(x, q, newest(keep, &x.s.state.inbound, &x.s.state.outbound), x.viewMessage)
}
