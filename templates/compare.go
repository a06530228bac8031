package templates

import (
	"cmp"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// element is a part of a template that can be in one place only: the header, the body, a
// button, of the template or of a card.
type element struct {
	key    string // such as body, buttons[0] or cards[1].header
	path   string // of it in the components, such as components[2].buttons[0]
	leaves []leaf
}

// leaf is one value of an element, in a form that is the same for all that mean the same.
type leaf struct {
	name  string
	path  string // below that of the element
	value string
	rule  rule
	guess bool // taken from a text of Meta's
}

// rule says what it means that one side does not have a leaf.
type rule int

const (
	said    rule = iota // an account says it where there is one
	tacit               // an account may leave it out
	own                 // likewise, and where the file has none, Meta has its own
	ignored             // no difference
)

// describe returns what an element is: its text, or a line for each value.
func (e *element) describe() string {
	if len(e.leaves) == 1 && e.leaves[0].name == "text" {
		return e.leaves[0].value
	}
	lines := make([]string, 0, len(e.leaves))
	for _, l := range e.leaves {
		if l.rule != ignored {
			lines = append(lines, l.name+": "+l.value)
		}
	}
	return cmp.Or(strings.Join(lines, "\n"), "it is there, and empty")
}

// add adds a value that is not empty.
func (e *element) add(name, value string, r rule) { e.addAt(name, name, value, r) }

func (e *element) addAt(name, path, value string, r rule) {
	if value != "" {
		e.leaves = append(e.leaves, leaf{name: name, path: path, value: value, rule: r})
	}
}

// addExtra adds members that this package does not know.
func (e *element) addExtra(extra kirim.Extra) {
	for _, name := range sortedKeys(extra) {
		e.add(name, string(sorted(extra[name])), own)
	}
}

func (e *element) leaf(name string) (leaf, bool) {
	i := slices.IndexFunc(e.leaves, func(l leaf) bool { return l.name == name })
	if i < 0 {
		return leaf{}, false
	}
	return e.leaves[i], true
}

// elementsOf returns components in the form in which they are compared. The texts of
// a template for authentication are Meta's.
func elementsOf(components []kirim.ComponentDefinition, authentication bool) []element {
	list := &lister{authentication: authentication}
	for _, c := range components { // the order is kept, for the paths
		list.told = list.told || c.AddSecurityRecommendation || strings.EqualFold(c.Type, "BODY") && c.Text == ""
	}
	components = bare(reflect.ValueOf(components)).Interface().([]kirim.ComponentDefinition)
	for i := range components {
		normalizeComponent(&components[i])
	}
	if authentication {
		normalizeOneTimeCode(components)
	}
	list.components("", "components", components)
	return list.elements
}

type lister struct {
	authentication bool
	told           bool // whether a code is to be kept secret is said by a member, not by a text of Meta's
	elements       []element
}

func (l *lister) components(key, path string, components []kirim.ComponentDefinition) {
	for i, c := range components {
		e := element{path: itemPath(path, i)}
		e.key = key + strings.ToLower(c.Type)
		switch c.Type {
		case "HEADER":
			e.header(c)
		case "BODY":
			l.body(&e, c)
		case "FOOTER":
			l.footer(&e, c)
		case "LIMITED_TIME_OFFER":
			e.key = key + "offer"
			if o := c.LimitedTimeOffer; o != nil {
				e.addAt("text", "limited_time_offer.text", oneForm(o.Text), said)
				e.addAt("expires", "limited_time_offer.has_expiration", strconv.FormatBool(o.HasExpiration), said)
			}
		case "BUTTONS":
			for j, b := range c.Buttons {
				l.elements = append(l.elements, l.button(itemPath(key+"buttons", j), itemPath(e.path+".buttons", j), b))
			}
			continue
		case "CAROUSEL":
			for j, card := range c.Cards {
				l.components(itemPath(key+"cards", j)+".", itemPath(e.path+".cards", j)+".components", card.Components)
			}
			continue
		default:
			e.add("text", oneForm(c.Text), said)
		}
		e.addExtra(c.Extra)
		l.elements = append(l.elements, e)
	}
}

func (e *element) header(c kirim.ComponentDefinition) {
	format := cmp.Or(c.Format, "TEXT")
	e.add("format", format, said)
	if format == "TEXT" {
		e.add("text", oneForm(c.Text), said)
		e.samples(c.Example)
		return
	}
	if c.Example != nil {
		for _, sample := range slices.Concat(c.Example.HeaderURL, c.Example.HeaderHandle) {
			e.add("sample", sample, ignored)
			break
		}
	}
}

func (l *lister) body(e *element, c kirim.ComponentDefinition) {
	if !l.authentication {
		e.add("text", oneForm(c.Text), said)
		e.samples(c.Example)
		return
	}
	e.addAt("security_recommendation", "add_security_recommendation", strconv.FormatBool(c.AddSecurityRecommendation), own)
	e.leaves[0].guess = !l.told
}

func (l *lister) footer(e *element, c kirim.ComponentDefinition) {
	if !l.authentication {
		e.add("text", oneForm(c.Text), said)
	}
	if c.CodeExpirationMinutes != 0 {
		e.add("code_expiration_minutes", strconv.Itoa(c.CodeExpirationMinutes), own)
	}
}

// samples adds those of a text.
func (e *element) samples(example *kirim.TemplateExample) {
	if example == nil {
		return
	}
	add := func(path string, samples []string) {
		for i, sample := range samples {
			e.addAt(fmt.Sprintf("sample of {{%d}}", i+1), itemPath("example."+path, i), sample, own)
		}
	}
	add("header_text", example.HeaderText)
	for _, samples := range example.BodyText[:min(1, len(example.BodyText))] {
		add("body_text[0]", samples)
	}
	addNamed := func(path string, samples []kirim.NamedSample) {
		for i, sample := range samples {
			e.addAt("sample of {{"+sample.Name+"}}", itemPath("example."+path, i), sample.Example, own)
		}
	}
	addNamed("header_text_named_params", example.HeaderNamed)
	addNamed("body_text_named_params", example.BodyNamed)
}

func (l *lister) button(key, path string, b kirim.ButtonDefinition) element {
	e := element{key: key, path: path}
	if l.authentication && (b.Type == "OTP" || strings.Contains(b.URL, "whatsapp.com/otp/")) {
		e.oneTimeCode(b)
		return e
	}
	e.add("type", b.Type, said)
	sample := strings.Join(b.Example, "\n")
	switch b.Type {
	case "URL":
		e.add("text", b.Text, said)
		e.add("url", b.URL, said)
		e.addAt("sample of {{1}}", "example[0]", sample, own)
	case "PHONE_NUMBER":
		e.add("text", b.Text, said)
		e.add("phone_number", strings.TrimPrefix(b.PhoneNumber, "+"), said)
	case "QUICK_REPLY":
		e.add("text", b.Text, said)
	case "FLOW":
		e.add("text", b.Text, said)
		e.add("flow_id", b.FlowID, own) // Meta may answer with the ID of one that was named
		e.add("flow_name", b.FlowName, own)
		e.add("flow_json", b.FlowJSON, own)
		e.add("flow_action", strings.ToLower(b.FlowAction), own)
		e.add("navigate_screen", b.NavigateScreen, own)
	default:
		e.add("text", b.Text, own)
		e.addAt("sample", "example[0]", sample, own)
		if b.TTLMinutes != 0 {
			e.add("ttl_minutes", strconv.Itoa(b.TTLMinutes), own)
		}
	}
	e.addExtra(b.Extra)
	return e
}

// oneTimeCode lists a button that hands over a code, which an account may have read back as
// one with a link.
func (e *element) oneTimeCode(b kirim.ButtonDefinition) {
	e.add("type", "OTP", said)
	e.add("text", b.Text, own)
	e.add("otp_type", strings.ToLower(b.OTPType), tacit)
	e.add("autofill_text", b.AutofillText, own)
	names := make([]string, len(b.SupportedApps))
	for i, app := range b.SupportedApps {
		names[i] = strings.TrimSpace(app.PackageName + " " + app.SignatureHash)
	}
	slices.Sort(names)
	e.addAt("apps", "supported_apps", strings.Join(names, "\n"), tacit)
}

// otpQuery is the query of a link that hands over a code, nil for any other. The names
// in it are those of Meta's examples.
func otpQuery(b kirim.ButtonDefinition) url.Values {
	link, err := url.Parse(b.URL)
	if err != nil || link.Query().Get("otp_type") == "" {
		return nil
	}
	return link.Query()
}

// oneForm is a text without what does not matter: the kind of its line ends and those
// after it.
func oneForm(text string) string {
	return strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

// componentsOf returns what an account says of the content of a template, and whether
// there may be more that it does not say.
func (r *Remote) componentsOf() (components []kirim.ComponentDefinition, partial bool) {
	if len(r.Components) > 0 {
		return r.Components, !r.Complete()
	}
	if r.HeaderType != "" {
		components = append(components, kirim.ComponentDefinition{Type: "HEADER", Format: r.HeaderType, Text: r.HeaderContent})
	}
	if r.Content != "" {
		components = append(components, kirim.ComponentDefinition{Type: "BODY", Text: r.Content})
	}
	if r.FooterContent != "" {
		components = append(components, kirim.ComponentDefinition{Type: "FOOTER", Text: r.FooterContent})
	}
	if len(r.Buttons) > 0 {
		components = append(components, kirim.DefineButtons(r.Buttons...))
	}
	return components, true
}
