package kirimtest

import (
	"net/http"
	"strings"
	"time"
)

// window is how long after a customer's message free-form sends are allowed.
const window = 24 * time.Hour

// postMessage answers POST /v1/{phone_number_id}/messages: a send, or a read
// receipt.
func postMessage(c *call, n PhoneNumber) *reply {
	o, err := c.object()
	if err != nil {
		return failed(err)
	}
	v := &checker{as: &c.s.cfg.assumptions}
	v.oneOf(o, "", "messaging_product", "whatsapp")
	_, isSend := o["type"]
	_, isReceipt := o["status"]
	if !isSend && isReceipt {
		return markRead(c, n, v, o)
	}
	m := v.send(o)
	if v.err != nil {
		return failed(v.err)
	}
	if n.Status != connected {
		return failed(fail("whatsapp_number_not_verified", "", "The phone number is not connected."))
	}
	return c.s.send(c, n, m)
}

// send accepts a checked message.
func (s *Server) send(c *call, n PhoneNumber, m outbound) *reply {
	st, as, now := &s.state, &s.cfg.assumptions, s.cfg.clock.Now()
	chat := chatID{n.ID, digits(m.to)}
	st.mu.Lock()
	defer st.mu.Unlock()
	if m.contextWAMID != "" && as.ContextMustExist {
		if owner, found := st.wamids[m.contextWAMID]; !found || !owner.inbound {
			return failed(fail("invalid_field_value", "context.message_id", "There is no such inbound message."))
		}
	}
	if m.kind == "template" {
		t, err := st.sendable(m.template, m.language)
		if err != nil {
			return failed(err)
		}
		if t.Category == authentication && m.codeErr != nil {
			return failed(m.codeErr)
		}
	} else if last, wrote := st.windows[chat]; !wrote || now.Sub(last) >= window {
		return failed(fail("outside_24h_window", "to", "The customer's last message is more than 24 hours old."))
	}
	sent := Message{
		ID:             newID("msg_", now),
		WAMID:          newWAMID(),
		PhoneNumberID:  n.ID,
		To:             m.to,
		Type:           m.kind,
		TemplateName:   m.template,
		IdempotencyKey: c.idemKey,
		Body:           c.body,
		Time:           now,
	}
	if old, evicted := st.sent.add(sent); evicted {
		delete(st.wamids, old.WAMID)
	}
	st.accepted++
	st.wamids[sent.WAMID] = wamidOwner{n.ID, chat.contact, sent.ID, false}
	result := messageResult{ID: sent.ID, Object: "message", Status: as.InitialStatus}
	if as.WAMIDInReply {
		result.MessageID = sent.WAMID
	}
	return ok(as.SendStatusCode, result)
}

// messageResult is the answer of a send and of a read receipt.
type messageResult struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Status    string `json:"status"`
	MessageID string `json:"message_id,omitempty"`
}

// markRead flips an inbound message to read. Doing so again changes nothing.
func markRead(c *call, n PhoneNumber, v *checker, o map[string]any) *reply {
	v.oneOf(o, "", "status", "read")
	wamid := v.text(o, "", "message_id", 1, 0)
	typing := v.optionalObject(o, "", "typing_indicator")
	if typing != nil {
		v.oneOf(typing, "typing_indicator", "type", "text")
	}
	if v.err != nil {
		return failed(v.err)
	}
	st, now := &c.s.state, c.s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	owner, found := st.wamids[wamid]
	switch {
	case !found || owner.phoneNumberID != n.ID:
		return failed(fail("resource_not_found", "message_id", "There is no such message."))
	case !owner.inbound:
		return failed(fail("invalid_field_value", "message_id", "Only an inbound message can be marked as read."))
	}
	if typing != nil {
		chat := chatID{n.ID, owner.contact}
		if next := st.typing[chat].Add(c.s.cfg.assumptions.TypingInterval); now.Before(next) {
			e := fail("rate_limit_exceeded", "typing_indicator", "The typing indicator was shown a moment ago.")
			e.retryAfter = int(ceilDiv(int64(next.Sub(now)), int64(time.Second)))
			return failed(e)
		}
		st.typing[chat] = now
	}
	return ok(http.StatusOK, messageResult{owner.messageID, "message", "read", wamid})
}

// Inbound is a text message of a customer, for [Server.Receive].
type Inbound struct {
	From          string    // the customer, E.164 with plus
	Text          string    // what the customer wrote
	PhoneNumberID string    // the number written to; default Server.PhoneNumberID
	ID            string    // msg_…; set by Receive when empty
	WAMID         string    // the id at WhatsApp; set by Receive when empty
	Time          time.Time // default: now. An earlier time opens what is left of the window
}

// Receive lets a customer write to us, which opens the 24-hour window for that
// customer and number. It returns the message with what was empty filled in.
func (s *Server) Receive(m Inbound) Inbound {
	now := s.cfg.clock.Now()
	if m.PhoneNumberID == "" {
		m.PhoneNumberID = s.PhoneNumberID
	}
	if m.ID == "" {
		m.ID = newID("msg_", now)
	}
	if m.WAMID == "" {
		m.WAMID = newWAMID()
	}
	if m.Time.IsZero() {
		m.Time = now
	}
	st, chat := &s.state, chatID{m.PhoneNumberID, digits(m.From)}
	st.mu.Lock()
	defer st.mu.Unlock()
	if old, evicted := st.received.add(m); evicted {
		delete(st.wamids, old.WAMID)
	}
	st.wamids[m.WAMID] = wamidOwner{m.PhoneNumberID, chat.contact, m.ID, true}
	if m.Time.After(st.windows[chat]) {
		st.windows[chat] = m.Time
	}
	return m
}

// digits is a phone number as WhatsApp names it.
func digits(e164 string) string { return strings.TrimPrefix(e164, "+") }
