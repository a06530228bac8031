package kirim

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Pacer is a [Limiter] that learns the server's limits from its responses, so
// that nothing has to be configured and few requests are refused with 429:
//
//	client, err := kirim.NewClient(apiKey, kirim.WithLimiter(kirim.NewPacer()))
//
// While there are tokens, requests go at once. Otherwise they wait, and go in
// the order in which they came. Of many at once the first few go, and the
// others when responses have told how much is left for them: at most a second
// later. A wait ends
// with its context, and is not begun when, as things stand, it would pass the
// context's deadline: the error then says so and matches
// [context.DeadlineExceeded]. Either way that attempt was not sent.
//
// Reading and writing are paced apart. Give one Pacer to all clients of an
// organisation in a program, as they draw from the same buckets; programs need
// not know of each other. It is made for Kirim's limits. It is safe for
// concurrent use, has no goroutine of its own, and remembers nothing but a few
// numbers and who is waiting. [WithSharedLimit] tells a program that starts what
// the others have seen last.
//
// # How it works
//
// Each response tells how large the bucket is, and how much is left in it. It is
// assumed to fill evenly, by Limit/60 tokens a second. A request goes when
// what was left, with what has flowed in since and without what is in flight,
// has a token for it. Answers overtake each other, so the lowest of several is
// believed.
//
// What leaves the bucket beyond the Pacer's own requests went to others. For
// each of its own it counts with as many of theirs as there were of late, and
// leaves a few tokens in the bucket when there are any. All who share a bucket
// see the same level in it, so each slows down for the others before it is
// empty, and speeds up when they stop.
//
// What others do shows in responses only. So no more than 8 requests, or an
// eighth of what is left, are in flight at a time; while nothing is known, 8.
//
// After a 429 nothing goes before the time in its Retry-After, for a second
// when it has none, and for a minute at most, in which any bucket fills. That
// is the same time in which the call itself waits to retry its request. A
// 429 that comes with tokens left is about something else than the bucket, and
// holds nobody else up. When the bucket will be full again, which is what
// X-RateLimit-Reset says, is never waited for. A limit that is lower than the one
// before, or than the 60 a minute of the smallest plan, is believed when a second
// response says the same.
//
// Of Meta's limits a response tells a percentage. They do not slow a Pacer down
// before they are used up. Then nothing goes until access is regained, but for 8
// requests a minute that find out.
//
// Docs: https://developers.kirim.chat/concepts/rate-limits/
type Pacer struct {
	buckets perClass[pacerBucket]
}

// NewPacer returns a Pacer that knows nothing yet, but for what a store tells it
// that is shared ([WithSharedLimit]).
func NewPacer(opts ...PacerOption) *Pacer {
	p := &Pacer{}
	for _, opt := range opts {
		if opt != nil {
			opt(p)
		}
	}
	return p
}

const (
	pacerMemory   = 128.0       // for how many tokens of refill use is remembered
	pacerPrior    = 2.0         // tokens of ours that are always counted, so that few odd responses are not trusted
	pacerOthers   = 16.0        // tokens for others to one of ours, at most
	pacerConcede  = 3.0         // likewise, at least, after two refusals in a row
	pacerReserve  = 6.0         // tokens to leave in the bucket when it is shared
	pacerWindow   = 8.0         // requests in flight that never wait for a response
	pacerShown    = 0.125       // likewise, of the tokens left
	pacerRound    = 4           // responses, beside those in flight, of which the lowest is believed
	pacerPatience = time.Second // the longest wait for a response to requests in flight
	pacerHold     = time.Minute // the longest Retry-After that is believed
	pacerLowest   = 60.0        // writes a minute of Kirim's smallest plan: less needs a second response that says so
)

