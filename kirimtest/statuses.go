package kirimtest

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// Status is what WhatsApp reports about a message that was sent.
type Status struct {
	Name  string        // "sent", "delivered", "read", "played" or "failed"
	After time.Duration // since the message was accepted; a negative one counts as 0

	// Code is Meta's error code of a failure, for example 131026 (the message
	// cannot be delivered). Title and Details go with it; both may be empty.
	Code           int
	Title, Details string

	// VendorCode is the vendor's own word for the failure, such as
	// "outside_24h_window", beside Code in the error of the message and of its
	// event. Default: the word that the vendor documents for Code, if any.
	VendorCode string

	// Early reports a failure from before WhatsApp knew the message: the
	// status names it by its msg_… id instead of a wamid.
	Early bool
}

// StatusPlan says what becomes of a message: the statuses that are reported
// for it, in whatever order, at whatever time, twice or not at all. It is called
// once for each accepted send, possibly from several goroutines, and may use the
// server.
type StatusPlan func(Message) []Status

// Delivered is the plan of a new server: sent after 100 ms, delivered after
// 200 ms.
func Delivered() StatusPlan {
	return planned(Status{Name: "sent", After: 100 * time.Millisecond}, Status{Name: "delivered", After: 200 * time.Millisecond})
}

// Read is [Delivered], and read after one second.
func Read() StatusPlan {
	return planned(append(Delivered()(Message{}), Status{Name: "read", After: time.Second})...)
}

// Failed is a failure with Meta's error code after 100 ms.
func Failed(code int) StatusPlan {
	return planned(Status{Name: "failed", After: 100 * time.Millisecond, Code: code})
}

// Unreported is the plan of a message that nothing is ever heard of.
func Unreported() StatusPlan { return planned() }

func planned(statuses ...Status) StatusPlan {
	statuses = slices.Clip(statuses)
	return func(Message) []Status { return statuses }
}

// WithStatusPlan sets what becomes of accepted messages; see
// [Server.SetStatusPlan]. The default is [Delivered]; nil is [Unreported].
func WithStatusPlan(plan StatusPlan) Option {
	return func(cfg *config) { cfg.plans = plan }
}

// SetStatusPlan sets what becomes of messages from now on: the message.status and
// message.sent events that subscriptions get, and [Message.Status]. A plan that
// looks at the message's To decides for each recipient. The statuses of a
// message that was accepted while there was no subscription are not delivered
// to a later one.
func (s *Server) SetStatusPlan(plan StatusPlan) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.plans = plan
	s.noteSettings()
}

// progress is a sent message on its way through its plan.
type progress struct {
	message  Message
	statuses []Status // in the order of After
	next     int      // the status that is reported next
	joined   bool     // message.sent was emitted
	hooked   bool     // there was a webhook when the message was accepted
	job      *job     // nil when nothing is reported
}

// simulate begins the plan of an accepted message. A plan is the test's own
// code, so state.mu is not held.
func (s *Server) simulate(m Message) {
	st := &s.state
	st.mu.Lock()
	plan := st.plans
	st.mu.Unlock()
	if plan == nil {
		return
	}
	m.Body = bytes.Clone(m.Body)
	s.follow(m, slices.Clone(plan(m)))
}

// follow reports the statuses of an accepted message.
func (s *Server) follow(m Message, statuses []Status) {
	p := &progress{message: m, statuses: statuses}
	for i := range p.statuses {
		p.statuses[i].After = max(p.statuses[i].After, 0)
	}
	slices.SortStableFunc(p.statuses, func(a, b Status) int { return cmp.Compare(a.After, b.After) })

	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, kept := st.wamids[m.WAMID]; !kept || len(p.statuses) == 0 {
		return
	}
	st.progress[m.ID] = p
	p.hooked = len(st.subscriptions.order) > 0 || len(st.meta.hooks) > 0
	if p.hooked || st.journals.watched() {
		p.job = &job{run: func(time.Time) { s.report(p) }}
		s.schedule(p.job, p.due())
	}
}

func (p *progress) due() time.Time { return p.message.Time.Add(p.statuses[p.next].After) }

// report emits the next status of a message. state.mu is held.
func (s *Server) report(p *progress) {
	status := p.statuses[p.next]
	p.next++
	if p.hooked {
		s.emitProgress(p, status)
	}
	s.noteMessage(ChangeStatus, &p.message, &status)
	if p.next < len(p.statuses) {
		s.schedule(p.job, p.due())
	}
}

