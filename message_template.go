package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Template sends an approved template, the only content that may open a
// conversation or follow 24 hours after the last inbound message.
//
// Docs: https://developers.kirim.chat/sending/send-templates/
type Template struct {
	// Name is the template's name: 1 to 512 lower-case letters, digits and
	// underscores.
	Name string
	// Language is the code under which it was approved, such as "id" or
	// "en_US". The match is exact; there is no space in it.
	Language string
	// Components fill the template's variables. Kirim hands them to Meta
	// unchanged. The Fill functions, such as [FillHeaderImage], [FillBody],
	// [FillURLButton] and [FillOneTimeCode], build them.
	Components []Component
}

// Component fills the variables of one part of a template. The Fill functions,
// such as [FillBody], build it. A [ComponentDefinition] defines such a part.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
type Component struct {
	// Type is header, body, button, limited_time_offer or carousel, in upper or
	// lower case. All but the button stand once. Others are sent as they are.
	Type string
	// SubType is the kind of a button, in upper or lower case: quick_reply, url,
	// copy_code, flow, catalog, mpm, voice_call, order_details, reminder or
	// booking_confirmation. Meta refuses others.
	SubType string
	// Index is the position of a button in the template, from 0 to 9, and
	// stands once. It is sent for buttons only.
	Index int
	// Parameters are the values, positional ones in the order of the template.
	// A header takes one, a footer none. Those of header and body either all
	// have a name or none has; a name stands once in a component.
	Parameters []Parameter
	// Cards are the cards of a carousel, 2 to 10.
	Cards []TemplateCard
}

// TemplateCard fills one card of a carousel template. Cards are numbered by
// their position.
type TemplateCard struct {
	Components []Component
}

// Parameter is one value. Type names the field that holds it; the other
// fields, but for Name, stay empty.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
type Parameter struct {
	// Type is text, currency, date_time, image, video, document, location,
	// product, payload, coupon_code, action or limited_time_offer, in upper or
	// lower case. Others are sent as they are.
	Type string `json:"type"`
	// Name is the variable's name in a template with named variables.
	Name string `json:"parameter_name,omitempty"`

	// Text has no line break, no tab and no more than four spaces in a row.
	Text     string            `json:"text,omitempty"`
	Currency *TemplateCurrency `json:"currency,omitempty"`
	DateTime *TemplateDateTime `json:"date_time,omitempty"`
	Image    *Image            `json:"image,omitempty"`
	Video    *Video            `json:"video,omitempty"`
	Document *Document         `json:"document,omitempty"`
	Location *TemplateLocation `json:"location,omitempty"`
	Product  *TemplateProduct  `json:"product,omitempty"`
	// Payload comes back in the webhook when a quick reply is chosen.
	Payload string `json:"payload,omitempty"`
	// CouponCode has at most 20 characters; older pages of Meta say 15.
	CouponCode       string          `json:"coupon_code,omitempty"`
	Action           *TemplateAction `json:"action,omitempty"`
	LimitedTimeOffer *TemplateOffer  `json:"limited_time_offer,omitempty"`
}

// TemplateCurrency is an amount of money.
type TemplateCurrency struct {
	// Fallback is shown where the amount cannot be put in the reader's format.
	// It is required.
	Fallback string `json:"fallback_value"`
	// Code is the ISO 4217 code: "IDR".
	Code string `json:"code"`
	// Amount1000 is the amount times 1000.
	Amount1000 int64 `json:"amount_1000"`
}

// TemplateDateTime is a point in time, shown as written.
type TemplateDateTime struct {
	// Fallback is what is shown. It is required.
	Fallback string `json:"fallback_value"`
}

