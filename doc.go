// Package kirim is the Go SDK for the Kirim WhatsApp Business API. It sends
// messages so that each goes out once, or the caller knows exactly why not.
//
//	package main
//
//	import (
//		"context"
//		"errors"
//		"log"
//
//		"github.com/kirim-go/kirim"
//	)
//
//	func main() {
//		client, err := kirim.NewClientFromEnv() // KIRIM_API_KEY
//		if err != nil {
//			log.Fatal(err)
//		}
//		messages := client.PhoneNumber("106540352242922").Messages
//
//		sent, err := messages.Send(context.Background(), kirim.OutboundMessage{
//			To:      "+6281100000001",
//			Content: kirim.Text{Body: "Your order has left the house."},
//		}, kirim.WithIdempotencyKey("order-1042:shipped"))
//
//		var e *kirim.Error
//		switch {
//		case err == nil:
//			log.Print("accepted as ", sent.ID)
//		case kirim.IsOutside24hWindow(err):
//			log.Print("the customer must write first, or be sent a template")
//		case kirim.MaybeSent(err):
//			log.Print("repeat later with the same key: ", err)
//		case errors.As(err, &e):
//			log.Printf("refused, request %s: %s", e.RequestID, e.Message)
//		default:
//			log.Print("nothing was sent: ", err)
//		}
//	}
//
// # Authentication
//
// A client holds one API key of an organisation, given to [NewClient] or read
// from the environment by [NewClientFromEnv]. The key goes out in the
// Authorization header to the base URL's origin and nowhere else, over https
// unless the host is loopback, and is shown in no error, log or dump.
//
// # Errors
//
// A response that is not 2xx is an [*Error], whatever its body was, and so is a
// 2xx response that reports an error or has no result in it. Branch on its
// [ErrorCode] or its [Kind] with [errors.Is], or ask a question with a predicate
// such as [IsOutside24hWindow], [IsRateLimited] or [IsTemporary].
// No complete response is a [*TransportError]; a message that breaks a
// documented limit is a [*ValidationError] and is not sent. [MaybeSent] says
// of any of them whether the message may have been sent anyway, and [Disposition]
// tells a queue whether to retry, to wait, to give up or to ask a person. The
// file docs/errors.md lists every code.
//
// # Retries
//
// A request is retried up to three times where that is safe. K is a POST
// with an idempotency key that the server honours, which is every POST to
// Kirim:
//
//	outcome                              GET HEAD  DELETE  PUT PATCH  K         POST without key
//	proven not sent (dial, DNS)          again     again   again      again     again
//	certificate, TLS, refused by proxy   stop      stop    stop       stop      stop
//	reset, EOF, timeout, body cut short  again     again   again      same key  stop
//	408                                  again     again   again      same key  stop
//	409 idempotency_in_progress          stop      stop    stop       same key  stop
//	429                                  again     again   again      same key  again
//	500                                  again     again   again      same key  stop
//	502, 504                             again     again   again      same key  stop
//	503                                  again     again   again      same key  only with Retry-After
//	any other                            stop      stop    stop       stop      stop
//
// The wait is random, up to 500 ms, 1 s and 2 s, or what the server asks for
// with Retry-After, up to 60 s. A 429 without one waits at least 1 s. Codes of
// Meta's in the body count more than the status. A wait that would pass the deadline of the
// context is not begun: the call ends at once, and [Error.RetryAfter] tells
// when to come back. A retry budget of a client's calls keeps an outage from
// being multiplied. [RetryPolicy] has the numbers, [WithRetryPolicy] changes
// them, and [WithoutRetry] is for a single call.
//
// # Idempotency
//
// Every POST carries an Idempotency-Key, made once per call and the same on
// all its attempts. The server carries out one request per key within 24
// hours and replays its response to the others. Derive the key from what the
// message is about, with [WithIdempotencyKey], and a restart of your program
// does not send it twice either. When [MaybeSent] is true of an error, retry
// the call with the key that [Error.IdempotencyKey] has, never with another.
//
// # Concurrency
//
// A [Client] and everything reached from it is immutable and safe for
// concurrent use: make one and share it. It has its own connections, unless
// [WithHTTPClient] brings others, and starts no goroutine that outlives a call.
//
// # Pacing
//
// Kirim counts reading and writing in a bucket each, for the whole
// organisation, and responds with 429 when one is empty, which is waited out.
// [Client.RateLimit] tells what was last learnt of a bucket. A [Pacer] keeps a
// program that sends many messages, and several that share a bucket, within
// it:
//
//	client, err := kirim.NewClient(apiKey, kirim.WithLimiter(kirim.NewPacer()))
//
// [Limiter] is for a pace of your own.
//
// # Webhooks
//
// A [WebhookHandler] verifies deliveries, hands each message, status or event
// to a typed callback once, and responds so that what failed is delivered again:
//
//	verifier, err := kirim.NewWebhookVerifier(os.Getenv("KIRIM_WEBHOOK_SECRET"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	hooks := kirim.NewWebhookHandler(verifier)
//	hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
//		log.Print(m.From.E164(), " wrote ", m.Text)
//		return nil
//	})
//	http.Handle("/webhooks/kirim", hooks)
//
// [InboundMessage.Reply] makes a message to whoever wrote, known by a number, a
// user id or a group.
//
// The handler needs the request with its body unread, in whatever router it is mounted.
// [WebhookVerifier.Event] is the same without callbacks, and
// [WebhookVerifier.Verify] for a body that you have read yourself;
// [DecodeEvent] decodes one that was verified elsewhere. An [EventVerifier] of
// your own makes it a handler for another system. A [StatusTracker] puts the
// statuses of messages in order; a [WindowStore]
// lets [MessagesService.SendOrTemplate] know when the window is closed.
//
// # Testing
//
// Package [github.com/kirim-go/kirim/kirimtest] is a sandbox that runs inside
// a test and needs no account.
//
// # Other systems
//
// The packages below [github.com/kirim-go/kirim/gateway] send the same
// messages through five other systems, with the same errors.
package kirim
