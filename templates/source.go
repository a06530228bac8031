package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Position is a place in a file. Lines and columns count from 1, columns in
// characters. The zero value is no place.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// source is where a [File] comes from. It is empty for one that was not parsed.
type source struct {
	path    string
	content []byte
	lines   []string // of the content, as YAML counts them
	root    *yaml.Node
	nodes   map[string]*yaml.Node // values by their paths, such as languages.id.buttons[0].url
}

// Path returns the name that the file was parsed under; empty for none.
func (f *File) Path() string { return f.path }

// Position returns where the value at a path is, such as languages.id.buttons[0].url,
// or the nearest value around it.
func (f *File) Position(path string) Position {
	for {
		if n := f.nodes[path]; n != nil {
			return Position{n.Line, n.Column}
		}
		if path == "" {
			return Position{}
		}
		path = parentPath(path)
	}
}

// positionIn returns where the byte at offset of the text at a path is: exactly in a
// literal block and in a text on one line without escapes, else where the text begins.
func (f *File) positionIn(path string, offset int) Position {
	at, n := f.Position(path), f.nodes[path]
	if n == nil || offset < 0 || offset > len(n.Value) || n.Line > len(f.lines) {
		return at
	}
	lines, text, before := f.lines[n.Line-1:], n.Value, n.Value[:offset] // text is on the line of the offset
	start := n.Column - 1
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		down := 1 + strings.Count(before, "\n")
		if down >= len(lines) {
			return at
		}
		text = before[strings.LastIndex(before, "\n")+1:]
		start, lines, before = indentOf(lines[1:]), lines[down:], text
		n = &yaml.Node{Line: n.Line + down}
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		start++
	}
	if len(lines[0]) > maxLine {
		return at
	}
	if line := []rune(lines[0]); start > len(line) || !strings.HasPrefix(string(line[start:]), text) {
		return at
	}
	return Position{n.Line, start + utf8.RuneCountInString(before) + 1}
}

// maxLine is the longest line in which columns are counted for each place, in bytes.
const maxLine = 1 << 14

// linesOf are the lines of a file as YAML counts them.
func linesOf(text []byte) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(string(text)), "\n")
}

// indentOf is how far the lines of a literal block are indented.
func indentOf(lines []string) int {
	for _, line := range lines {
		if text := strings.TrimLeft(line, " "); strings.TrimSpace(text) != "" {
			return len(line) - len(text)
		}
	}
	return 0
}

// parentPath is the path without its last step.
func parentPath(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

func childPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func itemPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// SyntaxError is what is wrong with the form of a file, all of it.
type SyntaxError struct {
	Path   string // of the file
	Faults []Fault
}

// Fault is one thing that is wrong with the form of a file.
type Fault struct {
	Position
	Field   string // such as languages.id.buttons[0].type; empty for the whole file
	Message string
}

// Error returns one line for each fault.
func (e *SyntaxError) Error() string {
	slices.SortStableFunc(e.Faults, func(a, b Fault) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = fmt.Sprintf("%s:%d:%d: ", e.Path, f.Line, f.Column)
		if f.Field != "" {
			lines[i] += f.Field + ": "
		}
		lines[i] += f.Message
	}
	return strings.Join(lines, "\n")
}
