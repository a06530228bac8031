package templates

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// FromRemotes returns a file for each template of an account, sorted by name, with its
// languages sorted by code.
//
// A template whose variables have numbers gets names for them: header; body_1, body_2 …;
// button_1 for the URL of the first button; coupon; card_1_body_1, card_1_button_1 on
// a card. One whose variables have names keeps them. A sample stands at the parameter
// when all languages that have the parameter have the same one, otherwise with the
// language.
//
// Category, format and time to live are those of the file where the languages agree.
// What the members of a [Language] cannot express exactly, so that [File.Params] would
// make something else of it, is in Components. What the account does not say is listed
// in Unknown.
//
// The texts that Meta wrote into a template for one-time codes are read as what asks
// for them: SecurityRecommendation, CodeExpirationMinutes and a button of type otp.
// That the second sentence of its body is the recommendation, and that the number in its
// footer is that of the minutes, is assumed where the account does not say it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/copy-code-button-authentication-templates
func FromRemotes(remotes []*Remote) []*File {
	var files []*File
	for _, group := range groups(remotes) {
		f, _ := fileOf(&File{Name: group[0].Name}, group)
		files = append(files, f)
	}
	return files
}

// groups returns the templates of an account by name, each with its languages by code.
// Of two with the same name and language, the first one counts.
func groups(remotes []*Remote) (groups [][]*Remote) {
	all := slices.DeleteFunc(slices.Clone(remotes), func(r *Remote) bool { return r == nil })
	slices.SortStableFunc(all, func(a, b *Remote) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Language, b.Language))
	})
	all = slices.CompactFunc(all, func(a, b *Remote) bool { return a.Name == b.Name && a.Language == b.Language })
	for i, r := range all {
		if i == 0 || r.Name != all[i-1].Name {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], r)
	}
	return groups
}

// How a language is written: with the names that the file has, with new names, or as
// the account has it.
const (
	withKnownNames = iota
	withNewNames
	asComponents
)

// fileOf returns a file with what an account says of some languages, and which of them
// that changed. The others stay as they are, and so does each that says the same
// already.
func fileOf(old *File, remotes []*Remote) (f *File, isChanged map[string]bool) {
	var changed []statement
	for _, r := range remotes {
		s := statementOf(r)
		if l := old.Language(s.code); l == nil || !s.agrees(old, l) || s.clears(l) {
			changed = append(changed, s)
		}
	}
	forms := make(map[string]int)
	isChanged = make(map[string]bool)
	for _, s := range changed {
		isChanged[s.code] = true
		if l := old.Language(s.code); l != nil && len(l.Components) > 0 {
			forms[s.code] = asComponents
		}
	}
	for {
		f = assemble(old, changed, forms)
		again := false
		for _, s := range changed {
			if forms[s.code] < asComponents && !s.agrees(f, f.Language(s.code)) {
				forms[s.code]++
				again = true
			}
		}
		if !again {
			return f, isChanged
		}
	}
}

// clears reports whether the account says what a mark in the file says it does not.
func (s statement) clears(l *Language) bool {
	unknown := s.unknown()
	return slices.ContainsFunc(l.Unknown, func(mark Unknown) bool { return !slices.Contains(unknown, mark) }) && (s.raw != nil || s.category != "")
}

// assemble returns the file with the changed languages in the given forms.
func assemble(old *File, changed []statement, forms map[string]int) *File {
	f := &File{
		Schema: old.Schema, Name: old.Name, Category: old.Category, Format: old.Format, TTLSeconds: old.TTLSeconds,
		Parameters: slices.Clone(old.Parameters), Languages: slices.Clone(old.Languages),
	}
	names := &naming{taken: make(map[string]bool), invented: make(map[place]string), places: make(map[string]place)}
	for _, p := range f.Parameters {
		names.taken[p.Name] = true
	}
	for _, s := range changed {
		if s.format == kirim.TemplateNamed {
			for _, c := range s.components {
				for _, match := range variable.FindAllStringSubmatch(c.Text, -1) {
					names.taken[match[1]] = true
				}
			}
		}
	}
	uses := make(map[string][]use)
	for _, s := range changed {
		written := &languageNames{naming: names}
		if forms[s.code] == withKnownNames {
			written.known = knownNames(old, s)
		}
		l := s.language(written)
		before := old.Language(s.code)
		if before != nil {
			l = adopt(*before, l, s)
		}
		if forms[s.code] == asComponents || s.components == nil && s.raw != nil {
			l = Language{Code: s.code, Components: s.asComponents(old, before), Unknown: l.Unknown}
			written.uses = nil
		}
		uses[s.code] = written.uses
		f.put(l)
	}
	f.settle(old, changed)
	f.declare(names, old)
	f.placeSamples(old, uses)
	for _, s := range changed {
		f.dropMarks(f.Language(s.code), old.Language(s.code))
	}
	return f
}

