package kirim

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Option configures a client. Options may come in any order; a wrong value
// makes [NewClient] fail with an error that names the option.
type Option func(*settings) error

// settings collects what the options say until the client is made.
type settings struct {
	baseURL         *url.URL
	baseURLFrom     string
	insecureHTTP    bool
	insecureFromEnv bool
	httpClient      *http.Client
	policy          RetryPolicy
	limiter         Limiter
	logger          *slog.Logger
	observers       []CallObserver
	product         string
	decode          ErrorDecoder
	judge           ResponseJudge
	withoutKeys     bool
	notValidating   bool
	windows         WindowStore
	feed            statusSource
	catalog         templateChecker // nil for none
}

func applyOptions(opts []Option) (*settings, error) {
	s := &settings{policy: DefaultRetryPolicy()}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("kirim: option %d is nil", i+1)
		}
		if err := opt(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// client makes the client; keyName is what the caller knows the key by.
func (s *settings) client(keyName, apiKey string) (*Client, error) {
	if err := checkAPIKey(apiKey); err != nil {
		return nil, fmt.Errorf("kirim: %s: %w", keyName, err)
	}
	base := s.baseURL
	if base == nil {
		base, _ = parseBaseURL(DefaultBaseURL)
	}
	if base.Scheme == "http" && !s.insecureHTTP && !isLoopback(base.Hostname()) {
		if !s.insecureFromEnv {
			return nil, fmt.Errorf("kirim: %s: plain http to a host that is not loopback would show the API key to the network; use https, or WithInsecureHTTP, or KIRIM_INSECURE_HTTP=1 with NewClientFromEnv", s.baseURLFrom)
		}
		logger := s.logger
		if logger == nil {
			logger = slog.Default()
		}
		logger.Warn("kirim: KIRIM_INSECURE_HTTP=1: the API key and all messages go over plain http, readable by everybody on the way", slog.String("host", base.Host))
	}
	agent := "kirim-go/" + Version + " (" + runtime.Version() + "; " + runtime.GOOS + "/" + runtime.GOARCH + ")"
	if s.product != "" {
		agent += " " + s.product
	}
	if s.catalog != nil {
		if err := s.catalog.claim(base.String(), apiKey); err != nil {
			return nil, fmt.Errorf("kirim: WithTemplateCatalog: %w", err)
		}
	}
	policy := s.policy
	var dialer *sparingDialer
	switch {
	case s.httpClient == nil:
		dialer = newSparingDialer()
	case s.httpClient.Timeout > 0:
		policy.AttemptTimeout = min(policy.AttemptTimeout, s.httpClient.Timeout)
	}
	observers := s.callObservers(base.Host)
	httpClient, err := newHTTPClient(s.httpClient, dialer, observers)
	if err != nil {
		return nil, err
	}
	return &Client{core: &core{
		base:   base,
		apiKey: apiKey,
		header: http.Header{
			"Accept":        jsonContentType,
			"Authorization": {"Bearer " + apiKey},
			"User-Agent":    {agent},
		},
		http:      httpClient,
		dialer:    dialer,
		policy:    policy,
		timer:     &attemptTimer{limit: policy.AttemptTimeout},
		budget:    newRetryBudget(policy.WithoutQuota, policy.MaxRetries),
		recovery:  new(recovery),
		limiter:   s.limiter,
		limits:    new(perClass[lastLimit]),
		logger:    s.logger,
		observers: observers,
		decode:    s.decode,
		judge:     s.judge,
		keyed:     !s.withoutKeys,
		engines:   &sync.Pool{New: newEngine},
	}, sending: &sendSettings{
		validating: !s.notValidating,
		windows:    s.windows,
		decided:    new(decisionCache),
		feed:       s.feed,
		catalog:    s.catalog,
		passed:     new(decisionCache),
	}}, nil
}

// callObservers are those of the options, and the log of attempts after them; nil for none.
func (s *settings) callObservers(server string) *callObservers {
	list := s.observers
	if s.logger != nil {
		list = append(slices.Clip(list), attemptLog(s.logger))
	}
	if len(list) == 0 {
		return nil
	}
	return &callObservers{list: list, logger: s.logger, server: server}
}

// checkAPIKey refuses what cannot be a header value. The text says where,
// never what.
func checkAPIKey(key string) error {
	if key == "" {
		return errors.New("the API key is empty")
	}
	for i := range len(key) {
		if key[i] > ' ' && key[i] < 0x7f {
			continue
		}
		hint := ""
		if strings.TrimSpace(key) != key {
			hint = "; trim what was read from a file or the environment"
		}
		return fmt.Errorf("the API key has a space, a control character or a non-ASCII byte at byte %d of %d%s", i+1, len(key), hint)
	}
	return nil
}

// WithBaseURL sets where requests go; the default is [DefaultBaseURL]. The
// URL is absolute, without query, fragment and credentials; a path prefix is
// kept, and a trailing slash makes no difference. Plain http is accepted for
// "localhost" and loopback addresses only, not for names below localhost,
// unless [WithInsecureHTTP] is given too.
func WithBaseURL(baseURL string) Option {
	return func(s *settings) error {
		u, err := parseBaseURL(baseURL)
		if err != nil {
			return fmt.Errorf("kirim: WithBaseURL: %w", err)
		}
		s.baseURL, s.baseURLFrom = u, "WithBaseURL"
		return nil
	}
}

// WithInsecureHTTP allows a base URL with plain http to a host that is not
// loopback. Everybody on the way can then read the API key and the messages.
// It does not turn off the verification of certificates; nothing here does.
func WithInsecureHTTP() Option {
	return func(s *settings) error {
		s.insecureHTTP = true
		return nil
	}
}

// WithHTTPClient sets the client whose Transport, Jar, CheckRedirect and
// Timeout are used, for proxies, private certificates or tracing. The value
// is read once and never modified; a nil Transport means
// [http.DefaultTransport], which keeps only two idle connections to a host.
// CheckRedirect is asked only about redirects that this package would follow
// (see [Client.Do]). Timeout limits each attempt, not the call, when it is
// shorter than [RetryPolicy.AttemptTimeout].
//
// Without this option the client has a transport of its own, with up to 1024
// idle connections.
func WithHTTPClient(client *http.Client) Option {
	return func(s *settings) error {
		if client == nil {
			return errors.New("kirim: WithHTTPClient: the client is nil")
		}
		if client.Transport != nil && isNil(client.Transport) {
			return fmt.Errorf("kirim: WithHTTPClient: the transport is a nil %T", client.Transport)
		}
		if client.Jar != nil && isNil(client.Jar) {
			return fmt.Errorf("kirim: WithHTTPClient: the cookie jar is a nil %T", client.Jar)
		}
		s.httpClient = client
		return nil
	}
}

// WithRetryPolicy replaces [DefaultRetryPolicy]. Start from it:
//
//	policy := kirim.DefaultRetryPolicy()
//	policy.MaxRetries = 5
func WithRetryPolicy(policy RetryPolicy) Option {
	return func(s *settings) error {
		complete, err := policy.complete()
		if err != nil {
			return fmt.Errorf("kirim: WithRetryPolicy: %w", err)
		}
		s.policy = complete
		return nil
	}
}

// WithLimiter makes every attempt wait for the limiter first, for example a
// [Pacer]. The default is none.
func WithLimiter(limiter Limiter) Option {
	return func(s *settings) error {
		if isNil(limiter) {
			return errors.New("kirim: WithLimiter: the limiter is nil")
		}
		s.limiter = limiter
		return nil
	}
}

// WithLogger logs every attempt at level debug, every retry at level info and
// every failed load of a [TemplateCatalog] at level warn. The records hold method, route (the path without ids), status, kind,
// attempt, duration, wait and request id, and nothing else. The default is
// silence.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) error {
		if logger == nil {
			return errors.New("kirim: WithLogger: the logger is nil")
		}
		if isNil(logger.Handler()) {
			return errors.New("kirim: WithLogger: the logger has no handler, as a zero slog.Logger; make it with slog.New")
		}
		s.logger = logger
		return nil
	}
}

