package kirim

// TemplateCategory is what a template is for. It decides Meta's rules and
// price.
type TemplateCategory string

// Categories of templates.
const (
	TemplateMarketing      TemplateCategory = "MARKETING"
	TemplateUtility        TemplateCategory = "UTILITY"
	TemplateAuthentication TemplateCategory = "AUTHENTICATION" // one-time codes; see [OneTimeCodeTemplate]
)

// TemplateCreateParams is a template to create. Functions build its
// components:
//
//	kirim.TemplateCreateParams{
//		Name: "order_ready", Category: kirim.TemplateUtility, Language: "en",
//		Components: []kirim.TemplateComponent{
//			kirim.TemplateHeaderText("Order {{1}}", "A-17"),
//			kirim.TemplateBody("Hello {{1}}, your order is ready.", "Ana"),
//			kirim.TemplateFooter("Open until 8 pm"),
//			kirim.TemplateButtons(
//				kirim.TemplateURLButton("Track", "https://shop.example/{{1}}", "A-17"),
//				kirim.TemplateQuickReply("Thanks"),
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
	Components []TemplateComponent `json:"components"`
	Variables  []string            `json:"variables,omitzero"` // names of the variables
	// TTLSeconds is for how long Meta tries to deliver such a message.
	TTLSeconds int `json:"messageSendTtlSeconds,omitzero"`
}

// TemplateComponent is a part of a template.
type TemplateComponent struct {
	Type   string `json:"type,omitzero"`   // HEADER, BODY, FOOTER or BUTTONS
	Format string `json:"format,omitzero"` // of a header: TEXT, IMAGE, VIDEO or DOCUMENT
	Text   string `json:"text,omitzero"`   // with variables as {{1}}, {{2}} …
	// Example shows Meta's reviewers what the variables will hold.
	Example *TemplateExample `json:"example,omitzero" kirim:"assumed"`
	Buttons []TemplateButton `json:"buttons,omitzero" kirim:"assumed"`
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

// TemplateButton is a button of a template. Functions such as
// [TemplateURLButton] make them.
type TemplateButton struct {
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

// TemplateHeaderText is a text header. When it has a variable, a sample of
// its value is needed.
func TemplateHeaderText(text string, samples ...string) TemplateComponent {
	c := TemplateComponent{Type: "HEADER", Format: "TEXT", Text: text}
	if len(samples) > 0 {
		c.Example = &TemplateExample{HeaderText: samples}
	}
	return c
}

// TemplateHeaderMedia is a header with media. The sample is a public https
// link, which Kirim fetches once and hands to Meta.
func TemplateHeaderMedia(media TemplateMedia, sample string) TemplateComponent {
	return TemplateComponent{Type: "HEADER", Format: string(media), Example: &TemplateExample{HeaderURL: []string{sample}}}
}

// TemplateBody is the text, which every template has. When it has variables,
// samples of their values are needed, in order.
func TemplateBody(text string, samples ...string) TemplateComponent {
	c := TemplateComponent{Type: "BODY", Text: text}
	if len(samples) > 0 {
		c.Example = &TemplateExample{BodyText: [][]string{samples}}
	}
	return c
}

// TemplateFooter is a small text below the body, without variables.
func TemplateFooter(text string) TemplateComponent {
	return TemplateComponent{Type: "FOOTER", Text: text}
}

// TemplateButtons is the set of buttons.
func TemplateButtons(buttons ...TemplateButton) TemplateComponent {
	return TemplateComponent{Type: "BUTTONS", Buttons: buttons}
}

// TemplateURLButton opens a web page. When the URL ends in a variable, a
// sample of its value is needed.
func TemplateURLButton(text, url string, samples ...string) TemplateButton {
	return TemplateButton{Type: "URL", Text: text, URL: url, Example: samples}
}

// TemplatePhoneButton calls a number.
func TemplatePhoneButton(text, phoneNumber string) TemplateButton {
	return TemplateButton{Type: "PHONE_NUMBER", Text: text, PhoneNumber: phoneNumber}
}

// TemplateQuickReply sends its text back.
func TemplateQuickReply(text string) TemplateButton {
	return TemplateButton{Type: "QUICK_REPLY", Text: text}
}

// TemplateCopyCode copies a code, of which a sample is needed.
func TemplateCopyCode(sample string) TemplateButton {
	return TemplateButton{Type: "COPY_CODE", Example: []string{sample}}
}

// OneTimeCodeOptions are what can be chosen in a template for one-time codes;
// its texts are Meta's. The zero value will do.
type OneTimeCodeOptions struct {
	SecurityRecommendation bool   // adds that the code is not to be shared
	ExpirationMinutes      int    // adds for how long the code is good; nothing when zero
	ButtonText             string // of the button that copies the code; Meta's when empty
}

// OneTimeCodeTemplate is a template for one-time codes, of the category
// AUTHENTICATION, with a button that copies the code. Meta approves it by
// itself. [OneTimeCode] fills it.
//
// Docs: https://docs.kirimdev.com/sending/send-template-otp/
func OneTimeCodeTemplate(name, language string, o OneTimeCodeOptions) TemplateCreateParams {
	components := []TemplateComponent{{Type: "BODY", AddSecurityRecommendation: o.SecurityRecommendation}}
	if o.ExpirationMinutes > 0 {
		components = append(components, TemplateComponent{Type: "FOOTER", CodeExpirationMinutes: o.ExpirationMinutes})
	}
	components = append(components, TemplateButtons(TemplateButton{Type: "OTP", OTPType: "COPY_CODE", Text: o.ButtonText}))
	return TemplateCreateParams{Name: name, Category: TemplateAuthentication, Language: language, Components: components}
}
