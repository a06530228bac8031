package system

import (
	"bytes"
	"encoding/json"
)

// Body is the body of a 2xx response. It is a type of its own so that no type
// outside this module is a Result by accident.
type Body []byte

// Result is what a call expects of a 2xx response.
type Result interface {
	// DecodeResult reads the body, which may be empty. Its error is Missing
	// where there is no result in it.
	DecodeResult(Body) error
}

// Missing is the error for a response without the member of that name, which
// carries the result.
type Missing string

func (m Missing) Error() string { return "the body has no " + string(m) }

// Reported reports whether the body of a 2xx response is an error envelope and
// has no result beside it.
func Reported(body []byte) bool {
	// Most answers have no such word, and are not parsed for it.
	if !bytes.Contains(body, []byte(`"error`)) && !bytes.Contains(body, []byte(`uccess"`)) {
		return false
	}
	top := parse(body)
	return !hasResult(top) && hasFailed(top)
}

// Failed is Reported for the systems that have a flag in every response: when
// it says that the call failed, a result beside it says nothing.
func Failed(body []byte) bool {
	top := parse(body)
	return flagged(top) || !hasResult(top) && hasFailed(top)
}

// hasFailed looks for the documented members of an error, and for what other
// systems write in their place; each is enough.
func hasFailed(top object) bool {
	return flagged(top) || told(top.get("error")) || told(top.get("errors")) ||
		objectOf(top.get("error")) != nil || hasMembers(objectOf(top.get("errors"))) || hasElements(top.get("errors"))
}

// told reports a text, or true with the text in another member.
func told(raw json.RawMessage) bool { return startsWith(raw, 't') || textOf(raw) != "" }

func flagged(top object) bool {
	return startsWith(top.get("success"), 'f') || startsWith(top.get("isSuccess"), 'f')
}

func hasResult(top object) bool { return top.has("data") && !startsWith(top.get("data"), 'n') }

func hasElements(raw []byte) bool {
	return startsWith(raw, '[') && len(bytes.TrimSpace(bytes.Trim(bytes.TrimSpace(raw), "[]"))) > 0
}

func hasMembers(o object) bool {
	for range o.members() {
		return true
	}
	return false
}
