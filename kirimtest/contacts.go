package kirimtest

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// contact is a customer as one of our numbers knows it. All of it is under
// state.mu.
type contact struct {
	head
	chat     chatID
	name     string
	userID   string // business-scoped
	identity string // hash; empty where it is not known
	email    string
	metadata string          // JSON; empty for null
	labels   map[string]bool // ids

	lastInbound time.Time // opens the 24-hour window
	lastTyping  time.Time // when an indicator was shown

	conversation *conversation // nil before the first message
}

func (ct *contact) phone() string { return ct.chat.phone() }

// Contact is a customer as one of our numbers knows it, and their conversation.
type Contact struct {
	ID            string          // ctc_…
	PhoneNumberID string          // our number
	Phone         string          // E.164 with plus; or the user id or group of whom no number is known
	Name, Email   string          // may be empty
	Metadata      json.RawMessage // empty for null
	Labels        []string        // names, in the order of the alphabet

	// The conversation; all empty before the first message.
	ConversationID     string // cnv_…
	Status             string // "open", "resolved" or "pending"
	AssignedTo         string // id of a user
	Unread             int
	ConversationLabels []string

	// LastInbound is when the customer last wrote, which opens the 24-hour window for
	// as long; zero for never.
	LastInbound time.Time
}

// Contacts returns the contacts of all numbers, oldest first. The values are
// copies.
func (s *Server) Contacts() []Contact {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	list := make([]Contact, 0, len(st.contacts.order))
	for ct := range st.contacts.oldest {
		c := Contact{
			ID: ct.id, PhoneNumberID: ct.chat.phoneNumberID, Phone: ct.phone(), Name: ct.name, Email: ct.email,
			Metadata: json.RawMessage(ct.metadata), Labels: st.labelNames(ct.labels), LastInbound: ct.lastInbound,
		}
		if cv := ct.conversation; cv != nil {
			c.ConversationID, c.Status, c.AssignedTo, c.Unread = cv.id, cv.status, cv.assignee, cv.unread
			c.ConversationLabels = st.labelNames(cv.labels)
		}
		list = append(list, c)
	}
	return list
}

type contactView struct {
	ID          string          `json:"id"`
	Object      string          `json:"object"`
	PhoneNumber string          `json:"phone_number"`
	Name        *string         `json:"name"`
	Email       *string         `json:"email"`
	Metadata    json.RawMessage `json:"metadata"`
	Account     accountRef      `json:"whatsapp_account"`
	CreatedAt   string          `json:"created_at"`
	UpdatedAt   string          `json:"updated_at"`
}

// viewContact is a contact as the API shows it. st.mu is held.
func (st *state) viewContact(ct *contact) contactView {
	return contactView{
		ct.id, "contact", ct.phone(), orNull(ct.name), orNull(ct.email), rawOrNull(json.RawMessage(ct.metadata)),
		st.account(ct.chat.phoneNumberID), stamp(ct.created), stamp(ct.updated),
	}
}

// contactOf returns the contact of a chat, which is made when there is none.
// state.mu is held.
func (s *Server) contactOf(chat chatID, name, source string, now time.Time) *contact {
	st := &s.state
	if ct := st.chats[chat]; ct != nil {
		return ct
	}
	ct := &contact{head: st.newHead("ctc_", now), chat: chat, name: name, labels: make(map[string]bool)}
	s.addContact(ct, source)
	return ct
}

// chatWith returns the conversation that a message to a number, a user id or a
// group is of. st.mu is held.
func (st *state) chatWith(phoneNumberID string, m *outbound) chatID {
	if m.recipient == "" {
		return chatID{phoneNumberID, digits(m.to)}
	}
	for ct := range st.contacts.oldest {
		if ct.userID == m.recipient && ct.chat.phoneNumberID == phoneNumberID {
			return ct.chat
		}
	}
	return chatID{phoneNumberID, m.recipient}
}

// addContact adds a contact that the chat does not have yet. state.mu is held.
func (s *Server) addContact(ct *contact, source string) {
	st := &s.state
	for _, old := range st.contacts.add(ct) {
		st.forgetContact(old)
	}
	st.chats[ct.chat] = ct
	s.emit("contact.created", map[string]any{"contact": st.viewContact(ct), "acquisition_source": source})
}

// forgetContact drops what belongs to a contact that is no longer in its table.
// st.mu is held.
func (st *state) forgetContact(ct *contact) {
	delete(st.chats, ct.chat)
	if ct.conversation != nil {
		delete(st.conversations, ct.conversation.id)
	}
}

// forContact runs h with the contact of the path, and the state locked.
func forContact(h func(*exchange, *contact) *reply) handler {
	return forNumber(func(x *exchange, n PhoneNumber) *reply {
		ct, found := x.s.state.contacts.get(x.params[1])
		if !found || ct.chat.phoneNumberID != n.ID {
			return notFound("contact")
		}
		return h(x, ct)
	})
}

func getContact(x *exchange, ct *contact) *reply {
	return ok(http.StatusOK, x.s.state.viewContact(ct))
}

