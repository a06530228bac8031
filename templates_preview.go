package kirim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/templatefill"
)

// TemplatePreview is what a recipient sees of a template message. Its texts are
// filled, and not escaped. Get it from [Template.Preview].
type TemplatePreview struct {
	Header *PreviewHeader // nil where there is none
	Offer  *PreviewOffer  // nil where there is none
	// Body has WhatsApp's markup in it, as it was sent. That of a card may be empty.
	Body    string
	Footer  string
	Buttons []PreviewButton
	// Cards are those of a carousel, each with a header, a body and buttons.
	Cards []TemplatePreview
}

// PreviewHeader is the header of a message. Kind says which of the other fields
// are set; where the message lacks the value, none is.
type PreviewHeader struct {
	// Kind is text, image, video, document, location, product, or what else the
	// definition says, in lower case.
	Kind     string
	Text     string
	Link, ID string // of media
	Filename string // of a document
	Location *TemplateLocation
	Product  *ProductItem
}

// PreviewOffer is a limited-time offer.
type PreviewOffer struct {
	Text    string
	Expires time.Time // in UTC; zero for never, and where the message does not say it
}

// PreviewButton is a button of a message.
type PreviewButton struct {
	// Type is that of the definition in lower case, such as url or quick_reply, and otp
	// for the button of a one-time code, however the server returns it.
	Type        string
	Text        string
	URL         string // of a url button, with what the message adds
	PhoneNumber string // of a phone_number button
	Code        string // what a copy_code or otp button copies
}

// Preview returns what the recipient of the message sees, for people to look at:
// as text with [TemplatePreview.Text], as HTML with [TemplatePreview.HTML].
//
// It shows also a message that does not fit, and leaves the verdict to
// [Template.Check]. A variable without a fitting value stays as it is, such as
// {{2}}; a header without a fitting value is shown by its kind alone; cards that
// the message lacks or has too many of are shown. A value too many, and a component
// that the template has no place for, are left out. Money and dates are shown
// by their fallback, as WhatsApp may show them in the reader's own format.
//
// The text of an authentication template is Meta's and not in its definition: it is
// shown in English, whatever the language. The same goes for a button without a
// text. Where Components is empty, the members beside it, such as Content, are used.
//
// A definition without the text of its body, such as one of a name, a language and a
// status alone, is a [*ValidationError] that says so.
func (t Template) Preview(d *MessageTemplate) (TemplatePreview, error) {
	const want = "a definition with the text of the body, in Components or in Content"
	if d == nil {
		return TemplatePreview{}, refuse("template", want, "nil")
	}
	definition := d.definition()
	if body, found := definition.Part("body"); !found || body.Text == "" && !definition.OneTimeCode {
		actual := "one without it"
		if len(definition.Parts) == 0 {
			actual = "one without components"
		}
		return TemplatePreview{}, refuse("template", want, actual)
	}
	return previewOf(definition, t.Components), nil
}

// previewOf shows a message, or one card of it.
func previewOf(d templatefill.Definition, components []Component) (p TemplatePreview) {
	given := func(kind string) Component {
		i := slices.IndexFunc(components, func(c Component) bool { return folded(c.Type) == kind })
		if i < 0 {
			return Component{}
		}
		return components[i]
	}
	for _, part := range d.Parts {
		kind := folded(part.Type)
		filled := given(kind)
		switch kind {
		case "header":
			p.Header = previewHeader(part, filled.Parameters)
		case "body":
			p.Body = fill(cmp.Or(part.Text, codeText(d, part)), filled.Parameters, textKinds)
		case "footer":
			p.Footer = part.Text
			if minutes := part.CodeExpirationMinutes; p.Footer == "" && minutes > 0 {
				p.Footer = "This code expires in " + quantity(minutes, "minute") + "."
			}
		case "limited_time_offer":
			p.Offer = &PreviewOffer{}
			if part.Offer != nil {
				p.Offer.Text = part.Offer.Text
			}
			if ms := valueOf(firstOf(filled.Parameters, kind).LimitedTimeOffer).ExpirationTimeMS; ms > 0 {
				p.Offer.Expires = time.UnixMilli(ms).UTC()
			}
		case "buttons":
			for _, b := range part.Buttons {
				p.Buttons = append(p.Buttons, previewButton(d, b, len(p.Buttons), components))
			}
		case "carousel":
			p.Cards = previewCards(d, part.Cards, filled.Cards)
		}
	}
	return p
}

// codeText is what Meta writes into an authentication template.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/authentication-templates
func codeText(d templatefill.Definition, body templatefill.Part) string {
	switch {
	case !d.OneTimeCode:
		return ""
	case body.SecurityRecommendation:
		return "*{{1}}* is your verification code. For your security, do not share this code."
	}
	return "*{{1}}* is your verification code."
}

// firstOf returns the first parameter if it is of the kind.
func firstOf(params []Parameter, kind string) Parameter {
	if len(params) == 0 || folded(params[0].Type) != kind {
		return Parameter{}
	}
	return params[0]
}

