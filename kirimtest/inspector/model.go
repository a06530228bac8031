package inspector

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// mostKept bounds each of the model's lists. It is twice what the sandbox keeps of
// sent or received messages by default.
const mostKept = 20_000

// model is what the page shows, built from the sandbox's journal whenever somebody
// looks. All of it is under mu.
type model struct {
	sandbox *kirimtest.Server
	journal *kirimtest.Journal

	mu       sync.Mutex
	followed bool    // a page is open
	changed  changes // what is not in a batch yet
	batch    uint64  // the number of the batch that changed will be in, from 1

	messages   []*message
	byID       map[string]*message // by ID and WAMID
	requests   []*request
	byRequest  map[string]*request
	deliveries []*delivery
	byDelivery map[string]*delivery
	// Templates by name and language, and by name alone; nil until one is shown.
	definitions map[[2]string]*kirim.MessageTemplate
	built       bool // false until somebody looks
}

// mostChanges bounds a batch. Beyond it everything is read again.
const mostChanges = 1000

// changes are what open pages have not heard of, each thing once.
type changes struct {
	messages   []*message
	requests   []*request
	deliveries []*delivery
	settings   bool
	reload     bool // everything is to be read again
}

func (c *changes) size() int { return len(c.messages) + len(c.requests) + len(c.deliveries) }

// entry is something that the page shows.
type entry struct{ batch uint64 } // that it was last in

// first reports whether an entry is not in the next batch yet, and will be. mu is held.
func (m *model) first(e *entry) bool {
	if !m.followed || m.changed.reload || e.batch == m.batch {
		return false
	}
	if m.changed.size() == mostChanges {
		m.changed = changes{reload: true}
		return false
	}
	e.batch = m.batch
	return true
}

// follow begins to collect what changes.
func (m *model) follow() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sync()
	m.followed = true
	m.take()
}

func (m *model) unfollow() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.followed = false
	m.take()
}

// take returns what has changed since it was last called. mu is held.
func (m *model) take() changes {
	taken := m.changed
	m.changed = changes{}
	m.batch++
	return taken
}

type message struct {
	entry
	told      bool // an event has had all of it but a new status
	id, wamid string
	chat      string
	inbound   bool
	kind      string
	status    string
	time      time.Time
	replyTo   string
	key       string // Idempotency-Key
	failure   *failure
	reactions map[string]string // by "customer" and "business"
	edited    bool
	revoked   bool
	body      json.RawMessage // of a send
	received  *kirimtest.Inbound
	html      string // rendered when it is first shown
	text      string // the line, likewise
}

type failure struct {
	Code    int    `json:"code"`
	Title   string `json:"title,omitempty"`
	Details string `json:"details,omitempty"`
}

type request struct {
	entry
	*kirimtest.Request
}

type delivery struct {
	entry
	*kirimtest.Delivery
	summary string
}

func newModel(s *kirimtest.Server) *model {
	m := &model{sandbox: s, journal: s.Journal()}
	m.clear()
	return m
}

func (m *model) clear() {
	m.messages, m.requests, m.deliveries, m.definitions = nil, nil, nil, nil
	m.byID, m.byRequest, m.byDelivery = make(map[string]*message), make(map[string]*request), make(map[string]*delivery)
	m.changed = changes{reload: true}
}

// sync takes in what has happened. mu is held.
func (m *model) sync() {
	changes := m.journal.Take()
	if m.journal.Missed() > 0 || !m.built {
		m.rebuild()
		return
	}
	for _, c := range changes {
		switch c.Kind {
		case kirimtest.ChangeRequest:
			m.putRequest(c.Request)
		case kirimtest.ChangeMessage:
			m.putSent(c.Message)
		case kirimtest.ChangeStatus:
			m.putStatus(c.Message, c.Status)
		case kirimtest.ChangeInbound:
			m.putReceived(c.Inbound)
		case kirimtest.ChangeRead:
			m.putRead(c.Inbound)
		case kirimtest.ChangeDelivery:
			m.putDelivery(c.Delivery)
		case kirimtest.ChangeForget:
			m.rebuild()
			return
		case kirimtest.ChangeSettings:
			m.definitions = nil
			m.changed.settings = true
		}
	}
}

// rebuild reads everything from the sandbox. mu is held.
func (m *model) rebuild() {
	m.clear()
	m.built = true
	m.journal.Take()
	sent, received := m.sandbox.Messages(), m.sandbox.Received()
	for len(sent) > 0 || len(received) > 0 {
		if len(received) == 0 || len(sent) > 0 && sent[0].Time.Before(received[0].Time) {
			m.putSent(&sent[0])
			sent = sent[1:]
			continue
		}
		m.putReceived(&received[0])
		if m.sandbox.WasRead(received[0].WAMID) {
			m.putRead(&received[0])
		}
		received = received[1:]
	}
	for _, r := range m.sandbox.Requests() {
		m.putRequest(&r)
	}
	for _, d := range m.sandbox.Deliveries() {
		m.putDelivery(&d)
	}
}

