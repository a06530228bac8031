package kirim

// LocationRequest is a text with a button by which the recipient shares a
// location. Kirim does not document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-request-messages
type LocationRequest struct {
	// Body has 1 to 1024 characters.
	Body string
}

// AddressRequest is a text with a button that opens a form for a postal address.
// The reply is an [InboundReply] with a [FlowReply] of the name
// "address_message". Meta documents it for India alone; Kirim does not document
// it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/address-messages
type AddressRequest struct {
	// Header is optional.
	Header Header
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// Country is the ISO code of the country: "IN". It is required.
	Country string
	// Values fill the form in advance; nil for none.
	Values *Address
	// SavedAddresses are offered to choose from. Meta shows Values or these.
	SavedAddresses []SavedAddress
	// ValidationErrors are shown at the fields of an address that was not
	// accepted: a text for the name of each field, such as "in_pin_code".
	ValidationErrors map[string]string
}

// Address is a postal address in an [AddressRequest]. Every field is optional.
type Address struct {
	Name         string `json:"name,omitempty"`
	PhoneNumber  string `json:"phone_number,omitempty"`
	PINCode      string `json:"in_pin_code,omitempty"` // India's, at most 6 characters
	Address      string `json:"address,omitempty"`
	HouseNumber  string `json:"house_number,omitempty"`
	FloorNumber  string `json:"floor_number,omitempty"`
	TowerNumber  string `json:"tower_number,omitempty"`
	BuildingName string `json:"building_name,omitempty"`
	LandmarkArea string `json:"landmark_area,omitempty"`
	City         string `json:"city,omitempty"`
	State        string `json:"state,omitempty"`
}

// SavedAddress is an address that the recipient may choose.
type SavedAddress struct {
	ID    string  `json:"id"`
	Value Address `json:"value"`
}

// CallPermissionRequest asks the recipient for leave to call. The reply is an
// [InboundReply] with a [CallPermission]. It needs Meta's calling; Kirim does not
// document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/user-call-permissions
type CallPermissionRequest struct {
	// Body is optional and has at most 1024 characters.
	Body string
}

// VoiceCall is a text with a button that calls the business. It needs Meta's
// calling; Kirim does not document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links
type VoiceCall struct {
	// Body has 1 to 1024 characters.
	Body string
	// DisplayText is the label of the button, at most 20 characters; Meta's
	// default is "Call Now".
	DisplayText string
	// TTLMinutes is for how many minutes the button works, 1 to 43200. Meta's
	// default, for 0, is 10080, which is 7 days.
	TTLMinutes int
	// Payload comes back in the webhooks of the call, as cta_payload. It has at
	// most 512 characters.
	Payload string
}

const (
	kindLocationRequest       = "location_request_message"
	kindAddressRequest        = "address_message"
	kindCallPermissionRequest = "call_permission_request"
	kindVoiceCall             = "voice_call"

	actionSendLocation = "send_location"
)

type wireAddressRequest struct {
	Country          string            `json:"country"`
	Values           *Address          `json:"values,omitempty"`
	SavedAddresses   []SavedAddress    `json:"saved_addresses,omitzero"`
	ValidationErrors map[string]string `json:"validation_errors,omitzero"`
}

type wireVoiceCall struct {
	DisplayText string `json:"display_text,omitempty"`
	TTLMinutes  int    `json:"ttl_minutes,omitempty"`
	Payload     string `json:"payload,omitempty"`
}

func (c LocationRequest) kind() string       { return "interactive/" + kindLocationRequest }
func (c AddressRequest) kind() string        { return "interactive/" + kindAddressRequest }
func (c CallPermissionRequest) kind() string { return "interactive/" + kindCallPermissionRequest }
func (c VoiceCall) kind() string             { return "interactive/" + kindVoiceCall }

func (c LocationRequest) object(dialect) (any, error) {
	return &wireInteractive[wireNamed[struct{}]]{
		Type: kindLocationRequest, Body: &wireText{c.Body}, Action: &wireNamed[struct{}]{Name: actionSendLocation},
	}, nil
}

