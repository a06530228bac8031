package templates

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// statement is what an account says of a template in one language.
type statement struct {
	code       string
	category   kirim.TemplateCategory        // empty where it does not say
	format     kirim.TemplateParameterFormat // empty where neither it nor a variable says
	ttl        int                           // 0 where it does not say
	components []kirim.ComponentDefinition   // normalized
	raw        json.RawMessage               // the components as the account has them
	partial    bool                          // there may be more components
}

// shape is what tells a component.
type shape struct {
	Type string `json:"type"`
}

// statementOf reads what an account says. Where it has no components, the members
// beside them tell some of it.
func statementOf(r *Remote) statement {
	s := statement{
		code: r.Language, category: kirim.TemplateCategory(strings.ToUpper(string(r.Category))),
		format: kirim.TemplateParameterFormat(strings.ToLower(string(r.ParameterFormat))), ttl: r.TTLSeconds,
	}
	raw := r.Extra["components"]
	if len(r.Components) > 0 {
		raw = mustMarshal(r.Components)
	}
	var text string
	if json.Unmarshal(raw, &text) == nil { // a list in a text
		raw = json.RawMessage(text)
	}
	var shapes []shape
	_ = json.Unmarshal(raw, &shapes) // what has another shape has no type
	if len(shapes) > 0 {
		s.raw = raw
		var components []kirim.ComponentDefinition
		if json.Unmarshal(raw, &components) == nil {
			s.components = normalized(components)
		}
		s.partial = !slices.ContainsFunc(shapes, func(c shape) bool { return strings.EqualFold(c.Type, "BODY") })
	} else {
		s.components, s.partial = normalized(flatComponents(r)), true
		if s.category == kirim.TemplateAuthentication {
			normalizeOneTimeCode(s.components)
		}
	}
	if s.format == "" {
		s.format = formatOf(s.components)
	}
	return s
}

// flatComponents are what the members beside the components tell.
func flatComponents(r *Remote) (components []kirim.ComponentDefinition) {
	if r.HeaderType != "" {
		c := kirim.ComponentDefinition{Type: "HEADER", Format: r.HeaderType}
		if strings.EqualFold(r.HeaderType, "TEXT") {
			c.Text = r.HeaderContent
		}
		components = append(components, c)
	}
	if r.Content != "" {
		components = append(components, kirim.DefineBody(r.Content))
	}
	if r.FooterContent != "" {
		components = append(components, kirim.DefineFooter(r.FooterContent))
	}
	if len(r.Buttons) > 0 {
		components = append(components, kirim.DefineButtons(r.Buttons...))
	}
	return components
}

// formatOf returns what the variables say; empty when there are none.
func formatOf(components []kirim.ComponentDefinition) (format kirim.TemplateParameterFormat) {
	for _, c := range components {
		if c.Type != "HEADER" && c.Type != "BODY" {
			continue
		}
		for _, match := range variable.FindAllStringSubmatch(c.Text, -1) {
			if _, err := strconv.Atoi(match[1]); err != nil {
				return kirim.TemplateNamed
			}
			format = kirim.TemplatePositional
		}
	}
	return format
}

// unknown lists what the account does not say.
func (s statement) unknown() (marks []Unknown) {
	if s.category == "" {
		marks = append(marks, UnknownCategory)
	}
	if s.partial {
		marks = append(marks, UnknownContent)
	}
	if lacksSamples(s.components) {
		marks = append(marks, UnknownSamples)
	}
	return marks
}

// lacksSamples reports variables or media without a sample. The components are
// normalized.
func lacksSamples(components []kirim.ComponentDefinition) bool {
	return slices.ContainsFunc(components, func(c kirim.ComponentDefinition) bool {
		variables := len(variable.FindAllString(c.Text, -1))
		isMedia := c.Type == "HEADER" && slices.Contains([]string{"IMAGE", "VIDEO", "DOCUMENT"}, c.Format)
		if (variables > 0 || isMedia) && c.Example == nil {
			return true
		}
		return slices.ContainsFunc(c.Buttons, func(b kirim.ButtonDefinition) bool {
			return len(b.Example) == 0 && (b.Type == "COPY_CODE" || b.Type == "URL" && variable.MatchString(b.URL))
		}) || slices.ContainsFunc(c.Cards, func(card kirim.CardDefinition) bool { return lacksSamples(card.Components) })
	})
}

