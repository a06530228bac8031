// Package envelope reads the error bodies of the five systems that this
// module speaks to: which system wrote one, and what it says. It holds no
// type of package kirim, which uses it to recognise answers of any origin,
// while the gateway packages know the origin beforehand.
package envelope

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Answer is an error answer in terms common to all systems.
type Answer struct {
	System  System
	Code    string // verbatim; empty when there is none
	Message string
	Param   string        // the first field that the answer complains about
	Kind    string        // a kirim.Kind; empty when only the HTTP status can tell
	Wait    time.Duration // found elsewhere than in a Retry-After header
	Weak    bool          // it could be any system's
	ViaMeta bool          // the system speaks to Meta, and may quote its codes
}

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

// types are Kirim's seven categories.
var types = []string{
	"invalid_request_error", "authentication_error", "permission_error",
	"not_found", "conflict", "rate_limit_error", "api_error",
}

// rules tell the systems apart; the first that fits decides. top is the whole
// body, inner its "error", list its "errors", each nil when it is no object.
var rules = []struct {
	system System
	weak   bool // it could be any system's
	fits   func(top, inner, list object) bool
}{
	{Connexease, false, func(top, _, list object) bool { return isBool(top["isSuccess"]) && isText(list["code"]) }},
	{APIMessaging, false, func(top, inner, _ object) bool { return isBool(top["success"]) && inner != nil }},
	{Kirim, false, func(_, inner, _ object) bool {
		return isText(inner["code"]) && slices.Contains(types, textOf(inner["type"]))
	}},
	{MichoW, false, func(_, inner, _ object) bool { return isNumber(inner["status"]) && isText(inner["code"]) }},
	{Shingle, true, func(top, inner, _ object) bool {
		return isText(inner["code"]) && !has(inner, "type") && !has(inner, "status") && !has(top, "success")
	}},
	{MichoW, false, func(top, _, list object) bool {
		return !has(top, "error") && isText(top["message"]) && isFieldList(list)
	}},
	{Shingle, true, func(top, _, _ object) bool {
		return !has(top, "error") && isText(top["code"]) && isText(top["message"])
	}},
}

func has(o object, name string) bool { _, ok := o[name]; return ok }

// isFieldList reports field names with texts about each, in a list or alone.
// A text that is called "code" is no field but a code.
func isFieldList(list object) bool {
	if isText(list["code"]) {
		return false
	}
	for _, value := range list {
		if len(textsOf(value)) > 0 {
			return true
		}
	}
	return false
}

// Detect finds the system that wrote body, and reads it. ok is false when no
// system did; then only the HTTP status tells anything.
func Detect(status int, header http.Header, body []byte) (answer Answer, ok bool) {
	top := objectOf(body)
	if top == nil {
		return Answer{}, false
	}
	inner, list := objectOf(top["error"]), objectOf(top["errors"])
	for _, rule := range rules {
		if rule.fits(top, inner, list) {
			if rule.weak { // then its headers may not mean what they do elsewhere
				header = nil
			}
			answer = read(rule.system, top, status, header)
			answer.Weak = rule.weak
			return answer, true
		}
	}
	return Answer{}, false
}

// Read reads body as an answer of system, whatever Detect would take it for.
// ok is false when it has nothing of that system's.
func Read(system System, status int, header http.Header, body []byte) (answer Answer, ok bool) {
	answer = read(system, objectOf(body), status, header)
	return answer, answer.Code != "" || answer.Kind != "" || answer.Message != ""
}

