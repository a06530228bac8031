package kirim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
	"github.com/kirim-go/kirim/internal/webhook"
)

// DecodeEvent decodes the body of a delivery without verifying it, for bodies
// that were verified elsewhere: by a gateway in front, before a queue, or by an
// [EventVerifier] of your own. It reads Kirim's events and those of Meta's Cloud
// API. The error is [ErrWebhookMalformed]; what is JSON of another shape is an
// [*UnknownData].
//
// The header has the ids and the type that [Event] says come from there; nil is
// fine. ReceivedAt is now. The event keeps the body, which must not be changed
// afterwards. Its size is up to the caller: verifiers here refuse more than 3 MiB.
func DecodeEvent(header http.Header, body []byte) (*Event, error) {
	// The body has one of three shapes: Meta's, Kirim's envelope, and one that
	// some of the vendor's pages show, with the delivery's id in place of the
	// event's.
	e := &Event{
		ID:         webhook.Value(header, "X-Kirim-Event-Id"),
		DeliveryID: webhook.Value(header, "X-Kirim-Delivery-Id"),
		Source:     sourceKirim,
		ReceivedAt: time.Now(),
		Raw:        body,
	}
	e.Attempt, _ = strconv.Atoi(webhook.Value(header, "X-Kirim-Attempt"))
	d := eventDecoder{event: e, Reader: *jsonscan.New(body)}
	if d.Peek() != '{' {
		return nil, ErrWebhookMalformed
	}
	d.document()
	if !d.Done() {
		return nil, ErrWebhookMalformed
	}
	d.identify(webhook.Value(header, "X-Kirim-Event"))
	switch {
	case e.Source == sourceMeta:
		d.enrich()
	case d.data != nil:
		e.Data = []EventData{decodeKirimData(e, d.data)}
	}
	if len(e.Data) == 0 {
		e.Data = []EventData{&UnknownData{Raw: body}}
	}
	return e, nil
}

// eventDecoder is the state of decoding one event.
type eventDecoder struct {
	jsonscan.Reader
	event      *Event
	enrichment *Enrichment

	// Of Kirim's envelope, whose fields may come in any order.
	id, typ string
	third   bool // the shape with "event" and "delivered_at"
	data    json.RawMessage
}

func (d *eventDecoder) document() {
	for name := range d.Fields() {
		switch string(name) {
		case "object":
			d.Skip()
		case "entry":
			d.event.Source = sourceMeta
			for range d.Elements() {
				d.entry()
			}
		case "kirim":
			if k := jsonscan.Object(&d.Reader, readEnrichment); k != nil {
				d.enrichment = k
			}
		case "id":
			d.id = d.Text()
		case "type":
			d.typ = d.Text()
		case "event":
			d.typ, d.third = d.Text(), true
		case "created_at", "delivered_at":
			d.event.CreatedAt = readTime(&d.Reader)
		case "livemode":
			live := d.Bool()
			d.event.Livemode = &live
		case "data":
			d.data = d.Skip()
		}
	}
}

// identify settles type and id. What the body says counts for more than the
// headers, as those are not signed.
func (d *eventDecoder) identify(header string) {
	e := d.event
	e.Type = eventType(header)
	if d.typ != "" && e.Source == sourceKirim {
		e.Type = eventType(d.typ)
	}
	if e.Source == sourceMeta && decidedByElements(e.Type) {
		e.Type = ""
		for _, data := range e.Data {
			if e.Type == "" || e.Type == eventMessages {
				e.Type = typeOf(data)
			}
		}
	}
	switch {
	case d.id == "" || e.Source == sourceMeta:
	case d.third || strings.HasPrefix(d.id, "wbd_"):
		e.DeliveryID = d.id
	default:
		e.ID, e.bodyHasID = d.id, true
	}
}

// eventType maps the other names that pages of the vendors' have.
func eventType(name string) WebhookEventType {
	switch name {
	case "message.status_updated":
		return EventMessageStatus
	case "group_participant_update":
		return EventGroupParticipants
	}
	return WebhookEventType(name)
}

// decidedByElements reports whether a type of Meta's says no more than the
// elements themselves do.
func decidedByElements(t WebhookEventType) bool {
	return t == "" || t == EventMessageReceived || t == EventMessageStatus
}