// asComponents returns the components as the account has them. Where it does not say
// all of them, the rest is as in the file.
func (s statement) asComponents(old *File, before *Language) Components {
	var components []kirim.ComponentDefinition
	if before != nil {
		components = old.Params(before).Components
	}
	if s.raw != nil {
		var theirs []kirim.ComponentDefinition
		if json.Unmarshal(s.raw, &theirs) == nil && adoptSamples(components, theirs) {
			return Components(mustMarshal(theirs))
		}
		return Components(s.raw)
	}
	for _, c := range s.components {
		i := slices.IndexFunc(components, func(known kirim.ComponentDefinition) bool { return strings.EqualFold(known.Type, c.Type) })
		if i < 0 {
			components = append(components, c)
			continue
		}
		known := &components[i]
		known.Text, known.Format = cmp.Or(c.Text, known.Text), cmp.Or(c.Format, known.Format)
		if len(c.Buttons) > 0 {
			known.Buttons = c.Buttons
		}
	}
	return Components(mustMarshal(components))
}

// knownNames are the names that a file has for the places of a template: first those
// of the language, then those of the others.
func knownNames(old *File, s statement) (names []map[place]string) {
	if l := old.Language(s.code); l != nil {
		names = append(names, old.placesIn(l, s))
	}
	for i := range old.Languages {
		if l := &old.Languages[i]; l.Code != s.code {
			names = append(names, old.placesIn(l, s))
		}
	}
	return names
}

// put sets a language. A new one goes where its code belongs if they are sorted, and
// else to the end.
func (f *File) put(l Language) {
	if old := f.Language(l.Code); old != nil {
		*old = l
		return
	}
	byCode := func(a, b Language) int { return cmp.Compare(a.Code, b.Code) }
	at := len(f.Languages)
	if slices.IsSortedFunc(f.Languages, byCode) {
		at, _ = slices.BinarySearchFunc(f.Languages, l, byCode)
	}
	f.Languages = slices.Insert(f.Languages, at, l)
}

// settle sets category, format and time to live: for the file where its languages
// agree, and else for those that differ from it.
func (f *File) settle(old *File, changed []statement) {
	categories, formats, lives := make([]kirim.TemplateCategory, len(f.Languages)), make([]kirim.TemplateParameterFormat, len(f.Languages)), make([]int, len(f.Languages))
	for i := range f.Languages {
		l := &f.Languages[i]
		before := old.Language(l.Code)
		if before == nil {
			before = &Language{}
		}
		categories[i], formats[i], lives[i] = old.category(before), kirim.TemplatePositional, cmp.Or(before.TTLSeconds, old.TTLSeconds)
		if old.named(before) {
			formats[i] = kirim.TemplateNamed
		}
		l.Category, l.Format, l.TTLSeconds = before.Category, before.Format, before.TTLSeconds
		for _, s := range changed {
			if s.code == l.Code {
				categories[i], formats[i], lives[i] = cmp.Or(s.category, categories[i]), cmp.Or(s.format, formats[i]), cmp.Or(s.ttl, lives[i])
			}
		}
	}
	isNew := len(old.Languages) == 0
	differs := func(same func(l *Language, i int) bool) bool {
		for i := range f.Languages {
			if !same(&f.Languages[i], i) {
				return true
			}
		}
		return false
	}
	if differs(func(l *Language, i int) bool { return f.category(l) == categories[i] }) {
		if category, all := most(categories); isNew || all {
			f.Category = category
		}
	}
	if differs(func(l *Language, i int) bool { return f.named(l) == (formats[i] == kirim.TemplateNamed) }) {
		if format, all := most(formats); isNew || all {
			f.Format = unless(format, kirim.TemplatePositional)
		}
	}
	if differs(func(l *Language, i int) bool { return cmp.Or(l.TTLSeconds, f.TTLSeconds) == lives[i] }) {
		if ttl, all := most(lives); all {
			f.TTLSeconds = ttl
		}
	}
	for i := range f.Languages {
		l := &f.Languages[i]
		if f.category(l) != categories[i] {
			l.Category = unless(categories[i], f.Category)
		}
		if f.named(l) != (formats[i] == kirim.TemplateNamed) {
			l.Format = unless(formats[i], cmp.Or(f.Format, kirim.TemplatePositional))
		}
		if cmp.Or(l.TTLSeconds, f.TTLSeconds) != lives[i] {
			l.TTLSeconds = unless(lives[i], f.TTLSeconds)
		}
	}
}

// unless returns a value, and nothing if the file has it.
func unless[T comparable](value, file T) T {
	if value == file {
		var none T
		return none
	}
	return value
}

// most returns the value that most items have, the first one of several, and whether
// all have it. Nothing counts only where there is nothing else.
func most[T comparable](values []T) (value T, all bool) {
	var none T
	count := make(map[T]int)
	for _, v := range values {
		count[v]++
	}
	for _, v := range values {
		if v != none && (value == none || count[v] > count[value]) {
			value = v
		}
	}
	return value, count[value] == len(values)
}
