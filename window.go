package kirim

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kirim-go/kirim/internal/fifo"
)

// serviceWindow is how long after a customer's message free-form messages
// may be sent.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
const serviceWindow = 24 * time.Hour

// WindowMemory remembers when a customer last wrote to a number, which opens
// the 24-hour window for free-form messages. A [WebhookHandler] fills it
// ([WithWindows]) and [MessagesService.SendOrTemplate] asks it
// ([WithWindowMemory]). Methods are called concurrently.
//
// The customer is a phone number in digits, without plus, or a user id.
type WindowMemory interface {
	// Opened records that the customer wrote at the time at. Times come in
	// any order; the latest counts.
	Opened(ctx context.Context, phoneNumberID, customer string, at time.Time) error
	// LastOpened returns when the customer last wrote, and the zero time when
	// that is not known.
	LastOpened(ctx context.Context, phoneNumberID, customer string) (time.Time, error)
}

// WithWindowMemory lets [MessagesService.SendOrTemplate] send the template at
// once when the memory says that the customer last wrote more than 24 hours
// ago. For a call with a key of its own the memory must be a [WindowDecider], as
// [MemoryWindows] is. What the memory does not know, or fails to tell, is sent
// as without it, and what the server then refuses is still rescued by the
// template. The default is none.
func WithWindowMemory(memory WindowMemory) Option {
	return func(s *settings) error {
		if isNil(memory) {
			return errors.New("kirim: WithWindowMemory: the memory is nil")
		}
		s.windows = memory
		return nil
	}
}

// opensWindow reports whether a message opens the window. WhatsApp's own
// notices do not, nor does what was written in a group. Whether a reaction
// does is not documented; it counts, because a window that is wrongly thought
// open costs a request, one wrongly thought closed an unwanted template.
func (m *InboundMessage) opensWindow() bool {
	return m.Type != MessageTypeSystem && m.GroupID == "" && m.PhoneNumberID != ""
}

const defaultWindows = 1 << 17

// MemoryWindows is a [WindowMemory] and a [WindowDecider] for one process. It is
// safe for concurrent use and forgets everything when the process ends. The zero
// value is ready to use.
type MemoryWindows struct {
	mu      sync.Mutex
	size    int // zero for the default
	last    map[string]time.Time
	order   fifo.Queue[string]
	decided decisions
}

// NewMemoryWindows returns a memory of the latest size customers that wrote.
// Zero and less mean 131,072, for which it needs about 50 MB. Those it
// has forgotten are unknown, which does no harm. Beside them it keeps up to
// 524,288 decisions, for which it needs about as much again.
func NewMemoryWindows(size int) *MemoryWindows {
	return &MemoryWindows{size: max(0, size)}
}

// Opened implements [WindowMemory]. The error is always nil.
func (w *MemoryWindows) Opened(_ context.Context, phoneNumberID, customer string, at time.Time) error {
	key := windowKey(phoneNumberID, customer)
	w.mu.Lock()
	defer w.mu.Unlock()
	known, ok := w.last[key]
	if ok && !at.After(known) {
		return nil
	}
	if w.last == nil {
		w.last = make(map[string]time.Time)
	}
	w.last[key] = at
	w.order.Push(key, at)
	size := cmp.Or(w.size, defaultWindows)
	// Those who wrote again stand in the queue more than once; only their
	// last place counts. The queue is bounded as well.
	for len(w.last) > size || w.order.Len() > 4*size {
		oldest, at, _ := w.order.Pop()
		if w.last[oldest].Equal(at) {
			delete(w.last, oldest)
		}
	}
	return nil
}

// LastOpened implements [WindowMemory]. The error is always nil.
func (w *MemoryWindows) LastOpened(_ context.Context, phoneNumberID, customer string) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[windowKey(phoneNumberID, customer)], nil
}

func windowKey(phoneNumberID, customer string) string {
	return phoneNumberID + ":" + digitsOf(customer)
}
