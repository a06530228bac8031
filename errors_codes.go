package kirim

//go:generate go run ./internal/gencodes
//go:generate go test ./internal/system -run TestTheDocumentationIsGeneratedFromTheTables -update

// ErrorType is the broad category of an error response. There are seven; a
// newer server may send others. Branch on [ErrorCode] or [Kind] instead
// where you can: they are finer.
//
// Docs: https://developers.kirim.chat/concepts/errors/
type ErrorType string

// The seven documented types.
const (
	TypeInvalidRequest ErrorType = "invalid_request_error" // the request is wrong as it stands: 400, 422
	TypeAuthentication ErrorType = "authentication_error"  // the API key is missing, unknown, revoked or expired: 401
	TypePermission     ErrorType = "permission_error"      // the organisation may not do this: 403
	TypeNotFound       ErrorType = "not_found"             // absent, or owned by another organisation: 404
	TypeConflict       ErrorType = "conflict"              // the state of the resource forbids it: 409
	TypeRateLimit      ErrorType = "rate_limit_error"      // the organisation's token bucket is empty: 429
	TypeAPI            ErrorType = "api_error"             // the server, or Meta behind it, failed: 500, 502, 503
)

// ErrorCode is the server's own word for what went wrong, verbatim: never
// invented, never case-folded. Kirim promises that a code keeps its meaning
// for ever and that new ones may appear, so treat it as an open set.
//
// An ErrorCode is an error itself, so that it can be the target of
// [errors.Is]:
//
//	if errors.Is(err, kirim.CodeTemplatePaused) { … }
//
// Docs: https://developers.kirim.chat/concepts/errors/
type ErrorCode string

// Error returns the code itself, so that printing a code shows the code.
func (c ErrorCode) Error() string { return string(c) }

// Kind is this package's classification of errors: one taxonomy over Kirim,
// the other systems that the gateway packages speak to, and Meta's numeric
// codes. A Kind is an error itself, so that it can be the target of
// [errors.Is]:
//
//	if errors.Is(err, kirim.KindRateLimited) { … }
type Kind string

// The kinds, each with what to do about it.
const (
	KindInvalidRequest        Kind = "invalid_request"         // malformed body, bad or missing field: mend the request
	KindInvalidRecipient      Kind = "invalid_recipient"       // the recipient's number is malformed: mend the number
	KindRecipientUnavailable  Kind = "recipient_unavailable"   // the number is valid but cannot be reached on WhatsApp
	KindOutsideWindow         Kind = "outside_window"          // free-form message outside the 24-hour window: send a template
	KindTemplateNotFound      Kind = "template_not_found"      // no such template in this language
	KindTemplateUnavailable   Kind = "template_unavailable"    // the template is paused or disabled: use another
	KindPayloadTooLarge       Kind = "payload_too_large"       // text, media or body too big
	KindMediaInvalid          Kind = "media_invalid"           // media of an unsupported type, or not fetchable
	KindNotConnected          Kind = "not_connected"           // the sending number is not paired, verified or registered
	KindUpstreamAuth          Kind = "upstream_auth"           // the gateway's own credentials towards Meta are bad
	KindAuthMissing           Kind = "auth_missing"            // no API key arrived
	KindAuthInvalid           Kind = "auth_invalid"            // the API key is malformed or unknown
	KindAuthExpired           Kind = "auth_expired"            // the API key has expired
	KindAuthRevoked           Kind = "auth_revoked"            // the API key was revoked
	KindPermission            Kind = "permission"              // the key, or the account, lacks the right
	KindPlanLimit             Kind = "plan_limit"              // the plan does not include this
	KindQuotaExceeded         Kind = "quota_exceeded"          // a quota over a longer time is used up: wait for its reset
	KindSuspended             Kind = "suspended"               // the account is blocked or restricted
	KindBilling               Kind = "billing"                 // balance or billing account
	KindNotFound              Kind = "not_found"               // absent, or hidden from this key
	KindMethodNotAllowed      Kind = "method_not_allowed"      // wrong HTTP method
	KindConflict              Kind = "conflict"                // the state of the resource forbids it
	KindIdempotencyInProgress Kind = "idempotency_in_progress" // the same key is still being processed: retry with the same key
	KindIdempotencyReuse      Kind = "idempotency_reuse"       // the same key was used for another request: a fault in the program
	KindWebhookInvalid        Kind = "webhook_invalid"         // URL or event name refused
	KindRateLimited           Kind = "rate_limited"            // too many requests: wait, then go slower
	KindSendFailed            Kind = "send_failed"             // accepted, then failed at WhatsApp: the message may be out
	KindUpstream              Kind = "upstream"                // Meta or WhatsApp failed: retry later
	KindInternal              Kind = "internal"                // a fault of the server
	KindUnavailable           Kind = "unavailable"             // temporary outage: retry later
	KindInvalidResponse       Kind = "invalid_response"        // the response was 2xx, but its body was not what the API documents: the request was probably carried out
	KindUnknown               Kind = "unknown"                 // nothing recognised in the response
)

// kindTexts are the words of error messages. They stand in for the server's
// own text, which may quote a phone number or the message itself.
var kindTexts = map[Kind]string{
	KindInvalidRequest:        "the request is invalid",
	KindInvalidRecipient:      "the recipient's number is invalid",
	KindRecipientUnavailable:  "the recipient cannot be reached on whatsapp",
	KindOutsideWindow:         "the 24-hour window is closed, send a template",
	KindTemplateNotFound:      "no such template",
	KindTemplateUnavailable:   "the template is paused or disabled",
	KindPayloadTooLarge:       "the request is too large",
	KindMediaInvalid:          "the media is unsupported or cannot be fetched",
	KindNotConnected:          "the sending number is not connected",
	KindUpstreamAuth:          "the gateway's credentials towards meta are bad",
	KindAuthMissing:           "no api key arrived",
	KindAuthInvalid:           "the api key is invalid",
	KindAuthExpired:           "the api key has expired",
	KindAuthRevoked:           "the api key was revoked",
	KindPermission:            "permission is missing",
	KindPlanLimit:             "the plan does not include this",
	KindQuotaExceeded:         "a quota is used up",
	KindSuspended:             "the account is blocked",
	KindBilling:               "the account cannot be billed",
	KindNotFound:              "not found",
	KindMethodNotAllowed:      "the method is not allowed",
	KindConflict:              "the state of the resource forbids it",
	KindIdempotencyInProgress: "a request with this idempotency key is still running",
	KindIdempotencyReuse:      "the idempotency key was used for another request",
	KindWebhookInvalid:        "the webhook url or event is refused",
	KindRateLimited:           "too many requests",
	KindSendFailed:            "sending failed at whatsapp",
	KindUpstream:              "whatsapp, or a proxy, failed",
	KindInternal:              "the server failed",
	KindUnavailable:           "the service is unavailable",
	KindInvalidResponse:       "the answer is not what the api documents",
	KindUnknown:               "unrecognised answer",
}

// text describes the kind in a few lower-case words.
func (k Kind) text() string {
	if k == "" {
		k = KindUnknown
	}
	if t, ok := kindTexts[k]; ok {
		return t
	}
	return printable(string(k))
}

// Error returns the kind itself, so that printing a kind shows the kind.
func (k Kind) Error() string { return string(k) }
