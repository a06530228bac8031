package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kirim-go/kirim"
)

// Sender sends a message from a number. It is called concurrently, and each
// call has [kirim.WithIdempotencyKey] and [kirim.WithoutRetry] among its options:
// the outbox does the retries. An error that is not of package kirim leaves it in doubt
// whether the message was sent, unless errors.As finds a [kirim.Kind] in it that says
// that it was refused, such as [kirim.KindRateLimited] or [kirim.KindInvalidRecipient].
// A Send that panics, or that has not returned 5 seconds after the end of its context, leaves
// it in doubt as well.
//
// Implement [KeyHonourer] as well when the server honours idempotency keys.
type Sender interface {
	Send(ctx context.Context, from string, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error)
}

// KeyHonourer is a [Sender] whose server honours idempotency keys. With another
// sender no message is sent again by itself once it may have been sent.
type KeyHonourer interface {
	// KeyLifetime returns for how long the server remembers a key after the
	// first request with it; zero for not at all.
	KeyLifetime() time.Duration
}

// Getter is a [Sender] that can look up a message by Kirim's id of it. With one
// the outbox finds the ids and the states of messages for which no webhook came;
// see [Config.LookUpAfter].
type Getter interface {
	Get(ctx context.Context, from, id string) (*kirim.Message, error)
}

// NewSender returns a sender over a client of Kirim; from is the phone number
// id. Its keys are honoured for as long as [kirim.MessagesService.KeyLifetime]
// says.
func NewSender(client *kirim.Client) Sender { return clientSender{client} }

type clientSender struct{ client *kirim.Client }

func (s clientSender) Send(ctx context.Context, from string, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	return s.client.PhoneNumber(from).Messages.Send(ctx, message, opts...)
}

func (s clientSender) KeyLifetime() time.Duration {
	return s.client.PhoneNumber("any").Messages.KeyLifetime()
}

func (s clientSender) Get(ctx context.Context, from, id string) (*kirim.Message, error) {
	return s.client.PhoneNumber(from).Messages.Get(ctx, id, kirim.WithoutRetry())
}

// SenderFunc is a function as a [Sender] whose server honours no keys.
type SenderFunc func(ctx context.Context, from string, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error)

// Send implements [Sender].
func (f SenderFunc) Send(ctx context.Context, from string, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	return f(ctx, from, message, opts...)
}

// MessageSender is what sends from one number: [kirim.MessagesService],
// cloudapi.PhoneNumber, and the clients of the gateway packages.
type MessageSender interface {
	Send(ctx context.Context, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error)
}

// SingleSender returns a sender for the messages from one number. A message
// from another number fails with a [*kirim.ValidationError] and is not sent. It
// honours keys if the sender of messages is a [KeyHonourer].
func SingleSender(from string, sender MessageSender) Sender { return singleSender{from, sender} }

type singleSender struct {
	from   string
	sender MessageSender
}

func (s singleSender) Send(ctx context.Context, from string, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	if from != s.from {
		return nil, refuse("From", "the number of the sender", shapeOf(from)+" of another one")
	}
	return s.sender.Send(ctx, message, opts...)
}

func (s singleSender) KeyLifetime() time.Duration { return keyLifetime(s.sender) }

// sendsNothing reports whether a sender was made of nothing.
func sendsNothing(sender Sender) bool {
	switch s := sender.(type) {
	case clientSender:
		return s.client == nil
	case singleSender:
		return isNil(s.sender)
	}
	return false
}

// keyLifetime returns for how long the server behind a sender honours keys.
func keyLifetime(sender any) time.Duration {
	if honourer, ok := sender.(KeyHonourer); ok {
		return max(0, honourer.KeyLifetime())
	}
	return 0
}

// The sender did not return, after which it is not known what it has done.
var (
	errSenderPanicked = errors.New("outbox: the sender panicked")
	errSenderExited   = errors.New("outbox: the sender ended its goroutine")
	errSenderDeaf     = errors.New("outbox: the sender did not return when its context ended")
)

// senderFaults are the errors of the sender for those of [guard].
var senderFaults = []struct{ of, is error }{{errPanicked, errSenderPanicked}, {errExited, errSenderExited}, {errDeaf, errSenderDeaf}}

// trySend sends, and turns what keeps the sender from returning, and a missing response,
// into errors.
func trySend(ctx context.Context, sender Sender, from string, message kirim.OutboundMessage, opts ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	accepted, err := guard(ctx, func() (*kirim.AcceptedMessage, error) { return sender.Send(ctx, from, message, opts...) })
	for _, fault := range senderFaults {
		if errors.Is(err, fault.of) {
			return nil, fmt.Errorf("%w: %w", fault.is, err)
		}
	}
	if err == nil && accepted == nil {
		accepted = &kirim.AcceptedMessage{} // sent, and nothing told of it
	}
	return accepted, err
}

// Disabled returns a sender for programs that only enqueue, migrate or look:
// with it [Outbox.Run] is an error.
func Disabled() Sender { return disabled{} }

type disabled struct{}

func (disabled) Send(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	return nil, errDisabled
}

var errDisabled = refuse("sender", "a Sender to call Run with", "that of Disabled")
