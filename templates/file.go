package templates

import (
	"encoding/json"

	"github.com/kirim-go/kirim"
)

// File is a message template in all its languages, as one file describes it. [Parse]
// reads one, [Read] a directory of them.
type File struct {
	// Schema is the URL or the path of schema.json, by which editors check the file. It
	// is no part of the template.
	Schema string `yaml:"$schema"`
	// Name is 1 to 512 lower-case letters, digits and underscores.
	Name string `yaml:"name"`
	// Category is marketing, utility or authentication in a file, in any case.
	Category kirim.TemplateCategory `yaml:"category"`
	// Format says how the parameters reach the account: as numbers (positional, the
	// default) or by their names (named).
	Format kirim.TemplateParameterFormat `yaml:"format"`
	// TTLSeconds is for how long Meta tries to deliver a message; 0 leaves it to Meta,
	// -1 is 30 days.
	TTLSeconds int `yaml:"ttl_seconds"`
	// Parameters are the variables of all languages. Their order is the order of the
	// numbers and of the arguments of generated code.
	Parameters Parameters `yaml:"parameters"`
	// Languages are the versions of the template, by code.
	Languages Languages `yaml:"languages"`

	source
}

// Parameters are parameters in the order of the file.
type Parameters []Parameter

// Parameter is a variable of a template. A text writes it as {{name}}.
type Parameter struct {
	// Name is lower-case letters, digits and underscores. In the format named, Meta
	// takes letters and underscores alone.
	Name string `yaml:"-"`
	// Sample is a value for Meta's review. A language may have another in its Samples.
	Sample string `yaml:"sample"`
	// Description says what the value is, for the documentation of generated code.
	Description string `yaml:"description"`
}

// Languages are the versions of a template in the order of the file.
type Languages []Language

// Language is a template in one language. A template of the category authentication
// has no texts of its own: Meta writes them.
type Language struct {
	// Code is such as id or en_US.
	Code string `yaml:"-"`
	// Category, Format and TTLSeconds replace those of the file where an account has
	// others for this language.
	Category   kirim.TemplateCategory        `yaml:"category"`
	Format     kirim.TemplateParameterFormat `yaml:"format"`
	TTLSeconds int                           `yaml:"ttl_seconds"`
	// Header stands above the body.
	Header *Header `yaml:"header"`
	// Body is the text, which each template has that is not for authentication.
	Body string `yaml:"body"`
	// Footer is a small text below the body. It has no variables.
	Footer string `yaml:"footer"`
	// SecurityRecommendation adds to a one-time code that it is not to be shared.
	SecurityRecommendation bool `yaml:"security_recommendation"`
	// CodeExpirationMinutes adds for how long a one-time code is valid, 1 to 90.
	CodeExpirationMinutes int `yaml:"code_expiration_minutes"`
	// Offer is a limited-time offer.
	Offer *Offer `yaml:"offer"`
	// Buttons are at most 10.
	Buttons []Button `yaml:"buttons"`
	// Cards are those of a carousel, 2 to 10.
	Cards []Card `yaml:"cards"`
	// Samples replace the samples of the parameters in this language.
	Samples Samples `yaml:"samples"`
	// Components are the components as the API has them, in place of all of the above
	// from Header to Cards, for what those cannot express.
	Components Components `yaml:"components"`
	// Unknown lists what the account did not say when the file was pulled. A file with
	// such a mark is not pushed.
	Unknown []Unknown `yaml:"unknown"`
}

// Unknown is something that an account did not say of a template.
type Unknown string

// What an account may leave out.
const (
	UnknownCategory Unknown = "category" // the category
	UnknownContent  Unknown = "content"  // all components, or some of them
	UnknownSamples  Unknown = "samples"  // samples of variables or of media
)

// Header is the part above the body. One of its fields is set.
type Header struct {
	Text     string `yaml:"text"` // at most 60 characters, with at most one variable
	Image    *Media `yaml:"image"`
	Video    *Media `yaml:"video"`
	Document *Media `yaml:"document"`
	Location bool   `yaml:"location"` // a map
	Product  bool   `yaml:"product"`  // a product of the catalogue, on a card
}

