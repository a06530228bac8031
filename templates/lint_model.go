package templates

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kirim-go/kirim"
)

// The rules look at a model of a file, which its two forms, texts and components,
// are brought into.

type fileModel struct {
	file      *File
	languages []*languageModel
}

type languageModel struct {
	source   *Language
	path     string // languages.id
	category kirim.TemplateCategory
	named    bool
	unknown  map[Unknown]bool
	content
	cards     []content
	cardsPath string
	offer     *offerModel
}

// content is what a language and a card of it consist of.
type content struct {
	path    string
	header  *headerModel
	body    *text
	footer  *text
	buttons []buttonModel
	// buttonsPath is where the list of buttons is.
	buttonsPath string
	// Of a one-time code, with the paths to them; empty for what is not there.
	recommendation, expiration string
	minutes                    int
}

type headerModel struct {
	path      string
	kind      string // as the API names it, in lower case; empty for none
	kinds     int    // how many of them it has
	text      *text
	media     Media
	mediaPath string
}

type offerModel struct {
	path, textPath, text string
	expires              bool
}

// buttonModel is a button in the form of a file; raw says that the file has it as the
// API does.
type buttonModel struct {
	Button
	path   string
	raw    bool
	url    *text
	coupon *text // with the variable of a coupon
	sample string
	loose  bool // an app that stands beside the list of apps
}

// member returns the path of a member of the button.
func (b *buttonModel) member(name string) string {
	if b.raw {
		switch name {
		case "code":
			name = "example"
		case "apps":
			name = "supported_apps"
		case "screen":
			name = "navigate_screen"
		case "terms_accepted":
			name = "zero_tap_terms_accepted"
		}
	}
	return childPath(b.path, name)
}

// text is a text with variables.
type text struct {
	path, value string
	wire        string // as the account gets it
	raw, named  bool
	occurrences []occurrence
	samples     map[string]string // by variable
}

// occurrence is a variable in a text.
type occurrence struct {
	name       string
	start, end int
}

func newText(path, value string) *text {
	t := &text{path: path, value: value, wire: value}
	for _, at := range variable.FindAllStringSubmatchIndex(value, -1) {
		t.occurrences = append(t.occurrences, occurrence{value[at[2]:at[3]], at[0], at[1]})
	}
	return t
}

// names are the variables of the text, each once, in its order.
func (t *text) names() (names []string) {
	if t == nil {
		return nil
	}
	seen := make(map[string]bool)
	for _, o := range t.occurrences {
		if !seen[o.name] {
			seen[o.name] = true
			names = append(names, o.name)
		}
	}
	return names
}

// first is the first occurrence of a variable.
func (t *text) first(name string) occurrence {
	return t.occurrences[slices.IndexFunc(t.occurrences, func(o occurrence) bool { return o.name == name })]
}

// length is how many characters the account gets.
func (t *text) length() int { return utf8.RuneCountInString(t.wire) }

// plain is the text without its variables.
func (t *text) plain() string { return variable.ReplaceAllString(t.value, "") }

// model returns the model of a file, and reports components that are not in the shape
// of the API.
func (l *linter) model(f *File) *fileModel {
	m := &fileModel{file: f}
	for i := range f.Languages {
		language := &f.Languages[i]
		lm := &languageModel{
			source: language, path: childPath("languages", language.Code), category: f.category(language), named: f.named(language),
			unknown: make(map[Unknown]bool),
		}
		for _, u := range language.Unknown {
			lm.unknown[u] = true
		}
		lm.content.path = lm.path
		if len(language.Components) > 0 {
			l.readComponents(lm)
		} else {
			lm.typed(f)
		}
		m.languages = append(m.languages, lm)
	}
	return m
}

