package templates

import (
	"context"
	"errors"

	"github.com/kirim-go/kirim"
)

// Wanted is a template to wait for, in one language.
type Wanted struct {
	Name     string `json:"name"`
	Language string `json:"language"`
}

// State is where a template stands.
type State struct {
	Wanted
	// Status is the account's, in lower case; empty while the account does not list the
	// template.
	Status kirim.TemplateStatus `json:"status"`
	// Reason is why it was rejected, as far as the account or an event says.
	Reason   string                 `json:"reason,omitempty"`
	Category kirim.TemplateCategory `json:"category,omitempty"`
}

// WatchOptions are choices for a wait. The zero value is valid.
type WatchOptions struct {
	// OnChange is told the first state of each template, and then each change.
	OnChange func(State)
	// Events are status updates of templates, such as those of [StatusEvents]: each about a
	// template that is waited for has the account asked at once. May be nil.
	Events <-chan *kirim.TemplateStatusUpdate
}

// WatchError is the error of a wait that did not end with all templates approved.
type WatchError struct {
	States []State // of all templates, in the order of wanted
	// Err is why the wait ended before there was a verdict on each, such as the error of
	// the context; nil when the verdicts are in States.
	Err error
}

// Error returns one line.
func (e *WatchError) Error() string { return "" }

// Unwrap returns Err.
func (e *WatchError) Unwrap() error { return e.Err }

// Watch waits until each template is approved, rejected, paused or disabled, and returns
// where they stand. Give ctx a deadline: Meta may take a day. When one is not approved in
// the end, the error is a [*WatchError].
func Watch(ctx context.Context, account Account, wanted []Wanted, options WatchOptions) ([]State, error) {
	return nil, errors.ErrUnsupported
}

// StatusEvents returns the status updates of templates that a handler accepts, for
// [WatchOptions]. They are dropped while nobody receives them and 64 are waiting, so
// that the handler is never held up.
func StatusEvents(h *kirim.WebhookHandler) <-chan *kirim.TemplateStatusUpdate {
	events := make(chan *kirim.TemplateStatusUpdate, 64)
	return events
}

// errGone is the error of a template that the account does not have.
var errGone = errors.New("templates: the account does not have the template")
