package kirim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// MessageError is why a message failed that the server had accepted. It is no
// response to a request, but answers the same questions as an [Error]: predicates
// such as [IsOutside24hWindow], [errors.Is] with an [ErrorCode] or a [Kind], and
// [errors.As] with a *MessageError, an *[ErrorCode], a *[Kind] or an *[Error],
// which then has Code, Kind, MetaCode and Message, and no StatusCode.
// [MaybeSent] is false: the message did not arrive. For a nil one, as of a
// message that did not fail, every predicate is false.
//
// Docs: https://developers.kirim.chat/guides/failed-sends/
type MessageError struct {
	Code     ErrorCode       // the vendor's word, verbatim, an open set; may be empty
	MetaCode int             // Meta error code; 0 when there is none
	Kind     Kind            // that of Code, or else of MetaCode; never empty
	Message  string          // for people; it may quote the recipient's number
	Details  string          // Meta's explanation of its number, when there is one
	Raw      json.RawMessage // the error as it came
}

// UnmarshalJSON implements [json.Unmarshaler]: {code, message, provider_code},
// and Meta's form, in which code is the number.
func (e *MessageError) UnmarshalJSON(data []byte) error {
	r := jsonscan.New(slices.Clone(data))
	if r.Peek() != '{' {
		return notAnObject(data)
	}
	event := readEventError(r)
	if !r.Done() {
		return notAnObject(data)
	}
	*e = event.messageError()
	return nil
}

// MarshalJSON implements [json.Marshaler] with what the error was decoded from.
func (e MessageError) MarshalJSON() ([]byte, error) {
	if e.Raw != nil {
		return e.Raw, nil
	}
	return json.Marshal(struct {
		Code         ErrorCode `json:"code,omitzero"`
		Message      string    `json:"message,omitzero"`
		ProviderCode int       `json:"provider_code,omitzero"`
	}{e.Code, e.Message, e.MetaCode})
}

// Error returns one line without the server's text, which may quote a number:
//
//	kirim: the message failed: outside_24h_window: the 24-hour window is closed, send a template, meta code 131047
func (e *MessageError) Error() string {
	if e == nil {
		return "kirim: the message did not fail"
	}
	return e.asError().Error()
}

// Is reports whether target is this error's [ErrorCode] or [Kind].
func (e *MessageError) Is(target error) bool { return e != nil && e.asError().Is(target) }

// As sets a target of type *[ErrorCode], *[Kind] or **[Error].
func (e *MessageError) As(target any) bool {
	if e == nil {
		return false
	}
	if t, ok := target.(**Error); ok {
		*t = e.asError()
		return true
	}
	return e.asError().As(target)
}

// LogValue implements [slog.LogValuer] with the fields that are safe to log.
func (e *MessageError) LogValue() slog.Value {
	if e == nil {
		return slog.StringValue("none")
	}
	attrs := []slog.Attr{slog.String("kind", string(e.Kind))}
	if e.Code != "" {
		attrs = append(attrs, slog.String("code", printable(string(e.Code))))
	}
	if e.MetaCode != 0 {
		attrs = append(attrs, slog.Int("meta_code", e.MetaCode))
	}
	return slog.GroupValue(attrs...)
}

func (e *MessageError) disposition() (Action, time.Duration) { return actionOfFailure(e), 0 }

// asError is the error as one of a response, of which it has no part.
func (e *MessageError) asError() *Error {
	return &Error{Code: e.Code, Kind: e.Kind, MetaCode: e.MetaCode, Message: cmp.Or(e.Message, e.Details), Details: e.Details, late: true}
}

// kindOfFailure classifies why a message failed. The vendor's word wins over
// Meta's number, as it uses 132001 for a parameter of the wrong form, unless it
// says no more than that something failed.
func kindOfFailure(code ErrorCode, metaCode int) Kind {
	failure := Error{MetaCode: metaCode}
	return failure.classify(kindOfCode[code])
}

// EventError is an error in an event: of a message that failed, of one that
// could not be received, or of the account. It matches what a [MessageError]
// does, also when it is nil.
type EventError struct {
	Code int // Meta's; 0 when there is none
	// VendorCode is the vendor's own word, such as outside_24h_window, which the
	// guide on failed sends shows beside Meta's error code; usually empty.
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

func (e *EventError) disposition() (Action, time.Duration) { return actionOfFailure(e), 0 }

func (e *EventError) messageError() MessageError {
	return MessageError{
		Code: e.VendorCode, MetaCode: e.Code, Kind: e.Kind,
		Message: cmp.Or(e.Message, e.Title), Details: e.Details, Raw: e.Raw,
	}
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
