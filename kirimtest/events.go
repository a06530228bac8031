package kirimtest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// eventTypes are the events that a subscription can ask for.
var eventTypes = []string{
	"message.received", "message.status", "message.sent", "message.created", "message.revoked", "message.edited",
	"conversation.assigned", "conversation.closed",
	"contact.created", "contact.updated", "contact.identity_updated",
	"customer.created", "customer.updated", "customer.archived", "customer.onboarded",
	"customer.setup_link.created", "customer.setup_link.consumed",
}

// EventTypes returns the types of events that a subscription can ask for.
func EventTypes() []string { return slices.Clone(eventTypes) }

// wabaID is the WhatsApp Business Account of the first organisation.
const wabaID = "104000000000001"

// The two sources of events, each with its own shape of body.
const (
	sourceMeta  = "meta"
	sourceKirim = "kirim"
)

// event is something that happened, for the subscriptions that ask for it.
type event struct {
	name   string
	id     string // X-Kirim-Event-Id
	source string
	body   []byte         // a JSON object
	kirim  map[string]any // more fields for the kirim object of Meta's shape
	direct bool           // of Meta itself, without that object
}

// emit delivers an event of Kirim's own, with data as the data of its envelope,
// to every subscription that asks for it. state.mu is held.
func (s *Server) emit(name string, data any) {
	if !s.state.wanted(name) {
		return
	}
	now := s.cfg.clock.Now()
	envelope := struct {
		ID        string `json:"id"`
		Type      string `json:"type"`
		CreatedAt string `json:"created_at"`
		Livemode  *bool  `json:"livemode,omitempty"`
		Data      any    `json:"data"`
	}{newID("evt_", now), name, stamp(now), nil, data}
	if s.cfg.assumptions.Livemode {
		envelope.Livemode = new(bool) // false: a sandbox
	}
	s.publish(&event{name: name, id: envelope.ID, source: sourceKirim, body: mustJSON(envelope)}, now)
}

// metaValue is the value of a change in Meta's shape; Server.metaValue fills in
// the first two fields.
type metaValue struct {
	MessagingProduct string            `json:"messaging_product"`
	Metadata         map[string]string `json:"metadata"`
	Contacts         []any             `json:"contacts,omitempty"`
	Messages         []any             `json:"messages,omitempty"`
	Statuses         []any             `json:"statuses,omitempty"`
}

// emitMeta delivers an event in the shape of Meta's webhooks. state.mu is held.
func (s *Server) emitMeta(name, id, phoneNumberID string, value metaValue, kirim map[string]any) {
	if !s.state.wanted(name) {
		return
	}
	body := s.metaBody("messages", s.metaValue(phoneNumberID, value))
	s.publish(&event{name: name, id: id, source: sourceMeta, body: body, kirim: kirim}, s.cfg.clock.Now())
}

// metaValue fills in what every value has. state.mu is held.
func (s *Server) metaValue(phoneNumberID string, value metaValue) metaValue {
	value.MessagingProduct = "whatsapp"
	value.Metadata = map[string]string{
		"display_phone_number": digits(s.state.numbers[phoneNumberID].Number),
		"phone_number_id":      phoneNumberID,
	}
	return value
}

// metaBody is the body of a webhook of Meta's with one change.
func (s *Server) metaBody(field string, value any) []byte {
	type change struct {
		Field string `json:"field"`
		Value any    `json:"value"`
	}
	type entry struct {
		ID      string   `json:"id"`
		Changes []change `json:"changes"`
	}
	return mustJSON(struct {
		Object string  `json:"object"`
		Entry  []entry `json:"entry"`
	}{"whatsapp_business_account", []entry{{s.WABAID, []change{{field, value}}}}})
}

func (s *Server) publish(ev *event, now time.Time) {
	for sub := range s.state.subscriptions.oldest {
		if sub.wants(ev.name) {
			s.enqueue(sub, ev, "", now)
		}
	}
}

// wanted reports whether any subscription asks for the event. st.mu is held.
func (st *state) wanted(name string) bool {
	return slices.ContainsFunc(st.subscriptions.order, func(sub *subscription) bool { return sub.wants(name) })
}

