package console

import (
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
}

// Table prints rows below the titles of their columns.
func (s *Screen) Table(columns []Column, rows [][]string) {
	for _, row := range rows {
		for i := range row {
			row[i] = Line(row[i])
		}
	}
	t := &table{screen: s, columns: columns, rows: rows}
	t.measure()
	below := s.width > 0 && t.width(false) > s.width
	if below {
		t.fit()
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = strings.ToUpper(c.Title)
	}
	t.print(titles, below, func(int) Style { return Strong })
	for _, row := range rows {
		t.print(row, below, func(i int) Style {
			if style := columns[i].Style; style != nil {
				return style(row[i])
			}
			return Plain
		})
		if below {
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

// width returns how many cells the table takes, with or without the columns
// whose values stand below.
func (t *table) width(below bool) int {
	total := -gap
	for i, c := range t.columns {
		if !below || !c.Below {
			total += t.widths[i] + gap
		}
	}
	return total
}

// fit cuts the widest column that may be cut until the table fits.
func (t *table) fit() {
	for total := t.width(true); total > t.screen.width; total-- {
		widest := -1
		for i, c := range t.columns {
			if c.Cut && !c.Below && t.widths[i] > cutWidth && (widest < 0 || t.widths[i] > t.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		t.widths[widest]--
	}
}

func (t *table) print(values []string, below bool, style func(int) Style) {
	var b strings.Builder
	pad := 0
	for i, value := range values {
		if below && t.columns[i].Below {
			continue
		}
		if Width(value) > t.widths[i] {
			value = runewidth.Truncate(value, t.widths[i], "…")
		}
		if value != "" {
			b.WriteString(strings.Repeat(" ", pad))
			b.WriteString(t.screen.Styled(style(i), value))
			pad = 0
		}
		pad += t.widths[i] - Width(value) + gap
	}
	t.screen.Printf("%s\n", b.String())
}

func (t *table) printBelow(row []string) {
	var values []string
	for i, c := range t.columns {
		if c.Below && row[i] != "" {
			values = append(values, row[i])
		}
	}
	if len(values) > 0 {
		line := runewidth.Truncate(strings.Join(values, " · "), t.screen.width-gap, "…")
		t.screen.Printf("%s%s\n", strings.Repeat(" ", gap), t.screen.Styled(Faint, line))
	}
}
