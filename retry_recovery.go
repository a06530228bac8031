package kirim

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// recovery spreads the retries of the calls that wait until a time that the server
// named with Retry-After. Otherwise all that came during an outage would come back
// in the second in which it ends.
type recovery struct {
	mu      sync.Mutex
	waiting int
	longest time.Duration // that one of those which wait was asked to wait
}

const (
	// maxSpread is the longest that a call waits for the others, after its Retry-After.
	maxSpread = 30 * time.Second
	// spreadOfLongest bounds that for short waits, in multiples of the longest Retry-After.
	// The calls of many clients that make one call each do not see each other: with 1 the
	// largest second of their recovery is 3.6 times the ordinary load, with 3 it is 2.5.
	spreadOfLongest = 3
)

// delayedRetry is a retry that waits for a Retry-After.
type delayedRetry struct {
	asked time.Duration // the Retry-After
	left  time.Duration // from its end to the deadline
	calls float64       // a second, of the client; 0 when that is not known
	// refill is how many calls a second the server takes: that of a bucket which was
	// empty. 0 means that it is not known; then the server is trusted to bear the
	// client's ordinary calls once more.
	refill float64
	// shared means that other clients, which this one does not see, wait for the same
	// time, so that also a call without others around it comes at a random moment.
	shared bool
}

// enter counts a call that begins to wait, and returns for how long after its
// Retry-After it does.
func (r *recovery) enter(c delayedRetry) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting++
	r.longest = max(r.longest, c.asked)
	return c.spread(r.waiting, r.longest, rand.Float64()) //nolint:gosec // spreads load; nobody gains by guessing it
}

// leave counts a call that does not wait any more.
func (r *recovery) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting--; r.waiting == 0 {
		r.longest = 0
	}
}

// spread is the wait of the call that is the place-th of those which wait, after its
// Retry-After. They come back one after the other, as far apart as the client's calls
// usually are, or as tokens come into the bucket; closer when that takes longer
// than maxSpread. random is at least 0 and less than 1.
func (c delayedRetry) spread(place int, longest time.Duration, random float64) time.Duration {
	wait := c.turn(place, random)
	if wait == 0 {
		wait = jitter(min(c.asked/10, time.Second))
	}
	most := maxSpread
	if c.refill == 0 {
		most = min(maxSpread, spreadOfLongest*min(longest, maxSpread))
	}
	if most = min(most, c.left/2); wait > most {
		wait = jitter(most)
	}
	return wait
}

// turn is spread without what bounds it. It is 0 for the first that waits for a bucket,
// and when no rate is known.
func (c delayedRetry) turn(place int, random float64) time.Duration {
	rate := c.refill
	if rate == 0 {
		rate = c.calls
	}
	if rate == 0 {
		return 0
	}
	before := float64(place - 1)
	if c.shared {
		before += 1 - random
	}
	// How many calls there will be when the wait is over.
	expected := float64(place) - 0.5 + c.calls*c.asked.Seconds()
	apart := min(1/rate, maxSpread.Seconds()/expected)
	return time.Duration(before * apart * float64(time.Second))
}

// jitter returns a random duration from 0 to limit.
func jitter(limit time.Duration) time.Duration {
	return rand.N(min(limit, math.MaxInt64-1) + 1) //nolint:gosec // spreads load; nobody gains by guessing it
}
