package kirim

import (
	"math"
	"sync"
	"time"
)

// retryBudget bounds the retries of all calls of a client together to a share of
// its calls, so that an outage is not made worse by retries. A retry is paid for
// when it is sent, not when its wait begins: calls that wait for the end of an outage
// do not keep each other from coming back.
type retryBudget struct {
	mu        sync.Mutex
	unlimited bool
	floor     float64 // what a new client has, which does not fade
	retries   float64 // that may be sent now
	calls     callRate
}

const (
	// budgetShare is what a call adds, in retries. What that brings above the floor
	// fades as the call does. A client that makes a call each 10 s sends 1.13 requests a
	// call over an outage of ten minutes, and with a tenth 1.15.
	budgetShare = 1.0 / 12

	retryCost = 1.0
	// throttledRetryCost is that of a retry after a 429, which costs a server little and
	// which it expects.
	throttledRetryCost = retryCost / 3

	// budgetRounding makes up for sums of twelfths and thirds that are not exact.
	budgetRounding = 1e-9
)

// newRetryBudget returns the budget of a new client, which has the retries of one call.
func newRetryBudget(unlimited bool, maxRetries int) *retryBudget {
	floor := float64(maxRetries)
	return &retryBudget{unlimited: unlimited, floor: floor, retries: floor}
}

// called counts a call that begins.
func (b *retryBudget) called(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.calls.add(now)
	if b.retries > b.floor {
		b.retries = b.floor + (b.retries-b.floor)*left
	}
	b.retries += budgetShare
}

// has reports whether a retry could be sent now.
func (b *retryBudget) has(cost float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unlimited || b.retries+budgetRounding >= cost
}

// take pays for a retry that is about to be sent.
func (b *retryBudget) take(cost float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unlimited {
		return true
	}
	if b.retries+budgetRounding < cost {
		return false
	}
	b.retries -= cost
	return true
}

// give returns what a retry cost that showed that the server works.
func (b *retryBudget) give(cost float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.retries += cost
}

// callsPerSecond returns how often the client made calls in the last minute; 0 when
// that is not known yet.
func (b *retryBudget) callsPerSecond() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls.perSecond()
}

// callRate is how often calls are made. A call of a minute ago counts e⁻¹ of one of
// now.
type callRate struct {
	recent      float64
	first, last time.Time
}

const callMemory = time.Minute

// add counts a call, and returns the share that is left of what was counted before.
func (r *callRate) add(now time.Time) (left float64) {
	left = 1
	if r.first.IsZero() {
		r.first = now
	} else if passed := now.Sub(r.last); passed > 0 {
		left = math.Exp(-passed.Seconds() / callMemory.Seconds())
	}
	r.recent, r.last = r.recent*left+1, now
	return left
}

// perSecond is the rate at the last call; 0 when the first was less than a second ago,
// which is too little to tell. It counts the last call half: when calls come at an
// even pace, it is just their rate.
func (r *callRate) perSecond() float64 {
	age := r.last.Sub(r.first)
	if age < time.Second {
		return 0
	}
	remembered := callMemory.Seconds() * (1 - math.Exp(-age.Seconds()/callMemory.Seconds()))
	return (r.recent - 0.5) / remembered
}