// TemplateLocation is a place in decimal degrees, for a header.
type TemplateLocation struct {
	// Latitude is from -90 to 90, Longitude from -180 to 180.
	Latitude  float64 `json:"latitude,string"`
	Longitude float64 `json:"longitude,string"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// TemplateProduct is a product of a catalogue, for a header or an mpm button.
type TemplateProduct struct {
	// CatalogID is for a header only, where it is required.
	CatalogID  string `json:"catalog_id,omitempty"`
	RetailerID string `json:"product_retailer_id"`
}

// TemplateAction is the value of a flow, catalog or mpm button.
type TemplateAction struct {
	// FlowToken and FlowActionData belong to a flow button. The data is a JSON
	// object.
	FlowToken      string          `json:"flow_token,omitempty"`
	FlowActionData json.RawMessage `json:"flow_action_data,omitempty"`
	// ThumbnailID is the retailer id of the product whose picture is shown, for
	// catalog and mpm buttons.
	ThumbnailID string `json:"thumbnail_product_retailer_id,omitempty"`
	// Sections belong to an mpm button: at most 10, with at most 30 products
	// over all of them.
	Sections []TemplateSection `json:"sections,omitzero"`
}

// TemplateSection is a group of products behind an mpm button.
type TemplateSection struct {
	// Title has at most 24 characters.
	Title string `json:"title,omitempty"`
	// Products are one or more, each with its RetailerID.
	Products []TemplateProduct `json:"product_items"`
}

// TemplateOffer is the end of a limited-time offer.
type TemplateOffer struct {
	// ExpirationTimeMS is in milliseconds since 1970 UTC. It is required.
	ExpirationTimeMS int64 `json:"expiration_time_ms"`
}

// MarshalJSON writes the degrees as decimal numbers, never with an exponent.
func (l TemplateLocation) MarshalJSON() ([]byte, error) {
	for _, degrees := range [...]float64{l.Latitude, l.Longitude} {
		if math.IsNaN(degrees) || math.IsInf(degrees, 0) {
			return nil, errors.New("degrees are not a finite number")
		}
	}
	return json.Marshal(struct {
		Latitude  string `json:"latitude"`
		Longitude string `json:"longitude"`
		Name      string `json:"name,omitempty"`
		Address   string `json:"address,omitempty"`
	}{decimal(l.Latitude), decimal(l.Longitude), l.Name, l.Address})
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// FillHeaderText fills the variable of a text header.
func FillHeaderText(value string) Component {
	return headerComponent(TextParameter(value))
}

// FillHeaderImage fills an image header with a public link, http or https.
func FillHeaderImage(link string) Component {
	return headerComponent(Parameter{Type: "image", Image: &Image{Link: link}})
}

// FillHeaderVideo fills a video header with a public link, http or https.
func FillHeaderVideo(link string) Component {
	return headerComponent(Parameter{Type: "video", Video: &Video{Link: link}})
}

// FillHeaderDocument fills a document header with the public link, http or https,
// of a PDF.
// An empty filename is left out.
func FillHeaderDocument(link, filename string) Component {
	return headerComponent(Parameter{Type: "document", Document: &Document{Link: link, Filename: filename}})
}

// FillHeaderLocation fills a location header.
func FillHeaderLocation(place TemplateLocation) Component {
	return headerComponent(Parameter{Type: "location", Location: &place})
}

// FillHeaderProduct fills the header of a product card.
func FillHeaderProduct(catalogID, retailerID string) Component {
	return headerComponent(Parameter{Type: "product", Product: &TemplateProduct{CatalogID: catalogID, RetailerID: retailerID}})
}

func headerComponent(p Parameter) Component {
	return Component{Type: "header", Parameters: []Parameter{p}}
}

// FillBody fills the positional variables of the body, in their order.
func FillBody(values ...string) Component {
	params := make([]Parameter, len(values))
	for i, value := range values {
		params[i] = TextParameter(value)
	}
	return FillBodyParameters(params...)
}

// FillBodyParameters fills the variables of the body with values of any type.
func FillBodyParameters(params ...Parameter) Component {
	return Component{Type: "body", Parameters: params}
}

// TextParameter is a positional text.
func TextParameter(value string) Parameter {
	return Parameter{Type: "text", Text: value}
}

// NamedTextParameter is the text of a named variable.
func NamedTextParameter(name, value string) Parameter {
	return Parameter{Type: "text", Name: name, Text: value}
}

// FillURLButton fills the variable at the end of a button's URL. Index is the
// button's position in the template, from 0.
func FillURLButton(index int, suffix string) Component {
	return buttonComponent("url", index, TextParameter(suffix))
}

// FillQuickReplyButton sets the payload that comes back when the button at index,
// from 0, is chosen.
func FillQuickReplyButton(index int, payload string) Component {
	return buttonComponent("quick_reply", index, Parameter{Type: "payload", Payload: payload})
}

// FillCopyCodeButton sets the code, at most 20 characters, that the button at
// index, from 0, copies.
func FillCopyCodeButton(index int, code string) Component {
	return buttonComponent("copy_code", index, Parameter{Type: "coupon_code", CouponCode: code})
}

// FillActionButton fills a button of sub-type flow, catalog or mpm at index, from 0.
func FillActionButton(subType string, index int, action TemplateAction) Component {
	return buttonComponent(subType, index, Parameter{Type: "action", Action: &action})
}

func buttonComponent(subType string, index int, p Parameter) Component {
	return Component{Type: "button", SubType: subType, Index: index, Parameters: []Parameter{p}}
}

// FillLimitedTimeOffer sets the end of a limited-time offer, to the millisecond.
func FillLimitedTimeOffer(at time.Time) Component {
	return Component{Type: "limited_time_offer", Parameters: []Parameter{{
		Type: "limited_time_offer", LimitedTimeOffer: &TemplateOffer{ExpirationTimeMS: at.UnixMilli()},
	}}}
}

// FillCarousel fills the cards of a carousel template, each with its own components.
// A carousel of media takes exactly as many as were approved, one of products
// 2 to 10.
func FillCarousel(cards ...[]Component) Component {
	return Component{Type: "carousel", Cards: mapSlice(cards, func(_ int, components []Component) TemplateCard {
		return TemplateCard{Components: components}
	})}
}

// FillOneTimeCode fills an authentication template: the code goes into the body
// and into its button, which was created as a one-time-code button but is
// addressed as a url button at index 0.
//
// The code has at most 15 characters, no URL and no emoji. Validate cannot tell
// such a template from others and leaves this check to the server.
//
// Docs: https://docs.kirimdev.com/sending/send-template-otp/
func FillOneTimeCode(code string) []Component {
	return []Component{FillBody(code), FillURLButton(0, code)}
}

type wireTemplate struct {
	Name       string          `json:"name"`
	Language   wireLanguage    `json:"language"`
	Components []wireComponent `json:"components,omitzero"`
}

type wireComponent struct {
	Type       string             `json:"type"`
	SubType    string             `json:"sub_type,omitempty"`
	Index      *wireIndex         `json:"index,omitempty"`
	Parameters []Parameter        `json:"parameters,omitzero"`
	Cards      []wireTemplateCard `json:"cards,omitzero"`
}

type wireTemplateCard struct {
	CardIndex  int             `json:"card_index"`
	Components []wireComponent `json:"components,omitzero"`
}

func (c Template) encode(w *wireMessage) error {
	w.Type, w.Template = "template", c.wire()
	return nil
}

func (c Template) wire() *wireTemplate {
	return &wireTemplate{Name: c.Name, Language: wireLanguage(c.Language), Components: wireComponents(c.Components)}
}

func wireComponents(components []Component) []wireComponent {
	return mapSlice(components, func(_ int, c Component) wireComponent {
		w := wireComponent{Type: c.Type, SubType: c.SubType, Parameters: c.Parameters}
		if c.isButton() {
			w.Index = (*wireIndex)(&c.Index)
		}
		w.Cards = mapSlice(c.Cards, func(i int, card TemplateCard) wireTemplateCard {
			return wireTemplateCard{CardIndex: i, Components: wireComponents(card.Components)}
		})
		return w
	})
}

func typedComponents(components []wireComponent) []Component {
	return mapSlice(components, func(_ int, w wireComponent) Component {
		return Component{
			Type: w.Type, SubType: w.SubType, Index: int(valueOf(w.Index)), Parameters: w.Parameters,
			Cards: mapSlice(w.Cards, func(_ int, card wireTemplateCard) TemplateCard {
				return TemplateCard{Components: typedComponents(card.Components)}
			}),
		}
	})
}

// decodeTemplate takes a Template only if it goes out again as it came in. The
// components are defined by Meta, so an unexpected value there is not an error.
func decodeTemplate(object []byte) (Content, error) {
	var w wireTemplate
	err := decodeStrict(object, &w)
	var shape *shapeError
	if errors.As(err, &shape) && strings.HasPrefix(shape.path, "components.") {
		return nil, errNotTyped
	}
	if err != nil {
		return nil, err
	}
	c := Template{Name: w.Name, Language: string(w.Language), Components: typedComponents(w.Components)}
	if !reflect.DeepEqual(c.wire(), &w) {
		return nil, errNotTyped
	}
	return c, nil
}

// wireLanguage is a code, which Kirim prefers as a bare string; an object with
// a code and a policy is read too.
type wireLanguage string

func (l *wireLanguage) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*string)(l)) == nil && data[0] == '"' {
		return nil
	}
	var object struct {
		Code   *string `json:"code"`
		Policy string  `json:"policy"`
	}
	if err := decodeStrict(data, &object); err != nil && errors.Is(err, errNotTyped) {
		return errNotTyped
	} else if err != nil || object.Code == nil {
		return &shapeError{path: "language", want: "a string or an object with a code"}
	}
	// Meta knows one policy, which is what a bare string means.
	if object.Policy != "" && object.Policy != "deterministic" {
		return errNotTyped
	}
	*l = wireLanguage(*object.Code)
	return nil
}

// wireIndex is a number that Meta's own examples also write as a string.
type wireIndex int

func (i *wireIndex) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(string(bytes.Trim(data, `"`)))
	if err != nil {
		return errNotTyped
	}
	*i = wireIndex(n)
	return nil
}
