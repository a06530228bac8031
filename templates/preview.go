package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// codeParameter is the name of the value of a one-time code whose file has no
// parameters, and sampleCode what a preview shows of it.
const (
	codeParameter = "code"
	sampleCode    = "123456"
)

// Preview returns what the recipient sees of the template in a language, such as id.
// The values are by the names of the parameters; those that are missing are the samples
// of the file. A variable that has neither stays as it is, such as {{order}}.
//
// A one-time code has the text that Meta gives it, in English. Its code is the first
// parameter of the file or, where there is none, the value code.
//
// An unknown language, a value for a parameter that the template does not have, and a
// language without a body are errors.
func (f *File) Preview(language string, values map[string]string) (kirim.TemplatePreview, error) {
	l := f.Language(language)
	if l == nil {
		return kirim.TemplatePreview{}, fmt.Errorf("templates: %s: want one of the languages %s, got %q", f.Name, strings.Join(f.codes(), ", "), language)
	}
	if f.category(l) != kirim.TemplateAuthentication && l.Body == "" && len(l.Components) == 0 {
		return kirim.TemplatePreview{}, fmt.Errorf("templates: %s in %s: want a body", f.Name, l.Code)
	}
	known := f.ParameterNames()
	for _, name := range sortedKeys(values) {
		if !slices.Contains(known, name) {
			return kirim.TemplatePreview{}, fmt.Errorf("templates: %s: want values for %s, got one for %q", f.Name, cmp.Or(strings.Join(known, ", "), "nothing"), name)
		}
	}
	shown := *l
	shown.Samples = nil
	for _, name := range known {
		shown.Samples = append(shown.Samples, Sample{name, cmp.Or(values[name], f.Sample(l, name), "{{"+name+"}}")})
	}
	params := f.Params(&shown)
	var p filler
	if len(l.Components) > 0 {
		p.values = values
	}
	if f.category(l) == kirim.TemplateAuthentication {
		p.code = cmp.Or(values[f.codeName()], f.Sample(l, f.codeName()), sampleCode)
	}
	message := kirim.Template{Name: f.Name, Language: l.Code, Components: p.fill(params.Components)}
	preview, err := message.Preview(params.Definition())
	if err != nil {
		return kirim.TemplatePreview{}, fmt.Errorf("templates: %s in %s: %w", f.Name, l.Code, err)
	}
	return preview, nil
}

// codes are the codes of the languages.
func (f *File) codes() (codes []string) {
	for _, l := range f.Languages {
		codes = append(codes, l.Code)
	}
	return codes
}

// ParameterNames returns the names of the values that [File.Preview] takes: those of the
// parameters, of the variables that are none of these, and of a one-time code.
func (f *File) ParameterNames() (names []string) {
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, p := range f.Parameters {
		add(p.Name)
	}
	for i := range f.Languages {
		l := &f.Languages[i]
		if f.category(l) == kirim.TemplateAuthentication {
			add(f.codeName())
		}
		texts := l.texts()
		if len(l.Components) > 0 {
			texts = nil
			for _, c := range f.Params(l).Components {
				texts = append(texts, c.Text)
			}
		}
		for _, text := range texts {
			for _, name := range f.variables(text) {
				add(name)
			}
		}
	}
	return names
}

// codeName is the name of the value of a one-time code.
func (f *File) codeName() string {
	if len(f.Parameters) > 0 {
		return f.Parameters[0].Name
	}
	return codeParameter
}

// texts are all that can have variables, apart from components.
func (l *Language) texts() (texts []string) {
	add := func(h *Header, body string, buttons []Button) {
		if h != nil {
			texts = append(texts, h.Text)
		}
		texts = append(texts, body)
		for _, b := range buttons {
			texts = append(texts, b.URL, b.Code)
		}
	}
	add(l.Header, l.Body, l.Buttons)
	for _, card := range l.Cards {
		add(card.Header, card.Body, card.Buttons)
	}
	return texts
}

// filler fills components with the samples that their definitions have.
type filler struct {
	code   string            // of a one-time code
	values map[string]string // for the variables of components as the API has them
}

func (p filler) fill(definitions []kirim.ComponentDefinition) (filled []kirim.Component) {
	for _, c := range definitions {
		example := kirim.TemplateExample{}
		if c.Example != nil {
			example = *c.Example
		}
		switch strings.ToUpper(c.Type) {
		case "HEADER":
			if media := mediaParameter(c.Format, example.HeaderURL); media != nil {
				filled = append(filled, kirim.Component{Type: "header", Parameters: []kirim.Parameter{*media}})
				continue
			}
			filled = append(filled, kirim.Component{Type: "header", Parameters: p.texts(c.Text, example.HeaderText, example.HeaderNamed)})
		case "BODY":
			var samples []string
			if len(example.BodyText) > 0 {
				samples = example.BodyText[0]
			}
			parameters := p.texts(c.Text, samples, example.BodyNamed)
			if c.Text == "" && p.code != "" { // Meta writes it around the code
				parameters = []kirim.Parameter{kirim.TextParameter(p.code)}
			}
			filled = append(filled, kirim.FillBodyParameters(parameters...))
		case "BUTTONS":
			for i, b := range c.Buttons {
				if component := p.button(i, b); component != nil {
					filled = append(filled, *component)
				}
			}
		case "CAROUSEL":
			cards := make([][]kirim.Component, len(c.Cards))
			for i, card := range c.Cards {
				cards[i] = p.fill(card.Components)
			}
			filled = append(filled, kirim.FillCarousel(cards...))
		}
	}
	return filled
}

// mediaParameter is the sample of a media header, nil without one.
func mediaParameter(format string, links []string) *kirim.Parameter {
	if len(links) == 0 {
		return nil
	}
	switch strings.ToUpper(format) {
	case "IMAGE":
		return &kirim.Parameter{Type: "image", Image: &kirim.Image{Link: links[0]}}
	case "VIDEO":
		return &kirim.Parameter{Type: "video", Video: &kirim.Video{Link: links[0]}}
	case "DOCUMENT":
		return &kirim.Parameter{Type: "document", Document: &kirim.Document{Link: links[0]}}
	}
	return nil
}

// texts are the values of the variables of a text, by their names.
func (p filler) texts(text string, samples []string, named []kirim.NamedSample) (parameters []kirim.Parameter) {
	var names []string
	for _, match := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	for _, name := range names {
		value := p.values[name]
		if n, err := strconv.Atoi(name); value == "" && err == nil && n >= 1 && n <= len(samples) {
			value = samples[n-1]
		}
		for _, s := range named {
			if value == "" && s.Name == name {
				value = s.Example
			}
		}
		parameters = append(parameters, kirim.NamedTextParameter(name, value))
	}
	return parameters
}

// button fills a button, if there is something to fill in.
func (p filler) button(index int, b kirim.ButtonDefinition) *kirim.Component {
	var sample string
	if len(b.Example) > 0 {
		sample = b.Example[0]
	}
	var c kirim.Component
	switch strings.ToUpper(b.Type) {
	case "URL":
		at := variable.FindStringIndex(b.URL)
		if at == nil {
			return nil
		}
		// Meta's older examples have the whole URL as the sample.
		c = kirim.ButtonURL(index, strings.TrimPrefix(sample, b.URL[:at[0]]))
	case "COPY_CODE":
		c = kirim.ButtonCopyCode(index, sample)
	case "OTP":
		c = kirim.ButtonURL(index, p.code)
	default:
		return nil
	}
	return &c
}
