package outbox

import (
	"encoding/json"
	"errors"

	"github.com/kirim-go/kirim"
)

// State is how far a message has come in the outbox.
type State string

// The states. A message that failed after it was accepted stays sent, with the
// Status failed.
const (
	StateQueued     State = "queued"     // is sent, or sent again, when its turn comes
	StateSent       State = "sent"       // the server has accepted it
	StateUnknown    State = "unknown"    // may have been sent; see [Outbox.Resolve]
	StateDiscarded  State = "discarded"  // was refused, or failed for too long
	StateExpired    State = "expired"    // was not sent before [Message.Expires]
	StateCancelled  State = "cancelled"  // was not sent because the application said so
	StateSuppressed State = "suppressed" // was not sent because the recipient has stopped marketing
)

// Failure is why a message was not sent, or what is known of an attempt that is
// in doubt. It is stored; errors.Is finds its Kind and its Code.
type Failure struct {
	// Text is that of the error, without phone numbers and content. That of an
	// error of a [Sender] which is not of package kirim is not kept.
	Text      string          `json:"text"`
	Kind      kirim.Kind      `json:"kind,omitempty"`
	Code      kirim.ErrorCode `json:"code,omitempty"`
	MetaCode  int             `json:"meta_code,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
}

// Error implements error.
func (f *Failure) Error() string { return f.Text }

// Is reports whether target is the failure's [kirim.Kind] or [kirim.ErrorCode].
func (f *Failure) Is(target error) bool {
	switch target := target.(type) {
	case kirim.Kind:
		return f.Kind == target
	case kirim.ErrorCode:
		return f.Code == target && target != ""
	}
	return false
}

// As sets a target of type *[kirim.Kind] or *[kirim.ErrorCode].
func (f *Failure) As(target any) bool {
	switch target := target.(type) {
	case *kirim.Kind:
		*target = f.Kind
		return f.Kind != ""
	case *kirim.ErrorCode:
		*target = f.Code
		return f.Code != ""
	}
	return false
}

// failureOf describes an error for the table.
func failureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	if known, ok := find[*Failure](err); ok {
		return known
	}
	f := &Failure{Text: "outbox: the sender failed with an error that is not of package kirim"}
	if refused, ok := find[*kirim.Error](err); ok {
		f.Text, f.Code, f.MetaCode, f.RequestID = refused.Error(), refused.Code, refused.MetaCode, refused.RequestID
	} else if transport, ok := find[*kirim.TransportError](err); ok {
		f.Text = transport.Error()
	} else if invalid, ok := find[*kirim.ValidationError](err); ok {
		f.Text = invalid.Error()
	} else if late, ok := find[*kirim.MessageError](err); ok {
		f.Text, f.Code, f.MetaCode = late.Error(), late.Code, late.MetaCode
	} else {
		for _, fault := range senderFaults {
			if errors.Is(err, fault.is) {
				f.Text = fault.is.Error()
			}
		}
	}
	_ = errors.As(err, &f.Kind)
	f.Code, f.RequestID = storable(f.Code), storable(f.RequestID)
	return f
}

// encode returns the failure as it is stored, or nil.
func (f *Failure) encode() *string {
	if f == nil {
		return nil
	}
	data, _ := json.Marshal(f) // it has texts and numbers alone
	text := string(data)
	return &text
}

func decodeFailure(text *string) *Failure {
	if text == nil {
		return nil
	}
	f := &Failure{}
	if json.Unmarshal([]byte(*text), f) != nil {
		f.Text = "outbox: the stored error cannot be read"
	}
	return f
}
