package kirim

// TemplateCategory is what a template is for. It decides Meta's rules and
// price.
type TemplateCategory string

// Categories of templates.
const (
	TemplateMarketing      TemplateCategory = "MARKETING"
	TemplateUtility        TemplateCategory = "UTILITY"
	TemplateAuthentication TemplateCategory = "AUTHENTICATION" // one-time codes; see [DefineOneTimeCode]
)

// TemplateCreateParams is a template to create. The Define functions build its
// components:
//
//	kirim.TemplateCreateParams{
//		Name: "order_ready", Category: kirim.TemplateUtility, Language: "en",
//		Components: []kirim.ComponentDefinition{
//			kirim.DefineHeaderText("Order {{1}}", "A-17"),
//			kirim.DefineBody("Hello {{1}}, your order is ready.", "Ana"),
//			kirim.DefineFooter("Open until 8 pm"),
//			kirim.DefineButtons(
//				kirim.DefineURLButton("Track", "https://shop.example/{{1}}", "A-17"),
//				kirim.DefineQuickReplyButton("Thanks"),
//			),
//		},
//	}
//
// Docs: https://docs.kirimdev.com/sending/create-templates/
type TemplateCreateParams struct {
	Name     string           `json:"name"` // lower-case letters, digits and underscores; at most 512, by Meta's rules
	Category TemplateCategory `json:"category"`
	Language string           `json:"language"` // such as "id" or "en_US"
	// Components are exactly one body, and at most one header, footer and
	// set of buttons.
	Components []ComponentDefinition `json:"components"`
	Variables  []string              `json:"variables,omitzero"` // names of the variables
	// ParameterFormat says whether the variables have numbers or names; empty is
	// [TemplatePositional]. It is Meta's member; that Kirim passes it on is assumed.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
	ParameterFormat TemplateParameterFormat `json:"parameter_format,omitzero"`
	// TTLSeconds is for how long Meta tries to deliver such a message.
	TTLSeconds int `json:"messageSendTtlSeconds,omitzero"`
}

// TemplateParameterFormat is how the variables of a template are written. Meta
// reads and writes it in either case.
type TemplateParameterFormat string

// Formats of variables.
const (
	TemplatePositional TemplateParameterFormat = "positional" // {{1}}, {{2}} …, from 1 without gaps
	TemplateNamed      TemplateParameterFormat = "named"      // {{order_id}}: lower-case letters and underscores
)

// ComponentDefinition defines one part of a template; a [Component] fills it in a
// message. The Define functions, such as [DefineBody], build it.
type ComponentDefinition struct {
	// Type is HEADER, BODY, FOOTER, BUTTONS, CAROUSEL or LIMITED_TIME_OFFER. That
	// Kirim takes the latter two is assumed.
	Type string `json:"type,omitzero"`
	// Format is that of a header: TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION or, on a
	// card, PRODUCT. That Kirim takes the latter two is assumed.
	Format string `json:"format,omitzero"`
	Text   string `json:"text,omitzero"` // with variables as {{1}}, {{2}} …, or {{name}}
	// Example shows Meta's reviewers what the variables will hold.
	Example *TemplateExample   `json:"example,omitzero" kirim:"assumed"`
	Buttons []ButtonDefinition `json:"buttons,omitzero" kirim:"assumed"`
	// Cards are those of a carousel, 2 to 10.
	Cards            []CardDefinition `json:"cards,omitzero" kirim:"assumed"`
	LimitedTimeOffer *OfferDefinition `json:"limited_time_offer,omitzero" kirim:"assumed"`
	// AddSecurityRecommendation is for the body, CodeExpirationMinutes for
	// the footer of an authentication template.
	AddSecurityRecommendation bool  `json:"add_security_recommendation,omitzero"`
	CodeExpirationMinutes     int   `json:"code_expiration_minutes,omitzero"` // 1 to 90
	Extra                     Extra `json:"-"`
	blank                     []blankField
}

