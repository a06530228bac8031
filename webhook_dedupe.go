package kirim

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"math"
	"sync"
	"time"
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
	mu       sync.Mutex
	size     int           // zero for the default
	memory   time.Duration // likewise
	epoch    time.Time     // of the first use
	last     uint64        // the latest claim of all
	elements elementTable
}

// NewMemoryDeduper returns a deduper that remembers the latest size elements,
// for memory at most. Zero and less mean the defaults: 262,144 elements, for
// which it needs about 18 MB when full, and seven days. An element that
// was forgotten and comes again is handled again.
func NewMemoryDeduper(size int, memory time.Duration) *MemoryDeduper {
	return &MemoryDeduper{size: min(max(0, size), math.MaxInt32), memory: max(0, memory)}
}

// lock fails for nil, and leaves it unlocked.
func (d *MemoryDeduper) lock() error {
	if d == nil {
		return errors.New("kirim: the MemoryDeduper is nil")
	}
	d.mu.Lock()
	if d.epoch.IsZero() {
		d.epoch = time.Now()
	}
	return nil
}

// Claim implements [Deduper]. The error is nil, unless d is.
func (d *MemoryDeduper) Claim(_ context.Context, key string) (ClaimState, error) {
	state, _, err := d.claim(key)
	return state, err
}

func (d *MemoryDeduper) claim(key string) (ClaimState, uint64, error) {
	h := elementHashOf(key)
	if err := d.lock(); err != nil {
		return ClaimedBusy, 0, err
	}
	defer d.mu.Unlock()
	if i := d.elements.find(&h); i != 0 {
		switch known := d.elements.at(i); {
		case known.claim != 0:
			return ClaimedBusy, 0, nil
		case time.Since(d.epoch)-known.done < cmp.Or(d.memory, defaultDedupeMemory):
			return ClaimedDone, 0, nil
		}
		d.elements.remove(i)
	}
	d.last++
	d.elements.add(&h, d.last)
	return Claimed, d.last, nil
}

// elementHashOf hashes a key without an allocation, unless it is longer than nearly all are.
func elementHashOf(key string) elementHash {
	var room [300]byte
	return sha256.Sum256(append(room[:0], key...))
}

// Complete implements [Deduper]. The error is nil, unless d is.
func (d *MemoryDeduper) Complete(_ context.Context, key string) error {
	return d.complete(key, anyClaim)
}

// anyClaim stands for the claim that holds, if any.
const anyClaim = 0

func (d *MemoryDeduper) complete(key string, claim uint64) error {
	h := elementHashOf(key)
	if err := d.lock(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	i := d.elements.find(&h)
	if i == 0 {
		i = d.elements.add(&h, anyClaim+1)
	} else if holder := d.elements.at(i).claim; holder != 0 && claim != anyClaim && claim != holder {
		return ErrClaimLost
	}
	now := time.Since(d.epoch)
	d.elements.complete(i, now)
	size, memory := cmp.Or(d.size, defaultDedupeSize), cmp.Or(d.memory, defaultDedupeMemory)
	for {
		oldest := d.elements.oldest()
		if oldest == 0 || d.elements.queued <= size && now-d.elements.at(oldest).done < memory {
			return nil
		}
		d.elements.remove(oldest)
	}
}

// Release implements [Deduper]. The error is nil, unless d is.
func (d *MemoryDeduper) Release(_ context.Context, key string) error {
	return d.release(key, anyClaim)
}

func (d *MemoryDeduper) release(key string, claim uint64) error {
	h := elementHashOf(key)
	if err := d.lock(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	i := d.elements.find(&h)
	if i == 0 {
		return nil
	}
	if holder := d.elements.at(i).claim; holder != 0 && (claim == anyClaim || claim == holder) {
		d.elements.remove(i)
	}
	return nil
}

// Len returns how many elements are remembered, including those in progress.
func (d *MemoryDeduper) Len() int {
	if d.lock() != nil {
		return 0
	}
	defer d.mu.Unlock()
	return d.elements.length
}
