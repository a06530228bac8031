// Package templatefill holds what a message fills into a template against what
// the template defines.
package templatefill

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind is what is wrong with a message.
type Kind int

// The kinds of mismatches.
const (
	Count  Kind = iota // the number of values
	Format             // the name or the kind of one, or what it is for
	Value              // a value itself
)

// Mismatch is one way in which a message does not fit a template.
type Mismatch struct {
	// Path is below the components of the message: "[0].parameters". It is
	// empty for a component that the message lacks.
	Path string
	Kind Kind
	// Want and Got say what is wrong without any value of the message.
	Want, Got string
}

// Limits of https://docs.kirimdev.com/sending/send-template-otp/ and
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/product-card-carousel-templates
const (
	maxCode            = 15
	minCards, maxCards = 2, 10
)

// Options are what Check needs beside the template and the message.
type Options struct {
	Now    time.Time        // an offer that ends before is over; not checked when zero
	Length func(string) int // of a text; code points when nil
}

// Check holds the components of a message against the definition. What the
// definition does not tell, such as a part or a button of a type that is not
// known here, is not checked.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
func Check(d Definition, components []Component, o Options) []Mismatch {
	if o.Length == nil {
		o.Length = utf8.RuneCountInString
	}
	c := checker{Definition: d, Options: o}
	c.level("", components)
	if d.OneTimeCode {
		c.code(components)
	}
	return c.found
}

// checker checks the components of a message, or of one card.
type checker struct {
	Definition
	Options
	found []Mismatch
}

func (c *checker) add(kind Kind, path, want, got string) {
	c.found = append(c.found, Mismatch{path, kind, want, got})
}

func (c *checker) level(path string, components []Component) {
	buttons, buttonsKnown := c.buttons()
	given, filled := map[string]bool{}, map[int]bool{}
	for i, component := range components {
		at := fmt.Sprintf("%s[%d]", path, i)
		kind := strings.ToLower(component.Type)
		given[kind] = true
		if kind != "button" {
			c.part(at, kind, component)
		} else if filled[component.at(buttons)] = true; buttonsKnown {
			c.button(at, buttons, component)
		}
	}
	for _, kind := range []string{"header", "body", "carousel", "limited_time_offer"} {
		if !given[kind] {
			c.missing(path, kind)
		}
	}
	for i, button := range buttons {
		if buttonsKnown && !filled[i] {
			c.parameters(path, fmt.Sprintf("button %d", i), c.buttonRule(button), nil)
		}
	}
}

// buttons returns those of the definition, and whether they are known.
func (c *checker) buttons() (buttons []Button, known bool) {
	known = !c.partial()
	for _, part := range c.Parts {
		if part.is("buttons") {
			known = !part.Unread
			buttons = append(buttons, part.Buttons...)
		}
	}
	return buttons, known
}

// partial reports whether a part that the definition lacks may be there.
func (c *checker) partial() bool {
	return c.Partial || slices.ContainsFunc(c.Parts, func(p Part) bool { return p.Unread && p.Type == "" })
}

func (c *checker) part(at, kind string, component Component) {
	part, defined := c.Part(kind)
	if part.Unread || !defined && c.partial() {
		return
	}
	switch kind {
	case "header":
		c.header(at, part, defined, component.Parameters)
	case "body":
		if c.OneTimeCode {
			part.Text = "{{1}}"
		}
		if part.Text != "" || !defined {
			c.variables(at, kind, part.Text, textKinds, component.Parameters)
		}
	case "footer": // in which the time after which a code expires is fixed
		c.parameters(at, kind, rule{}, component.Parameters)
	case "limited_time_offer":
		c.offer(at, part, defined, component.Parameters)
	case "carousel":
		if defined {
			c.carousel(at, part.Cards, component.Cards)
		} else {
			c.add(Format, at, "no carousel, as the template has none", "one")
		}
	}
}

// missing checks a part for which the message has nothing.
func (c *checker) missing(path, kind string) {
	part, defined := c.Part(kind)
	if defined && (kind != "limited_time_offer" || part.Offer != nil && part.Offer.HasExpiration) {
		c.part(path, kind, Component{})
	}
}

func (c *checker) header(at string, part Part, defined bool, params []Parameter) {
	format := part.HeaderFormat()
	switch {
	case !defined, format == "text" && part.Text != "":
		c.variables(at, "header", part.Text, []string{"text"}, params)
	case slices.Contains(headerKinds, format):
		c.parameters(at, "header", rule{1, 1, []string{format}}, params)
	}
}

