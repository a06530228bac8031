package kirimtest

import (
	"net/http"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/templatefill"
)

// window is how long after a customer's message free-form sends are allowed.
const window = 24 * time.Hour

// postMessage handles POST /v1/{phone_number_id}/messages: a send, or a read
// receipt.
func postMessage(x *exchange, n PhoneNumber) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	v := &checker{as: &x.s.cfg.assumptions, meta: x.s.cfg.metaMessages}
	v.oneOf(o, "", "messaging_product", "whatsapp")
	_, isSend := o["type"]
	_, isReceipt := o["status"]
	if !isSend && isReceipt {
		return markRead(x, n, v, o)
	}
	m := v.send(o)
	if v.err != nil {
		return failed(v.err)
	}
	if n.Status != connected {
		return failed(fail("whatsapp_number_not_verified", "", "The phone number is not connected."))
	}
	sent, err := x.s.accept(x, n, m)
	if err != nil {
		return failed(err)
	}
	as := &x.s.cfg.assumptions
	result := messageResult{ID: sent.ID, Object: "message", Status: as.InitialStatus}
	if as.WAMIDInReply {
		result.MessageID = sent.WAMID
	}
	return ok(as.SendStatusCode, result)
}

// accept keeps a checked message, or returns why it is refused.
func (s *Server) accept(x *exchange, n PhoneNumber, m outbound) (sent Message, refusal *apiError) {
	st, as, now := &s.state, &s.cfg.assumptions, s.cfg.clock.Now()
	var late []Status // why it will fail
	defer func() {    // a plan is called without the lock
		switch {
		case late != nil:
			s.follow(sent, late)
		case sent.ID != "":
			s.simulate(sent)
		}
	}()
	st.mu.Lock()
	defer st.mu.Unlock()
	chat := st.chatWith(n.ID, &m)
	if m.contextWAMID != "" && as.ContextMustExist {
		if owner, found := st.wamids[m.contextWAMID]; !found || !owner.inbound {
			return Message{}, fail("invalid_field_value", "context.message_id", "There is no such inbound message.")
		}
	}
	if refusal := st.whyNot(chat, m, templatefill.Options{Now: now, Length: as.Length}); refusal != nil {
		status, later := x.refusedLater(refusal)
		if !later {
			return Message{}, refusal
		}
		late = []Status{status}
	}
	if x.meta {
		if refusal := st.meta.throttle(n.ID, chat, now); refusal != nil {
			return Message{}, refusal
		}
		if ct := st.chats[chat]; ct != nil && m.identity != "" && ct.identity != "" && m.identity != ct.identity {
			late = []Status{metaFailure(137000)}
		}
	}
	sent = Message{
		ID:             newID("msg_", now),
		WAMID:          newWAMID(),
		PhoneNumberID:  n.ID,
		To:             m.to,
		Recipient:      m.recipient,
		Group:          m.group,
		Type:           m.kind,
		TemplateName:   m.template,
		IdempotencyKey: x.idemKey,
		Body:           x.body,
		Time:           now,
	}
	if old, evicted := st.sent.add(sent); evicted {
		st.forgetMessage(&old)
	}
	st.accepted++
	st.wamids[sent.WAMID] = wamidOwner{n.ID, chat.contact, sent.ID, false}
	s.storeSent(sent, chat, now)
	s.noteMessage(ChangeMessage, &sent, nil)
	return sent, nil
}

// whyNot is why a checked message cannot be sent now, or nil. st.mu is held.
func (st *state) whyNot(chat chatID, m outbound, o templatefill.Options) *apiError {
	if m.kind != "template" {
		if m.group {
			return nil
		}
		if ct := st.chats[chat]; ct == nil || ct.lastInbound.IsZero() || o.Now.Sub(ct.lastInbound) >= window {
			param := "to"
			if m.recipient != "" {
				param = "recipient"
			}
			return fail("outside_24h_window", param, "The customer's last message is more than 24 hours old.")
		}
		return nil
	}
	t, err := st.sendable(m.template, m.language, o.Now)
	if err != nil {
		return err
	}
	return t.misfit(m.components, o)
}

// messageResult is the response of a send and of a read receipt.
type messageResult struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Status    string `json:"status"`
	MessageID string `json:"message_id,omitempty"`
}

// markRead flips an inbound message to read. Doing so again changes nothing.
func markRead(x *exchange, n PhoneNumber, v *checker, o map[string]any) *reply {
	v.oneOf(o, "", "status", "read")
	wamid := v.text(o, "", "message_id", 1, 0)
	typing := v.optionalObject(o, "", "typing_indicator")
	if typing != nil {
		v.oneOf(typing, "typing_indicator", "type", "text")
	}
	if v.err != nil {
		return failed(v.err)
	}
	st, now := &x.s.state, x.s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	owner, found := st.wamids[wamid]
	switch {
	case !found || owner.phoneNumberID != n.ID:
		return failed(fail("resource_not_found", "message_id", "There is no such message."))
	case !owner.inbound:
		return failed(fail("invalid_field_value", "message_id", "Only an inbound message can be marked as read."))
	}
	if ct := st.chats[chatID{n.ID, owner.contact}]; typing != nil && ct != nil && !x.meta {
		if next := ct.lastTyping.Add(x.s.cfg.assumptions.TypingInterval); now.Before(next) {
			e := fail("rate_limit_exceeded", "typing_indicator", "The typing indicator was shown a moment ago.")
			e.retryAfter = int(ceilDiv(int64(next.Sub(now)), int64(time.Second)))
			return failed(e)
		}
		ct.lastTyping = now
	}
	st.markRead(owner.messageID, now)
	return ok(http.StatusOK, messageResult{owner.messageID, "message", "read", wamid})
}

// digits is a phone number as WhatsApp names it.
func digits(e164 string) string { return strings.TrimPrefix(e164, "+") }
