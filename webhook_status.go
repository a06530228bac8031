package kirim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// StatusUpdate reports the outcome of a message that was sent. Updates come in
// any order and repeatedly; [StatusTracker] makes sense of them.
//
// Docs: https://developers.kirim.chat/webhooks/payloads/
type StatusUpdate struct {
	// ID is the message's: wamid.…, or, as is reported, msg_… for a failure
	// before WhatsApp accepted it.
	ID                 string
	Status             MessageStatus // an open set
	Time               time.Time
	BusinessAccountID  string
	PhoneNumberID      string // number that sent the message
	DisplayPhoneNumber string
	Recipient          Person // in a group, the participant
	GroupID            string // of a message to a group
	CallbackData       string // biz_opaque_callback_data, when it was sent
	Conversation       *BilledConversation
	Pricing            *Pricing
	Errors             []EventError // why it failed
	Enrichment         *Enrichment  // what Kirim adds to a delivery of this status alone; nil when it adds nothing
	Raw                json.RawMessage
}

// Err returns why the message failed, and nil when it did not or s is nil. It
// answers the questions that errors of a send do: [IsOutside24hWindow],
// [IsRateLimited], [errors.Is] with a [Kind].
func (s *StatusUpdate) Err() error {
	if s == nil || s.Status != MessageFailed {
		return nil
	}
	if len(s.Errors) == 0 {
		return &EventError{Kind: KindUnknown}
	}
	var err error = &s.Errors[0]
	for i := range s.Errors[1:] {
		err = fmt.Errorf("%w; %w", err, &s.Errors[i+1])
	}
	return err
}

// BilledConversation is Meta's billing period that a message fell into.
type BilledConversation struct {
	ID        string
	ExpiresAt time.Time // only on status sent
	Origin    string    // "utility", "marketing", "service" …
}

// Pricing is how Meta bills a message.
type Pricing struct {
	Billable *bool  // nil when unknown; Meta will drop it
	Model    string // "PMP", by message
	Type     string // "regular", "free_customer_service", "free_entry_point"
	Category string // "utility", "marketing", "authentication-international" …
}

// AccountError is a problem of a number that concerns no single message, reported
// under any of Meta's fields that this package knows. What comes with exactly one
// message or call is in its Errors instead.
type AccountError struct {
	EventError
	BusinessAccountID  string
	PhoneNumberID      string
	DisplayPhoneNumber string
	field              string // of Meta's that it came in
}

// Error returns one line without the server's text, which may quote a number.
func (a *AccountError) Error() string {
	if a == nil {
		return noError
	}
	return a.EventError.Error()
}

// Is reports whether target is this error's [ErrorCode] or [Kind].
func (a *AccountError) Is(target error) bool { return a != nil && a.EventError.Is(target) }

// As sets a target of type *[ErrorCode], *[Kind], **[MessageError] or **[Error].
func (a *AccountError) As(target any) bool { return a != nil && a.EventError.As(target) }

func (s *StatusUpdate) dedupeKey(e *Event) string {
	if s.ID == "" {
		return unnamedKey(e, "status", s.Raw)
	}
	key := elementKey("status", s.ID, string(s.Status), s.Recipient.Phone, s.Recipient.UserID)
	if s.Status == "" || s.Recipient.Phone == "" && s.Recipient.UserID == "" {
		key += ":" + hashOfBytes(s.Raw)
	}
	return key
}

func (a *AccountError) dedupeKey(e *Event) string {
	return unnamedKey(e, "error:"+a.PhoneNumberID, a.Raw)
}

// readStatus reads a status and returns its type, which those of messages do not
// have.
func readStatus(r *jsonscan.Reader, s *StatusUpdate) (typ string) {
	r.Peek()
	start := r.Pos()
	var participant Person
	var recipient, recipientType, group string
	isPayment := false
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			s.ID = r.Text()
		case "status":
			s.Status = MessageStatus(r.Intern("sent", "delivered", "read", "failed", "played"))
		case "timestamp":
			s.Time = readTime(r)
		case "recipient_id":
			recipient = r.Text()
		case "recipient_type":
			recipientType = r.Text()
		case "type":
			typ = r.Text()
		case "payment":
			isPayment = r.Peek() == '{'
		// Meta's pages have two orders of the words.
		case "recipient_participant_id", "participant_recipient_id":
			if text := r.Text(); text != "" {
				participant.address(text)
			}
		case "recipient_participant_user_id":
			participant.UserID = r.Text()
		case "recipient_participant_parent_user_id":
			participant.ParentUserID = r.Text()
		case "group_id":
			group = r.Text()
		case "recipient_user_id":
			s.Recipient.UserID = r.Text()
		// Meta's pages have three spellings of this one.
		case "parent_recipient_user_id", "recipient_parent_user_id", "parent_user_id":
			s.Recipient.ParentUserID = r.Text()
		case "recipient_identity_key_hash":
			s.Recipient.IdentityKeyHash = r.Text()
		case "biz_opaque_callback_data":
			s.CallbackData = r.Text()
		case "conversation":
			s.Conversation = jsonscan.Object(r, readBilledConversation)
		case "pricing":
			s.Pricing = jsonscan.Object(r, readPricing)
		case "errors":
			s.Errors = append(s.Errors, readEventErrors(r)...)
		case "error": // of the vendor's guide; its word comes first
			if r.Peek() == '{' {
				s.Errors = slices.Insert(s.Errors, 0, readEventError(r))
			}
		}
	}
	// The group's id comes in a field of its own or in the recipient's.
	if strings.EqualFold(recipientType, "group") || group != "" || participant != (Person{}) {
		s.GroupID = cmp.Or(group, recipient)
		s.Recipient.Phone = participant.Phone
		s.Recipient.UserID = cmp.Or(participant.UserID, s.Recipient.UserID)
		s.Recipient.ParentUserID = cmp.Or(participant.ParentUserID, s.Recipient.ParentUserID)
	} else {
		s.Recipient.address(recipient)
	}
	s.Recipient.settle()
	s.Raw = r.Since(start)
	if typ == "" && isPayment {
		return "payment"
	}
	return typ
}

func readBilledConversation(r *jsonscan.Reader, c *BilledConversation) {
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			c.ID = r.Text()
		case "expiration_timestamp":
			c.ExpiresAt = readTime(r)
		case "origin":
			c.Origin = r.Member("type")
		}
	}
}

func readPricing(r *jsonscan.Reader, p *Pricing) {
	for name := range r.Fields() {
		switch string(name) {
		case "billable":
			p.Billable = r.OptionalBool()
		case "pricing_model":
			p.Model = r.Text()
		case "type":
			p.Type = r.Text()
		case "category":
			p.Category = r.Text()
		}
	}
}
