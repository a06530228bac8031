package kirimtest

import (
	"container/heap"
	"sync"
	"time"
)

// closeGrace is how long Close waits, by the time package, for webhook
// receivers that go on after their request was cancelled.
const closeGrace = 5 * time.Second

// job is something that the sandbox does later.
type job struct {
	at    time.Time
	seq   uint64              // jobs of the same time run in the order in which they were made
	index int                 // in the queue, -1 outside
	slot  bool                // run starts an attempt, which needs a free slot
	run   func(now time.Time) // st.mu is held
}

// agenda is what the sandbox does later, by its own clock. One goroutine works
// on it for as long as there is something in it. All fields are under state.mu.
type agenda struct {
	queue   jobQueue
	made    uint64
	slots   int // attempts that may run at a time
	running int // attempts that do
	working bool
	closed  bool
	wake    chan struct{} // tells the goroutine to look again
	idle    *sync.Cond    // something was done
	group   sync.WaitGroup
}

func (a *agenda) init(mu sync.Locker, slots int) {
	a.slots = slots
	a.wake = make(chan struct{}, 1)
	a.idle = sync.NewCond(mu)
}

// schedule puts j on the agenda. state.mu is held.
func (s *Server) schedule(j *job, at time.Time) {
	a := &s.state.agenda
	j.index = -1
	if a.closed {
		return
	}
	j.at, j.seq = at, a.made
	a.made++
	heap.Push(&a.queue, j)
	if a.working {
		if j.index == 0 { // else it waits for an earlier one anyway
			a.poke()
		}
		return
	}
	a.working = true
	a.group.Add(1)
	go s.work()
}

// cancel takes j off the agenda, if it is on it. state.mu is held.
func (a *agenda) cancel(j *job) {
	if j != nil && j.index >= 0 && !a.closed {
		if j.index == 0 {
			a.poke()
		}
		heap.Remove(&a.queue, j.index)
	}
}

func (a *agenda) poke() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// work does what is due until the agenda is empty or the server is closed.
func (s *Server) work() {
	defer s.state.agenda.group.Done()
	for {
		next, timed, more := s.doDue()
		if !more {
			return
		}
		var fired <-chan time.Time
		stop := func() {}
		if timed {
			fired, stop = timerAt(s.cfg.clock, next)
		}
		select {
		case <-fired:
		case <-s.state.agenda.wake:
		case <-s.closed:
			stop()
			return
		}
		stop()
	}
}

// doDue runs the jobs that are due. It returns when the next one is, unless
// that waits for a slot, and whether there is anything to wait for.
func (s *Server) doDue() (next time.Time, timed, more bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	a := &s.state.agenda
	for !a.closed && len(a.queue) > 0 {
		j, now := a.queue[0], s.cfg.clock.Now()
		if j.at.After(now) {
			return j.at, true, true
		}
		if j.slot && a.running >= a.slots {
			return next, false, true
		}
		heap.Pop(&a.queue)
		j.run(now)
		a.idle.Broadcast()
	}
	a.working = false
	return next, false, false
}

// movableClock is a clock that [Server.Advance] moves.
type movableClock interface {
	Clock
	Advance(d time.Duration)
	timerAt(at time.Time) (fired <-chan time.Time, stop func())
}

// timerAt is a timer for a moment. Between reading a movable clock and starting
// a timer of a duration, a test could move it.
func timerAt(c Clock, at time.Time) (fired <-chan time.Time, stop func()) {
	if m, movable := c.(movableClock); movable {
		return m.timerAt(at)
	}
	return c.NewTimer(at.Sub(c.Now()))
}

// Settle returns when everything that is due by the sandbox's clock was done:
// statuses reported, webhooks delivered, their outcomes noted. It does not wait
// for what is due later, such as the next attempt of a delivery. On a closed
// server it returns at once.
//
// Call it before [ManualClock.Advance], which would otherwise let a webhook that
// is under way time out. Do not call it from a webhook receiver.
func (s *Server) Settle() {
	for _, o := range s.organizations() {
		o.state.settle(s.cfg.clock)
	}
}

func (st *state) settle(clock Clock) {
	st.mu.Lock()
	defer st.mu.Unlock()
	a := &st.agenda
	for !a.closed && (a.running > 0 || len(a.queue) > 0 && !a.queue[0].at.After(clock.Now())) {
		a.idle.Wait()
	}
}

// Advance lets d pass and does all that falls due on the way. A [ManualClock] or
// [RunningClock] is moved from one due moment to the next, so that every attempt goes
// out at its own time, however large d is; with another clock it waits for d to pass,
// which takes no real time under testing/synctest.
func (s *Server) Advance(d time.Duration) {
	defer s.noteSettings()
	clock, movable := s.cfg.clock.(movableClock)
	if !movable {
		fired, stop := s.cfg.clock.NewTimer(d)
		defer stop()
		select {
		case <-fired:
		case <-s.closed:
		}
		s.Settle()
		return
	}
	end := clock.Now().Add(max(d, 0))
	for {
		s.Settle()
		next := end
		for _, o := range s.organizations() {
			if at, found := o.state.nextJob(); found && at.Before(next) {
				next = at
			}
		}
		clock.Advance(next.Sub(clock.Now()))
		if !next.Before(end) {
			break
		}
	}
	s.Settle()
}

func (st *state) nextJob() (at time.Time, found bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.agenda.closed || len(st.agenda.queue) == 0 {
		return at, false
	}
	return st.agenda.queue[0].at, true
}

// endWork lets nothing begin any more.
func (st *state) endWork() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.agenda.closed = true
	st.agenda.queue = nil
	st.agenda.idle.Broadcast()
}

// awaitWork waits for what endWork and closed end.
func awaitWork(organizations []*Server) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, o := range organizations {
			o.state.agenda.group.Wait()
		}
	}()
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
	}
	for _, o := range organizations {
		if o.ownWebhooks {
			o.webhooks.CloseIdleConnections()
		}
	}
}

// jobQueue is a heap, the job that is due first at its top.
type jobQueue []*job

func (q jobQueue) Len() int { return len(q) }

func (q jobQueue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].seq < q[j].seq
}

func (q jobQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *jobQueue) Push(x any) {
	j, _ := x.(*job)
	j.index = len(*q)
	*q = append(*q, j)
}

func (q *jobQueue) Pop() any {
	old := *q
	j := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	j.index = -1
	return j
}
