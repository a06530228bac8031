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

// MessagePlayed is the state of a voice message that was listened to.
const MessagePlayed MessageStatus = "played"

// StatusUpdate tells what became of a message that was sent. Updates come in
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
	Billable *bool  // nil when it is not told; Meta will drop it
	Model    string // "PMP", by message
	Type     string // "regular", "free_customer_service", "free_entry_point"
	Category string // "utility", "marketing", "authentication-international" …
}

// EventError is an error in an event: of a message that failed, of one that
// could not be received, or of the account. It matches what a [MessageError]
// does, also when it is nil.
type EventError struct {
	Code int // Meta's; 0 when there is none
	// VendorCode is the vendor's own word, such as outside_24h_window, which the
	// guide on failed sends shows beside Meta's number; usually empty.
	VendorCode ErrorCode
	Kind       Kind   // that of VendorCode, or else of Code; never empty
	Title      string // for people
	Message    string
	Details    string
	Href       string
	Raw        json.RawMessage
}

// Error returns one line without the server's text, which may quote a number.
func (e *EventError) Error() string {
	if e == nil {
		return "kirim: event: no error"
	}
	code := ""
	if e.VendorCode != "" {
		code = printable(string(e.VendorCode)) + ", "
	}
	return fmt.Sprintf("kirim: event: %smeta code %d: %s", code, e.Code, e.Kind.text())
}

// Is reports whether target is this error's [ErrorCode] or [Kind].
func (e *EventError) Is(target error) bool {
	if e == nil {
		return false
	}
	m := e.messageError()
	return m.Is(target)
}

// As sets a target of type *[ErrorCode], *[Kind], **[MessageError] or **[Error].
func (e *EventError) As(target any) bool {
	if e == nil {
		return false
	}
	m := e.messageError()
	if t, ok := target.(**MessageError); ok {
		*t = &m
		return true
	}
	return m.As(target)
}

func (e *EventError) messageError() MessageError {
	return MessageError{
		Code: e.VendorCode, MetaCode: e.Code, Kind: e.Kind,
		Message: cmp.Or(e.Message, e.Title), Details: e.Details, Raw: e.Raw,
	}
}

// AccountError is a problem of a number that concerns no single message. What
// comes with exactly one received message is in [InboundMessage.Errors] instead.
type AccountError struct {
	EventError
	BusinessAccountID  string
	PhoneNumberID      string
	DisplayPhoneNumber string
	field              string // of Meta's that it came in
}

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

func readEventErrors(r *jsonscan.Reader) (errs []EventError) {
	for range r.Elements() {
		errs = append(errs, readEventError(r))
	}
	return errs
}

func readEventError(r *jsonscan.Reader) (e EventError) {
	r.Peek()
	start := r.Pos()
	for name := range r.Fields() {
		switch string(name) {
		case "code": // a number of Meta's, or the vendor's word
			text := r.Text()
			if n, ok := jsonscan.ParseInt(text); !ok {
				e.VendorCode = ErrorCode(text)
			} else if e.Code == 0 {
				e.Code = int(n)
			}
		case "provider_code":
			e.Code = int(r.Int())
		case "title":
			e.Title = r.Text()
		case "message":
			e.Message = r.Text()
		case "details": // where older events have it
			e.Details = r.Text()
		case "error_data":
			if details := r.Member("details"); details != "" {
				e.Details = details
			}
		case "href":
			e.Href = r.Text()
		}
	}
	e.Raw = r.Since(start)
	e.Kind = kindOfFailure(e.VendorCode, e.Code)
	return e
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
			p.Model = r.Intern("PMP", "CBP")
		case "type":
			p.Type = r.Intern("regular", "free_customer_service", "free_entry_point")
		case "category":
			p.Category = r.Intern("utility", "marketing", "authentication", "service")
		}
	}
}
