package system

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// object is the text of a JSON object that is known to be valid; nil for none.
// Its members are looked up in the text, so that a response is checked once and
// never turned into a map. Case means something in their names.
type object []byte

// parse returns the object that body is, nil when it is not valid JSON or
// another value.
func parse(body []byte) object {
	if !startsWith(body, '{') || !json.Valid(body) {
		return nil
	}
	return object(body)
}

// objectOf returns the object that raw, a part of valid JSON, is.
func objectOf(raw json.RawMessage) object {
	if !startsWith(raw, '{') {
		return nil
	}
	return object(raw)
}

// get returns the value of a member, nil when there is none. Of several with
// the name the last counts, as for encoding/json.
func (o object) get(name string) (value json.RawMessage) {
	for member, v := range o.members() {
		if string(member) == name {
			value = v
		}
	}
	return value
}

func (o object) has(name string) bool { return o.get(name) != nil }

// members yields the names, each valid for one turn of the loop, and the
// values, in the order of the text.
func (o object) members() iter.Seq2[[]byte, json.RawMessage] {
	return func(yield func(name []byte, value json.RawMessage) bool) {
		r := jsonscan.New(o)
		for name := range r.Fields() {
			if !yield(name, r.Skip()) {
				return
			}
		}
	}
}

// listOf yields the elements of the list that raw, a part of valid JSON, is.
func listOf(raw json.RawMessage) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		r := jsonscan.New(raw)
		for range r.Elements() {
			if !yield(r.Skip()) {
				return
			}
		}
	}
}

// textOf returns the text that raw, a part of valid JSON, is; else nothing.
func textOf(raw json.RawMessage) string {
	if !startsWith(raw, '"') {
		return ""
	}
	if raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// numberOf returns the natural number that raw, a part of valid JSON, is, as it is
// written; else nothing. No code has more than ten digits.
func numberOf(raw json.RawMessage) string {
	if len(raw) > 10 || !isNumber(raw) || bytes.ContainsAny(raw, "-.eE") {
		return ""
	}
	return string(raw)
}

// textsOf is a text, or the texts in a list. What else is in the list is left
// out.
func textsOf(raw json.RawMessage) []string {
	if isText(raw) {
		return []string{textOf(raw)}
	}
	var texts []string
	for element := range listOf(raw) {
		if isText(element) {
			texts = append(texts, textOf(element))
		}
	}
	return texts
}

// firstText is the first of textsOf.
func firstText(raw json.RawMessage) string {
	if isText(raw) {
		return textOf(raw)
	}
	for element := range listOf(raw) {
		if isText(element) {
			return textOf(element)
		}
	}
	return ""
}

func startsWith(raw json.RawMessage, with byte) bool {
	return jsonscan.New(raw).Peek() == with
}

func isBool(raw json.RawMessage) bool { return startsWith(raw, 't') || startsWith(raw, 'f') }
func isText(raw json.RawMessage) bool { return startsWith(raw, '"') }
func isNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && strings.IndexByte("-0123456789", raw[0]) >= 0
}