func (LocationRequest) typed(w *wireInteractive[wireNamed[struct{}]]) LocationRequest {
	return LocationRequest{Body: w.Body.typed()}
}

func (c AddressRequest) object(dialect) (any, error) {
	return &wireInteractive[wireNamed[wireAddressRequest]]{
		Type: kindAddressRequest, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireNamed[wireAddressRequest]{kindAddressRequest, &wireAddressRequest{
			c.Country, c.Values, c.SavedAddresses, c.ValidationErrors,
		}},
	}, nil
}

func (AddressRequest) typed(w *wireInteractive[wireNamed[wireAddressRequest]]) AddressRequest {
	p := valueOf(valueOf(w.Action).Parameters)
	return AddressRequest{
		Header: w.Header.typed(), Body: w.Body.typed(), Footer: w.Footer.typed(),
		Country: p.Country, Values: p.Values, SavedAddresses: p.SavedAddresses, ValidationErrors: p.ValidationErrors,
	}
}

func (c CallPermissionRequest) object(dialect) (any, error) {
	return &wireInteractive[wireNamed[struct{}]]{
		Type: kindCallPermissionRequest, Body: optionalText(c.Body), Action: &wireNamed[struct{}]{Name: kindCallPermissionRequest},
	}, nil
}

func (CallPermissionRequest) typed(w *wireInteractive[wireNamed[struct{}]]) CallPermissionRequest {
	return CallPermissionRequest{Body: w.Body.typed()}
}

func (c VoiceCall) object(dialect) (any, error) {
	action := &wireNamed[wireVoiceCall]{Name: kindVoiceCall}
	if p := (wireVoiceCall{c.DisplayText, c.TTLMinutes, c.Payload}); p != (wireVoiceCall{}) {
		action.Parameters = &p
	}
	return &wireInteractive[wireNamed[wireVoiceCall]]{Type: kindVoiceCall, Body: &wireText{c.Body}, Action: action}, nil
}

func (VoiceCall) typed(w *wireInteractive[wireNamed[wireVoiceCall]]) VoiceCall {
	p := valueOf(valueOf(w.Action).Parameters)
	return VoiceCall{Body: w.Body.typed(), DisplayText: p.DisplayText, TTLMinutes: p.TTLMinutes, Payload: p.Payload}
}

func (c LocationRequest) check(found *checker) { found.bodyAndFooter(c.Body, "") }

func (c AddressRequest) check(found *checker) {
	c.Header.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	path := interactivePath + ".action.parameters"
	found.text(path+".country", c.Country, limitRequired)
	valueOf(c.Values).check(found, path+".values")
	for i, saved := range c.SavedAddresses {
		path := atIndex(path+".saved_addresses", i)
		found.text(path+".id", saved.ID, limitRequired)
		saved.Value.check(found, path+".value")
	}
	for name, text := range c.ValidationErrors {
		found.text(path+".validation_errors", name, limitRequired)
		found.text(path+".validation_errors", text, limitRequired)
	}
}

func (a Address) check(c *checker, path string) {
	c.text(path+".in_pin_code", a.PINCode, limitPINCode)
	for _, field := range [...]struct{ name, text string }{
		{"name", a.Name}, {"phone_number", a.PhoneNumber}, {"address", a.Address}, {"house_number", a.HouseNumber},
		{"floor_number", a.FloorNumber}, {"tower_number", a.TowerNumber}, {"building_name", a.BuildingName},
		{"landmark_area", a.LandmarkArea}, {"city", a.City}, {"state", a.State},
	} {
		c.text(path+"."+field.name, field.text, limitNone)
	}
}

func (c CallPermissionRequest) check(found *checker) {
	found.text(interactivePath+".body.text", c.Body, limitOptionalBody)
}

func (c VoiceCall) check(found *checker) {
	found.bodyAndFooter(c.Body, "")
	path := interactivePath + ".action.parameters"
	found.text(path+".display_text", c.DisplayText, limitVoiceCallLabel)
	if c.TTLMinutes != 0 {
		found.count(path+".ttl_minutes", c.TTLMinutes, limitCallMinutes)
	}
	found.text(path+".payload", c.Payload, limitCallPayload)
}
