package console

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// Column is a column of a table.
type Column struct {
	Title string
	// Cut says that its values may be cut to fit the terminal. Ids are never
	// cut: people copy them.
	Cut   bool
	Style func(value string) Style // nil for none
}

const (
	gap      = 2 // cells between columns
	cutWidth = 8 // to which a column is cut at most
)

// Table prints rows below the titles of their columns.
func (s *Screen) Table(columns []Column, rows [][]string) {
	widths := make([]int, len(columns))
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = strings.ToUpper(c.Title)
		widths[i] = Width(titles[i])
	}
	for _, row := range rows {
		for i := range row {
			row[i] = Line(row[i])
			widths[i] = max(widths[i], Width(row[i]))
		}
	}
	s.fit(columns, widths)
	s.row(titles, widths, func(int, string) Style { return Strong })
	for _, row := range rows {
		s.row(row, widths, func(i int, value string) Style {
			if style := columns[i].Style; style != nil {
				return style(value)
			}
			return Plain
		})
	}
}

// fit cuts the widest column that may be cut until the table fits.
func (s *Screen) fit(columns []Column, widths []int) {
	if s.width == 0 {
		return
	}
	total := gap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > s.width; total-- {
		widest := -1
		for i, c := range columns {
			if c.Cut && widths[i] > cutWidth && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

func (s *Screen) row(values []string, widths []int, style func(int, string) Style) {
	var b strings.Builder
	pad := 0
	for i, value := range values {
		if Width(value) > widths[i] {
			value = runewidth.Truncate(value, widths[i], "…")
		}
		if value != "" {
			b.WriteString(strings.Repeat(" ", pad))
			b.WriteString(s.Styled(style(i, values[i]), value))
			pad = 0
		}
		pad += widths[i] - Width(value) + gap
	}
	s.Printf("%s\n", b.String())
}