// WithCallObserver adds an observer of the client's calls. Observers add up: their Begin
// functions are called in the order of the options, each with the context of the one
// before, Attempt and End in the reverse order, and the Transport of the first is the
// outermost. The default is none, which costs nothing.
//
// A call is what one method does, with all its attempts; [MessagesService.SendOrTemplate]
// is two when it sends the template after the message, and a list that is read page by page is
// one for each page. A message that [MessagesService] refuses before anything is sent
// is observed as a call without attempts. Calls on a zero client, with a nil context or with an option
// that is wrong are not observed, and neither are downloads of files.
func WithCallObserver(observer CallObserver) Option {
	return func(s *settings) error {
		if observer.Begin == nil && observer.Attempt == nil && observer.End == nil && observer.Transport == nil {
			return errors.New("kirim: WithCallObserver: the observer has no function")
		}
		s.observers = append(s.observers, observer)
		return nil
	}
}

// WithUserAgent appends a product, such as "orders/1.4", to the User-Agent
// of this package. It is printable ASCII of at most 200 characters.
func WithUserAgent(product string) Option {
	return func(s *settings) error {
		if product == "" || len(product) > 200 {
			return fmt.Errorf("kirim: WithUserAgent: the product has %d characters, not 1 to 200", len(product))
		}
		if i := firstUnprintable(product); i >= 0 {
			return fmt.Errorf("kirim: WithUserAgent: the product has a byte that is not printable ASCII at %d", i+1)
		}
		s.product = product
		return nil
	}
}

