package system

import (
	"net/http"
	"time"
)

// APIMessaging is the system behind gateway/apimessaging.
var APIMessaging = register(System{
	Name:   "apimessaging",
	Title:  "API Messaging",
	Bodies: []string{`{"success": false, "error": {"code", "message", "details": {"field", "reason"}}}`},
	Waits: "`Retry-After`; on a 429 without it, until `X-RateLimit-Reset` (an assumption); without either, 60 s for " +
		"`rate_limit_exceeded`, as in the vendor's sample client.",
	forms: []form{{
		rank: 2,
		fits: func(top, inner, _ object) bool { return isBool(top.get("success")) && inner != nil },
	}},
	holder:  "error",
	message: "message",
	fields: func(_, inner object) []Field {
		details := objectOf(inner.get("details"))
		return oneField(details.get("field"), details.get("reason"))
	},
	defaultWait: func(holder object, header http.Header) time.Duration {
		wait, ok := untilReset(header)
		if !ok && textOf(holder.get("code")) == "rate_limit_exceeded" {
			return time.Minute
		}
		return wait
	},
	Codes: apiMessagingCodes,
})

var apiMessagingCodes = []Code{
	{"invalid_api_key", 401, "auth_invalid", Never, Listed, "the key is wrong, perhaps revoked"},
	{"missing_api_key", 401, "auth_missing", Never, Listed, "no key arrived"},
	{"expired_api_key", 401, "auth_expired", Never, Listed, "the key has expired"},
	{"insufficient_permissions", 403, "permission", Never, Listed, "the key lacks the right"},
	{"session_not_found", 404, "not_found", Never, Listed, "unknown session"},
	{"session_not_connected", 400, "not_connected", UserFirst, Listed, "the session is not paired: scan its QR code"},
	{"session_limit_reached", 403, "plan_limit", UserFirst, Listed, "the plan has no more sessions"},
	{"qr_code_expired", 400, "not_connected", UserFirst, Listed, "create the session again"},
	{"session_disconnected", 400, "not_connected", UserFirst, Listed, "WhatsApp dropped the session: pair it again"},
	{"invalid_phone_number", 400, "invalid_recipient", Never, Listed, "the recipient is malformed"},
	{"recipient_not_on_whatsapp", 400, "recipient_unavailable", Never, Listed, "the recipient has no WhatsApp"},
	{"message_too_long", 400, "payload_too_large", Never, Listed, "over 4096 characters"},
	{"media_size_exceeded", 400, "payload_too_large", Never, Listed, "image over 5 MB, video over 16 MB, document over 100 MB"},
	{"invalid_media_type", 400, "media_invalid", Never, Listed, "not image, video, document or audio"},
	{"media_url_inaccessible", 400, "media_invalid", UserFirst, Listed, "the server could not fetch the media"},
	{"message_not_found", 404, "not_found", Never, Listed, "unknown message"},
	{"message_sending_failed", 500, "send_failed", OptIn, Listed, "WhatsApp failed; the message may be out"},
	{"daily_message_limit_reached", 403, "quota_exceeded", Reset, Listed, "the plan's messages for today are used up"},
	{"invalid_webhook_url", 400, "webhook_invalid", Never, Listed, "malformed, or not https"},
	{"webhook_url_unreachable", 400, "webhook_invalid", UserFirst, Listed, "the URL does not answer"},
	{"webhook_response_timeout", 400, "webhook_invalid", UserFirst, Listed, "the URL took more than 5 s"},
	{"invalid_webhook_event", 400, "webhook_invalid", Never, Listed, "unknown event name"},
	{"rate_limit_exceeded", 429, "rate_limited", Wait, Listed, "the endpoint's limit"},
	{"concurrent_request_limit_exceeded", 429, "rate_limited", Backoff, Listed, "too many requests at once"},
	{"invalid_request", 400, "invalid_request", Never, Listed, "malformed request"},
	{"missing_required_parameter", 400, "invalid_request", Never, Listed, "a parameter is absent"},
	{"invalid_parameter_type", 400, "invalid_request", Never, Listed, "a parameter has the wrong type"},
	{"resource_not_found", 404, "not_found", Never, Listed, "wrong id, or wrong path"},
	{"method_not_allowed", 405, "method_not_allowed", Never, Listed, "wrong method"},
	{"internal_server_error", 500, "internal", Backoff, Listed, "a fault of the server"},
	{"service_unavailable", 503, "unavailable", Backoff, Listed, "temporarily down"},
}