// CardDefinition defines one card of a carousel. All cards of media have the same
// components. Build them with [DefineCarousel].
type CardDefinition struct {
	Components []ComponentDefinition `json:"components,omitzero"`
	Extra      Extra                 `json:"-"`
	blank      []blankField
}

// OfferDefinition defines a limited-time offer; see [DefineLimitedTimeOffer].
type OfferDefinition struct {
	Text          string `json:"text,omitzero"`           // at most 16 characters
	HasExpiration bool   `json:"has_expiration,omitzero"` // whether a message gives its end
	Extra         Extra  `json:"-"`
	blank         []blankField
}

// TemplateExample is sample content.
type TemplateExample struct {
	HeaderText   []string   `json:"header_text,omitzero"`
	HeaderHandle []string   `json:"header_handle,omitzero"` // ids of uploads to Meta
	HeaderURL    []string   `json:"header_url,omitzero"`    // public https links, which Kirim fetches once
	BodyText     [][]string `json:"body_text,omitzero"`     // each a value for every variable
	// The samples of named variables.
	HeaderNamed []NamedSample `json:"header_text_named_params,omitzero" kirim:"assumed"`
	BodyNamed   []NamedSample `json:"body_text_named_params,omitzero" kirim:"assumed"`
	Extra       Extra         `json:"-"`
	blank       []blankField
}

// NamedSample is a sample of the value of a named variable.
type NamedSample struct {
	Name    string `json:"param_name,omitzero"` // lower-case letters and underscores
	Example string `json:"example,omitzero"`
	Extra   Extra  `json:"-"`
	blank   []blankField
}

// ButtonDefinition defines a button of a template. Functions such as
// [DefineURLButton] build it.
type ButtonDefinition struct {
	// Type is URL, PHONE_NUMBER, QUICK_REPLY, COPY_CODE, OTP, FLOW, CATALOG, MPM or
	// VOICE_CALL. The list is assumed, and open.
	Type        string `json:"type,omitzero"`
	Text        string `json:"text,omitzero"` // at most 25 characters
	URL         string `json:"url,omitzero"`
	PhoneNumber string `json:"phone_number,omitzero"`
	// Of a one-time code. OTPType is COPY_CODE, ONE_TAP or ZERO_TAP. The app is one of
	// SupportedApps or, in an older form, PackageName and SignatureHash.
	OTPType              string        `json:"otp_type,omitzero"`
	AutofillText         string        `json:"autofill_text,omitzero"`
	SupportedApps        []TemplateApp `json:"supported_apps,omitzero"`
	PackageName          string        `json:"package_name,omitzero" kirim:"assumed"`
	SignatureHash        string        `json:"signature_hash,omitzero" kirim:"assumed"`
	ZeroTapTermsAccepted bool          `json:"zero_tap_terms_accepted,omitzero" kirim:"assumed"`
	// Of a flow, which one of FlowID, FlowName and FlowJSON names. FlowAction is
	// navigate or data_exchange.
	FlowID         string `json:"flow_id,omitzero" kirim:"assumed"`
	FlowName       string `json:"flow_name,omitzero" kirim:"assumed"`
	FlowJSON       string `json:"flow_json,omitzero" kirim:"assumed"`
	FlowAction     string `json:"flow_action,omitzero" kirim:"assumed"`
	NavigateScreen string `json:"navigate_screen,omitzero" kirim:"assumed"`
	// TTLMinutes is for how long a voice call button can be used.
	TTLMinutes int      `json:"ttl_minutes,omitzero" kirim:"assumed"`
	Example    []string `json:"example,omitzero" kirim:"assumed"`
	Extra      Extra    `json:"-"`
	blank      []blankField
}

// TemplateApp is an Android app that a one-time code may be handed to.
type TemplateApp struct {
	PackageName   string `json:"package_name,omitzero"`
	SignatureHash string `json:"signature_hash,omitzero"`
	Extra         Extra  `json:"-"`
	blank         []blankField
}

// TemplateMedia is the kind of a media header.
type TemplateMedia string