// Wait implements [Limiter].
func (p *Pacer) Wait(ctx context.Context, class RateClass) error {
	if isNil(ctx) {
		return refuse("ctx", "a context", "nil")
	}
	if err := contextError(ctx); err != nil {
		return err
	}
	b := p.buckets.of(class)
	if b.shared != nil {
		b.shared.load(ctx)
		if err := contextError(ctx); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(time.Now())
	wait := b.delay(b.waiting)
	if wait == 0 && b.waiting == 0 && !b.crowded() {
		b.take()
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return fmt.Errorf("the rate limit asks for a wait of %v, which would pass the deadline: %w",
			wait.Round(time.Millisecond), context.DeadlineExceeded)
	}
	return b.queue(ctx)
}

// Observe implements [Limiter].
func (p *Pacer) Observe(class RateClass, answer RateLimit) {
	b := p.buckets.of(class)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.advance(now)
	b.inFlight, b.active, b.observed = max(0, b.inFlight-1), now, true
	switch {
	case answer.Percent: // of a limit that is not told: all that can be done is to stop at its end
		if b.full = answer.Remaining <= 0; b.full && answer.Wait > 0 {
			b.hold(now, answer.Wait)
		}
	case answer.Limit > 0 && !b.doubts(float64(answer.Limit)):
		b.learn(now, answer)
	default: // it may have taken a token all the same
		b.left--
		b.next--
	}
	if answer.Exceeded && (answer.Limit <= 0 || answer.Remaining <= 0) {
		b.hold(now, answer.Wait)
	}
	b.first.wake()
	if b.shared != nil {
		b.shared.save()
	}
}

// pacerBucket is the estimate of one bucket of the server.
type pacerBucket struct {
	mu sync.Mutex

	limit    float64   // its capacity, in tokens; 0 while unknown
	doubted  float64   // a lower one that a single response told
	left     float64   // tokens in it, those for what is in flight included
	at       time.Time // when left is right
	until    time.Time // nothing is sent before
	inFlight int       // requests let go whose end was not observed
	active   time.Time // when inFlight last changed
	observed bool      // the end of a request was, at least once
	full     bool      // a limit is used up of which only a percentage is told

	next  float64 // what left would be by the responses of this round alone
	round int     // responses until the round ends

	answered time.Time // when the last response came
	ours     float64   // tokens taken of late, by our requests
	others   float64   // likewise by others; below zero while ours do not show yet
	refusals int       // in a row

	first, last *pacerWaiter // in the order they came
	waiting     int

	shared *sharedLimit // nil unless it is to be shared
}

// advance lets pass the time until now.
func (b *pacerBucket) advance(now time.Time) {
	elapsed := max(0, now.Sub(b.at)) // the clock may go back
	b.at = now
	tokens := b.limit * elapsed.Minutes()
	b.left = min(b.left+tokens, b.limit)
	b.next = min(b.next+tokens, b.limit)
	keep := max(0, 1-tokens/pacerMemory)
	b.ours *= keep
	b.others *= keep
	if now.Sub(b.active) > pacerHold { // whatever they took has flowed in again
		b.inFlight = 0
	}
	if latest := now.Add(pacerHold); b.until.After(latest) {
		b.until = latest
	}
}

// delay returns how long a request that has some before it has to wait.
func (b *pacerBucket) delay(before int) time.Duration {
	wait := max(0, b.until.Sub(b.at))
	if b.limit == 0 {
		return wait
	}
	share := b.share()
	need := min(share+pacerReserve*(1-1/share), b.limit)
	if missing := need + float64(before+b.inFlight)*share - b.left; missing > 0 {
		wait = max(wait, time.Duration(math.Ceil(missing/b.limit*float64(time.Minute))))
	}
	return wait
}

// crowded reports whether so many requests are in flight that a response should
// come first: what others do shows in responses only.
func (b *pacerBucket) crowded() bool {
	unlimited := b.observed && b.limit == 0 && !b.full // as far as the responses show
	return !unlimited && float64(b.inFlight) >= max(pacerWindow, b.left*pacerShown)
}

// share is how many tokens leave the bucket for each that we take.
func (b *pacerBucket) share() float64 { return 1 + max(0, b.others)/b.counted() }

// counted is how many of our tokens the others' are set against: those that
// the responses show.
func (b *pacerBucket) counted() float64 { return max(0, b.ours-float64(b.inFlight)) + pacerPrior }

func (b *pacerBucket) take() {
	b.inFlight++
	b.active = b.at
	b.ours++
	b.others-- // which the fall of left makes good, once the response is there
}

func (b *pacerBucket) learn(now time.Time, answer RateLimit) {
	limit := float64(answer.Limit)
	if b.limit == 0 && limit < pacerLowest {
		limit, b.doubted = pacerLowest, limit
	}
	remaining := min(max(0, float64(answer.Remaining)), limit)
	recent := b.limit*now.Sub(b.answered).Minutes() < pacerMemory
	b.answered = now
	if b.limit != limit { // it is the first response, or the plan was changed
		b.limit, b.left, b.next, b.round = limit, remaining, limit, b.inFlight+pacerRound
		b.ours, b.others = float64(b.inFlight), -float64(b.inFlight)/2 // half of them show already, by and large
	} else if answer.Exceeded { // it took nothing
		b.ours = max(0, b.ours-1)
		b.others++
	}

	before := b.left
	b.left = min(b.left, remaining)
	b.next = min(b.next, remaining)
	if b.round--; b.round <= 0 {
		b.left, b.next, b.round = b.next, limit, b.inFlight+pacerRound
	}
	if recent {
		b.others += before - b.left
	}

	if b.refusals++; !answer.Exceeded {
		b.refusals = 0
	}
	if b.refusals > 1 {
		b.others = max(b.others, pacerConcede*b.counted())
	}
	b.others = min(max(-float64(b.inFlight), b.others), pacerOthers*b.counted())
}

// doubts reports whether a response should teach nothing. One that is wrong, of a
// proxy perhaps, must not slow everything down: a limit that is lower than the one
// known is believed when the next response says the same.
func (b *pacerBucket) doubts(limit float64) bool {
	if limit >= b.limit || limit == b.doubted {
		b.doubted = 0
		return false
	}
	b.doubted = limit
	return true
}

// hold stops everything for as long as a 429 asks for. There is a token then,
// and perhaps what flows in during a second, to which the time is rounded.
func (b *pacerBucket) hold(now time.Time, wait time.Duration) {
	if wait <= 0 {
		wait = time.Second
	}
	wait = min(wait, pacerHold)
	if until := now.Add(wait); until.After(b.until) {
		b.until = until
	}
	b.left = min(b.left, max(1, b.limit/60)-b.limit*wait.Minutes())
}

// pacerWaiter is a request that waits. Only the first looks at the clock.
type pacerWaiter struct {
	before, after *pacerWaiter
	look          chan struct{} // something has changed for it
}

func (w *pacerWaiter) wake() {
	if w == nil {
		return
	}
	select {
	case w.look <- struct{}{}:
	default: // it will look anyway
	}
}

// queue waits for the turn of a new waiter, and lets go of the lock meanwhile.
func (b *pacerBucket) queue(ctx context.Context) error {
	w := &pacerWaiter{before: b.last, look: make(chan struct{}, 1)}
	if b.last = w; w.before != nil {
		w.before.after = w
	} else {
		b.first = w
	}
	b.waiting++
	defer b.leave(w)
	for impatient := false; ; {
		var due <-chan time.Time
		crowded := false
		if w == b.first {
			wait := b.delay(0)
			if crowded = wait == 0 && !impatient && b.crowded(); crowded {
				wait = pacerPatience
			}
			if wait == 0 {
				b.take()
				return nil
			}
			due = time.After(min(wait, pacerHold))
		}
		b.mu.Unlock()
		var err error
		select {
		case <-ctx.Done():
			err = contextError(ctx)
		case <-w.look:
		case <-due:
			impatient = crowded
		}
		b.mu.Lock()
		if err != nil {
			return err
		}
		b.advance(time.Now())
	}
}

// leave takes a waiter out of the queue, and has the next one look.
func (b *pacerBucket) leave(w *pacerWaiter) {
	if w.before != nil {
		w.before.after = w.after
	} else {
		b.first = w.after
		b.first.wake()
	}
	if w.after != nil {
		w.after.before = w.before
	} else {
		b.last = w.before
	}
	b.waiting--
}
