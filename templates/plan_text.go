package templates

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// WriteDiff writes differences for people: a line for each template that differs, and below
// it what the account has with "-" and what the file has with "+".
func WriteDiff(w io.Writer, differences []Difference) error {
	var b strings.Builder
	for _, d := range differences {
		if d.State == DiffSame {
			continue
		}
		fmt.Fprintf(&b, "%s (%s): %s\n", printable(d.Name), printable(d.Language), stateTexts[d.State])
		for _, c := range d.Changes {
			if !c.aside {
				c.write(&b, d.Path)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var stateTexts = map[DiffState]string{
	DiffChanged:      "changed",
	DiffNew:          "new: only in the files",
	DiffRemote:       "only in the account",
	DiffIncomparable: "not comparable: what the account says is as in the file",
}

func (c Change) write(b *strings.Builder, path string) {
	fmt.Fprintf(b, "  %s", c.Field)
	if path != "" && c.Line > 0 {
		fmt.Fprintf(b, "  %s:%d:%d", path, c.Line, c.Column)
	}
	b.WriteString("\n")
	if !c.Comparable {
		fmt.Fprintf(b, "    not comparable: %s\n", c.Note)
		return
	}
	for _, line := range unified(lines(c.Before), lines(c.After)) {
		b.WriteString("    " + printable(line) + "\n")
	}
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// maxUnified is how many lines are compared with how many: enough for any text of a
// template.
const maxUnified = 1_000_000

// unified returns the lines of both with "- ", "+ " or, for what is the same, "  "
// before them.
func unified(before, after []string) (out []string) {
	same := make([][]int, len(before)+1) // of what is left from there on, how many lines at most
	if len(before)*len(after) > maxUnified {
		same = nil
	}
	for i := range same {
		same[i] = make([]int, len(after)+1)
	}
	for i := len(before) - 1; i >= 0 && same != nil; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			same[i][j] = max(same[i+1][j], same[i][j+1])
			if before[i] == after[j] {
				same[i][j] = same[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		switch {
		case same != nil && i < len(before) && j < len(after) && before[i] == after[j]:
			out = append(out, "  "+before[i])
			i, j = i+1, j+1
		case i < len(before) && (same == nil || j == len(after) || same[i+1][j] >= same[i][j+1]):
			out = append(out, "- "+before[i])
			i++
		default:
			out = append(out, "+ "+after[j])
			j++
		}
	}
	return out
}

// maxPrinted limits a text of an account in a line for people, in characters.
const maxPrinted = 2000

// printable is a text of an account that a terminal shows as it is, on one line.
func printable(text string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.In(r, unicode.Cf) && r != '\u200d': // which joins emoji
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if runes := []rune(clean); len(runes) > maxPrinted {
		return string(runes[:maxPrinted]) + "…"
	}
	return clean
}

// Write writes the plan for people, a line for each step.
func (p *Plan) Write(w io.Writer) error {
	rows := make([][]string, len(p.Steps))
	for i, s := range p.Steps {
		rows[i] = s.row(string(s.Action), s.Why)
	}
	return writeRows(w, rows, p.Notes)
}

// Write writes the result for people, a line for each step.
func (r *PushResult) Write(w io.Writer) error {
	rows := make([][]string, len(r.Steps))
	for i, s := range r.Steps {
		outcome, text := string(s.Action), s.Why
		switch s.Outcome {
		case OutcomeDone:
			outcome, text = doneTexts[s.Action], string(s.Status)
			if s.Note != "" {
				text = strings.TrimPrefix(text+"; "+s.Note, "; ")
			}
		case OutcomeFailed:
			outcome, text = string(s.Action)+" failed", s.Note
		case OutcomeInDoubt:
			outcome, text = string(s.Action)+" in doubt", "it may have been carried out; push again to see"
		case OutcomeNotDone:
			if s.changes() {
				outcome = "not done: " + string(s.Action)
			}
		case OutcomeSame:
		}
		rows[i] = s.row(outcome, text)
	}
	return writeRows(w, rows, nil)
}

var doneTexts = map[Action]string{ActionCreate: "created", ActionEdit: "edited", ActionDelete: "deleted"}

func (s Step) row(action, text string) []string {
	if text = printable(text); s.Path != "" && s.Line > 0 && (s.Action == ActionBlocked || s.Action == ActionImpossible) {
		text = fmt.Sprintf("%s:%d:%d: %s", s.Path, s.Line, s.Column, text)
	}
	return []string{action, printable(s.Name), printable(s.Language), text}
}

// writeRows writes columns, the last of which may be of any width.
func writeRows(w io.Writer, rows [][]string, notes []string) error {
	widths := make([]int, 4)
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-len([]rune(cell))+2))
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	for _, note := range notes {
		b.WriteString(note + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
