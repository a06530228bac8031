package cloudapi

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/kirim-go/kirim"
)

// TemplateLibraryEntry is a text of Meta's that an account can adopt without a review.
// Enumerations are open.
type TemplateLibraryEntry struct {
	ID         string                   `json:"id"`
	Name       string                   `json:"name"` // for [TemplateLibraryCreateParams.SourceName]
	Language   string                   `json:"language"`
	Category   kirim.TemplateCategory   `json:"category"`
	Topic      string                   `json:"topic"`   // such as ORDER_MANAGEMENT
	UseCase    string                   `json:"usecase"` // such as SHIPMENT_CONFIRMATION
	Industry   []string                 `json:"industry"`
	Header     string                   `json:"header"`
	Body       string                   `json:"body"`
	BodyParams []string                 `json:"body_params"`      // a sample of each variable
	BodyTypes  []string                 `json:"body_param_types"` // what each variable may hold: TEXT, AMOUNT, DATE …
	Buttons    []kirim.ButtonDefinition `json:"buttons"`
}

// TemplateLibraryListParams select templates of Meta's library. The zero value lists all of
// them.
type TemplateLibraryListParams struct {
	Search   string `url:"search,omitempty"` // a part of the name or of a text
	Name     string `url:"name,omitempty"`
	Topic    string `url:"topic,omitempty"`    // ACCOUNT_UPDATE, CUSTOMER_FEEDBACK, ORDER_MANAGEMENT, PAYMENTS
	UseCase  string `url:"usecase,omitempty"`  // such as PAYMENT_OVERDUE
	Industry string `url:"industry,omitempty"` // E_COMMERCE, FINANCIAL_SERVICES
	Language string `url:"language,omitempty"`
	Limit    int    `url:"limit,omitempty"`
	Cursor   string `url:"after,omitempty"` // of a [kirim.Page] with the same parameters
}

// ListLibrary returns one page of Meta's library, which is the same for all
// accounts.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-library
func (s *TemplatesService) ListLibrary(ctx context.Context, params TemplateLibraryListParams, opts ...kirim.RequestOption) (*kirim.Page[TemplateLibraryEntry], error) {
	return list[TemplateLibraryEntry](ctx, s.client, pathTo("message_template_library"), params, opts)
}

// AllLibrary iterates over Meta's library from params.Cursor on, one page in
// memory. An error is a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-library
func (s *TemplatesService) AllLibrary(ctx context.Context, params TemplateLibraryListParams, opts ...kirim.RequestOption) iter.Seq2[*TemplateLibraryEntry, error] {
	return all[TemplateLibraryEntry](ctx, s.client, pathTo("message_template_library"), params, opts)
}

// TemplateLibraryCreateParams adopt a template of Meta's library.
type TemplateLibraryCreateParams struct {
	Name       string                 // of the account's template
	SourceName string                 // of the template in the library
	Category   kirim.TemplateCategory // [kirim.TemplateUtility] or, for one-time codes, [kirim.TemplateAuthentication]
	Language   string
	Buttons    []TemplateLibraryButton // one for each button of the library's that needs something; else empty
	Body       *TemplateLibraryBody    // nil for none of it
}

// TemplateLibraryButton is what a button of the library's needs of the business.
type TemplateLibraryButton struct {
	Type                 string              `json:"type"` // URL, PHONE_NUMBER, OTP, …
	URL                  *TemplateLibraryURL `json:"url,omitzero"`
	PhoneNumber          string              `json:"phone_number,omitzero"`
	OTPType              string              `json:"otp_type,omitzero"` // COPY_CODE, ONE_TAP, ZERO_TAP
	ZeroTapTermsAccepted bool                `json:"zero_tap_terms_accepted,omitzero"`
	SupportedApps        []kirim.TemplateApp `json:"supported_apps,omitzero"`
}

// TemplateLibraryURL is where a button of the library's leads.
type TemplateLibraryURL struct {
	BaseURL       string `json:"base_url"`                    // may end in {{1}}
	SuffixExample string `json:"url_suffix_example,omitzero"` // the whole address, with a value in place of {{1}}
}

// TemplateLibraryBody adds texts of Meta's to the body. Meta ignores those that an account
// cannot have.
type TemplateLibraryBody struct {
	AddContactNumber          bool `json:"add_contact_number,omitzero"`
	AddLearnMoreLink          bool `json:"add_learn_more_link,omitzero"`
	AddSecurityRecommendation bool `json:"add_security_recommendation,omitzero"`
	AddTrackPackageLink       bool `json:"add_track_package_link,omitzero"`
	CodeExpirationMinutes     int  `json:"code_expiration_minutes,omitzero"` // 1 to 90
}

// CreateFromLibrary creates a template from Meta's library. It is usually approved
// at once. All else is as with [TemplatesService.Create].
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-library
func (s *TemplatesService) CreateFromLibrary(ctx context.Context, params TemplateLibraryCreateParams, opts ...kirim.RequestOption) (*Template, error) {
	body := libraryBody{Name: params.Name, Category: params.Category, Language: params.Language, SourceName: params.SourceName}
	if len(params.Buttons) > 0 {
		buttons, err := json.Marshal(params.Buttons)
		if err != nil {
			return nil, err
		}
		body.Buttons = string(buttons)
	}
	if params.Body != nil {
		inputs, err := json.Marshal(params.Body)
		if err != nil {
			return nil, err
		}
		body.Body = string(inputs)
	}
	return s.create(ctx, params.Name, params.Language, body, opts)
}

// libraryBody is [TemplateLibraryCreateParams] as Meta's page shows it: what the buttons
// need is JSON in a text. That the same holds for the body is assumed.
type libraryBody struct {
	Name       string                 `json:"name"`
	Category   kirim.TemplateCategory `json:"category"`
	Language   string                 `json:"language"`
	SourceName string                 `json:"library_template_name"`
	Buttons    string                 `json:"library_template_button_inputs,omitzero"`
	Body       string                 `json:"library_template_body_inputs,omitzero"`
}
