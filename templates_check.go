package kirim

import (
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/templatefill"
)

// Check holds the message against the template's definition, which is what
// [TemplatesService.Get] returns, and reports all that does not fit in one
// [*ValidationError], with paths as in [OutboundMessage.Validate], such as
// "template.components[1].parameters[0].text". It sends nothing and leaves out
// what Validate checks. It looks at:
//
//   - the name, the language, which must be the same to the letter, and the status
//   - the number, the kinds and the names of the values of header, body, buttons and
//     cards: a text header takes a text, a body also money and dates, a header of
//     media its own kind
//   - components that are missing, and those that the template has no place for
//   - the index and the type of each button, and what it takes: a URL that ends in a
//     variable a text that is not empty, any other URL nothing, a coupon its code, a
//     one-time code the code, products a choice; a payload, a flow's data and a
//     catalogue's picture are optional
//   - one-time codes: at most 15 characters, the same in the body and in the button;
//     their time, which the definition fixes, is 1 to 90 minutes
//   - the end of a limited-time offer, which must be in the future; an offer without
//     one takes no component
//   - the number of cards: as many as were approved, but 2 to 10 of products
//
// What the definition does not say is not checked: an empty Name, Language or
// Status fits any message, and so does a part of another shape or of a type that
// this version does not know. Where Components is empty, the other members, such
// as Content and Buttons, are used; a definition of a name, a language and a status
// alone refuses no value. See [MessageTemplate.Complete].
//
// A template that is not approved is a violation at "template.status", and its
// error wraps a [*TemplateNotApprovedError]: for a paused or disabled one
// [IsTemplateUnavailable] is true.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
func (t Template) Check(d *MessageTemplate) error { return t.checkAt(d, time.Now()) }

// checkAt is Check at a time, which decides whether an offer is over.
func (t Template) checkAt(d *MessageTemplate, now time.Time) error {
	if d == nil {
		return refuse("template", "a definition", "nil")
	}
	found, e := &checker{}, &ValidationError{}
	if d.Name != "" && d.Name != t.Name {
		found.add("template.name", "the name of the definition", "another")
	}
	if d.Language != "" && d.Language != t.Language {
		found.add("template.language", "the language of the definition", "another")
	}
	if d.Status != "" && !strings.EqualFold(string(d.Status), string(TemplateApproved)) {
		found.add("template.status", "an approved template", "one that is "+printable(string(d.Status)))
		e.cause = &TemplateNotApprovedError{Template: d}
	}
	definition := d.definition()
	for _, part := range definition.Parts {
		if minutes := part.CodeExpirationMinutes; minutes != 0 && !limitCodeMinutes.allows(minutes) {
			found.add("template", "a definition with a code that expires after "+limitCodeMinutes.String(), quantity(minutes, limitCodeMinutes.unit))
		}
	}
	if d.wantsValues() && !anyValues(t.Components) {
		found.add("template.components", "values for the variables of the template", "none")
	}
	for _, m := range templatefill.Check(definition, fillComponents(t.Components), templatefill.Options{Now: now}) {
		found.add("template.components"+m.Path, m.Want, m.Got)
	}
	if e.Violations = found.violations; len(e.Violations) > 0 {
		return e
	}
	return nil
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/authentication-templates
var limitCodeMinutes = bounds{1, 90, "minute"}

// wantsValues reports a definition that says no more of its variables than that
// it has some.
func (d *MessageTemplate) wantsValues() bool {
	return len(d.Components) == 0 && d.Content == "" && (d.HasVariables || len(d.Variables) > 0)
}

func anyValues(components []Component) bool {
	for _, c := range components {
		if len(c.Parameters) > 0 || len(c.Cards) > 0 {
			return true
		}
	}
	return false
}

// fillComponents returns what of a message is held against a definition.
func fillComponents(components []Component) []templatefill.Component {
	return mapSlice(components, func(_ int, c Component) templatefill.Component {
		filled := templatefill.Component{
			Type: c.Type, SubType: c.SubType,
			Parameters: mapSlice(c.Parameters, func(_ int, p Parameter) templatefill.Parameter {
				filled := templatefill.Parameter{Type: p.Type, Name: p.Name, Text: templatefill.Text(p.Text)}
				filled.Offer.ExpirationMS = templatefill.Millis(valueOf(p.LimitedTimeOffer).ExpirationTimeMS)
				return filled
			}),
			Cards: mapSlice(c.Cards, func(_ int, card TemplateCard) templatefill.Filled {
				return templatefill.Filled{Components: fillComponents(card.Components)}
			}),
		}
		if !c.withoutIndex {
			filled.Index = (*templatefill.Index)(&c.Index)
		}
		return filled
	})
}
