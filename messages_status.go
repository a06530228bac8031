package kirim

import "time"

// MessageStatus is the state of a message. The server may have more.
type MessageStatus string

// States of a message. Only read and failed are on the vendor's pages; the
// others are assumed.
const (
	MessagePending   MessageStatus = "pending"
	MessageSent      MessageStatus = "sent"
	MessageDelivered MessageStatus = "delivered"
	MessageRead      MessageStatus = "read"
	MessagePlayed    MessageStatus = "played" // a voice message that was listened to; webhooks only
	MessageFailed    MessageStatus = "failed"
)

// statusRank orders what can become of a message. A status that is not in it
// is ignored.
var statusRank = map[MessageStatus]int{
	"":               -1,
	MessagePending:   1,
	MessageSent:      2,
	MessageFailed:    3, // after sent, but nothing once it reached a device
	MessageDelivered: 4,
	MessageRead:      5,
	MessagePlayed:    6,
}

// NextStatus returns the status of a message that had the status current when
// an update says next. The outcome does not depend on the order of updates.
// It never moves backwards: pending, sent, failed, delivered, read, played. A
// message that reached a device did not fail, whatever else is told, so that
// failed is final only if nothing higher was seen. A status that this package
// does not know changes nothing, unless there is no known one.
func NextStatus(current, next MessageStatus) MessageStatus {
	a, b := statusRank[current], statusRank[next]
	if b > a || b == a && next < current { // of two unknown ones, either will do, but always the same
		return next
	}
	return current
}

// MessageProgress is how far a message has come, as a [StatusTracker] knows.
type MessageProgress struct {
	ID     string // Kirim's, msg_…; empty before a notice told it
	WAMID  string // WhatsApp's, wamid.…; empty before a notice told it
	Status MessageStatus
	Time   time.Time // of the earliest update that said Status; of a failure, that says why
	Err    error     // why it failed
}
