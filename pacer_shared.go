package kirim

import (
	"context"
	"math"
	"sync"
	"time"
)

// LimitStore remembers the last rate limit that was seen of each bucket, for programs
// that share the bucket; see [WithSharedLimit]. Methods are called concurrently.
//
// The package kirimtest/storetest checks implementations.
type LimitStore interface {
	// SaveLimit replaces what is known of the bucket. A limit that was seen before
	// the one that is known changes nothing.
	SaveLimit(ctx context.Context, bucket string, seen SeenLimit) error
	// LastLimit returns what was saved last; known is false when nothing was, or
	// when it was forgotten. After an hour it is of no use.
	LastLimit(ctx context.Context, bucket string) (seen SeenLimit, known bool, err error)
}

// SeenLimit is a rate limit and when it was seen.
type SeenLimit struct {
	RateLimit
	At time.Time // by the clock of the program that saw it
}

// PacerOption configures a [Pacer].
type PacerOption func(*Pacer)

// WithSharedLimit shares the last rate limit seen with other programs, so that one
// that starts is not blind: before its first request it looks up how much was left in
// the bucket, or how long a 429 still asks to wait. It shares no tokens. Each program
// goes on to learn from its own responses, and needs the store no more.
//
// The name is that of the organisation whose buckets they are, the same in all
// programs, such as its id; not an API key. Empty is a name, too. What is read and
// written has the buckets "NAME:read" and "NAME:write".
//
// The first request waits for the store, a second at most. When the store knows
// nothing, fails, or has nothing from the last minute, the Pacer begins as without
// it. What it learns it saves in the background, once a second at most, and without
// effect on any call. The programs' clocks should agree to a second or two. A nil
// store, also a nil pointer in the interface, shares nothing.
func WithSharedLimit(store LimitStore, name string) PacerOption {
	return func(p *Pacer) {
		p.buckets.read.shared, p.buckets.write.shared = nil, nil
		if isNil(store) {
			return
		}
		for _, class := range []RateClass{RateRead, RateWrite} {
			b := p.buckets.of(class)
			b.shared = &sharedLimit{store: store, name: name + ":" + string(class), bucket: b, loaded: make(chan struct{})}
		}
	}
}

const (
	limitLoadTimeout  = time.Second
	limitSaveTimeout  = 5 * time.Second
	limitSaveInterval = time.Second
	limitFresh        = time.Minute // in which any bucket fills
)

// sharedLimit is what a bucket shares with other programs.
type sharedLimit struct {
	store  LimitStore
	name   string
	bucket *pacerBucket

	begin  sync.Once
	loaded chan struct{} // closed when the store has told what it knows

	// Under the mutex of the bucket:
	saving bool      // a save is due or under way
	again  bool      // there is news for another one
	saved  time.Time // when the last one began
}

// load asks the store, once. All who come meanwhile wait for it, but not until
// their contexts end: a store that hangs fails no call.
func (s *sharedLimit) load(ctx context.Context) {
	s.begin.Do(func() {
		// The end of one call's context must not leave all others blind.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limitLoadTimeout)
		go func() {
			defer close(s.loaded)
			defer cancel()
			defer ignorePanic()
			if seen, known, err := s.store.LastLimit(ctx, s.name); err == nil && known {
				s.bucket.mu.Lock()
				defer s.bucket.mu.Unlock()
				s.bucket.restore(seen, time.Now())
			}
		}()
	})
	select {
	case <-s.loaded:
		return
	default:
	}
	patience := limitLoadTimeout
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}
	select {
	case <-s.loaded:
	case <-ctx.Done():
	case <-time.After(patience):
	}
}

// ignorePanic keeps what is wrong with a store from a program that can do without.
func ignorePanic() { _ = recover() }

// restore takes in what another program has seen, unless there is better.
func (b *pacerBucket) restore(seen SeenLimit, now time.Time) {
	ago := max(0, now.Sub(seen.At))
	if b.observed || ago >= limitFresh {
		return
	}
	b.at = now
	if seen.Percent {
		b.full = seen.Remaining <= 0 && seen.Wait > ago
	} else if seen.Limit > 0 {
		b.limit = float64(seen.Limit)
		b.left = min(max(0, float64(seen.Remaining))+b.limit*ago.Minutes(), b.limit)
		b.next = b.limit
		b.round = pacerRound
		// Until responses tell how many others there are, it gives way to them as
		// after refusals: they do not know of it yet.
		b.others = pacerConcede * pacerPrior
	}
	if seen.Wait > ago {
		b.hold(now, seen.Wait-ago)
	}
}

// seen returns what there is to share.
func (b *pacerBucket) seen() (seen SeenLimit, ok bool) {
	seen.At = b.at
	if wait := b.until.Sub(b.at); wait > 0 {
		seen.Wait, seen.Exceeded = wait, true
	}
	switch {
	case b.limit > 0:
		seen.Limit = int(b.limit)
		seen.Remaining = int(max(0, math.Floor(b.left-float64(b.inFlight))))
	case b.full:
		seen.Limit, seen.Percent = 100, true
	}
	return seen, seen.Limit > 0
}

// save has the state of the bucket, whose mutex is held, saved soon.
func (s *sharedLimit) save() {
	if s.again = s.saving; s.again {
		return
	}
	s.saving = true
	since := max(0, time.Since(s.saved)) // the clock may go back
	time.AfterFunc(max(0, limitSaveInterval-since), s.flush)
}

func (s *sharedLimit) flush() {
	b := s.bucket
	b.mu.Lock()
	b.advance(time.Now())
	s.saved, s.again = b.at, false
	seen, ok := b.seen()
	b.mu.Unlock()
	if ok {
		s.write(seen)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.saving = false; s.again {
		s.save()
	}
}

// write saves. What fails is of no consequence: the next one may do better.
func (s *sharedLimit) write(seen SeenLimit) {
	defer ignorePanic()
	ctx, cancel := context.WithTimeout(context.Background(), limitSaveTimeout)
	defer cancel()
	_ = s.store.SaveLimit(ctx, s.name, seen)
}
