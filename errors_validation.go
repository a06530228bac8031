package kirim

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Violation is one rule that a message breaks. It holds lengths and shapes,
// never the content itself.
type Violation struct {
	// Path is where in the body: "interactive.action.buttons[1].reply.title",
	// or else what is wrong beside it: an id in the path, such as
	// "phone_number_id", "path", "query", "body", "method", "ctx", or the name
	// of an option.
	Path string
	// Limit is what is allowed there: "1 to 20 characters".
	Limit string
	// Actual is the length or the shape found: "27 characters".
	Actual string
}

// String is "path: want limit, got actual". A path longer than 120 characters,
// which only carousels within carousels have, is cut.
func (v Violation) String() string {
	return fmt.Sprintf("%.120s: want %s, got %s", v.Path, v.Limit, v.Actual)
}

// ValidationError is all that is wrong with a request that was therefore not
// sent. Every refusal of this package before sending is one. Its text holds no
// phone number, no URL and nothing of the content.
type ValidationError struct {
	Violations []Violation

	cause error // what said so; may be nil
}

// Error is one line with the first ten violations and the number of the rest.
func (e *ValidationError) Error() string {
	if e == nil {
		return noError
	}
	return "kirim: invalid request: " + strings.Join(e.listed(), "; ")
}

func (e *ValidationError) listed() []string {
	list := make([]string, 0, maxListedViolations+1)
	for i, v := range e.Violations {
		if i == maxListedViolations {
			return append(list, fmt.Sprintf("and %d more", len(e.Violations)-i))
		}
		list = append(list, v.String())
	}
	return list
}

const maxListedViolations = 10

// Unwrap returns what kept a value from being encoded, which may quote it, the
// [*TemplateNotApprovedError] of [Template.Check], or the err of [TemplateContent];
// nil for all else.
func (e *ValidationError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// LogValue is the number of violations and the text of the first ten.
func (e *ValidationError) LogValue() slog.Value {
	if e == nil {
		return slog.StringValue("none")
	}
	return slog.GroupValue(
		slog.Int("count", len(e.Violations)),
		slog.Any("violations", e.listed()),
	)
}

// Is makes a message that was refused here look like one that the server
// refused: [KindInvalidRequest], and [KindInvalidRecipient] when "to" is wrong.
func (e *ValidationError) Is(target error) bool {
	return e != nil && (target == KindInvalidRequest || target == KindInvalidRecipient &&
		slices.ContainsFunc(e.Violations, func(v Violation) bool { return v.Path == "to" }))
}

// As sets a target of type *[Kind]: to [KindInvalidRecipient] when "to" is
// wrong, to [KindTemplateUnavailable] when the template is paused or disabled,
// else to [KindInvalidRequest].
func (e *ValidationError) As(target any) bool {
	kind, ok := target.(*Kind)
	if !ok || e == nil {
		return false
	}
	switch *kind = KindInvalidRequest; {
	case e.Is(KindInvalidRecipient):
		*kind = KindInvalidRecipient
	case errors.Is(e.cause, KindTemplateUnavailable):
		*kind = KindTemplateUnavailable
	}
	return true
}

// refuse is the error for a request with one fault, for which nothing was sent.
func refuse(path, limit, actual string) *ValidationError {
	return &ValidationError{Violations: []Violation{{path, limit, actual}}}
}

// refuseEncoding is refuse for a value that could not be encoded. Its text
// shows no more than the type, as that of the cause may quote the value.
func refuseEncoding(path, limit string, value any, cause error) error {
	e := refuse(path, limit, fmt.Sprintf("a value of type %T that cannot be encoded", value))
	e.cause = cause
	return e
}

// bounds is how many of a unit there may be. A max of 0 is none.
type bounds struct {
	min, max int
	unit     string
}

func (l bounds) allows(n int) bool { return n >= l.min && (l.max == 0 || n <= l.max) }

func (l bounds) String() string {
	switch {
	case l.max == 0:
		return "at least " + quantity(l.min, l.unit)
	case l.min == 0:
		return "at most " + quantity(l.max, l.unit)
	default:
		return strconv.Itoa(l.min) + " to " + quantity(l.max, l.unit)
	}
}

func quantity(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}

// isNil reports whether an interface holds nothing, or a nil of some type, which
// is useless to a caller of its methods.
func isNil(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return v.IsNil()
	default:
		return false
	}
}

func firstUnprintable(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f })
}
