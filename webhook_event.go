package kirim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
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
	// DeliveryID is the delivery's id, wbd_…. Do not use it to detect duplicates.
	DeliveryID string
	Attempt    int    // 1 to 8; 0 when unknown
	Source     string // "meta" or "kirim"
	// CreatedAt is when it happened, for Kirim's own events. Those of Meta
	// have a time in each of their elements.
	CreatedAt  time.Time
	ReceivedAt time.Time // by the verifier's clock, or when it was decoded
	Livemode   *bool     // false for a test key; nil when unknown
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
	PhoneNumberID     string          // when known
	Raw               json.RawMessage // Meta's "value", Kirim's "data", or the whole body
}

// ConversationAssigned reports that a conversation has another assignee.
type ConversationAssigned struct {
	ConversationID string // cnv_…
	Status         ConversationStatus
	UserID         string // usr_…; that it is empty when nobody is assigned now is assumed
	TeamID         string
	PreviousUserID string // empty when nobody was assigned before
	Raw            json.RawMessage
}

// ConversationClosed reports that a conversation was resolved.
type ConversationClosed struct {
	ConversationID string // cnv_…
	Status         ConversationStatus
	ClosedByUserID string // usr_…
	Raw            json.RawMessage
}

// ContactCreated reports a new contact.
type ContactCreated struct {
	Contact           Contact
	AcquisitionSource string // how the contact arose; the values are not documented
	Raw               json.RawMessage
}

// ContactUpdated reports that a contact was changed.
type ContactUpdated struct {
	Contact       Contact
	ChangedFields []string // names of the contact's fields
	Raw           json.RawMessage
}

// CustomerNotice reports a customer of the platform mode. Only Customer is
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
	key := append(make([]byte, 0, 128), kind...) // one allocation rather than one for each part
	for _, part := range parts {
		key = append(key, ':')
		if strings.ContainsFunc(part, func(c rune) bool { return c <= ' ' || c > '~' || c == ':' || c == '"' }) {
			key = strconv.AppendQuoteToASCII(key, part)
		} else {
			key = append(key, part...)
		}
	}
	return string(key)
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
