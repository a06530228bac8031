package kirimtest

import (
	"net/http"
	"strconv"
	"time"
)

// Plan is the rate plan of the organisation: the capacity of its two token
// buckets, which are also what flows in per minute. POST, PUT, PATCH and DELETE
// take from the write bucket, GET and HEAD from the read bucket.
type Plan struct {
	Name           string // shown as rate_limits.tier by GET /me
	WritePerMinute int    // 1 to 100,000,000
	ReadPerMinute  int    // 1 to 100,000,000

	// WithoutAPI is a plan that does not include the API: 403
	// feature_not_available.
	WithoutAPI bool
}

// Free is the default plan: 60 writes and 600 reads per minute.
func Free() Plan { return Plan{Name: "free", WritePerMinute: 60, ReadPerMinute: 600} }

// Pro is the plan with 600 writes and 6000 reads per minute.
func Pro() Plan { return Plan{Name: "pro", WritePerMinute: 600, ReadPerMinute: 6000} }

// Enterprise is a plan with limits of its own. Numbers outside 1 to 100,000,000
// are brought to the nearer end.
func Enterprise(writePerMinute, readPerMinute int) Plan {
	return Plan{Name: "enterprise", WritePerMinute: writePerMinute, ReadPerMinute: readPerMinute}
}

func (p Plan) clamped() Plan {
	const most = 100_000_000 // keeps bucket arithmetic within 63 bits
	p.WritePerMinute = min(max(p.WritePerMinute, 1), most)
	p.ReadPerMinute = min(max(p.ReadPerMinute, 1), most)
	return p
}

// token is the level of one token in a bucket. A nanosecond adds limit to the
// level, so that limit tokens flow in per minute, in whole numbers.
const token = int64(time.Minute)

type bucket struct {
	limit int64
	level int64
	at    time.Time // when level was right
}

func newBucket(perMinute int, now time.Time) bucket {
	limit := int64(perMinute)
	return bucket{limit: limit, level: limit * token, at: now}
}

func (b *bucket) refill(now time.Time) {
	elapsed := now.Sub(b.at)
	if elapsed <= 0 {
		return
	}
	// A minute fills the bucket. Of the largest plans the sum of two full ones
	// would overflow.
	b.level += min(b.limit*int64(min(elapsed, time.Minute)), b.limit*token-b.level)
	b.at = now
}

// take removes one token if there is one.
func (b *bucket) take(now time.Time) bool {
	b.refill(now)
	if b.level < token {
		return false
	}
	b.level -= token
	return true
}

func (b *bucket) giveBack() {
	b.level = min(b.level+token, b.limit*token)
}

// rateState is what a response says about a bucket.
type rateState struct {
	limit, remaining int64
	reset            int64 // unix seconds
	retryAfter       int   // seconds until there is a token, 0 when there is one
}

func (b *bucket) state(now time.Time) rateState {
	untilFull := ceilDiv(b.limit*token-b.level, b.limit)
	full := now.Add(time.Duration(untilFull))
	reset := full.Unix()
	if full.Nanosecond() > 0 {
		reset++
	}
	s := rateState{limit: b.limit, remaining: b.level / token, reset: reset}
	if b.level < token {
		s.retryAfter = int(ceilDiv(ceilDiv(token-b.level, b.limit), int64(time.Second)))
	}
	return s
}

func (s rateState) write(h http.Header) {
	h["X-Ratelimit-Limit"] = []string{strconv.FormatInt(s.limit, 10)}
	h["X-Ratelimit-Remaining"] = []string{strconv.FormatInt(s.remaining, 10)}
	h["X-Ratelimit-Reset"] = []string{strconv.FormatInt(s.reset, 10)}
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// isWrite tells which bucket a method takes from.
func isWrite(method string) bool {
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return false
}

// takeToken takes a token of the bucket for method and reports whether there
// was one, and how the bucket stands then.
func (st *state) takeToken(method string, now time.Time) (rateState, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	b := st.bucket(method)
	ok := b.take(now)
	return b.state(now), ok
}

// returnToken undoes takeToken.
func (st *state) returnToken(method string, now time.Time) rateState {
	st.mu.Lock()
	defer st.mu.Unlock()
	b := st.bucket(method)
	b.giveBack()
	return b.state(now)
}

// peekTokens tells how the bucket for method stands.
func (st *state) peekTokens(method string, now time.Time) rateState {
	st.mu.Lock()
	defer st.mu.Unlock()
	b := st.bucket(method)
	b.refill(now)
	return b.state(now)
}

func (st *state) bucket(method string) *bucket {
	if isWrite(method) {
		return &st.write
	}
	return &st.read
}

// SetPlan changes the organisation's plan and fills both buckets.
func (s *Server) SetPlan(p Plan) {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.setPlan(p, now)
	s.noteSettings()
}

func (st *state) setPlan(p Plan, now time.Time) {
	st.plan = p.clamped()
	st.write = newBucket(st.plan.WritePerMinute, now)
	st.read = newBucket(st.plan.ReadPerMinute, now)
}