// agrees reports whether a file says of a language what the account says. What one of
// them does not say, or says in a form that only the other system has, is not compared.
func (s statement) agrees(f *File, l *Language) bool {
	if s.category != "" && s.category != f.category(l) || s.ttl != 0 && s.ttl != cmp.Or(l.TTLSeconds, f.TTLSeconds) ||
		s.format != "" && (s.format == kirim.TemplateNamed) != f.named(l) {
		return false
	}
	if s.components == nil { // nothing, or something that only raw components say
		return s.raw == nil || string(sorted(s.raw)) == string(sorted(json.RawMessage(l.Components)))
	}
	ours, theirs := normalized(f.Params(l).Components), normalized(s.components)
	if s.partial {
		ours = slices.DeleteFunc(ours, func(c kirim.ComponentDefinition) bool {
			return !slices.ContainsFunc(theirs, func(t kirim.ComponentDefinition) bool { return t.Type == c.Type })
		})
		if s.category == kirim.TemplateAuthentication {
			normalizeOneTimeCode(ours)
		}
	}
	dropIncomparable(ours, theirs)
	return string(mustMarshal(normalized(ours))) == string(mustMarshal(normalized(theirs)))
}

// dropIncomparable removes from the components of a file and of an account what cannot
// be compared.
func dropIncomparable(ours, theirs []kirim.ComponentDefinition) {
	if len(ours) != len(theirs) {
		return
	}
	for i := range ours {
		a, b := &ours[i], &theirs[i]
		if oneForm(a.Text) == oneForm(b.Text) {
			a.Text = b.Text
		}
		if b.Example == nil || a.Type == "HEADER" && a.Format == b.Format && !comparableMedia(a.Example, b.Example) {
			a.Example, b.Example = nil, nil
		}
		if len(a.Buttons) == len(b.Buttons) {
			for j := range a.Buttons {
				dropIncomparableButton(&a.Buttons[j], &b.Buttons[j])
			}
		}
		if len(a.Cards) == len(b.Cards) {
			for j := range a.Cards {
				dropIncomparable(a.Cards[j].Components, b.Cards[j].Components)
			}
		}
	}
}

// comparableMedia reports whether two samples of a medium are of the same kind. An
// account may return its own copy of a link or of an upload, and a file may have a path.
func comparableMedia(ours, theirs *kirim.TemplateExample) bool {
	if theirs == nil {
		return false
	}
	if len(theirs.HeaderURL)+len(theirs.HeaderHandle) > 1 || len(theirs.Extra) > 0 {
		return true // more than a file has, so that none is lost
	}
	if len(theirs.HeaderText)+len(theirs.HeaderNamed) > 0 || ours != nil && len(ours.HeaderText)+len(ours.HeaderNamed) > 0 {
		return true
	}
	a, b := mediaOf(ours), mediaOf(theirs)
	return a.URL != "" && b.URL != "" || a.Handle != "" && b.Handle != "" && isLink(a.Handle) == isLink(b.Handle) && !isLink(b.Handle)
}

func isLink(handle string) bool { return strings.HasPrefix(handle, "https://") }

func mediaOf(e *kirim.TemplateExample) (m Media) {
	switch {
	case e == nil:
	case len(e.HeaderURL) > 0:
		m.URL = e.HeaderURL[0]
	case len(e.HeaderHandle) > 0:
		m.Handle = e.HeaderHandle[0]
	}
	return m
}

func dropIncomparableButton(a, b *kirim.ButtonDefinition) {
	if a.Type != b.Type {
		return
	}
	if len(b.Example) == 0 {
		a.Example = nil
	}
	switch a.Type {
	case "PHONE_NUMBER":
		if strings.TrimPrefix(a.PhoneNumber, "+") == strings.TrimPrefix(b.PhoneNumber, "+") {
			a.PhoneNumber = b.PhoneNumber
		}
	case "COPY_CODE", "OTP":
		if a.Text == "" || b.Text == "" { // it is Meta's
			a.Text, b.Text = "", ""
		}
		if b.AutofillText == "" || a.AutofillText == "" {
			a.AutofillText, b.AutofillText = "", ""
		}
		if len(b.SupportedApps) == 0 {
			a.SupportedApps = nil
		}
		if !b.ZeroTapTermsAccepted {
			a.ZeroTapTermsAccepted = false
		}
	case "FLOW":
		if a.FlowID == "" && b.FlowID != "" { // of the flow with that name or content
			a.FlowName, a.FlowJSON, b.FlowID, b.FlowName, b.FlowJSON = "", "", "", "", ""
		}
	}
}