func (c *checker) offer(at string, part Part, defined bool, params []Parameter) {
	const kind = "limited_time_offer"
	r := rule{1, 1, []string{kind}}
	switch {
	case !defined:
		c.add(Format, at, "no limited_time_offer, as the template has none", "one")
		return
	case part.Offer == nil: // whether it has an end is not known
		r.least = 0
	case !part.Offer.HasExpiration:
		c.add(Format, at, "no limited_time_offer, as the offer does not expire", "one")
		return
	}
	c.parameters(at, kind, r, params)
	for i, p := range params {
		ms := int64(p.Offer.ExpirationMS)
		if ms > 0 && !c.Now.IsZero() && !time.UnixMilli(ms).After(c.Now) {
			c.add(Value, fmt.Sprintf("%s.parameters[%d].limited_time_offer.expiration_time_ms", at, i), "a time in the future", "one in the past")
		}
	}
}

var headerKinds = []string{"image", "video", "document", "location", "product"}

var textKinds = []string{"text", "currency", "date_time"}

func (c *checker) variables(at, what, text string, kinds []string, params []Parameter) {
	names := Variables(text)
	before := len(c.found)
	c.parameters(at, what, rule{least: len(names), most: len(names), kinds: kinds}, params)
	if len(c.found) > before {
		return
	}
	isNamed := c.named(names)
	seen := map[string]bool{}
	for i, p := range params {
		at := fmt.Sprintf("%s.parameters[%d].parameter_name", at, i)
		switch {
		case !isNamed && p.Name != "":
			c.add(Format, at, "no name, as the variables are numbered", "a name")
		case isNamed && !slices.Contains(names, p.Name):
			c.add(Format, at, "the name of a variable of the template", "another or none")
		case isNamed && seen[p.Name]:
			c.add(Format, at, "each variable once", "one again")
		}
		seen[p.Name] = true
	}
}

// rule is how many parameters there are, and of which kinds.
type rule struct {
	least, most int
	kinds       []string
}

func (c *checker) parameters(at, what string, r rule, params []Parameter) {
	path := at
	if len(params) > 0 {
		path += ".parameters"
	}
	if n := len(params); n < r.least || n > r.most {
		// A header of media without its media is of the wrong kind to Meta, 132012.
		if n == 0 && what == "header" && !slices.Contains(r.kinds, "text") {
			c.add(Format, path, "a header of the kind "+r.kinds[0], "none")
			return
		}
		c.add(Count, path, between(r.least, r.most, "parameter")+" for the "+what, strconv.Itoa(n))
		return
	}
	for i, p := range params {
		if kind := strings.ToLower(p.Type); !slices.Contains(r.kinds, kind) {
			c.add(Format, fmt.Sprintf("%s[%d].type", path, i), oneOf(r.kinds), known(kind, parameterKinds))
		}
	}
}

func between(least, most int, unit string) string {
	n := strconv.Itoa(most)
	if least != most {
		n = strconv.Itoa(least) + " to " + n
	}
	if most != 1 {
		unit += "s"
	}
	return n + " " + unit
}

func oneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return "one of " + strings.Join(words, ", ")
}

// known is a word of the message that is one of Meta's and says nothing.
func known(word string, words []string) string {
	if slices.Contains(words, word) {
		return word
	}
	return "another"
}

// carousel wants as many cards as were approved, but 2 to 10 of products.
func (c *checker) carousel(at string, defined []Card, filled []Filled) {
	if len(defined) == 0 {
		return
	}
	least, most := len(defined), len(defined)
	if OfProducts(defined) {
		least, most = minCards, maxCards
	}
	if n := len(filled); n < least || n > most {
		path := at
		if n > 0 {
			path += ".cards"
		}
		c.add(Count, path, between(least, most, "card"), strconv.Itoa(n))
		return
	}
	for i, card := range filled {
		of := checker{Definition: c.Card(defined[min(i, len(defined)-1)]), Options: c.Options}
		of.level(fmt.Sprintf("%s.cards[%d].components", at, i), card.Components)
		c.found = append(c.found, of.found...)
	}
}

// code wants one code, in the body and in the button.
func (c *checker) code(components []Component) {
	one := func(kind string) (int, Text) {
		i := slices.IndexFunc(components, func(component Component) bool {
			p := component.Parameters
			return strings.EqualFold(component.Type, kind) && len(p) == 1 && strings.EqualFold(p[0].Type, "text")
		})
		if i < 0 {
			return i, ""
		}
		return i, components[i].Parameters[0].Text
	}
	path := func(i int) string { return fmt.Sprintf("[%d].parameters[0].text", i) }
	body, code := one("body")
	button, copied := one("button")
	if n := c.Length(string(code)); n > maxCode {
		c.add(Value, path(body), fmt.Sprintf("a code of at most %d characters", maxCode), fmt.Sprintf("%d characters", n))
	}
	if body >= 0 && button >= 0 && code != copied {
		c.add(Value, path(button), "the code of the body", "another")
	}
}
