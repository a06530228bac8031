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

var errNoRoomToDecide = errors.New("kirim: the window memory has no room for another decision")

// Decide implements [WindowDecider]. Decisions are kept for 25 hours. There is an
// error when 524,288 of them are kept: none is forgotten before its time.
func (w *MemoryWindows) Decide(_ context.Context, key string, template bool) (decided bool, err error) {
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