// WithErrorDecoder reads error responses of a server that is not Kirim. The
// default is [DecodeError].
func WithErrorDecoder(decode ErrorDecoder) Option {
	return func(s *settings) error {
		if decode == nil {
			return errors.New("kirim: WithErrorDecoder: the decoder is nil")
		}
		s.decode = decode
		return nil
	}
}

// WithResponseJudge is for servers that report errors with a 2xx status in a
// form of their own. The judge is asked about every 2xx response with a body,
// before the body is decoded; a 204, a 205 and an empty body are never a failure.
// The default is no judge, which is the same as [VerdictDefault] for all: an
// error envelope without a result is an error, as [Client.Do] says.
//
// The body of a failure is read by the [ErrorDecoder] of [WithErrorDecoder], or by
// [DecodeError]. The [*Error] keeps the 2xx status, and is retried by its Kind. A
// success must still have the result that the method needs; without it the error
// is of [KindInvalidResponse]. A panic of the judge is not caught.
func WithResponseJudge(judge ResponseJudge) Option {
	return func(s *settings) error {
		if judge == nil {
			return errors.New("kirim: WithResponseJudge: the judge is nil")
		}
		s.judge = judge
		return nil
	}
}

// WithoutIdempotencyKeys is for servers that do not honour the
// Idempotency-Key header. POST requests then carry none and are retried only
// when they were demonstrably not processed; see [RetryPolicy]. The header is
// left out, not only ignored, because net/http takes its presence as leave to
// send a request again.
func WithoutIdempotencyKeys() Option {
	return func(s *settings) error {
		s.withoutKeys = true
		return nil
	}
}

// WithoutValidation sends messages without checking them first; see
// [OutboundMessage.Validate]. To do so for one call use [WithoutRequestValidation].
func WithoutValidation() Option {
	return func(s *settings) error {
		s.notValidating = true
		return nil
	}
}

// WithWindowStore lets [MessagesService.SendOrTemplate] send the template
// directly when the store says that the customer last wrote more than 24 hours
// ago. For a call with a key of its own the store must be a [WindowDecider], as
// [MemoryWindowStore] is. If the store does not know the customer, or fails, the
// message goes first as it does without a store, and the template follows if the
// server refuses the message. The default is no store.
func WithWindowStore(store WindowStore) Option {
	return func(s *settings) error {
		if isNil(store) {
			return errors.New("kirim: WithWindowStore: the store is nil")
		}
		s.windows = store
		return nil
	}
}

// WithTemplateCatalog checks each [Template] with what the catalog knows before it
// goes out: those of [MessagesService.Send], and those of
// [MessagesService.SendOrTemplate] and [MessagesService.SendAndWait] before the
// message that they are the rescue of. One that does not fit is the
// [*ValidationError] of [Template.Check], and nothing of the call is sent. A [Raw]
// is not checked. [WithoutValidation] and [WithoutRequestValidation] turn the check off.
// A catalog may serve several clients with one base URL and API key; with another,
// NewClient fails. It concerns the [MessagesService] alone: the gateways to other
// systems have no templates of Kirim's and do not use it.
//
// A call under an idempotency key that the client let pass before, or whose outcome
// is in doubt, is not checked again: the template may have been paused in between,
// and a refusal would say that nothing was sent. The client remembers 16,384 keys for
// 25 hours. It does not know the calls of another process: there, or after a
// restart, retry a call that is in doubt with [WithoutRequestValidation].
func WithTemplateCatalog(catalog *TemplateCatalog) Option {
	return func(s *settings) error {
		if catalog == nil {
			return errors.New("kirim: WithTemplateCatalog: the catalog is nil")
		}
		s.catalog = catalog
		return nil
	}
}
