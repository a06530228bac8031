package kirimtest

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ChangeKind says what a [Change] is about.
type ChangeKind string

// The kinds of changes. Each has the field of [Change] of the same name, where
// there is one.
const (
	// ChangeRequest is a request that came, and once more when its response was
	// decided: then Request.Duration is set, and Request.Status unless the
	// connection was dropped.
	ChangeRequest ChangeKind = "request"

	// ChangeMessage is a send that was accepted.
	ChangeMessage ChangeKind = "message"

	// ChangeStatus is a status of a sent message. Message.Status is the furthest
	// by now.
	ChangeStatus ChangeKind = "status"

	// ChangeInbound is a message of a customer.
	ChangeInbound ChangeKind = "inbound"

	// ChangeRead is a message of a customer that was marked as read.
	ChangeRead ChangeKind = "read"

	// ChangeDelivery is a webhook that was planned, attempted or given up.
	ChangeDelivery ChangeKind = "delivery"

	// ChangeSettings is what a test or an operator changed: faults, templates,
	// subscriptions, the plan, the status plan, a window, the clock through
	// [Server.Advance].
	ChangeSettings ChangeKind = "settings"

	// ChangeForget is [Server.Forget].
	ChangeForget ChangeKind = "forget"
)

// Change is something that happened in the sandbox; see [Server.Journal]. What it
// points to is a copy, and shared by all journals: do not change it.
type Change struct {
	Seq  uint64 // 1 for the first change that any journal saw, rising by one
	Kind ChangeKind
	Time time.Time // by the sandbox's clock

	Request  *Request
	Message  *Message
	Status   *Status
	Inbound  *Inbound // of ChangeRead, too
	Delivery *Delivery
}

// journalLimit is how many changes a journal holds until they are taken.
const journalLimit = 10_000

// Journal hears what happens in a sandbox from [Server.Journal] on. It is safe for
// concurrent use. Close it when done.
//
// It holds up to 10,000 changes until they are taken, and drops the oldest beyond
// that; see [Journal.Missed]. A sandbox without a journal does no work for one, and
// a journal has no goroutine.
type Journal struct {
	all    *journals
	ready  chan struct{}
	server <-chan struct{}

	// Under all.mu.
	changes ring[Change]
	missed  int
	closed  chan struct{}
}

// journals are those that listen. All organizations of a sandbox share them.
type journals struct {
	listening atomic.Int32
	mu        sync.Mutex
	seq       uint64
	open      []*Journal
}

// Journal begins to listen to the sandbox, with all its organizations.
//
//	journal := sandbox.Journal()
//	defer journal.Close()
//	for change := range journal.All(ctx) {
//		if change.Kind == kirimtest.ChangeStatus && change.Status.Name == "delivered" {
//			break
//		}
//	}
func (s *Server) Journal() *Journal {
	s = s.sandbox()
	j := &Journal{all: s.state.journals, ready: make(chan struct{}, 1), server: s.closed, closed: make(chan struct{})}
	j.changes.limit = journalLimit
	j.all.mu.Lock()
	defer j.all.mu.Unlock()
	j.all.open = append(j.all.open, j)
	j.all.listening.Add(1)
	return j
}

// Close ends the journal. What it holds can still be taken. Closing twice is fine.
func (j *Journal) Close() {
	j.all.mu.Lock()
	defer j.all.mu.Unlock()
	if i := slices.Index(j.all.open, j); i >= 0 {
		j.all.open = slices.Delete(j.all.open, i, i+1)
		j.all.listening.Add(-1)
		close(j.closed)
	}
}

// Take returns the changes since the last Take, oldest first, without waiting.
func (j *Journal) Take() []Change {
	j.all.mu.Lock()
	defer j.all.mu.Unlock()
	changes := slices.AppendSeq(make([]Change, 0, len(j.changes.items)), j.changes.all)
	j.changes.reset()
	return changes
}

// Missed returns how many changes were dropped since the last call of Missed, as
// nobody took them in time.
func (j *Journal) Missed() int {
	j.all.mu.Lock()
	defer j.all.mu.Unlock()
	missed := j.missed
	j.missed = 0
	return missed
}

// Ready receives when there may be something to take.
func (j *Journal) Ready() <-chan struct{} { return j.ready }

// All takes each change as it comes, until ctx ends, or the journal or the sandbox
// is closed. It does not close the journal.
func (j *Journal) All(ctx context.Context) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for {
			for _, change := range j.Take() {
				if !yield(change) {
					return
				}
			}
			select {
			case <-j.ready:
			case <-ctx.Done():
				return
			case <-j.closed:
				return
			case <-j.server:
				return
			}
		}
	}
}

// watched reports whether anybody listens.
func (all *journals) watched() bool { return all.listening.Load() > 0 }

// add tells every journal of a change. The state may be locked.
func (all *journals) add(change Change) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.seq++
	change.Seq = all.seq
	for _, j := range all.open {
		if _, full := j.changes.add(change); full {
			j.missed++
		}
		select {
		case j.ready <- struct{}{}:
		default:
		}
	}
}

// noteSettings tells that something was changed by hand.
func (s *Server) noteSettings() { s.note(ChangeSettings) }

func (s *Server) note(kind ChangeKind) {
	if all := s.state.journals; all.watched() {
		all.add(Change{Kind: kind, Time: s.cfg.clock.Now()})
	}
}

// noteMessage tells of a send, or of a status of it. state.mu is held.
func (s *Server) noteMessage(kind ChangeKind, m *Message, status *Status) {
	all := s.state.journals
	if !all.watched() {
		return
	}
	clone := *m
	clone.Status = s.progressOf(m)
	all.add(Change{Kind: kind, Time: s.cfg.clock.Now(), Message: &clone, Status: copied(status)})
}

// noteInbound tells of a message of a customer.
func (st *state) noteInbound(kind ChangeKind, m *Inbound, now time.Time) {
	if st.journals.watched() {
		clone := m.clone()
		st.journals.add(Change{Kind: kind, Time: now, Inbound: &clone})
	}
}

// noteDelivery tells how a delivery stands. state.mu is held.
func (s *Server) noteDelivery(d *delivery) {
	if all := s.state.journals; all.watched() {
		public := s.publicDelivery(d)
		all.add(Change{Kind: ChangeDelivery, Time: s.cfg.clock.Now(), Delivery: &public})
	}
}
