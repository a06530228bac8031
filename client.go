package kirim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"sync"

	"github.com/google/go-querystring/query"

	"github.com/kirim-go/kirim/internal/system"
)

// Version is the version of this package, as sent in the User-Agent.
const Version = "0.1.0"

// DefaultBaseURL is where requests go unless [WithBaseURL] or, for
// [NewClientFromEnv], KIRIM_BASE_URL says otherwise.
const DefaultBaseURL = "https://api.kirimdev.com/v1"

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
}

// core is what a client is made of, the same for every call.
type core struct {
	base       *url.URL // without trailing slash
	apiKey     string
	header     http.Header // of every request
	http       *http.Client
	dialer     *sparingDialer // nil over a transport of the caller's
	policy     RetryPolicy
	quota      *retryQuota
	limiter    Limiter
	limits     *perClass[lastLimit] // what was last learnt
	logger     *slog.Logger
	decode     ErrorDecoder
	keyed      bool // POST requests carry an Idempotency-Key
	validating bool
	windows    WindowMemory
	decided    *decisionCache
	feed       *StatusFeed // nil for none
	engines    *sync.Pool  // of *engine
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
	c.Accounts = &AccountsService{c}
	c.Labels = &LabelsService{c}
	c.Customers = &CustomersService{c}
	c.WebhookSubscriptions = &WebhookSubscriptionsService{c}
	c.WebhookDeliveries = &WebhookDeliveriesService{c}
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

// check refuses what every call needs and would otherwise be found missing deep
// inside.
func (c *Client) check(ctx context.Context) error {
	switch {
	case c.isZero():
		return refuse("client", "one that NewClient made", "a zero Client")
	case isNil(ctx):
		return refuse("ctx", "a context", "nil")
	}
	return nil
}

// GoString is String, so that %#v shows no more.
func (c *Client) GoString() string { return c.String() }

// Response is what HTTP said about a call; ask for it with [WithResponse].
// Like the error of the same call, it describes the last attempt.
type Response struct {
	StatusCode     int         // 0 when there was no answer
	Header         http.Header // of the answer; nil when there was none
	RequestID      string      // the server's id of the request, for its support
	RateLimit      RateLimit   // zero when the answer did not say
	Replayed       bool        // the server answered from memory: an earlier request with this key had done the work
	IdempotencyKey string      // the key that the request carried; empty when it carried none
	Attempts       int         // requests made, those of First included
	First          *Response   // to the message itself, when [MessagesService.SendOrTemplate] sent the template after it
}

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
// or a pointer that is not nil for [encoding/json], which is given the whole answer,
// envelope included; an empty answer leaves it unchanged.
//
// Every POST carries an Idempotency-Key, the same on all attempts, unless
// the client was made [WithoutIdempotencyKeys]. What is repeated, and when,
// is described at [RetryPolicy].
//
// An answer that is not 2xx is an [*Error]; so is a 2xx answer that cannot be
// decoded into out, or is larger than 8 MiB, and one that has an error envelope
// and no "data" that is not null: an "error" that is an object or a text,
// "errors" that are not empty, "success" or "isSuccess" that is false. It is
// repeated by its Kind: rate limits as a 429, what is temporary as a 500. out
// may have an UnmarshalJSON that returns an *Error for reports of another form;
// what it leaves empty is filled in as for an [ErrorDecoder]. No complete answer
// is a [*TransportError]. A call that is refused before anything is sent is a
// [*ValidationError].
//
// Redirects are followed for GET and HEAD within the same scheme, host and
// port, and never otherwise: the 3xx answer is then the error, with Location
// in its Header. The key goes nowhere else.
func (c *Client) Do(ctx context.Context, method, path string, query, body, out any, opts ...RequestOption) error {
	if err := c.check(ctx); err != nil {
		return err
	}
	call, err := c.newCall(method, path, opts)
	if err != nil {
		return err
	}
	if err := c.prepare(call, query, body); err != nil {
		return err
	}
	if _, own := out.(system.Result); out != nil && (isNil(out) || !own && reflect.TypeOf(out).Kind() != reflect.Pointer) {
		return refuse("out", "nil or a pointer to what is to be filled", fmt.Sprintf("a value of type %T that is none", out))
	}
	call.out = out
	err = call.run(ctx)
	if r := call.settings.response; r != nil {
		*r = call.response()
	}
	return err
}

func (c *Client) newCall(method, path string, opts []RequestOption) (*call, error) {
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	call := &call{client: c.core, method: method, path: path, settings: settings}
	switch method {
	case http.MethodPost:
		if call.settings.key != "" && !c.keyed {
			return nil, refuse("WithIdempotencyKey", "none on a client made WithoutIdempotencyKeys", "a key, which would protect nothing")
		}
		if c.keyed {
			call.key = call.settings.key
			if call.key == "" {
				call.key = newIdempotencyKey()
			}
		}
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, refuse("method", "GET, HEAD, POST, PUT, PATCH or DELETE", fmt.Sprintf("%.20q", method))
	}
	call.operation = operationOf(method, call.key)
	return call, nil
}

// prepare readies what the HTTP requests of the call will have in common.
// Nothing has been sent when it fails.
func (c *Client) prepare(call *call, params, body any) error {
	var err error
	if call.url, err = c.resolve(call.path); err != nil {
		return err
	}
	if call.url.RawQuery, err = encodeQuery(params); err != nil {
		return err
	}
	if call.payload, err = encodeBody(body); err != nil {
		return err
	}
	call.keyHeader[0] = call.key
	return nil
}

var jsonContentType = []string{"application/json"}

func encodeQuery(params any) (string, error) {
	switch p := params.(type) {
	case nil:
		return "", nil
	case url.Values:
		return p.Encode(), nil
	}
	values, err := query.Values(params)
	if err != nil {
		return "", refuseEncoding("query", "nil, a url.Values or a struct for go-querystring", params, err)
	}
	return values.Encode(), nil
}

// PhoneNumber gives access to what belongs to one of the organisation's
// WhatsApp numbers. The id is Meta's phone_number_id, a string of digits,
// not the number itself; see [Client.Accounts]. No request is made; a wrong
// id shows at the first call, as [CodeResourceNotFound], and an empty one as a
// [*ValidationError].
func (c *Client) PhoneNumber(id string) *PhoneNumber {
	return &PhoneNumber{
		Messages:      &MessagesService{client: c, phoneNumberID: id, path: pathOf(id, "messages")},
		Templates:     &TemplatesService{client: c, phoneNumberID: id},
		Conversations: &ConversationsService{client: c, phoneNumberID: id},
		Contacts:      &ContactsService{client: c, phoneNumberID: id},
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
