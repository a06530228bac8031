// Package adapter is what the clients of the gateway packages share.
package adapter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/system"
)

// System is one system to speak to.
type System struct{ *system.System }

// NewClient returns a client for the system. The caller's options come last,
// so that they win.
func (s System) NewClient(apiKey, baseURL string, opts []kirim.Option) (*Client, error) {
	client, err := kirim.NewClient(apiKey, append([]kirim.Option{
		kirim.WithBaseURL(baseURL),
		kirim.WithErrorDecoder(s.decode),
		kirim.WithResponseJudge(judge),
		kirim.WithoutIdempotencyKeys(),
	}, opts...)...)
	if err != nil {
		return nil, err
	}
	return &Client{s, client}, nil
}

// DecodeError reads a response that is known to be the system's.
func (s System) DecodeError(statusCode int, header http.Header, body []byte) *kirim.Error {
	return kirim.ErrorDecoder(s.decode).Decode(statusCode, header, body)
}

// decode is a [kirim.ErrorDecoder]. What has nothing of the system's is left
// to [kirim.DecodeError].
func (s System) decode(statusCode int, header http.Header, body []byte) *kirim.Error {
	found, ok := s.Read(statusCode, header, body)
	if !ok {
		return nil
	}
	kind := kirim.Kind(found.Kind)
	if kind == "" {
		kind = kirim.DecodeError(statusCode, nil, nil).Kind // of the status
	}
	return &kirim.Error{
		Type: kirim.ErrorType(found.Type), Code: kirim.ErrorCode(found.Code),
		Message: found.Message, Param: found.Param, RequestID: found.RequestID,
		Kind: kind, MetaCode: found.Meta.Code, Details: found.Meta.Details, RetryAfter: found.Wait,
	}
}

// judge is a [kirim.ResponseJudge] for systems with a flag in every response.
func judge(_ int, _ http.Header, body []byte) kirim.Verdict {
	if system.Failed(body) {
		return kirim.VerdictFailure
	}
	return kirim.VerdictSuccess
}

// Unsupported is the error for what the system cannot do.
func (s System) Unsupported(what string) error {
	return &unsupportedError{s, what}
}

type unsupportedError struct {
	system System
	what   string
}

func (e *unsupportedError) Error() string {
	return fmt.Sprintf("kirim: %s cannot send %s; nothing was sent: %v", e.system.Name, e.what, errors.ErrUnsupported)
}

// Unwrap makes it a refusal like any other before sending, too.
func (e *unsupportedError) Unwrap() []error {
	return []error{errors.ErrUnsupported, &kirim.ValidationError{Violations: []kirim.Violation{
		{Path: "type", Limit: "what " + e.system.Name + " can send", Actual: e.what},
	}}}
}

// Digits is a number in E.164 without its plus.
func Digits(number string) string { return strings.TrimPrefix(number, "+") }

// Client speaks to one system.
type Client struct {
	System System
	kirim  *kirim.Client
}

// BaseURL returns where requests go.
func (c *Client) BaseURL() string { return c.client().BaseURL() }

// client is the client that makes the calls. That of a zero client of a gateway refuses
// all of them.
func (c *Client) client() *kirim.Client {
	if c == nil {
		return &kirim.Client{}
	}
	return c.kirim
}

// Validate checks a message, unless the caller's options say not to.
func (c *Client) Validate(message kirim.OutboundMessage, opts []kirim.RequestOption) error {
	return c.client().Validate(message, opts...)
}

// Out is what a response is decoded into. Missing names the member that carries
// the result and is not there; it is empty when there is a result.
type Out interface{ Missing() string }

// Do makes one call. A 2xx response that has no result is an error.
func (c *Client) Do(ctx context.Context, method, path string, query, body any, out Out, opts []kirim.RequestOption) error {
	return c.client().Do(ctx, method, path, query, body, answer{out}, opts...)
}

// Data makes one call and returns what stands under "data" in the response. A T
// that is an [Out] is asked as well.
func Data[T any](ctx context.Context, c *Client, method, path string, query, body any, opts []kirim.RequestOption) (*T, error) {
	answer := data[T]{new(T)} // a 204 leaves it as it is
	if err := c.Do(ctx, method, path, query, body, &answer, opts); err != nil {
		return nil, err
	}
	return answer.Data, nil
}

type data[T any] struct {
	Data *T `json:"data"`
}

func (d *data[T]) Missing() string {
	if d.Data == nil || reflect.ValueOf(d.Data).Elem().IsZero() {
		return "data"
	}
	if out, ok := any(d.Data).(Out); ok && out.Missing() != "" {
		return "data." + out.Missing()
	}
	return ""
}

type answer struct{ out Out }

// DecodeResult implements [system.Result].
func (a answer) DecodeResult(body system.Body) error {
	if len(body) > 0 { // else what is missing says more
		if err := json.Unmarshal(body, a.out); err != nil {
			return err
		}
	}
	if missing := a.out.Missing(); missing != "" {
		return system.Missing(missing)
	}
	return nil
}

// All yields the items of a listing, page by page. fetch returns the items
// from a position on and the position of the next page, which is not greater
// than its own at the end.
func All[T any](first int, fetch func(at int) (items []T, next int, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for at := first; ; {
			items, next, err := fetch(at)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next <= at || len(items) == 0 {
				return
			}
			at = next
		}
	}
}

// MediaAt opens the file behind a link, as [kirim.Client.MediaAt].
func (c *Client) MediaAt(ctx context.Context, link string, params kirim.LinkParams) (*kirim.Media, error) {
	return c.client().MediaAt(ctx, link, params)
}
