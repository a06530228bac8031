package kirim

import (
	"cmp"
	"container/list"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// StatusTracker puts the updates of messages in order and joins the two ids of
// each. What it says follows from the set of updates and joins, in whatever
// order they came. It is safe for concurrent use and keeps the latest messages
// only. The zero value is ready to use; a nil one panics.
type StatusTracker struct {
	mu       sync.Mutex
	size     int
	messages map[string]*trackedMessage // by each id
	order    list.List                  // of *tracked
}

// trackedMessage is all that is known of a message.
type trackedMessage struct {
	ids    []string // all of them, under which it is found
	parts  int      // whole and people
	joined bool
	// The ids to show: those that a join told, and those that an update has.
	told, seen messageIDs
	whole      *tracked            // but for the participants of a group
	people     map[string]*tracked // in a group, by number and by user id
}

type messageIDs struct{ id, wamid string }

// add takes in ids. When there are several, the first in the alphabet is
// shown, so that the order in which they came does not matter.
func (m *messageIDs) add(ids messageIDs) {
	for _, id := range []struct {
		to   *string
		from string
	}{{&m.id, ids.id}, {&m.wamid, ids.wamid}} {
		if *id.to == "" || id.from != "" && id.from < *id.to {
			*id.to = id.from
		}
	}
}

// tracked is how far a message has come, or with one participant of a group.
type tracked struct {
	message *trackedMessage
	names   []string // of the participant
	latest  MessageProgress
	place   *list.Element
}

const (
	defaultTracked = 1 << 16
	// A message has two ids and a participant has two names. More are held
	// for a mistake, and those over these limits are not joined.
	maxTrackedIDs   = 8
	maxTrackedNames = 8
)

// NewStatusTracker returns a tracker of the latest size messages; in a group,
// of each participant's. Zero and less mean 65,536. A message that was
// forgotten begins anew.
func NewStatusTracker(size int) *StatusTracker {
	return &StatusTracker{size: max(0, size)}
}

// Apply takes an update in. It returns how far the message has come, and
// whether the update changed its status: false for repeats and for what came
// late, for nil, and without an id.
func (t *StatusTracker) Apply(update *StatusUpdate) (progress MessageProgress, changed bool) {
	t.lock()
	defer t.mu.Unlock()
	if update == nil || update.ID == "" {
		return progress, false
	}
	m := t.message(update.ID)
	if isKirimID(update.ID) {
		m.seen.add(messageIDs{id: update.ID})
	} else {
		m.seen.add(messageIDs{wamid: update.ID})
	}
	var participant []string
	if update.GroupID != "" {
		participant = namesOf(update.Recipient)
	}
	of := t.part(m, participant)
	before := of.latest.Status
	of.advance(MessageProgress{Status: update.Status, Time: update.Time, Err: update.Err()})
	return m.show(of), of.latest.Status != before
}

// Join reports that two ids are of one message: [OutboundNotice] and
// [AcceptedMessage] have both. What is known of either counts for both. When
// one of them is empty it does nothing, nor does it give a message more than
// eight ids.
func (t *StatusTracker) Join(id, wamid string) {
	t.lock()
	defer t.mu.Unlock()
	if id == "" || wamid == "" {
		return
	}
	m, other := t.messages[id], t.messages[wamid]
	switch {
	case m == nil && other == nil:
		m = t.message(id)
		if id != wamid {
			t.name(m, wamid)
		}
	case m == nil:
		m = other
		t.name(m, id)
	case other == nil:
		t.name(m, wamid)
	case m != other:
		t.merge(m, other)
	}
	if t.messages[id] != t.messages[wamid] {
		return // over the limit
	}
	m.joined = true
	m.told.add(messageIDs{id, wamid})
	if m.parts == 0 {
		t.part(m, nil)
	}
}

// Progress returns how far the message with either id has come. In a group it
// is that of the participant with this phone number, or user id; otherwise
// participant is empty.
func (t *StatusTracker) Progress(id, participant string) (progress MessageProgress, known bool) {
	t.lock()
	defer t.mu.Unlock()
	m := t.messages[id]
	if m == nil {
		return progress, false
	}
	of := m.whole
	if participant != "" {
		if of = m.people[participant]; of == nil {
			of = m.people[digitsOf(participant)]
		}
	}
	if of == nil && (participant != "" || !m.joined) {
		return progress, false
	}
	return m.show(of), true
}

func (t *StatusTracker) lock() {
	if t == nil {
		panic(misuse("kirim: the StatusTracker is nil"))
	}
	t.mu.Lock()
	if t.messages == nil {
		t.messages = make(map[string]*trackedMessage)
	}
	if t.size == 0 {
		t.size = defaultTracked
	}
}

// namesOf returns what a participant may be called by.
func namesOf(p Person) (names []string) {
	for _, name := range []string{digitsOf(p.Phone), digitsOf(p.WAID), p.UserID} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// show completes what is known with the ids; of may be nil.
func (m *trackedMessage) show(of *tracked) (p MessageProgress) {
	if of != nil {
		p = of.latest
	}
	p.ID, p.WAMID = cmp.Or(m.told.id, m.seen.id), cmp.Or(m.told.wamid, m.seen.wamid)
	return p
}

// message returns the message with an id, and a new one when there is none.
func (t *StatusTracker) message(id string) *trackedMessage {
	m := t.messages[id]
	if m == nil {
		m = &trackedMessage{}
		t.name(m, id)
	}
	return m
}

func (t *StatusTracker) name(m *trackedMessage, id string) {
	if len(m.ids) < maxTrackedIDs {
		m.ids = append(m.ids, id)
		t.messages[id] = m
	}
}

// merge makes one message of two, unless it would have too many ids.
func (t *StatusTracker) merge(m, other *trackedMessage) {
	if len(m.ids)+len(other.ids) > maxTrackedIDs {
		return
	}
	for _, id := range other.ids {
		t.name(m, id)
	}
	m.joined = m.joined || other.joined
	m.told.add(other.told)
	m.seen.add(other.seen)
	if other.whole != nil {
		m.whole = t.unite(m, m.whole, other.whole)
	}
	for _, person := range other.people {
		if person.message == other { // not met before under another name
			t.unite(m, t.person(m, person.names), person)
		}
	}
}

// unite adds what is known of one to another of the message m, which may be
// nil, and returns the latter.
func (t *StatusTracker) unite(m *trackedMessage, to, from *tracked) *tracked {
	names := from.names
	if to == nil {
		to, from.names = from, nil
		m.parts++
	} else {
		to.advance(from.latest)
		t.order.Remove(from.place)
	}
	from.message.parts--
	from.message = m
	for _, name := range names {
		m.call(to, name)
	}
	return to
}

// part returns what is known of the participant with any of the names, and
// of the rest of the message without names.
func (t *StatusTracker) part(m *trackedMessage, names []string) *tracked {
	if len(names) == 0 {
		if m.whole == nil {
			m.whole = t.add(m)
		}
		return m.whole
	}
	of := t.person(m, names)
	if of == nil {
		of = t.add(m)
	}
	for _, name := range names {
		if m.people[name] == nil && len(of.names) < maxTrackedNames {
			m.call(of, name)
		}
	}
	return of
}

// person returns the participant with any of the names, or nil. Who was known
// as several people becomes one.
func (t *StatusTracker) person(m *trackedMessage, names []string) (of *tracked) {
	for _, name := range names {
		known := m.people[name]
		switch {
		case known == nil || known == of:
		case of == nil:
			of = known
		case len(of.names)+len(known.names) <= maxTrackedNames:
			t.unite(m, of, known)
		}
	}
	return of
}

func (m *trackedMessage) call(of *tracked, name string) {
	if m.people == nil {
		m.people = make(map[string]*tracked)
	}
	if m.people[name] != of {
		m.people[name] = of
		of.names = append(of.names, name)
	}
}

// add makes room for one more, and forgets the oldest when there are too many.
func (t *StatusTracker) add(m *trackedMessage) *tracked {
	of := &tracked{message: m}
	m.parts++
	of.place = t.order.PushBack(of)
	for t.order.Len() > t.size {
		t.forget(t.order.Front())
	}
	return of
}

func (t *StatusTracker) forget(place *list.Element) {
	oldest := t.order.Remove(place).(*tracked)
	m := oldest.message
	m.parts--
	if m.whole == oldest {
		m.whole = nil
	}
	for _, name := range oldest.names {
		if m.people[name] == oldest {
			delete(m.people, name)
		}
	}
	if m.parts == 0 {
		for _, id := range m.ids {
			delete(t.messages, id)
		}
	}
}

// advance takes in what an update says, or what is known from elsewhere.
func (of *tracked) advance(to MessageProgress) {
	was := of.latest
	if to.Status == was.Status {
		if to.before(was) {
			of.latest = to
		}
	} else if NextStatus(was.Status, to.Status) == to.Status {
		of.latest = to
	}
}

// before reports whether p is to be shown rather than q, which has the same
// status: the one that says why it failed, or else the earlier one. A time
// that is not told is later than any.
func (p MessageProgress) before(q MessageProgress) bool {
	if a, b := errors.Is(p.Err, KindUnknown), errors.Is(q.Err, KindUnknown); a != b {
		return b
	}
	if !p.Time.Equal(q.Time) {
		return q.Time.IsZero() || !p.Time.IsZero() && p.Time.Before(q.Time)
	}
	return fmt.Sprintf("%#v", eventErrorsOf(p.Err)) < fmt.Sprintf("%#v", eventErrorsOf(q.Err))
}

// isKirimID tells msg_… from a wamid.
func isKirimID(id string) bool { return len(id) > 4 && id[:4] == "msg_" }
