package system

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a JSON object with its names as they are: case means something.
type object map[string]json.RawMessage

func objectOf(raw json.RawMessage) object {
	var o object
	if !startsWith(raw, '{') || json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

func textOf(raw json.RawMessage) string {
	var s string
	if startsWith(raw, '"') {
		_ = json.Unmarshal(raw, &s) // it was part of valid JSON
	}
	return s
}

func startsWith(raw json.RawMessage, with byte) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) > 0 && raw[0] == with
}

func isBool(raw json.RawMessage) bool { return startsWith(raw, 't') || startsWith(raw, 'f') }
func isText(raw json.RawMessage) bool { return startsWith(raw, '"') }
func isNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && strings.IndexByte("-0123456789", raw[0]) >= 0
}

func has(o object, name string) bool { _, ok := o[name]; return ok }

// textsOf is a text, or the texts in a list. What else is in the list is left
// out.
func textsOf(raw json.RawMessage) []string {
	if isText(raw) {
		return []string{textOf(raw)}
	}
	var texts []string
	for _, element := range listOf(raw) {
		if isText(element) {
			texts = append(texts, textOf(element))
		}
	}
	return texts
}

func listOf(raw json.RawMessage) (list []json.RawMessage) {
	if startsWith(raw, '[') {
		_ = json.Unmarshal(raw, &list) // it was part of valid JSON
	}
	return list
}

// ordered yields the members of an object in the order of the document.
func ordered(raw json.RawMessage) func(yield func(string, json.RawMessage) bool) {
	return func(yield func(string, json.RawMessage) bool) {
		if !startsWith(raw, '{') {
			return
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		_, _ = d.Token() // the opening brace
		for d.More() {
			name, err := d.Token()
			var value json.RawMessage
			if err != nil || d.Decode(&value) != nil {
				return
			}
			if text, ok := name.(string); !ok || !yield(text, value) {
				return
			}
		}
	}
}
