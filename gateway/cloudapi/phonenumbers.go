package cloudapi

import (
	"context"
	"iter"
	"net/http"

	"github.com/kirim-go/kirim"
)

// PhoneNumbersService lists the numbers of an account and adds to them. What is done
// with one number is a method of [PhoneNumber].
type PhoneNumbersService struct {
	client  *Client
	account string
}

// PhoneNumbers returns the service for the numbers of the account.
func (a *Account) PhoneNumbers() *PhoneNumbersService { return &PhoneNumbersService{a.client, a.id} }

// PhoneNumberInfo is what Meta says of a number. All but ID may be empty; Fields of
// the parameters say what is read. Enumerations are open.
type PhoneNumberInfo struct {
	ID                        string `json:"id"` // for [Client.PhoneNumber]
	DisplayPhoneNumber        string `json:"display_phone_number"`
	VerifiedName              string `json:"verified_name"`
	QualityRating             string `json:"quality_rating"` // GREEN, YELLOW, RED, NA, UNKNOWN
	Status                    string `json:"status"`         // such as CONNECTED, LINKED, PENDING, BANNED
	NameStatus                string `json:"name_status"`    // APPROVED, AVAILABLE_WITHOUT_REVIEW, DECLINED, EXPIRED, PENDING_REVIEW, NONE
	CodeVerificationStatus    string `json:"code_verification_status"`
	UnifiedCertStatus         string `json:"unified_cert_status"`
	CountryCode               string `json:"country_code"` // such as ID
	CountryDialCode           string `json:"country_dial_code"`
	AccountMode               string `json:"account_mode"`         // LIVE, SANDBOX
	HostPlatform              string `json:"host_platform"`        // CLOUD_API, ON_PREMISE, NOT_APPLICABLE
	MessagingLimitTier        string `json:"messaging_limit_tier"` // TIER_50, TIER_250, TIER_1K …
	PlatformType              string `json:"platform_type"`
	IsOfficialBusinessAccount bool   `json:"is_official_business_account"`
	IsPINEnabled              bool   `json:"is_pin_enabled"`
	Username                  string `json:"username"`
	Throughput                struct {
		Level string `json:"level"` // STANDARD, HIGH
	} `json:"throughput"`
	Automation *Automation `json:"conversational_automation"`
}

// PhoneNumberListParams select numbers. The zero value lists all of them.
type PhoneNumberListParams struct {
	// Fields are the members of [PhoneNumberInfo] to read, by their names in JSON,
	// such as "messaging_limit_tier"; empty for Meta's default.
	Fields []string `url:"fields,comma,omitempty"`
	Sort   string   `url:"sort,omitempty"`  // creation_time.asc, creation_time.desc, last_onboarded_time.asc, last_onboarded_time.desc
	Limit  int      `url:"limit,omitempty"` // numbers on a page, 1 to 100; Meta's default is 25
	Cursor string   `url:"after,omitempty"` // of a [kirim.Page] with the same parameters
}

// List returns one page of the account's numbers.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/phone-number-management-api
func (s *PhoneNumbersService) List(ctx context.Context, params PhoneNumberListParams, opts ...kirim.RequestOption) (*kirim.Page[PhoneNumberInfo], error) {
	return list[PhoneNumberInfo](ctx, s.client, s.path(), params, opts)
}

// All iterates over the numbers from params.Cursor on, one page in memory. An error
// is a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/phone-number-management-api
func (s *PhoneNumbersService) All(ctx context.Context, params PhoneNumberListParams, opts ...kirim.RequestOption) iter.Seq2[*PhoneNumberInfo, error] {
	return all[PhoneNumberInfo](ctx, s.client, s.path(), params, opts)
}

// PhoneNumberCreateParams are a number to add to an account.
type PhoneNumberCreateParams struct {
	CountryCode   string `json:"cc"`            // such as 62
	PhoneNumber   string `json:"phone_number"`  // digits alone
	VerifiedName  string `json:"verified_name"` // the display name to be reviewed, 2 to 75 characters
	Migrate       bool   `json:"migrate_phone_number,omitzero"`
	PreverifiedID string `json:"preverified_id,omitzero"` // of a number that a solution partner has verified
}

// Create adds a number to the account. [PhoneNumber.RequestCode], VerifyCode and
// Register are what comes next. The result has the ID alone.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
func (s *PhoneNumbersService) Create(ctx context.Context, params PhoneNumberCreateParams, opts ...kirim.RequestOption) (*PhoneNumberInfo, error) {
	return call[PhoneNumberInfo](ctx, s.client, http.MethodPost, s.path(), nil, params, opts, "id")
}

func (s *PhoneNumbersService) path() string { return pathTo(s.account, "phone_numbers") }

// PhoneNumberGetParams choose what to read.
type PhoneNumberGetParams struct {
	// Fields are the members of [PhoneNumberInfo] to read, by their names in JSON,
	// such as "name_status"; empty for Meta's default, which is the id, the number,
	// the name and the quality.
	Fields []string `url:"fields,comma,omitempty"`
}

// Get reads what Meta says of the number.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
func (p *PhoneNumber) Get(ctx context.Context, params PhoneNumberGetParams, opts ...kirim.RequestOption) (*PhoneNumberInfo, error) {
	return get[PhoneNumberInfo](ctx, p.client, pathTo(p.id), params, opts, "id")
}

