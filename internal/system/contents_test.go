package system_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/internal/system"
)

func TestTheDocumentationIsGeneratedFromTheTablesOfContents(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../../docs/messages.md", "<!-- Generated from internal/system by go generate; do not edit. -->\n", "<!-- Generated to here. -->\n"
	words := map[system.Support]string{system.Documented: "**yes**", system.ServerDecides: "*server*", system.Refused: "no"}
	var b bytes.Buffer
	cells := 0
	for _, part := range []struct {
		title    string
		features []system.Feature
	}{{"Content", system.Contents}, {"Field", system.Addressing}} {
		head, rule := "| "+part.title+" | What it is |", "|---|---|"
		for sys := range system.All() {
			head, rule = head+" "+sys.Title+" |", rule+"---|"
		}
		b.WriteString("\n" + head + "\n" + rule + "\n")
		for _, f := range part.features {
			fmt.Fprintf(&b, "| `%s` | %s |", f.Title, f.Meaning)
			for sys := range system.All() {
				word := words[sys.Support(f.Key)]
				if word == "" {
					t.Errorf("%s of %s is %q", f.Key, sys.Name, sys.Support(f.Key))
				}
				b.WriteString(" " + word + " |")
				cells++
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("\n")
	t.Logf("%d cells", cells)

	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(got), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("docs/messages.md has no place for the tables")
	}
	want := before + begin + b.String() + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(got) {
		t.Error("docs/messages.md is not what the tables say; run go generate . in the root")
	}
}

func TestEveryFeatureStandsOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range append(append([]system.Feature(nil), system.Contents...), system.Addressing...) {
		if seen[f.Key] || f.Title == "" || f.Meaning == "" {
			t.Errorf("%+v", f)
		}
		seen[f.Key] = true
	}
	for sys := range system.All() {
		if got := sys.Support("hologram"); got != sys.Support(system.Raw) {
			t.Errorf("%s: a content that nobody knows is %s, and a Raw %s", sys.Name, got, sys.Support(system.Raw))
		}
	}
	if got := (&system.System{Name: "a system"}).Support("text"); got != system.ServerDecides {
		t.Errorf("a system that the table does not have is %s", got)
	}
}

// kindMethod is how a type of the root says that it is a content. That of a header,
// which is none, has more than one line. One that is not exported is never sent.
var kindMethod = regexp.MustCompile(`(?m)^func \(\w+ ([A-Z]\w*)\) kind\(\) string +\{ return`)

func TestEveryContentOfTheSDKIsInTheTable(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../message*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range kindMethod.FindAllStringSubmatch(string(source), -1) {
			found++
			if !slices.ContainsFunc(system.Contents, func(f system.Feature) bool { return f.Title == method[1] }) {
				t.Errorf("kirim.%s is not in the table", method[1])
			}
		}
	}
	// A voice message is an audio.
	if want := len(system.Contents) - 1; found != want {
		t.Errorf("%d contents, and the table has %d", found, want)
	}
}
