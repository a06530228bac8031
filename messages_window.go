package kirim

import (
	"context"
	"sync"
	"time"

	"github.com/kirim-go/kirim/internal/fifo"
)

// WindowStore remembers when a customer last wrote to a number, which opens
// the 24-hour window for free-form messages. A [WebhookHandler] fills it
// ([WithWebhookWindowStore]) and [MessagesService.SendOrTemplate] asks it
// ([WithWindowStore]). Methods are called concurrently.
//
// The customer is a phone number in digits, without plus, or a user id.
type WindowStore interface {
	// Opened records that the customer wrote at the time at. Times come in
	// any order; the latest counts.
	Opened(ctx context.Context, phoneNumberID, customer string, at time.Time) error
	// LastOpened returns when the customer last wrote, and the zero time when
	// that is not known.
	LastOpened(ctx context.Context, phoneNumberID, customer string) (time.Time, error)
}

// serviceWindow is how long after a customer's message free-form messages
// may be sent.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
const serviceWindow = 24 * time.Hour

// WindowDecider is an optional interface of a [WindowStore]: it remembers for a
// call of [MessagesService.SendOrTemplate] which of the two goes first, so that
// a retry under the same idempotency key, by this process or another one, does
// the same, although the window opened or closed in between.
//
// The package kirimtest/storetest checks implementations.
type WindowDecider interface {
	// Decide returns whether the template goes first in the call with the key.
	// The first call for a key decides that, by template, in one step with
	// looking whether there was one; all later ones, from any process, get the
	// same result. A decision is kept for 24 hours at least, and better for
	// some more: that is how long the server remembers the key, from the first
	// request on. Keys have up to 255 characters of printable ASCII, and differ
	// in case.
	//
	// After an error the message goes first. When there is no room for another
	// decision, an error is better than forgetting one.
	Decide(ctx context.Context, key string, template bool) (decided bool, err error)
}

// WithTemplateFirst lets [MessagesService.SendOrTemplate] send the template at
// once, unless the store of [WithWindowStore] knows that the window is open;
// without a store, always. It is for customers who seldom write, as with order
// messages: a refused message costs a request of the rate limit. The default is
// the message first, unless the window is known to be closed. It has no effect
// on other calls. Give it to all calls with one key, or to none.
func WithTemplateFirst() RequestOption {
	return func(s *requestSettings) error {
		s.preferTemplate = true
		return nil
	}
}

// templateFirst decides whether the template goes out at once.
func (s *MessagesService) templateFirst(ctx context.Context, to, key string, settings requestSettings) bool {
	if ctx.Err() != nil { // a call that will send nothing decides nothing
		return false
	}
	store := s.settings.windows
	if store == nil {
		return settings.preferTemplate
	}
	var template bool
	switch last, err := store.LastOpened(ctx, s.phoneNumberID, digitsOf(to)); {
	case err != nil:
	case last.IsZero():
		template = settings.preferTemplate
	default:
		template = time.Since(last) > serviceWindow
	}
	decider, ok := store.(WindowDecider)
	switch {
	case key == "": // no call retries this one
		return template
	case !ok:
		return template && settings.key == ""
	}
	if decided, known := s.settings.decided.lookup(key); known {
		return decided
	}
	decided, err := decider.Decide(ctx, key, template)
	if err != nil && ctx.Err() != nil {
		return false
	}
	return s.settings.decided.remember(key, err == nil && decided)
}

// decisionCache is what a client did under its latest keys. A store that fails at
// one of two calls with a key, or loses what it knew, does not change what the
// second one does.
type decisionCache struct {
	mu sync.Mutex
	decisions
}

func (c *decisionCache) lookup(key string) (template, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.decisions.lookup(hashOf(key), time.Now())
}

// remember returns what was remembered first.
func (c *decisionCache) remember(key string, template bool) bool {
	h := hashOf(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if first, known := c.decisions.lookup(h, now); known {
		return first
	}
	for c.order.Len() >= cachedDecisions {
		c.drop()
	}
	c.add(h, template, now)
	return template
}

const (
	// The server remembers a key for 24 hours from the first request on, which
	// may have waited for a limiter, or between attempts.
	decisionMemory  = 25 * time.Hour
	cachedDecisions = 1 << 14
)

// decisions holds for each key whether the template goes first.
type decisions struct {
	template map[keyHash]bool
	order    fifo.Queue[keyHash]
}

// lookup forgets what is old, and looks the key up.
func (d *decisions) lookup(key keyHash, now time.Time) (template, known bool) {
	for {
		_, at, ok := d.order.Oldest()
		if !ok || now.Sub(at) < decisionMemory {
			break
		}
		d.drop()
	}
	template, known = d.template[key]
	return template, known
}

func (d *decisions) add(key keyHash, template bool, now time.Time) {
	if d.template == nil {
		d.template = make(map[keyHash]bool)
	}
	d.template[key] = template
	d.order.Push(key, now)
}

func (d *decisions) drop() {
	oldest, _, _ := d.order.Pop()
	delete(d.template, oldest)
}
