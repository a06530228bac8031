package templates

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// layout is where the nodes of a text are, in bytes. Nodes have where they begin only;
// where they end depends on how they are written.
type layout struct {
	text     []byte
	lines    []int // where each line begins
	comments []span
	failed   bool // something is written in a way that is not known here

	line    int   // whose columns are known
	columns []int // where each character of that line begins, and where the line ends
}

// span is a part of a text.
type span struct{ start, end int }

func newLayout(text []byte, root *yaml.Node) *layout {
	l := &layout{text: text, lines: []int{0}}
	for i, b := range text {
		if b == '\n' {
			l.lines = append(l.lines, i+1)
		}
	}
	l.findComments(root)
	return l
}

// findComments finds each # that is not in a text.
func (l *layout) findComments(root *yaml.Node) {
	masked := make([]bool, len(l.text)+1)
	var mask func(n *yaml.Node)
	mask = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			start, end := l.start(n), l.end(n)
			for i := start; i < end; i++ {
				masked[i] = true
			}
			if isBlockText(n) { // a comment may follow what begins it
				for i := range l.text[start:l.lineEnd(start)] {
					masked[start+i] = false
				}
			}
		}
		for _, child := range n.Content {
			mask(child)
		}
	}
	mask(root)
	for i := 0; i < len(l.text); i++ {
		if l.text[i] == '#' && !masked[i] && (i == 0 || strings.IndexByte(" \t\n", l.text[i-1]) >= 0) {
			end := l.lineEnd(i)
			l.comments = append(l.comments, span{i, end})
			i = end
		}
	}
}

// commentsIn returns the comments that begin in a part of the text.
func (l *layout) commentsIn(start, end int) (found []string) {
	for _, c := range l.comments {
		if c.start >= start && c.start < end {
			found = append(found, strings.TrimSpace(string(l.text[c.start:c.end])))
		}
	}
	return found
}

// fail notes that the text is written in a way that is not known here.
func (l *layout) fail() int {
	l.failed = true
	return 0
}

// start is where a node begins.
func (l *layout) start(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(l.lines) {
		return l.fail()
	}
	if l.line != n.Line { // most nodes are on the line of the one before
		l.line, l.columns = n.Line, nil
		start := l.lines[n.Line-1]
		for at := range string(l.text[start:l.lineEnd(start)]) {
			l.columns = append(l.columns, start+at)
		}
		l.columns = append(l.columns, l.lineEnd(start))
	}
	if n.Column < 1 || n.Column > len(l.columns) {
		return l.fail()
	}
	return l.columns[n.Column-1]
}

// lineOf is the index of the line of an offset.
func (l *layout) lineOf(at int) int {
	i, found := slices.BinarySearch(l.lines, at)
	if !found {
		i--
	}
	return i
}

func (l *layout) lineStart(at int) int { return l.lines[l.lineOf(at)] }

// lineEnd is where the line of an offset ends, before its line feed.
func (l *layout) lineEnd(at int) int {
	if i := bytes.IndexByte(l.text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(l.text)
}

// nextLine is where the line after that of an offset begins.
func (l *layout) nextLine(at int) int { return min(l.lineEnd(at)+1, len(l.text)) }

// column is how many spaces are before an offset that is the first in its line, after
// the dashes of lists.
func (l *layout) column(at int) int { return at - l.lineStart(at) }

func isFlow(n *yaml.Node) bool { return n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle != 0 }

func isBlockText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// isAbsent reports a key without a value.
func isAbsent(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// end is where a node ends. Of a block it is the end of the last line with text.
func (l *layout) end(n *yaml.Node) int {
	start := l.start(n)
	switch {
	case l.failed || isAbsent(n):
		return start
	case isFlow(n):
		return l.flowEnd(n, start)
	case n.Kind != yaml.ScalarNode:
		if len(n.Content) == 0 {
			return l.fail()
		}
		return l.end(n.Content[len(n.Content)-1])
	case isBlockText(n):
		_, end := l.block(start)
		return end
	case start < len(l.text) && l.text[start] == '!': // a tag
		i := bytes.IndexByte(l.text[start:l.lineEnd(start)], ' ')
		if i < 0 {
			return l.fail()
		}
		start += i + 1
	}
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return l.quotedEnd(start, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return l.quotedEnd(start, '\'')
	}
	return l.plainEnd(n, start)
}

// flowEnd is where a list or a mapping in brackets ends.
func (l *layout) flowEnd(n *yaml.Node, start int) int {
	if start >= len(l.text) || l.text[start] != '{' && l.text[start] != '[' {
		return l.fail()
	}
	at := start + 1
	for _, child := range n.Content {
		if !isAbsent(child) {
			at = l.end(child)
		}
	}
	for ; at < len(l.text); at++ {
		switch l.text[at] {
		case '}', ']':
			return at + 1
		case '#':
			at = l.lineEnd(at)
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return l.fail()
		}
	}
	return l.fail()
}

func (l *layout) quotedEnd(start int, quote byte) int {
	if start >= len(l.text) || l.text[start] != quote {
		return l.fail()
	}
	for at := start + 1; at < len(l.text); at++ {
		switch {
		case quote == '"' && l.text[at] == '\\':
			at++
		case l.text[at] != quote:
		case quote == '\'' && at+1 < len(l.text) && l.text[at+1] == quote:
			at++
		default:
			return at + 1
		}
	}
	return l.fail()
}

// plainEnd is where a text without quotes ends, whose lines are joined by spaces.
func (l *layout) plainEnd(n *yaml.Node, start int) int {
	if bytes.HasPrefix(l.text[start:], []byte(n.Value)) && !strings.Contains(n.Value, "\n") {
		return start + len(n.Value)
	}
	words := strings.Fields(n.Value)
	at := start
	for _, word := range words {
		at += len(l.text[at:]) - len(bytes.TrimLeft(l.text[at:], " \t\r\n"))
		if !bytes.HasPrefix(l.text[at:], []byte(word)) {
			return l.fail()
		}
		at += len(word)
	}
	return at
}

// block returns how far the lines of a literal or folded block are indented, 0 for an
// empty one, and where the last one ends.
func (l *layout) block(start int) (indent, end int) {
	end = l.lineEnd(start)
	header := l.text[start:end]
	if i := bytes.IndexAny(header, " \t"); i >= 0 {
		header = header[:i]
	}
	if bytes.ContainsAny(header, "123456789") {
		l.fail()
		return 0, end
	}
	parent := indentation(l.text[l.lineStart(start):])
	for at := l.nextLine(start); at < len(l.text) && at > start; at = l.lineEnd(at) + 1 {
		line := l.text[at:l.lineEnd(at)]
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		n := indentation(line)
		if indent == 0 {
			indent = n
		}
		if n < indent || n <= parent {
			break
		}
		end = l.lineEnd(at)
	}
	if end == l.lineEnd(start) {
		indent = 0
	}
	return indent, end
}

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }
