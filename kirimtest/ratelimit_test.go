package kirimtest

import (
	"testing"
	"time"
)

func TestBucketArithmetic(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		perMinute  int
		takes      int
		after      time.Duration // after the takes
		remaining  int64
		untilReset time.Duration
		retryAfter int
	}{
		{"a full bucket resets now", 60, 0, 0, 60, 0, 0},
		{"one token of 60 comes back in a second", 60, 1, 0, 59, time.Second, 0},
		{"an empty bucket of 60 is full in a minute", 60, 60, 0, 0, time.Minute, 1},
		{"half a token is not a token", 60, 60, 500 * time.Millisecond, 0, time.Minute, 1},
		{"a whole token is one", 60, 60, time.Second, 1, time.Minute, 0},
		{"one nanosecond short of a token is none", 60, 60, time.Second - 1, 0, time.Minute, 1},
		{"a token of 600 comes back in a tenth of a second", 600, 600, 100 * time.Millisecond, 1, time.Minute, 0},
		{"a token of 7 takes 9 seconds", 7, 7, 0, 0, time.Minute, 9},
		{"a bucket of one waits a minute", 1, 1, 0, 0, time.Minute, 60},
		{"a bucket of one waits the rest", 1, 1, 59 * time.Second, 0, time.Minute, 1},
		{"a bucket does not overflow", 60, 30, 24 * time.Hour, 60, 24 * time.Hour, 0},
		{"the largest bucket holds", 100_000_000, 1, 0, 99_999_999, time.Second, 0},
		{"the largest bucket holds after a long idle time", 100_000_000, 1, time.Hour, 100_000_000, time.Hour, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBucket(tt.perMinute, epoch)
			for range tt.takes {
				if !b.take(epoch) {
					t.Fatal("no token")
				}
			}
			now := epoch.Add(tt.after)
			b.refill(now)
			got := b.state(now)
			want := rateState{int64(tt.perMinute), tt.remaining, epoch.Add(tt.untilReset).Unix(), tt.retryAfter}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestWritesAndReadsHaveTheirOwnBuckets(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	for i := range 60 {
		r := post(t, s, tmplBody)
		wantStatus(t, r, 200, "")
		if r.num(t, "X-RateLimit-Limit") != 60 || r.num(t, "X-RateLimit-Remaining") != int64(59-i) ||
			r.num(t, "X-RateLimit-Reset") != epoch.Unix()+int64(i)+1 {
			t.Fatalf("send %d: %v", i, r.header)
		}
	}
	r := post(t, s, tmplBody)
	wantStatus(t, r, 429, "rate_limit_exceeded")
	if r.typ() != "rate_limit_error" || r.num(t, "Retry-After") != 1 || r.num(t, "X-RateLimit-Remaining") != 0 {
		t.Errorf("%s %v", r.body, r.header)
	}
	r = do(t, s, "GET", "/v1/me", "")
	wantStatus(t, r, 200, "")
	if r.num(t, "X-RateLimit-Limit") != 600 || r.num(t, "X-RateLimit-Remaining") != 599 {
		t.Errorf("%v", r.header)
	}
	clock.Advance(time.Second)
	wantStatus(t, post(t, s, tmplBody), 200, "")
	wantStatus(t, post(t, s, tmplBody), 429, "rate_limit_exceeded")

	s.SetPlan(Enterprise(1, 0))
	wantStatus(t, post(t, s, tmplBody), 200, "")
	r = post(t, s, tmplBody)
	wantStatus(t, r, 429, "rate_limit_exceeded")
	if r.num(t, "Retry-After") != 60 {
		t.Errorf("%v", r.header)
	}
	if r = do(t, s, "GET", "/v1/me", ""); r.num(t, "X-RateLimit-Limit") != 1 {
		t.Errorf("a limit below 1 must count as 1: %v", r.header)
	}
}

func TestClientErrorsTakeATokenAndRejectedKeysTakeNone(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	tests := []struct {
		name      string
		result    result
		remaining int64
	}{
		{"an accepted send takes one", post(t, s, tmplBody), 59},
		{"a refused send takes one", post(t, s, `{}`), 58},
		{"an unknown path takes one", do(t, s, "POST", "/v1/nothing", "{}"), 57},
		{"a wrong key takes none", post(t, s, tmplBody, bearer("x")), 57},
		{"a 422 takes one", post(t, s, textBody), 56},
	}
	for _, tt := range tests {
		if got := tt.result.num(t, "X-RateLimit-Remaining"); got != tt.remaining {
			t.Errorf("%s: %d left, want %d", tt.name, got, tt.remaining)
		}
	}
}
