package inspector

import (
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
	revision uint64
	log      []touched // in the order of their revisions

	messages   []*message
	byID       map[string]*message // by ID and WAMID
	requests   []*request
	byRequest  map[string]*request
	deliveries []*delivery
	byDelivery map[string]*delivery
	settings   entry // its revision is that of the last change of settings
	// Templates by name and language, and by name alone; nil until one is shown.
	definitions map[[2]string]*kirim.MessageTemplate
	generation  int  // rises when everything is to be read again
	built       bool // false until somebody looks
}

// entry is something that the page shows.
type entry struct{ revision uint64 }

func (e *entry) touch(revision uint64) { e.revision = revision }

type touched struct {
	revision uint64
	what     interface{ touch(uint64) }
}

type message struct {
	entry
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
}

func newModel(s *kirimtest.Server) *model {
	m := &model{sandbox: s, journal: s.Journal()}
	m.clear()
	return m
}

func (m *model) clear() {
	m.log, m.messages, m.requests, m.deliveries, m.definitions = nil, nil, nil, nil, nil
	m.byID, m.byRequest, m.byDelivery = make(map[string]*message), make(map[string]*request), make(map[string]*delivery)
	m.generation++
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
			m.touch(&m.settings)
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
	m.touch(&m.settings)
}

// touch notes that something has changed. mu is held.
func (m *model) touch(what interface{ touch(uint64) }) {
	m.revision++
	what.touch(m.revision)
	if len(m.log) >= 2*mostKept {
		m.log = slices.Clone(m.log[mostKept:])
	}
	m.log = append(m.log, touched{m.revision, what})
}

// since returns what has changed after a revision, each thing once, and whether that
// is all of it. mu is held.
func (m *model) since(revision uint64) (changed []any, complete bool) {
	if len(m.log) > 0 && revision+1 < m.log[0].revision {
		return nil, false
	}
	from, _ := slices.BinarySearchFunc(m.log, revision+1, func(t touched, r uint64) int { return cmp.Compare(t.revision, r) })
	for _, t := range m.log[from:] {
		latest := false
		switch what := t.what.(type) {
		case *message:
			latest = what.revision == t.revision
		case *request:
			latest = what.revision == t.revision
		case *delivery:
			latest = what.revision == t.revision
		case *entry:
			latest = what.revision == t.revision
		}
		if latest {
			changed = append(changed, t.what)
		}
	}
	return changed, true
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
	m.touch(known)
}

func (m *model) putDelivery(d *kirimtest.Delivery) {
	known := m.byDelivery[d.ID]
	if known == nil {
		known = &delivery{}
		m.byDelivery[d.ID] = known
		m.deliveries = trimmed(append(m.deliveries, known), func(old *delivery) { delete(m.byDelivery, old.ID) })
	}
	known.Delivery = d
	m.touch(known)
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
	var body struct {
		Context struct {
			MessageID string `json:"message_id"`
		} `json:"context"`
		Reaction struct {
			MessageID string `json:"message_id"`
			Emoji     string `json:"emoji"`
		} `json:"reaction"`
	}
	_ = json.Unmarshal(sent.Body, &body) // accepted, so of this form
	added.replyTo = body.Context.MessageID
	if sent.Type == "reaction" {
		m.react(body.Reaction.MessageID, "business", body.Reaction.Emoji)
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
		target.received, target.html, target.text, target.edited = &rewritten, "", "", true
		m.touch(target)
	case in.Revokes != "":
		target.revoked, target.html, target.text = true, "", ""
		m.touch(target)
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
	m.touch(target)
}

// chatID names a conversation in paths and addresses of the page. A customer's number
// is the same however it was written.
func chatID(phoneNumberID, customer string) string {
	if digits := strings.TrimPrefix(customer, "+"); digits != "" && strings.Trim(digits, "0123456789") == "" {
		customer = "+" + digits
	}
	return phoneNumberID + ":" + customer
}
