package kirim

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// StatusFeed passes what the webhooks tell of sent messages to the waits for
// them, so that they need not ask the server again and again. Give it to
// the client ([WithStatusFeed]) and attach it to the webhook handler.
//
// The subscription needs message.status, and message.sent, which tells which
// wamid belongs to which msg_… id where a status does not ([StatusUpdate].Enrichment).
// It remembers the latest 65,536 messages, unless [WithStatusStore] gives it another
// memory. What
// is sent to a group is told of each participant and not heard of here; a wait
// for it asks. A feed may serve several clients and handlers, and is safe for
// concurrent use.
type StatusFeed struct {
	store  StatusStore
	shared bool // other processes may write to the store

	mu    sync.Mutex
	waits map[string][]chan struct{} // by msg_… id
}

// StatusFeedOption configures a [StatusFeed].
type StatusFeedOption func(*StatusFeed)

// WithStatusStore keeps what the feed hears in a store that other processes share: a
// wait then also learns of what their webhooks received. It looks into the store after 1, 2
// and 4 seconds, and then every 5 seconds. When the store fails, the delivery is
// refused and comes again, and a wait goes on asking the server. The default is the memory
// of the process; nil, also a nil pointer in the interface, means that.
func WithStatusStore(store StatusStore) StatusFeedOption {
	return func(f *StatusFeed) { f.store, f.shared = store, true }
}

// NewStatusFeed returns a feed that is attached to nothing yet.
func NewStatusFeed(opts ...StatusFeedOption) *StatusFeed {
	f := &StatusFeed{waits: make(map[string][]chan struct{})}
	for _, opt := range opts {
		if opt != nil {
			opt(f)
		}
	}
	if isNil(f.store) {
		f.store, f.shared = NewStatusTracker(0).Store(), false
	}
	return f
}

// WithStatusFeed makes [MessagesService.Wait] and [MessagesService.SendAndWait]
// listen to the feed.
func WithStatusFeed(feed *StatusFeed) Option {
	return func(s *settings) error {
		if feed.isZero() {
			return errors.New("kirim: WithStatusFeed: the feed is not one of NewStatusFeed")
		}
		s.feed = feed
		return nil
	}
}

// Attach makes the feed hear of what the handler accepts, beside the handler's
// callbacks; see [WebhookHandler.Observe]. It panics when one of the two is nil
// or zero.
func (f *StatusFeed) Attach(h *WebhookHandler) {
	if f.isZero() {
		panic(misuse("kirim: the StatusFeed is not one of NewStatusFeed"))
	}
	h.Observe(f.hear)
}

func (f *StatusFeed) isZero() bool { return f == nil || f.store == nil }

func (f *StatusFeed) hear(ctx context.Context, e *Event) error {
	for _, data := range e.Data {
		switch data := data.(type) {
		case *StatusUpdate:
			if id := data.GetEnrichment().MessageID; isKirimID(id) {
				if err := f.store.Join(ctx, id, data.ID); err != nil {
					return err
				}
			}
			progress, _, err := f.store.Apply(ctx, data)
			if err != nil {
				return err
			}
			f.notify(progress.ID)
		case *OutboundNotice:
			if err := f.store.Join(ctx, data.ID, data.WAMID); err != nil {
				return err
			}
			f.notify(data.ID)
		}
	}
	return nil
}

// The pauses of a wait between two looks into a store that is shared.
const (
	firstStoreLook = time.Second
	lastStoreLook  = 5 * time.Second
)

// nextLook implements statusSource.
func (f *StatusFeed) nextLook(pause time.Duration) time.Duration {
	if !f.shared {
		return 0
	}
	return min(max(firstStoreLook, 2*pause), lastStoreLook)
}

// progress implements statusSource. What the store cannot tell is not known.
func (f *StatusFeed) progress(ctx context.Context, id, wamid string) (known MessageProgress, ok bool) {
	known, ok, err := f.store.Progress(ctx, id, "")
	if err == nil && wamid != "" && known.WAMID != wamid {
		if err = f.store.Join(ctx, id, wamid); err == nil {
			known, ok, err = f.store.Progress(ctx, id, "")
		}
	}
	return known, ok && err == nil
}

func (f *StatusFeed) notify(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, changed := range f.waits[id] {
		select {
		case changed <- struct{}{}:
		default: // it has news already that it has not looked at
		}
	}
}

func (f *StatusFeed) subscribe(id string) chan struct{} {
	changed := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waits[id] = append(f.waits[id], changed)
	return changed
}

func (f *StatusFeed) unsubscribe(id string, changed chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rest := slices.DeleteFunc(f.waits[id], func(other chan struct{}) bool { return other == changed })
	if f.waits[id] = rest; len(rest) == 0 {
		delete(f.waits, id)
	}
}
