package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Opened is a store under test. It is new and empty.
type Opened[S any] struct {
	// Connect returns the store as one process has it: with a connection of its
	// own, where there is one. It may return the same value each time.
	Connect func() S
	// Advance lets time pass for the store and everybody who is connected to
	// it. Checks that need it are left out when it is nil.
	Advance func(time.Duration)
	// Lease is after how long the claim of a holder that is gone lapses. It is
	// zero where claims do not lapse.
	Lease time.Duration
	// Retention is how long the store remembers what was completed, heard or
	// seen. It is zero where that depends on something else than time.
	Retention time.Duration
	// Count returns how many entries are stored, in whatever unit. Checks that
	// need it are left out when it is nil.
	Count func() int
}

// Option changes how a suite runs.
type Option func(*runner)

// InBubble runs each check in a bubble of testing/synctest, for stores that read the
// clock of the process. [Opened].Advance is then [time.Sleep].
func InBubble() Option {
	return func(r *runner) { r.check = func(t *testing.T, f func(*testing.T)) { t.Helper(); synctest.Test(t, f) } }
}

type runner struct {
	check func(*testing.T, func(*testing.T))
}

// runAll runs each check with a store of its own.
func runAll[S any](t *testing.T, open func(*testing.T) Opened[S], opts []Option, checks map[string]func(*testing.T, Opened[S])) {
	t.Helper()
	r := runner{check: func(t *testing.T, f func(*testing.T)) { t.Helper(); f(t) }}
	for _, opt := range opts {
		opt(&r)
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			r.check(t, func(t *testing.T) { check(t, open(t)) })
		})
	}
}

// advances skips a check of a store whose time cannot be moved.
func (o Opened[S]) advances(t *testing.T) {
	t.Helper()
	if o.Advance == nil {
		t.Skip("the store under test has no Opened.Advance, with which time passes")
	}
}

// cancelled returns a context that has ended.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// must fails the check at once.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// oddKeys differ in what a store might mistake, and are up to 300 bytes long.
func oddKeys() []string {
	long := strings.Repeat("k", 299)
	return []string{
		"message:1:wamid.HBgN", "message:1:wamid.hBgN", "MESSAGE:1:wamid.HBgN", "message:1:wamid.HBg", "message:1:wamid.HBgN ", " message:1:wamid.HBgN",
		"message_1", "message%1", "message*1", "message?1", "message[1]", "{message}1", "{message}:2", `message\1`, `message'1`, `message''1`, `message"1`, `message"\u00e9"`,
		"message\t1", "message\n1", "message\r\n1", "message;--1", "message/../1", "$1", "?1", ":1", "@1", "1", "01", "1.0", "1e0", "0x1", "true", "null", "NULL", "Ünïcödé", "👋",
		long + "a", long + "b", long + "B",
	}
}
