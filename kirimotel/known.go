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

var codes = []kirim.ErrorCode{
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
}

// elementTypes are the words for the types of elements; [elementType] chooses.
var elementTypes = []string{
	"message", "status", "payment", "account_error", "conversation", "contact", "customer", "outbound", "message_revoked", "message_edited",
	"contact_identity", "message_echo", "history", "user_preference", "account_update", "phone_number_quality",
	"template_status", "template_quality", "call", "group", "unknown",
}
