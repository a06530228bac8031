package kirim

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"unicode/utf8"
)

// Raw is any other content: it is sent as {"type": Type, Type: Object}. It is
// also what a decoded message holds when one of the typed contents would lose
// a part of it. Nothing of Object is checked, only that there is one.
type Raw struct {
	// Type is the name of the content: lower-case letters, digits and
	// underscores, and not the name of another field of the body.
	Type string
	// Object is marshalled as given: a struct, a map, a [json.RawMessage].
	Object any
}

var contentTypePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

const rawTypeLimit = "1 to 64 lower-case letters, digits and underscores, not the name of another field"

// reservedFields are the fields of the body, of a send or a read receipt, that
// are not the object of a content.
var reservedFields = []string{
	"messaging_product", "recipient_type", "to", "recipient", "context", "type",
	"status", "message_id", "typing_indicator",
	"biz_opaque_callback_data", "recipient_identity_key_hash",
}

func isContentType(s string) bool {
	return contentTypePattern.MatchString(s) && !slices.Contains(reservedFields, s)
}

func (c Raw) kind() string { return c.Type }

func (c Raw) object(dialect) (any, error) {
	// The name is written between quotes as it is, and must not repeat or
	// override a field that this package writes.
	if !isContentType(c.Type) {
		return nil, refuse("type", rawTypeLimit, quantity(utf8.RuneCountInString(c.Type), "character"))
	}
	raw, err := c.encoded()
	if err != nil {
		return nil, refuseEncoding("content", "an object for encoding/json", c.Object, err)
	}
	return json.RawMessage(raw), nil
}

func (c Raw) encoded() ([]byte, error) {
	raw, err := json.Marshal(c.Object)
	switch {
	case err != nil:
		return nil, err
	case string(raw) == "null":
		return nil, errors.New("no object")
	case !utf8.Valid(raw):
		return nil, errors.New("not valid UTF-8")
	}
	return raw, nil
}

func (c Raw) check(found *checker) {
	path := c.Type
	if !isContentType(c.Type) {
		path = "type"
		found.add(path, rawTypeLimit, quantity(utf8.RuneCountInString(c.Type), "character"))
	}
	if _, err := c.encoded(); err != nil {
		found.add(path, "a value that encodes to JSON", "none")
	}
}
