package kirimtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// savedVersion is that of the form in which a state is kept. A sandbox reads no other.
const savedVersion = 1

// State is what a sandbox remembers, to begin another one with: see [Server.State] and
// [WithState]. Its JSON holds the API keys, the secrets and the files of messages, and is
// for the version of this module that wrote it.
type State struct{ saved savedState }

// MarshalJSON implements [json.Marshaler].
func (s *State) MarshalJSON() ([]byte, error) {
	return json.Marshal(&s.saved) //nolint:musttag // the form is of one version alone
}

// UnmarshalJSON implements [json.Unmarshaler]. A state of another version is an error.
func (s *State) UnmarshalJSON(data []byte) error {
	var saved savedState
	if err := json.Unmarshal(data, &saved); err != nil { //nolint:musttag // as it was marshaled
		return fmt.Errorf("kirimtest: State: %w", err)
	}
	if saved.Version != savedVersion {
		return fmt.Errorf("kirimtest: State: want version %d, got %d", savedVersion, saved.Version)
	}
	if len(saved.Teams) == 0 || len(saved.Numbers) == 0 || saved.APIKey == "" {
		return errors.New("kirimtest: State: the teams, numbers or keys are missing")
	}
	s.saved = saved
	return nil
}

// WithState begins with what another sandbox remembered: its keys and secrets, numbers,
// contacts and conversations, messages with their files and what is still to become of
// them, templates, flows, labels, customers, subscriptions, deliveries with the attempts that
// are still to come, and the responses of Idempotency-Keys. What an option says, such
// as [WithAPIKey], wins.
//
// Not kept are requests, faults, full or empty buckets, added organisations, and of Meta's
// API the uploaded files and the subscriptions of apps.
func WithState(s *State) Option {
	return func(cfg *config) { cfg.saved = &s.saved }
}

// State returns what the sandbox remembers, as of now.
func (s *Server) State() *State {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	saved := savedState{
		Version: savedVersion, At: s.cfg.clock.Now(),
		APIKey: s.APIKey, WebhookSecret: s.WebhookSecret, AccessToken: s.AccessToken, AppSecret: s.AppSecret, VerifyToken: s.VerifyToken, PhoneNumberID: s.PhoneNumberID,
		OrgID: st.orgID, Suspended: st.suspended, Plan: st.plan, Teams: slices.Clone(st.teams), Users: maps.Clone(st.users), Accounts: slices.Clone(st.accounts),
		Rows: st.rows, Accepted: st.accepted, Keys: make(map[string]savedKey, len(st.keys)), Flows: slices.Clone(st.flows), FlowKeys: maps.Clone(st.meta.flowKeys),
	}
	for plaintext, k := range st.keys {
		saved.Keys[plaintext] = savedKey{k.id, k.label, k.last4, k.expiresAt, k.revoked, k.meta}
	}
	for _, key := range st.accounts {
		n := st.numbers[key]
		saved.Numbers = append(saved.Numbers, savedNumber{n, n.onboarded})
	}
	for t := range st.templates.oldest {
		saved.Templates = append(saved.Templates, savedTemplate{t.savedHead(), t.Template, t.decided, t.verdict, t.unsynced, t.variables, t.verdictReason, t.reason, t.edits})
	}
	for l := range st.labels.oldest {
		saved.Labels = append(saved.Labels, savedLabel{l.savedHead(), l.name, l.color, l.team})
	}
	for c := range st.customers.oldest {
		saved.Customers = append(saved.Customers, savedCustomer{c.savedHead(), c.internalID, c.team, c.name, c.email, c.metadata, c.status, c.archivedAt})
	}
	for l := range st.links.oldest {
		saved.Links = append(saved.Links, savedLink{l.savedHead(), l.customer.id, l.token, l.status, l.expiresAt, l.consumedAt, l.success, l.failure})
	}
	for c := range st.contacts.oldest {
		saved.Contacts = append(saved.Contacts, c.saved())
	}
	for m := range st.outbound.oldest {
		kept := savedSent{Head: m.savedHead(), Chat: m.chat.saved(), Conversation: m.conversation, Message: *m.sent}
		if p := st.progress[m.id]; p != nil {
			kept.Statuses, kept.Next, kept.Joined, kept.Hooked = slices.Clone(p.statuses), p.next, p.joined, p.hooked
		}
		saved.Sent = append(saved.Sent, kept)
	}
	for m := range st.inbound.oldest {
		saved.Received = append(saved.Received, savedReceived{
			m.savedHead(), m.chat.saved(), m.conversation, m.status, m.received.clone(), m.text, m.token,
		})
	}
	for sub := range st.subscriptions.oldest {
		kept := savedSubscription{sub.savedHead(), sub.url, sub.description, slices.Clone(sub.events), sub.status, nil, sub.failures}
		for _, secret := range sub.secrets {
			kept.Secrets = append(kept.Secrets, savedSecret{secret.id, secret.plaintext, secret.created, secret.expires})
		}
		saved.Subscriptions = append(saved.Subscriptions, kept)
	}
	for d := range st.deliveries.oldest {
		if d.sub.deleted {
			continue
		}
		saved.Deliveries = append(saved.Deliveries, savedDelivery{
			d.savedHead(), d.sub.id, savedEvent{d.event.name, d.event.id, d.event.source, d.event.body, d.event.kirim}, d.replayedFrom, d.status,
			slices.Clone(d.attempts), slices.Clone(d.ids), d.lastError, d.job.at,
		})
	}
	for _, k := range st.keyAge.items[st.keyAge.head:] {
		if st.keyed[k.key] == k && k.reply != nil {
			saved.Keyed = append(saved.Keyed, savedCall{k.key, k.fingerprint, k.expires, k.readyAt, k.reply.saved(), k.requestID})
		}
	}
	return &State{saved}
}

