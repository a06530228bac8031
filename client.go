package kirim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
)

// Version is the version of this package, as sent in the User-Agent.
const Version = "0.1.0"

// Client speaks to one server with one API key. It is immutable after
// construction and safe for concurrent use; make one and share it. It never
// shows its key: not in errors, logs, %v, %#v or JSON.
//
// A zero Client has no server: its calls are refused, and its services are nil,
// so that their methods panic.
type Client struct {
	// What belongs to the organisation. What belongs to one of its numbers
	// is reached through PhoneNumber.
	Accounts             *AccountsService
	Labels               *LabelsService
	Customers            *CustomersService
	WebhookSubscriptions *WebhookSubscriptionsService
	WebhookDeliveries    *WebhookDeliveriesService

	// Behind a pointer, because fmt walks unexported fields too, but stops
	// at nested pointers.
	*core
	sending *sendSettings
}

// NewClient returns a client for Kirim's API. The key is the kdv_live_… key
// of an organisation; it must not be empty and must be printable ASCII
// without spaces. Options may come in any order.
func NewClient(apiKey string, opts ...Option) (*Client, error) {
	s, err := applyOptions(opts)
	if err != nil {
		return nil, err
	}
	return withServices(s.client("apiKey", apiKey))
}

// NewClientFromEnv is [NewClient] with the key from the environment variable
// KIRIM_API_KEY and, when it is set, the base URL from KIRIM_BASE_URL. An
// explicit [WithBaseURL] wins over the environment.
//
// KIRIM_INSECURE_HTTP=1 is [WithInsecureHTTP] from the environment, for example
// for a sandbox in a compose file. When it makes a difference, the client says so
// with a warning to its logger, or to [slog.Default] if it has none.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	apiKey, ok := os.LookupEnv("KIRIM_API_KEY")
	if !ok {
		return nil, errors.New("kirim: KIRIM_API_KEY is not set")
	}
	s, err := applyOptions(opts)
	if err != nil {
		return nil, err
	}
	switch allowed := os.Getenv("KIRIM_INSECURE_HTTP"); allowed {
	case "1":
		s.insecureFromEnv = true
	case "", "0":
	default:
		return nil, errors.New("kirim: KIRIM_INSECURE_HTTP is neither 1 nor 0")
	}
	if fromEnv := os.Getenv("KIRIM_BASE_URL"); fromEnv != "" && s.baseURL == nil {
		if s.baseURL, err = parseBaseURL(fromEnv); err != nil {
			return nil, fmt.Errorf("kirim: KIRIM_BASE_URL: %w", err)
		}
		s.baseURLFrom = "KIRIM_BASE_URL"
	}
	return withServices(s.client("KIRIM_API_KEY", apiKey))
}

func withServices(c *Client, err error) (*Client, error) {
	if err != nil {
		return nil, err
	}
	c.Accounts = &AccountsService{c.core}
	c.Labels = &LabelsService{c.core}
	c.Customers = &CustomersService{c.core}
	c.WebhookSubscriptions = &WebhookSubscriptionsService{c.core}
	c.WebhookDeliveries = &WebhookDeliveriesService{c.core}
	return c, nil
}

// CloseIdleConnections closes connections that the client keeps open for the
// next request. It does not touch requests that are under way. Only tests
// and programs that stop using a client long before they end need it.
func (c *Client) CloseIdleConnections() {
	if !c.isZero() {
		closeIdleConnections(c.http)
	}
}

// BaseURL returns where requests go, without a slash at its end:
// [DefaultBaseURL], or what [WithBaseURL] or the environment said. It is empty
// for a zero Client.
func (c *Client) BaseURL() string {
	if c.isZero() {
		return ""
	}
	return c.base.String()
}

// String returns the base URL, in a form that says what the value is.
func (c *Client) String() string { return "kirim.Client(" + c.BaseURL() + ")" }

func (c *Client) isZero() bool { return c == nil || c.core == nil }

// GoString is String, so that %#v shows no more.
func (c *Client) GoString() string { return c.String() }

