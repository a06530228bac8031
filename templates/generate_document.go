package templates

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// commentWidth is where lines of comments break, in bytes.
const commentWidth = 90

// comment writes a text as a comment of lines that are not too long.
func (c *coder) comment(text string) {
	line := "//"
	for word := range strings.FieldsSeq(commentText(text)) {
		if len(line)+1+len(word) > commentWidth && line != "//" {
			c.line(line)
			line = "//"
		}
		line += " " + word
	}
	c.line(line)
}

// commentText replaces what is not in comments.
func commentText(text string) string {
	return strings.Map(func(r rune) rune {
		if notInComments(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
}

// notInComments reports what Go does not take in a comment, and what would show it in
// another order than it has.
func notInComments(r rune) bool {
	return unicode.IsControl(r) || r == '\uFEFF' || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// document writes the comment of the type of a template, with its texts.
func (m *model) document(c *coder) {
	category := strings.ToLower(string(m.file.category(m.languages[0].Language)))
	c.comment(fmt.Sprintf("%s is the template %s, of the category %s. [New%s] takes what it requires.",
		m.typeName, m.file.Name, cmp.Or(category, "unknown"), m.typeName))
	for _, l := range m.languages {
		c.line("//\n// In " + l.Code + ":\n//")
		for _, line := range l.design.lines("") {
			c.line(strings.TrimRight("//\t"+commentText(line), " \t"))
		}
	}
}

// lines are the texts of a design as a recipient sees them, with the variables.
func (d design) lines(indent string) (lines []string) {
	add := func(text string) {
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, indent+line)
		}
	}
	if h := d.header; h != nil && h.format == "text" {
		add(h.text)
	} else if h != nil {
		add("(" + h.format + ")")
	}
	if d.title != "" {
		add("(offer) " + d.title)
	}
	switch {
	case d.body != nil && d.body.text != "":
		add(d.body.text)
	case d.oneTimeCode:
		add("(the code, in a text by Meta)")
	}
	if d.footer != "" {
		add(d.footer)
	}
	for _, b := range d.buttons {
		label := b.text
		if label == "" {
			label = string(b.kind)
		}
		add(strings.TrimSpace("[" + label + "] " + b.url))
	}
	for i, card := range d.cards {
		add(fmt.Sprintf("Card %d:", i+1))
		lines = append(lines, card.lines(indent+"  ")...)
	}
	return lines
}
