package templates

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// design is a template in one language, or one card of it, as generated code sees it:
// the same for a language that a file writes and for one with components of the API.
type design struct {
	path    string // in the file
	header  *textDesign
	offer   bool   // it says when it ends
	title   string // of the offer
	body    *textDesign
	footer  string
	buttons []buttonDesign
	cards   []design
	named   bool
	// oneTimeCode is set where the body and the buttons take the same code.
	oneTimeCode bool
	unknown     []string // paths of components that are not known here
}

// textDesign is a header or a body.
type textDesign struct {
	path      string
	format    string // of a header, in lower case
	text      string
	variables []string // names of parameters, in the order in which they are sent
}

// buttonDesign is a button. Its type is in lower case.
type buttonDesign struct {
	path      string
	kind      ButtonType
	text, url string
	variables []string // names of parameters of the URL, or of the coupon
}

// designOf returns the design of a language.
func (f *File) designOf(l *Language) design {
	at := childPath("languages", l.Code)
	d := design{path: at, named: f.named(l), footer: l.Footer}
	if len(l.Components) > 0 {
		var components []kirim.ComponentDefinition
		_ = json.Unmarshal(l.Components, &components) // as in parts
		d = apiDesign(childPath(at, "components"), 0, components, d.named)
	} else {
		f.fileDesign(&d, l.Header, l.Body, l.Buttons)
		if l.Offer != nil {
			d.offer, d.title = l.Offer.Expires, l.Offer.Text
		}
		for i, card := range l.Cards {
			c := design{path: itemPath(childPath(at, "cards"), i), named: d.named}
			f.fileDesign(&c, card.Header, card.Body, card.Buttons)
			d.cards = append(d.cards, c)
		}
	}
	d.path = at
	d.oneTimeCode = f.category(l) == kirim.TemplateAuthentication ||
		slices.ContainsFunc(d.buttons, func(b buttonDesign) bool { return b.kind == ButtonOTP })
	if d.oneTimeCode && d.body == nil {
		d.body = &textDesign{path: at}
	}
	return d
}

// fileDesign fills in what a language and a card have in common.
func (f *File) fileDesign(d *design, h *Header, body string, buttons []Button) {
	if h != nil {
		d.header = &textDesign{childPath(d.path, "header"), strings.ToLower(f.header(&Language{}, h).Format), h.Text, f.variables(h.Text)}
	}
	if body != "" {
		d.body = &textDesign{childPath(d.path, "body"), "", body, f.variables(body)}
	}
	for i, b := range buttons {
		design := buttonDesign{itemPath(childPath(d.path, "buttons"), i), b.Type, b.Text, b.URL, f.variables(b.URL)}
		if b.Type == ButtonCopyCode {
			design.variables = append(f.variables(b.Code), unnamedCoupon)[:1]
		}
		d.buttons = append(d.buttons, design)
	}
}

// unnamedCoupon is the parameter of a coupon that has no name.
const unnamedCoupon = "coupon"

// apiVariable is a variable as the API writes it.
var apiVariable = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// apiDesign returns the design of components of the API, of a card if it is not 0.
// Numbered variables get the names that a pull gives them.
func apiDesign(at string, card int, components []kirim.ComponentDefinition, named bool) design {
	d := design{path: at, named: named}
	for i, c := range components {
		path := itemPath(at, i)
		switch strings.ToUpper(c.Type) {
		case "HEADER":
			d.header = apiText(c.Text, place{card: card, part: partHeader}, named)
			d.header.path, d.header.format = path, strings.ToLower(cmp.Or(c.Format, "TEXT"))
		case "BODY":
			d.body = apiText(c.Text, place{card: card, part: partBody}, named)
			d.body.path = path
		case "FOOTER":
			d.footer = c.Text
		case "LIMITED_TIME_OFFER":
			if o := c.LimitedTimeOffer; o != nil {
				d.offer, d.title = o.HasExpiration, o.Text
			}
		case "BUTTONS":
			for j, b := range c.Buttons {
				d.buttons = append(d.buttons, apiButton(itemPath(childPath(path, "buttons"), j), card, len(d.buttons)+1, b))
			}
		case "CAROUSEL":
			for j, c := range c.Cards {
				cardPath := childPath(itemPath(childPath(path, "cards"), j), "components")
				d.cards = append(d.cards, apiDesign(cardPath, j+1, c.Components, named))
			}
		default:
			d.unknown = append(d.unknown, path)
		}
	}
	return d
}

// apiText is a text of the API at a place, with names for its numbers.
func apiText(text string, at place, named bool) *textDesign {
	var numbers, names []string
	for _, match := range apiVariable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(numbers, match[1]) {
			numbers = append(numbers, match[1])
		}
	}
	if !named {
		slices.SortFunc(numbers, func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) })
	}
	for i, name := range numbers {
		if at.number = i + 1; !named {
			name = at.name()
		}
		names = append(names, name)
	}
	text = apiVariable.ReplaceAllStringFunc(text, func(match string) string {
		return "{{" + names[slices.Index(numbers, apiVariable.FindStringSubmatch(match)[1])] + "}}"
	})
	return &textDesign{text: text, variables: names}
}

// apiButton is a button of the API with its number, from 1.
func apiButton(path string, card, number int, b kirim.ButtonDefinition) buttonDesign {
	design := buttonDesign{path: path, kind: ButtonType(strings.ToLower(b.Type)), text: b.Text, url: b.URL}
	switch design.kind {
	case ButtonURL:
		link := apiText(b.URL, place{card: card, part: partButton, button: number}, false)
		design.url, design.variables = link.text, link.variables
	case ButtonCopyCode:
		design.variables = []string{place{card: card, part: partCoupon}.name()}
	default: // the others have no variables
	}
	return design
}
