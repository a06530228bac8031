package templatefill

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Definition is what is known of a template.
type Definition struct {
	Parts []Part
	// Partial is set where the template may have more parts than these.
	Partial bool
	// OneTimeCode is set for the category AUTHENTICATION, whose texts are Meta's:
	// the code goes into the body and into the button.
	OneTimeCode bool
	// Format is named or positional, in any case. Where it is empty, the names of
	// the variables say it.
	Format string
}

// Part is a component of a template's definition.
type Part struct {
	Type, Format, Text     string
	Buttons                []Button
	Cards                  []Card
	Offer                  *Offer // nil where nothing is known of it
	SecurityRecommendation bool
	CodeExpirationMinutes  int
	// Unread is set where a member has another shape than expected, so that the
	// part is not checked.
	Unread bool
}

// Offer is the limited-time offer of a definition.
type Offer struct {
	Text          string `json:"text"`
	HasExpiration bool   `json:"has_expiration"`
}

// Button is a button of a definition.
type Button struct {
	Type        string `json:"type"`
	Text        string `json:"text"`
	URL         string `json:"url"`
	PhoneNumber string `json:"phone_number"`
	OTPType     string `json:"otp_type"`
	Autofill    string `json:"autofill_text"`
}

// Card is a card of a carousel's definition.
type Card struct {
	Components []Part `json:"components"`
}

// UnmarshalJSON reads what can be read and never fails.
func (p *Part) UnmarshalJSON(data []byte) error {
	*p = Part{}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil || members == nil {
		p.Unread = true
		return nil //nolint:nilerr // the part says that it was not read
	}
	for name, into := range map[string]any{
		"type": &p.Type, "format": &p.Format, "text": &p.Text, "buttons": &p.Buttons, "cards": &p.Cards, "limited_time_offer": &p.Offer,
		"add_security_recommendation": &p.SecurityRecommendation, "code_expiration_minutes": &p.CodeExpirationMinutes,
	} {
		if raw, given := members[name]; given && json.Unmarshal(raw, into) != nil {
			p.Unread = true
		}
	}
	return nil
}

// ParseParts reads the components of a definition, and reports whether they are
// such. They may be wrapped in a JSON string.
func ParseParts(data []byte) ([]Part, bool) {
	var parts []Part
	var text string
	if !bytes.HasPrefix(data, []byte("[")) && json.Unmarshal(data, &text) == nil {
		data = []byte(text)
	}
	return parts, json.Unmarshal(data, &parts) == nil
}

func (p Part) is(kind string) bool { return strings.EqualFold(p.Type, kind) }

// HeaderFormat is the kind of a header in lower case, and empty if that is not
// known.
func (p Part) HeaderFormat() string {
	if p.Format == "" && p.Text != "" {
		return "text"
	}
	return strings.ToLower(p.Format)
}

// Part returns the part of a type, which stands once.
func (d Definition) Part(kind string) (Part, bool) {
	i := slices.IndexFunc(d.Parts, func(p Part) bool { return p.is(kind) })
	if i < 0 {
		return Part{}, false
	}
	return d.Parts[i], true
}

// Card returns the definition of a card, as a template of its own.
func (d Definition) Card(c Card) Definition {
	return Definition{Parts: c.Components, Format: d.Format}
}

// OfProducts reports whether the cards show products, which each message chooses.
func OfProducts(cards []Card) bool {
	return len(cards) > 0 && slices.ContainsFunc(cards[0].Components, func(p Part) bool { return strings.EqualFold(p.Format, "product") })
}

// Complete reports whether all that Check looks at is known.
func (d Definition) Complete() bool {
	_, hasBody := d.Part("body")
	return !d.Partial && hasBody && d.partsComplete()
}

func (d Definition) partsComplete() bool {
	return !slices.ContainsFunc(d.Parts, func(p Part) bool { return p.Unread || !d.partComplete(p) })
}

func (d Definition) partComplete(p Part) bool {
	switch strings.ToLower(p.Type) {
	case "header":
		format := p.HeaderFormat()
		return format == "text" && p.Text != "" || slices.Contains(headerKinds, format)
	case "body":
		return p.Text != "" || d.OneTimeCode
	case "footer":
		return true
	case "buttons":
		return !slices.ContainsFunc(p.Buttons, func(b Button) bool {
			_, known := subTypes[strings.ToLower(b.Type)]
			return !known || b.isURL() && b.URL == "" && !d.OneTimeCode
		})
	case "limited_time_offer":
		return p.Offer != nil
	case "carousel":
		return len(p.Cards) > 0 && !slices.ContainsFunc(p.Cards, func(c Card) bool { return !d.Card(c).partsComplete() })
	}
	return false
}

func (b Button) isURL() bool { return strings.EqualFold(b.Type, "url") }

var (
	variable     = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)
	lastVariable = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}\s*$`)
)

// Variables are the names in a text, each once, in their order.
func Variables(text string) []string {
	var names []string
	for _, found := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}

// named reports whether the variables have names and no numbers.
func (d Definition) named(variables []string) bool {
	if d.Format != "" {
		return strings.EqualFold(d.Format, "named")
	}
	return slices.ContainsFunc(variables, func(name string) bool { _, err := strconv.Atoi(name); return err != nil })
}

// Fill replaces the variables of a text by their values. One without a value
// stays as it is.
func Fill(text string, value func(name string) (string, bool)) string {
	return variable.ReplaceAllStringFunc(text, func(placeholder string) string {
		if v, given := value(variable.FindStringSubmatch(placeholder)[1]); given {
			return v
		}
		return placeholder
	})
}
