package outbox

import (
	"testing"
	"time"
)

func TestThePairLimitLetsABurstThroughAndThenOneAtATime(t *testing.T) {
	t.Parallel()
	p := pairPace{limit: PairLimit{Burst: 3, Every: 6 * time.Second}}
	now := noon.UnixMicro()
	for i := range 3 {
		if wait := p.wait(now); wait != 0 {
			t.Fatalf("message %d of the burst waits %v", i, wait)
		}
	}
	for i := range 3 {
		if wait := p.wait(now); wait != 6*time.Second {
			t.Fatalf("message %d after the burst waits %v, want 6 s", i, wait)
		}
		now += (6*time.Second - time.Microsecond).Microseconds()
		if wait := p.wait(now); wait != time.Microsecond {
			t.Fatalf("a microsecond before its time message %d waits %v", i, wait)
		}
		now++
		if wait := p.wait(now); wait != 0 {
			t.Fatalf("at its time message %d waits %v", i, wait)
		}
	}
	now += time.Hour.Microseconds()
	for i := range 4 {
		if wait := p.wait(now); (wait == 0) != (i < 3) {
			t.Fatalf("after an hour message %d waits %v", i, wait)
		}
	}
}

func TestANegativeBurstMeansNoSpacing(t *testing.T) {
	t.Parallel()
	p := pairPace{limit: PairLimit{Burst: -1, Every: time.Hour}}
	for range 1000 {
		if wait := p.wait(noon.UnixMicro()); wait != 0 {
			t.Fatalf("a message waits %v", wait)
		}
	}
}

func TestRefusalsForThePairLimitWaitFourTimesAsLongEach(t *testing.T) {
	t.Parallel()
	p := pairPace{}
	for i, want := range []int{4, 16, 64, 256, 256, 256} {
		if got := p.refused(); got != time.Duration(want)*time.Second {
			t.Errorf("refusal %d waits %v, want %d s", i+1, got, want)
		}
	}
}

func TestBackOffDoublesUpToFiveMinutes(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]time.Duration{
		0: time.Second, 1: 2 * time.Second, 8: 256 * time.Second, 9: 5 * time.Minute, 62: 5 * time.Minute, 1 << 40: 5 * time.Minute,
	} {
		for range 100 {
			if got := backoff(attempts); got > want || got <= want-want/5-1 {
				t.Fatalf("after %d attempts it is %v, want up to 20 %% below %v", attempts, got, want)
			}
		}
	}
}