func listContacts(x *exchange, n PhoneNumber) *reply {
	q := x.query()
	phone := q.filter("phone", 0, 0)
	search := q.filter("search", 1, 200)
	rows := newest(func(ct *contact) bool {
		return ct.chat.phoneNumberID == n.ID && (phone == "" || ct.phone() == phone) && matches(search, ct.name, ct.email)
	}, &x.s.state.contacts)
	return pageOf(x, q, rows, func(ct *contact) any { return x.s.state.viewContact(ct) })
}

func createContact(x *exchange, n PhoneNumber) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	v, now := x.checker(), x.now()
	chat := chatID{n.ID, digits(v.phone(o, "phone_number"))}
	ct := &contact{
		chat:     chat,
		name:     v.optionalText(o, "", "name", 0, 0),
		metadata: v.metadata(o, 0, 0),
		labels:   make(map[string]bool),
	}
	ct.email = v.email(o)
	if v.err == nil && x.s.state.chats[chat] != nil {
		v.invalid("", "phone_number", "There is a contact with this phone number.")
	}
	if v.err != nil {
		return failed(v.err)
	}
	ct.head = x.s.state.newHead("ctc_", now)
	x.s.addContact(ct, "api")
	return ok(http.StatusCreated, x.s.state.viewContact(ct))
}

func updateContact(x *exchange, ct *contact) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	v := x.checker()
	v.anyOf(o, "name", "email", "metadata")
	changes := newChanges(o)
	name := v.changedText(o, "name", 0, 0)
	email := v.email(o)
	metadata := v.metadata(o, 0, 0)
	if v.err != nil {
		return failed(v.err)
	}
	set(changes, "name", &ct.name, name)
	set(changes, "email", &ct.email, email)
	set(changes, "metadata", &ct.metadata, metadata)
	if len(changes.names) > 0 {
		ct.updated = x.now()
		x.s.emit("contact.updated", map[string]any{"contact": x.s.state.viewContact(ct), "changed_fields": changes.names})
	}
	return ok(http.StatusOK, x.s.state.viewContact(ct))
}

func deleteContact(x *exchange, ct *contact) *reply {
	x.s.state.contacts.remove(ct)
	x.s.state.forgetContact(ct)
	return x.deleted(ct.id, "contact")
}

// changes collects which fields of a PATCH made a difference.
type changes struct {
	given map[string]any
	names []string
}

func newChanges(o map[string]any) *changes { return &changes{given: o} }

// set gives field the value when the request has it.
func set[T comparable](ch *changes, name string, field *T, value T) {
	if _, given := ch.given[name]; given && *field != value {
		*field = value
		ch.names = append(ch.names, name)
	}
}

// matches reports whether a text is part of one of the values, in any case. An
// empty one is.
func matches(text string, values ...string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		return strings.Contains(strings.ToLower(value), strings.ToLower(text))
	})
}

// deleted answers a DELETE after which there is nothing to show.
func (x *exchange) deleted(id, object string) *reply {
	return ok(x.s.cfg.assumptions.DeleteStatusCode, struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Deleted bool   `json:"deleted"`
	}{id, object, true})
}

func (x *exchange) checker() *checker { return &checker{as: &x.s.cfg.assumptions} }

// anyOf requires at least one of the fields; null counts as given.
func (v *checker) anyOf(o map[string]any, names ...string) {
	for _, name := range names {
		if _, given := o[name]; given {
			return
		}
	}
	v.fail("missing_required_field", names[0], "At least one is required: "+strings.Join(names, ", ")+".")
}

// changedText is optionalText for a field that a PATCH cannot clear.
func (v *checker) changedText(o map[string]any, key string, least, most int) string {
	if value, given := o[key]; given && value == nil {
		v.invalid("", key, "The field cannot be null.")
	}
	return v.optionalText(o, "", key, least, most)
}

func (v *checker) phone(o map[string]any, key string) string {
	if !present(o, key) {
		v.missing("", key)
		return ""
	}
	phone, _ := o[key].(string)
	if !e164.MatchString(phone) {
		v.fail("invalid_phone_number", key, "The phone number must be in E.164 form with a leading plus.")
	}
	return phone
}

func (v *checker) email(o map[string]any) string {
	s := v.optionalText(o, "", "email", 1, 0)
	if s != "" && v.as.CheckEmail {
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			v.invalid("", "email", "The field must be an e-mail address.")
		}
	}
	return s
}

// metadata returns an object as JSON, of at most so many keys and bytes; 0 sets
// no limit. It is empty for null.
func (v *checker) metadata(o map[string]any, mostKeys, mostBytes int) string {
	m := v.optionalObject(o, "", "metadata")
	if m == nil {
		return ""
	}
	b, err := json.Marshal(m)
	switch {
	case err != nil:
		v.invalid("", "metadata", "The field must be an object.")
	case mostKeys > 0 && len(m) > mostKeys, mostBytes > 0 && len(b) > mostBytes:
		v.invalid("", "metadata", "The object is too large.")
	}
	return string(b)
}
