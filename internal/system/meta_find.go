package system

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MetaError is what a response holds of an error of Meta's.
type MetaError struct {
	Code    int
	Details string
	Guessed bool // the code is a bare number in a text
}

// FindMeta looks for an error of Meta's in body; in its texts, too, when asked
// to, and nothing else tells a code.
func FindMeta(body []byte, texts bool) MetaError {
	if !mayHoldMeta(body, texts) {
		return MetaError{}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return MetaError{}
	}
	return FindMetaIn(tree, texts)
}

// FindMetaIn is FindMeta for a body that is parsed, with its numbers as they
// are written.
func FindMetaIn(tree any, texts bool) MetaError {
	var found MetaError
	found.read(tree, "", false)
	if found.Code == 0 && texts {
		found.readTexts(tree)
	}
	return found
}

// metaMarks are members of Meta's own error objects, and the one in which
// Kirim passes Meta's error code on.
var metaMarks = []string{"error_data", "error_subcode", "error_user_msg", "error_user_title", "fbtrace_id", "is_transient", "provider_code"}

// metaTypes are what Meta's own error objects have as their type.
var metaTypes = []string{"OAuthException", "GraphMethodException", "FacebookApiException"}

// mayHoldMeta reports whether it is worth parsing body as a whole: most errors
// have neither a word of Meta's nor a number as long as its codes.
func mayHoldMeta(body []byte, texts bool) bool {
	contains := func(word string) bool { return bytes.Contains(body, []byte(word)) }
	if slices.ContainsFunc(metaMarks, contains) {
		return true
	}
	if !texts {
		return false
	}
	if slices.ContainsFunc(metaTypes, contains) || contains(`"meta"`) || contains("(#") || contains(`\u`) {
		return true
	}
	digits := 0
	for _, c := range body {
		if c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits == len("1000") {
			return true
		}
	}
	return false
}

func isOfMeta(object map[string]any) bool {
	for _, mark := range metaMarks {
		if _, ok := object[mark]; ok {
			return true
		}
	}
	typ, _ := object["type"].(string)
	return slices.Contains(metaTypes, typ)
}

// read takes the first code and the first details below v. Any number is a code
// in Meta's own object. Elsewhere only a known one is, and no short one, as
// those are also ordinary numbers, such as HTTP statuses.
func (m *MetaError) read(v any, name string, ofMeta bool) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			m.read(element, name, ofMeta)
		}
	case map[string]any:
		ofMeta = ofMeta || isOfMeta(v)
		m.takeCode(v["provider_code"], 1, true)
		switch {
		case ofMeta:
			m.takeCode(v["code"], 1, true)
		case name == "meta":
			m.takeCode(v["code"], 1, false)
		default:
			m.takeCode(v["code"], 1000, false)
		}
		if data, ok := v["error_data"].(map[string]any); ok {
			m.takeDetails(data)
		}
		if ofMeta { // where older responses have them
			m.takeDetails(v)
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if _, ok := v[name].(json.Number); !ok {
				m.read(v[name], name, ofMeta)
			} else if strings.HasSuffix(name, "code") {
				m.takeCode(v[name], 1000, false)
			}
		}
	}
}

func (m *MetaError) takeDetails(object map[string]any) {
	if details, _ := object["details"].(string); m.Details == "" {
		m.Details = details
	}
}

func (m *MetaError) takeCode(v any, least int, unknown bool) {
	if m.Code != 0 {
		return
	}
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	if code, err := strconv.Atoi(text); err == nil && code >= least && (unknown || MetaKind(code) != "") {
		m.Code = code
	}
}

// metaCodeInText matches Meta's notation, as in "(#131047) Re-engagement", and a
// bare number of the ranges that most of its codes are in.
var metaCodeInText = regexp.MustCompile(`\(#(\d{1,7})\)|\b(800\d\d|13\d{4})\b`)

// readTexts looks for a known code in what is written for people.
func (m *MetaError) readTexts(v any) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			m.readTexts(element)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text, ok := v[name].(string)
			if !ok {
				m.readTexts(v[name])
				continue
			}
			switch name {
			case "message", "details", "detail", "description", "title", "error", "error_user_msg":
				for _, match := range metaCodeInText.FindAllStringSubmatch(text, 8) {
					if m.Code == 0 {
						m.takeCode(match[1]+match[2], 1, false)
						m.Guessed = m.Code != 0 && match[1] == ""
					}
				}
			}
		}
	}
}