// typed fills the model with the texts of a file.
func (m *languageModel) typed(f *File) {
	source := m.source
	at := func(field string) string { return childPath(m.path, field) }
	m.header = m.typedHeader(f, source.Header, at("header"))
	m.body = m.typedText(f, at("body"), source.Body)
	m.footer = m.typedText(f, at("footer"), source.Footer)
	m.buttons, m.buttonsPath = m.typedButtons(f, source.Buttons, at("buttons")), at("buttons")
	if source.SecurityRecommendation {
		m.recommendation = at("security_recommendation")
	}
	if m.minutes = source.CodeExpirationMinutes; m.minutes != 0 {
		m.expiration = at("code_expiration_minutes")
	}
	if source.Offer != nil {
		m.offer = &offerModel{at("offer"), at("offer.text"), source.Offer.Text, source.Offer.Expires}
	}
	m.cardsPath = at("cards")
	for i, card := range source.Cards {
		path := itemPath(m.cardsPath, i)
		m.cards = append(m.cards, content{
			path: path, header: m.typedHeader(f, card.Header, childPath(path, "header")),
			body:    m.typedText(f, childPath(path, "body"), card.Body),
			buttons: m.typedButtons(f, card.Buttons, childPath(path, "buttons")), buttonsPath: childPath(path, "buttons"),
		})
	}
}

// typedText returns a text of a file, and nil for an empty one.
func (m *languageModel) typedText(f *File, path, value string) *text {
	if value == "" {
		return nil
	}
	t := newText(path, value)
	t.named = m.named
	if !m.named {
		t.wire = numbered(value, f.variables(value))
	}
	t.samples = make(map[string]string)
	for _, name := range t.names() {
		t.samples[name] = f.Sample(m.source, name)
	}
	return t
}

func (m *languageModel) typedHeader(f *File, h *Header, path string) *headerModel {
	if h == nil {
		return nil
	}
	header := &headerModel{path: path}
	set := func(kind string, is bool) {
		if is {
			header.kind = cmp.Or(header.kind, kind)
			header.kinds++
		}
	}
	media := func(kind string, m *Media) {
		set(kind, m != nil)
		if m != nil {
			header.media, header.mediaPath = *m, childPath(path, kind)
		}
	}
	set("text", h.Text != "")
	media("image", h.Image)
	media("video", h.Video)
	media("document", h.Document)
	set("location", h.Location)
	set("product", h.Product)
	if h.Text != "" {
		textPath := childPath(path, "text")
		if _, found := f.nodes[textPath]; !found { // header: a text
			textPath = path
		}
		header.text = m.typedText(f, textPath, h.Text)
	}
	return header
}

func (m *languageModel) typedButtons(f *File, buttons []Button, path string) []buttonModel {
	models := make([]buttonModel, len(buttons))
	for i, b := range buttons {
		at := itemPath(path, i)
		model := buttonModel{Button: b, path: at}
		model.url = m.typedText(f, childPath(at, "url"), b.URL)
		model.coupon = m.typedText(f, childPath(at, "code"), b.Code)
		if names := model.coupon.names(); len(names) == 1 {
			model.sample = model.coupon.samples[names[0]]
		}
		models[i] = model
	}
	return models
}

// texts are the texts of the language and its cards that may have variables.
func (m *languageModel) texts() (texts []*text) {
	for _, c := range append([]content{m.content}, m.cards...) {
		if c.header != nil {
			texts = append(texts, c.header.text)
		}
		texts = append(texts, c.body)
		for i := range c.buttons {
			texts = append(texts, c.buttons[i].url, c.buttons[i].coupon)
		}
	}
	return slices.DeleteFunc(texts, func(t *text) bool { return t == nil })
}

// authentication reports whether the template is for one-time codes.
func (m *languageModel) authentication() bool { return m.category == kirim.TemplateAuthentication }

// raw reports whether the file has the language as components.
func (m *languageModel) raw() bool { return len(m.source.Components) > 0 }

// headerKind is the kind of the header; empty for none.
func (c *content) headerKind() string {
	if c.header == nil {
		return ""
	}
	return c.header.kind
}

// buttonTypes are the types of the buttons, such as "quick_reply, url".
func (c *content) buttonTypes() string {
	types := make([]string, len(c.buttons))
	for i, b := range c.buttons {
		types[i] = string(b.Type)
	}
	return strings.Join(types, ", ")
}
