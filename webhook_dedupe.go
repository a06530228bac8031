package kirim

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kirim-go/kirim/internal/fifo"
)

// ClaimState is the result of [Deduper.Claim].
type ClaimState int

// Results of a claim.
const (
	Claimed     ClaimState = iota // yours: handle it, then Complete or Release it
	ClaimedDone                   // was handled before: skip it
	ClaimedBusy                   // another delivery is handling it right now
)

// Deduper remembers which elements of webhook deliveries were handled, so
// that each is handled once, although the sender delivers at least once. A
// [WebhookHandler] claims an element before its callback, completes it after
// success and releases it after failure. Methods are called concurrently.
//
// The keys are made by this package from the signed body: number, id and type
// for a received message, id, status and recipient for a status, the event's
// id for Kirim's own events. Where one of these is absent, or does not tell
// one event from another, a hash of the element's bytes takes part. They are
// printable, hold ids and phone numbers, and are seldom longer than 300 bytes.
// Only for what has no id of its own, such as errors of an account, do they
// rest on the header with the event's id, which is not signed.
//
// An implementation for several processes must let a claim lapse when its
// holder is gone, some time after the handler's limit for a delivery
// ([WithDeliveryTimeout]), and should be a [TokenDeduper]. A completed key should
// be kept for seven days, over which the sender may retry. The modules
// stores/storesql and stores/storeredis have some.
type Deduper interface {
	Claim(ctx context.Context, key string) (ClaimState, error)
	Complete(ctx context.Context, key string) error
	Release(ctx context.Context, key string) error
}

const (
	defaultDedupeSize   = 1 << 18
	defaultDedupeMemory = 7 * 24 * time.Hour
)

// MemoryDeduper is a [Deduper] for one process, and the default of
// [NewWebhookHandler]. It is safe for concurrent use and forgets everything
// when the process ends. The zero value is ready to use; a nil one claims
// nothing.
type MemoryDeduper struct {
	mu     sync.Mutex
	size   int           // zero for the default
	memory time.Duration // likewise
	claims map[keyHash]uint64
	last   uint64                // the latest claim of all
	done   map[keyHash]time.Time // when it was completed
	order  fifo.Queue[keyHash]   // of done
}

// NewMemoryDeduper returns a deduper that remembers the latest size elements,
// for memory at most. Zero and less mean the defaults: 262,144 elements, for
// which it needs about 50 MB when full, and seven days. An element that
// was forgotten and comes again is handled again.
func NewMemoryDeduper(size int, memory time.Duration) *MemoryDeduper {
	return &MemoryDeduper{size: max(0, size), memory: max(0, memory)}
}

// lock fails for nil, and leaves it unlocked.
func (d *MemoryDeduper) lock() error {
	if d == nil {
		return errors.New("kirim: the MemoryDeduper is nil")
	}
	d.mu.Lock()
	return nil
}

// Claim implements [Deduper]. The error is nil, unless d is.
func (d *MemoryDeduper) Claim(_ context.Context, key string) (ClaimState, error) {
	state, _, err := d.claim(key)
	return state, err
}

func (d *MemoryDeduper) claim(key string) (ClaimState, uint64, error) {
	h := hashOf(key)
	if err := d.lock(); err != nil {
		return ClaimedBusy, 0, err
	}
	defer d.mu.Unlock()
	if _, busy := d.claims[h]; busy {
		return ClaimedBusy, 0, nil
	}
	if completed, known := d.done[h]; known {
		if time.Since(completed) < cmp.Or(d.memory, defaultDedupeMemory) {
			return ClaimedDone, 0, nil
		}
		delete(d.done, h)
	}
	if d.claims == nil {
		d.claims = make(map[keyHash]uint64)
	}
	d.last++
	d.claims[h] = d.last
	return Claimed, d.last, nil
}

// Complete implements [Deduper]. The error is nil, unless d is.
func (d *MemoryDeduper) Complete(_ context.Context, key string) error {
	return d.complete(key, anyClaim)
}

// anyClaim stands for the claim that holds, if any.
const anyClaim = 0

func (d *MemoryDeduper) complete(key string, claim uint64) error {
	h, now := hashOf(key), time.Now()
	if err := d.lock(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	if holder, busy := d.claims[h]; busy && claim != anyClaim && claim != holder {
		return ErrClaimLost
	}
	delete(d.claims, h)
	if d.done == nil {
		d.done = make(map[keyHash]time.Time)
	}
	d.done[h] = now
	d.order.Push(h, now)
	size, memory := cmp.Or(d.size, defaultDedupeSize), cmp.Or(d.memory, defaultDedupeMemory)
	for {
		oldest, at, ok := d.order.Oldest()
		if !ok || d.order.Len() <= size && now.Sub(at) < memory {
			return nil
		}
		d.order.Pop()
		// A key that was completed again later is in the queue again, too.
		if d.done[oldest].Equal(at) {
			delete(d.done, oldest)
		}
	}
}

// Release implements [Deduper]. The error is nil, unless d is.
func (d *MemoryDeduper) Release(_ context.Context, key string) error {
	return d.release(key, anyClaim)
}

func (d *MemoryDeduper) release(key string, claim uint64) error {
	h := hashOf(key)
	if err := d.lock(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	if claim == anyClaim || claim == d.claims[h] {
		delete(d.claims, h)
	}
	return nil
}

// Len returns how many elements are remembered, including those in progress.
func (d *MemoryDeduper) Len() int {
	if d.lock() != nil {
		return 0
	}
	defer d.mu.Unlock()
	return len(d.claims) + len(d.done)
}
