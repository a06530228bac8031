package kirim

// DefineNamedHeaderText defines a text header with a named variable, such as
// {{order}}. [TemplateCreateParams.ParameterFormat] is then [TemplateNamed].
func DefineNamedHeaderText(text string, sample NamedSample) ComponentDefinition {
	return ComponentDefinition{Type: "HEADER", Format: "TEXT", Text: text, Example: &TemplateExample{HeaderNamed: []NamedSample{sample}}}
}

// DefineNamedBody defines the text with named variables, such as {{order}}, and a
// sample for each. [TemplateCreateParams.ParameterFormat] is then [TemplateNamed].
// [NamedTextParameter] fills one.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
func DefineNamedBody(text string, samples ...NamedSample) ComponentDefinition {
	return ComponentDefinition{Type: "BODY", Text: text, Example: &TemplateExample{BodyNamed: samples}}
}

// DefineHeaderLocation defines a header with a map. [FillHeaderLocation] fills it.
// That Kirim takes it is assumed.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
func DefineHeaderLocation() ComponentDefinition {
	return ComponentDefinition{Type: "HEADER", Format: "LOCATION"}
}

// DefineHeaderProduct defines the header of a product card. [FillHeaderProduct]
// fills it. That Kirim takes it is assumed.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/product-card-carousel-templates
func DefineHeaderProduct() ComponentDefinition {
	return ComponentDefinition{Type: "HEADER", Format: "PRODUCT"}
}

// DefineCarousel defines the cards of a carousel, 2 to 10, each with its header,
// an optional body of at most 160 characters and at most 2 buttons, the same
// components on all. The text above the cards is the template's body.
// [FillCarousel] fills it. That Kirim takes it is assumed.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/media-card-carousel-templates
func DefineCarousel(cards ...[]ComponentDefinition) ComponentDefinition {
	c := ComponentDefinition{Type: "CAROUSEL", Cards: make([]CardDefinition, len(cards))}
	for i, components := range cards {
		c.Cards[i].Components = components
	}
	return c
}

// DefineLimitedTimeOffer defines an offer with a title of at most 16 characters. If
// it expires, each message says when; see [FillLimitedTimeOffer]. That Kirim takes
// it is assumed.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/limited-time-offer-templates
func DefineLimitedTimeOffer(title string, expires bool) ComponentDefinition {
	return ComponentDefinition{Type: "LIMITED_TIME_OFFER", LimitedTimeOffer: &OfferDefinition{Text: title, HasExpiration: expires}}
}

// DefineFlowButton defines a button that opens a flow at a screen; an empty screen
// is the flow's first. To name the flow in another way, set FlowName or FlowJSON in
// place of FlowID. [ButtonFlow] gives it a token and data.
//
// Docs: https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
func DefineFlowButton(text, flowID, screen string) ButtonDefinition {
	return ButtonDefinition{Type: "FLOW", Text: text, FlowID: flowID, FlowAction: "navigate", NavigateScreen: screen}
}

// DefineCatalogButton defines a button that opens the catalogue.
// [ButtonCatalog] chooses the picture.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
func DefineCatalogButton(text string) ButtonDefinition {
	return ButtonDefinition{Type: "CATALOG", Text: text}
}

// DefineProductsButton defines a button that opens products of the catalogue, which
// each message chooses; see [ButtonProducts].
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/mpm-templates
func DefineProductsButton(text string) ButtonDefinition {
	return ButtonDefinition{Type: "MPM", Text: text}
}

// DefineVoiceCallButton defines a button that calls the business on WhatsApp and
// works for ttl minutes, 1 to 43200; 0 leaves that to Meta. [ButtonVoiceCall] sets
// it for one message.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links
func DefineVoiceCallButton(text string, ttl int) ButtonDefinition {
	return ButtonDefinition{Type: "VOICE_CALL", Text: text, TTLMinutes: ttl}
}

// DefineOneTapButton defines the button of a one-time code that hands the code to
// one of the Android apps, and that copies it where none is installed. Empty texts
// are Meta's.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/authentication-templates
func DefineOneTapButton(text, autofillText string, apps ...TemplateApp) ButtonDefinition {
	return ButtonDefinition{Type: "OTP", OTPType: "ONE_TAP", Text: text, AutofillText: autofillText, SupportedApps: apps}
}

// DefineZeroTapButton is [DefineOneTapButton] for apps that get the code without a
// tap. It states that you accept Meta's terms of zero-tap authentication.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/authentication-templates
func DefineZeroTapButton(text, autofillText string, apps ...TemplateApp) ButtonDefinition {
	b := DefineOneTapButton(text, autofillText, apps...)
	b.OTPType, b.ZeroTapTermsAccepted = "ZERO_TAP", true
	return b
}
