package kirimotel_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/kirimotel"
)

var update = flag.Bool("update", false, "write the tables of docs/telemetry.md")

// The tables of docs/telemetry.md are those of Go.
func TestTheManualHasTheTables(t *testing.T) {
	t.Parallel()
	const page = "../docs/telemetry.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var instruments, attributes strings.Builder
	instruments.WriteString("| Metric | Kind | Unit | Names | It measures |\n|---|---|---|---|---|\n")
	for _, i := range kirimotel.Instruments() {
		fmt.Fprintf(&instruments, "| `%s` | %s | `%s` | %s | %s By %s |\n", i.Name, i.Kind, i.Unit, i.Stability, i.Description, keys(i.Attributes))
	}
	attributes.WriteString("| Attribute | Names | Of | What it says | Values |\n|---|---|---|---|---|\n")
	for _, a := range kirimotel.Attributes() {
		where := "spans"
		if slices.ContainsFunc(kirimotel.Instruments(), func(i kirimotel.Instrument) bool { return slices.Contains(i.Attributes, a.Key) }) {
			where = "both"
		}
		values := keys(a.Values)
		if len(a.Values) > 12 {
			values = fmt.Sprintf("%d known ones and `_OTHER`", len(a.Values)-1)
		}
		fmt.Fprintf(&attributes, "| `%s` | %s | %s | %s | %s |\n", a.Key, a.Stability, where, a.Description, values)
	}
	want := between(between(string(text), "<!-- instruments -->\n", instruments.String()), "<!-- attributes -->\n", attributes.String())
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: go test -run TheManualHasTheTables -update", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keys(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "`" + strings.Join(list, "`, `") + "`"
}

// between puts a table between a mark and the next end.
func between(text, mark, table string) string {
	before, rest, _ := strings.Cut(text, mark)
	_, after, _ := strings.Cut(rest, "<!-- end -->\n")
	return before + mark + "\n" + table + "\n<!-- end -->\n" + after
}
