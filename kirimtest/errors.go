package kirimtest

import "net/http"

// apiError is an error of the API before it has a request id.
type apiError struct {
	status     int
	typ        string
	code       string
	message    string
	param      string
	retryAfter int // seconds, sent as Retry-After when positive
}

// catalogue lists the codes that the API documents with their status and type.
var catalogue = map[string]struct {
	status int
	typ    string
}{
	"invalid_phone_number":           {http.StatusBadRequest, "invalid_request_error"},
	"invalid_template_name":          {http.StatusBadRequest, "invalid_request_error"},
	"missing_required_field":         {http.StatusBadRequest, "invalid_request_error"},
	"invalid_field_value":            {http.StatusBadRequest, "invalid_request_error"},
	"invalid_limit":                  {http.StatusBadRequest, "invalid_request_error"},
	"invalid_cursor":                 {http.StatusBadRequest, "invalid_request_error"},
	"invalid_webhook_url":            {http.StatusBadRequest, "invalid_request_error"},
	"invalid_event_type":             {http.StatusBadRequest, "invalid_request_error"},
	"missing_api_key":                {http.StatusUnauthorized, "authentication_error"},
	"invalid_api_key":                {http.StatusUnauthorized, "authentication_error"},
	"revoked_api_key":                {http.StatusUnauthorized, "authentication_error"},
	"expired_api_key":                {http.StatusUnauthorized, "authentication_error"},
	"feature_not_available":          {http.StatusForbidden, "permission_error"},
	"organization_suspended":         {http.StatusForbidden, "permission_error"},
	"resource_not_found":             {http.StatusNotFound, "not_found"},
	"idempotency_in_progress":        {http.StatusConflict, "conflict"},
	"webhook_subscription_disabled":  {http.StatusConflict, "conflict"},
	"template_already_exists":        {http.StatusConflict, "conflict"},
	"idempotency_key_reuse":          {http.StatusUnprocessableEntity, "invalid_request_error"},
	"whatsapp_number_not_verified":   {http.StatusUnprocessableEntity, "invalid_request_error"},
	"cannot_revoke_last_secret":      {http.StatusUnprocessableEntity, "invalid_request_error"},
	"outside_24h_window":             {http.StatusUnprocessableEntity, "invalid_request_error"},
	"template_paused":                {http.StatusUnprocessableEntity, "invalid_request_error"},
	"template_param_count_mismatch":  {http.StatusUnprocessableEntity, "invalid_request_error"}, // status assumed
	"template_param_format_mismatch": {http.StatusUnprocessableEntity, "invalid_request_error"}, // status assumed
	"template_disabled":              {http.StatusUnprocessableEntity, "invalid_request_error"},
	"rate_limit_exceeded":            {http.StatusTooManyRequests, "rate_limit_error"},
	"internal_error":                 {http.StatusInternalServerError, "api_error"},
	"whatsapp_upstream_error":        {http.StatusBadGateway, "api_error"},
	"service_unavailable":            {http.StatusServiceUnavailable, "api_error"},
	"invalid_request":                {http.StatusBadRequest, "invalid_request_error"},
	"phone_number_forbidden":         {http.StatusForbidden, "permission_error"},
	"idempotency_conflict":           {http.StatusConflict, "conflict"},
	"account_not_connected":          {http.StatusUnprocessableEntity, "invalid_request_error"},
}

// fail returns a documented error with the status and type of its code.
func fail(code, param, message string) *apiError {
	known, ok := catalogue[code]
	if !ok {
		known.status, known.typ = http.StatusBadRequest, "invalid_request_error"
	}
	return &apiError{status: known.status, typ: known.typ, code: code, param: param, message: message}
}

// failStatus is fail with another status than the one documented for the code.
func failStatus(status int, code, param, message string) *apiError {
	e := fail(code, param, message)
	e.status = status
	return e
}

// usualCodes are the codes of injected errors that name none.
var usualCodes = map[int]string{
	http.StatusUnauthorized:        "invalid_api_key",
	http.StatusForbidden:           "feature_not_available",
	http.StatusNotFound:            "resource_not_found",
	http.StatusConflict:            "idempotency_in_progress",
	http.StatusUnprocessableEntity: "outside_24h_window",
	http.StatusTooManyRequests:     "rate_limit_exceeded",
	http.StatusInternalServerError: "internal_error",
	http.StatusBadGateway:          "whatsapp_upstream_error",
}

func usualCode(status int) string {
	switch code := usualCodes[status]; {
	case code != "":
		return code
	case status >= 500:
		return "service_unavailable"
	}
	return "invalid_field_value"
}
