package templates

import (
	"cmp"
	"slices"
	"strings"
)

// checkLanguages compares the languages of a file with its first one.
func (l *linter) checkLanguages(m *fileModel) {
	var first *languageModel
	for _, lm := range m.languages {
		switch {
		case lm.unknown[UnknownContent]:
		case first == nil:
			first = lm
		default:
			l.compareLanguages(first, lm)
		}
	}
	for _, raw := range []bool{false, true} { // texts have the names of a file, components perhaps numbers
		var alike []*languageModel
		for _, lm := range m.languages {
			if !lm.unknown[UnknownContent] && lm.raw() == raw && !lm.authentication() {
				alike = append(alike, lm)
			}
		}
		l.compareVariables(alike)
	}
}

func (l *linter) compareLanguages(a, b *languageModel) {
	decided := func(m *languageModel) bool { return m.header == nil || m.header.kinds == 1 }
	if kind, want := b.headerKind(), a.headerKind(); kind != want && decided(a) && decided(b) {
		path := b.path
		if b.header != nil {
			path = b.header.path
		}
		l.report("language-header", path, "%s has %s in its header, here is %s", a.source.Code, orNone(want), orNone(kind))
	}
	switch {
	case a.buttonTypes() != b.buttonTypes():
		path := b.path
		if len(b.buttons) > 0 {
			path = b.buttonsPath
		}
		l.report("language-buttons", path, "%s has the buttons %s, here are %s", a.source.Code, orNone(a.buttonTypes()), orNone(b.buttonTypes()))
	case len(a.cards) != len(b.cards):
		path := b.path
		if len(b.cards) > 0 {
			path = b.cardsPath
		}
		l.report("language-buttons", path, "%s has %d cards, here are %d", a.source.Code, len(a.cards), len(b.cards))
	}
}

// orNone is a list in a message, shortened.
func orNone(s string) string { return cmp.Or(shortened(s), "none") }

// compareVariables reports each language that lacks variables of the others.
func (l *linter) compareVariables(languages []*languageModel) {
	has := make([]map[string]bool, len(languages))
	all := make(map[string]bool)
	var order []string
	for i, lm := range languages {
		has[i] = make(map[string]bool)
		for _, t := range lm.texts() {
			for _, name := range t.names() {
				if has[i][name] = true; !all[name] {
					all[name] = true
					order = append(order, name)
				}
			}
		}
	}
	for i, lm := range languages {
		missing := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return has[i][name] })
		if len(missing) == 0 {
			continue
		}
		names := make([]string, min(len(missing), maxReports))
		for j := range names {
			names[j] = shown(missing[j])
		}
		l.report("language-parameters", lm.path, "another language has %s, this one has not", strings.Join(names, ", "))
	}
}

// checkAcross compares the files.
func (l *linter) checkAcross(models []*fileModel) {
	models = slices.Clone(models)
	slices.SortStableFunc(models, func(a, b *fileModel) int { return strings.Compare(a.file.Path(), b.file.Path()) })
	names := make(map[string]*File)
	templates, contents := make(map[[2]string]*File), make(map[[3]string]*File)
	for _, m := range models {
		f := m.file
		l.file = f
		if other := names[f.Name]; other != nil && f.Name != "" {
			l.report("name-in-two-files", "name", "%s has this name, too", placeOf(other))
		} else {
			names[f.Name] = f
		}
		for _, lm := range m.languages {
			key := [2]string{f.Name, lm.source.Code}
			if other := templates[key]; other != nil && f.Name != "" {
				l.report("same-template", lm.path, "%s has this template in this language, too", placeOf(other))
				continue
			}
			templates[key] = f
			if lm.body == nil || lm.authentication() {
				continue
			}
			content := [3]string{lm.source.Code, lm.body.wire, ""}
			if lm.footer != nil {
				content[2] = lm.footer.wire
			}
			if other := contents[content]; other != nil {
				l.report("duplicate-content", lm.body.path, "%s has the same body and footer in this language", placeOf(other))
				continue
			}
			contents[content] = f
		}
	}
}

// placeOf names a file in a message.
func placeOf(f *File) string {
	if f.Path() != "" {
		return f.Path()
	}
	return "another file"
}
