package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
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
	// [ButtonURL] and [FillOneTimeCode], build them.
	Components []Component
}

// Component fills the variables of one part of a template. The Fill functions,
// such as [FillBody], build it. A [ComponentDefinition] defines such a part.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
type Component struct {
	// Type is header, body, button, limited_time_offer, order_status or carousel,
	// in upper or lower case. All but the button stand once. Others are sent as they are.
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

	// withoutIndex is a decoded button that names no position, as Meta's example
	// of a call button.
	withoutIndex bool
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
	// product, payload, coupon_code, action, limited_time_offer, ttl_minutes or
	// order_status, in upper or lower case. Others are sent as they are.
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
	Product  *ProductItem      `json:"product,omitempty"`
	// Payload comes back in the webhook when a quick reply is chosen.
	Payload string `json:"payload,omitempty"`
	// CouponCode has at most 20 characters; older pages of Meta say 15.
	CouponCode       string          `json:"coupon_code,omitempty"`
	Action           *TemplateAction `json:"action,omitempty"`
	LimitedTimeOffer *TemplateOffer  `json:"limited_time_offer,omitempty"`
	// TTLMinutes is for how many minutes a voice_call button works, 1 to 43200.
	TTLMinutes  int          `json:"ttl_minutes,omitempty"`
	OrderStatus *OrderUpdate `json:"order_status,omitempty"`

	// bare is a Text that stands as true or false without quotes, as in one of
	// Meta's examples.
	bare bool
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

	// The parts below are from examples of Meta's. The Cloud API always shows
	// Fallback, and reads none of them.
	DayOfWeek  int    `json:"day_of_week,omitempty"` // 1 is Monday
	Year       int    `json:"year,omitempty"`
	Month      int    `json:"month,omitempty"`
	DayOfMonth int    `json:"day_of_month,omitempty"`
	Hour       *int   `json:"hour,omitempty"`
	Minute     *int   `json:"minute,omitempty"`
	Calendar   string `json:"calendar,omitempty"` // "GREGORIAN"
}

// TemplateAction is the value of a flow, catalog, mpm or order_details button.
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
	Sections []ProductSection `json:"sections,omitzero"`
	// OrderDetails belongs to an order_details button.
	OrderDetails *PaymentRequest `json:"order_details,omitempty"`
}

// TemplateOffer is the end of a limited-time offer.
type TemplateOffer struct {
	// ExpirationTimeMS is in milliseconds since 1970 UTC. It is required.
	ExpirationTimeMS int64 `json:"expiration_time_ms"`
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
	Parameters []wireParameter    `json:"parameters,omitzero"`
	Cards      []wireTemplateCard `json:"cards,omitzero"`
}

type wireTemplateCard struct {
	CardIndex  int             `json:"card_index"`
	Components []wireComponent `json:"components,omitzero"`
}

// wireParameter has a text that may stand without quotes.
type wireParameter struct {
	Parameter
	Text wireParameterText `json:"text,omitzero"`
}

type wireParameterText struct {
	text string
	bare bool
}

func (t wireParameterText) MarshalJSON() ([]byte, error) {
	if t.bare {
		return []byte(t.text), nil
	}
	return json.Marshal(t.text)
}

func (t *wireParameterText) UnmarshalJSON(data []byte) error {
	if text := string(data); text == "true" || text == "false" {
		*t = wireParameterText{text, true}
		return nil
	}
	if data[0] != '"' {
		return errNotTyped
	}
	return json.Unmarshal(data, &t.text)
}

func wireParameters(parameters []Parameter) []wireParameter {
	return mapSlice(parameters, func(_ int, p Parameter) wireParameter {
		bare := p.bare && (p.Text == "true" || p.Text == "false")
		w := wireParameter{p, wireParameterText{p.Text, bare}}
		w.Parameter.Text, w.bare = "", false
		return w
	})
}

func typedParameters(parameters []wireParameter) []Parameter {
	return mapSlice(parameters, func(_ int, w wireParameter) Parameter {
		p := w.Parameter
		p.Text, p.bare = w.Text.text, w.Text.bare
		return p
	})
}

func (c Template) kind() string { return "template" }

func (c Template) object(d dialect) (any, error) {
	return &wireTemplate{
		Name: c.Name, Language: wireLanguage{c.Language, d == dialectMeta}, Components: wireComponents(c.Components),
	}, nil
}

func wireComponents(components []Component) []wireComponent {
	return mapSlice(components, func(_ int, c Component) wireComponent {
		w := wireComponent{Type: c.Type, SubType: c.SubType, Parameters: wireParameters(c.Parameters)}
		if c.isButton() && !c.withoutIndex {
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
			Type: w.Type, SubType: w.SubType, Index: int(valueOf(w.Index)), Parameters: typedParameters(w.Parameters),
			Cards: mapSlice(w.Cards, func(_ int, card wireTemplateCard) TemplateCard {
				return TemplateCard{Components: typedComponents(card.Components)}
			}),
			withoutIndex: w.Index == nil && folded(w.Type) == "button",
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
	c := Template{Name: w.Name, Language: w.Language.code, Components: typedComponents(w.Components)}
	if again, err := c.object(dialectKirim); err != nil || !reflect.DeepEqual(again, &w) {
		return nil, errNotTyped
	}
	return c, nil
}

// wireLanguage is a code, which Kirim prefers as a bare string, and Meta takes as
// an object with a policy. Both are read.
type wireLanguage struct {
	code   string
	object bool
}

type wireLanguageObject struct {
	Code   *string `json:"code"`
	Policy string  `json:"policy"`
}

// Meta knows one policy, which is what a bare string means.
const languagePolicy = "deterministic"

func (l wireLanguage) MarshalJSON() ([]byte, error) {
	if l.object {
		return json.Marshal(wireLanguageObject{&l.code, languagePolicy})
	}
	return json.Marshal(l.code)
}

func (l *wireLanguage) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &l.code) == nil && data[0] == '"' {
		return nil
	}
	var object wireLanguageObject
	if err := decodeStrict(data, &object); err != nil && errors.Is(err, errNotTyped) {
		return errNotTyped
	} else if err != nil || object.Code == nil {
		return &shapeError{path: "language", want: "a string or an object with a code"}
	}
	if object.Policy != "" && object.Policy != languagePolicy {
		return errNotTyped
	}
	l.code = *object.Code
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
