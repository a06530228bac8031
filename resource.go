package kirim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Extra holds the fields of an answer, by name, that have no place in the
// struct around it: those that the server has and this version of the package
// does not know, and those of an assumed shape that came in another one.
// Encoding the struct writes them back. It is nil when there are none.
type Extra map[string]json.RawMessage

// Metadata is a JSON object of your own, kept with a contact or a customer.
// Numbers are read as [json.Number], so that none loses digits.
type Metadata map[string]any

// UnmarshalJSON implements [json.Unmarshaler].
func (m *Metadata) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*map[string]any)(m))
}

// resourceField is a field of a resource that has a name in JSON. One whose
// shape no vendor page shows is marked assumed: a value of another shape is
// then kept in Extra and no error.
type resourceField struct {
	name    string
	index   int
	assumed bool
}

var resourceFields sync.Map // reflect.Type to []resourceField

func fieldsOf(t reflect.Type) []resourceField {
	if known, ok := resourceFields.Load(t); ok {
		return known.([]resourceField)
	}
	var fields []resourceField
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields = append(fields, resourceField{name, i, f.Tag.Get("kirim") == "assumed"})
		}
	}
	resourceFields.Store(t, fields)
	return fields
}

// decodeResource fills a struct from a JSON object and loses nothing: what
// has no field goes to extra, and what a field shows only as its zero value,
// such as null, to blank.
func decodeResource(data []byte, resource any, extra, blank *Extra) error {
	var object Extra
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return err
	}
	v := reflect.ValueOf(resource).Elem()
	v.SetZero()
	for _, f := range fieldsOf(v.Type()) {
		raw, ok := object[f.name]
		if !ok {
			continue
		}
		field := v.Field(f.index)
		if string(raw) != "null" {
			if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
				if !f.assumed {
					return fmt.Errorf("field %q: %w", f.name, err)
				}
				field.SetZero()
				continue
			}
		}
		if field.IsZero() {
			if *blank == nil {
				*blank = Extra{}
			}
			(*blank)[f.name] = raw
		}
		delete(object, f.name)
	}
	if len(object) > 0 {
		*extra = object
	}
	return nil
}

// encodeResource is the reverse. Fields that are zero are left out, unless
// they were there when the resource was decoded.
func encodeResource(resource any, extra, blank Extra) ([]byte, error) {
	v := reflect.ValueOf(resource)
	rest := maps.Clone(extra)
	b := []byte{'{'}
	add := func(name string, value any) error {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		key, _ := json.Marshal(name)
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, key...), ':'), encoded...)
		return nil
	}
	for _, f := range fieldsOf(v.Type()) {
		field := v.Field(f.index)
		_, misshapen := rest[f.name]
		was, there := blank[f.name]
		var err error
		switch {
		case !field.IsZero():
			delete(rest, f.name)
			err = add(f.name, field.Interface())
		case there && !misshapen:
			err = add(f.name, was)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if err := add(name, rest[name]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
