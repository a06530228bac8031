package kirim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// RequestOption configures one call. Options may come in any order; a wrong
// value makes the call fail, with nothing sent, with a [*ValidationError] that
// names the option.
type RequestOption func(*requestSettings) error

type requestSettings struct {
	key            string
	response       *Response
	noRetry        bool
	skipValidation bool
	preferTemplate bool
	idempotent     bool
	scheme         string      // of the Authorization header; empty for Bearer
	header         http.Header // added to the request
	waitRank       int         // of the status that [WithWaitStatus] says; 0 for none
}

// settingsPool holds what options are applied to. It saves 2 of the 35 allocations
// of a send with an option, which applies its options twice.
var settingsPool = sync.Pool{New: func() any { return new(requestSettings) }}

func settingsOf(opts []RequestOption) (requestSettings, error) {
	if len(opts) == 0 {
		return requestSettings{}, nil
	}
	s := settingsPool.Get().(*requestSettings)
	defer func() {
		*s = requestSettings{}
		settingsPool.Put(s)
	}()
	for i, opt := range opts {
		if opt == nil {
			return *s, refuse(fmt.Sprintf("request option %d", i+1), "an option", "nil")
		}
		if err := opt(s); err != nil {
			return *s, err
		}
	}
	return *s, nil
}

// WithIdempotencyKey sets the key of a POST: 1 to 255 characters of printable
// ASCII. The server carries out one request for a key and replays its
// response to the others, for 24 hours and over the whole organisation, so derive it from
// what the message is about, for example the order's id and the step: then
// not even a restart of your program sends it twice. The same key for a
// different request is an error, [CodeIdempotencyKeyReuse].
//
// The default is a random text of 26 letters and digits for each call. On other methods the option
// has no effect, as the server ignores the key there.
//
// Docs: https://developers.kirim.chat/concepts/idempotency/
func WithIdempotencyKey(key string) RequestOption {
	return func(s *requestSettings) error {
		if err := checkIdempotencyKey(key); err != nil {
			return err
		}
		s.key = key
		return nil
	}
}

// WithResponse fills r with what HTTP said, also when the call fails. Do not
// share one Response between calls that run at the same time.
func WithResponse(r *Response) RequestOption {
	return func(s *requestSettings) error {
		if r == nil {
			return refuse("WithResponse", "a Response", "nil")
		}
		s.response = r
		return nil
	}
}

// WithoutRetry makes at most one request: it is not retried, neither by
// this package nor by net/http, which otherwise retries a request of its own
// accord on a kept connection that the server had closed. Such a closed
// connection is then an error.
func WithoutRetry() RequestOption {
	return func(s *requestSettings) error {
		s.noRetry = true
		return nil
	}
}

// WithoutRequestValidation sends this message without checking it first, for a limit
// that the server has raised since this version. To do so for all messages
// use [WithoutValidation].
func WithoutRequestValidation() RequestOption {
	return func(s *requestSettings) error {
		s.skipValidation = true
		return nil
	}
}

// WithIdempotent says that carrying out the request twice does no harm. A POST
// that has no idempotency key is then retried as a PUT is; see [RetryPolicy]. On
// other requests the option has no effect. Never use it for what sends a message.
func WithIdempotent() RequestOption {
	return func(s *requestSettings) error {
		s.idempotent = true
		return nil
	}
}

// WithHeader sets a header of this request, in place of the client's own. It may
// be given several times, for different headers. The name is a token of at most 100 characters, and
// the value printable ASCII of at most 4096. Refused are the headers that
// decide where a request goes, how it is framed and what retries it: Authorization,
// for which there is [WithAuthorizationScheme], Idempotency-Key, Host,
// Content-Length, Transfer-Encoding, Connection, Trailer and Upgrade. Of the header's value nothing is
// taken out of responses and errors: only the API key is.
func WithHeader(name, value string) RequestOption {
	return func(s *requestSettings) error {
		switch {
		case name == "" || len(name) > 100 || strings.ContainsFunc(name, notToken):
			return refuse("WithHeader", "a name of 1 to 100 letters, digits, - and _", fmt.Sprintf("another of %d bytes", len(name)))
		case slices.Contains(reservedHeaders, http.CanonicalHeaderKey(name)):
			return refuse("WithHeader", "a header that the client does not set for itself", http.CanonicalHeaderKey(name))
		case len(value) > 4096 || firstUnprintable(value) >= 0:
			return refuse("WithHeader", "a value of at most 4096 printable ASCII characters", fmt.Sprintf("another of %d bytes", len(value)))
		}
		if s.header == nil {
			s.header = make(http.Header)
		}
		s.header.Set(name, value)
		return nil
	}
}

var reservedHeaders = []string{
	"Authorization", "Connection", "Content-Length", "Host", "Idempotency-Key", "Trailer", "Transfer-Encoding", "Upgrade",
}

func notToken(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// WithAuthorizationScheme sends the API key of this request under another scheme
// than Bearer, such as OAuth. The scheme is 1 to 20 letters, digits, - and _.
func WithAuthorizationScheme(scheme string) RequestOption {
	return func(s *requestSettings) error {
		if scheme == "" || len(scheme) > 20 || strings.ContainsFunc(scheme, notToken) {
			return refuse("WithAuthorizationScheme", "1 to 20 letters, digits, - and _", fmt.Sprintf("another of %d bytes", len(scheme)))
		}
		s.scheme = scheme
		return nil
	}
}
