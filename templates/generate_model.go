package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// model is a template as code is generated for it.
type model struct {
	file      *File
	typeName  string
	fields    []field // the required ones first, in the order of the arguments
	languages []generatedLanguage

	cardFields []field // empty for cards that take nothing
}

// generatedLanguage is a language of a template.
type generatedLanguage struct {
	*Language
	constant string
	design   design
	onCards  map[string]string // see cardParameters
}

// modeler builds a model and collects what keeps it from being built.
type modeler struct {
	model
	problems []Problem
}

// modelOf returns the model of a template, or why there is none.
func modelOf(f *File) (*model, []Problem) {
	m := &modeler{model: model{file: f, typeName: goType(f.Name)}}
	if !templateName.MatchString(f.Name) {
		m.problem("name", "want 1 to 512 lower-case letters, digits and underscores, got %d characters", len([]rune(f.Name)))
	}
	if len(f.Languages) == 0 {
		m.problem("languages", "want at least one language")
	}
	for i := range f.Languages {
		m.language(&f.Languages[i])
	}
	if len(m.problems) == 0 {
		m.order()
		m.name()
	}
	return &m.model, m.problems
}

func (m *modeler) problem(path, format string, args ...any) {
	m.problems = append(m.problems, problemAt(m.file, path, format, args...))
}

func problemAt(f *File, path, format string, args ...any) Problem {
	return Problem{f.Path(), Fault{f.Position(path), path, fmt.Sprintf(format, args...)}}
}

// language adds a language. What it takes is what the first one takes.
func (m *modeler) language(l *Language) {
	d := m.file.designOf(l)
	before := len(m.problems)
	m.checkLanguage(l, d)
	if len(m.problems) > before {
		return
	}
	language := generatedLanguage{l, goLanguage(l.Code), d, d.cardParameters()}
	fields, cardFields := fieldsOf(d), []field(nil)
	for i, card := range d.cards {
		own, shared := language.split(fieldsOf(card))
		if i > 0 {
			m.compare(card.path, cardFields, own, "the first card")
		}
		fields, cardFields = merged(append(fields, shared...)), merged(append(cardFields, own...))
	}
	if len(cardFields) > 0 {
		kind := fieldKind{goType: "[" + strconv.Itoa(len(d.cards)) + "]" + m.typeName + "Card"}
		if d.ofProducts() {
			kind = fieldKind{"[]" + m.typeName + "Card", `len($) < 2 || len($) > 10`, "2 to 10 cards", "fewer or more"}
		}
		fields = append(fields, field{key: cardsKey, kind: kind, required: true, doc: "are the cards of the carousel", path: childPath(d.path, "cards")})
	}
	if len(m.languages) > 0 {
		m.compare(d.path, m.fields, fields, m.languages[0].Code)
		m.compare(d.path, m.cardFields, cardFields, m.languages[0].Code)
	}
	m.languages = append(m.languages, language)
	m.fields, m.cardFields = merged(append(m.fields, fields...)), merged(append(m.cardFields, cardFields...))
}

// split tells the fields of the struct of a card from those of the template.
func (l *generatedLanguage) split(fields []field) (own, shared []field) {
	for _, f := range fields {
		name, numbered := l.onCards[f.key]
		switch {
		case numbered:
			f.key, f.doc = name, "fills {{"+name+"}} of the card"
			own = append(own, f)
		case strings.HasPrefix(f.key, "#"):
			own = append(own, f)
		default:
			shared = append(shared, f)
		}
	}
	return own, shared
}

// compare reports required values of one list that the other lacks.
func (m *modeler) compare(path string, want, got []field, where string) {
	lacks := func(of []field, f field) bool {
		return f.required && !slices.ContainsFunc(of, func(o field) bool { return o.key == f.key && o.kind.goType == f.kind.goType })
	}
	for _, f := range want {
		if lacks(got, f) {
			m.problem(path, "it lacks %s, which %s has%s", f.described(), where, seeLint)
		}
	}
	for _, f := range got {
		if lacks(want, f) {
			m.problem(f.path, "%s lacks %s%s", where, f.described(), seeLint)
		}
	}
}

// seeLint ends what lint says more about.
const seeLint = "; the arguments are the same for all (see lint)"

// described names a field in an error.
func (f field) described() string {
	switch {
	case f.key == cardsKey:
		return "cards of the type " + f.kind.goType
	case strings.HasPrefix(f.key, "#"):
		return "a value of the type " + f.kind.goType
	}
	return "{{" + f.key + "}}"
}

// order sorts the fields into the order of the arguments: the header, the parameters
// as the file declares them, and the other values. Optional ones come last.
func (m *modeler) order() {
	last := []string{codeKey, offerKey, productsKey, paymentKey, cardsKey}
	rank := func(f field) int {
		declared := slices.IndexFunc(m.file.Parameters, func(p Parameter) bool { return p.Name == f.key })
		switch {
		case !f.required:
			return 2000 + len(m.file.Parameters)
		case strings.HasPrefix(f.key, headerKey):
			return -1
		case strings.HasPrefix(f.key, "#"):
			return 1000 + len(m.file.Parameters) + slices.Index(last, f.key)
		case declared < 0:
			return len(m.file.Parameters)
		}
		return declared
	}
	byRank := func(a, b field) int { return cmp.Compare(rank(a), rank(b)) }
	slices.SortStableFunc(m.fields, byRank)
	slices.SortStableFunc(m.cardFields, byRank)
}

// name gives the fields and arguments their names.
func (m *modeler) name() {
	m.nameFields(m.fields)
	m.nameFields(m.cardFields)
}

func (m *modeler) nameFields(fields []field) {
	var taken []string // by values that have no name in the file
	for i := range fields {
		if key, ok := strings.CutPrefix(fields[i].key, "#"); ok {
			fields[i].name = goField(strings.TrimPrefix("#"+key, headerKey), nil)
			taken = append(taken, fields[i].name)
		}
	}
	byName := make(map[string]field)
	for i := range fields {
		f := &fields[i]
		if f.name == "" {
			f.name = goField(f.key, taken)
		}
		if f.required {
			f.argument = goArgument(f.name, f.key)
		}
		for _, name := range []string{f.name, f.argument} {
			if other, exists := byName[name]; exists && name != "" {
				m.problem(f.path, "%s and %s have the same name in Go, %s: rename one of them", other.described(), f.described(), name)
				break
			}
		}
		byName[f.name], byName[f.argument] = *f, *f
	}
}