// fill puts the values into a text that fit its variables.
func fill(text string, params []Parameter, kinds []string) string {
	return templatefill.Fill(text, func(name string) (string, bool) {
		i := slices.IndexFunc(params, func(p Parameter) bool { return p.Name == name })
		if n, err := strconv.Atoi(name); i < 0 && err == nil && n >= 1 && n <= len(params) && params[n-1].Name == "" {
			i = n - 1
		}
		if i < 0 || !slices.Contains(kinds, folded(params[i].Type)) {
			return "", false
		}
		p := params[i]
		value := cmp.Or(p.Text, valueOf(p.Currency).Fallback, valueOf(p.DateTime).Fallback)
		return value, value != ""
	})
}

func previewHeader(part templatefill.Part, params []Parameter) *PreviewHeader {
	h := &PreviewHeader{Kind: cmp.Or(part.HeaderFormat(), "text")}
	if h.Kind == "text" {
		h.Text = fill(part.Text, params, []string{"text"})
		return h
	}
	switch p := firstOf(params, h.Kind); h.Kind {
	case "image":
		h.Link, h.ID = valueOf(p.Image).Link, valueOf(p.Image).ID
	case "video":
		h.Link, h.ID = valueOf(p.Video).Link, valueOf(p.Video).ID
	case "document":
		file := valueOf(p.Document)
		h.Link, h.ID, h.Filename = file.Link, file.ID, file.Filename
	case "location":
		h.Location = p.Location
	case "product":
		h.Product = p.Product
	}
	return h
}

// buttonTexts are what a button says that has no text of its own.
var buttonTexts = map[string]string{
	"copy_code": "Copy code", "otp": "Copy code", "catalog": "View catalog", "mpm": "View items", "voice_call": "Call",
}

func previewButton(d templatefill.Definition, b templatefill.Button, index int, components []Component) PreviewButton {
	p := PreviewButton{Type: folded(b.Type), Text: b.Text}
	var params []Parameter
	for _, c := range components {
		if c.isButton() && c.Index == index {
			params = c.Parameters
		}
	}
	if d.OneTimeCode && p.Type == "url" {
		p.Type = "otp"
	}
	switch p.Type {
	case "url":
		p.URL = fill(b.URL, params, []string{"text"})
	case "phone_number":
		p.PhoneNumber = b.PhoneNumber
	case "copy_code":
		p.Code = firstOf(params, "coupon_code").CouponCode
	case "otp":
		p.Code = firstOf(params, "text").Text
		if folded(b.OTPType) == "one_tap" {
			p.Text = cmp.Or(b.Autofill, "Autofill")
		}
	}
	p.Text = cmp.Or(p.Text, buttonTexts[p.Type], p.Type)
	return p
}

func previewCards(d templatefill.Definition, defined []templatefill.Card, filled []TemplateCard) (cards []TemplatePreview) {
	n := len(filled)
	if !templatefill.OfProducts(defined) || n == 0 {
		n = max(n, len(defined))
	}
	for i := 0; i < n && len(defined) > 0; i++ {
		var components []Component
		if i < len(filled) {
			components = filled[i].Components
		}
		cards = append(cards, previewOf(d.Card(defined[min(i, len(defined)-1)]), components))
	}
	return cards
}

// Text returns the message as plain text of several lines, for a terminal. The body
// keeps WhatsApp's markup as it was sent. Media and buttons stand in brackets, cards
// are numbered and indented. Control characters are replaced by U+FFFD, so that a
// value cannot steer the terminal.
func (p TemplatePreview) Text() string {
	var lines []string
	add := func(parts ...string) {
		if line := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " "); line != "" {
			lines = append(lines, line)
		}
	}
	if h := p.Header; h != nil {
		if h.Kind == "text" {
			add(h.Text)
		} else {
			add("["+h.Kind+"]", h.describe(), h.Link)
		}
	}
	if o := p.Offer; o != nil {
		add("[offer]", o.Text, o.until())
	}
	add(p.Body)
	add(p.Footer)
	for _, b := range p.Buttons {
		add("[ "+b.Text+" ]", b.URL, b.PhoneNumber, b.Code)
	}
	for i, card := range p.Cards {
		add(fmt.Sprintf("Card %d of %d", i+1, len(p.Cards)))
		add("  " + strings.ReplaceAll(card.Text(), "\n", "\n  "))
	}
	return printableText(strings.Join(lines, "\n"))
}

// describe is what there is to say of media beside the link.
func (h *PreviewHeader) describe() string {
	switch {
	case h.Location != nil:
		place := strings.Join(slices.DeleteFunc([]string{h.Location.Name, h.Location.Address}, func(s string) bool { return s == "" }), ", ")
		at := fmt.Sprintf("%v, %v", h.Location.Latitude, h.Location.Longitude)
		if place == "" {
			return at
		}
		return place + " (" + at + ")"
	case h.Product != nil:
		return h.Product.RetailerID
	case h.Filename == "" && h.ID != "":
		return "media " + h.ID
	}
	return h.Filename
}

func (o *PreviewOffer) until() string {
	if o.Expires.IsZero() {
		return ""
	}
	return "until " + o.Expires.Format("2006-01-02 15:04 MST")
}