// takeCredentials makes the keys and secrets of a state those of the options that
// were not given.
func (s *Server) takeCredentials(saved *savedState) {
	cfg := &s.cfg
	cfg.apiKey, cfg.secret = cmp.Or(cfg.apiKey, saved.APIKey), cmp.Or(cfg.secret, saved.WebhookSecret)
	cfg.accessToken, cfg.appSecret, cfg.verifyToken = cmp.Or(cfg.accessToken, saved.AccessToken), cmp.Or(cfg.appSecret, saved.AppSecret), cmp.Or(cfg.verifyToken, saved.VerifyToken)
	cfg.number.ID = saved.PhoneNumberID
}

// restore takes up a state that was kept. It is called before the server is used.
func (s *Server) restore(saved *savedState) {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	now := s.cfg.clock.Now()
	st.orgID, st.suspended, st.rows, st.accepted = saved.OrgID, saved.Suspended, saved.Rows, saved.Accepted
	st.setPlan(saved.Plan, now)
	st.teams = saved.Teams
	maps.Copy(st.users, saved.Users)
	for plaintext, k := range saved.Keys {
		st.keys[plaintext] = &apiKey{id: k.ID, label: k.Label, last4: k.Last4, expiresAt: k.ExpiresAt, revoked: k.Revoked, meta: k.Meta}
	}
	clear(st.numbers)
	st.accounts = nil
	for i, n := range saved.Numbers {
		number := n.PhoneNumber
		number.onboarded = n.Onboarded
		if i < len(saved.Accounts) {
			st.numbers[saved.Accounts[i]] = number
			st.accounts = append(st.accounts, saved.Accounts[i])
		}
	}
	st.templates, st.named = newTable[*template](st.limits.Objects), make(map[templateID]*template)
	for _, t := range saved.Templates {
		row := &template{head: t.Head.head(), Template: t.Template, decided: t.Decided, verdict: t.Verdict, unsynced: t.Unsynced, variables: t.Variables, verdictReason: t.VerdictReason, reason: t.Reason, edits: t.Edits}
		st.templates.add(row)
		st.named[templateID{t.Template.Name, t.Template.Language}] = row
	}
	for _, l := range saved.Labels {
		st.labels.add(&label{l.Head.head(), l.Name, l.Color, l.Team})
	}
	for _, c := range saved.Customers {
		st.customers.add(&endCustomer{c.Head.head(), c.InternalID, c.Team, c.Name, c.Email, c.Metadata, c.Status, c.ArchivedAt})
	}
	for _, l := range saved.Links {
		if customer, found := st.customers.get(l.Customer); found {
			st.links.add(&setupLink{l.Head.head(), customer, l.Token, l.Status, l.ExpiresAt, l.ConsumedAt, l.Success, l.Failure})
		}
	}
	for _, c := range saved.Contacts {
		st.restoreContact(c)
	}
	st.flows = saved.Flows
	maps.Copy(st.meta.flowKeys, saved.FlowKeys)
	s.restoreMessages(saved)
	s.restoreDeliveries(saved)
	for _, k := range saved.Keyed {
		done := make(chan struct{})
		close(done)
		call := &keyedCall{key: k.Key, fingerprint: k.Fingerprint, expires: k.Expires, done: done, readyAt: k.ReadyAt, reply: k.Reply.reply(), requestID: k.RequestID}
		st.keyed[call.key] = call
		st.keyAge.push(call)
	}
}