// emitProgress delivers a status to the webhooks. state.mu is held.
func (s *Server) emitProgress(p *progress, status Status) {
	if !status.Early && !p.joined {
		p.joined = true
		s.emitSent(&p.message)
	}
	id := p.message.WAMID
	if status.Early {
		id = p.message.ID
	}
	s.emitStatus(&p.message, id, status)
	s.emitMetaStatus(&p.message, status)
}

// emitStatus reports a status of a message. state.mu is held.
func (s *Server) emitStatus(m *Message, id string, status Status) {
	element := map[string]any{
		"id":           id,
		"status":       status.Name,
		"timestamp":    unixSeconds(m.Time.Add(status.After)),
		"recipient_id": digits(m.To),
	}
	switch {
	case m.Recipient != "":
		delete(element, "recipient_id")
		element["recipient_user_id"] = m.Recipient
	case m.Group:
		element["recipient_type"] = "group"
	}
	if data := m.content().CallbackData; data != "" && s.cfg.metaMessages {
		element["biz_opaque_callback_data"] = data
	}
	if status.Name == "failed" {
		title := cmp.Or(status.Title, "The message failed")
		failure := map[string]any{"code": status.Code, "title": title, "message": title}
		if status.Details != "" {
			failure["error_data"] = map[string]any{"details": status.Details}
		}
		element["errors"] = []any{failure}
		if e := status.failure(); e != nil {
			element["error"] = e
		}
	}
	eventID := id
	if s.cfg.assumptions.StatusInEventID {
		eventID += ":" + status.Name
	}
	s.emitMeta("message.status", eventID, m.PhoneNumberID, metaValue{Statuses: []any{element}}, nil)
}

// lateFailure is why an accepted message failed, as the vendor tells it.
type lateFailure struct {
	Code         string `json:"code"`
	Message      string `json:"message"`
	ProviderCode int    `json:"provider_code"`
}

// vendorCodes are the vendor's words for numbers of Meta's.
//
// Docs: https://developers.kirim.chat/guides/failed-sends/
var vendorCodes = map[int]string{
	131047: "outside_24h_window",
	132015: "template_paused",
	132016: "template_disabled",
	132000: "template_param_count_mismatch",
	132001: "template_param_format_mismatch",
	1006:   "recipient_not_on_whatsapp",
	1013:   "recipient_blocked",
	131053: "media_download_failed",
}

// refusedLater is the status of a message that is refused with this code only
// after it was accepted; ok is false for a code that is a refusal at once.
func (x *exchange) refusedLater(e *apiError) (status Status, ok bool) {
	switch {
	case x.meta && (x.s.cfg.earlyRefusals || e.code != "outside_24h_window"), !x.meta && !x.s.cfg.lateRefusals:
		return Status{}, false
	}
	for number, word := range vendorCodes {
		if word == e.code {
			return Status{Name: "failed", After: refusalDelay, Code: number, Title: e.message, VendorCode: word}, true
		}
	}
	return Status{}, false
}

// refusalDelay is how long after a message was accepted it is refused.
const refusalDelay = 100 * time.Millisecond

// failure is nil for a number without a word of the vendor's.
func (status *Status) failure() *lateFailure {
	word := cmp.Or(status.VendorCode, vendorCodes[status.Code])
	if word == "" {
		return nil
	}
	return &lateFailure{word, cmp.Or(status.Title, "The message failed"), status.Code}
}

// failureOf is why a sent message has failed by now, nil when it has not or when
// the vendor has no word for it. state.mu is held.
func (s *Server) failureOf(m *message) *lateFailure {
	if m.sent == nil || s.progressOf(m.sent) != "failed" {
		return nil
	}
	for _, status := range s.state.progress[m.sent.ID].statuses {
		if status.Name == "failed" {
			return status.failure()
		}
	}
	return nil
}

// statusRank orders statuses that may be reported in any order. A failure gives
// way to proof of the contrary.
var statusRank = map[string]int{"sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}

// progressOf is where a sent message has got to by now. state.mu is held.
func (s *Server) progressOf(m *Message) string {
	best, now := s.cfg.assumptions.InitialStatus, s.cfg.clock.Now()
	p := s.state.progress[m.ID]
	if p == nil {
		return best
	}
	for _, status := range p.statuses {
		if now.Before(m.Time.Add(status.After)) {
			break
		}
		if statusRank[status.Name] > statusRank[best] {
			best = status.Name
		}
	}
	return best
}

// forgetMessage drops what is known of a sent message that is no longer kept,
// also what would still be reported. st.mu is held.
func (st *state) forgetMessage(m *Message) {
	delete(st.wamids, m.WAMID)
	if p := st.progress[m.ID]; p != nil {
		st.agenda.cancel(p.job)
		delete(st.progress, m.ID)
	}
}
