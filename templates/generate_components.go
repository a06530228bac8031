package templates

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// components writes what builds the components of the message, and returns the Go
// expression of them, empty for none. Languages that are filled in the same way share
// the code.
func (m *model) components(c *coder) string {
	var codes []string
	constants := make(map[string][]string) // of the languages, by code
	for _, l := range m.languages {
		code := m.languageCode(l)
		if constants[code] == nil {
			codes = append(codes, code)
		}
		constants[code] = append(constants[code], l.constant)
	}
	if len(codes) > 1 {
		c.line("var components []kirim.Component\nswitch language {")
		for _, code := range codes {
			c.line("case $1:", strings.Join(constants[code], ", "))
			c.WriteString(code)
		}
		c.line("}")
		return "components"
	}
	options := slices.ContainsFunc(m.languages[0].design.fills(nil), func(f filling) bool { return f.option })
	if expression, alone := strings.CutPrefix(codes[0], assignment); alone && !options {
		return strings.TrimSuffix(expression, "\n")
	}
	c.WriteString(strings.Replace(codes[0], assignment, "components := ", 1))
	if codes[0] == "" {
		return ""
	}
	return "components"
}

const assignment = "components = "

// languageCode returns the statements that build the components of a language. Where
// one expression does, the assignment is all.
func (m *model) languageCode(l generatedLanguage) string {
	var c coder
	fills := l.design.fills(nil)
	ref := m.refs(m.fields, "t")
	list := slices.DeleteFunc(slices.Clone(fills), func(f filling) bool { return f.option })
	cards := ""
	if len(l.design.cards) > 0 {
		cards = m.cardsCode(&c, l)
	}
	if len(fills) == 0 && cards == "" {
		return ""
	}
	c.WriteString(assignment)
	c.list(list, ref, cards)
	c.options("components", fills, ref)
	return c.String()
}

// refs returns a function for the Go expressions of fields.
func (m *model) refs(fields []field, receiver string) func(key string) string {
	return func(key string) string {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		return receiver + "." + fields[i].name
	}
}

// list writes a slice of components.
func (c *coder) list(fills []filling, ref func(string) string, more string) {
	c.WriteString("[]kirim.Component{")
	separator := ""
	if len(fills) > 1 || more != "" {
		separator = "\n"
	}
	for _, f := range fills {
		c.WriteString(separator + f.code(ref))
		if separator != "" {
			c.WriteString(",")
		}
	}
	if more != "" {
		c.WriteString("\n" + more + ",")
	}
	c.WriteString(separator + "}\n")
}

// options writes what appends components whose values are given.
func (c *coder) options(list string, fills []filling, ref func(string) string) {
	for _, f := range fills {
		if f.option {
			c.line("if $1 {\n$2 = append($2, $3)\n}", f.given(ref), list, f.code(ref))
		}
	}
}

// cardsCode writes what builds the cards of a carousel. Cards that are filled in the same
// way, as those of products are, share the code.
func (m *model) cardsCode(c *coder, l generatedLanguage) string {
	fills := make([][]filling, len(l.design.cards))
	same := len(m.cardFields) > 0
	for i, card := range l.design.cards {
		fills[i] = card.fills(l.onCards)
		same = same && reflect.DeepEqual(fills[i], fills[0])
	}
	if same {
		c.line("cards := make([][]kirim.Component, len(t.Cards))\nfor i := range t.Cards {\ncard := &t.Cards[i]")
		m.cardCode(c, fills[0], "cards[i]", "card")
		c.line("}")
	} else {
		c.line("cards := make([][]kirim.Component, $1)", strconv.Itoa(len(fills)))
		for i := range fills {
			at := "[" + strconv.Itoa(i) + "]"
			m.cardCode(c, fills[i], "cards"+at, "t.Cards"+at)
		}
	}
	return "kirim.FillCarousel(cards...)"
}

// cardCode writes what builds one card.
func (m *model) cardCode(c *coder, fills []filling, list, receiver string) {
	own, shared := m.refs(m.cardFields, receiver), m.refs(m.fields, "t")
	ref := func(key string) string {
		if name, ok := strings.CutPrefix(key, cardPrefix); ok {
			return own(name)
		} else if strings.HasPrefix(key, "#") {
			return own(key)
		}
		return shared(key)
	}
	if required := slices.DeleteFunc(slices.Clone(fills), func(f filling) bool { return f.option }); len(required) > 0 {
		c.WriteString(list + " = ")
		c.list(required, ref, "")
	}
	c.options(list, fills, ref)
}