func (st *state) restoreContact(c savedContact) {
	ct := &contact{
		head: c.Head.head(), chat: c.Chat.chatID(), name: c.Name, userID: c.UserID, identity: c.Identity, email: c.Email, metadata: c.Metadata,
		labels: setOf(c.Labels), lastInbound: c.LastInbound, lastTyping: c.LastTyping,
	}
	st.contacts.add(ct)
	st.chats[ct.chat] = ct
	if v := c.Conversation; v != nil {
		ct.conversation = &conversation{
			head: v.Head.head(), contact: ct, status: v.Status, assignee: v.Assignee, labels: setOf(v.Labels), unread: v.Unread,
			lastMessageAt: v.LastMessageAt, lastInboundAt: v.LastInboundAt,
		}
		st.conversations[ct.conversation.id] = ct
	}
}

func (s *Server) restoreMessages(saved *savedState) {
	st := &s.state
	for _, kept := range saved.Sent {
		m := &message{head: kept.Head.head(), chat: kept.Chat.chatID(), conversation: kept.Conversation, sent: &kept.Message}
		st.outbound.add(m)
		st.sent.add(kept.Message)
		st.wamids[kept.Message.WAMID] = wamidOwner{m.chat.phoneNumberID, m.chat.contact, m.id, false}
		if len(kept.Statuses) == 0 {
			continue
		}
		p := &progress{message: kept.Message, statuses: kept.Statuses, next: kept.Next, joined: kept.Joined, hooked: kept.Hooked}
		st.progress[m.id] = p
		if p.hooked && p.next < len(p.statuses) {
			p.job = &job{run: func(time.Time) { s.report(p) }}
			s.schedule(p.job, p.due())
		}
	}
	for _, kept := range saved.Received {
		m := &message{
			head: kept.Head.head(), chat: kept.Chat.chatID(), conversation: kept.Conversation, status: kept.Status, received: &kept.Inbound, text: kept.Text,
		}
		st.inbound.add(m)
		st.received.add(kept.Inbound)
		st.wamids[kept.Inbound.WAMID] = wamidOwner{m.chat.phoneNumberID, m.chat.contact, m.id, true}
		if kept.Token != "" && kept.Inbound.Media != nil {
			st.media.add(m)
			delete(st.media.byToken, m.token)
			m.token = kept.Token
			st.media.byToken[m.token] = m
		}
	}
}

func (s *Server) restoreDeliveries(saved *savedState) {
	st := &s.state
	for _, kept := range saved.Subscriptions {
		sub := &subscription{
			head: kept.Head.head(), url: kept.URL, description: kept.Description, events: kept.Events, status: kept.Status, failures: kept.Failures,
		}
		for _, secret := range kept.Secrets {
			sub.secrets = append(sub.secrets, &signingSecret{secret.ID, secret.Plaintext, secret.Created, secret.Expires})
		}
		st.subscriptions.add(sub)
	}
	for _, kept := range saved.Deliveries {
		sub, found := st.subscriptions.get(kept.Subscription)
		if !found {
			continue
		}
		e := kept.Event
		d := &delivery{
			head: kept.Head.head(), sub: sub, event: &event{name: e.Name, id: e.ID, source: e.Source, body: e.Body, kirim: e.Kirim},
			replayedFrom: kept.ReplayedFrom, status: kept.Status, attempts: kept.Attempts, ids: kept.IDs, lastError: kept.LastError,
		}
		d.job = &job{slot: true, index: -1, run: func(now time.Time) { s.launch(d, now) }}
		st.deliveries.add(d)
		for _, id := range d.ids {
			st.attemptIDs[id] = d
		}
		if d.status == DeliveryPending {
			s.schedule(d.job, kept.Next)
		}
	}
}

func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

func (h *head) savedHead() savedHead { return savedHead{h.id, h.seq, h.created, h.updated} }
func (h savedHead) head() head       { return head{h.ID, h.Seq, h.Created, h.Updated} }

func (c chatID) saved() savedChat  { return savedChat{c.phoneNumberID, c.contact} }
func (c savedChat) chatID() chatID { return chatID{c.PhoneNumberID, c.Contact} }

func (ct *contact) saved() savedContact {
	c := savedContact{
		Head: ct.savedHead(), Chat: ct.chat.saved(), Name: ct.name, UserID: ct.userID, Identity: ct.identity, Email: ct.email, Metadata: ct.metadata,
		Labels: slices.Sorted(maps.Keys(ct.labels)), LastInbound: ct.lastInbound, LastTyping: ct.lastTyping,
	}
	if cv := ct.conversation; cv != nil {
		c.Conversation = &savedConversation{
			cv.savedHead(), cv.status, cv.assignee, slices.Sorted(maps.Keys(cv.labels)), cv.unread, cv.lastMessageAt, cv.lastInboundAt,
		}
	}
	return c
}