// emitReceived reports that a customer wrote. state.mu is held.
func (s *Server) emitReceived(m Inbound) {
	st, from := &s.state, digits(m.From)
	person := func(o map[string]any, number, userID string) map[string]any {
		for name, value := range map[string]string{number: from, userID: m.UserID} {
			if value != "" {
				o[name] = value
			}
		}
		return o
	}
	if !st.wanted("message.received") && !st.meta.wanted("messages") {
		return
	}
	element := person(map[string]any{"id": m.WAMID, "timestamp": unixSeconds(m.Time), "type": m.Type}, "from", "from_user_id")
	if m.GroupID != "" {
		element["group_id"] = m.GroupID
	}
	if content := m.metaContent(); content != nil {
		element[m.Type] = content
	}
	if m.ReplyTo != "" {
		quotes := map[string]any{"id": m.ReplyTo}
		if quoted, found := st.wamids[m.ReplyTo]; !found || !quoted.inbound {
			quotes["from"] = digits(st.numbers[m.PhoneNumberID].Number)
		} else {
			person(quotes, "from", "from_user_id")
		}
		element["context"] = quotes
	}
	value := metaValue{Messages: []any{element}}
	if m.Type != "system" {
		contact := person(map[string]any{"profile": map[string]any{"name": cmp.Or(m.Name, "Customer")}}, "wa_id", "user_id")
		if m.IdentityKeyHash != "" {
			contact["identity_key_hash"] = m.IdentityKeyHash
		}
		value.Contacts = []any{contact}
	}
	s.emitMeta("message.received", m.WAMID, m.PhoneNumberID, value, s.aboutReceived(m))
	s.emitChange("messages", s.metaValue(m.PhoneNumberID, value))
}

// aboutReceived is what the kirim object says about a customer's message.
// state.mu is held.
func (s *Server) aboutReceived(m Inbound) map[string]any {
	about := make(map[string]any)
	if ct := s.state.chats[m.chat()]; ct != nil {
		about["contact_id"] = ct.id
	}
	kept, found := s.state.inbound.get(m.ID)
	if m.Media == nil || !found {
		return about
	}
	about["media_status"] = "pending"
	if base, err := url.Parse(s.URL); err == nil {
		if link := kept.mediaURL(base, s.cfg.clock.Now()); link != "" {
			about["media_status"], about["media_url"] = "ready", link
		}
	}
	return about
}

// metaContent is the content of the message in Meta's shape, nil for none.
func (m *Inbound) metaContent() any {
	switch {
	case m.Media != nil:
		sum := sha256.Sum256(m.Media.Data)
		file := map[string]any{
			"id":        m.ID,
			"mime_type": cmp.Or(m.Media.ContentType, "application/octet-stream"),
			"sha256":    base64.StdEncoding.EncodeToString(sum[:]),
		}
		if m.Caption != "" {
			file["caption"] = m.Caption
		}
		if m.Media.Filename != "" {
			file["filename"] = m.Media.Filename
		}
		return file
	case m.Location != nil:
		return m.Location
	case len(m.Contacts) > 0:
		cards := make([]any, len(m.Contacts))
		for i, card := range m.Contacts {
			cards[i] = map[string]any{
				"name":   map[string]any{"formatted_name": card.Name},
				"phones": []any{map[string]any{"phone": card.Phone, "wa_id": card.WAID}},
			}
		}
		return cards
	case m.Reaction != nil:
		return map[string]any{"message_id": m.Reaction.MessageID, "emoji": m.Reaction.Emoji}
	case m.Button != nil:
		return m.Button
	case m.Interactive != nil:
		kind := cmp.Or(m.Interactive.Type, "button_reply")
		choice := map[string]any{"id": m.Interactive.ID, "title": m.Interactive.Title}
		if m.Interactive.Description != "" {
			choice["description"] = m.Interactive.Description
		}
		return map[string]any{"type": kind, kind: choice}
	case m.Edits != "":
		return map[string]any{"original_message_id": m.Edits, "message": map[string]any{
			"type": "text", "text": map[string]any{"body": m.Text},
		}}
	case m.Revokes != "":
		return map[string]any{"original_message_id": m.Revokes}
	case m.Type == "text":
		return map[string]any{"body": m.Text}
	case len(m.Object) > 0:
		return m.Object
	}
	return nil
}

// emitSent reports which wamid a message got. state.mu is held.
func (s *Server) emitSent(m *Message) {
	var body *string
	if m.Type == "text" {
		body = orNull(m.content().Body)
	}
	to := cmp.Or(m.To, m.Recipient)
	s.emit("message.sent", map[string]any{
		"session": m.PhoneNumberID,
		"message": map[string]any{
			"id":          m.ID,
			"provider_id": m.WAMID,
			"type":        m.Type,
			"body":        body,
			"to":          to,
			"source":      "api",
		},
		"contact": map[string]any{"phone_number": to},
		"meta":    map[string]any{"phone_number_id": m.PhoneNumberID},
	})
}

// payload is the body of a delivery of ev.
func (ev *event) payload(deliveryID string, as *Assumptions) []byte {
	if ev.source != sourceMeta || !as.KirimObject || ev.direct {
		return ev.body
	}
	kirim := map[string]any{"delivery_id": deliveryID}
	maps.Copy(kirim, ev.kirim)
	b := slices.Concat(ev.body[:len(ev.body)-1], []byte(`,"kirim":`), mustJSON(kirim))
	return append(b, '}')
}

// mustJSON is the JSON of a value of ours, which always has one.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("kirimtest: " + err.Error())
	}
	return b
}

// unixSeconds is a moment as WhatsApp writes it.
func unixSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
