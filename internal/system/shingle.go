package system

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Shingle is the system behind gateway/shingle.
var Shingle = register(System{
	Name:   "shingle",
	Title:  "ShingleAI",
	Bodies: []string{`{"error": {"code", "message", "details"}}`},
	Waits: "`Retry-After` or `error.details.retryAfter` in seconds, both of an older edition; else, on a 429, until " +
		"`X-RateLimit-Reset` (an assumption).",
	forms: []form{{
		rank: 5,
		weak: true,
		fits: func(top, inner, _ object) bool {
			return isText(inner.get("code")) && !inner.has("type") && !inner.has("status") && !top.has("success")
		},
	}, {
		rank: 7,
		weak: true,
		fits: func(top, _, _ object) bool {
			return !top.has("error") && isText(top.get("code")) && isText(top.get("message"))
		},
	}},
	holder:  "error",
	flat:    true,
	message: "message",
	fields: func(top, inner object) []Field {
		if inner == nil {
			inner = top
		}
		details := objectOf(inner.get("details"))
		switch {
		case details.has("issues"):
			return issues(details.get("issues"))
		case startsWith(inner.get("details"), '['):
			return issues(inner.get("details"))
		}
		return tree(nil, "", inner.get("details"), 0)
	},
	wait: [2]string{"details", "retryAfter"},
	defaultWait: func(_ object, header http.Header) time.Duration {
		wait, _ := untilReset(header)
		return wait
	},
	Codes: shingleCodes,
})

// issues reads a list of {path, message}, of which a path is a list or a text.
// An issue that is a text concerns the request as a whole.
func issues(raw json.RawMessage) []Field {
	var fields []Field
	for element := range listOf(raw) {
		switch issue := objectOf(element); {
		case issue != nil:
			fields = append(fields, Field{pathOf(issue.get("path")), textsOf(issue.get("message"))})
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
	for step := range listOf(raw) {
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
// the limit; without one, each level would be read once for each above it.
func tree(fields []Field, path string, raw json.RawMessage, depth int) []Field {
	const deepest = 8
	node := objectOf(raw)
	if texts := textsOf(node.get("errors")); len(texts) > 0 {
		fields = append(fields, Field{path, texts})
	}
	if depth == deepest {
		return fields
	}
	for member, inner := range objectOf(node.get("properties")).members() {
		name := string(member)
		if path != "" {
			name = path + "." + name
		}
		fields = tree(fields, name, inner, depth+1)
	}
	return fields
}

var shingleCodes = []Code{
	{"UNAUTHORIZED", 401, "auth_invalid", Never, Listed, "the key is missing or invalid"},
	{"INSUFFICIENT_PERMISSIONS", 403, "permission", Never, Listed, "the key lacks the scope"},
	{"VALIDATION_ERROR", 400, "invalid_request", Never, Listed, "bad body"},
	{"INVALID_INPUT", 400, "invalid_request", Never, Listed, "bad query or input"},
	{"MISSING_QUERY", 400, "invalid_request", Never, Listed, "a query parameter is absent"},
	{"NOT_FOUND", 404, "not_found", Never, Listed, "absent"},
	{"INVALID_MESSAGE_ID", 400, "invalid_request", Never, Listed, "not a message id"},
	{"INVALID_CONTACT_ID", 400, "invalid_request", Never, Listed, "not a contact id"},
	{"INVALID_BUSINESS_ID", 400, "invalid_request", Never, Listed, "not a business id"},
	{"RATE_LIMIT_EXCEEDED", 429, "rate_limited", Wait, Listed, "too many requests"},
	{"INTERNAL_ERROR", 500, "internal", Backoff, Listed, "a fault of the server"},
	{"SERVICE_UNAVAILABLE", 503, "unavailable", Backoff, Listed, "temporary outage"},
	{"RATE_LIMITED", 429, "rate_limited", Backoff, Newer, "the newer word for RATE_LIMIT_EXCEEDED"},
}