func (rep *reply) saved() savedReply {
	r := savedReply{Status: rep.status, Header: rep.header.Clone(), Data: rep.data, Raw: rep.raw, AsIs: rep.asIs}
	if e := rep.err; e != nil {
		r.Error = &savedError{e.status, e.typ, e.code, e.message, e.param, e.retryAfter}
	}
	return r
}

func (r savedReply) reply() *reply {
	rep := &reply{status: r.Status, header: r.Header, data: r.Data, raw: r.Raw, asIs: r.AsIs}
	if e := r.Error; e != nil {
		rep.err = &apiError{status: e.Status, typ: e.Type, code: e.Code, message: e.Message, param: e.Param, retryAfter: e.RetryAfter}
	}
	return rep
}

// savedState is a state as JSON. Its types have the fields of those that they keep.
type savedState struct {
	Version int
	At      time.Time // by the sandbox's clock

	APIKey, WebhookSecret, AccessToken, AppSecret, VerifyToken, PhoneNumberID string

	OrgID         string
	Suspended     bool
	Plan          Plan
	Teams         []Team
	Users         map[string]User
	Keys          map[string]savedKey
	Numbers       []savedNumber
	Accounts      []string // keys of Numbers
	Templates     []savedTemplate
	Flows         []Flow            `json:",omitempty"`
	FlowKeys      map[string]string `json:",omitempty"` // by phone number ID
	Labels        []savedLabel
	Customers     []savedCustomer
	Links         []savedLink
	Contacts      []savedContact
	Sent          []savedSent
	Received      []savedReceived
	Subscriptions []savedSubscription
	Deliveries    []savedDelivery
	Keyed         []savedCall
	Rows          uint64
	Accepted      int
}

type savedHead struct {
	ID               string
	Seq              uint64
	Created, Updated time.Time
}

type savedChat struct{ PhoneNumberID, Contact string }

type savedKey struct {
	ID, Label, Last4 string
	ExpiresAt        time.Time
	Revoked, Meta    bool
}

type savedNumber struct {
	PhoneNumber
	Onboarded time.Time
}

type savedTemplate struct {
	Head          savedHead
	Template      Template
	Decided       time.Time
	Verdict       TemplateStatus
	Unsynced      bool
	Variables     []string
	VerdictReason string      `json:",omitempty"`
	Reason        string      `json:",omitempty"`
	Edits         []time.Time `json:",omitempty"`
}

type savedLabel struct {
	Head              savedHead
	Name, Color, Team string
}

type savedCustomer struct {
	Head                                            savedHead
	InternalID, Team, Name, Email, Metadata, Status string
	ArchivedAt                                      time.Time
}

type savedLink struct {
	Head                    savedHead
	Customer, Token, Status string
	ExpiresAt, ConsumedAt   time.Time
	Success, Failure        string
}

type savedContact struct {
	Head                                    savedHead
	Chat                                    savedChat
	Name, UserID, Identity, Email, Metadata string
	Labels                                  []string
	LastInbound, LastTyping                 time.Time
	Conversation                            *savedConversation
}

type savedConversation struct {
	Head                         savedHead
	Status, Assignee             string
	Labels                       []string
	Unread                       int
	LastMessageAt, LastInboundAt time.Time
}

type savedSent struct {
	Head           savedHead
	Chat           savedChat
	Conversation   string
	Message        Message
	Statuses       []Status
	Next           int
	Joined, Hooked bool
}

type savedReceived struct {
	Head         savedHead
	Chat         savedChat
	Conversation string
	Status       string
	Inbound      Inbound
	Text, Token  string
}

type savedSubscription struct {
	Head        savedHead
	URL         string
	Description json.RawMessage
	Events      []string
	Status      SubscriptionStatus
	Secrets     []savedSecret
	Failures    int
}

type savedSecret struct {
	ID, Plaintext    string
	Created, Expires time.Time
}

type savedDelivery struct {
	Head         savedHead
	Subscription string
	Event        savedEvent
	ReplayedFrom string
	Status       DeliveryStatus
	Attempts     []Attempt
	IDs          []string
	LastError    string
	Next         time.Time
}

type savedEvent struct {
	Name, ID, Source string
	Body             []byte
	Kirim            map[string]any
}

type savedCall struct {
	Key              string
	Fingerprint      [32]byte
	Expires, ReadyAt time.Time
	Reply            savedReply
	RequestID        string
}

type savedReply struct {
	Status int
	Header http.Header
	Data   json.RawMessage
	Raw    []byte
	AsIs   bool
	Error  *savedError
}

type savedError struct {
	Status                     int
	Type, Code, Message, Param string
	RetryAfter                 int
}
