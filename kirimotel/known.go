package kirimotel

import "github.com/kirim-go/kirim"

// The values of open sets that this package tells; the test beside this file compares
// them with the constants of package kirim.

var kinds = []kirim.Kind{
	kirim.KindInvalidRequest, kirim.KindInvalidRecipient,
	kirim.KindRecipientUnavailable, kirim.KindOutsideWindow,
	kirim.KindTemplateNotFound, kirim.KindTemplateUnavailable,
	kirim.KindPayloadTooLarge, kirim.KindMediaInvalid,
	kirim.KindNotConnected, kirim.KindUpstreamAuth,
	kirim.KindAuthMissing, kirim.KindAuthInvalid,
	kirim.KindAuthExpired, kirim.KindAuthRevoked,
	kirim.KindPermission, kirim.KindPlanLimit,
	kirim.KindQuotaExceeded, kirim.KindSuspended,
	kirim.KindBilling, kirim.KindNotFound,
	kirim.KindMethodNotAllowed, kirim.KindConflict,
	kirim.KindIdempotencyInProgress, kirim.KindIdempotencyReuse,
	kirim.KindWebhookInvalid, kirim.KindRateLimited,
	kirim.KindSendFailed, kirim.KindUpstream,
	kirim.KindInternal, kirim.KindUnavailable,
	kirim.KindInvalidResponse, kirim.KindUnknown,
}

var errorCodes = []kirim.ErrorCode{
	kirim.CodeInvalidPhoneNumber, kirim.CodeInvalidTemplateName,
	kirim.CodeMissingRequiredField, kirim.CodeInvalidFieldValue,
	kirim.CodeInvalidLimit, kirim.CodeInvalidCursor,
	kirim.CodeInvalidWebhookURL, kirim.CodeInvalidEventType,
	kirim.CodeMissingAPIKey, kirim.CodeInvalidAPIKey,
	kirim.CodeRevokedAPIKey, kirim.CodeExpiredAPIKey,
	kirim.CodeFeatureNotAvailable, kirim.CodeOrganizationSuspended,
	kirim.CodeResourceNotFound, kirim.CodeIdempotencyInProgress,
	kirim.CodeWebhookSubscriptionDisabled, kirim.CodeTemplateAlreadyExists,
	kirim.CodeIdempotencyKeyReuse, kirim.CodeWhatsAppNumberNotVerified,
	kirim.CodeCannotRevokeLastSecret, kirim.CodeOutside24hWindow,
	kirim.CodeTemplatePaused, kirim.CodeTemplateDisabled,
	kirim.CodeRateLimitExceeded, kirim.CodeInternalError,
	kirim.CodeWhatsAppUpstreamError, kirim.CodeServiceUnavailable,
	kirim.CodeInvalidRequest, kirim.CodePhoneNumberForbidden,
	kirim.CodeIdempotencyConflict, kirim.CodeAccountNotConnected,
	kirim.CodeTemplateParamCountMismatch, kirim.CodeTemplateParamFormatMismatch,
	kirim.CodeRecipientNotOnWhatsApp, kirim.CodeRecipientBlocked,
	kirim.CodeMediaDownloadFailed, kirim.CodeQuotaExceeded,
}

// gatewayCodes are those of the systems that the gateway packages speak to, but for Meta's, which are
// numbers.
var gatewayCodes = []kirim.ErrorCode{
	"insufficient_permissions", "session_not_found", "session_not_connected", "session_limit_reached", "qr_code_expired",
	"session_disconnected", "message_too_long", "media_size_exceeded", "invalid_media_type", "media_url_inaccessible",
	"message_not_found", "message_sending_failed", "daily_message_limit_reached", "webhook_url_unreachable", "webhook_response_timeout",
	"invalid_webhook_event", "concurrent_request_limit_exceeded", "missing_required_parameter", "invalid_parameter_type", "method_not_allowed",
	"internal_server_error",
	"AUTH_001", "AUTH_002", "AUTH_003", "AUTH_004", "WABA_001",
	"BILL_001", "BILL_002", "RATE_001", "AUTH_005", "WH_001",
	"WH_002", "GW_001",
	"UNAUTHORIZED", "INVALID_API_KEY", "NO_SESSION", "NOT_FOUND", "SESSION_NOT_CONNECTED",
	"VALIDATION_ERROR", "RATE_LIMITED", "SEND_FAILED", "SERVICE_UNAVAILABLE",
	"INSUFFICIENT_PERMISSIONS", "INVALID_INPUT", "MISSING_QUERY", "INVALID_MESSAGE_ID", "INVALID_CONTACT_ID",
	"INVALID_BUSINESS_ID", "RATE_LIMIT_EXCEEDED", "INTERNAL_ERROR",
}

// longMetaCodes are Meta's codes of seven digits.
var longMetaCodes = []int{
	1752041, 2388001, 2388012, 2388019, 2388040, 2388047, 2388072, 2388073, 2388091, 2388093, 2388103, 2388293, 2388299, 2494100,
	2593079, 2593085, 2593107, 2593108,
}

var eventTypes = []kirim.WebhookEventType{
	kirim.EventMessageReceived, kirim.EventMessageStatus,
	kirim.EventConversationAssigned, kirim.EventConversationClosed,
	kirim.EventContactCreated, kirim.EventContactUpdated,
	kirim.EventCustomerCreated, kirim.EventCustomerUpdated,
	kirim.EventCustomerArchived, kirim.EventCustomerOnboarded,
	kirim.EventCustomerSetupLinkCreated, kirim.EventCustomerSetupLinkConsumed,
	kirim.EventMessageCreated, kirim.EventMessageSent,
	kirim.EventMessageRevoked, kirim.EventMessageEdited,
	kirim.EventContactIdentityUpdated, kirim.EventAccountUpdate,
	kirim.EventPhoneNumberQuality, kirim.EventTemplateStatus,
	kirim.EventTemplateQuality, kirim.EventUserPreferences,
	kirim.EventMessageEchoes, kirim.EventHistory,
	kirim.EventCalls, kirim.EventGroupLifecycle,
	kirim.EventGroupParticipants, kirim.EventGroupSettings,
	kirim.EventGroupStatus,
	"messages", // of what is neither a message nor a status
}

// elementTypes are the words for the types of elements; [elementType] chooses.
var elementTypes = []string{
	"message", "status", "payment", "account_error", "conversation", "contact", "customer", "outbound", "message_revoked", "message_edited",
	"contact_identity", "message_echo", "history", "user_preference", "account_update", "phone_number_quality",
	"template_status", "template_quality", "call", "group", "unknown",
}
