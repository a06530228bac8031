// Package templatefill holds what a message fills into a template against what
// the template defines.
package templatefill

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Part is a component of a template's definition.
type Part struct {
	Type    string   `json:"type"`
	Format  string   `json:"format"`
	Text    string   `json:"text"`
	Buttons []Button `json:"buttons"`
	Cards   []Card   `json:"cards"`
	Offer   struct {
		HasExpiration bool `json:"has_expiration"`
	} `json:"limited_time_offer"`
}

// Button is a button of a definition.
type Button struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// Card is a card of a carousel's definition.
type Card struct {
	Components []Part `json:"components"`
}

// Component is what a message gives for a part. Its values do not matter here.
type Component struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type"`
	Index      Index       `json:"index"`
	Parameters []Parameter `json:"parameters"`
	Cards      []Filled    `json:"cards"`
}

// Filled is what a message gives for a card.
type Filled struct {
	Components []Component `json:"components"`
}

// Parameter is one value.
type Parameter struct {
	Type string `json:"type"`
	Name string `json:"parameter_name"`
}

// Index is a number that may be written as a string.
type Index int

// UnmarshalJSON reads both forms.
func (i *Index) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(data), `"`))
	*i = Index(n)
	return err
}

// Mismatch is one way in which a message does not fit a template.
type Mismatch struct {
	// Path is below the components of the message: "[0].parameters". It is
	// empty for a component that the message lacks.
	Path string
	// Count tells a wrong number of values from a wrong name or kind of one.
	Count bool
	// Want and Got say what is wrong without any value of the message.
	Want, Got string
}

// ParseParts reads the components of a definition, and reports whether they are
// such.
func ParseParts(data []byte) ([]Part, bool) {
	var parts []Part
	return parts, json.Unmarshal(data, &parts) == nil
}

// Check holds the components of a message against the definition. What the
// definition does not tell, such as a part or a button of a type that is not
// known here, is not checked. One-time codes are of the category
// AUTHENTICATION, whose texts are Meta's: the code goes into the body and into
// the button.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
func Check(parts []Part, oneTimeCode bool, components []Component) []Mismatch {
	c := checker{oneTimeCode: oneTimeCode}
	c.level("", parts, components)
	return c.found
}

type checker struct {
	oneTimeCode bool
	found       []Mismatch
}

func (c *checker) count(path, what string, want string, got int) {
	c.found = append(c.found, Mismatch{path, true, want + " of " + what, strconv.Itoa(got)})
}

func (c *checker) format(path, want, got string) {
	c.found = append(c.found, Mismatch{Path: path, Want: want, Got: got})
}

// level checks the components of a message or of a card.
func (c *checker) level(path string, parts []Part, components []Component) {
	var buttons []Button
	defined := map[string]Part{}
	for _, part := range parts {
		kind := strings.ToLower(part.Type)
		defined[kind] = part
		buttons = append(buttons, part.Buttons...)
	}
	given, filled := map[string]bool{}, map[int]bool{}
	for i, component := range components {
		at := fmt.Sprintf("%s[%d]", path, i)
		kind := strings.ToLower(component.Type)
		given[kind] = true
		if kind == "button" {
			filled[int(component.Index)] = true
			c.button(at, buttons, component)
			continue
		}
		part, known := defined[kind]
		c.part(at, kind, part, known, component)
	}
	for _, kind := range []string{"header", "body", "carousel", "limited_time_offer"} {
		if part, known := defined[kind]; known && !given[kind] {
			c.part(path, kind, part, true, Component{})
		}
	}
	for i, button := range buttons {
		if !filled[i] {
			c.parameters(path, fmt.Sprintf("button %d", i), c.buttonKinds(button), nil)
		}
	}
}

func (c *checker) part(at, kind string, part Part, known bool, component Component) {
	switch kind {
	case "header", "body":
		if kind == "body" && c.oneTimeCode {
			part.Text = "{{1}}"
		}
		if format := strings.ToLower(part.Format); kind == "header" && format != "" && format != "text" {
			if slices.Contains(headerKinds, format) {
				c.parameters(at, kind, rule{1, 1, []string{format}}, component.Parameters)
			}
			return
		}
		c.variables(at, kind, part.Text, component.Parameters)
	case "limited_time_offer":
		if known {
			r := rule{most: 1, kinds: []string{kind}}
			if part.Offer.HasExpiration {
				r.least = 1
			}
			c.parameters(at, kind, r, component.Parameters)
		}
	case "carousel":
		if known {
			c.carousel(at, part.Cards, component.Cards)
		}
	}
}

