package console

import (
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Column is a column of a table.
type Column struct {
	Title string
	// Cut says that its values may be cut to fit the terminal. IDs are never
	// cut: people copy them.
	Cut bool
	// Below says that its values stand on a line of their own below the row when
	// the table does not fit the terminal.
	Below bool
	Style func(value string) Style // nil for none
}

const (
	gap      = 2  // cells between columns
	cutWidth = 12 // to which a column is cut at most
)

// table is a table that is being laid out.
type table struct {
	screen  *Screen
	columns []Column
	rows    [][]string
	widths  []int
	below   bool   // the values of columns with Below stand below their row
	moved   []bool // columns that stand below, too, as the terminal is too narrow for them
}

// Table prints rows below the titles of their columns.
func (s *Screen) Table(columns []Column, rows [][]string) {
	for _, row := range rows {
		for i := range row {
			row[i] = Line(row[i])
		}
	}
	t := &table{screen: s, columns: columns, rows: rows, moved: make([]bool, len(columns))}
	t.measure()
	if s.width > 0 && t.width() > s.width {
		t.below = true
		t.fit()
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = strings.ToUpper(c.Title)
	}
	t.print(titles, func(int) Style { return Strong })
	for _, row := range rows {
		t.print(row, func(i int) Style {
			if style := columns[i].Style; style != nil {
				return style(row[i])
			}
			return Plain
		})
		if t.below {
			t.printBelow(row)
		}
	}
}

func (t *table) measure() {
	for i, c := range t.columns {
		width := Width(c.Title)
		for _, row := range t.rows {
			width = max(width, Width(row[i]))
		}
		t.widths = append(t.widths, width)
	}
}

// inRow reports whether the values of a column stand in the row.
func (t *table) inRow(i int) bool { return !t.moved[i] && !(t.below && t.columns[i].Below) }

// width returns how many cells a row takes.
func (t *table) width() int {
	total := -gap
	for i, width := range t.widths {
		if t.inRow(i) {
			total += width + gap
		}
	}
	return total
}

// fit cuts the widest column that may be cut until the table fits. Where that does not
// help, columns move below the row, the last one first.
func (t *table) fit() {
	natural := slices.Clone(t.widths)
	for t.width() > t.screen.width {
		widest, last := -1, -1
		for i, c := range t.columns {
			if !t.inRow(i) {
				continue
			}
			if c.Cut && t.widths[i] > cutWidth && (widest < 0 || t.widths[i] > t.widths[widest]) {
				widest = i
			}
			if i > 0 {
				last = i
			}
		}
		switch {
		case widest >= 0:
			t.widths[widest]--
		case last > 0:
			t.moved[last] = true
			copy(t.widths, natural)
		default:
			return
		}
	}
}

func (t *table) print(values []string, style func(int) Style) {
	var b strings.Builder
	pad := 0
	for i, value := range values {
		if !t.inRow(i) {
			continue
		}
		if Width(value) > t.widths[i] {
			value = runewidth.Truncate(value, t.widths[i], "…")
		}
		if value != "" {
			b.WriteString(strings.Repeat(" ", pad))
			b.WriteString(t.screen.Styled(style(i), t.screen.isolated(value)))
			pad = 0
		}
		pad += t.widths[i] - Width(value) + gap
	}
	t.screen.Printf("%s\n", b.String())
}

// separator stands between the values below a row.
const separator = " · "

// printBelow prints what does not stand in the row: each of the columns that were moved
// as a whole, on as many lines as it takes, and the rest on one line.
func (t *table) printBelow(row []string) {
	var lines []string
	var rest []string
	for i, value := range row {
		switch last := len(lines) - 1; {
		case value == "" || t.inRow(i):
		case t.columns[i].Below:
			rest = append(rest, value)
		case last >= 0 && gap+Width(lines[last]+separator+value) <= t.screen.width:
			lines[last] += separator + value
		default:
			lines = append(lines, value)
		}
	}
	if len(rest) > 0 {
		lines = append(lines, runewidth.Truncate(strings.Join(rest, separator), t.screen.width-gap, "…"))
	}
	for _, line := range lines {
		t.screen.Printf("%s%s\n", strings.Repeat(" ", gap), t.screen.Styled(Faint, t.screen.isolated(line)))
	}
}
