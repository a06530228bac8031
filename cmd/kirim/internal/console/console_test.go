package console

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

var columns = []Column{
	{Title: "id"},
	{Title: "name", Cut: true},
	{Title: "state", Style: func(value string) Style {
		if value == "failed" {
			return Bad
		}
		return Plain
	}},
	{Title: "text", Below: true},
}

func rows() [][]string {
	return [][]string{
		{"msg_01", "Siti", "failed", "Is my order\nready?"},
		{"msg_02", "山田太郎ハナコ山田太郎ハナコ", "read", "\x1b[31mred\u202eevil"},
		{"msg_03", "", "read", ""},
	}
}

func TestATable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		width  int
		colour bool
		want   string
	}{
		"is never cut where there is no terminal": {want: `
ID      NAME                          STATE   TEXT
msg_01  Siti                          failed  Is my order ready?
msg_02  山田太郎ハナコ山田太郎ハナコ  read    �[31mred�evil
msg_03                                read
`},
		"keeps its columns in a terminal that is wide enough": {width: 80, want: `
ID      NAME                          STATE   TEXT
msg_01  Siti                          failed  Is my order ready?
msg_02  山田太郎ハナコ山田太郎ハナコ  read    �[31mred�evil
msg_03                                read
`},
		"puts long values below and cuts names, not IDs, in a narrow one": {width: 40, want: `
ID      NAME                      STATE
msg_01  Siti                      failed
  Is my order ready?
msg_02  山田太郎ハナコ山田太郎…   read
  �[31mred�evil
msg_03                            read
`},
		"moves columns below when nothing else helps": {width: 20, want: `
ID      NAME
msg_01  Siti
  failed
  Is my order ready?
msg_02  山田太郎ハ…
  read
  �[31mred�evil
msg_03
  read
`},
		"has colours for states": {width: 80, colour: true, want: `
<1>ID<0>      <1>NAME<0>                          <1>STATE<0>   <1>TEXT<0>
msg_01  Siti                          <31>failed<0>  Is my order ready?
msg_02  山田太郎ハナコ山田太郎ハナコ  read    �[31mred�evil
msg_03                                read
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			(&Screen{w: &out, width: tt.width, colour: tt.colour}).Table(columns, rows())
			want := strings.TrimPrefix(tt.want, "\n")
			for _, code := range []string{"0", "1", "31"} {
				want = strings.ReplaceAll(want, "<"+code+">", "\x1b["+code+"m")
			}
			if got := out.String(); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			for line := range strings.Lines(out.String()) {
				if !tt.colour && tt.width > 0 && Width(strings.TrimSuffix(line, "\n")) > tt.width {
					t.Errorf("wider than %d: %q", tt.width, line)
				}
			}
		})
	}
}

func TestTextFromRightToLeftDoesNotTurnTheNextColumn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		width int
		want  string
	}{{60, "NAME  NEXT\nمحمد\u200e  12\nAna   13\n"}, {0, "NAME  NEXT\nمحمد  12\nAna   13\n"}} {
		var out bytes.Buffer
		(&Screen{w: &out, width: tt.width}).Table([]Column{{Title: "name"}, {Title: "next"}}, [][]string{{"محمد", "12"}, {"Ana", "13"}})
		if out.String() != tt.want {
			t.Errorf("%q, want %q", out.String(), tt.want)
		}
	}
}

func TestLongTextIsBrokenAtSpacesAndInWideWords(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"words":           {"one two three four five six seven", "| one two three\n| four five six\n| seven\n"},
		"a long word":     {strings.Repeat("x", 30), "| xxxxxxxxxxxxxx\n| xxxxxxxxxxxxxx\n| xx\n"},
		"wide characters": {"山田太郎ハナコ山田", "| 山田太郎ハナコ\n| 山田\n"},
		"lines":           {"a\n\nb", "| a\n|\n| b\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			(&Screen{w: &out, width: 16}).Indent("| ", tt.text)
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
		})
	}
}

func TestWhatIsNoTerminalHasNeitherAWidthNorColours(t *testing.T) {
	t.Parallel()
	s := NewScreen(io.Discard, func(string) string { return "" })
	if s.width != 0 || s.colour {
		t.Errorf("width %d, colours %v", s.width, s.colour)
	}
	if got := s.Styled(Bad, "x"); got != "x" {
		t.Errorf("styled as %q", got)
	}
}

func TestATerminalHasColoursUnlessTheyAreUnwanted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a terminal":            {map[string]string{"TERM": "xterm"}, "\x1b[31mx\x1b[0m"},
		"with NO_COLOR":         {map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, "x"},
		"with an empty setting": {map[string]string{"TERM": "xterm", "NO_COLOR": ""}, "\x1b[31mx\x1b[0m"},
		"a dumb terminal":       {map[string]string{"TERM": "dumb"}, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := OnTerminal(io.Discard, 0, func(name string) string { return tt.env[name] })
			if got := s.Styled(Bad, "x"); got != tt.want || s.width != narrowest {
				t.Errorf("got %q, width %d", got, s.width)
			}
		})
	}
}
