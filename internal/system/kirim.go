package system

import "slices"

// types are the seven categories of Kirim's errors.
var types = []string{
	"invalid_request_error", "authentication_error", "permission_error",
	"not_found", "conflict", "rate_limit_error", "api_error",
}

// Kirim is the API that package kirim is the SDK of.
var Kirim = register(System{
	Name:    "kirim",
	Title:   "Kirim",
	Bodies:  []string{`{"error": {"type", "code", "message", "param", "request_id"}}`},
	Waits:   "`Retry-After`.",
	Own:     true,
	ViaMeta: true,
	forms: []form{{
		rank: 3,
		fits: func(_, inner, _ object) bool {
			return isText(inner.get("code")) && slices.Contains(types, textOf(inner.get("type")))
		},
	}},
	holder:  "error",
	message: "message",
	fields: func(_, inner object) []Field {
		return oneField(inner.get("param"), inner.get("message"))
	},
	Codes: kirimCodes,
})

var kirimCodes = []Code{
	{"invalid_phone_number", 400, "invalid_recipient", Never, Listed, "the number is not E.164 with a leading +"},
	{"invalid_template_name", 400, "template_not_found", Never, Listed, "no account of the organisation has this template"},
	{"missing_required_field", 400, "invalid_request", Never, Listed, "Param names the absent field"},
	{"invalid_field_value", 400, "invalid_request", Never, Listed, "Param names the field that breaks a constraint"},
	{"invalid_limit", 400, "invalid_request", Never, Listed, "the page size is outside 1 to 100"},
	{"invalid_cursor", 400, "invalid_request", Never, Listed, "the cursor is damaged or belongs to other filters; list from the start"},
	{"invalid_webhook_url", 400, "webhook_invalid", Never, Listed, "the webhook URL is not https, or could not be reached"},
	{"invalid_event_type", 400, "webhook_invalid", Never, Listed, "unknown webhook event name"},
	{"missing_api_key", 401, "auth_missing", Never, Listed, "no Authorization header arrived"},
	{"invalid_api_key", 401, "auth_invalid", Never, Listed, "the key is malformed or unknown"},
	{"revoked_api_key", 401, "auth_revoked", Never, Listed, "the key was revoked"},
	{"expired_api_key", 401, "auth_expired", Never, Listed, "the key's expiry time has passed"},
	{"feature_not_available", 403, "plan_limit", UserFirst, Listed, "the plan does not include the public API"},
	{"organization_suspended", 403, "suspended", UserFirst, Listed, "the organisation is blocked"},
	{"resource_not_found", 404, "not_found", Never, Listed, "absent, or owned by another organisation"},
	{"idempotency_in_progress", 409, "idempotency_in_progress", SameKey, Listed, "a request with this key is still running"},
	{"webhook_subscription_disabled", 409, "conflict", UserFirst, Listed, "the subscription was disabled after failures; enable it first"},
	{"template_already_exists", 409, "conflict", Never, Newer, "name and language are taken"},
	{"idempotency_key_reuse", 422, "idempotency_reuse", Never, Listed, "the key was used for a different request"},
	{"whatsapp_number_not_verified", 422, "not_connected", UserFirst, Listed, "no connected, approved WhatsApp account"},
	{"cannot_revoke_last_secret", 422, "conflict", UserFirst, Listed, "a subscription keeps at least one signing secret"},
	{"outside_24h_window", 422, "outside_window", UserFirst, Listed, "the customer wrote more than 24 hours ago, or never; send a template"},
	{"template_paused", 422, "template_unavailable", UserFirst, Listed, "Meta paused the template for its quality"},
	{"template_disabled", 422, "template_unavailable", Never, Listed, "Meta disabled the template for good"},
	{"rate_limit_exceeded", 429, "rate_limited", Wait, Listed, "the organisation's token bucket is empty"},
	{"internal_error", 500, "internal", Backoff, Listed, "unexpected fault; may hide a permanent rejection by Meta"},
	{"whatsapp_upstream_error", 502, "upstream", Backoff, Listed, "Meta failed"},
	{"service_unavailable", 503, "unavailable", Backoff, Listed, "maintenance or overload"},
	// From the guide on failed sends and the recipe for campaigns. Those without
	// a status are told of a message that was accepted before.
	{"invalid_request", 400, "invalid_request", Never, Newer, "malformed request"},
	{"phone_number_forbidden", 403, "permission", Never, Newer, "the key may not use this phone number"},
	{"idempotency_conflict", 409, "idempotency_reuse", Never, Newer, "the key was used for a different request, as for idempotency_key_reuse"},
	{"account_not_connected", 422, "not_connected", UserFirst, Newer, "the WhatsApp account is not connected"},
	{"template_param_count_mismatch", 0, "invalid_request", Never, Newer, "the template takes another number of parameters; mend the components"},
	{"template_param_format_mismatch", 0, "invalid_request", Never, Newer, "a parameter has another shape than the template defines"},
	{"recipient_not_on_whatsapp", 0, "recipient_unavailable", Never, Newer, "the recipient has no WhatsApp; take the number off the list"},
	{"recipient_blocked", 0, "recipient_unavailable", Never, Newer, "the customer blocked the business; take the number off the list"},
	{"media_download_failed", 0, "media_invalid", UserFirst, Newer, "Meta could not fetch the link: it needs https, public access and the right content type"},
	{"quota_exceeded", 0, "quota_exceeded", Reset, Newer, "Meta's limit of recipients per day is used up"},
}