func read(system System, top object, status int, header http.Header) Answer {
	holder := objectOf(top["error"])
	message := "message"
	switch {
	case system == Connexease:
		holder, message = objectOf(top["errors"]), "description"
	case has(top, "error"):
	case system == Shingle || system == MichoW:
		holder = top
	}
	a := Answer{
		System:  system,
		Code:    textOf(holder["code"]),
		Message: cmp.Or(textOf(holder[message]), textOf(top["message"])),
		ViaMeta: system == Kirim || system == Connexease,
	}
	a.Kind = kindOf(system, a.Code, textOf(holder["group"]), status)
	if fields := fieldsIn(system, top); len(fields) > 0 {
		a.Param = fields[0].Field
		if a.Code == "" && system == MichoW {
			a.Kind = kindOf(system, "VALIDATION_ERROR", "", status)
		}
	}
	a.Wait = waitIn(system, holder)
	limited := status == http.StatusTooManyRequests || a.Kind == "rate_limited"
	if a.Wait == 0 && limited && header.Get("Retry-After") == "" {
		a.Wait = waitByDefault(system, holder, header)
	}
	return a
}

func kindOf(system System, code, group string, status int) string {
	for _, known := range Codes {
		if known.System == system && known.Code == code {
			return known.Kind
		}
	}
	if system != Connexease {
		return ""
	}
	for _, area := range areas {
		if strings.HasPrefix(code, area.prefix) && status < 500 {
			return area.kind
		}
	}
	return groups[group]
}

// Field is what an answer says about one field of the request. Field is
// empty for what concerns the request as a whole.
type Field struct {
	Field    string
	Messages []string
}

// Fields lists what body complains about, in its order.
func Fields(body []byte) []Field {
	answer, ok := Detect(0, nil, body)
	if !ok {
		return nil
	}
	return fieldsIn(answer.System, objectOf(body))
}

func fieldsIn(system System, top object) []Field {
	inner := objectOf(top["error"])
	if inner == nil && system == Shingle {
		inner = top
	}
	details := objectOf(inner["details"])
	switch system {
	case Kirim:
		return oneField(inner["param"], inner["message"])
	case APIMessaging:
		return oneField(details["field"], details["reason"])
	case MichoW:
		var fields []Field
		for name, value := range ordered(top["errors"]) {
			if texts := textsOf(value); len(texts) > 0 {
				fields = append(fields, Field{name, texts})
			}
		}
		return fields
	case Shingle:
		switch {
		case has(details, "issues"):
			return issues(details["issues"])
		case startsWith(inner["details"], '['):
			return issues(inner["details"])
		}
		return tree(nil, "", inner["details"], 0)
	default:
		return nil
	}
}

func oneField(name, message json.RawMessage) []Field {
	if textOf(name) == "" {
		return nil
	}
	return []Field{{textOf(name), textsOf(message)}}
}

// issues reads a list of {path, message}, of which a path is a list or a text.
// An issue that is a text concerns the request as a whole.
func issues(raw json.RawMessage) []Field {
	var fields []Field
	for _, element := range listOf(raw) {
		switch issue := objectOf(element); {
		case issue != nil:
			fields = append(fields, Field{pathOf(issue["path"]), textsOf(issue["message"])})
		case isText(element):
			fields = append(fields, Field{"", textsOf(element)})
		}
	}
	return fields
}

func pathOf(raw json.RawMessage) string {
	if isText(raw) {
		return textOf(raw)
	}
	var path []string
	for _, step := range listOf(raw) {
		switch {
		case isText(step):
			path = append(path, textOf(step))
		case isNumber(step):
			path = append(path, string(step))
		}
	}
	return strings.Join(path, ".")
}

// tree reads nodes of {errors, properties}. No request is nested as deep as
// the limit; without one, each level would be parsed once for each above it.
func tree(fields []Field, path string, raw json.RawMessage, depth int) []Field {
	const deepest = 8
	node := objectOf(raw)
	if texts := textsOf(node["errors"]); len(texts) > 0 {
		fields = append(fields, Field{path, texts})
	}
	if depth == deepest {
		return fields
	}
	for name, inner := range ordered(node["properties"]) {
		if path != "" {
			name = path + "." + name
		}
		fields = tree(fields, name, inner, depth+1)
	}
	return fields
}

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
