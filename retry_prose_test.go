package kirim

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// proseTable is a retry table as people read it: the outcome, the five
// columns, and in docs/retries.md a reason.
type proseTable struct {
	file string
	rows [][]string
}

// proseTables finds the retry tables of a file. In Markdown the cells stand
// between bars, in a doc comment two spaces apart.
func proseTables(t *testing.T, file string) []proseTable {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var (
		tables []proseTable
		inside bool
		gap    = regexp.MustCompile(` {2,}`)
	)
	for line := range strings.Lines(string(text)) {
		var cells []string
		line = strings.TrimSpace(line)
		if row, ok := strings.CutPrefix(line, "|"); ok {
			cells = strings.Split(strings.TrimSuffix(row, "|"), "|")
		} else if row, ok := strings.CutPrefix(line, "//\t"); ok {
			cells = gap.Split(row, -1)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) < 6:
			inside = false
		case strings.EqualFold(cells[0], "outcome"):
			inside = true
			tables = append(tables, proseTable{file: file})
			heads := strings.ReplaceAll(strings.Join(cells[1:6], "|"), ",", "")
			if heads != "GET HEAD|DELETE|PUT PATCH|K|POST without key" {
				t.Errorf("%s: the columns are %q", file, heads)
			}
		case inside && strings.Trim(cells[0], "-") != "":
			table := &tables[len(tables)-1]
			table.rows = append(table.rows, cells)
		}
	}
	return tables
}

// proseOutcomes finds the rows of the engine's table that a row of prose is
// about. Statuses go the way of a response.
func proseOutcomes(label string) ([]outcome, error) {
	for start, row := range map[string]outcome{
		"proven not sent": notSent, "certificate": misconfigured, "reset": lost, "any other": refused, "anything else": refused,
	} {
		if strings.HasPrefix(label, start) {
			return []outcome{row}, nil
		}
	}
	var rows []outcome
	for part := range strings.SplitSeq(label, ",") {
		status, code, _ := strings.Cut(strings.TrimSpace(part), " ")
		n, err := strconv.Atoi(status)
		if err != nil {
			return nil, fmt.Errorf("the row %q is about nothing that the engine knows", label)
		}
		answer := &Error{StatusCode: n}
		if strings.Trim(code, "`") == string(CodeIdempotencyInProgress) {
			answer.Kind = KindIdempotencyInProgress
		}
		rows = append(rows, outcomeOf(answer))
	}
	return rows, nil
}

// proseMark is a footnote, which says that the policy can change a cell.
var proseMark = regexp.MustCompile(`[¹²³]$| \(\d\)$`)

// differences compares a table with what the engine does under the default
// policy.
func (p proseTable) differences() []string {
	var found []string
	seen := map[outcome]bool{}
	policy := DefaultRetryPolicy()
	for _, cells := range p.rows {
		rows, err := proseOutcomes(cells[0])
		if err != nil {
			found = append(found, err.Error())
		}
		for _, row := range rows {
			seen[row] = true
			for column := read; column <= unkeyed; column++ {
				cell := strings.NewReplacer("*", "", "`", "").Replace(cells[column+1])
				var says [2]bool // without a Retry-After, with one
				switch word := proseMark.ReplaceAllString(cell, ""); {
				case word == "again", word == "same key" && column == keyed:
					says = [2]bool{true, true}
				case word == "with Retry-After", word == "only with Retry-After":
					says = [2]bool{false, true}
				case word == "stop", word == "–":
				default:
					found = append(found, fmt.Sprintf("%s: column %d says %q, which means nothing", cells[0], column, cell))
					continue
				}
				does := [2]bool{
					policy.mayRepeat(row, column, &Error{}),
					policy.mayRepeat(row, column, &Error{retryAfterKnown: true}),
				}
				if says != does {
					found = append(found, fmt.Sprintf("%s: column %d says %q; repeated without a Retry-After: %v, with one: %v", cells[0], column, cell, does[0], does[1]))
				}
				switch verdicts[row][column] {
				case stop, again, ifRetryAfter:
					if proseMark.MatchString(cell) {
						found = append(found, fmt.Sprintf("%s: column %d says %q, and no policy changes it", cells[0], column, cell))
					}
				default: // a policy changes it
				}
			}
		}
	}
	for row := range outcome(len(verdicts)) {
		if row != success && !seen[row] {
			found = append(found, fmt.Sprintf("the outcome %d has no row", row))
		}
	}
	return found
}

// retryProse are the files with a retry table, of which each has one.
var retryProse = []string{"README.md", "doc.go", "retry.go", "docs/retries.md"}

func TestTheRetryTablesOfTheDocumentationAreTheEngines(t *testing.T) {
	t.Parallel()
	for _, file := range retryProse {
		tables := proseTables(t, file)
		if len(tables) != 1 {
			t.Errorf("%s has %d retry tables, want 1", file, len(tables))
		}
		for _, table := range tables {
			for _, difference := range table.differences() {
				t.Errorf("%s: %s", file, difference)
			}
		}
	}
}

// The comparison above can fail: no cell and no row can be wrong or absent
// without being noticed.
func TestAWrongCellOfARetryTableIsNoticed(t *testing.T) {
	t.Parallel()
	for _, file := range retryProse {
		for _, table := range proseTables(t, file) {
			right := table.rows
			for i, row := range right {
				table.rows = append(append([][]string{}, right[:i]...), right[i+1:]...)
				if len(table.differences()) == 0 {
					t.Errorf("%s: without the row %q nothing is missed", file, row[0])
				}
				for column := 1; column < 6; column++ {
					for _, wrong := range []string{"again", "stop", "with Retry-After", "", "perhaps"} {
						word := proseMark.ReplaceAllString(strings.NewReplacer("*", "", "`", "", "only ", "").Replace(row[column]), "")
						same := map[string]string{"same key": "again", "–": "stop"}
						if word == wrong || same[word] == wrong {
							continue
						}
						changed := append([]string{}, row...)
						changed[column] = wrong
						table.rows = append([][]string{}, right...)
						table.rows[i] = changed
						if len(table.differences()) == 0 {
							t.Errorf("%s: %q in place of %q in the row %q is not noticed", file, wrong, row[column], row[0])
						}
					}
				}
			}
		}
	}
}
