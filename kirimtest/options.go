package kirimtest

import (
	"net"
	"net/http"
)

// Option changes a server before it starts. The order of options does not
// matter.
type Option func(*config)

type config struct {
	clock       Clock
	listen      bool
	addr        string
	listener    net.Listener
	secret      string
	apiKey      string
	number      PhoneNumber
	plan        Plan
	limits      Limits
	assumptions Assumptions
	edits       []func(*Assumptions)

	plans            StatusPlan
	webhookTransport http.RoundTripper
	webhookHandler   http.Handler
	httpWebhooks     bool
	noJitter         bool
	lateRefusals     bool
	metaMessages     bool
	earlyRefusals    bool
	accessToken      string
	appSecret        string
	verifyToken      string
	metaLimits       MetaLimits
	inspector        func(*Server) http.Handler
	saved            *savedState
}

// Limits bound what the sandbox remembers, so that a long load test does not
// fill the memory. Zero means the default, a negative number means 1. They hold
// for each organisation. Webhook subscriptions and their secrets are not bounded. Only what the test itself adds is not bounded: keys,
// numbers, teams and users.
type Limits struct {
	// Messages is how many accepted sends, and how many received messages, are
	// kept; older ones are forgotten. Default 10,000.
	Messages int

	// Requests is how many requests are kept. Default 10,000.
	Requests int

	// RequestBody is how many bytes of each request's body are kept in
	// [Request]. Default 65,536. [Message] always holds its body whole.
	RequestBody int

	// IdempotencyKeys is how many keys are remembered, within their 24 hours.
	// Default 100,000. A test that sends more keyed requests than this and
	// counts on the oldest being replayed must raise it.
	IdempotencyKeys int

	// Contacts is how many contacts are kept, each with its conversation and
	// its 24-hour window; the oldest goes first. Default 100,000.
	Contacts int

	// Objects is how many templates, labels, customers and setup links are
	// kept, of each; the oldest goes first. Default 10,000.
	Objects int

	// MediaBytes is how many bytes of received files are kept; the oldest file
	// goes first, and its message stays without it. Default 64 MiB.
	MediaBytes int

	// Deliveries is how many webhook deliveries are kept; a new one pushes the
	// oldest out, even when attempts of that were still to come. Default 10,000.
	Deliveries int

	// WebhookAttempts is how many attempts to deliver a webhook run at a time.
	// Default 64. With 1 they go out strictly in the order in which they are due.
	WebhookAttempts int
}

func (l Limits) withDefaults() Limits {
	pick := func(n, standard int) int {
		if n == 0 {
			return standard
		}
		return max(n, 1)
	}
	return Limits{
		Messages:        pick(l.Messages, 10_000),
		Requests:        pick(l.Requests, 10_000),
		RequestBody:     pick(l.RequestBody, 64<<10),
		IdempotencyKeys: pick(l.IdempotencyKeys, 100_000),
		Contacts:        pick(l.Contacts, 100_000),
		Objects:         pick(l.Objects, 10_000),
		MediaBytes:      pick(l.MediaBytes, 64<<20),
		Deliveries:      pick(l.Deliveries, 10_000),
		WebhookAttempts: pick(l.WebhookAttempts, 64),
	}
}

// WithClock replaces the time package as the sandbox's source of time.
func WithClock(c Clock) Option {
	return func(cfg *config) { cfg.clock = c }
}

// WithInspector serves a page beside the API, on which people see the messages as
// customers do, the requests and the webhooks, and can write as a customer. Its
// address is [Server.InspectorURL]. The page is that of package kirimtest/inspector:
//
//	sandbox := kirimtest.Start(t, kirimtest.WithInspector(inspector.New))
//
// To look at a test that failed, run it with -kirim.inspect: [Start] then prints the
// address and keeps the sandbox running until the test is interrupted with Ctrl-C.
//
// What newHandler returns is served at every path that is not of the API. It is
// called once, before the sandbox listens. Unless WithClock is given, the clock is a
// [RunningClock].
func WithInspector(newHandler func(*Server) http.Handler) Option {
	return func(cfg *config) { cfg.inspector = newHandler }
}

