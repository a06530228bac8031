package kirim

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kirim-go/kirim/internal/system"
)

// RateClass names the token bucket that a request is counted in. Kirim keeps
// one per organisation and class.
//
// Docs: https://developers.kirim.chat/concepts/rate-limits/
type RateClass string

// The two classes.
const (
	RateRead  RateClass = "read"  // GET and HEAD
	RateWrite RateClass = "write" // POST, PUT, PATCH and DELETE
)

// RateLimit is what a response said about the bucket that its request was
// counted in. The zero value means that it said nothing.
//
// Meta's Cloud API tells in X-App-Usage and X-Business-Use-Case-Usage how much of
// its limits is used, in percent. Then Percent is true, Limit is 100, Remaining is
// 100 less the highest of the values, and Wait the longest
// estimated_time_to_regain_access.
//
// Docs: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
type RateLimit struct {
	Limit     int           // capacity, in requests a minute, or 100 percent; 0 when unknown
	Remaining int           // requests left now; meaningless while Limit is 0
	Reset     time.Time     // when the bucket will be full again; not a time to wait for
	Wait      time.Duration // how long the server asks to wait; 0 when it does not
	Exceeded  bool          // the request was one too many: the response was a 429
	Percent   bool          // Limit and Remaining are percentages of limits that the response does not tell
}

// Known reports whether the response carried the headers at all.
func (r RateLimit) Known() bool { return r.Limit > 0 }

// Limiter paces requests. Give one to the client with [WithLimiter]. It
// must be safe for concurrent use.
type Limiter interface {
	// Wait returns nil when a request of the class may go out, or an error,
	// which ends the call, when it may not. It is called before every
	// attempt, and must return when ctx ends.
	Wait(ctx context.Context, class RateClass) error
	// Observe is told how each attempt ended that Wait let go: what its
	// response said, or the zero value when none came. It must not block.
	Observe(class RateClass, answer RateLimit)
}

// perClass keeps something for each of the two classes. A class of another
// name counts as writing.
type perClass[T any] struct{ read, write T }

func (p *perClass[T]) of(class RateClass) *T {
	if class == RateRead {
		return &p.read
	}
	return &p.write
}

// lastLimit is the last thing learnt about a class.
type lastLimit struct {
	mu    sync.Mutex
	value RateLimit
}

func (l *lastLimit) load() RateLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value
}

func (l *lastLimit) store(r RateLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value = r
}

func rateLimitOf(header http.Header) RateLimit {
	number := func(name string) int64 {
		values := header[name] // names are canonical here, which Get would find out each time
		if len(values) == 0 {
			return 0
		}
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil || n < 0 {
			return 0
		}
		return n
	}
	r := RateLimit{Limit: int(number("X-Ratelimit-Limit"))}
	if r.Limit == 0 {
		if usage, ok := system.MetaUsage(header); ok {
			return RateLimit{Limit: 100, Remaining: max(0, 100-usage.Percent), Wait: usage.Regain, Percent: true}
		}
		return r
	}
	r.Remaining = int(number("X-Ratelimit-Remaining"))
	if reset := number("X-Ratelimit-Reset"); reset > 0 {
		r.Reset = time.Unix(reset, 0)
	}
	return r
}
