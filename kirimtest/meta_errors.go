package kirimtest

import (
	"net/http"
	"strconv"
)

// metaError is how Meta responds with a code.
type metaError struct {
	status int
	title  string
}

// metaErrors are the codes that the sandbox itself responds with or reports, and
// those that a [Fault] is likely to name.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var metaErrors = map[int]metaError{
	2:      {http.StatusServiceUnavailable, "Service temporarily unavailable"},
	4:      {http.StatusBadRequest, "Application request limit reached"},
	10:     {http.StatusForbidden, "Application does not have permission for this action"},
	100:    {http.StatusBadRequest, "Invalid parameter"},
	190:    {http.StatusUnauthorized, "Invalid OAuth access token"},
	80007:  {http.StatusBadRequest, "Rate limit issues"},
	130429: {http.StatusBadRequest, "Rate limit hit"},
	131000: {http.StatusInternalServerError, "Something went wrong"},
	131008: {http.StatusBadRequest, "Required parameter is missing"},
	131009: {http.StatusBadRequest, "Parameter value is not valid"},
	131016: {http.StatusInternalServerError, "Service unavailable"},
	131026: {http.StatusBadRequest, "Message undeliverable"},
	131031: {http.StatusForbidden, "Business account locked"},
	131047: {http.StatusBadRequest, "Re-engagement message"},
	131048: {http.StatusBadRequest, "Spam rate limit hit"},
	131053: {http.StatusBadRequest, "Media upload error"},
	131055: {http.StatusBadRequest, "Method not allowed"},
	131056: {http.StatusBadRequest, "Pair rate limit hit"},
	132000: {http.StatusBadRequest, "Number of parameters does not match the template"},
	132001: {http.StatusNotFound, "Template name does not exist in the translation"},
	132012: {http.StatusBadRequest, "Template parameter format mismatch"},
	132015: {http.StatusBadRequest, "Template is paused"},
	132016: {http.StatusBadRequest, "Template is disabled"},
	133005: {http.StatusBadRequest, "Two-step verification PIN mismatch"},
	133010: {http.StatusBadRequest, "Phone number not registered"},
	134100: {http.StatusBadRequest, "Only marketing messages supported"},
	137000: {http.StatusBadRequest, "Identity key hash mismatch"},
}

// codeUnknownType is of a message whose type Meta does not have.
const codeUnknownType = "100"

// metaCodes are Meta's codes for what the sandbox refuses with a word of
// Kirim's; see the "Meta counterpart" of Kirim's codes.
var metaCodes = map[string]int{
	"missing_api_key":                190,
	"invalid_api_key":                190,
	"revoked_api_key":                190,
	"expired_api_key":                190,
	"organization_suspended":         131031,
	"feature_not_available":          10,
	"resource_not_found":             100,
	"missing_required_field":         131008,
	"invalid_field_value":            131009,
	"invalid_phone_number":           131009,
	"whatsapp_number_not_verified":   133010,
	"outside_24h_window":             131047,
	"invalid_template_name":          132001,
	"template_paused":                132015,
	"template_disabled":              132016,
	"template_param_count_mismatch":  132000,
	"template_param_format_mismatch": 132012,
	"rate_limit_exceeded":            130429,
	"whatsapp_upstream_error":        131016,
	"service_unavailable":            2,
	"internal_error":                 131000,
}

// metaSubcodes say more about some of them.
var metaSubcodes = map[string]int{"resource_not_found": 33, "expired_api_key": 463, "revoked_api_key": 460}

// metaFail returns an error of Meta's with the documented status of its code.
func metaFail(code int, details string) *apiError {
	return &apiError{status: metaErrors[code].status, code: strconv.Itoa(code), message: details}
}

// noObject is the refusal of what does not exist, or belongs to another
// organisation.
func noObject() *apiError {
	e := metaFail(100, "Unsupported request. The object does not exist, cannot be loaded due to missing permissions, or does not support this operation.")
	e.subcode = 33
	return e
}

// asMeta is a refusal as Meta puts it.
func asMeta(e *apiError) *apiError {
	code, subcode := e.metaCode()
	details := e.message
	if e.param != "" {
		details = e.param + ": " + details
	}
	if e.code == "invalid_field_value" && e.param == "text.body" { // as users report it, unlike other texts
		code = 100
	}
	refusal := metaFail(code, details)
	refusal.subcode, refusal.retryAfter = subcode, e.retryAfter
	return refusal
}

// asMetaParameter is asMeta where Meta has one code for all that is wrong with a
// request, as everywhere but with messages.
func asMetaParameter(e *apiError) *apiError {
	refusal := asMeta(e)
	refusal.code, refusal.status = "100", http.StatusBadRequest
	return refusal
}

// metaCode is Meta's code for an error: that which a [Fault] names, or the
// counterpart of Kirim's.
func (e *apiError) metaCode() (code, subcode int) {
	if number, err := strconv.Atoi(e.code); err == nil {
		return number, e.subcode
	}
	if number := metaCodes[e.code]; number != 0 {
		return number, metaSubcodes[e.code]
	}
	if e.status >= http.StatusInternalServerError {
		return 131000, 0
	}
	return 100, 0
}

// encodeMeta is the envelope of an error of the Graph API.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/error-handling
func (e *apiError) encodeMeta(trace string) []byte {
	type data struct {
		MessagingProduct string `json:"messaging_product"`
		Details          string `json:"details"`
	}
	type body struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    int    `json:"code"`
		Subcode int    `json:"error_subcode,omitempty"`
		Data    *data  `json:"error_data,omitempty"`
		TraceID string `json:"fbtrace_id"`
	}
	code, subcode := e.metaCode()
	b := body{metaMessage(code), "OAuthException", code, subcode, nil, trace}
	if e.message != "" {
		b.Data = &data{"whatsapp", e.message}
	}
	return mustJSON(map[string]body{"error": b})
}

// metaMessage is the text of an error, its title and code.
func metaMessage(code int) string {
	title := metaErrors[code].title
	if title == "" {
		title = "An error of the sandbox"
	}
	return "(#" + strconv.Itoa(code) + ") " + title
}