// only returns the event with one of its elements alone.
func (e *Event) only(i int) *Event {
	one := *e
	one.Data = e.Data[i : i+1 : i+1]
	if typ := typeOf(e.Data[i]); e.Source == sourceMeta && (decidedByElements(e.Type) || len(e.Data) > 1 && typ != "") {
		one.Type = typ
	}
	return &one
}

// typeOf is the type of an event of Meta's that has only this element.
func typeOf(data EventData) WebhookEventType {
	switch data := data.(type) {
	case *InboundMessage:
		return EventMessageReceived
	case *StatusUpdate:
		return EventMessageStatus
	case *AccountError:
		return WebhookEventType(data.field)
	case *UnknownData:
		return WebhookEventType(data.Field)
	case metaChange:
		return data.change().Field
	}
	return ""
}

// decodeKirimData reads the data of Kirim's own events. Data of another shape
// than documented stays raw.
func decodeKirimData(e *Event, raw json.RawMessage) EventData {
	var data EventData
	var err error
	switch e.Type {
	case EventMessageReceived, EventMessageStatus:
		data = decodeFlatMessage(e, raw)
	case EventMessageSent, EventMessageCreated:
		data = decodeOutbound(e, raw)
	case EventMessageRevoked, EventMessageEdited:
		data = decodeRevision(e, raw)
	case EventContactIdentityUpdated:
		data, err = decodeIdentityUpdate(raw)
	case EventConversationAssigned, EventConversationClosed:
		data, err = decodeConversation(e, raw)
	case EventContactCreated:
		c := &ContactCreated{Raw: raw}
		data, err = c, decodeParts(raw, map[string]any{"contact": &c.Contact, "acquisition_source": &c.AcquisitionSource})
	case EventContactUpdated:
		c := &ContactUpdated{Raw: raw}
		data, err = c, decodeParts(raw, map[string]any{"contact": &c.Contact, "changed_fields": &c.ChangedFields})
	default:
		if strings.HasPrefix(string(e.Type), "customer.") {
			c := &CustomerNotice{Event: e.Type, Raw: raw}
			err = decodeParts(raw, map[string]any{"customer": &c.Customer})
			// Assumed, and no reason to lose the rest.
			_ = decodeParts(raw, map[string]any{"setup_link": &c.SetupLink})
			_ = decodeParts(raw, map[string]any{"phone_number": &c.PhoneNumber})
			data = c
		}
	}
	if data == nil || err != nil {
		return &UnknownData{Raw: raw}
	}
	return data
}

// decodeParts decodes some of the fields of an object.
func decodeParts(raw json.RawMessage, targets map[string]any) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	for name, target := range targets {
		if part, ok := object[name]; ok {
			if err := json.Unmarshal(part, target); err != nil {
				return err
			}
		}
	}
	return nil
}

func decodeConversation(e *Event, raw json.RawMessage) (EventData, error) {
	var wire struct {
		Conversation struct {
			ID             string             `json:"id"`
			Status         ConversationStatus `json:"status"`
			ClosedByUserID string             `json:"closed_by_user_id"`
		} `json:"conversation"`
		Assignee struct {
			UserID         string `json:"user_id"`
			TeamID         string `json:"team_id"`
			PreviousUserID string `json:"previous_user_id"`
		} `json:"assignee"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return nil, err
	}
	c, a := wire.Conversation, wire.Assignee
	if e.Type == EventConversationClosed {
		return &ConversationClosed{c.ID, c.Status, c.ClosedByUserID, raw}, nil
	}
	return &ConversationAssigned{c.ID, c.Status, a.UserID, a.TeamID, a.PreviousUserID, raw}, nil
}

// enrich gives Kirim's addition to the message or status that it is about, which
// only a delivery of a single one tells.
func (d *eventDecoder) enrich() {
	if d.enrichment == nil {
		return
	}
	d.event.Enrichment = d.enrichment
	if d.event.DeliveryID == "" {
		d.event.DeliveryID = d.enrichment.DeliveryID
	}
	if len(d.event.Data) == 1 {
		switch data := d.event.Data[0].(type) {
		case *InboundMessage:
			data.Enrichment = d.enrichment
		case *StatusUpdate:
			data.Enrichment = d.enrichment
		}
	}
}
