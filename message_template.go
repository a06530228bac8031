package kirim

import "encoding/json"

// Template sends an approved template, the only content that may open a
// conversation or follow 24 hours after the last inbound message.
//
// Docs: https://developers.kirim.chat/sending/send-templates/
type Template struct {
	// Name is the template's name: 1 to 512 lower-case letters, digits and
	// underscores.
	Name string
	// Language is the code under which it was approved, such as "id" or
	// "en_US". The match is exact; there is no space in it.
	Language string
	// Components fill the template's variables. Kirim hands them to Meta
	// unchanged. The Fill functions, such as [FillHeaderImage], [FillBody],
	// [ButtonURL] and [FillOneTimeCode], build them.
	Components []Component
}

// Component fills the variables of one part of a template. The Fill functions,
// such as [FillBody], build it. A [ComponentDefinition] defines such a part.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
type Component struct {
	// Type is header, body, button, limited_time_offer, order_status or carousel,
	// in upper or lower case. All but the button stand once. Others are sent as they are.
	Type string
	// SubType is the kind of a button, in upper or lower case: quick_reply, url,
	// copy_code, flow, catalog, mpm, voice_call, order_details, reminder or
	// booking_confirmation. Meta refuses others.
	SubType string
	// Index is the position of a button in the template, from 0 to 9, and
	// stands once. It is sent for buttons only.
	Index int
	// Parameters are the values, positional ones in the order of the template.
	// A header takes one, a footer none. Those of header and body either all
	// have a name or none has; a name stands once in a component.
	Parameters []Parameter
	// Cards are the cards of a carousel, 2 to 10.
	Cards []TemplateCard

	// withoutIndex is a decoded button that names no position, as Meta's example
	// of a call button.
	withoutIndex bool
}

// TemplateCard fills one card of a carousel template. Cards are numbered by
// their position.
type TemplateCard struct {
	Components []Component
}

// Parameter is one value. Type names the field that holds it; the other
// fields, but for Name, stay empty.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
type Parameter struct {
	// Type is text, currency, date_time, image, video, document, location,
	// product, payload, coupon_code, action, limited_time_offer, ttl_minutes or
	// order_status, in upper or lower case. Others are sent as they are.
	Type string `json:"type"`
	// Name is the variable's name in a template with named variables.
	Name string `json:"parameter_name,omitempty"`

	// Text has no line break, no tab and no more than four spaces in a row.
	Text     string            `json:"text,omitempty"`
	Currency *TemplateCurrency `json:"currency,omitempty"`
	DateTime *TemplateDateTime `json:"date_time,omitempty"`
	Image    *Image            `json:"image,omitempty"`
	Video    *Video            `json:"video,omitempty"`
	Document *Document         `json:"document,omitempty"`
	Location *TemplateLocation `json:"location,omitempty"`
	Product  *ProductItem      `json:"product,omitempty"`
	// Payload comes back in the webhook when a quick reply is chosen.
	Payload string `json:"payload,omitempty"`
	// CouponCode has at most 20 characters; older pages of Meta say 15.
	CouponCode       string          `json:"coupon_code,omitempty"`
	Action           *TemplateAction `json:"action,omitempty"`
	LimitedTimeOffer *TemplateOffer  `json:"limited_time_offer,omitempty"`
	// TTLMinutes is for how many minutes a voice_call button works, 1 to 43200.
	TTLMinutes  int          `json:"ttl_minutes,omitempty"`
	OrderStatus *OrderUpdate `json:"order_status,omitempty"`

	// bare is a Text that stands as true or false without quotes, as in one of
	// Meta's examples.
	bare bool
}

// TemplateCurrency is an amount of money.
type TemplateCurrency struct {
	// Fallback is shown where the amount cannot be put in the reader's format.
	// It is required.
	Fallback string `json:"fallback_value"`
	// Code is the ISO 4217 code: "IDR".
	Code string `json:"code"`
	// Amount1000 is the amount times 1000.
	Amount1000 int64 `json:"amount_1000"`
}

// TemplateDateTime is a point in time, shown as written.
type TemplateDateTime struct {
	// Fallback is what is shown. It is required.
	Fallback string `json:"fallback_value"`

	// The parts below are from examples of Meta's. The Cloud API always shows
	// Fallback, and reads none of them.
	DayOfWeek  int    `json:"day_of_week,omitempty"` // 1 is Monday
	Year       int    `json:"year,omitempty"`
	Month      int    `json:"month,omitempty"`
	DayOfMonth int    `json:"day_of_month,omitempty"`
	Hour       *int   `json:"hour,omitempty"`
	Minute     *int   `json:"minute,omitempty"`
	Calendar   string `json:"calendar,omitempty"` // "GREGORIAN"
}

// TemplateAction is the value of a flow, catalog, mpm or order_details button.
type TemplateAction struct {
	// FlowToken and FlowActionData belong to a flow button. The data is a JSON
	// object.
	FlowToken      string          `json:"flow_token,omitempty"`
	FlowActionData json.RawMessage `json:"flow_action_data,omitempty"`
	// ThumbnailID is the retailer id of the product whose picture is shown, for
	// catalog and mpm buttons.
	ThumbnailID string `json:"thumbnail_product_retailer_id,omitempty"`
	// Sections belong to an mpm button: at most 10, with at most 30 products
	// over all of them.
	Sections []ProductSection `json:"sections,omitzero"`
	// OrderDetails belongs to an order_details button.
	OrderDetails *PaymentRequest `json:"order_details,omitempty"`
}

// TemplateOffer is the end of a limited-time offer.
type TemplateOffer struct {
	// ExpirationTimeMS is in milliseconds since 1970 UTC. It is required.
	ExpirationTimeMS int64 `json:"expiration_time_ms"`
}
