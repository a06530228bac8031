package kirim

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
)

// Change is what an update does to a field that the server can also empty.
// The zero value leaves the field as it is, [Set] gives it a value, [Clear]
// empties it:
//
//	kirim.ContactUpdateParams{Email: kirim.Set("ana@example.com")}
//	kirim.ContactUpdateParams{Email: kirim.Clear[string]()}
type Change[T any] struct {
	value T
	kind  changeKind
}

type changeKind uint8

const (
	changeNone changeKind = iota
	changeSet
	changeClear
)

// Set is a [Change] to the value.
func Set[T any](value T) Change[T] { return Change[T]{value, changeSet} }

// Clear is a [Change] to nothing, which is null in JSON.
func Clear[T any]() Change[T] { return Change[T]{kind: changeClear} }

// IsZero reports whether the field is left as it is.
func (c Change[T]) IsZero() bool { return c.kind == changeNone }

// MarshalJSON implements [json.Marshaler]. A field of this type needs the
// option omitzero, as an unset change has no JSON form.
func (c Change[T]) MarshalJSON() ([]byte, error) {
	if c.kind != changeSet {
		return []byte("null"), nil
	}
	return json.Marshal(c.value)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Change[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*c = Clear[T]()
		return nil
	}
	*c = Change[T]{kind: changeSet}
	return json.Unmarshal(data, &c.value)
}

// patch sends changes, a struct whose zero fields are left as they are.
func patch[T any](ctx context.Context, c *core, path string, changes any, opts []RequestOption) (*T, error) {
	if reflect.ValueOf(changes).IsZero() {
		return nil, refuse("body", "at least one change", "none")
	}
	return request[T](ctx, c, http.MethodPatch, path, nil, changes, opts)
}
