package templates

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// checkLanguage reports what no code can be generated for. It is less than lint
// reports.
func (m *modeler) checkLanguage(l *Language, d design) {
	at := childPath("languages", l.Code)
	api := len(l.Components) > 0
	switch {
	case strings.ContainsFunc(l.Code, func(r rune) bool { return !isGoLetter(r) && r != '_' && r != '-' }) || !strings.ContainsFunc(l.Code, isGoLetter):
		m.problem(at, "want a language of letters, digits and underscores, got %d characters", len([]rune(l.Code)))
	case slices.ContainsFunc(m.languages, func(o generatedLanguage) bool { return o.constant == goLanguage(l.Code) }):
		m.problem(at, "another language has the same name in Go, %s", goLanguage(l.Code))
	case len(l.Unknown) > 0:
		m.problem(childPath(at, "unknown"), "the account did not say all of this language: complete it, and remove the mark")
	case api && json.Unmarshal(l.Components, new([]kirim.ComponentDefinition)) != nil:
		m.problem(childPath(at, "components"), "want components as the API has them")
	case d.oneTimeCode && d.named:
		m.problem(at, "want the format positional for a one-time code, got named")
	case len(d.cards) == 1 || len(d.cards) > 10:
		m.problem(childPath(at, "cards"), "want 2 to 10 cards, got %d", len(d.cards))
	}
	for _, part := range append([]design{d}, d.cards...) {
		m.checkPart(part, api)
	}
	if d.ofProducts() { // a message may have more of them than the file
		onCards := d.cardParameters()
		for _, card := range d.cards[1:] {
			if !reflect.DeepEqual(card.fills(onCards), d.cards[0].fills(onCards)) {
				m.problem(card.path, "want the same on all cards of products, with variables such as {{sku_1}} and {{sku_2}}")
			}
		}
	}
}

// checkPart looks at a language or at one of its cards.
func (m *modeler) checkPart(d design, api bool) {
	for _, path := range d.unknown {
		m.problem(path, "no code can be generated for a component of this type")
	}
	if h := d.header; h != nil {
		if _, media := headerKinds[h.format]; !media && h.format != "text" {
			m.problem(h.path, "no code can be generated for a header of this format")
		}
		if len(h.variables) > 1 {
			m.problem(h.path, "want at most 1 variable in a header, got %d", len(h.variables))
		}
		m.checkVariables(h.path, h.text, h.variables, api)
	}
	if b := d.body; b != nil {
		if d.oneTimeCode && len(b.variables) > 1 {
			m.problem(b.path, "want at most 1 variable in the body of a one-time code, got %d", len(b.variables))
		} else if !d.oneTimeCode {
			m.checkVariables(b.path, b.text, b.variables, api)
		}
	}
	if len(d.buttons) > 10 {
		m.problem(childPath(d.path, "buttons"), "want at most 10 buttons, got %d", len(d.buttons))
	}
	for _, b := range d.buttons {
		if !slices.Contains(buttonTypes, b.kind) {
			m.problem(b.path, "no code can be generated for a button of this type")
		}
		if b.kind == ButtonURL && !d.oneTimeCode && len(b.variables) > 0 && (len(b.variables) > 1 || !strings.HasSuffix(b.url, "{{"+b.variables[0]+"}}")) {
			m.problem(b.path, "want 1 variable, at the end of the URL")
		}
		if !d.oneTimeCode || b.kind != ButtonURL {
			m.checkVariables(b.path, b.url, b.variables, api)
		}
	}
}

// checkVariables looks for variables that would be sent without a value.
func (m *modeler) checkVariables(path, text string, names []string, api bool) {
	if strings.Contains(variable.ReplaceAllString(text, ""), "{{") {
		m.problem(path, "want variables of the form {{name}}, with a name of letters, digits and underscores")
	}
	for _, name := range names {
		if !api && name != unnamedCoupon && !slices.ContainsFunc(m.file.Parameters, func(p Parameter) bool { return p.Name == name }) {
			m.problem(path, "{{%s}} is not among the parameters", name)
		}
	}
}

// buttonTypes are the types of buttons that there is code for, or that take nothing.
var buttonTypes = []ButtonType{
	ButtonURL, ButtonPhoneNumber, ButtonQuickReply, ButtonCopyCode, ButtonOTP, ButtonFlow, ButtonCatalog, ButtonProducts,
	ButtonVoiceCall, buttonOrderDetails, ButtonProduct, "request_contact_info", "reminder", "booking_confirmation",
}