// WithoutListener starts no TCP listener: only [Server.Transport] reaches the
// sandbox, and it has no goroutine but for webhooks. Use it inside a testing/synctest
// bubble, where waiting for the network would keep virtual time from moving.
func WithoutListener() Option {
	return func(cfg *config) { cfg.listen = false }
}

// WithAddr sets where the sandbox listens, as for [net.Listen] with "tcp": for
// example ":8080", to be reached from other containers. The default is a free
// port of 127.0.0.1. [Server.URL] then names 127.0.0.1 where addr names no host.
// Whoever can reach the address can read what the sandbox holds.
func WithAddr(addr string) Option {
	return func(cfg *config) { cfg.addr = addr }
}

// WithListener serves on l, which Close closes, in place of an address of its own. It
// must be a TCP listener; [WithAddr] is then not looked at.
func WithListener(l net.Listener) Option {
	return func(cfg *config) { cfg.listener = l }
}

// WithWebhookSecret sets [Server.WebhookSecret], for a receiver that is
// configured before the sandbox starts. The default is random.
func WithWebhookSecret(secret string) Option {
	return func(cfg *config) { cfg.secret = secret }
}

// WithAPIKey sets [Server.APIKey]. The default is random.
func WithAPIKey(key string) Option {
	return func(cfg *config) { cfg.apiKey = key }
}

// WithAccessToken sets [Server.AccessToken]. The default is random.
func WithAccessToken(token string) Option {
	return func(cfg *config) { cfg.accessToken = token }
}

// WithMetaSecrets sets [Server.VerifyToken] and [Server.AppSecret], for a receiver of
// Meta's webhooks that is configured before the sandbox starts. The defaults are
// random.
func WithMetaSecrets(verifyToken, appSecret string) Option {
	return func(cfg *config) { cfg.verifyToken, cfg.appSecret = verifyToken, appSecret }
}

// WithPhoneNumberID sets [Server.PhoneNumberID]. The default is
// "106540352242922". [Server.AddPhoneNumber] adds further numbers.
func WithPhoneNumberID(id string) Option {
	return func(cfg *config) { cfg.number.ID = id }
}

// WithLateRefusals accepts what Meta refuses, and lets the message fail 100 ms
// later, as the vendor's guide on failed sends shows it: outside the 24-hour
// window, with a template that is paused or disabled, or with parameters that do
// not fit it. Status, GET of the message and the message.status event then tell
// why. The default is to refuse at once, as the vendor's catalogue of errors
// shows it.
//
// Docs: https://developers.kirim.chat/guides/failed-sends/
func WithLateRefusals() Option {
	return func(cfg *config) { cfg.lateRefusals = true }
}

// WithMetaMessages accepts every message that Meta's Cloud API is documented to
// take, where the default is what Kirim's own pages document: texts, images,
// videos, audio, documents, templates, and interactive messages of four kinds.
// Any other content is then accepted when it has its object and
// [kirim.OutboundMessage.Validate] finds nothing wrong with it, and so are
// business-scoped user ids and groups as recipients. A group has no 24-hour
// window in the sandbox. Statuses have the
// biz_opaque_callback_data of their message. Templates may be created with a header
// of a location, a limited-time offer and a carousel, and their types be in any
// case. That Kirim passes all this on is assumed.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
func WithMetaMessages() Option {
	return func(cfg *config) { cfg.metaMessages = true }
}

// WithPlan sets the organisation's rate limits. The default is [Free].
func WithPlan(p Plan) Option {
	return func(cfg *config) { cfg.plan = p }
}

// WithLimits bounds what the sandbox remembers.
func WithLimits(l Limits) Option {
	return func(cfg *config) { cfg.limits = l }
}

// WithAssumptions edits the [Assumptions], which hold their defaults when edit
// is called. It may be given more than once.
func WithAssumptions(edit func(*Assumptions)) Option {
	return func(cfg *config) { cfg.edits = append(cfg.edits, edit) }
}
