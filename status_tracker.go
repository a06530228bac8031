package kirim

import (
	"sync"
	"time"
)

// statusRank orders what can become of a message. A status that is not in it
// is passed over.
var statusRank = map[MessageStatus]int{
	"":               0,
	MessagePending:   1,
	MessageSent:      2,
	MessageFailed:    3, // after sent, but no more once it was delivered
	MessageDelivered: 4,
	MessageRead:      5,
	MessagePlayed:    6,
}

// NextStatus returns the status of a message that had the status current when
// an update says next. It never moves backwards: pending, sent, delivered,
// read, played. Failed is final, and comes only to a message that was not
// delivered. A status that this package does not know changes nothing, unless
// there is none yet.
func NextStatus(current, next MessageStatus) MessageStatus {
	rank, known := statusRank[next]
	switch {
	case current == MessageFailed:
		return current
	case current == "":
		return next
	case known && rank > statusRank[current]:
		return next
	}
	return current
}

// MessageProgress is how far a message has come, as a [StatusTracker] knows.
type MessageProgress struct {
	ID     string // Kirim's, msg_…; empty before a notice told it
	WAMID  string // WhatsApp's, wamid.…; empty before a notice told it
	Status MessageStatus
	Time   time.Time // of the update that brought Status
	Err    error     // why it failed
}

// StatusTracker puts the updates of messages in order and joins the two ids of
// each. It is safe for concurrent use and keeps the latest messages only.
type StatusTracker struct {
	mu     sync.Mutex
	size   int
	states map[trackKey]*tracked
	order  fifo[*tracked]
}

// trackKey is an id with, in a group, the participant.
type trackKey struct{ id, participant string }

type tracked struct {
	progress MessageProgress
	keys     []trackKey
}

const defaultTracked = 1 << 16

// NewStatusTracker returns a tracker of the latest size messages; in a group,
// of each participant's. Zero and less mean 65,536. A message that was
// forgotten begins anew.
func NewStatusTracker(size int) *StatusTracker {
	if size <= 0 {
		size = defaultTracked
	}
	return &StatusTracker{size: size, states: make(map[trackKey]*tracked)}
}

// Apply takes an update in. It returns how far the message has come, and
// whether the update changed its status: false for repeats and for what came
// late, and without an id.
func (t *StatusTracker) Apply(update *StatusUpdate) (progress MessageProgress, changed bool) {
	if update.ID == "" {
		return progress, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := trackKey{id: update.ID}
	if update.GroupID != "" {
		key.participant = update.Recipient.Phone + update.Recipient.UserID
	}
	m := t.at(key)
	if isKirimID(update.ID) {
		m.progress.ID = update.ID
	} else {
		m.progress.WAMID = update.ID
	}
	changed = m.advance(MessageProgress{Status: update.Status, Time: update.Time, Err: update.Err()})
	return m.progress, changed
}

// Join tells that two ids are of one message: [OutboundNotice] and
// [AcceptedMessage] have both. What is known of either counts for both. When
// one of them is empty it does nothing.
func (t *StatusTracker) Join(id, wamid string) {
	if id == "" || wamid == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	first, second := trackKey{id: id}, trackKey{id: wamid}
	m := t.at(first)
	if other := t.states[second]; other == nil {
		m.keys = append(m.keys, second)
		t.states[second] = m
	} else if other != m {
		// Which of the two came first is not known, so that the further
		// one counts, even over a failure.
		if statusRank[other.progress.Status] > statusRank[m.progress.Status] {
			m.progress = other.progress
		}
		for _, key := range other.keys {
			t.states[key] = m
		}
		m.keys = append(m.keys, other.keys...)
		other.keys = nil
	}
	m.progress.ID, m.progress.WAMID = id, wamid
}

// Progress returns how far the message with either id has come. In a group it
// is that of the participant with this phone number in digits, or user id;
// otherwise participant is empty.
func (t *StatusTracker) Progress(id, participant string) (progress MessageProgress, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.states[trackKey{id, participant}]
	if m == nil {
		return progress, false
	}
	return m.progress, true
}

// at returns what is known of a message, and begins anew when it is nothing.
func (t *StatusTracker) at(key trackKey) *tracked {
	m := t.states[key]
	if m != nil {
		return m
	}
	m = &tracked{keys: []trackKey{key}}
	t.states[key] = m
	t.order.push(m, time.Time{})
	for t.order.len() > t.size {
		oldest, _, _ := t.order.oldest()
		t.order.drop()
		for _, key := range oldest.keys {
			delete(t.states, key)
		}
	}
	return m
}

// advance moves to what is known from elsewhere, if that is further.
func (m *tracked) advance(to MessageProgress) bool {
	next := NextStatus(m.progress.Status, to.Status)
	if next == m.progress.Status {
		return false
	}
	m.progress.Status, m.progress.Time, m.progress.Err = next, to.Time, to.Err
	return true
}

// isKirimID tells msg_… from a wamid.
func isKirimID(id string) bool { return len(id) > 4 && id[:4] == "msg_" }
