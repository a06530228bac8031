package kirim

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kirim-go/kirim/internal/fifo"
)

const (
	defaultWindows = 1 << 17
	maxDecisions   = 1 << 19
)

// MemoryWindowStore is a [WindowStore] and a [WindowDecider] for one process. It is
// safe for concurrent use and forgets everything when the process ends. The zero
// value is ready to use.
type MemoryWindowStore struct {
	mu      sync.Mutex
	size    int // zero for the default
	last    map[string]time.Time
	order   fifo.Queue[string]
	decided decisions
}

// NewMemoryWindowStore returns a store that remembers the size customers who
// wrote last. Zero and less mean 131,072, which take about 50 MB. A customer that
// it has forgotten is unknown, so that a message to them goes out as without a
// store. It also keeps up to 524,288 decisions, which take another 50 MB.
func NewMemoryWindowStore(size int) *MemoryWindowStore {
	return &MemoryWindowStore{size: max(0, size)}
}

// Opened implements [WindowStore]. The error is always nil.
func (w *MemoryWindowStore) Opened(_ context.Context, phoneNumberID, customer string, at time.Time) error {
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

// LastOpened implements [WindowStore]. The error is always nil.
func (w *MemoryWindowStore) LastOpened(_ context.Context, phoneNumberID, customer string) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[windowKey(phoneNumberID, customer)], nil
}

func windowKey(phoneNumberID, customer string) string {
	return phoneNumberID + ":" + digitsOf(customer)
}

var errNoRoomToDecide = errors.New("kirim: the window store has no room for another decision")

// Decide implements [WindowDecider]. Decisions are kept for 25 hours. There is an
// error when 524,288 of them are kept: none is forgotten before its time.
func (w *MemoryWindowStore) Decide(_ context.Context, key string, template bool) (decided bool, err error) {
	h := hashOf(key)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if decided, known := w.decided.lookup(h, now); known {
		return decided, nil
	}
	if w.decided.order.Len() >= maxDecisions {
		return false, errNoRoomToDecide
	}
	w.decided.add(h, template, now)
	return template, nil
}
