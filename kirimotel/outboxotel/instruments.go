package outboxotel

import (
	"slices"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// Instrument describes a metric that this package records.
type Instrument struct {
	Name        string
	Kind        InstrumentKind
	Unit        string    // of UCUM: "s", or what is counted, such as "{message}"
	Integer     bool      // its values are whole numbers
	Buckets     []float64 // upper bounds of a histogram, in Unit
	Attributes  []string  // keys, each of which is in [Attributes]; not every measurement has all
	Description string
}

// InstrumentKind is how the measurements of an instrument are aggregated.
type InstrumentKind string

// The kinds of instruments.
const (
	Counter   InstrumentKind = "counter" // only rises
	Gauge     InstrumentKind = "gauge"   // the last value counts
	Histogram InstrumentKind = "histogram"
)

// Attribute describes a key that occurs in metrics, in spans or in both.
type Attribute struct {
	Key         string
	Values      []string // all there are; nil for an open set
	Spans       bool     // only spans have it
	Stable      bool     // its name is a stable one of the semantic conventions
	Description string
}

// The keys of attributes.
const (
	keyClass     = "kirim.outbox.class"
	keyOutcome   = "kirim.outbox.attempt.outcome"
	keyState     = "kirim.outbox.message.state"
	keyWait      = "kirim.outbox.backlog.state"
	keyStatus    = "kirim.outbox.message.status"
	keyErrorType = "error.type"

	keyAttempt    = "kirim.outbox.attempt.number"
	keyGeneration = "kirim.outbox.message.generation"
	keyTemplate   = "kirim.outbox.message.template"
	keyInDoubt    = "kirim.outbox.message.in_doubt"
	keyRetryWait  = "kirim.outbox.retry.wait"
	keyQueued     = "kirim.outbox.message.queued"
	keyAdded      = "kirim.outbox.messages.added"

	keySystem        = "messaging.system"
	keyDestination   = "messaging.destination.name"
	keyOperationName = "messaging.operation.name"
	keyOperationType = "messaging.operation.type"
	keyMessageID     = "messaging.message.id"
	keyBatchCount    = "messaging.batch.message_count"
)

// other stands for every value that a list of known ones does not have. The semantic
// conventions have the word.
const other = "_OTHER"

// Values of error.type beside the kinds of errors.
const (
	errorCanceled   = "canceled"
	errorDeadline   = "deadline_exceeded"
	errorInvalid    = "validation"
	errorKeyReused  = "key_reused"
	errorClosed     = "closed"
	errorNoResponse = "no_response"
)

// The instruments, as indices of instruments.
const (
	enqueued = iota
	enqueueDuration
	attempts
	attemptDuration
	ended
	statuses
	timeToAccept
	timeToDeliver
	deliveriesHandled
	backlog
	backlogAge
	inboxBacklog
	inboxAge
	numInstruments
)

var (
	// An enqueuing call is some statements of the database.
	enqueueBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	// An attempt ends after 35 seconds by default.
	attemptBuckets = []float64{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 35, 60}
	// From less than a poll of the database to the day after which a message is given up.
	waitBuckets = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600}
)

var instruments = [numInstruments]Instrument{
	enqueued: {
		Name: "kirim.outbox.enqueued", Kind: Counter, Unit: "{message}", Integer: true, Attributes: []string{keyClass},
		Description: "Messages that were added; one with the key of an earlier one is not.",
	},
	enqueueDuration: {
		Name: "kirim.outbox.enqueue.duration", Kind: Histogram, Unit: "s", Buckets: enqueueBuckets, Attributes: []string{keyErrorType},
		Description: "Duration of a call that enqueues.",
	},
	attempts: {
		Name: "kirim.outbox.attempts", Kind: Counter, Unit: "{attempt}", Integer: true, Attributes: []string{keyClass, keyOutcome, keyErrorType},
		Description: "Attempts to send a message, by what they came to.",
	},
	attemptDuration: {
		Name: "kirim.outbox.attempt.duration", Kind: Histogram, Unit: "s", Buckets: attemptBuckets, Attributes: []string{keyClass, keyOutcome},
		Description: "Duration of an attempt to send a message.",
	},
	ended: {
		Name: "kirim.outbox.ended", Kind: Counter, Unit: "{message}", Integer: true, Attributes: []string{keyClass, keyState},
		Description: "Messages that reached an end; unknown are those that may have been sent and need a person.",
	},
	statuses: {
		Name: "kirim.outbox.statuses", Kind: Counter, Unit: "{change}", Integer: true, Attributes: []string{keyClass, keyStatus, keyErrorType},
		Description: "Changes of the delivery status of messages, by webhooks and looks at the server.",
	},
	timeToAccept: {
		Name: "kirim.outbox.time_to_accept", Kind: Histogram, Unit: "s", Buckets: waitBuckets, Attributes: []string{keyClass},
		Description: "Time from when a message was due, which is when it was enqueued unless it was scheduled, until the server had accepted it.",
	},
	timeToDeliver: {
		Name: "kirim.outbox.time_to_deliver", Kind: Histogram, Unit: "s", Buckets: waitBuckets, Attributes: []string{keyClass},
		Description: "Time from when a message was due until it was delivered, which WhatsApp tells in whole seconds and by its own clock.",
	},
	deliveriesHandled: {
		Name: "kirim.outbox.inbox.duration", Kind: Histogram, Unit: "s", Buckets: waitBuckets, Attributes: []string{keyErrorType},
		Description: "Time from when a webhook delivery was stored in the inbox until it was handled, or until a try to handle it failed.",
	},
	backlog: {
		Name: "kirim.outbox.backlog", Kind: Gauge, Unit: "{message}", Integer: true, Attributes: []string{keyClass, keyWait},
		Description: "Messages that wait, or that may have been sent and need a person. Each process reports the number of the whole outbox.",
	},
	backlogAge: {
		Name: "kirim.outbox.backlog.age", Kind: Gauge, Unit: "s", Attributes: []string{keyClass, keyWait},
		Description: "For how long the oldest of them has been due, or unknown.",
	},
	inboxBacklog: {
		Name: "kirim.outbox.inbox.backlog", Kind: Gauge, Unit: "{delivery}", Integer: true,
		Description: "Webhook deliveries in the inbox that are not handled. Each process reports the number of the whole inbox.",
	},
	inboxAge: {
		Name: "kirim.outbox.inbox.backlog.age", Kind: Gauge, Unit: "s",
		Description: "For how long the oldest of them has been there.",
	},
}

