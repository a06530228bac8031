package kirim

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kirim-go/kirim/internal/templatefill"
)

// Complete reports whether the definition says all that [Template.Check] looks at:
// its name, language and status, and components of which each has the shape and a
// type that this version knows, with a body among them. The members beside
// Components, such as Content, do not make it complete, as they leave out cards and
// offers.
//
// A message that Check passes fits a complete definition in all that Check looks
// at. With one that is not complete, Check may find nothing for want of knowledge.
func (d *MessageTemplate) Complete() bool {
	return d != nil && d.Name != "" && d.Language != "" && d.Status != "" && d.definition().Complete()
}

// Definition returns the template as the server would return it once it is
// approved, for tests of [Template.Check] and [Template.Preview].
func (p TemplateCreateParams) Definition() *MessageTemplate {
	return &MessageTemplate{
		Object: "template", Name: p.Name, Language: p.Language, Category: p.Category, Status: TemplateApproved,
		ParameterFormat: p.ParameterFormat, Components: slices.Clone(p.Components),
	}
}

// definition is what is known of the template: its components, or else what the
// members beside them tell. Components of another shape are read as far as
// possible.
func (d *MessageTemplate) definition() templatefill.Definition {
	known := templatefill.Definition{OneTimeCode: strings.EqualFold(string(d.Category), string(TemplateAuthentication)), Format: string(d.ParameterFormat)}
	raw := d.Extra["components"]
	if len(d.Components) > 0 {
		raw, _ = json.Marshal(d.Components) // fails on an Extra that is not JSON
	}
	if known.Parts, _ = templatefill.ParseParts(raw); len(known.Parts) > 0 {
		_, hasBody := known.Part("body")
		known.Partial = !hasBody // which each template has
	} else {
		known.Parts, known.Partial = d.flatParts(), true
	}
	buttons, buttonsKnown := known.Part("buttons")
	known.OneTimeCode = known.OneTimeCode || slices.ContainsFunc(buttons.Buttons, func(b templatefill.Button) bool { return folded(b.Type) == "otp" })
	if known.OneTimeCode && known.Partial {
		if _, hasBody := known.Part("body"); !hasBody {
			known.Parts = append(known.Parts, templatefill.Part{Type: "body"})
		}
		if !buttonsKnown {
			known.Parts = append(known.Parts, templatefill.Part{Type: "buttons", Buttons: []templatefill.Button{{Type: "otp"}}})
		}
	}
	return known
}

// flatParts are what the members beside Components tell.
func (d *MessageTemplate) flatParts() (parts []templatefill.Part) {
	if d.HeaderType != "" {
		parts = append(parts, templatefill.Part{Type: "header", Format: d.HeaderType, Text: d.HeaderContent})
	}
	if d.Content != "" {
		parts = append(parts, templatefill.Part{Type: "body", Text: d.Content})
	}
	if d.FooterContent != "" {
		parts = append(parts, templatefill.Part{Type: "footer", Text: d.FooterContent})
	}
	buttons := templatefill.Part{Type: "buttons"}
	raw := d.Extra["buttons"]
	if len(d.Buttons) > 0 {
		raw, _ = json.Marshal(d.Buttons)
	}
	if json.Unmarshal(raw, &buttons.Buttons) == nil && len(buttons.Buttons) > 0 {
		parts = append(parts, buttons)
	}
	return parts
}
