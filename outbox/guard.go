package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience is how long after the end of its context a function of the application may
// go on before nobody waits for it any more.
const patience = 5 * time.Second

var (
	errPanicked = errors.New("it panicked")
	errExited   = errors.New("it ended its goroutine with runtime.Goexit")
	errDeaf     = fmt.Errorf("it has not returned %v after the end of its context", patience)
)

// guard calls a function of the application, and returns an error when that panics, ends
// its goroutine, as testing.T.FailNow does, or goes on for long after the end of ctx.
// The goroutine of the caller belongs to River or to the sweep: without it, nothing more
// would be done, and Run would not return.
func guard[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	returned := make(chan outcome, 1)
	go func() {
		o := outcome{err: errExited}
		defer func() {
			if p := recover(); p != nil {
				o = outcome{err: fmt.Errorf("%w with a value of type %T", errPanicked, p)}
			}
			returned <- o
		}()
		o.value, o.err = call()
	}()
	select {
	case o := <-returned:
		return o.value, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-returned:
		return o.value, o.err
	case <-time.After(patience):
		return outcome{}.value, errDeaf
	}
}
