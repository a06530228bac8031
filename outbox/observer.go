package outbox

import (
	"context"
	"time"

	"github.com/kirim-go/kirim"
)

// Observer sees what an outbox does with messages, for traces and metrics. Its functions
// are called in the middle of the work: they must be quick, and safe for concurrent use. Each
// may be nil. Package [github.com/kirim-go/kirim/kirimotel/outboxotel] has one for
// OpenTelemetry.
//
// A Begin function returns the context that everything within gets, and that the End
// function of the same observer gets: the place for what an observer keeps from one to the
// other. Its values count, and not when it ends. Of several observers ([Config.Observers]) the first
// begins first and ends last.
//
// An observer changes nothing about a message. When a function panics, or ends its goroutine, that is
// logged at level error, and the work goes on; after a Begin function that did, the
// End function of the same observer is not called.
//
// Nothing is called twice for the same thing, and nothing is made up for when the process
// dies. Where none may be missed there is [Config.OnEnd].
type Observer struct {
	// BeginEnqueue and EndEnqueue are called around [Outbox.Enqueue] and
	// [Outbox.EnqueueTx]. [Config.Traceparent] is called within.
	BeginEnqueue func(ctx context.Context, e Enqueuing) context.Context
	EndEnqueue   func(ctx context.Context, e Enqueued)
	// BeginSend and EndSend are called around each attempt to send a message, which is one
	// call of the [Sender]. The context of BeginSend ends with the attempt's time, and
	// may have ended in EndSend. What became of the attempt is not in the database yet.
	BeginSend func(ctx context.Context, s Sending) context.Context
	EndSend   func(ctx context.Context, s Sent)
	// End is called when a message has reached an end, which is any state but
	// [StateQueued], and the database has it: by an attempt, without one, or because the
	// application decides. In a transaction of the application's it is called before the commit.
	End func(ctx context.Context, e Ended)
	// Status is called when a webhook, or a look at the server, has changed what is
	// known of a message, in the process that hears of it, and the database has it. The
	// context is that of the handler's element ([kirim.WebhookHandler.Observe]), or of
	// [Outbox.Run].
	Status func(ctx context.Context, c StatusChange)
	// BeginDelivery and EndDelivery are called around each try to handle a webhook delivery
	// that [Outbox.Inbox] has stored. Its elements are those of
	// [kirim.DeliveryObserver], which sees them within.
	BeginDelivery func(ctx context.Context, d StoredDelivery) context.Context
	EndDelivery   func(ctx context.Context, d HandledDelivery)
}

// Observed is a message as an observer sees it: without content, recipient and key.
// Times are those of the database.
type Observed struct {
	ID    int64
	Class Class
	// Generation counts the idempotency keys that the message was sent under: from 1.
	Generation int
	// Template says that the template is sent in place of the message.
	Template bool
	// Traceparent is what [Config.Traceparent] returned for the message.
	Traceparent string
	EnqueuedAt  time.Time
	// DueAt is when the message was due: EnqueuedAt, or [Message.NotBefore] when that is
	// later. Of one that is sent again by a late refusal or by a person it is when that was.
	DueAt time.Time
}

// Enqueuing is a call that enqueues messages.
type Enqueuing struct {
	Messages int // in the call
}

// Enqueued is what became of it.
type Enqueued struct {
	Enqueuing
	// Added is how many messages of each class are new; the others were enqueued before,
	// under the same keys. It is nil after an error. In a transaction of the application's they are
	// there once that commits.
	Added map[Class]int
	Err   error
}

// Sending is an attempt to send a message.
type Sending struct {
	Observed
	// Attempt counts the attempts of the generation, apart from those that a rate limit
	// refused: from 1.
	Attempt int
	// InDoubt says that an earlier attempt may have reached the server: this one has the
	// same idempotency key.
	InDoubt bool
	// At is when it began.
	At time.Time
}

// Outcome is what an attempt to send a message came to.
type Outcome string

// The outcomes. The list may grow.
const (
	OutcomeAccepted    Outcome = "accepted"     // by the server
	OutcomeRetry       Outcome = "retry"        // it failed, and is tried again
	OutcomeRateLimited Outcome = "rate_limited" // it is tried again when the server allows
	OutcomePairLimited Outcome = "pair_limited" // likewise, for this recipient alone
	OutcomeNoTurn      Outcome = "no_turn"      // the rate limiter of the client had no turn in time; it is tried again
	OutcomePaused      Outcome = "paused"       // the account or the number cannot send: it is tried again after the [Pause]
	OutcomeTemplate    Outcome = "template"     // the 24-hour window is closed: the template is next
	OutcomeInDoubt     Outcome = "in_doubt"     // it may have been sent, and is tried again under the same key
	OutcomeUnknown     Outcome = "unknown"      // it may have been sent, and a person decides
	OutcomeDiscarded   Outcome = "discarded"    // it was refused, or has failed for too long
	OutcomeSuppressed  Outcome = "suppressed"   // the recipient has stopped marketing
)

// Sent is what became of an attempt to send a message.
type Sent struct {
	Sending
	Outcome Outcome
	// State is that of the message from now on.
	State State
	// Doubtful says that the message may have been sent.
	Doubtful bool
	// Err is the error of the [Sender]; nil for none. Kind is its kind, empty for none or
	// one that is not known.
	Err  error
	Kind kirim.Kind
	// Wait is how long the message waits at least until it is tried again; 0 when it is not,
	// or when a [Pause] has no end of its own.
	Wait time.Duration
	// EndedAt is when the attempt ended.
	EndedAt time.Time
}

// Ended is a message that has reached an end.
type Ended struct {
	Observed
	State State
	// Kind is that of the error that ended it; empty for none.
	Kind kirim.Kind
	// Attempted says that an attempt led to it, which EndSend has seen.
	Attempted bool
	// At is when it ended: of one in [StateSent] when the server had accepted it, or
	// when a person said so.
	At time.Time
}

// StatusChange is what a webhook, or a look at the server, has changed about a message.
type StatusChange struct {
	Observed
	// From and To are the status of its delivery before and now; From is empty for none.
	From, To kirim.MessageStatus
	// State is [StateSent], or [StateQueued] for a message that failed late and is sent
	// again; see [Outbox.Attach].
	State State
	// Kind is why it failed; empty when it did not, or when that is not known.
	Kind kirim.Kind
	// AcceptedAt is when the server had accepted the message; zero for one that was to be
	// sent again, of which it turns out that it has arrived.
	AcceptedAt time.Time
	// At is when the status changed as the server tells, in whole seconds and by its clock,
	// or, where it does not, when the outbox heard of it. HeardAt is that.
	At, HeardAt time.Time
}

// Delivered reports whether the message has arrived, and nothing said so before. What was read
// or played has arrived as well.
func (c StatusChange) Delivered() bool { return hasArrived(c.To) && !hasArrived(c.From) }

// Failed reports whether the message has failed after it was accepted.
func (c StatusChange) Failed() bool { return c.To == kirim.MessageFailed }

// StoredDelivery is a webhook delivery in the inbox.
type StoredDelivery struct {
	ID         int64
	ReceivedAt time.Time // by the clock of the database
	// Traceparent is what [Config.Traceparent] returned for the request of the delivery.
	Traceparent string
}

// HandledDelivery is what became of a try to handle it. After an error it is tried again.
type HandledDelivery struct {
	StoredDelivery
	Err       error
	HandledAt time.Time
}
