package kirimtest

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// Received returns the messages of customers, oldest first, as many as [Limits]
// allows. The values are copies; a file that is no longer kept has no Data.
func (s *Server) Received() []Inbound {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	list := make([]Inbound, 0, len(s.state.received.items))
	for m := range s.state.received.all {
		list = append(list, m.clone())
	}
	return list
}

// File returns the file of a customer's message, by the message's ID, or nil when it
// has none that is kept.
func (s *Server) File(messageID string) *Media {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	m, found := s.state.inbound.get(messageID)
	if !found || m.received == nil || m.token == "" {
		return nil
	}
	return m.received.clone().Media
}

// Templates returns the templates, oldest first, with their status by now. The
// values are copies.
func (s *Server) Templates() []Template {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	list := make([]Template, 0, len(st.templates.order))
	for t := range st.templates.oldest {
		t.settle(now)
		clone := t.Template
		clone.Components = slices.Clone(t.Components)
		list = append(list, clone)
	}
	return list
}

// PhoneNumbers returns the numbers of the organisation, in the order in which they
// were added.
func (s *Server) PhoneNumbers() []PhoneNumber {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	list := make([]PhoneNumber, len(s.state.accounts))
	for i, key := range s.state.accounts {
		list[i] = s.state.numbers[key]
	}
	return list
}

// Plan returns the organisation's rate plan.
func (s *Server) Plan() Plan {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return s.state.plan
}

// Faults returns the faults that are armed, in the order in which they were. Times
// is what is left of each.
func (s *Server) Faults() []Fault {
	s = s.sandbox()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	list := make([]Fault, len(s.state.faults))
	for i, f := range s.state.faults {
		list[i] = *f
		list[i].Header = f.Header.Clone()
	}
	return list
}

// Now is the time by the sandbox's clock.
func (s *Server) Now() time.Time { return s.cfg.clock.Now() }

// Report reports a status of a sent message now, beside those of its plan; the
// message is named by its ID or WAMID. The status's After is not looked at. A failure
// ends the plan of the message. Report returns false when the message is not kept.
//
// [Message.Status] stays the furthest status: a message that was delivered does not
// fail any more, although the webhook says so.
func (s *Server) Report(messageID string, status Status) bool {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	m := st.sentMessage(messageID)
	if m == nil {
		return false
	}
	p := st.progress[m.id]
	if p == nil {
		p = &progress{message: *m.sent}
		st.progress[m.id] = p
	}
	status.After = max(now.Sub(m.sent.Time), 0)
	p.statuses = slices.Insert(p.statuses, p.next, status)
	p.next++
	if status.Name == "failed" {
		p.statuses = p.statuses[:p.next]
		st.agenda.cancel(p.job)
	}
	s.emitProgress(p, status)
	s.noteMessage(ChangeStatus, m.sent, &status)
	return true
}

// SetLastInbound sets when a customer last wrote to [Server.PhoneNumberID], which
// decides for how long the 24-hour window is open; the zero time closes it. A
// customer who is not known becomes a contact. It panics like [Server.Receive] when
// customer is no number.
func (s *Server) SetLastInbound(customer string, at time.Time) {
	st, now := &s.state, s.cfg.clock.Now()
	chat := chatID{s.PhoneNumberID, digits(customerNumber(customer))}
	st.mu.Lock()
	defer st.mu.Unlock()
	ct := s.contactOf(chat, "", "api", now)
	ct.lastInbound = at
	st.converse(ct, now).lastInboundAt = at
	s.noteSettings()
}

// Replay delivers an event once more, as a replay through the API does, and returns
// the ID of the new delivery. It fails when there is no such delivery, or when its
// subscription was deleted or disabled. A delivery to [Server.SubscribeMeta] can be
// replayed, too, although Meta has no such thing.
func (s *Server) Replay(deliveryID string) (string, error) {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	d, _ := st.deliveries.get(deliveryID)
	if d == nil {
		d, _ = st.meta.deliveries.get(deliveryID)
	}
	d = cmp.Or(d, st.attemptIDs[deliveryID])
	switch {
	case d == nil:
		return "", errors.New("kirimtest: Replay: there is no such delivery")
	case d.sub.ended():
		return "", errors.New("kirimtest: Replay: the subscription was deleted or disabled")
	}
	return s.enqueue(d.sub, d.event, d.id, now).id, nil
}
