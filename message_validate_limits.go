package kirim

import (
	"regexp"
)

// Every limit that Validate checks. Kirim's own pages win over Meta's. No page
// says what a character is; Unicode code points are counted, because a count in
// UTF-16 units or bytes is never smaller, so that nothing is refused here which
// such a server would take.
var (
	// https://developers.kirim.chat/sending/send-text/
	limitText = bounds{1, 4096, "character"}
	// https://developers.kirim.chat/sending/send-image/
	limitCaption = bounds{0, 1024, "character"}

	// https://developers.kirim.chat/sending/send-buttons/ and
	// https://developers.kirim.chat/sending/send-lists/
	limitBody = bounds{1, 1024, "character"}
	// https://developers.kirim.chat/sending/send-lists/ and
	// https://docs.kirimdev.com/sending/send-reply-buttons/
	limitFooter     = bounds{0, 60, "character"}
	limitTextHeader = bounds{0, 60, "character"}

	// https://docs.kirimdev.com/sending/send-reply-buttons/
	limitReplyButtons = bounds{1, 3, "button"}
	limitReplyID      = bounds{1, 256, "character"}
	limitReplyTitle   = bounds{1, 20, "character"}

	// https://developers.kirim.chat/sending/send-lists/
	limitListButton     = bounds{1, 20, "character"}
	limitRows           = bounds{1, 10, "row"}
	limitSectionTitle   = bounds{0, 24, "character"}
	limitRowID          = bounds{1, 200, "character"}
	limitRowTitle       = bounds{1, 24, "character"}
	limitRowDescription = bounds{0, 72, "character"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages
	limitSections    = bounds{1, 10, "section"}
	limitSectionRows = bounds{1, 0, "row"}
	// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
	limitSeveralSectionsTitle = bounds{1, 24, "character"}

	// https://developers.kirim.chat/sending/send-buttons/
	limitDisplayText = bounds{1, 20, "character"}

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
	limitCards          = bounds{2, 10, "card"}
	limitCardBody       = bounds{0, 160, "character"}
	limitCardBreaks     = bounds{0, 2, "line break"}
	limitCardQuickReply = bounds{1, 0, "button"} // no maximum is documented; ids and titles as on reply buttons

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-product-carousel-messages
	limitProductCards = bounds{2, 10, "card"}

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
	limitContacts = bounds{1, 257, "contact"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
	limitPinDays = bounds{1, 30, "day"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/address-messages
	limitPINCode = bounds{0, 6, "character"}
	// Where the body of an interactive message is optional:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/sell-products-and-services/share-products and
	// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
	limitOptionalBody = bounds{0, 1024, "character"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links
	limitVoiceCallLabel = bounds{0, 20, "character"}
	limitCallMinutes    = bounds{1, 43200, "minute"}
	limitCallPayload    = bounds{0, 512, "character"}

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/payment-links/
	limitReferenceID = bounds{1, 35, "character"}

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/media-card-carousel-templates
	limitTemplateCards = bounds{2, 10, "card"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/mpm-templates
	limitProductSections     = bounds{0, 10, "section"}
	limitProductSectionTitle = bounds{0, 24, "character"}
	limitSectionProducts     = bounds{1, 0, "product"}
	limitProducts            = bounds{0, 30, "product"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
	limitHeaderParameters = bounds{0, 1, "parameter"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/changelog
	limitCouponCode = bounds{0, 20, "character"}

	// For text without a documented limit.
	limitNone     = bounds{0, 0, "character"}
	limitRequired = bounds{1, 0, "character"}
)

// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
var templateNamePattern = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

// notInURL is what RFC 3986, appendix C, says ends a URL in a text.
const notInURL = " \"<>"

// What a component of a template may hold.
const (
	// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
	maxButtonIndex = 9
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
	maxSpaces = 4
	// Decimal degrees have no other values; no page states the range.
	maxLatitude, maxLongitude = 90.0, 180.0
)

var (
	// A template has at most one of each:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
	singleComponents = []string{"header", "body", "footer", "limited_time_offer", "carousel"}
	// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
	textKinds = []string{"text", "currency", "date_time"}
	// As Meta lists them when it refuses another:
	// https://github.com/shridarpatil/frappe_whatsapp/issues/188
	buttonSubTypes = []string{
		"booking_confirmation", "catalog", "copy_code", "flow", "mpm",
		"order_details", "quick_reply", "reminder", "url", "voice_call",
	}
)