// Kinds of media headers.
const (
	TemplateImage    TemplateMedia = "IMAGE" // JPEG or PNG of at most 5 MB
	TemplateVideo    TemplateMedia = "VIDEO"
	TemplateDocument TemplateMedia = "DOCUMENT"
)

// DefineHeaderText defines a text header. If the text has a variable, one sample of
// its value is required.
func DefineHeaderText(text string, samples ...string) ComponentDefinition {
	c := ComponentDefinition{Type: "HEADER", Format: "TEXT", Text: text}
	if len(samples) > 0 {
		c.Example = &TemplateExample{HeaderText: samples}
	}
	return c
}

// DefineHeaderMedia defines a header with media. The sample is a public https
// link, which Kirim fetches once and passes to Meta.
func DefineHeaderMedia(media TemplateMedia, sample string) ComponentDefinition {
	return ComponentDefinition{Type: "HEADER", Format: string(media), Example: &TemplateExample{HeaderURL: []string{sample}}}
}

// DefineBody defines the text, which every template has. If it has variables,
// samples of their values are required, in order.
func DefineBody(text string, samples ...string) ComponentDefinition {
	c := ComponentDefinition{Type: "BODY", Text: text}
	if len(samples) > 0 {
		c.Example = &TemplateExample{BodyText: [][]string{samples}}
	}
	return c
}

// DefineFooter defines a small text below the body. It has no variables.
func DefineFooter(text string) ComponentDefinition {
	return ComponentDefinition{Type: "FOOTER", Text: text}
}

// DefineButtons defines the set of buttons.
func DefineButtons(buttons ...ButtonDefinition) ComponentDefinition {
	return ComponentDefinition{Type: "BUTTONS", Buttons: buttons}
}

// DefineURLButton defines a button that opens a web page. If the URL ends in a
// variable, one sample of its value is required.
func DefineURLButton(text, url string, samples ...string) ButtonDefinition {
	return ButtonDefinition{Type: "URL", Text: text, URL: url, Example: samples}
}

// DefinePhoneButton defines a button that calls a number.
func DefinePhoneButton(text, phoneNumber string) ButtonDefinition {
	return ButtonDefinition{Type: "PHONE_NUMBER", Text: text, PhoneNumber: phoneNumber}
}

// DefineQuickReplyButton defines a button that sends its text as a reply.
func DefineQuickReplyButton(text string) ButtonDefinition {
	return ButtonDefinition{Type: "QUICK_REPLY", Text: text}
}

// DefineCopyCodeButton defines a button that copies a code. A sample of the code
// is required.
func DefineCopyCodeButton(sample string) ButtonDefinition {
	return ButtonDefinition{Type: "COPY_CODE", Example: []string{sample}}
}

// OneTimeCodeOptions are the choices for a template for one-time codes, whose texts
// come from Meta. The zero value is valid.
type OneTimeCodeOptions struct {
	SecurityRecommendation bool   // adds that the code is not to be shared
	ExpirationMinutes      int    // adds for how long the code is good; nothing when zero
	ButtonText             string // of the button that copies the code; Meta's when empty
}

// DefineOneTimeCode defines a template for one-time codes, of the category
// AUTHENTICATION, with a button that copies the code. Meta approves it
// automatically. [FillOneTimeCode] fills it.
//
// Docs: https://docs.kirimdev.com/sending/send-template-otp/
func DefineOneTimeCode(name, language string, params OneTimeCodeOptions) TemplateCreateParams {
	components := []ComponentDefinition{{Type: "BODY", AddSecurityRecommendation: params.SecurityRecommendation}}
	if params.ExpirationMinutes > 0 {
		components = append(components, ComponentDefinition{Type: "FOOTER", CodeExpirationMinutes: params.ExpirationMinutes})
	}
	components = append(components, DefineButtons(ButtonDefinition{Type: "OTP", OTPType: "COPY_CODE", Text: params.ButtonText}))
	return TemplateCreateParams{Name: name, Category: TemplateAuthentication, Language: language, Components: components}
}
