package templates

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

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

// Decided reports whether there is nothing left to wait for: the template is approved,
// rejected, paused or disabled.
func (s State) Decided() bool {
	return slices.Contains([]kirim.TemplateStatus{kirim.TemplateApproved, kirim.TemplateRejected, kirim.TemplatePaused, kirim.TemplateDisabled}, s.Status)
}

// String is such as "order_update (id): rejected: INVALID_FORMAT".
func (s State) String() string {
	text := fmt.Sprintf("%s (%s): %s", printable(s.Name), printable(s.Language), printable(string(s.Status)))
	if s.Status == "" {
		text = fmt.Sprintf("%s (%s): not in the account", printable(s.Name), printable(s.Language))
	}
	if s.Reason != "" {
		text += ": " + printable(s.Reason)
	}
	return text
}

// WatchOptions are choices for a wait. The zero value is valid.
type WatchOptions struct {
	// OnChange is called with the first state of each template, and then with each change.
	OnChange func(State)
	// Events are status updates of templates, such as those of [StatusEvents]: one about a
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

// Error returns one line, with the templates that are not approved.
func (e *WatchError) Error() string {
	var left []string
	for _, s := range e.States {
		if s.Status != kirim.TemplateApproved {
			left = append(left, s.String())
		}
	}
	text := fmt.Sprintf("templates: %d of %d not approved: %s", len(left), len(e.States), strings.Join(left, ", "))
	if e.Err != nil {
		text += ": " + printable(e.Err.Error())
	}
	return text
}

// Unwrap returns Err.
func (e *WatchError) Unwrap() error { return e.Err }

// The waits of Watch. Meta takes minutes to hours, but approves templates for
// authentication at once.
const (
	firstPoll = 2 * time.Second
	lastPoll  = time.Minute
	// fewTemplates are asked for one by one, more of them with a list.
	fewTemplates = 3
	// eventGap is the least time between two polls: events may come in great numbers.
	eventGap = time.Second
	// missingPolls is after how many polls in a row a template does not exist: a list may
	// be late.
	missingPolls = 3
)

// Watch waits until each template is approved, rejected, paused or disabled, and returns
// where they stand, in the order of wanted. When one is not approved in the end, the error
// is a [*WatchError]. Give ctx a deadline: Meta may take a day.
//
// The waits grow from about 2 seconds to about a minute. After a temporary failure it asks
// again, no sooner than the server says; any other failure ends the wait, and so does a
// template that the account has not listed three times in a row.
//
// Docs: https://docs.kirimdev.com/sending/create-templates/
func Watch(ctx context.Context, account Account, wanted []Wanted, options WatchOptions) ([]State, error) {
	w := &watch{account: account, options: options, states: make([]State, len(wanted)), seen: make([]bool, len(wanted)), missing: make([]int, len(wanted)), reasons: make(map[Wanted]string)}
	for i, t := range wanted {
		w.states[i].Wanted = t
	}
	for wait := firstPoll; ; wait = min(2*wait, lastPoll) {
		pause, err := w.poll(ctx, wait+rand.N(wait/4)) //nolint:gosec // spreads load; nobody gains by guessing it
		switch {
		case err != nil:
			return w.states, &WatchError{w.states, err}
		case !slices.ContainsFunc(w.states, func(s State) bool { return !s.Decided() }):
			return w.states, w.verdict()
		}
		asked, err := w.sleep(ctx, pause)
		if err != nil {
			return w.states, &WatchError{w.states, err}
		}
		if asked { // the account may be a little behind its event
			wait = firstPoll / 2
		}
	}
}

type watch struct {
	account Account
	options WatchOptions
	states  []State
	next    time.Time         // before which no event has the account asked
	seen    []bool            // OnChange was called
	missing []int             // in how many polls in a row
	reasons map[Wanted]string // of rejections, as events have them
}

// verdict is the error of templates that are all decided.
func (w *watch) verdict() error {
	if slices.ContainsFunc(w.states, func(s State) bool { return s.Status != kirim.TemplateApproved }) {
		return &WatchError{States: w.states}
	}
	return nil
}

// getter is an account that can be asked for one template.
type getter interface {
	Get(ctx context.Context, name, language string) (*Remote, error)
}

// poll asks once for what is not decided, and returns how long to wait then.
func (w *watch) poll(ctx context.Context, pause time.Duration) (time.Duration, error) {
	err := w.ask(ctx)
	w.next = time.Now().Add(eventGap)
	var answer *kirim.Error
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case !kirim.IsTemporary(err):
		return 0, err
	case errors.As(err, &answer):
		pause = max(pause, answer.RetryAfter)
		w.next = time.Now().Add(answer.RetryAfter)
	}
	return pause, nil
}

