package kirim

// ErrorType is the broad category of an error answer. There are seven; a
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

// The documented codes of Kirim. The first 28 are those of its catalogue.
const (
	CodeInvalidPhoneNumber          ErrorCode = "invalid_phone_number"          // 400: the number is not E.164 with a leading +
	CodeInvalidTemplateName         ErrorCode = "invalid_template_name"         // 400: no account of the organisation has this template
	CodeMissingRequiredField        ErrorCode = "missing_required_field"        // 400: Param names the absent field
	CodeInvalidFieldValue           ErrorCode = "invalid_field_value"           // 400: Param names the field that breaks a constraint
	CodeInvalidLimit                ErrorCode = "invalid_limit"                 // 400: the page size is outside 1 to 100
	CodeInvalidCursor               ErrorCode = "invalid_cursor"                // 400: the cursor is damaged or belongs to other filters; list from the start
	CodeInvalidWebhookURL           ErrorCode = "invalid_webhook_url"           // 400: the webhook URL is not https, or could not be reached
	CodeInvalidEventType            ErrorCode = "invalid_event_type"            // 400: unknown webhook event name
	CodeMissingAPIKey               ErrorCode = "missing_api_key"               // 401: no Authorization header arrived
	CodeInvalidAPIKey               ErrorCode = "invalid_api_key"               // 401: the key is malformed or unknown
	CodeRevokedAPIKey               ErrorCode = "revoked_api_key"               // 401: the key was revoked
	CodeExpiredAPIKey               ErrorCode = "expired_api_key"               // 401: the key's expiry time has passed
	CodeFeatureNotAvailable         ErrorCode = "feature_not_available"         // 403: the plan does not include the public API
	CodeOrganizationSuspended       ErrorCode = "organization_suspended"        // 403: the organisation is blocked
	CodeResourceNotFound            ErrorCode = "resource_not_found"            // 404: absent, or owned by another organisation
	CodeIdempotencyInProgress       ErrorCode = "idempotency_in_progress"       // 409: a request with this key is still running
	CodeWebhookSubscriptionDisabled ErrorCode = "webhook_subscription_disabled" // 409: the subscription was disabled after failures; enable it first
	CodeTemplateAlreadyExists       ErrorCode = "template_already_exists"       // 409: name and language are taken
	CodeIdempotencyKeyReuse         ErrorCode = "idempotency_key_reuse"         // 422: the key was used for a different request
	CodeWhatsAppNumberNotVerified   ErrorCode = "whatsapp_number_not_verified"  // 422: no connected, approved WhatsApp account
	CodeCannotRevokeLastSecret      ErrorCode = "cannot_revoke_last_secret"     // 422: a subscription keeps at least one signing secret
	CodeOutside24hWindow            ErrorCode = "outside_24h_window"            // 422: the customer wrote more than 24 hours ago, or never; send a template
	CodeTemplatePaused              ErrorCode = "template_paused"               // 422: Meta paused the template for its quality
	CodeTemplateDisabled            ErrorCode = "template_disabled"             // 422: Meta disabled the template for good
	CodeRateLimitExceeded           ErrorCode = "rate_limit_exceeded"           // 429: the organisation's token bucket is empty
	CodeInternalError               ErrorCode = "internal_error"                // 500: unexpected fault; may hide a permanent rejection by Meta
	CodeWhatsAppUpstreamError       ErrorCode = "whatsapp_upstream_error"       // 502: Meta failed
	CodeServiceUnavailable          ErrorCode = "service_unavailable"           // 503: maintenance or overload
)

// Codes that the guide on failed sends names beside the catalogue, and one of
// the recipe for campaigns. Those without a status come in the error of a
// message that was accepted and failed later; the list is open.
//
// Docs: https://developers.kirim.chat/guides/failed-sends/ and
// https://developers.kirim.chat/recipes/broadcast-campaign/
const (
	CodeInvalidRequest              ErrorCode = "invalid_request"                // 400: malformed request
	CodePhoneNumberForbidden        ErrorCode = "phone_number_forbidden"         // 403: the key may not use this phone number
	CodeIdempotencyConflict         ErrorCode = "idempotency_conflict"           // 409: the key was used for a different request, as [CodeIdempotencyKeyReuse]
	CodeAccountNotConnected         ErrorCode = "account_not_connected"          // 422: the WhatsApp account is not connected
	CodeTemplateParamCountMismatch  ErrorCode = "template_param_count_mismatch"  // the template takes another number of parameters; mend the components
	CodeTemplateParamFormatMismatch ErrorCode = "template_param_format_mismatch" // a parameter has another shape than the template defines
	CodeRecipientNotOnWhatsApp      ErrorCode = "recipient_not_on_whatsapp"      // the recipient has no WhatsApp; take the number off the list
	CodeRecipientBlocked            ErrorCode = "recipient_blocked"              // the customer blocked the business; take the number off the list
	CodeMediaDownloadFailed         ErrorCode = "media_download_failed"          // Meta could not fetch the link: it needs https, public access and the right content type
	CodeQuotaExceeded               ErrorCode = "quota_exceeded"                 // Meta's limit of recipients per day is used up
)

