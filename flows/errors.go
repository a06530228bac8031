package flows

import (
	"errors"
	"fmt"
	"reflect"
)

// statusTokenInvalid and the others below are statuses of Meta's own.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/error-codes
const (
	statusTokenInvalid = 427
	statusSignature    = 432
)

// ErrTokenInvalid is returned by a callback when the flow token of a request is not
// valid any more: the order was placed, the offer has ended. The response is 427:
// WhatsApp shows a general error and disables the button that opens the flow. Send a
// new message with a new token to let the user begin again. [TokenInvalid] has a
// message for the user.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/error-codes
var ErrTokenInvalid = errors.New("flows: the flow token is not valid any more")

// TokenInvalid is [ErrTokenInvalid], which it matches, with a message that WhatsApp
// shows to the user in place of its own. The message is error_msg of an encrypted
// body, as Meta's example endpoint has it. That is assumed: the example in Meta's
// reference shows the body in plain. The text of the error does not hold the message.
func TokenInvalid(message string) error { return &tokenInvalidError{message} }

type tokenInvalidError struct{ message string }

func (e *tokenInvalidError) Error() string        { return ErrTokenInvalid.Error() }
func (e *tokenInvalidError) Is(target error) bool { return target == ErrTokenInvalid }

// GoString is Error, so that %#v shows no more.
func (e *tokenInvalidError) GoString() string { return e.Error() }

// body returns the JSON for the user, and nil for none.
func (e *tokenInvalidError) body() []byte {
	if e.message == "" {
		return nil
	}
	return append(append([]byte(`{"error_msg":`), quote(e.message)...), '}')
}

// PanicError is what [WithLogger] logs when a callback panicked.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine, as of [runtime/debug.Stack]
}

// Error has the text of an error of the Go runtime, such as an index out of range,
// and of any other value the type: it may be what a user entered.
func (e *PanicError) Error() string {
	typ := reflect.TypeOf(e.Value)
	of := typ
	if typ != nil && typ.Kind() == reflect.Pointer {
		of = typ.Elem()
	}
	if err, ok := e.Value.(error); ok && of.PkgPath() == "runtime" {
		return "flows: the callback panicked: " + err.Error()
	}
	return fmt.Sprintf("flows: the callback panicked with a value of type %v", typ)
}

// GoString is Error, so that %#v shows no more.
func (e *PanicError) GoString() string { return e.Error() }

var errSignature = errors.New("flows: the signature is missing or wrong")
