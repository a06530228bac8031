package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/kirimotel"
)

var update = flag.Bool("update", false, "write the tables of docs/operations.md")

// The tables of docs/operations.md are those of this program.
func TestTheManualHasTheTables(t *testing.T) {
	t.Parallel()
	const page = "../../docs/operations.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for mark, table := range map[string]string{"panels": panelTable(), "alerts": alertTable(), "names": nameTable()} {
		mark = "<!-- " + mark + " -->\n"
		before, rest, ok := strings.Cut(want, mark)
		_, after, ends := strings.Cut(rest, "<!-- end -->\n")
		if !ok || !ends {
			t.Fatalf("%s has no %s", page, mark)
		}
		want = before + mark + "\n" + table + "\n<!-- end -->\n" + after
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: go test -C kirimotel/grafana -run TheManualHasTheTables -update", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func panelTable() string {
	var b strings.Builder
	for i, r := range rows() {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "| %s | |\n|---|---|\n", r.title)
		for _, p := range r.panels {
			fmt.Fprintf(&b, "| %s | %s |\n", p.title, p.description)
		}
	}
	return b.String()
}

func alertTable() string {
	var b strings.Builder
	b.WriteString("| Alert | Severity | After | Fires when |\n|---|---|---|---|\n")
	for _, a := range alerts() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", a.name, strings.ToLower(a.name), a.severity, strings.Replace(a.wait, "m", " min", 1), a.description)
	}
	return b.String()
}

func nameTable() string {
	var b strings.Builder
	b.WriteString("| Metric | In Prometheus | Labels |\n|---|---|---|\n")
	for _, i := range ordered() {
		name := metricName(i)
		if i.Kind == kirimotel.Histogram {
			name += "_bucket`, `_count`, `_sum"
		}
		labels := make([]string, 0, len(i.Attributes))
		for _, key := range i.Attributes {
			labels = append(labels, "`"+label(key)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", i.Name, name, strings.Join(labels, ", "))
	}
	return b.String()
}
