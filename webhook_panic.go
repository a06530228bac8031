package kirim

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
)

// PanicError is what a [WebhookHandler] logs when a callback, or a method of its
// [EventVerifier], has panicked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells the type of the value, and what it says only when it is an error
// of the Go runtime or of this package. Any other may be a customer's message.
func (e *PanicError) Error() string {
	if e == nil {
		return noError
	}
	typ := reflect.TypeOf(e.Value)
	of := typ
	if typ != nil && typ.Kind() == reflect.Pointer {
		of = typ.Elem()
	}
	if err, ok := e.Value.(error); ok && (of.PkgPath() == "runtime" || typ == reflect.TypeFor[misuse]()) {
		return "the callback panicked: " + err.Error()
	}
	return fmt.Sprintf("the callback panicked with a value of type %v", typ)
}

// GoString is Error, so that %#v shows no more.
func (e *PanicError) GoString() string { return e.Error() }

// guarded runs a callback and turns a panic into an error.
func guarded(ctx context.Context, callback func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return callback(ctx)
}

// misuse is what a method without an error result panics with when its
// receiver cannot work. Its text is safe to log.
type misuse string

func (m misuse) Error() string { return string(m) }
