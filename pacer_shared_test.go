package kirim_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// limitLog is a LimitStore that notes when it was asked to save, and may be slow
// or broken.
type limitLog struct {
	mu    sync.Mutex
	seen  map[string]kirim.SeenLimit
	saves []time.Time
	fault func(context.Context) error
}

func (l *limitLog) SaveLimit(ctx context.Context, bucket string, seen kirim.SeenLimit) error {
	l.mu.Lock()
	l.saves = append(l.saves, time.Now())
	if l.seen == nil {
		l.seen = make(map[string]kirim.SeenLimit)
	}
	if !seen.At.Before(l.seen[bucket].At) {
		l.seen[bucket] = seen
	}
	l.mu.Unlock()
	if l.fault != nil {
		return l.fault(ctx)
	}
	return nil
}

func (l *limitLog) LastLimit(ctx context.Context, bucket string) (kirim.SeenLimit, bool, error) {
	if l.fault != nil {
		if err := l.fault(ctx); err != nil {
			return kirim.SeenLimit{}, false, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, known := l.seen[bucket]
	return seen, known, nil
}

func TestAPacerThatStartsKnowsWhatOthersHaveSeen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		seen  kirim.RateLimit
		after time.Duration
		want  time.Duration // that a write waits
	}{
		{"an empty bucket", kirim.RateLimit{Limit: 60}, 0, 8500 * time.Millisecond},
		{"an empty bucket, a while ago", kirim.RateLimit{Limit: 60}, 3 * time.Second, 5500 * time.Millisecond},
		{"an empty bucket that has filled", kirim.RateLimit{Limit: 60}, 10 * time.Second, 0},
		{"a bucket with tokens", kirim.RateLimit{Limit: 600, Remaining: 300}, 0, 0},
		{"a 429", kirim.RateLimit{Limit: 600, Wait: 20 * time.Second, Exceeded: true}, 5 * time.Second, 15 * time.Second},
		{"a 429 whose time is over", kirim.RateLimit{Limit: 600, Wait: 20 * time.Second, Exceeded: true}, 21 * time.Second, 0},
		{"a limit of Meta's that is used up", kirim.RateLimit{Limit: 100, Percent: true, Wait: 30 * time.Second}, 0, 30 * time.Second},
		{"what is too old", kirim.RateLimit{Limit: 60, Wait: time.Hour, Exceeded: true}, time.Minute, 0},
		{"a clock that is ahead", kirim.RateLimit{Limit: 60}, -time.Hour, 8500 * time.Millisecond},
		{"nothing", kirim.RateLimit{}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &limitLog{seen: map[string]kirim.SeenLimit{"org_1:write": {RateLimit: tt.seen, At: time.Now().Add(-tt.after)}}}
				p := kirim.NewPacer(kirim.WithSharedLimit(store, "org_1"))
				if took := waited(t, p, kirim.RateWrite); took.Round(100*time.Millisecond) != tt.want {
					t.Errorf("waited for %v, want %v", took, tt.want)
				}
				mustGoAtOnce(t, p, kirim.RateRead)
				mustGoAtOnce(t, kirim.NewPacer(kirim.WithSharedLimit(store, "org_2")), kirim.RateWrite)
			})
		})
	}
}

func TestAPacerSavesWhatItSawOnceASecondAtMostAndTheLastOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &limitLog{}
		p := kirim.NewPacer(kirim.WithSharedLimit(store, "org_1"))
		began := time.Now()
		for i := range 50 {
			if err := p.Wait(t.Context(), kirim.RateWrite); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
			p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 600, Remaining: 400 - i})
		}
		time.Sleep(2 * time.Second)
		store.mu.Lock()
		defer store.mu.Unlock()
		if n := len(store.saves); n != 4 { // 2.5 seconds of requests
			t.Errorf("%d saves", n)
		}
		for i, at := range store.saves[1:] {
			if at.Sub(store.saves[i]) < time.Second {
				t.Errorf("saved after %v and %v", store.saves[i].Sub(began), at.Sub(began))
			}
		}
		seen := store.seen["org_1:write"]
		if seen.Limit != 600 || seen.Remaining < 350 || seen.Remaining > 365 || seen.Exceeded || len(store.seen) != 1 {
			t.Errorf("saved %+v", store.seen)
		}
	})
}

func TestAStoreOfLimitsThatFailsIsInNobodysWay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault func(context.Context) error
		start time.Duration // that the first request waits
	}{
		"it is down": {func(context.Context) error { return errors.New("down") }, 0},
		"it panics":  {func(context.Context) error { panic("down") }, 0},
		"it hangs":   {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := kirim.NewPacer(kirim.WithSharedLimit(&limitLog{fault: tt.fault}, "org_1"))
				if took := waited(t, p, kirim.RateWrite); took != tt.start {
					t.Errorf("the first request waited for %v, want %v", took, tt.start)
				}
				for range 20 {
					p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 600, Remaining: 500})
					mustGoAtOnce(t, p, kirim.RateWrite)
					time.Sleep(time.Second)
				}
				short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				if err := kirim.NewPacer(kirim.WithSharedLimit(&limitLog{fault: tt.fault}, "org_1")).Wait(short, kirim.RateWrite); err != nil {
					t.Errorf("with little time: %v", err)
				}
				time.Sleep(time.Minute) // the last save gives up
			})
		})
	}
}

func TestAPacerSharesNothingWithoutAStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, p := range []*kirim.Pacer{kirim.NewPacer(nil, kirim.WithSharedLimit(nil, "org_1")), kirim.NewPacer(kirim.WithSharedLimit((*limitLog)(nil), ""))} {
			mustGoAtOnce(t, p, kirim.RateWrite)
			p.Observe(kirim.RateWrite, kirim.RateLimit{Limit: 60, Remaining: 59})
		}
	})
}

// Ten programs that start one after the other while a small bucket is in use: the
// figures are of three seeds together.
func TestProgramsThatShareTheLastLimitSeenAreSeldomRefusedWhenTheyStart(t *testing.T) {
	t.Parallel()
	var refused [2]int64
	for i, shared := range []bool{false, true} {
		c := crowd{programs: 10, goroutines: 16, messages: 240, perMinute: 60, within: time.Minute, shared: shared}
		for seed := range uint64(3) {
			r := c.run(t, seed)
			refused[i] += r.refused
			if ratio := r.ofMinimum(c); ratio > 1.10 {
				t.Errorf("shared %v: took %.3f times the minimum", shared, ratio)
			}
		}
	}
	t.Logf("answers 429: %d without a store, %d with one", refused[0], refused[1])
	if refused[1] > 10 || refused[1] > refused[0]/5 {
		t.Errorf("answers 429: %d without a store, %d with one", refused[0], refused[1])
	}
}
