package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// LimitStore checks a [kirim.LimitStore]. It calls open for each subtest.
func LimitStore(t *testing.T, open func(*testing.T) Opened[kirim.LimitStore], opts ...Option) {
	t.Helper()
	runAll(t, open, opts, map[string]func(*testing.T, Opened[kirim.LimitStore]){
		"what was saved is known to all":   limitIsShared,
		"the last limit seen counts":       lastLimitCounts,
		"buckets are told apart":           bucketsApart,
		"processes that save at once":      limitsAtOnce,
		"contexts that ended":              limitEnded,
		"old limits leave the store":       oldLimitsGo,
		"a pacer that starts is not blind": pacerKnows,
	})
}

type limitStores = Opened[kirim.LimitStore]

var aLimit = kirim.RateLimit{Limit: 600, Remaining: 42, Reset: time.Unix(1780000060, 0), Wait: 1500 * time.Millisecond, Exceeded: true}

func seenAt(limit kirim.RateLimit, second int) kirim.SeenLimit {
	return kirim.SeenLimit{RateLimit: limit, At: time.Unix(1780000000, 0).Add(time.Duration(second) * time.Second)}
}

// wantLimit looks a bucket up. Times are kept to a millisecond at least.
func wantLimit(t *testing.T, s kirim.LimitStore, bucket string, want kirim.SeenLimit) {
	t.Helper()
	seen, known, err := s.LastLimit(t.Context(), bucket)
	same := func(a, b time.Time) bool { return a.Sub(b).Abs() < time.Millisecond }
	if err != nil || !known || !same(seen.At, want.At) || !same(seen.Reset, want.Reset) {
		t.Errorf("LastLimit(%.40q) is %+v, %v, %v, want %+v", bucket, seen, known, err, want)
		return
	}
	if seen.At, seen.Reset = want.At, want.Reset; seen != want {
		t.Errorf("LastLimit(%.40q) is %+v, want %+v", bucket, seen, want)
	}
}

func limitIsShared(t *testing.T, o limitStores) {
	a, b := o.Connect(), o.Connect()
	if seen, known, err := b.LastLimit(t.Context(), "org:write"); err != nil || known || seen != (kirim.SeenLimit{}) {
		t.Errorf("of an unknown bucket: %+v, %v, %v", seen, known, err)
	}
	for i, limit := range []kirim.RateLimit{aLimit, {Limit: 100, Percent: true, Wait: 90 * time.Minute}, {Limit: 60, Remaining: 60}} {
		must(t, a.SaveLimit(t.Context(), "org:write", seenAt(limit, i)))
		wantLimit(t, b, "org:write", seenAt(limit, i))
	}
	precise := seenAt(aLimit, 10)
	precise.At = precise.At.Add(123456789 * time.Nanosecond).In(time.FixedZone("WIB", 7*60*60))
	must(t, a.SaveLimit(t.Context(), "org:write", precise))
	wantLimit(t, b, "org:write", precise)
}

func lastLimitCounts(t *testing.T, o limitStores) {
	a, b := o.Connect(), o.Connect()
	older, newer := aLimit, aLimit
	older.Remaining, newer.Remaining = 1, 2
	must(t, a.SaveLimit(t.Context(), "k", seenAt(newer, 5)), b.SaveLimit(t.Context(), "k", seenAt(older, 4)))
	wantLimit(t, b, "k", seenAt(newer, 5))
	must(t, b.SaveLimit(t.Context(), "k", seenAt(older, 6)))
	wantLimit(t, a, "k", seenAt(older, 6))
}

func bucketsApart(t *testing.T, o limitStores) {
	s := o.Connect()
	limit := func(i int) kirim.SeenLimit { return seenAt(kirim.RateLimit{Limit: 600, Remaining: i}, i) }
	for i, bucket := range oddKeys() {
		must(t, s.SaveLimit(t.Context(), bucket, limit(i)))
	}
	for i, bucket := range oddKeys() {
		wantLimit(t, o.Connect(), bucket, limit(i))
	}
}

func limitsAtOnce(t *testing.T, o limitStores) {
	const processes, saves = 8, 25
	var all sync.WaitGroup
	var errs [processes]error
	for p := range processes {
		s := o.Connect()
		all.Go(func() {
			for i := range saves {
				n := i*processes + p
				if err := s.SaveLimit(t.Context(), "k", seenAt(kirim.RateLimit{Limit: 600, Remaining: n}, n)); err != nil {
					errs[p] = err
				}
			}
		})
	}
	all.Wait()
	must(t, errs[:]...)
	last := processes*saves - 1
	wantLimit(t, o.Connect(), "k", seenAt(kirim.RateLimit{Limit: 600, Remaining: last}, last))
}

func limitEnded(t *testing.T, o limitStores) {
	s := o.Connect()
	err := s.SaveLimit(cancelled(t), "k", seenAt(aLimit, 0))
	if _, known, after := s.LastLimit(t.Context(), "k"); after != nil || known != (err == nil) {
		t.Errorf("SaveLimit is %v, and then the bucket is known: %v, %v", err, known, after)
	}
	must(t, s.SaveLimit(t.Context(), "k", seenAt(aLimit, 1)))
	if seen, known, err := s.LastLimit(cancelled(t), "k"); err != nil && (known || seen != (kirim.SeenLimit{})) {
		t.Errorf("LastLimit is %+v, %v, %v", seen, known, err)
	}
}

func oldLimitsGo(t *testing.T, o limitStores) {
	o.advances(t)
	if o.Count == nil || o.Retention == 0 {
		t.Skip("the store under test has no Opened.Count or no Opened.Retention")
	}
	s := o.Connect()
	const buckets = 40
	for i := range buckets {
		must(t, s.SaveLimit(t.Context(), fmt.Sprint("old ", i), seenAt(aLimit, 0)))
	}
	o.Advance(2 * o.Retention)
	for i := range buckets {
		must(t, s.SaveLimit(t.Context(), fmt.Sprint("new ", i), seenAt(aLimit, 0)))
	}
	if n := o.Count(); n > buckets+buckets/2 {
		t.Errorf("%d entries are stored for %d buckets that are not too old", n, buckets)
	}
}

func pacerKnows(t *testing.T, o limitStores) {
	s := o.Connect()
	seen := kirim.SeenLimit{RateLimit: kirim.RateLimit{Limit: 600, Exceeded: true, Wait: 50 * time.Second}, At: time.Now()}
	must(t, s.SaveLimit(t.Context(), "org:write", seen))
	p := kirim.NewPacer(kirim.WithSharedLimit(o.Connect(), "org"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.Wait(ctx, kirim.RateWrite); err == nil {
		t.Error("the first request did not wait for the time that a 429 told another process")
	}
	if err := p.Wait(ctx, kirim.RateRead); err != nil {
		t.Errorf("reading: %v", err)
	}
}
