package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEachOperatorMakesItsMutants(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f.go")
	source := "package p\n\nfunc (t *T) f(a, b int) bool {\n\tif a < b && g() {\n\t\tt.n = 7\n\t}\n\treturn true\n}\n"
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := mutantsOf(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range found {
		got = append(got, strings.TrimPrefix(m.id(), file+" *T.f: "))
	}
	want := []string{"a < b && g() → !(a < b && g()) #1", "a < b && g(): && → || #1", "a < b: < → <= #1", "a < b: < → >= #1",
		"t.n = 7 →  #1", "7 → 8 #1", "true → false #1"}
	if !slices.Equal(got, want) {
		t.Errorf("mutants\n%q, want\n%q", got, want)
	}
	if want := strings.Replace(source, "a < b", "a >= b", 1); string(found[3].source) != want {
		t.Errorf("the source of %s is\n%s", found[3].id(), found[3].source)
	}
}

func TestAnExplanationWithoutItsMutantOrAReasonFails(t *testing.T) {
	t.Parallel()
	m := mutant{file: "f.go", function: "f", change: "true → false", nth: 1}
	for line, fails := range map[string]bool{
		m.id() + "\tboth are the same": false,
		m.id() + "\t":                  true,
		m.id():                         true,
		"g.go" + m.id() + "\treason":   true,
	} {
		file := filepath.Join(t.TempDir(), "survivors.txt")
		if err := os.WriteFile(file, []byte("# comment\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readReasons(file, []mutant{m}); (err != nil) != fails {
			t.Errorf("%q: %v", line, err)
		}
	}
}