var (
	outcomes = []outbox.Outcome{
		outbox.OutcomeAccepted, outbox.OutcomeRetry, outbox.OutcomeRateLimited, outbox.OutcomePairLimited, outbox.OutcomeNoTurn, outbox.OutcomePaused,
		outbox.OutcomeTemplate, outbox.OutcomeInDoubt, outbox.OutcomeUnknown, outbox.OutcomeDiscarded, outbox.OutcomeSuppressed,
	}
	endStates = []outbox.State{
		outbox.StateSent, outbox.StateUnknown, outbox.StateDiscarded, outbox.StateExpired, outbox.StateCancelled, outbox.StateSuppressed,
	}
	waits         = []outbox.WaitState{outbox.WaitDue, outbox.WaitScheduled, outbox.WaitPaused, outbox.WaitInDoubt, outbox.WaitUnknown}
	knownStatuses = []kirim.MessageStatus{
		kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead, kirim.MessagePlayed, kirim.MessageFailed,
	}
)

var attributes = []Attribute{
	{Key: keyClass, Description: "Class of the message, or _OTHER for one that is not in the configuration."},
	{Key: keyOutcome, Values: words(outcomes, other), Description: "What an attempt came to."},
	{Key: keyState, Values: words(endStates, string(outbox.StateQueued), other), Description: "State of the message from now on."},
	{Key: keyWait, Values: words(waits, other), Description: "What a message waits for."},
	{Key: keyStatus, Values: words(knownStatuses, other), Description: "Status of the delivery."},
	{
		Key: keyErrorType, Stable: true, Values: append(words(kinds, other), errorCanceled, errorDeadline, errorInvalid, errorKeyReused, errorClosed, errorNoResponse),
		Description: "Why it failed: the kind of the error, or what kept it from being one. Absent from successes.",
	},
	{Key: keyAttempt, Spans: true, Description: "Number of the attempt, from 1."},
	{Key: keyGeneration, Spans: true, Description: "Number of the idempotency key that the message is sent under, from 1."},
	{Key: keyTemplate, Spans: true, Description: "True when the template is sent in place of the message."},
	{Key: keyInDoubt, Spans: true, Description: "True when the message may have been sent."},
	{Key: keyRetryWait, Spans: true, Description: "Seconds until the message is tried again, at least."},
	{Key: keyQueued, Spans: true, Description: "Seconds from when the message was due until the attempt."},
	{Key: keyAdded, Spans: true, Description: "Messages of the call that were added."},
	{Key: keySystem, Spans: true, Values: []string{system}, Description: "Always " + system + "."},
	{Key: keyDestination, Spans: true, Values: []string{destinationOutbox, destinationInbox}, Description: "What the span is about."},
	{Key: keyOperationName, Spans: true, Values: []string{"enqueue", "process", "deliver", "fail", "end"}, Description: "What is done."},
	{Key: keyOperationType, Spans: true, Values: []string{"send", "process"}, Description: "What the semantic conventions call it, where they have it."},
	{Key: keyMessageID, Spans: true, Description: "Id of the message in the outbox."},
	{Key: keyBatchCount, Spans: true, Description: "Messages of the call."},
}

const (
	system            = "kirim"
	destinationOutbox = "outbox"
	destinationInbox  = "inbox"
)

// Instruments returns the metrics. Dashboards and alerts can be generated from them.
func Instruments() []Instrument {
	list := slices.Clone(instruments[:])
	for i := range list {
		list[i].Buckets = slices.Clone(list[i].Buckets)
		list[i].Attributes = slices.Clone(list[i].Attributes)
	}
	return list
}

// Attributes returns the keys of attributes, first those of metrics, then those that only
// spans have.
func Attributes() []Attribute {
	list := slices.Clone(attributes)
	for i := range list {
		list[i].Values = slices.Clone(list[i].Values)
	}
	return list
}

func words[T ~string](known []T, more ...string) []string {
	list := make([]string, 0, len(known)+len(more))
	for _, word := range known {
		list = append(list, string(word))
	}
	return append(list, more...)
}

// known returns a word of a list, and other for one that is not in it.
func known[T ~string](list []T, word T) string {
	if slices.Contains(list, word) {
		return string(word)
	}
	return other
}
