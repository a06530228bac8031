package kirim

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/google/go-querystring/query"

	"github.com/kirim-go/kirim/internal/jsonscan"
	"github.com/kirim-go/kirim/internal/system"
)

// Page is a part of a list.
//
// Docs: https://developers.kirim.chat/concepts/pagination/
type Page[T any] struct {
	Items []*T
	// HasMore says that there is at least one further page.
	HasMore bool
	// NextCursor goes into the params of the next List, with the same
	// filters; it is empty after the last page. It is opaque.
	NextCursor string
}

// ListError ends an iteration. What came before it is complete up to the page
// that begins at Cursor: set it in the params to continue from there. An error
// for which errors.Is(err, [CodeInvalidCursor]) is true means that the cursor
// does not belong to these filters; start again without one.
type ListError struct {
	Cursor string // of the page that could not be read; empty for the first
	Err    error
}

// Error is the text of Err, and where it happened.
func (e *ListError) Error() string {
	where := "a later page"
	if e.Cursor == "" {
		where = "the first page"
	}
	return "kirim: " + where + " of the list: " + strings.TrimPrefix(e.Err.Error(), "kirim: ")
}

// Unwrap returns Err.
func (e *ListError) Unwrap() error { return e.Err }

// pagingError is a page that is fine by itself but leads nowhere.
type pagingError string

func (e pagingError) Error() string        { return string(e) }
func (e pagingError) Is(target error) bool { return target == KindInvalidResponse }

func (e pagingError) disposition() (Action, time.Duration) { return ActionDecide, 0 }

const (
	errNoCursor       = pagingError("the server says that there is more, but not where")
	errRepeatedCursor = pagingError("the server led back to a page that has been read")
)

// listPage reads one page. params is a struct by value.
func listPage[T any](ctx context.Context, c *core, path string, params any, opts []RequestOption) (*Page[T], error) {
	values, err := queryOf(params)
	if err != nil {
		return nil, err
	}
	return getPage[T](ctx, c, path, values, opts)
}

func getPage[T any](ctx context.Context, c *core, path string, values url.Values, opts []RequestOption) (*Page[T], error) {
	var answer pageEnvelope[T]
	if err := c.do(ctx, http.MethodGet, path, values, nil, &answer, opts); err != nil {
		return nil, err
	}
	page := &Page[T]{
		Items:      answer.items,
		HasMore:    answer.nextCursor != "",
		NextCursor: answer.nextCursor,
	}
	if answer.hasMore != nil {
		page.HasMore = *answer.hasMore
	}
	return page, nil
}

// pageEnvelope is {"data": [resource, …], "has_more": …, "next_cursor": …}.
type pageEnvelope[T any] struct {
	items      []*T
	found      bool // the list, if only an empty one
	hasMore    *bool
	nextCursor string
}

// DecodeResult implements [system.Result].
func (e *pageEnvelope[T]) DecodeResult(body system.Body) error {
	r := jsonscan.New(body)
	for name := range r.Fields() {
		var err error
		switch string(name) {
		case "data":
			e.found = r.Peek() != 'n' // null
			e.items, err = decodeItems[T](r)
		case "has_more":
			err = decodeValue(r.Skip(), &e.hasMore)
		case "next_cursor":
			err = decodeValue(r.Skip(), &e.nextCursor)
		}
		if err != nil && !r.Failed() {
			return err
		}
	}
	if err := wholeObject(r, body); err != nil || e.found {
		return err
	}
	return system.Missing("data")
}

func decodeItems[T any](r *jsonscan.Reader) (items []*T, err error) {
	if r.Peek() != '[' {
		return nil, json.Unmarshal(r.Skip(), &items)
	}
	for range r.Elements() {
		if r.Peek() == 'n' { // null
			continue
		}
		item := new(T)
		if err := scanValue(r, item); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// queryOf encodes params, with times in UTC, which is how the server writes
// them.
func queryOf(params any) (url.Values, error) {
	v := reflect.New(reflect.TypeOf(params)).Elem()
	v.Set(reflect.ValueOf(params))
	for i := range v.NumField() {
		if t, ok := reflect.TypeAssert[*time.Time](v.Field(i).Addr()); ok {
			*t = t.UTC()
		}
	}
	values, err := query.Values(v.Interface())
	if err != nil {
		return nil, refuseEncoding("query", "parameters for go-querystring", params, err)
	}
	return values, nil
}

// all reads pages one after the other as they are asked for, beginning at the
// cursor in params. It keeps no state between two iterations.
func all[T any](ctx context.Context, c *core, path string, params any, opts []RequestOption) iter.Seq2[*T, error] {
	first, err := queryOf(params)
	return func(yield func(*T, error) bool) {
		if err != nil {
			yield(nil, &ListError{Err: err})
			return
		}
		values := maps.Clone(first)
		// Brent's method finds a circle of any length in constant memory:
		// every cursor is compared with the last whose number was a power
		// of two.
		mark := values.Get("cursor")
		for n := 1; ; n++ {
			cursor := values.Get("cursor")
			page, err := getPage[T](ctx, c, path, values, opts)
			if err != nil {
				yield(nil, &ListError{cursor, err})
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			switch next := page.NextCursor; {
			case !page.HasMore:
				return
			case next == "":
				yield(nil, &ListError{cursor, errNoCursor})
				return
			case next == mark:
				yield(nil, &ListError{next, errRepeatedCursor})
				return
			case n&(n-1) == 0:
				mark = next
			}
			values.Set("cursor", page.NextCursor)
		}
	}
}
