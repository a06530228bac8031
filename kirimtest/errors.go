package kirimtest

import (
	"cmp"
	"net/http"

	"github.com/kirim-go/kirim/internal/system"
)

// apiError is an error of the API before it has a request id.
type apiError struct {
	status     int
	typ        string
	code       string
	message    string
	param      string
	retryAfter int // seconds, sent as Retry-After when positive
	subcode    int // of Meta's; often 0
}

// documented is how the API responds with a code.
type documented struct {
	status int
	typ    string
}

// catalogue lists the codes that the API answers with. Codes without a status
// are told of a message that was accepted before; two of them the sandbox
// responds with at once, and assumes a status.
var catalogue = func() map[string]documented {
	assumed := map[string]int{
		"template_param_count_mismatch":  http.StatusUnprocessableEntity,
		"template_param_format_mismatch": http.StatusUnprocessableEntity,
	}
	codes := map[string]documented{}
	for _, c := range system.Kirim.Codes {
		if status := cmp.Or(c.Status, assumed[c.Code]); status != 0 {
			codes[c.Code] = documented{status, typeOf(status)}
		}
	}
	return codes
}()

// typeOf is the type of the documented errors with a status.
func typeOf(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "authentication_error"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusNotFound:
		return "not_found"
	case status == http.StatusConflict:
		return "conflict"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= http.StatusInternalServerError:
		return "api_error"
	}
	return "invalid_request_error"
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
