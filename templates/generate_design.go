package templates

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// design is a template in one language, or one card of it, as generated code sees it:
// the same for a language that a file writes and for one with components of the API.
type design struct {
	path    string // in the file
	header  *textDesign
	offer   bool // it says when it ends
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
		d = apiDesign(childPath(at, "components"), "", components, d.named)
	} else {
		f.fileDesign(&d, l.Header, l.Body, l.Buttons)
		d.offer = l.Offer != nil && l.Offer.Expires
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

// apiDesign returns the design of components of the API. Numbered variables get the
// names header, body_1 and button_1, behind the prefix.
func apiDesign(at, prefix string, components []kirim.ComponentDefinition, named bool) design {
	d := design{path: at, named: named}
	text := func(path, name, text, format string) *textDesign {
		var variables []string
		for _, match := range apiVariable.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(variables, match[1]) {
				variables = append(variables, match[1])
			}
		}
		if !named {
			slices.SortFunc(variables, func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) })
		}
		name = prefix + name
		rename := func(variable string) string {
			switch {
			case named:
				return variable
			case format != "": // of a header, which has one
				return name
			}
			return name + "_" + variable
		}
		text = apiVariable.ReplaceAllStringFunc(text, func(match string) string {
			return "{{" + rename(apiVariable.FindStringSubmatch(match)[1]) + "}}"
		})
		for i := range variables {
			variables[i] = rename(variables[i])
		}
		return &textDesign{path, format, text, variables}
	}
	for i, c := range components {
		path := itemPath(at, i)
		switch strings.ToUpper(c.Type) {
		case "HEADER":
			d.header = text(path, "header", c.Text, strings.ToLower(cmp.Or(c.Format, "TEXT")))
		case "BODY":
			d.body = text(path, "body", c.Text, "")
		case "FOOTER":
			d.footer = c.Text
		case "LIMITED_TIME_OFFER":
			d.offer = c.LimitedTimeOffer != nil && c.LimitedTimeOffer.HasExpiration
		case "BUTTONS":
			for j, b := range c.Buttons {
				d.buttons = append(d.buttons, apiButton(itemPath(childPath(path, "buttons"), j), prefix, len(d.buttons), b))
			}
		case "CAROUSEL":
			for j, card := range c.Cards {
				cardPath := childPath(itemPath(childPath(path, "cards"), j), "components")
				d.cards = append(d.cards, apiDesign(cardPath, "card_"+strconv.Itoa(j+1)+"_", card.Components, named))
			}
		default:
			d.unknown = append(d.unknown, path)
		}
	}
	return d
}

func apiButton(path, prefix string, index int, b kirim.ButtonDefinition) buttonDesign {
	design := buttonDesign{path: path, kind: ButtonType(strings.ToLower(b.Type)), text: b.Text, url: b.URL}
	switch design.kind {
	case ButtonURL:
		name := prefix + "button_" + strconv.Itoa(index+1)
		design.url = apiVariable.ReplaceAllString(b.URL, "{{"+name+"}}")
		for range apiVariable.FindAllString(b.URL, -1) {
			design.variables = append(design.variables, name)
		}
	case ButtonCopyCode:
		design.variables = []string{prefix + unnamedCoupon}
	}
	return design
}
