package templates

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// variable is a variable in a text of a file, and in one of the API.
var variable = regexp.MustCompile(`\{\{([A-Za-z0-9_]+)\}\}`)

// variables returns the names of the variables of a text, each once, in the order of
// the parameters of the file; those that are no parameters come last.
func (f *File) variables(text string) (names []string) {
	seen := make(map[string]bool)
	for _, match := range variable.FindAllStringSubmatch(text, -1) {
		if !seen[match[1]] {
			seen[match[1]] = true
			names = append(names, match[1])
		}
	}
	if len(names) < 2 {
		return names
	}
	places := make(map[string]int, len(f.Parameters))
	for i, p := range f.Parameters {
		places[p.Name] = i - len(f.Parameters) // before 0, which is for the others
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(places[a], places[b]) })
	return names
}

// numbered returns the text with numbers for the names, in the order of names.
func numbered(text string, names []string) string {
	numbers := make(map[string]string, len(names))
	for i, name := range names {
		numbers[name] = "{{" + strconv.Itoa(i+1) + "}}"
	}
	return variable.ReplaceAllStringFunc(text, func(match string) string { return numbers[match[2:len(match)-2]] })
}

// withNames returns a text with the names for its numbers, as far as there are names.
func withNames(text string, names []string) string {
	return variable.ReplaceAllStringFunc(text, func(match string) string {
		if i, err := strconv.Atoi(match[2 : len(match)-2]); err == nil && i >= 1 && i <= len(names) {
			return "{{" + names[i-1] + "}}"
		}
		return match
	})
}

// category returns the category in a language.
func (f *File) category(l *Language) kirim.TemplateCategory { return cmp.Or(l.Category, f.Category) }

// named reports whether parameters have names in a language at the account.
func (f *File) named(l *Language) bool {
	return cmp.Or(l.Format, f.Format) == kirim.TemplateNamed
}

// Params returns the template in a language as [kirim.TemplatesService.Create] takes
// it. In the format positional, the variables of each component are numbered from 1 in
// the order of [File.Parameters]. The variable of a URL has the number 1 in either
// format. Nothing is checked; see [Lint].
func (f *File) Params(l *Language) kirim.TemplateCreateParams {
	params := kirim.TemplateCreateParams{
		Name: f.Name, Category: f.category(l), Language: l.Code,
		TTLSeconds: cmp.Or(l.TTLSeconds, f.TTLSeconds),
	}
	if f.named(l) {
		params.ParameterFormat = kirim.TemplateNamed
	}
	for _, part := range f.parts(l) {
		params.Components = append(params.Components, part.definition)
	}
	return params
}

// part is a component and the path in the file that it comes from.
type part struct {
	path       string
	definition kirim.ComponentDefinition
}

// parts are the components of a language, in the order in which the API lists them.
func (f *File) parts(l *Language) (parts []part) {
	at := childPath("languages", l.Code)
	if len(l.Components) > 0 {
		var components []kirim.ComponentDefinition
		_ = json.Unmarshal(l.Components, &components) // what does not fit is kept in Extra
		for i, c := range components {
			parts = append(parts, part{itemPath(childPath(at, "components"), i), c})
		}
		return parts
	}
	add := func(field string, c kirim.ComponentDefinition) {
		parts = append(parts, part{childPath(at, field), c})
	}
	if l.Header != nil {
		add("header", f.header(l, l.Header))
	}
	if l.Offer != nil {
		add("offer", kirim.DefineLimitedTimeOffer(l.Offer.Text, l.Offer.Expires))
	}
	body := f.text(l, "BODY", l.Body)
	if f.category(l) == kirim.TemplateAuthentication && l.Body == "" {
		body = kirim.ComponentDefinition{Type: "BODY"}
	}
	body.AddSecurityRecommendation = l.SecurityRecommendation
	add("body", body)
	if l.Footer != "" || l.CodeExpirationMinutes != 0 {
		field := "footer"
		if l.Footer == "" {
			field = "code_expiration_minutes"
		}
		add(field, kirim.ComponentDefinition{Type: "FOOTER", Text: l.Footer, CodeExpirationMinutes: l.CodeExpirationMinutes})
	}
	if len(l.Buttons) > 0 {
		add("buttons", f.buttons(l, l.Buttons))
	}
	if len(l.Cards) > 0 {
		cards := make([][]kirim.ComponentDefinition, len(l.Cards))
		for i, card := range l.Cards {
			for _, p := range f.cardParts(l, card) {
				cards[i] = append(cards[i], p.definition)
			}
		}
		add("cards", kirim.DefineCarousel(cards...))
	}
	return parts
}

// cardParts are the components of a card with the names of their members.
func (f *File) cardParts(l *Language, card Card) (parts []part) {
	if card.Header != nil {
		parts = append(parts, part{"header", f.header(l, card.Header)})
	}
	if card.Body != "" {
		parts = append(parts, part{"body", f.text(l, "BODY", card.Body)})
	}
	if len(card.Buttons) > 0 {
		parts = append(parts, part{"buttons", f.buttons(l, card.Buttons)})
	}
	return parts
}

