package kirim

import (
	"context"
	"net/http"
	"strconv"
	"time"
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

// RateLimit is what an answer said about the bucket that its request was
// counted in. The zero value means that it said nothing.
type RateLimit struct {
	Limit     int           // capacity, in requests a minute; 0 when not told
	Remaining int           // requests left now; meaningless while Limit is 0
	Reset     time.Time     // when the bucket will be full again; not a time to wait for
	Wait      time.Duration // how long the server asks to wait; 0 when it does not
}

// Known reports whether the answer carried the headers at all.
func (r RateLimit) Known() bool { return r.Limit > 0 }

// Limiter paces requests. Give one to the client with [WithLimiter]. It must
// be safe for concurrent use.
type Limiter interface {
	// Wait returns when a request of the class may go out, or with an error
	// when ctx ends first. It is called before every attempt.
	Wait(ctx context.Context, class RateClass) error
	// Observe is told what each answer said, also of failed attempts. It
	// must not block.
	Observe(class RateClass, answer RateLimit)
}

func rateLimitOf(header http.Header) RateLimit {
	number := func(name string) int64 {
		n, err := strconv.ParseInt(header.Get(name), 10, 64)
		if err != nil || n < 0 {
			return 0
		}
		return n
	}
	r := RateLimit{Limit: int(number("X-Ratelimit-Limit"))}
	if r.Limit == 0 {
		return r
	}
	r.Remaining = int(number("X-Ratelimit-Remaining"))
	if reset := number("X-Ratelimit-Reset"); reset > 0 {
		r.Reset = time.Unix(reset, 0)
	}
	return r
}
