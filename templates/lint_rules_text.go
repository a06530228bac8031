package templates

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxReports limits what is said about the variables of one text.
const maxReports = 20

// checkTexts decides the rules about all texts with variables.
func (l *linter) checkTexts(m *languageModel) {
	for _, t := range m.texts() {
		l.checkBraces(t)
		switch {
		case t.raw && t.named:
			l.checkRawNames(t)
		case t.raw:
			l.checkNumbers(t)
		default:
			l.checkDeclared(t)
		}
		l.checkSamples(m, t)
	}
}

// checkBraces reports the first brace that belongs to no variable.
func (l *linter) checkBraces(t *text) {
	at := -1
	masked := []byte(t.value)
	for _, o := range t.occurrences {
		if o.start > 0 && t.value[o.start-1] == '{' && at < 0 {
			at = o.start - 1
		}
		if o.end < len(t.value) && t.value[o.end] == '}' && at < 0 {
			at = o.end
		}
		for i := o.start; i < o.end; i++ {
			masked[i] = ' '
		}
	}
	for _, braces := range []string{"{{", "}}"} {
		if i := strings.Index(string(masked), braces); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at >= 0 {
		l.reportIn("malformed-variable", t, at, "these braces are not those of a variable, such as {{name}}")
	}
}

func (l *linter) checkRawNames(t *text) {
	for _, name := range capped(t.names()) {
		if !namedName.MatchString(name) {
			l.reportIn("variable-format", t, t.first(name).start, "the format is named: want a name of lower-case letters and underscores")
		}
	}
}

// checkNumbers reports variables of components that are not numbers, or not all from 1.
func (l *linter) checkNumbers(t *text) {
	names := t.names()
	for _, name := range capped(names) {
		if n, err := strconv.Atoi(name); err != nil || n < 0 {
			l.reportIn("variable-format", t, t.first(name).start, "the format is positional: want a number, such as {{1}}")
			return
		}
	}
	numbers := make([]int, len(names))
	for i, name := range names {
		numbers[i], _ = strconv.Atoi(name)
	}
	sorted := slices.Sorted(slices.Values(numbers))
	for i, n := range sorted {
		if n != i+1 {
			l.reportIn("variable-number", t, t.first(names[slices.Index(numbers, n)]).start, "want {{%d}}: variables count from 1 without gaps", i+1)
			return
		}
	}
	l.checkOrder(t, numbers, names)
}

// checkDeclared reports variables of a text of a file that are no parameters.
func (l *linter) checkDeclared(t *text) {
	names, declared := t.names(), true
	for _, name := range capped(names) {
		if l.file.parameter(name) == nil {
			l.reportIn("undeclared-variable", t, t.first(name).start, "%s is not in parameters", shown(name))
			declared = false
		}
	}
	if t.named || !declared {
		return
	}
	order := l.file.variables(t.value)
	places := make(map[string]int, len(order))
	for i, name := range order {
		places[name] = i + 1
	}
	numbers := make([]int, len(names))
	for i, name := range names {
		numbers[i] = places[name]
	}
	l.checkOrder(t, numbers, names)
}

// checkOrder reports the first variable whose number is lower than one before it.
func (l *linter) checkOrder(t *text, numbers []int, names []string) {
	for i := 1; i < len(numbers); i++ {
		if numbers[i] < numbers[i-1] {
			l.reportIn("variable-order", t, t.first(names[i]).start,
				"this is {{%d}} and stands after {{%d}}; bring the parameters into the order of the text, or use the format named", numbers[i], numbers[i-1])
			return
		}
	}
}

// checkSamples reports variables without samples: that of a parameter where it is
// declared, once.
func (l *linter) checkSamples(m *languageModel, t *text) {
	if m.unknown[UnknownSamples] || m.authentication() {
		return
	}
	for _, name := range capped(t.names()) {
		sample := t.samples[name]
		switch {
		case sample != "" && t.raw:
			l.checkSample(t.path, sample)
		case sample != "":
		case t.raw:
			l.reportIn("sample-missing", t, t.first(name).start, "%s has no sample", shown(name))
		case l.file.parameter(name) != nil:
			l.report("sample-missing", childPath("parameters", name), "%s has no sample for Meta's review", shown(name))
		}
	}
}

func capped(names []string) []string { return names[:min(len(names), maxReports)] }

// checkContent decides the rules about header, body and footer.
func (l *linter) checkContent(m *languageModel) {
	l.checkHeader(m, m.header)
	for i := range m.cards {
		l.checkHeader(m, m.cards[i].header)
	}
	if m.authentication() {
		return // which has no texts
	}
	if m.body == nil && !m.unknown[UnknownContent] {
		l.report("body-missing", childPath(m.path, "body"), "want a body")
	}
	if m.body != nil {
		limit, rule := 1024, "body-length"
		switch {
		case m.offer != nil:
			limit, rule = 600, "offer-body-length"
		case m.headerKind() == "product":
			limit, rule = 160, "card-body-length"
		}
		l.checkLength(rule, m.body, "the body", limit)
		l.checkEdges(m.body)
		l.checkAmount(m.body)
	}
	if t := m.footer; t != nil {
		l.checkLength("footer-length", t, "the footer", 60)
		if len(t.occurrences) > 0 {
			l.reportIn("footer-variable", t, t.occurrences[0].start, "a footer has no variables")
		} else {
			l.checkBraces(t)
		}
		if hasNewline(t.value) || hasEmoji(t.value) {
			l.report("footer-characters", t.path, "want no newlines and no emojis in a footer")
		}
	}
}

func (l *linter) checkLength(rule string, t *text, what string, limit int) {
	if n := t.length(); n > limit {
		l.report(rule, t.path, "%s has %d characters; want at most %d", what, n, limit)
	}
}

func (l *linter) checkHeader(m *languageModel, h *headerModel) {
	if h == nil {
		return
	}
	if h.kinds != 1 {
		l.report("header-choice", h.path, "want one of a text, an image, a video, a document, a location and a product, got %d of them", h.kinds)
	}
	if t := h.text; t != nil && !m.authentication() {
		l.checkLength("header-length", t, "the header", 60)
		if len(t.occurrences) > 1 {
			l.reportIn("header-variables", t, t.occurrences[1].start, "want at most one variable in a header, got %d", len(t.occurrences))
		}
		if strings.ContainsAny(t.plain(), "*_~`") {
			l.report("header-markup", t.path, "want no markup in a header")
		}
		if hasNewline(t.value) || hasEmoji(t.value) {
			l.report("header-characters", t.path, "want no newlines and no emojis in a header")
		}
	}
	if h.mediaPath != "" {
		l.checkMedia(m, h)
	}
}

func (l *linter) checkMedia(m *languageModel, h *headerModel) {
	n := 0
	for _, field := range []string{h.media.URL, h.media.Handle, h.media.File} {
		if field != "" {
			n++
		}
	}
	if n > 1 {
		l.report("media-choice", h.mediaPath, "want one of url, handle and file, got %d of them", n)
	}
	if n == 0 && !m.unknown[UnknownSamples] {
		l.report("media-sample", h.mediaPath, "want a sample for Meta's review: a url, a handle or a file")
	}
	link := h.media.URL
	if strings.Contains(h.media.Handle, "://") { // Kirim takes a link as a handle
		link = cmp.Or(link, h.media.Handle)
	}
	if why := linkFault(link); link != "" && why != "" {
		l.report("media-link", h.mediaPath, "the link of the sample %s", why)
	}
	if h.kind == "image" && (otherImage(link) || otherImage(h.media.File)) {
		l.report("media-type", h.mediaPath, "want a sample that is JPEG or PNG")
	}
}

// checkEdges decides the rules about where the variables of a body are.
func (l *linter) checkEdges(t *text) {
	if len(t.occurrences) == 0 {
		return
	}
	first, last := t.occurrences[0], t.occurrences[len(t.occurrences)-1]
	edge := func(around, end string, at int) {
		switch {
		case strings.TrimSpace(around) == "":
			l.reportIn("variable-at-edge", t, at, "want text at the %s of the body, got a variable", end)
		case !strings.ContainsFunc(around, isWordRune):
			l.reportIn("variable-near-edge", t, at, "want a word at the %s of the body, got punctuation and a variable", end)
		}
	}
	edge(t.value[:first.start], "start", first.start)
	edge(t.value[last.end:], "end", last.start)
	for i := 1; i < len(t.occurrences); i++ {
		if before := t.occurrences[i-1]; strings.TrimSpace(t.value[before.end:t.occurrences[i].start]) == "" {
			l.reportIn("adjacent-variables", t, t.occurrences[i].start, "want text between two variables")
			return
		}
	}
}

// checkAmount reports a body with fewer than two words for each variable. Scripts
// without spaces are not counted.
func (l *linter) checkAmount(t *text) {
	plain := t.plain()
	if strings.ContainsFunc(plain, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	}) {
		return
	}
	words := 0
	for field := range strings.FieldsSeq(variable.ReplaceAllString(t.value, " ")) {
		if strings.ContainsFunc(field, isWordRune) {
			words++
		}
	}
	if n := len(t.names()); words < 2*n {
		l.reportIn("too-many-variables", t, t.occurrences[0].start, "%d words stand beside %d variables; use at least %d", words, n, 2*n)
	}
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || isEmoji(r) }

func hasNewline(s string) bool { return strings.ContainsAny(s, "\r\n") }

func hasEmoji(s string) bool { return strings.ContainsFunc(s, isEmoji) }

// isEmoji reports whether a character is shown as a picture, as far as ranges tell.
func isEmoji(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FBFF || r >= 0x2600 && r <= 0x27BF || r == 0xFE0F || r >= 0x23E9 && r <= 0x23FA ||
		r == 0x231A || r == 0x231B || r == 0x2B50 || r == 0x2B55 || r == 0x2B1B || r == 0x2B1C
}
