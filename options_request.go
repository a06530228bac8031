package kirim

import (
	"fmt"
	"net/http"
)

// Response is what HTTP said about a call; ask for it with [WithResponse].
// Like the error of the same call, it describes the last attempt.
type Response struct {
	StatusCode     int         // 0 when there was no response
	Header         http.Header // of the response; nil when there was none
	RequestID      string      // the server's id of the request, for its support
	RateLimit      RateLimit   // zero when the response did not say
	Replayed       bool        // the server replayed a stored response: an earlier request with this key had done the work
	IdempotencyKey string      // the key that the request carried; empty when it carried none
	Attempts       int         // requests made, those of First included
	First          *Response   // to the message itself, when [MessagesService.SendOrTemplate] sent the template after it
}

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
	waitRank       int // of the status that [WithWaitStatus] says; 0 for none
}

func settingsOf(opts []RequestOption) (requestSettings, error) {
	if len(opts) == 0 {
		return requestSettings{}, nil
	}
	s := &requestSettings{}
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
