package outbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kirim-go/kirim"
)

// ErrNotFound says that there is no message with an id, or no longer.
var ErrNotFound = errors.New("outbox: no such message")

// ErrClosed says that the outbox was closed.
var ErrClosed = errors.New("outbox: it is closed")

// KeyReusedError says that a message has the key of an earlier one that says
// something else. Nothing of the call is enqueued.
type KeyReusedError struct {
	Index int    // of the message in the call
	Key   string // both have
	ID    int64  // of the earlier message; 0 when it is in the same call
}

// Error returns one line, without the key, which may hold a phone number.
func (e *KeyReusedError) Error() string {
	if e.ID == 0 {
		return fmt.Sprintf("outbox: message %d has the key of another one in the same call, with another body", e.Index)
	}
	return fmt.Sprintf("outbox: message %d has the key of message id %d, with another body", e.Index, e.ID)
}

// StateError says that a message is not in a state in which it can be changed so.
type StateError struct {
	ID    int64
	State State // it is in
	Want  string
}

// Error returns one line.
func (e *StateError) Error() string {
	return fmt.Sprintf("outbox: message id %d is %s; want %s", e.ID, e.State, e.Want)
}

// find returns the first error of a type in err. Nil pointers, which a sender may
// return by mistake, do not count.
func find[E error](err error) (found E, ok bool) {
	found, ok = errors.AsType[E](err)
	return found, ok && !isNil(found)
}

// refuse returns the error of a bad argument.
func refuse(field, limit, actual string) error {
	return &kirim.ValidationError{Violations: []kirim.Violation{{Path: field, Limit: limit, Actual: actual}}}
}

// shapeOf describes a text without showing it.
func shapeOf(text string) string {
	if text == "" {
		return "none"
	}
	return fmt.Sprintf("%d characters", len(text))
}

// checkText refuses a text that is not printable ASCII of some length.
func checkText(field, text string, shortest, longest int) error {
	limit := fmt.Sprintf("%d to %d characters of printable ASCII", shortest, longest)
	if len(text) < shortest || len(text) > longest {
		return refuse(field, limit, shapeOf(text))
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return refuse(field, limit, fmt.Sprintf("another character at byte %d of %d", i+1, len(text)))
		}
	}
	if strings.TrimSpace(text) != text {
		return refuse(field, limit+" without a space at an end", "a space at an end")
	}
	return nil
}

// checkReason refuses a text for people that is too long, or that PostgreSQL cannot
// store.
func checkReason(reason string, longest int) error {
	limit := fmt.Sprintf("at most %d bytes of UTF-8 without NUL", longest)
	if len(reason) > longest {
		return refuse("reason", limit, shapeOf(reason))
	}
	if !utf8.ValidString(reason) || strings.Contains(reason, "\x00") {
		return refuse("reason", limit, "other bytes")
	}
	return nil
}

func randomKey() string { return rand.Text() }
