package system

// MichoW is the system behind gateway/michow.
var MichoW = register(System{
	Name:   "michow",
	Title:  "MichoW",
	Bodies: []string{`{"error": {"code", "message", "status"}}`, `{"message", "errors": {"field": ["text"]}}`},
	Waits: "none is documented; a `Retry-After` is honoured. The second shape has no code: `Code` is empty, `Kind` is that of " +
		"`VALIDATION_ERROR`, `Param` is the first field.",
	forms: []form{{
		rank: 4,
		fits: func(_, inner, _ object) bool { return isNumber(inner.get("status")) && isText(inner.get("code")) },
	}, {
		rank: 6,
		fits: func(top, _, list object) bool {
			return !top.has("error") && isText(top.get("message")) && isFieldList(list)
		},
	}},
	holder:  "error",
	flat:    true,
	message: "message",
	fields: func(top, _ object) (fields []Field) {
		for name, value := range objectOf(top.get("errors")).members() {
			if texts := textsOf(value); len(texts) > 0 {
				fields = append(fields, Field{string(name), texts})
			}
		}
		return fields
	},
	fieldsCode: "VALIDATION_ERROR",
	Codes:      michowCodes,
})

// isFieldList reports field names with texts about each, in a list or alone.
// A text that is called "code" is no field but a code.
func isFieldList(list object) bool {
	if isText(list.get("code")) {
		return false
	}
	for _, value := range list.members() {
		if len(textsOf(value)) > 0 {
			return true
		}
	}
	return false
}

var michowCodes = []Code{
	{"UNAUTHORIZED", 401, "auth_missing", Never, Listed, "no key arrived"},
	{"INVALID_API_KEY", 401, "auth_invalid", Never, Listed, "unknown, revoked or expired"},
	{"NO_SESSION", 403, "not_connected", UserFirst, Listed, "the key has no WhatsApp session"},
	{"NOT_FOUND", 404, "not_found", Never, Listed, "absent, or another session's"},
	{"SESSION_NOT_CONNECTED", 422, "not_connected", UserFirst, Listed, "the session is offline: connect it in the dashboard"},
	{"VALIDATION_ERROR", 422, "invalid_request", Never, Listed, "bad body; the usual answer has a field list and no code"},
	{"RATE_LIMITED", 429, "rate_limited", Backoff, Listed, "the key's limit; no wait is given"},
	{"SEND_FAILED", 502, "send_failed", OptIn, Listed, "taken, not delivered; the message may be out"},
	{"SERVICE_UNAVAILABLE", 503, "unavailable", Backoff, Listed, "the WhatsApp side is down"},
}
