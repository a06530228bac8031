package cloudapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-querystring/query"

	"github.com/kirim-go/kirim"
)

// pathTo is the path to something below the version of the API.
func pathTo(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// get reads one object, of which one of the members named has to be there.
func get[T any](ctx context.Context, c *Client, path string, params any, opts []kirim.RequestOption, members ...string) (*T, error) {
	values, err := query.Values(params)
	if err != nil {
		return nil, err
	}
	return call[T](ctx, c, http.MethodGet, path, values, nil, opts, members...)
}

// call makes one call and returns the object in its response, of which one of the
// members named has to be there.
func call[T any](ctx context.Context, c *Client, method, path string, values url.Values, body any, opts []kirim.RequestOption, members ...string) (*T, error) {
	// A DELETE without a result is a success elsewhere, but Meta documents its result.
	answer := object[T]{value: new(T), members: members, strict: method == http.MethodDelete}
	if err := c.do(ctx, method, path, values, body, &answer, opts); err != nil {
		return nil, err
	}
	return answer.value, nil
}

// perform makes a call that has no result of its own.
func perform(ctx context.Context, c *Client, method, path string, values url.Values, body any, opts []kirim.RequestOption) error {
	_, err := call[done](ctx, c, method, path, values, body, opts, "success")
	return err
}

// set sets absolute values, and is retried like a PUT.
func set(ctx context.Context, c *Client, path string, body any, opts []kirim.RequestOption) error {
	return perform(ctx, c, http.MethodPost, path, nil, body, idempotent(opts))
}

func idempotent(opts []kirim.RequestOption) []kirim.RequestOption {
	return append([]kirim.RequestOption{kirim.WithIdempotent()}, opts...)
}

// object is a response that is the result itself.
type object[T any] struct {
	value   *T
	members []string // of which one carries the result
	found   bool
	strict  bool // decoding fails where none is there
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *object[T]) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return err
	}
	o.found = slices.ContainsFunc(o.members, func(name string) bool {
		raw := bytes.TrimSpace(members[name])
		return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
	})
	if o.strict && !o.found {
		return fmt.Errorf("there is no %s", o.members[0])
	}
	return json.Unmarshal(b, o.value)
}

// Missing implements [adapter.Out].
func (o *object[T]) Missing() string {
	if o.found {
		return ""
	}
	return o.members[0]
}

// page is the response to a listing.
//
// Docs: https://developers.facebook.com/docs/graph-api/results
type page[T any] struct {
	Data   []*T `json:"data"`
	Paging struct {
		Cursors struct {
			After string `json:"after"`
		} `json:"cursors"`
		Next string `json:"next"` // an address that holds the token; only that there is one counts
	} `json:"paging"`
	seen []string // cursors to which the page must not lead back
}

// Missing implements [adapter.Out].
func (p *page[T]) Missing() string {
	switch after := p.Paging.Cursors.After; {
	case p.Data == nil:
		return "data"
	case p.Paging.Next != "" && after == "":
		return "paging.cursors.after"
	case p.Paging.Next != "" && slices.Contains(p.seen, after):
		return "paging.cursors.after of a page that has not been read"
	}
	return ""
}

// list reads one page. The cursor in params has the name after.
func list[T any](ctx context.Context, c *Client, path string, params any, opts []kirim.RequestOption) (*kirim.Page[T], error) {
	values, err := query.Values(params)
	if err != nil {
		return nil, err
	}
	return listPage[T](ctx, c, path, values, nil, opts)
}

func listPage[T any](ctx context.Context, c *Client, path string, values url.Values, seen []string, opts []kirim.RequestOption) (*kirim.Page[T], error) {
	answer := page[T]{seen: seen}
	if err := c.do(ctx, http.MethodGet, path, values, nil, &answer, opts); err != nil {
		return nil, err
	}
	items := slices.DeleteFunc(answer.Data, func(item *T) bool { return item == nil })
	if answer.Paging.Next == "" { // the last page has a cursor, too
		return &kirim.Page[T]{Items: items}, nil
	}
	return &kirim.Page[T]{Items: items, HasMore: true, NextCursor: answer.Paging.Cursors.After}, nil
}

// all yields the items of all pages from the cursor in params on, with one page in
// memory. An error is a [*kirim.ListError] and ends it.
func all[T any](ctx context.Context, c *Client, path string, params any, opts []kirim.RequestOption) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		values, err := query.Values(params)
		if err != nil {
			yield(nil, &kirim.ListError{Err: err})
			return
		}
		// A circle of any length is found in constant memory, by Brent's method:
		// each cursor is compared with the last whose number was a power of two.
		mark := ""
		for n := 1; ; n++ {
			cursor := values.Get("after")
			page, err := listPage[T](ctx, c, path, values, []string{cursor, mark}, opts)
			if err != nil {
				yield(nil, &kirim.ListError{Cursor: cursor, Err: err})
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if !page.HasMore {
				return
			}
			if n&(n-1) == 0 {
				mark = cursor
			}
			values.Set("after", page.NextCursor)
		}
	}
}

// first reads the object that stands alone in a list.
func first[T any](ctx context.Context, c *Client, path string, params any, opts []kirim.RequestOption) (*T, error) {
	values, err := query.Values(params)
	if err != nil {
		return nil, err
	}
	var answer single[T]
	if err := c.do(ctx, http.MethodGet, path, values, nil, &answer, opts); err != nil {
		return nil, err
	}
	if answer.Missing() != "" { // a 204
		return new(T), nil
	}
	return answer.Data[0], nil
}

// single is a list of one.
type single[T any] struct {
	Data []*T `json:"data"`
}

// Missing implements [adapter.Out].
func (s *single[T]) Missing() string {
	if len(s.Data) == 0 || s.Data[0] == nil {
		return "data[0]"
	}
	return ""
}
