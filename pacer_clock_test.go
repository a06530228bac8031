package kirim

import (
	"testing"
	"time"
)

// time.Now has a reading that never goes back, but a virtual machine that is
// moved or paused need not keep to that.
func TestAClockThatGoesBackHoldsAPacerUpForAMinuteAtMost(t *testing.T) {
	t.Parallel()
	var b pacerBucket
	now := time.Now()
	b.advance(now)
	b.learn(now, RateLimit{Limit: 60, Exceeded: true})
	b.hold(now, 30*time.Second)
	if wait := b.delay(0); wait != 30*time.Second {
		t.Errorf("the wait is %v", wait)
	}
	now = now.Add(-time.Hour)
	b.advance(now)
	if wait := b.delay(0); wait > time.Minute {
		t.Errorf("after the clock went back the wait is %v", wait)
	}
	b.advance(now.Add(time.Minute))
	if wait := b.delay(0); wait != 0 {
		t.Errorf("a minute later the wait is %v", wait)
	}
}