func (w *watch) ask(ctx context.Context) error {
	open := w.undecided()
	one, ok := w.account.(getter)
	if !ok || len(open) > fewTemplates {
		remotes, err := w.account.List(ctx)
		if err != nil {
			return err
		}
		for _, i := range open {
			if err := w.see(i, remoteOf(remotes, w.states[i].Name, w.states[i].Language)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range open {
		r, err := one.Get(ctx, w.states[i].Name, w.states[i].Language)
		if isGone(err) {
			r, err = nil, nil
		}
		if err != nil {
			return err
		}
		if err := w.see(i, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *watch) undecided() (open []int) {
	for i, s := range w.states {
		if !s.Decided() {
			open = append(open, i)
		}
	}
	return open
}

// see takes up what the account says of a template; nil for nothing.
func (w *watch) see(i int, r *Remote) error {
	s := &w.states[i]
	now := State{Wanted: s.Wanted}
	if r == nil {
		if w.missing[i]++; w.missing[i] == missingPolls {
			w.tell(i, now)
			return fmt.Errorf("%w: %s (%s)", errGone, printable(s.Name), printable(s.Language))
		}
	} else {
		w.missing[i] = 0
		now.Status = kirim.TemplateStatus(strings.ToLower(string(r.Status)))
		now.Category, now.Reason = r.Category, r.RejectedReason
		if now.Status == kirim.TemplateRejected && now.Reason == "" {
			now.Reason = w.reasons[s.Wanted]
		}
	}
	w.tell(i, now)
	return nil
}

func (w *watch) tell(i int, now State) {
	if w.seen[i] && w.states[i] == now || !w.seen[i] && now.Status == "" && w.missing[i] < missingPolls {
		return
	}
	w.states[i], w.seen[i] = now, true
	if w.options.OnChange != nil {
		w.options.OnChange(now)
	}
}

// sleep waits for as long, or until an event is about a template that is not decided.
func (w *watch) sleep(ctx context.Context, pause time.Duration) (event bool, err error) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return event, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case e, ok := <-w.options.Events:
			switch {
			case !ok:
				w.options.Events = nil
			case e != nil && w.hear(e):
				event = true
				timer.Reset(max(0, time.Until(w.next)))
			}
		}
	}
}

// hear reports whether an event is about a template that is not decided. What it says is
// asked for again: it may be older than what is known, and of another account.
func (w *watch) hear(e *kirim.TemplateStatusUpdate) bool {
	t := Wanted{e.Name, strings.ReplaceAll(e.Language, "-", "_")} // Meta's samples have both forms
	if e.Status == kirim.TemplateRejected {
		w.reasons[t] = reasonOf(e.Reason)
		if e.Rejection != "" {
			w.reasons[t] = strings.TrimPrefix(w.reasons[t]+": "+e.Rejection, ": ")
		}
	}
	return slices.ContainsFunc(w.states, func(s State) bool { return s.Wanted == t && !s.Decided() })
}

// StatusEvents returns the status updates of templates that a handler accepts, for
// [WatchOptions]. The subscription needs Meta's field message_template_status_update,
// of which Kirim documents no event. Updates are dropped while nobody receives them and 64
// are waiting, so that the handler is never held up. It panics when the handler is nil or
// zero; a handler keeps what observes it for good.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
func StatusEvents(h *kirim.WebhookHandler) <-chan *kirim.TemplateStatusUpdate {
	events := make(chan *kirim.TemplateStatusUpdate, 64)
	h.Observe(func(_ context.Context, e *kirim.Event) error {
		for _, data := range e.Data {
			if update, ok := data.(*kirim.TemplateStatusUpdate); ok {
				select {
				case events <- update:
				default:
				}
			}
		}
		return nil
	})
	return events
}

// errGone is the error of a template that the account does not have.
var errGone = errors.New("templates: the account does not have the template")

func isGone(err error) bool { return errors.Is(err, errGone) || kirim.IsNotFound(err) }