var variable = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

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

var headerKinds = []string{"image", "video", "document", "location", "product"}

var textKinds = []string{"text", "currency", "date_time"}

func (c *checker) variables(at, what, text string, params []Parameter) {
	names := Variables(text)
	before := len(c.found)
	c.parameters(at, what, rule{least: len(names), most: len(names), kinds: textKinds}, params)
	if len(c.found) > before {
		return
	}
	isNamed := slices.ContainsFunc(names, func(name string) bool { _, err := strconv.Atoi(name); return err != nil })
	seen := map[string]bool{}
	for i, p := range params {
		at := fmt.Sprintf("%s.parameters[%d].parameter_name", at, i)
		switch {
		case !isNamed && p.Name != "":
			c.format(at, "no name, as the variables are numbered", "a name")
		case isNamed && !slices.Contains(names, p.Name):
			c.format(at, "the name of a variable of the template", "another or none")
		case isNamed && seen[p.Name]:
			c.format(at, "each variable once", "one again")
		}
		seen[p.Name] = true
	}
}

// rule is how many parameters there are, and of which kinds. No kinds are any.
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
		want := strconv.Itoa(r.least)
		if r.most != r.least {
			want = fmt.Sprintf("%d to %d", r.least, r.most)
		}
		// A header of media without its media is of the wrong kind to Meta, 132012.
		if n == 0 && what == "header" && !slices.Contains(r.kinds, "text") {
			c.format(path, "a header of the kind "+r.kinds[0], "none")
			return
		}
		c.count(path, "the parameters of the "+what, want, n)
		return
	}
	for i, p := range params {
		if !slices.Contains(r.kinds, strings.ToLower(p.Type)) {
			c.format(fmt.Sprintf("%s[%d].type", path, i), "one of "+strings.Join(r.kinds, ", "), "another")
		}
	}
}

func (c *checker) buttonKinds(b Button) rule {
	switch strings.ToLower(b.Type) {
	case "url":
		n := min(1, len(Variables(b.URL)))
		if c.oneTimeCode {
			n = 1 // it reads back as a URL, which was created as a one-time code
		}
		return rule{n, n, []string{"text"}}
	case "otp":
		return rule{1, 1, []string{"text"}}
	case "quick_reply":
		return rule{0, 1, []string{"payload"}}
	case "copy_code":
		return rule{1, 1, []string{"coupon_code"}}
	case "mpm":
		return rule{1, 1, []string{"action"}}
	case "flow", "catalog":
		return rule{0, 1, []string{"action"}}
	case "phone_number":
		return rule{}
	}
	return rule{most: 1 << 20}
}

func (c *checker) button(at string, buttons []Button, component Component) {
	if i := int(component.Index); i < 0 || i >= len(buttons) {
		c.format(at+".index", "the index of a button of the template", "another")
		return
	}
	button := buttons[component.Index]
	want := strings.ToLower(button.Type)
	if want == "otp" { // created so, and addressed as a link
		want = "url"
	}
	if got := strings.ToLower(component.SubType); got != want {
		c.format(at+".sub_type", "the type of the button in the template", "another")
		return
	}
	r := c.buttonKinds(button)
	if r.kinds == nil && r.most > 0 {
		return
	}
	c.parameters(at, "button "+strconv.Itoa(int(component.Index)), r, component.Parameters)
}

// carousel wants as many cards as were approved, but 2 to 10 of products.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/product-card-carousel-templates
func (c *checker) carousel(at string, defined []Card, filled []Filled) {
	if len(defined) == 0 {
		return
	}
	products := slices.ContainsFunc(defined[0].Components, func(p Part) bool { return strings.EqualFold(p.Format, "product") })
	if n := len(filled); products && (n < 2 || n > 10) {
		c.count(at, "the cards", "2 to 10", n)
		return
	} else if !products && n != len(defined) {
		c.count(at, "the cards", strconv.Itoa(len(defined)), n)
		return
	}
	for i, card := range filled {
		c.level(fmt.Sprintf("%s.cards[%d].components", at, i), defined[min(i, len(defined)-1)].Components, card.Components)
	}
}
