package envelope

// System is a WhatsApp API whose error answers this module knows.
type System string

// The five systems. The name is also that of the gateway package, if any.
const (
	Kirim        System = "kirim"
	APIMessaging System = "apimessaging"
	MichoW       System = "michow"
	Connexease   System = "connexease"
	Shingle      System = "shingle"
)

// Advice says when the same request may be made again.
type Advice string

// The advices. Whether the client itself repeats is another matter: for that
// it also has to be safe.
const (
	Never     Advice = "never"
	UserFirst Advice = "after user action"
	Wait      Advice = "after the given wait"
	Backoff   Advice = "backoff"
	SameKey   Advice = "backoff, same key"
	Reset     Advice = "after the quota's reset"
	OptIn     Advice = "only if a duplicate is acceptable"
)

// Code is one documented error code.
type Code struct {
	System  System
	Code    string
	Status  int    // 0 when the documentation does not tell
	Kind    string // a kirim.Kind
	Retry   Advice
	Newer   bool // not in the vendor's first list of codes: found in a newer edition or on another page
	Meaning string
}

// Codes holds every documented code of the five systems, in their order of
// documentation. The decoders, their tests and docs/errors.md all come from
// this table.
//
//go:generate go test -run TestTheDocumentationIsGeneratedFromTheTable -update .
var Codes = []Code{
	{Kirim, "invalid_phone_number", 400, "invalid_recipient", Never, false, "the number is not E.164 with a leading +"},
	{Kirim, "invalid_template_name", 400, "template_not_found", Never, false, "no such template"},
	{Kirim, "missing_required_field", 400, "invalid_request", Never, false, "a field is absent"},
	{Kirim, "invalid_field_value", 400, "invalid_request", Never, false, "a field breaks a constraint"},
	{Kirim, "invalid_limit", 400, "invalid_request", Never, false, "the page size is out of range"},
	{Kirim, "invalid_cursor", 400, "invalid_request", Never, false, "the cursor is of no use; list from the start"},
	{Kirim, "invalid_webhook_url", 400, "webhook_invalid", Never, false, "the webhook URL is refused"},
	{Kirim, "invalid_event_type", 400, "webhook_invalid", Never, false, "unknown event name"},
	{Kirim, "missing_api_key", 401, "auth_missing", Never, false, "no key arrived"},
	{Kirim, "invalid_api_key", 401, "auth_invalid", Never, false, "the key is malformed or unknown"},
	{Kirim, "revoked_api_key", 401, "auth_revoked", Never, false, "the key was revoked"},
	{Kirim, "expired_api_key", 401, "auth_expired", Never, false, "the key has expired"},
	{Kirim, "feature_not_available", 403, "plan_limit", UserFirst, false, "the plan lacks the API"},
	{Kirim, "organization_suspended", 403, "suspended", UserFirst, false, "the organisation is blocked"},
	{Kirim, "resource_not_found", 404, "not_found", Never, false, "absent, or another organisation's"},
	{Kirim, "idempotency_in_progress", 409, "idempotency_in_progress", SameKey, false, "the key's request still runs"},
	{Kirim, "webhook_subscription_disabled", 409, "conflict", UserFirst, false, "enable the subscription first"},
	{Kirim, "template_already_exists", 409, "conflict", Never, true, "name and language are taken"},
	{Kirim, "idempotency_key_reuse", 422, "idempotency_reuse", Never, false, "the key had another body"},
	{Kirim, "whatsapp_number_not_verified", 422, "not_connected", UserFirst, false, "no approved number"},
	{Kirim, "cannot_revoke_last_secret", 422, "conflict", UserFirst, false, "add a secret first"},
	{Kirim, "outside_24h_window", 422, "outside_window", UserFirst, false, "send a template"},
	{Kirim, "template_paused", 422, "template_unavailable", UserFirst, false, "paused for its quality"},
	{Kirim, "template_disabled", 422, "template_unavailable", Never, false, "disabled for good"},
	{Kirim, "rate_limit_exceeded", 429, "rate_limited", Wait, false, "the organisation's bucket is empty"},
	{Kirim, "internal_error", 500, "internal", Backoff, false, "a fault; may hide a refusal by Meta"},
	{Kirim, "whatsapp_upstream_error", 502, "upstream", Backoff, false, "Meta failed"},
	{Kirim, "service_unavailable", 503, "unavailable", Backoff, false, "maintenance or overload"},
	// From the guide on failed sends and the recipe for campaigns. Those without
	// a status are told of a message that was accepted before.
	{Kirim, "invalid_request", 400, "invalid_request", Never, true, "malformed request"},
	{Kirim, "phone_number_forbidden", 403, "permission", Never, true, "the key may not use this phone number"},
	{Kirim, "idempotency_conflict", 409, "idempotency_reuse", Never, true, "the key had another body"},
	{Kirim, "account_not_connected", 422, "not_connected", UserFirst, true, "connect the WhatsApp account first"},
	{Kirim, "template_param_count_mismatch", 0, "invalid_request", Never, true, "the template takes another number of parameters"},
	{Kirim, "template_param_format_mismatch", 0, "invalid_request", Never, true, "a parameter has another shape than the template defines"},
	{Kirim, "recipient_not_on_whatsapp", 0, "recipient_unavailable", Never, true, "the recipient has no WhatsApp: take the number off the list"},
	{Kirim, "recipient_blocked", 0, "recipient_unavailable", Never, true, "the customer blocked the business: take the number off the list"},
	{Kirim, "media_download_failed", 0, "media_invalid", UserFirst, true, "Meta could not fetch the link: https, public, right content type"},
	{Kirim, "quota_exceeded", 0, "quota_exceeded", Reset, true, "Meta's limit of recipients per day is used up"},

	{APIMessaging, "invalid_api_key", 401, "auth_invalid", Never, false, "the key is wrong, perhaps revoked"},
	{APIMessaging, "missing_api_key", 401, "auth_missing", Never, false, "no key arrived"},
	{APIMessaging, "expired_api_key", 401, "auth_expired", Never, false, "the key has expired"},
	{APIMessaging, "insufficient_permissions", 403, "permission", Never, false, "the key lacks the right"},
	{APIMessaging, "session_not_found", 404, "not_found", Never, false, "unknown session"},
	{APIMessaging, "session_not_connected", 400, "not_connected", UserFirst, false, "the session is not paired: scan its QR code"},
	{APIMessaging, "session_limit_reached", 403, "plan_limit", UserFirst, false, "the plan has no more sessions"},
	{APIMessaging, "qr_code_expired", 400, "not_connected", UserFirst, false, "create the session again"},
	{APIMessaging, "session_disconnected", 400, "not_connected", UserFirst, false, "WhatsApp dropped the session: pair it again"},
	{APIMessaging, "invalid_phone_number", 400, "invalid_recipient", Never, false, "the recipient is malformed"},
	{APIMessaging, "recipient_not_on_whatsapp", 400, "recipient_unavailable", Never, false, "the recipient has no WhatsApp"},
	{APIMessaging, "message_too_long", 400, "payload_too_large", Never, false, "over 4096 characters"},
	{APIMessaging, "media_size_exceeded", 400, "payload_too_large", Never, false, "image over 5 MB, video over 16 MB, document over 100 MB"},
	{APIMessaging, "invalid_media_type", 400, "media_invalid", Never, false, "not image, video, document or audio"},
	{APIMessaging, "media_url_inaccessible", 400, "media_invalid", UserFirst, false, "the server could not fetch the media"},
	{APIMessaging, "message_not_found", 404, "not_found", Never, false, "unknown message"},
	{APIMessaging, "message_sending_failed", 500, "send_failed", OptIn, false, "WhatsApp failed; the message may be out"},
	{APIMessaging, "daily_message_limit_reached", 403, "quota_exceeded", Reset, false, "the plan's messages for today are used up"},
	{APIMessaging, "invalid_webhook_url", 400, "webhook_invalid", Never, false, "malformed, or not https"},
	{APIMessaging, "webhook_url_unreachable", 400, "webhook_invalid", UserFirst, false, "the URL does not answer"},
	{APIMessaging, "webhook_response_timeout", 400, "webhook_invalid", UserFirst, false, "the URL took more than 5 s"},
	{APIMessaging, "invalid_webhook_event", 400, "webhook_invalid", Never, false, "unknown event name"},
	{APIMessaging, "rate_limit_exceeded", 429, "rate_limited", Wait, false, "the endpoint's limit"},
	{APIMessaging, "concurrent_request_limit_exceeded", 429, "rate_limited", Backoff, false, "too many requests at once"},
	{APIMessaging, "invalid_request", 400, "invalid_request", Never, false, "malformed request"},
	{APIMessaging, "missing_required_parameter", 400, "invalid_request", Never, false, "a parameter is absent"},
	{APIMessaging, "invalid_parameter_type", 400, "invalid_request", Never, false, "a parameter has the wrong type"},
	{APIMessaging, "resource_not_found", 404, "not_found", Never, false, "wrong id, or wrong path"},
	{APIMessaging, "method_not_allowed", 405, "method_not_allowed", Never, false, "wrong method"},
	{APIMessaging, "internal_server_error", 500, "internal", Backoff, false, "a fault of the server"},
	{APIMessaging, "service_unavailable", 503, "unavailable", Backoff, false, "temporarily down"},

	{MichoW, "UNAUTHORIZED", 401, "auth_missing", Never, false, "no key arrived"},
	{MichoW, "INVALID_API_KEY", 401, "auth_invalid", Never, false, "unknown, revoked or expired"},
	{MichoW, "NO_SESSION", 403, "not_connected", UserFirst, false, "the key has no WhatsApp session"},
	{MichoW, "NOT_FOUND", 404, "not_found", Never, false, "absent, or another session's"},
	{MichoW, "SESSION_NOT_CONNECTED", 422, "not_connected", UserFirst, false, "the session is offline: connect it in the dashboard"},
	{MichoW, "VALIDATION_ERROR", 422, "invalid_request", Never, false, "bad body; the usual answer has a field list and no code"},
	{MichoW, "RATE_LIMITED", 429, "rate_limited", Backoff, false, "the key's limit; no wait is given"},
	{MichoW, "SEND_FAILED", 502, "send_failed", OptIn, false, "taken, not delivered; the message may be out"},
	{MichoW, "SERVICE_UNAVAILABLE", 503, "unavailable", Backoff, false, "the WhatsApp side is down"},

	{Connexease, "AUTH_001", 401, "auth_invalid", Never, false, "unknown, invalid, revoked or expired"},
	{Connexease, "AUTH_002", 401, "auth_missing", Never, false, "no Authorization header"},
	{Connexease, "AUTH_003", 401, "auth_invalid", Never, false, "the header is not a bearer token"},
	{Connexease, "AUTH_004", 500, "internal", Backoff, false, "the authentication service failed"},
	{Connexease, "WABA_001", 401, "upstream_auth", UserFirst, false, "the WhatsApp account's credentials are bad; a new key does not help"},
	{Connexease, "BILL_001", 402, "billing", UserFirst, false, "the balance is used up"},
	{Connexease, "BILL_002", 400, "billing", UserFirst, false, "no billing account"},
	{Connexease, "RATE_001", 429, "rate_limited", Wait, false, "the limit per second or per minute"},
	{Connexease, "AUTH_005", 500, "internal", Backoff, true, "authentication data is damaged"},
	{Connexease, "WH_001", 403, "webhook_invalid", Never, true, "wrong verify token in Meta's handshake"},
	{Connexease, "WH_002", 0, "webhook_invalid", Never, true, "Meta's signature is missing"},
	{Connexease, "GW_001", 0, "invalid_recipient", Never, true, "the recipient is invalid"},

	{Shingle, "UNAUTHORIZED", 401, "auth_invalid", Never, false, "the key is missing or invalid"},
	{Shingle, "INSUFFICIENT_PERMISSIONS", 403, "permission", Never, false, "the key lacks the scope"},
	{Shingle, "VALIDATION_ERROR", 400, "invalid_request", Never, false, "bad body"},
	{Shingle, "INVALID_INPUT", 400, "invalid_request", Never, false, "bad query or input"},
	{Shingle, "MISSING_QUERY", 400, "invalid_request", Never, false, "a query parameter is absent"},
	{Shingle, "NOT_FOUND", 404, "not_found", Never, false, "absent"},
	{Shingle, "INVALID_MESSAGE_ID", 400, "invalid_request", Never, false, "not a message id"},
	{Shingle, "INVALID_CONTACT_ID", 400, "invalid_request", Never, false, "not a contact id"},
	{Shingle, "INVALID_BUSINESS_ID", 400, "invalid_request", Never, false, "not a business id"},
	{Shingle, "RATE_LIMIT_EXCEEDED", 429, "rate_limited", Wait, false, "too many requests"},
	{Shingle, "INTERNAL_ERROR", 500, "internal", Backoff, false, "a fault of the server"},
	{Shingle, "SERVICE_UNAVAILABLE", 503, "unavailable", Backoff, false, "temporary outage"},
	{Shingle, "RATE_LIMITED", 429, "rate_limited", Backoff, true, "the newer word for RATE_LIMIT_EXCEEDED"},
}

// families classify what is not in Codes by the part that the systems keep
// stable. Only Connexease, whose list is known to be incomplete, has such
// parts: first the area in front of its codes, which says nothing about a
// fault of the server (5xx), then the group beside them.
var (
	areas = []struct{ prefix, kind string }{
		{"BILL_", "billing"},
		{"RATE_", "rate_limited"},
		{"WABA_", "upstream_auth"},
		{"WH_", "webhook_invalid"},
	}
	groups = map[string]string{
		"UNAUTHORIZED":      "auth_invalid",
		"PAYMENT_REQUIRED":  "billing",
		"BAD_REQUEST":       "invalid_request",
		"VALIDATION":        "invalid_request",
		"TOO_MANY_REQUESTS": "rate_limited",
		"INTERNAL_ERROR":    "internal",
	}
)