// touch notes that the status of a message has changed. mu is held.
func (m *model) touch(changed *message) {
	if m.first(&changed.entry) {
		m.changed.messages = append(m.changed.messages, changed)
	}
}

// redraw notes that more of a message has changed than its status. mu is held.
func (m *model) redraw(changed *message) {
	changed.html, changed.text, changed.told = "", "", false
	m.touch(changed)
}

// trimmed drops the oldest of a list that has grown too long.
func trimmed[T any](list []T, drop func(T)) []T {
	if len(list) <= mostKept {
		return list
	}
	excess := len(list) - mostKept*3/4
	for _, old := range list[:excess] {
		drop(old)
	}
	return slices.Clone(list[excess:])
}

func (m *model) putRequest(r *kirimtest.Request) {
	known := m.byRequest[r.RequestID]
	if known == nil {
		known = &request{}
		m.byRequest[r.RequestID] = known
		m.requests = trimmed(append(m.requests, known), func(old *request) { delete(m.byRequest, old.RequestID) })
	}
	known.Request = r
	if m.first(&known.entry) {
		m.changed.requests = append(m.changed.requests, known)
	}
}

func (m *model) putDelivery(d *kirimtest.Delivery) {
	known := m.byDelivery[d.ID]
	if known == nil {
		known = &delivery{summary: summaryOf(d.Body)}
		m.byDelivery[d.ID] = known
		m.deliveries = trimmed(append(m.deliveries, known), func(old *delivery) { delete(m.byDelivery, old.ID) })
	}
	known.Delivery = d
	if m.first(&known.entry) {
		m.changed.deliveries = append(m.changed.deliveries, known)
	}
}

func (m *model) add(added *message) {
	m.byID[added.id], m.byID[added.wamid] = added, added
	m.messages = trimmed(append(m.messages, added), func(old *message) {
		delete(m.byID, old.id)
		delete(m.byID, old.wamid)
	})
	m.touch(added)
}

func (m *model) putSent(sent *kirimtest.Message) {
	added := &message{
		id: sent.ID, wamid: sent.WAMID, chat: chatID(sent.PhoneNumberID, cmp.Or(sent.To, sent.Recipient)), kind: sent.Type,
		status: sent.Status, time: sent.Time, key: sent.IdempotencyKey, body: sent.Body,
	}
	if sent.Type == "reaction" || bytes.Contains(sent.Body, []byte(`"context"`)) {
		var body struct {
			Context struct {
				MessageID string `json:"message_id"`
			} `json:"context"`
			Reaction reactionJSON `json:"reaction"`
		}
		_ = json.Unmarshal(sent.Body, &body) // accepted, so of this form
		added.replyTo = body.Context.MessageID
		if sent.Type == "reaction" {
			m.react(body.Reaction.MessageID, "business", body.Reaction.Emoji)
		}
	}
	m.add(added)
}

func (m *model) putStatus(sent *kirimtest.Message, status *kirimtest.Status) {
	known := m.byID[sent.ID]
	if known == nil {
		return
	}
	known.status = sent.Status
	if status.Name == "failed" {
		known.failure = &failure{Code: status.Code, Title: cmp.Or(status.Title, status.VendorCode), Details: status.Details}
	}
	m.touch(known)
}

func (m *model) putReceived(in *kirimtest.Inbound) {
	added := &message{
		id: in.ID, wamid: in.WAMID, chat: chatID(in.PhoneNumberID, cmp.Or(in.From, in.UserID)), inbound: true, kind: in.Type,
		status: "received", time: in.Time, replyTo: in.ReplyTo, received: in,
	}
	switch target := m.byID[cmp.Or(in.Edits, in.Revokes)]; {
	case in.Reaction != nil:
		m.react(in.Reaction.MessageID, "customer", in.Reaction.Emoji)
	case target == nil || target.chat != added.chat || target.received == nil:
	case in.Edits != "":
		rewritten := *target.received
		rewritten.Text = in.Text
		target.received, target.edited = &rewritten, true
		m.redraw(target)
	case in.Revokes != "":
		target.revoked = true
		m.redraw(target)
	}
	m.add(added)
}

func (m *model) putRead(in *kirimtest.Inbound) {
	if known := m.byID[in.ID]; known != nil {
		known.status = "read"
		m.touch(known)
	}
}

func (m *model) react(wamid, who, emoji string) {
	target := m.byID[wamid]
	if target == nil {
		return
	}
	reactions := map[string]string{who: emoji}
	for other, has := range target.reactions {
		if other != who {
			reactions[other] = has
		}
	}
	if emoji == "" {
		delete(reactions, who)
	}
	target.reactions = reactions
	m.redraw(target)
}

// chatID names a conversation in paths and addresses of the page. A customer's number
// is the same however it was written.
func chatID(phoneNumberID, customer string) string {
	if digits := strings.TrimPrefix(customer, "+"); digits != "" && strings.Trim(digits, "0123456789") == "" {
		customer = "+" + digits
	}
	return phoneNumberID + ":" + customer
}
