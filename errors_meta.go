package kirim

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/system"
)

// metaError is what a response holds of an error of Meta's.
type metaError struct {
	code    int
	details string
	guessed bool // the code is a bare number in a text
}

// readMeta looks for an error of Meta's in body.
func (e *Error) readMeta(body []byte) {
	// A specific 4xx code says all; only a failure can hide Meta's in a text.
	told := e.StatusCode >= 400 && e.StatusCode < 500 && kindOfCode[e.Code] != ""
	if told && !slices.ContainsFunc(metaMarks, func(mark string) bool { return bytes.Contains(body, []byte(mark)) }) {
		return
	}
	if tree, ok := parseTree(body); ok {
		e.readMetaTree(tree, !told)
	}
}

// readMetaTree is readMeta for a parsed body. In its texts it looks only when
// there is no other sign of a code.
func (e *Error) readMetaTree(tree any, texts bool) {
	var found metaError
	found.read(tree, "", false)
	if found.code == 0 && texts {
		found.readTexts(tree)
	}
	e.MetaCode, e.Details, e.guessed = found.code, found.details, found.guessed
}

// metaMarks are members of Meta's own error objects, and the one in which
// Kirim passes Meta's number on.
var metaMarks = []string{"error_data", "error_subcode", "error_user_msg", "error_user_title", "fbtrace_id", "is_transient", "provider_code"}

func isOfMeta(object map[string]any) bool {
	for _, mark := range metaMarks {
		if _, ok := object[mark]; ok {
			return true
		}
	}
	switch object["type"] {
	case "OAuthException", "GraphMethodException", "FacebookApiException":
		return true
	}
	return false
}

// read takes the first code and the first details below v. Any number is a code
// in Meta's own object. Elsewhere only a known one is, and no short one, as
// those are also ordinary numbers, such as HTTP statuses.
func (m *metaError) read(v any, name string, ofMeta bool) {
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

func (m *metaError) takeDetails(object map[string]any) {
	if details, _ := object["details"].(string); m.details == "" {
		m.details = details
	}
}

func (m *metaError) takeCode(v any, least int, unknown bool) {
	if m.code != 0 {
		return
	}
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	if code, err := strconv.Atoi(text); err == nil && code >= least && (unknown || metaKind(code) != "") {
		m.code = code
	}
}

// metaCodeInText matches Meta's notation, as in "(#131047) Re-engagement",
// and a bare five- or six-digit number.
var metaCodeInText = regexp.MustCompile(`\(#(\d{1,7})\)|\b(\d{5,6})\b`)

// readTexts looks for a known code in what is written for people.
func (m *metaError) readTexts(v any) {
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
					if m.code == 0 {
						m.takeCode(match[1]+match[2], 1, false)
						m.guessed = m.code != 0 && match[1] == ""
					}
				}
			}
		}
	}
}

const metaPairRate = system.MetaPairRate

// metaWait is Meta's advice for a code that came for the n-th time, counted
// from 0; 0 when there is none.
func metaWait(code, n int) time.Duration { return system.MetaWait(code, n) }

// metaKind classifies a code of Meta's; the zero Kind means that it is unknown.
func metaKind(code int) Kind { return Kind(system.MetaKind(code)) }

// metaFamily classifies an unknown code of Meta's by its neighbours, unless
// the status of the response says more.
func metaFamily(code, status int) Kind { return Kind(system.MetaFamily(code, status)) }
