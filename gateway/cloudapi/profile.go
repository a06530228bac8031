package cloudapi

import (
	"context"
	"encoding/json"

	"github.com/kirim-go/kirim"
)

// ProfileService reads and changes what customers see of a business.
type ProfileService struct{ number *PhoneNumber }

// Profile returns the service for the profile of the number's business.
func (p *PhoneNumber) Profile() *ProfileService { return &ProfileService{p} }

// Profile is what customers see of a business. All members may be empty.
type Profile struct {
	About       string   `json:"about"`
	Address     string   `json:"address"`
	Description string   `json:"description"`
	Email       string   `json:"email"`
	PictureURL  string   `json:"profile_picture_url"`
	Websites    []string `json:"websites"`
	Vertical    string   `json:"vertical"` // such as RESTAURANT
}

// UnmarshalJSON implements [json.Unmarshaler]. Meta's description of the API shows
// a profile inside business_profile, and its guides one without: both are read.
func (p *Profile) UnmarshalJSON(b []byte) error {
	type plain Profile
	var inside struct {
		Profile *plain `json:"business_profile"`
	}
	if err := json.Unmarshal(b, &inside); err != nil {
		return err
	}
	if inside.Profile != nil {
		*p = Profile(*inside.Profile)
		return nil
	}
	*p = Profile{}
	return json.Unmarshal(b, (*plain)(p))
}

// ProfileGetParams choose what to read.
type ProfileGetParams struct {
	// Fields are the members of [Profile] to read, by their names in JSON; empty for
	// Meta's default, which the guides say is few.
	Fields []string `url:"fields,comma,omitempty"`
}

// Get reads the profile of the number's business.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles
func (s *ProfileService) Get(ctx context.Context, params ProfileGetParams, opts ...kirim.RequestOption) (*Profile, error) {
	return first[Profile](ctx, s.number.client, s.number.path("whatsapp_business_profile"), params, opts)
}

// ProfileUpdateParams are what to change; a nil member stays as it is. A pointer to
// an empty text clears it; that Meta takes one for all of them is assumed, as it
// asks for a character in About.
type ProfileUpdateParams struct {
	About         *string `json:"about,omitzero"`                  // 1 to 139 characters
	Address       *string `json:"address,omitzero"`                // at most 256
	Description   *string `json:"description,omitzero"`            // at most 256
	Email         *string `json:"email,omitzero"`                  // at most 128
	PictureHandle string  `json:"profile_picture_handle,omitzero"` // of a resumable upload
	// Websites are at most 2 addresses, which replace those before; nil leaves them
	// as they are.
	Websites []string `json:"websites,omitzero"`
	Vertical string   `json:"vertical,omitzero"` // OTHER, AUTO, BEAUTY, APPAREL, EDU, ENTERTAIN, EVENT_PLAN, FINANCE, GROCERY, GOVT, HOTEL, HEALTH, NONPROFIT, PROF_SERVICES, RETAIL, TRAVEL, RESTAURANT …
}

// Update changes the profile. It is retried like a PUT, as it sets absolute
// values. Meta checks the limits.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles
func (s *ProfileService) Update(ctx context.Context, params ProfileUpdateParams, opts ...kirim.RequestOption) error {
	body := struct {
		MessagingProduct string `json:"messaging_product"`
		ProfileUpdateParams
	}{"whatsapp", params}
	return set(ctx, s.number.client, s.number.path("whatsapp_business_profile"), body, opts)
}
