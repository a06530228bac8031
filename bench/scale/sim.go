package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
)

// simulation runs events in the order of their times. Time is virtual, in seconds, so a
// day takes as long as its events do. The same seed gives the same run.
type simulation struct {
	now    float64
	events eventHeap
	count  int // breaks ties in the order of scheduling
	random *rand.Rand
}

func newSimulation(seed uint64) *simulation {
	return &simulation{random: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // it has to be repeatable
}

type event struct {
	at    float64
	order int
	do    func()
}

type eventHeap []event

// Len implements [heap.Interface], as the methods below.
func (h eventHeap) Len() int { return len(h) }

func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].order < h[j].order
}

func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(e any)   { *h = append(*h, e.(event)) }

// Pop implements [heap.Interface].
func (h *eventHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// after schedules do in so many seconds.
func (s *simulation) after(seconds float64, do func()) {
	s.count++
	heap.Push(&s.events, event{s.now + seconds, s.count, do})
}

// run runs events until there are none, or until the time.
func (s *simulation) run(until float64) {
	for len(s.events) > 0 && s.events[0].at <= until {
		e := heap.Pop(&s.events).(event)
		s.now = e.at
		e.do()
	}
}

// exponential returns a random time of a mean.
func (s *simulation) exponential(mean float64) float64 { return s.random.ExpFloat64() * mean }

// lognormal returns a random time of a median and a p99, as of a network.
func (s *simulation) lognormal(median, p99 float64) float64 {
	const z99 = 2.326
	return median * math.Exp(s.random.NormFloat64()*math.Log(p99/median)/z99)
}

// arrivals calls each at the times of a Poisson process with a rate that changes, which is
// at most highest (thinning).
func (s *simulation) arrivals(highest, until float64, rate func(t float64) float64, each func()) {
	var next func()
	next = func() {
		if s.now < until {
			if s.random.Float64()*highest < rate(s.now) {
				each()
			}
			s.after(s.exponential(1/highest), next)
		}
	}
	s.after(s.exponential(1/highest), next)
}

// pool has servers, and a queue of those that wait for one: workers, connections, cores.
type pool struct {
	sim     *simulation
	servers int
	// every is the least time between two looks into the queue, as River takes jobs in
	// batches; zero for at once.
	every float64

	busy      int
	waiting   []func()
	nextLook  float64
	looking   bool
	busyTime  float64
	busySince float64
	longest   int
}

// acquire calls got when a server is free, which release frees.
func (p *pool) acquire(got func()) {
	p.waiting = append(p.waiting, got)
	p.longest = max(p.longest, len(p.waiting))
	p.look()
}

func (p *pool) release() {
	p.account()
	p.busy--
	p.look()
}

func (p *pool) account() {
	p.busyTime += float64(p.busy) * (p.sim.now - p.busySince)
	p.busySince = p.sim.now
}

// look starts those that wait, now or when it may look again.
func (p *pool) look() {
	if len(p.waiting) == 0 || p.busy >= p.servers || p.looking {
		return
	}
	if p.every > 0 && p.sim.now < p.nextLook {
		p.looking = true
		p.sim.after(p.nextLook-p.sim.now, func() { p.looking = false; p.look() })
		return
	}
	p.nextLook = p.sim.now + p.every
	for len(p.waiting) > 0 && p.busy < p.servers {
		got := p.waiting[0]
		p.waiting = p.waiting[1:]
		p.account()
		p.busy++
		got()
	}
}

// serve occupies a server for a time, and then calls done.
func (p *pool) serve(seconds float64, done func()) {
	p.acquire(func() {
		p.sim.after(seconds, func() {
			p.release()
			done()
		})
	})
}

// utilisation is the part of the servers that was busy on average.
func (p *pool) utilisation() float64 {
	p.account()
	if p.sim.now == 0 {
		return 0
	}
	return p.busyTime / p.sim.now / float64(p.servers)
}

// bucket is a rate limiter: a token bucket, which begins empty, as in the middle of a peak.
type bucket struct {
	rate, capacity float64 // tokens a second, and at most

	tokens, at float64
	sim        *simulation
}

// take calls got when there is a token, first come first served.
func (b *bucket) take(got func()) {
	b.tokens = min(b.capacity, b.tokens+(b.sim.now-b.at)*b.rate)
	b.at = b.sim.now
	b.tokens--
	if b.tokens >= 0 {
		got()
		return
	}
	b.sim.after(-b.tokens/b.rate, got)
}