// Media is a header of media with its sample. At most one of the fields is set.
type Media struct {
	URL    string `yaml:"url"`    // a public https link, which Kirim fetches
	Handle string `yaml:"handle"` // of an upload to Meta
	File   string `yaml:"file"`   // a path, relative to the file, that a push to the Cloud API uploads
}

// Offer is a limited-time offer.
type Offer struct {
	Text    string `yaml:"text"`    // at most 16 characters
	Expires bool   `yaml:"expires"` // whether each message says when it ends
}

// Card is a card of a carousel.
type Card struct {
	Header  *Header  `yaml:"header"`
	Body    string   `yaml:"body"` // at most 160 characters
	Buttons []Button `yaml:"buttons"`
}

// Button is a button of a template or of a card.
type Button struct {
	Type ButtonType `yaml:"type"`
	Text string     `yaml:"text"` // at most 25 characters
	// URL is the link of a button of type url. It may end in a variable.
	URL string `yaml:"url"`
	// PhoneNumber is the one that a button of type phone_number calls.
	PhoneNumber string `yaml:"phone_number"`
	// Code is the variable of the coupon that a button of type copy_code copies, such as
	// {{coupon}}.
	Code string `yaml:"code"`
	// OTPType says how a button of type otp hands over the code: copy_code, one_tap or
	// zero_tap.
	OTPType      string `yaml:"otp_type"`
	AutofillText string `yaml:"autofill_text"`
	// Apps are the Android apps that one_tap and zero_tap hand the code to.
	Apps []App `yaml:"apps"`
	// TermsAccepted accepts Meta's terms of zero_tap.
	TermsAccepted bool `yaml:"terms_accepted"`
	// FlowID, FlowName or FlowJSON is the flow of a button of type flow.
	FlowID   string `yaml:"flow_id"`
	FlowName string `yaml:"flow_name"`
	FlowJSON string `yaml:"flow_json"`
	// FlowAction is navigate or data_exchange, Screen the first screen of navigate.
	FlowAction string `yaml:"flow_action"`
	Screen     string `yaml:"screen"`
	// TTLMinutes is for how long a button of type voice_call works; 0 leaves it to Meta.
	TTLMinutes int `yaml:"ttl_minutes"`
}

// ButtonType is the type of a button.
type ButtonType string

// Types of buttons.
const (
	ButtonURL         ButtonType = "url"
	ButtonPhoneNumber ButtonType = "phone_number"
	ButtonQuickReply  ButtonType = "quick_reply"
	ButtonCopyCode    ButtonType = "copy_code"
	ButtonOTP         ButtonType = "otp"
	ButtonFlow        ButtonType = "flow"
	ButtonCatalog     ButtonType = "catalog"
	ButtonProducts    ButtonType = "mpm"
	ButtonProduct     ButtonType = "spm" // of a card or template with a product in its header
	ButtonVoiceCall   ButtonType = "voice_call"
)

// App is an Android app that a one-time code may be handed to.
type App struct {
	PackageName   string `yaml:"package_name"`
	SignatureHash string `yaml:"signature_hash"`
}

// Samples are samples by the names of the parameters, in the order of the file.
type Samples []Sample

// Sample is the sample of a parameter in one language.
type Sample struct{ Parameter, Value string }

// Components is a JSON array of components as the API has them.
type Components json.RawMessage

// Language returns the version of that code, and nil when there is none.
func (f *File) Language(code string) *Language {
	for i := range f.Languages {
		if f.Languages[i].Code == code {
			return &f.Languages[i]
		}
	}
	return nil
}

// Sample returns the sample of a parameter in a language, and "" when there is none.
func (f *File) Sample(language *Language, parameter string) string {
	for _, s := range language.Samples {
		if s.Parameter == parameter {
			return s.Value
		}
	}
	for _, p := range f.Parameters {
		if p.Name == parameter {
			return p.Sample
		}
	}
	return ""
}