// Error returns the code itself, so that printing a code shows the code.
func (c ErrorCode) Error() string { return string(c) }

// kindOfCode classifies Kirim's codes.
var kindOfCode = map[ErrorCode]Kind{
	CodeInvalidPhoneNumber:          KindInvalidRecipient,
	CodeInvalidTemplateName:         KindTemplateNotFound,
	CodeMissingRequiredField:        KindInvalidRequest,
	CodeInvalidFieldValue:           KindInvalidRequest,
	CodeInvalidLimit:                KindInvalidRequest,
	CodeInvalidCursor:               KindInvalidRequest,
	CodeInvalidWebhookURL:           KindWebhookInvalid,
	CodeInvalidEventType:            KindWebhookInvalid,
	CodeMissingAPIKey:               KindAuthMissing,
	CodeInvalidAPIKey:               KindAuthInvalid,
	CodeRevokedAPIKey:               KindAuthRevoked,
	CodeExpiredAPIKey:               KindAuthExpired,
	CodeFeatureNotAvailable:         KindPlanLimit,
	CodeOrganizationSuspended:       KindSuspended,
	CodeResourceNotFound:            KindNotFound,
	CodeIdempotencyInProgress:       KindIdempotencyInProgress,
	CodeWebhookSubscriptionDisabled: KindConflict,
	CodeTemplateAlreadyExists:       KindConflict,
	CodeIdempotencyKeyReuse:         KindIdempotencyReuse,
	CodeWhatsAppNumberNotVerified:   KindNotConnected,
	CodeCannotRevokeLastSecret:      KindConflict,
	CodeOutside24hWindow:            KindOutsideWindow,
	CodeTemplatePaused:              KindTemplateUnavailable,
	CodeTemplateDisabled:            KindTemplateUnavailable,
	CodeRateLimitExceeded:           KindRateLimited,
	CodeInternalError:               KindInternal,
	CodeWhatsAppUpstreamError:       KindUpstream,
	CodeServiceUnavailable:          KindUnavailable,
	CodeInvalidRequest:              KindInvalidRequest,
	CodePhoneNumberForbidden:        KindPermission,
	CodeIdempotencyConflict:         KindIdempotencyReuse,
	CodeAccountNotConnected:         KindNotConnected,
	CodeTemplateParamCountMismatch:  KindInvalidRequest,
	CodeTemplateParamFormatMismatch: KindInvalidRequest,
	CodeRecipientNotOnWhatsApp:      KindRecipientUnavailable,
	CodeRecipientBlocked:            KindRecipientUnavailable,
	CodeMediaDownloadFailed:         KindMediaInvalid,
	CodeQuotaExceeded:               KindQuotaExceeded,
}

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
	KindIdempotencyInProgress Kind = "idempotency_in_progress" // the same key is still being worked on: repeat with the same key
	KindIdempotencyReuse      Kind = "idempotency_reuse"       // the same key was used for another request: a fault in the program
	KindWebhookInvalid        Kind = "webhook_invalid"         // URL or event name refused
	KindRateLimited           Kind = "rate_limited"            // too many requests: wait, then go slower
	KindSendFailed            Kind = "send_failed"             // accepted, then failed at WhatsApp: the message may be out
	KindUpstream              Kind = "upstream"                // Meta or WhatsApp failed: repeat later
	KindInternal              Kind = "internal"                // a fault of the server
	KindUnavailable           Kind = "unavailable"             // temporary outage: repeat later
	KindInvalidResponse       Kind = "invalid_response"        // the answer was 2xx, but its body was not what the API documents: the request was probably carried out
	KindUnknown               Kind = "unknown"                 // nothing recognised in the answer
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
