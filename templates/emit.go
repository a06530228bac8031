package templates

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// appendBlock appends the members or items of a tree, each on lines of its own.
func appendBlock(b []byte, n *yaml.Node, indent int) []byte {
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			b = appendItem(b, item, indent)
		}
		return b
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		b = appendEntry(b, n.Content[i], n.Content[i+1], indent)
	}
	return b
}

// appendEntry appends a member of a mapping.
func appendEntry(b []byte, key, value *yaml.Node, indent int) []byte {
	b = appendComments(b, key.HeadComment, indent)
	name := inlineText(key, false)
	b = appendSpaces(b, indent)
	if len(name) > 1000 { // longer than YAML allows for a key on the line of its value
		b = append(append(append(b, "? "...), name...), '\n')
		name = ""
		b = appendSpaces(b, indent)
	}
	return appendValue(append(append(b, name...), ':'), value, indent)
}

// appendValue appends what comes after a colon and ends the line.
func appendValue(b []byte, value *yaml.Node, indent int) []byte {
	value = short(value)
	switch {
	case isLiteral(value):
		b = append(append(b, ' '), literalHeader(value)...)
		return appendLiteral(append(b, '\n'), value.Value, indent+2)
	case isInline(value):
		b = append(append(b, ' '), inlineText(value, false)...)
		if value.LineComment != "" {
			b = append(append(b, ' '), value.LineComment...)
		}
		return append(b, '\n')
	}
	return appendBlock(append(b, '\n'), value, indent+2)
}

// appendItem appends an item of a list.
func appendItem(b []byte, item *yaml.Node, indent int) []byte {
	b = appendComments(b, item.HeadComment, indent)
	b = append(appendSpaces(b, indent), '-')
	item = short(item)
	if isLiteral(item) || isInline(item) {
		return appendValue(b, item, indent)
	}
	block := appendBlock(nil, item, indent+2)
	return append(append(b, ' '), block[indent+2:]...)
}

func appendComments(b []byte, comments string, indent int) []byte {
	for line := range strings.Lines(comments) {
		b = append(append(appendSpaces(b, indent), strings.TrimSpace(line)...), '\n')
	}
	return b
}

func appendSpaces(b []byte, n int) []byte { return append(b, strings.Repeat(" ", n)...) }

// isInline reports what is written on one line.
func isInline(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && !isLiteral(n) || n.Tag == tagFlow || n.Kind != yaml.ScalarNode && len(n.Content) == 0
}

// isLiteral reports a text that is written as a literal block.
func isLiteral(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "\n") && canBeLiteral(n.Value)
}

func canBeLiteral(text string) bool {
	if text == "" || strings.HasSuffix(text, "\n") || strings.ContainsAny(text[:1], " \t\n") {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !isPrintable(r) })
}

// literalHeader begins a literal block. The line end of a body's last line does not
// count, so that it need not be removed.
func literalHeader(n *yaml.Node) string {
	if n.Tag == tagBody {
		return "|"
	}
	return "|-"
}

func appendLiteral(b []byte, text string, indent int) []byte {
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			b = append(appendSpaces(b, indent), line...)
		}
		b = append(b, '\n')
	}
	return b
}

// inlineText returns a node on one line. In a flow, some characters end a text that
// has no quotes.
func inlineText(n *yaml.Node, inFlow bool) string {
	n = short(n)
	switch n.Kind {
	case yaml.MappingNode:
		members := make([]string, 0, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			members = append(members, inlineText(n.Content[i], true)+": "+inlineText(n.Content[i+1], true))
		}
		return "{" + strings.Join(members, ", ") + "}"
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, item := range n.Content {
			items[i] = inlineText(item, true)
		}
		return "[" + strings.Join(items, ", ") + "]"
	default: // a text or a number
	}
	switch n.Tag {
	case "!!null", "!!bool":
		return n.Value
	case "!!int", "!!float":
		if !plainNumber.MatchString(n.Value) {
			return n.Tag + " " + n.Value
		}
		return n.Value
	}
	if isPlain(n.Value, inFlow) {
		return n.Value
	}
	return quoted(n.Value)
}

var (
	plainNumber = regexp.MustCompile(`^-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,16})?$`)
	// reserved are the words that are no texts in one of the versions of YAML.
	reserved = regexp.MustCompile(`(?i)^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$`)
)

// isPlain reports whether a text needs no quotes.
func isPlain(text string, inFlow bool) bool {
	first, _ := utf8.DecodeRuneInString(text)
	if !unicode.IsLetter(first) && first != '_' || reserved.MatchString(text) || strings.HasSuffix(text, " ") || strings.HasSuffix(text, ":") ||
		strings.Contains(text, ": ") || strings.Contains(text, " #") || inFlow && strings.ContainsAny(strings.ReplaceAll(text, "://", ""), ",[]{}:") {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r == '\t' || !isPrintable(r) })
}

// isPrintable reports whether YAML takes a character as it is.
func isPrintable(r rune) bool {
	switch r {
	case 0x7f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff, utf8.RuneError:
		return false
	}
	return r >= ' ' && r < 0x7f || r >= 0xa0
}

// quoted returns a text in quotes: single ones where double ones would make it longer.
func quoted(text string) string {
	isLong := strings.ContainsAny(text, `"\`)
	if isLong && !strings.ContainsFunc(text, func(r rune) bool { return !isPrintable(r) }) {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return doubleQuoted(text)
}

func doubleQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if isPrintable(r) {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, `\U%08X`, r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
