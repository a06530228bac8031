package kirim

import (
	"slices"
	"strings"
	"time"
)

// Check holds the message against the template's definition, which is what
// [TemplatesService.Get] returns, and reports all that does not fit in one
// [*ValidationError], with paths as in [OutboundMessage.Validate], such as
// "template.components[1].parameters[0].text". It sends nothing and leaves out
// what Validate checks.
//
// What the definition does not say is not checked: an empty Name, Language or
// Status fits any message. See [MessageTemplate.Complete].
//
// A template that is not approved is a violation at "template.status", and its
// error wraps a [*TemplateNotApprovedError]: for a paused or disabled one
// [IsTemplateUnavailable] is true.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
func (t Template) Check(d *MessageTemplate) error { return t.checkAt(d, time.Now()) }

// checkAt is Check at a time, which decides whether an offer is over.
func (t Template) checkAt(d *MessageTemplate, _ time.Time) error {
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
	if e.Violations = found.violations; len(e.Violations) > 0 {
		return e
	}
	return nil
}

// Complete reports whether the definition says all that [Template.Check] looks
// at: its name, language and status, and components among which is a body. The
// members beside Components, such as Content, do not make it complete, as they
// leave out cards and offers. What is not said is not checked, so that a nil
// error for a definition that is not complete says little.
func (d *MessageTemplate) Complete() bool {
	return d != nil && d.Name != "" && d.Language != "" && d.Status != "" &&
		slices.ContainsFunc(d.Components, func(c ComponentDefinition) bool { return folded(c.Type) == "body" })
}

// Definition returns the template as the server would return it once it is
// approved, for tests of [Template.Check].
func (p TemplateCreateParams) Definition() *MessageTemplate {
	return &MessageTemplate{
		Object: "template", Name: p.Name, Language: p.Language, Category: p.Category, Status: TemplateApproved,
		Components: slices.Clone(p.Components),
	}
}
