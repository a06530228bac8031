package kirim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
	"github.com/kirim-go/kirim/internal/webhook"
)

// Event is one webhook delivery, verified. Kirim sends WhatsApp's own events
// in the shape that Meta gives them, where one delivery may hold several
// messages and statuses, and its own, which are one thing each. Data has all
// of it, in order:
//
//	for _, data := range event.Data {
//		switch data := data.(type) {
//		case *kirim.InboundMessage:
//		case *kirim.StatusUpdate:
//		}
//	}
//
// What this version does not know comes as [*UnknownData]. The raw JSON of
// everything is kept.
//
// Docs: https://developers.kirim.chat/webhooks/payloads/
type Event struct {
	// Type is what the event is about. Event types are an open set. Events
	// of Meta's that have no other name have that of their field.
	Type WebhookEventType
	// ID is the event's id, the same on all attempts: evt_… for Kirim's own.
	// For Meta's it is taken from a header, which is not signed, and several
	// statuses of a message may share it.
	ID string
	// DeliveryID is the delivery's id, wbd_…. Do not tell duplicates by it.
	DeliveryID string
	Attempt    int    // 1 to 8; 0 when it is not told
	Source     string // "meta" or "kirim"
	// CreatedAt is when it happened, for Kirim's own events. Those of Meta
	// have a time in each of their elements.
	CreatedAt  time.Time
	ReceivedAt time.Time // by the verifier's clock, or when it was decoded
	Livemode   *bool     // false for a test key; nil when it is not told
	Data       []EventData
	Enrichment *Enrichment // what Kirim adds to events of Meta's; nil when it adds nothing
	Raw        []byte      // the body as it came; Raw fields further down share its memory

	bodyHasID bool // ID is in the body, and so signed
}

// EventData is an element of a delivery: one of [*InboundMessage],
// [*StatusUpdate], [*PaymentUpdate], [*AccountError], [*ConversationAssigned],
// [*ConversationClosed], [*ContactCreated], [*ContactUpdated],
// [*CustomerNotice], [*OutboundNotice], [*MessageRevoked], [*MessageEdited],
// [*ContactIdentityUpdated], [*MessageEcho], [*HistoryChunk],
// [*UserPreference], [*AccountUpdate], [*PhoneNumberQualityUpdate],
// [*TemplateStatusUpdate], [*TemplateQualityUpdate], [*CallUpdate],
// [*GroupUpdate] and [*UnknownData].
type EventData interface {
	// dedupeKey names the element. It is made of what is signed, as far as
	// that can tell one from another.
	dedupeKey(e *Event) string
}

// UnknownData is what this version of the package has no type for: an event
// or a field that is newer, or data that is not of the documented shape.
type UnknownData struct {
	Field             string          // of Meta's, e.g. "security"; empty for Kirim's own
	BusinessAccountID string          // WhatsApp Business Account, for Meta's
	PhoneNumberID     string          // when it is told
	Raw               json.RawMessage // Meta's "value", Kirim's "data", or the whole body
}

// ConversationAssigned tells that a conversation has another assignee.
type ConversationAssigned struct {
	ConversationID string // cnv_…
	Status         ConversationStatus
	UserID         string // usr_…; that it is empty when nobody is assigned now is assumed
	TeamID         string
	PreviousUserID string // empty when nobody was assigned before
	Raw            json.RawMessage
}

// ConversationClosed tells that a conversation was resolved.
type ConversationClosed struct {
	ConversationID string // cnv_…
	Status         ConversationStatus
	ClosedByUserID string // usr_…
	Raw            json.RawMessage
}

// ContactCreated tells of a new contact.
type ContactCreated struct {
	Contact           Contact
	AcquisitionSource string // how the contact arose; the values are not documented
	Raw               json.RawMessage
}

// ContactUpdated tells that a contact was changed.
type ContactUpdated struct {
	Contact       Contact
	ChangedFields []string // names of the contact's fields
	Raw           json.RawMessage
}

// CustomerNotice tells of a customer of the platform mode. Only Customer is
// on the vendor's pages; the other fields are assumed.
//
// Docs: https://docs.kirimdev.com/platform/webhooks/
type CustomerNotice struct {
	Event       WebhookEventType // customer.created, customer.onboarded, …
	Customer    Customer
	SetupLink   *SetupLink       // of customer.setup_link.*
	PhoneNumber *CustomerAccount // of customer.onboarded
	Raw         json.RawMessage
}

func (d *UnknownData) dedupeKey(e *Event) string {
	if e.Source == sourceKirim {
		return eventKey(e, d.Raw)
	}
	return unnamedKey(e, d.BusinessAccountID+":"+d.Field, d.Raw)
}

func (d *ConversationAssigned) dedupeKey(e *Event) string { return eventKey(e, d.Raw) }
func (d *ConversationClosed) dedupeKey(e *Event) string   { return eventKey(e, d.Raw) }
func (d *ContactCreated) dedupeKey(e *Event) string       { return eventKey(e, d.Raw) }
func (d *ContactUpdated) dedupeKey(e *Event) string       { return eventKey(e, d.Raw) }
func (d *CustomerNotice) dedupeKey(e *Event) string       { return eventKey(e, d.Raw) }

// eventKey is for Kirim's own events, which are one thing each. An id that
// only the header has may be that of a message with several events.
func eventKey(e *Event, raw []byte) string {
	if !e.bodyHasID {
		return unnamedKey(e, string(e.Type), raw)
	}
	return elementKey("event", e.ID)
}

// elementKey joins what tells an element from others. A part that could be
// taken for two, or is not printable, is quoted.
func elementKey(kind string, parts ...string) string {
	key := kind
	for _, part := range parts {
		if strings.ContainsFunc(part, func(c rune) bool { return c <= ' ' || c > '~' || c == ':' || c == '"' }) {
			part = strconv.QuoteToASCII(part)
		}
		key += ":" + part
	}
	return key
}

func hashOfBytes(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// unnamedKey is for what has no id of its own. The same thing may well happen
// twice, so that only the id of the event, which is the same on all attempts,
// tells a repeat from a second time. Without one there is no key.
func unnamedKey(e *Event, names string, raw []byte) string {
	if e.ID == "" {
		return ""
	}
	return elementKey("part", e.ID, names) + ":" + hashOfBytes(raw)
}

const (
	sourceMeta  = "meta"
	sourceKirim = "kirim"
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

// eventMessages is the type of what Meta's field of messages has beside
// messages and statuses.
const eventMessages WebhookEventType = "messages"

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
