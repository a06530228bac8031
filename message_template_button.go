package kirim

import "encoding/json"

// The Button functions fill the buttons of a template. Index is the position of
// the button in the template, from 0.

// ButtonURL fills the variable at the end of a button's URL.
func ButtonURL(index int, suffix string) Component {
	return buttonComponent("url", index, TextParameter(suffix))
}

// ButtonQuickReply sets the payload that comes back when the button is chosen.
func ButtonQuickReply(index int, payload string) Component {
	return buttonComponent("quick_reply", index, Parameter{Type: "payload", Payload: payload})
}

// ButtonCopyCode sets the code, at most 20 characters, that the button copies.
func ButtonCopyCode(index int, code string) Component {
	return buttonComponent("copy_code", index, Parameter{Type: "coupon_code", CouponCode: code})
}

// ButtonFlow sets what a flow gets: the token, and a JSON object for its first
// screen. Either may be empty.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/sendingaflow
func ButtonFlow(index int, token string, data json.RawMessage) Component {
	return ButtonAction("flow", index, TemplateAction{FlowToken: token, FlowActionData: data})
}

// ButtonCatalog sets the retailer id of the product whose picture stands for the
// catalogue.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/sell-products-and-services/share-products
func ButtonCatalog(index int, thumbnailID string) Component {
	return ButtonAction("catalog", index, TemplateAction{ThumbnailID: thumbnailID})
}

// ButtonProducts sets the products that a multi-product button (MPM) shows: at
// most 10 sections with 30 products over all of them. The retailer id is that of
// the product whose picture is shown.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/mpm-templates
func ButtonProducts(index int, thumbnailID string, sections ...ProductSection) Component {
	return ButtonAction("mpm", index, TemplateAction{ThumbnailID: thumbnailID, Sections: sections})
}

// ButtonOrderDetails sets what is to be paid behind the button.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-br/orderdetailstemplate
func ButtonOrderDetails(index int, payment PaymentRequest) Component {
	return ButtonAction("order_details", index, TemplateAction{OrderDetails: &payment})
}

// ButtonVoiceCall sets for how many minutes the call button works, 1 to 43200, and
// the payload of at most 512 characters that comes back in the webhooks of the
// call. With 0 minutes it is as the template defines, and an empty payload is
// left out.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links
func ButtonVoiceCall(index, ttlMinutes int, payload string) Component {
	var parameters []Parameter
	if ttlMinutes != 0 {
		parameters = append(parameters, Parameter{Type: "ttl_minutes", TTLMinutes: ttlMinutes})
	}
	if payload != "" {
		parameters = append(parameters, Parameter{Type: "payload", Payload: payload})
	}
	return buttonComponent("voice_call", index, parameters...)
}

// ButtonReminder addresses a button that sets a reminder. Meta names the kind when
// it refuses another, and documents no parameter of it: that it takes none is
// assumed.
func ButtonReminder(index int) Component { return buttonComponent("reminder", index) }

// ButtonBookingConfirmation addresses a button that confirms a booking. Meta names
// the kind when it refuses another, and documents no parameter of it: that it
// takes none is assumed.
func ButtonBookingConfirmation(index int) Component {
	return buttonComponent("booking_confirmation", index)
}

// ButtonAction fills a button whose value is an action: of the kind flow, catalog,
// mpm or order_details.
func ButtonAction(subType string, index int, action TemplateAction) Component {
	return buttonComponent(subType, index, Parameter{Type: "action", Action: &action})
}

func buttonComponent(subType string, index int, parameters ...Parameter) Component {
	return Component{Type: "button", SubType: subType, Index: index, Parameters: parameters}
}
