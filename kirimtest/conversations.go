package kirimtest

import (
	"iter"
	"net/http"
	"slices"
	"time"
)

var conversationStatuses = []string{"open", "resolved", "pending"}

// conversation is what was said between a contact and one of our numbers. Its
// head is not in a table of its own: it lives with its contact.
type conversation struct {
	head
	contact       *contact
	status        string
	assignee      string // id of a user
	labels        map[string]bool
	unread        int
	lastMessageAt time.Time
	lastInboundAt time.Time
}

type conversationView struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Status  string `json:"status"`
	Contact struct {
		ID          string  `json:"id"`
		PhoneNumber string  `json:"phone_number"`
		Name        *string `json:"name"`
	} `json:"contact"`
	Account       accountRef    `json:"whatsapp_account"`
	Assignee      *assigneeView `json:"assignee"`
	UnreadCount   int           `json:"unread_count"`
	LastMessageAt *string       `json:"last_message_at"`
	LastInboundAt *string       `json:"last_inbound_at"`
	CreatedAt     string        `json:"created_at"`
	UpdatedAt     string        `json:"updated_at"`
}

type assigneeView struct {
	ID    string  `json:"id"`
	Name  *string `json:"name"`
	Email *string `json:"email"`
}

// viewConversation is a conversation as the API shows it. st.mu is held.
func (st *state) viewConversation(cv *conversation) conversationView {
	view := conversationView{
		ID: cv.id, Object: "conversation", Status: cv.status,
		Account:     st.account(cv.contact.chat.phoneNumberID),
		UnreadCount: cv.unread, LastMessageAt: stampOrNull(cv.lastMessageAt), LastInboundAt: stampOrNull(cv.lastInboundAt),
		CreatedAt: stamp(cv.created), UpdatedAt: stamp(cv.updated),
	}
	view.Contact.ID, view.Contact.PhoneNumber, view.Contact.Name = cv.contact.id, cv.contact.phone(), orNull(cv.contact.name)
	if cv.assignee != "" {
		u := st.users[cv.assignee]
		view.Assignee = &assigneeView{cv.assignee, orNull(u.Name), orNull(u.Email)}
	}
	return view
}

// converse returns the conversation of a contact, which is opened when there is
// none. st.mu is held.
func (st *state) converse(ct *contact, now time.Time) *conversation {
	if ct.conversation == nil {
		ct.conversation = &conversation{head: st.newHead("cnv_", now), contact: ct, status: "open", labels: make(map[string]bool)}
		st.conversations[ct.conversation.id] = ct
	}
	return ct.conversation
}

// spoke notes that a message was exchanged at a time.
func (cv *conversation) spoke(at, now time.Time) {
	if at.After(cv.lastMessageAt) {
		cv.lastMessageAt = at
	}
	cv.updated = now
}

// forConversation runs h with the conversation of the path, and the state
// locked.
func forConversation(h func(*exchange, *conversation) *reply) handler {
	return forNumber(func(x *exchange, n PhoneNumber) *reply {
		ct := x.s.state.conversations[x.params[1]]
		if ct == nil || ct.chat.phoneNumberID != n.ID {
			return notFound("conversation")
		}
		return h(x, ct.conversation)
	})
}

func getConversation(x *exchange, cv *conversation) *reply {
	return ok(http.StatusOK, x.s.state.viewConversation(cv))
}

func listConversations(x *exchange, n PhoneNumber) *reply {
	q := x.query()
	status := q.choice("status", "", conversationStatuses...)
	contactID := q.filter("contact_id", 1, 0)
	since := q.time("updated_since")
	rows := x.s.state.latest(func(cv *conversation) bool {
		return cv.contact.chat.phoneNumberID == n.ID && (status == "" || cv.status == status) &&
			(contactID == "" || cv.contact.id == contactID) && !cv.updated.Before(since)
	})
	return pageOf(x, q, rows, func(cv *conversation) any { return x.s.state.viewConversation(cv) })
}

// latest returns the conversations that keep holds for, the one with the last
// message first and those without any message last. st.mu is held.
func (st *state) latest(keep func(*conversation) bool) iter.Seq2[position, *conversation] {
	var order []*conversation
	for _, ct := range st.conversations {
		if keep(ct.conversation) {
			order = append(order, ct.conversation)
		}
	}
	slices.SortFunc(order, func(a, b *conversation) int { return b.position().compare(a.position()) })
	return func(yield func(position, *conversation) bool) {
		for _, cv := range order {
			if !yield(cv.position(), cv) {
				return
			}
		}
	}
}

func (cv *conversation) position() position {
	p := position{seq: cv.seq}
	if !cv.lastMessageAt.IsZero() {
		p.at = cv.lastMessageAt.UnixNano()
	}
	return p
}

func updateConversation(x *exchange, cv *conversation) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	st, v := &x.s.state, x.checker()
	v.anyOf(o, "status", "assigned_to")
	var status string
	if _, given := o["status"]; given {
		status = v.oneOf(o, "", "status", conversationStatuses...)
	}
	assignee := v.optionalText(o, "", "assigned_to", 1, 0)
	if _, known := st.users[assignee]; assignee != "" && !known && v.as.AssigneeMustExist {
		v.invalid("", "assigned_to", "There is no such user.")
	}
	if v.err != nil {
		return failed(v.err)
	}
	before := *cv
	changes := newChanges(o)
	set(changes, "status", &cv.status, status)
	set(changes, "assigned_to", &cv.assignee, assignee)
	if len(changes.names) > 0 {
		cv.updated = x.now()
	}
	named := map[string]any{"id": cv.id, "object": "conversation", "status": cv.status}
	if before.assignee != cv.assignee {
		x.s.emit("conversation.assigned", map[string]any{"conversation": named, "assignee": map[string]any{
			"user_id":          orNull(cv.assignee),
			"team_id":          st.numbers[cv.contact.chat.phoneNumberID].TeamID,
			"previous_user_id": orNull(before.assignee),
		}})
	}
	if before.status != cv.status && cv.status == "resolved" {
		x.s.emit("conversation.closed", map[string]any{"conversation": map[string]any{
			"id": cv.id, "object": "conversation", "status": cv.status, "closed_by_user_id": apiUser,
		}})
	}
	return ok(http.StatusOK, st.viewConversation(cv))
}

// apiUser is who closes a conversation through the API.
const apiUser = "usr_00000000000000000000000000"
