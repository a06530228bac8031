package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// objectFields are the fields of one JSON object, with their exact names.
type objectFields map[string]json.RawMessage

// splitObject also returns the names in the order in which they stand.
func splitObject(data []byte) (objectFields, []string, error) {
	if !json.Valid(data) {
		return nil, nil, errors.New("not valid JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, nil, errors.New("not a JSON object")
	}
	fields, names := objectFields{}, []string(nil)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := token.(string)
		if _, twice := fields[name]; twice {
			return nil, nil, fmt.Errorf("field %.40q stands twice", name)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, nil, err
		}
		fields[name], names = value, append(names, name)
	}
	return fields, names, nil
}

func (f objectFields) text(name string, into *string) error {
	value, given := f[name]
	if !given {
		return fmt.Errorf("%s is missing", name)
	}
	if value[0] != '"' || json.Unmarshal(value, into) != nil {
		return fmt.Errorf("%s is not a string", name)
	}
	return nil
}

func (f objectFields) constant(name, want string) error {
	var got string
	if err := f.text(name, &got); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s is not %q", name, want)
	}
	return nil
}

// shapeError is a JSON value of the wrong kind. Unlike the errors of
// encoding/json it never holds the value.
type shapeError struct{ path, want string }

func (e *shapeError) Error() string                        { return e.path + " is not " + e.want }
func (e *shapeError) disposition() (Action, time.Duration) { return ActionDoNotRetry, 0 }

// decodeStrict fails with errNotTyped where json.Unmarshal would drop or merge
// something, and with a *shapeError where a value is of the wrong kind.
func decodeStrict(object []byte, into any) error {
	if !hasOneReading(object) {
		return errNotTyped
	}
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	var shape *shapeError
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &shape):
		return shape
	case errors.As(err, &mismatch):
		return &shapeError{path: mismatch.Field, want: kindName(mismatch.Type)}
	default:
		return errNotTyped
	}
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice:
		return "an array"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "a number of its kind"
	default:
		return "an object"
	}
}

// keptFields are the members whose value is kept as it is, at any depth.
var keptFields = []string{"flow_action_data", "data", "razorpay", "payu", "billdesk", "zaakpay"}

// errNotTyped is an object that the type of a content would lose a part of.
var errNotTyped = errors.New("content does not fit its type")

// hasOneReading reports whether encoding/json reads the object without a
// choice of its own. It would match names whatever their case, keep the last
// or merge the values of a repeated one, and put U+FFFD for half a surrogate
// pair.
func hasOneReading(object []byte) bool {
	halves := bytes.Contains(object, []byte(`\ud`)) || bytes.Contains(object, []byte(`\uD`))
	dec := json.NewDecoder(bytes.NewReader(object))
	var read func() bool
	read = func() bool {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		switch token := token.(type) {
		case string:
			return !halves || !strings.ContainsRune(token, utf8.RuneError)
		case json.Delim:
			seen := map[string]bool{}
			for dec.More() {
				if token == '{' {
					name, _ := dec.Token()
					key, ok := name.(string)
					if !ok || seen[key] || !isLower(key) {
						return false
					}
					seen[key] = true
					if slices.Contains(keptFields, key) {
						var data json.RawMessage
						if dec.Decode(&data) != nil {
							return false
						}
						continue
					}
				}
				if !read() {
					return false
				}
			}
			_, err := dec.Token() // the closing delimiter
			return err == nil
		}
		return true
	}
	return read()
}

func isLower(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || 'A' <= r && r <= 'Z'
	})
}

// mapSlice maps a slice and keeps nil apart from empty, as the wire does.
func mapSlice[T, U any](in []T, to func(int, T) U) []U {
	if in == nil {
		return nil
	}
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = to(i, v)
	}
	return out
}