// Do makes one call: it is what every method of this package is built on,
// and the way to an operation that has no method yet.
//
// The method is GET, HEAD, POST, PUT, PATCH or DELETE. The path is relative
// to the base URL, as in "/106540352242922/messages"; its segments may be
// percent-escaped ([url.PathEscape] an id that is not yours), and empty, "."
// and ".." segments are refused. query is nil, a [url.Values], or a struct
// for github.com/google/go-querystring. body is nil, a []byte of JSON that
// goes out as it is, or a value for [encoding/json]; readers are refused, as
// they cannot be sent twice. out is nil, a *[]byte for the body as it came,
// or a pointer that is not nil for [encoding/json], which is given the whole response,
// envelope included; an empty response leaves it unchanged.
//
// Every POST carries an Idempotency-Key, the same on all attempts, unless
// the client was made [WithoutIdempotencyKeys]. What is retried, and when,
// is described at [RetryPolicy].
//
// A response that is not 2xx is an [*Error]; so is a 2xx response that cannot be
// decoded into out, or is larger than 8 MiB, and one that has an error envelope
// and no "data" that is not null: an "error" that is an object or a text,
// "errors" that are not empty, "success" or "isSuccess" that is false; for a
// server with other rules see [WithResponseJudge]. It is retried by its Kind:
// rate limits as a 429, what is temporary as a 500. No complete response is a
// [*TransportError]. A call that is refused before anything is sent is a
// [*ValidationError].
//
// Redirects are followed for GET and HEAD within the same scheme, host and
// port, and never otherwise: the 3xx response is then the error, with Location
// in its Header. The key goes nowhere else.
func (c *Client) Do(ctx context.Context, method, path string, query, body, out any, opts ...RequestOption) error {
	return c.shared().do(ctx, method, path, query, body, out, opts)
}

// Validate checks a message with [OutboundMessage.Validate], unless the client was
// made [WithoutValidation] or the options include [WithoutRequestValidation]. It
// sends nothing. It is for packages that send to a system of their own over
// [Client.Do]; [MessagesService.Send] validates by itself.
func (c *Client) Validate(message OutboundMessage, opts ...RequestOption) error {
	settings, err := settingsOf(opts)
	if err != nil || settings.skipValidation || !c.isZero() && !c.sending.validating {
		return err
	}
	return message.Validate()
}

// MediaAt downloads the file behind a link that an API gave. The link is an https
// URL, or http where the base URL is http too. The key goes to the hosts of
// params alone, and only while the first host redirects to itself; the file
// is asked for once. What [MessagesService.Media] says of limits and errors holds
// here, too; the refusal of a host that got the key is decoded as the API's. No
// error quotes the query of the link.
func (c *Client) MediaAt(ctx context.Context, link string, params LinkParams) (*Media, error) {
	return c.shared().mediaAt(ctx, link, params)
}

// shared is what the calls of all services need; nil for a zero client.
func (c *Client) shared() *core {
	if c == nil {
		return nil
	}
	return c.core
}

// PhoneNumber gives access to what belongs to one of the organisation's
// WhatsApp numbers. The id is Meta's phone_number_id, a string of digits,
// not the number itself; see [Client.Accounts]. No request is made; a wrong
// id shows at the first call, as [CodeResourceNotFound], and an empty one as a
// [*ValidationError].
func (c *Client) PhoneNumber(id string) *PhoneNumber {
	core, sending := c.shared(), &sendSettings{}
	if !c.isZero() {
		sending = c.sending
	}
	return &PhoneNumber{
		Messages:      &MessagesService{client: core, settings: sending, phoneNumberID: id},
		Templates:     &TemplatesService{client: core, phoneNumberID: id},
		Conversations: &ConversationsService{client: core, phoneNumberID: id},
		Contacts:      &ContactsService{client: core, phoneNumberID: id},
	}
}

// PhoneNumber is one of the organisation's WhatsApp numbers. See
// [Client.PhoneNumber].
type PhoneNumber struct {
	Messages      *MessagesService
	Templates     *TemplatesService
	Conversations *ConversationsService
	Contacts      *ContactsService
}

// RateLimit returns what the class's last response with rate limit headers
// said, with or without a [Limiter]; the zero value before the first. It is
// as old as that response, which may be any age: since then the bucket has
// been filling, at Limit/60 requests a second, and others may have taken from
// it. It never makes a request.
func (c *Client) RateLimit(class RateClass) RateLimit {
	if c.isZero() {
		return RateLimit{}
	}
	return c.limits.of(class).load()
}

// Me tells what the API key stands for: the organisation, the key and its
// rate limits. It is the cheapest call that proves that the key works; a key
// that does not is an error for which [IsAuthentication] is true.
//
// Docs: https://developers.kirim.chat/api/operations/me/
func (c *Client) Me(ctx context.Context, opts ...RequestOption) (*Me, error) {
	return request[Me](ctx, c.shared(), http.MethodGet, "/me", nil, nil, opts)
}

// Health returns nil when the API is up. The server needs no key for it, so
// it says nothing about the key.
//
// Docs: https://developers.kirim.chat/api/operations/health/
func (c *Client) Health(ctx context.Context, opts ...RequestOption) error {
	return c.Do(ctx, http.MethodGet, "/health", nil, nil, nil, opts...)
}

// OpenAPI returns the server's own description of its API, an OpenAPI 3.1
// document of at most 8 MiB.
//
// Docs: https://developers.kirim.chat/authentication/
func (c *Client) OpenAPI(ctx context.Context, opts ...RequestOption) (json.RawMessage, error) {
	var document json.RawMessage
	if err := c.Do(ctx, http.MethodGet, "/openapi.json", nil, nil, &document, opts...); err != nil {
		return nil, err
	}
	return document, nil
}
