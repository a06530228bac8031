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
	// TTLSeconds is for how long Meta tries to deliver such a message.
	TTLSeconds int `json:"messageSendTtlSeconds,omitzero"`
}

// ComponentDefinition defines one part of a template; a [Component] fills it in a
// message. The Define functions, such as [DefineBody], build it.
type ComponentDefinition struct {
	Type   string `json:"type,omitzero"`   // HEADER, BODY, FOOTER or BUTTONS
	Format string `json:"format,omitzero"` // of a header: TEXT, IMAGE, VIDEO or DOCUMENT
	Text   string `json:"text,omitzero"`   // with variables as {{1}}, {{2}} …
	// Example shows Meta's reviewers what the variables will hold.
	Example *TemplateExample   `json:"example,omitzero" kirim:"assumed"`
	Buttons []ButtonDefinition `json:"buttons,omitzero" kirim:"assumed"`
	// AddSecurityRecommendation is for the body, CodeExpirationMinutes for
	// the footer of an authentication template.
	AddSecurityRecommendation bool  `json:"add_security_recommendation,omitzero"`
	CodeExpirationMinutes     int   `json:"code_expiration_minutes,omitzero"`
	Extra                     Extra `json:"-"`
	blank                     []blankField
}

// TemplateExample is sample content.
type TemplateExample struct {
	HeaderText   []string   `json:"header_text,omitzero"`
	HeaderHandle []string   `json:"header_handle,omitzero"` // ids of uploads to Meta
	HeaderURL    []string   `json:"header_url,omitzero"`    // public https links, which Kirim fetches once
	BodyText     [][]string `json:"body_text,omitzero"`     // each a value for every variable
	Extra        Extra      `json:"-"`
	blank        []blankField
}

// ButtonDefinition defines a button of a template. Functions such as
// [DefineURLButton] build it.
type ButtonDefinition struct {
	Type          string        `json:"type,omitzero"` // URL, PHONE_NUMBER, QUICK_REPLY, COPY_CODE or OTP; the list is assumed
	Text          string        `json:"text,omitzero"`
	URL           string        `json:"url,omitzero"`
	PhoneNumber   string        `json:"phone_number,omitzero"`
	OTPType       string        `json:"otp_type,omitzero"` // such as COPY_CODE
	AutofillText  string        `json:"autofill_text,omitzero"`
	SupportedApps []TemplateApp `json:"supported_apps,omitzero"`
	Example       []string      `json:"example,omitzero" kirim:"assumed"`
	Extra         Extra         `json:"-"`
	blank         []blankField
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
