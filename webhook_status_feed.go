package kirim

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// StatusFeed passes what the webhooks tell of sent messages to the waits for
// them, so that they need not ask the server again and again. Give it to
// the client ([WithStatusFeed]) and attach it to the webhook handler.
//
// The subscription needs message.status, and message.sent, which tells which
// wamid belongs to which msg_… id where a status does not ([StatusUpdate].Enrichment).
// It remembers the latest 65,536 messages. What
// is sent to a group is told of each participant and not heard of here; a wait
// for it asks. A feed may serve several clients and handlers, and is safe for
// concurrent use.
type StatusFeed struct {
	tracker *StatusTracker

	mu    sync.Mutex
	waits map[string][]chan struct{} // by msg_… id
}

// NewStatusFeed returns a feed that is attached to nothing yet.
func NewStatusFeed() *StatusFeed {
	return &StatusFeed{tracker: NewStatusTracker(0), waits: make(map[string][]chan struct{})}
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

func (f *StatusFeed) isZero() bool { return f == nil || f.tracker == nil }

func (f *StatusFeed) hear(_ context.Context, e *Event) error {
	for _, data := range e.Data {
		switch data := data.(type) {
		case *StatusUpdate:
			if id := data.GetEnrichment().MessageID; isKirimID(id) {
				f.tracker.Join(id, data.ID)
			}
			progress, _ := f.tracker.Apply(data)
			f.notify(progress.ID)
		case *OutboundNotice:
			f.tracker.Join(data.ID, data.WAMID)
			f.notify(data.ID)
		}
	}
	return nil
}

// progress implements statusSource.
func (f *StatusFeed) progress(id, wamid string) (known MessageProgress, ok bool) {
	f.tracker.Join(id, wamid)
	return f.tracker.Progress(id, "")
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