func (f *File) header(l *Language, h *Header) kirim.ComponentDefinition {
	switch {
	case h.Image != nil:
		return mediaHeader("IMAGE", h.Image)
	case h.Video != nil:
		return mediaHeader("VIDEO", h.Video)
	case h.Document != nil:
		return mediaHeader("DOCUMENT", h.Document)
	case h.Location:
		return kirim.DefineHeaderLocation()
	case h.Product:
		return kirim.DefineHeaderProduct()
	}
	c := f.text(l, "HEADER", h.Text)
	c.Format = "TEXT"
	return c
}

func mediaHeader(format string, m *Media) kirim.ComponentDefinition {
	c := kirim.ComponentDefinition{Type: "HEADER", Format: format}
	switch {
	case m.URL != "":
		c.Example = &kirim.TemplateExample{HeaderURL: []string{m.URL}}
	case m.Handle != "":
		c.Example = &kirim.TemplateExample{HeaderHandle: []string{m.Handle}}
	}
	return c
}

// text is a header or a body with its variables and their samples.
func (f *File) text(l *Language, kind, text string) kirim.ComponentDefinition {
	c := kirim.ComponentDefinition{Type: kind, Text: text}
	names := f.variables(text)
	samples := f.samples(l, names)
	if !f.named(l) {
		c.Text = numbered(text, names)
	}
	if samples == nil {
		return c
	}
	c.Example = &kirim.TemplateExample{}
	namedSamples := make([]kirim.NamedSample, len(names))
	for i, name := range names {
		namedSamples[i] = kirim.NamedSample{Name: name, Example: samples[i]}
	}
	switch {
	case f.named(l) && kind == "HEADER":
		c.Example.HeaderNamed = namedSamples
	case f.named(l):
		c.Example.BodyNamed = namedSamples
	case kind == "HEADER":
		c.Example.HeaderText = samples
	default:
		c.Example.BodyText = [][]string{samples}
	}
	return c
}

// samples returns the samples of parameters, nil when none has one.
func (f *File) samples(l *Language, names []string) []string {
	samples := make([]string, len(names))
	for i, name := range names {
		samples[i] = f.Sample(l, name)
	}
	if strings.Join(samples, "") == "" {
		return nil
	}
	return samples
}

func (f *File) buttons(l *Language, buttons []Button) kirim.ComponentDefinition {
	definitions := make([]kirim.ButtonDefinition, len(buttons))
	for i, b := range buttons {
		d := kirim.ButtonDefinition{
			Type: strings.ToUpper(string(b.Type)), Text: b.Text, URL: b.URL, PhoneNumber: b.PhoneNumber,
			OTPType: strings.ToUpper(b.OTPType), AutofillText: b.AutofillText, ZeroTapTermsAccepted: b.TermsAccepted,
			FlowID: b.FlowID, FlowName: b.FlowName, FlowJSON: b.FlowJSON, FlowAction: b.FlowAction, NavigateScreen: b.Screen,
			TTLMinutes: b.TTLMinutes,
		}
		for _, app := range b.Apps {
			d.SupportedApps = append(d.SupportedApps, kirim.TemplateApp{PackageName: app.PackageName, SignatureHash: app.SignatureHash})
		}
		names := f.variables(b.URL + b.Code)
		d.URL, d.Example = numbered(b.URL, names), f.samples(l, names)
		definitions[i] = d
	}
	return kirim.DefineButtons(definitions...)
}

// steps of a path of components, such as components[1].cards[0].components[2].text.
var (
	componentStep = regexp.MustCompile(`^(?:template\.)?components\[(\d+)\]\.?(.*)$`)
	cardStep      = regexp.MustCompile(`^cards\[(\d+)\]\.?(.*)$`)
)

// Source returns the path in the file of what a path in the components of a language is
// made from: for components[2].buttons[0].url perhaps languages.id.buttons[0].url. A path
// that is not one of components is returned as that of the language.
func (f *File) Source(l *Language, path string) string {
	language := childPath("languages", l.Code)
	step := componentStep.FindStringSubmatch(path)
	if step == nil {
		return language
	}
	parts := f.parts(l)
	i, err := strconv.Atoi(step[1])
	if err != nil || i >= len(parts) {
		return language
	}
	at, rest := parts[i].path, step[2]
	if len(l.Components) > 0 {
		return join(at, rest)
	}
	if step := cardStep.FindStringSubmatch(rest); step != nil {
		at = fmt.Sprintf("%s[%s]", at, step[1])
		card, err := strconv.Atoi(step[1])
		step = componentStep.FindStringSubmatch(step[2])
		if err != nil || card >= len(l.Cards) || step == nil {
			return at
		}
		inner := f.cardParts(l, l.Cards[card])
		if i, err = strconv.Atoi(step[1]); err != nil || i >= len(inner) {
			return at
		}
		at, rest = childPath(at, inner[i].path), step[2]
	}
	if list, found := strings.CutPrefix(rest, "buttons"); found {
		return at + list
	}
	return join(at, rest)
}

// join appends a path of members to another.
func join(at, rest string) string {
	if rest == "" || strings.HasPrefix(rest, "[") {
		return at + rest
	}
	return childPath(at, rest)
}