// RegisterParams are what registers a number.
type RegisterParams struct {
	PIN    string `json:"pin"`                               // 6 digits: that of the number, or the one to set
	Backup Backup `json:"backup,omitzero"`                   // of a number that moves from the On-Premises API
	Tier   string `json:"tier,omitzero"`                     // PROD or SANDBOX
	Region string `json:"data_localization_region,omitzero"` // where messages are kept, such as ID; empty for Meta's default
}

// Backup is what the On-Premises API gives for a number that moves.
type Backup struct {
	Password string `json:"password"`
	Data     string `json:"data"`
}

// Register makes the number ready to send and receive, and turns its two-step
// verification on with the PIN. Meta allows 10 registrations of a number in 72
// hours, so it is not retried when it is in doubt whether Meta has carried it out:
// [kirim.MaybeSent] is true then, and [PhoneNumber.Get] tells.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
func (p *PhoneNumber) Register(ctx context.Context, params RegisterParams, opts ...kirim.RequestOption) error {
	if err := checkDigits("pin", params.PIN, 6); err != nil {
		return err
	}
	body := struct {
		MessagingProduct string `json:"messaging_product"`
		RegisterParams
	}{"whatsapp", params}
	return perform(ctx, p.client, http.MethodPost, p.path("register"), nil, body, opts)
}

// Deregister takes the number off the Cloud API. It is not retried in doubt.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
func (p *PhoneNumber) Deregister(ctx context.Context, opts ...kirim.RequestOption) error {
	return perform(ctx, p.client, http.MethodPost, p.path("deregister"), nil, nil, opts)
}

// CodeMethod is how a verification code reaches the number.
type CodeMethod string

// The methods.
const (
	CodeSMS   CodeMethod = "SMS"
	CodeVoice CodeMethod = "VOICE"
)

// RequestCode has Meta send a code to the number, which [PhoneNumber.VerifyCode]
// takes. The language is such as "en_US". Each call is a message, so it is not
// retried in doubt.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
func (p *PhoneNumber) RequestCode(ctx context.Context, method CodeMethod, language string, opts ...kirim.RequestOption) error {
	body := struct {
		Method   CodeMethod `json:"code_method"`
		Language string     `json:"language"`
	}{method, language}
	return perform(ctx, p.client, http.MethodPost, p.path("request_code"), nil, body, opts)
}

// VerifyCode proves with the code that the number is the business's. The code is 6
// digits. It is not retried in doubt, as a wrong code counts.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
func (p *PhoneNumber) VerifyCode(ctx context.Context, code string, opts ...kirim.RequestOption) error {
	if err := checkDigits("code", code, 6); err != nil {
		return err
	}
	body := struct {
		Code string `json:"code"`
	}{code}
	return perform(ctx, p.client, http.MethodPost, p.path("verify_code"), nil, body, opts)
}

// SetPIN sets the PIN of the two-step verification, 6 digits, and turns it on.
// A second call does no harm, and it is retried like a PUT.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/two-step-verification
func (p *PhoneNumber) SetPIN(ctx context.Context, pin string, opts ...kirim.RequestOption) error {
	if err := checkDigits("pin", pin, 6); err != nil {
		return err
	}
	return p.Update(ctx, PhoneNumberUpdateParams{PIN: pin}, opts...)
}

// PhoneNumberUpdateParams are what to change; an empty member stays as it is.
type PhoneNumberUpdateParams struct {
	PIN              string            `json:"pin,omitzero"` // see [PhoneNumber.SetPIN]
	ConnectionStatus string            `json:"connection_status,omitzero"`
	WebhookURL       string            `json:"webhook_url,omitzero"`
	APIData          *BusinessAPIData  `json:"whatsapp_business_api_data,omitzero"`
	SearchVisibility string            `json:"search_visibility,omitzero"` // VISIBLE or HIDDEN
	Webhook          *CallbackOverride `json:"webhook_configuration,omitzero"`
	DisplayName      string            `json:"new_display_name,omitzero"` // to be reviewed; 2 to 75 characters
	Username         string            `json:"username,omitzero"`
}

// BusinessAPIData are the security settings of a number. A nil member stays as it
// is.
type BusinessAPIData struct {
	PIN                       string `json:"pin,omitzero"`
	ShowSecurityNotifications *bool  `json:"show_security_notifications,omitzero"`
	NotifyUserChangeNumber    *bool  `json:"notify_user_change_number,omitzero"`
}

// CallbackOverride sends the webhooks of a number, or of an account, to another
// address than that of the app.
type CallbackOverride struct {
	URL         string `json:"override_callback_uri"` // empty ends the override of a number
	VerifyToken string `json:"verify_token,omitzero"`
}

// Update changes settings of the number. It is retried like a PUT, as it sets
// absolute values.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/whatsapp-business-account-phone-number-api
func (p *PhoneNumber) Update(ctx context.Context, params PhoneNumberUpdateParams, opts ...kirim.RequestOption) error {
	return set(ctx, p.client, pathTo(p.id), params, opts)
}

// checkDigits refuses a code of another form, without a word of it.
func checkDigits(name, code string, n int) error {
	for _, r := range code {
		if r < '0' || r > '9' {
			return refuse(name, "6 digits", "something else among "+characters(code))
		}
	}
	if len(code) != n {
		return refuse(name, "6 digits", characters(code))
	}
	return nil
}
