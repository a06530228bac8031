// Package console prints for people: tables that fit the terminal, colours
// where they are wanted, and text of strangers that cannot move the cursor.
package console

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// Screen is an output for people.
type Screen struct {
	w      io.Writer
	width  int // in cells; 0 when the output is no terminal, which cuts nothing
	colour bool
	err    error // the first of the output
}

// Err returns why something could not be printed; nil when all was.
func (s *Screen) Err() error { return s.err }

// NewScreen returns a screen on w. Only a terminal has a width and colours.
func NewScreen(w io.Writer, getenv func(string) string) *Screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &Screen{w: w}
	}
	width, _, _ := term.GetSize(int(f.Fd())) // 0 when it is not known
	return OnTerminal(w, width, getenv)
}

// OnTerminal returns a screen of a width in cells. It has no colours when
// NO_COLOR is set (https://no-color.org) or TERM is dumb.
func OnTerminal(w io.Writer, width int, getenv func(string) string) *Screen {
	return &Screen{w: w, width: max(width, narrowest), colour: getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

// narrowest is the width below which tables are cut by the terminal.
const narrowest = 40

// Style is the meaning of a text, which has a colour.
type Style string

// The styles, as SGR parameters (ECMA-48).
const (
	Plain  Style = ""
	Strong Style = "1"
	Faint  Style = "2"
	Good   Style = "32"
	Bad    Style = "31"
	Warn   Style = "33"
)

// Styled returns the text in a style, where the screen has colours.
func (s *Screen) Styled(style Style, text string) string {
	if !s.colour || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// Printf prints. Clean what comes from elsewhere.
func (s *Screen) Printf(format string, args ...any) {
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil && s.err == nil {
		s.err = err
	}
}

// Clean makes text of others safe to print: control characters, which can
// move the cursor or change what was printed, and those that turn the
// direction of writing become visible. Lines stay.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Line is Clean on one line.
func Line(text string) string {
	return strings.Join(strings.Fields(Clean(text)), " ")
}

// leftToRightMark ends a text that is written from right to left: a terminal that turns
// such text would else turn the digits behind it, too, which are the next column.
const leftToRightMark = "\u200e"

// isolated keeps a text that is written from right to left to itself, on a terminal.
func (s *Screen) isolated(text string) string {
	turns := func(r rune) bool {
		return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko)
	}
	if s.width == 0 || !strings.ContainsFunc(text, turns) {
		return text
	}
	return text + leftToRightMark
}

// Width returns how many cells of a terminal the text takes.
func Width(text string) int { return runewidth.StringWidth(text) }

// Indent prints a text of several lines, each after a prefix, and breaks those
// that are too long at spaces.
func (s *Screen) Indent(prefix, text string) {
	for line := range strings.SplitSeq(Clean(text), "\n") {
		for _, part := range s.wrap(line, s.width-Width(prefix)) {
			s.Printf("%s\n", strings.TrimRight(prefix+part, " "))
		}
	}
}

func (s *Screen) wrap(line string, width int) (parts []string) {
	if s.width == 0 {
		return []string{line}
	}
	for Width(line) > width {
		head := runewidth.Truncate(line, width, "")
		if i := strings.LastIndexByte(head, ' '); i > 0 {
			head = head[:i]
		}
		if head == "" {
			break
		}
		parts = append(parts, head)
		line = strings.TrimPrefix(line[len(head):], " ")
	}
	return append(parts, line)
}

// Fields prints names and values in two columns, without those that are empty.
func (s *Screen) Fields(fields [][2]string) {
	width := 0
	for _, f := range fields {
		if f[1] != "" {
			width = max(width, Width(f[0]))
		}
	}
	for _, f := range fields {
		if f[1] != "" {
			s.Printf("%s%s  %s\n", s.Styled(Faint, f[0]), strings.Repeat(" ", width-Width(f[0])), Line(f[1]))
		}
	}
}

// Hanging prints a text behind a lead of spaces and words, whose first word,
// mark, has a style. What does not fit goes on below the text.
func (s *Screen) Hanging(style Style, mark, lead, text string) {
	indent := strings.Repeat(" ", Width(lead))
	head := s.Styled(style, mark) + strings.TrimPrefix(lead, mark)
	for _, part := range s.wrap(Line(text), max(s.width-Width(lead), narrowest/2)) {
		s.Printf("%s%s\n", head, part)
		head = indent
	}
}
