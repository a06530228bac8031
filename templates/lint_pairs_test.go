package templates

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// impossible says why two rules cannot both find something in one file.
func impossible(a, b string) string {
	beside := func(one string, others ...string) bool {
		return a == one && slices.Contains(others, b) || b == one && slices.Contains(others, a)
	}
	switch {
	case a == "syntax" || b == "syntax":
		return "a file with a fault of form is not looked at further"
	case (a == "languages" || b == "languages") && !beside("languages", "name", "category", "parameter-name", "sample-characters", "name-in-two-files"):
		return "a file without languages has nothing else that could be wrong"
	case beside("unused-parameter", "variable-number"):
		return "the numbers of components may stand for any parameter, so that none is known to be unused"
	}
	return ""
}

// The files of testdata/lint/pairs break many rules each, in several languages. All
// are linted beside two that have the same name and the same words as some of them.
func TestFortyFilesWithEachPairOfRules(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/lint/pairs/*.yaml")
	if err != nil || len(files) != 42 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	texts := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = fill(string(text))
	}
	together := make(map[[2]string]int)
	total := 0
	for _, file := range files[2:] {
		names := []string{files[0], files[1], file}
		var want, contents []string
		for _, name := range names {
			want = append(want, wanted(name, texts[name])...)
			contents = append(contents, texts[name])
		}
		got, findings := lintTexts(t, names, contents)
		t.Run(filepath.Base(file), func(t *testing.T) { sameFindings(t, want, got, findings) })
		rules := make(map[string]bool)
		for _, w := range wanted(file, texts[file]) {
			_, rule, _ := strings.Cut(w, " ")
			rules[rule] = true
			total++
		}
		for a := range rules {
			for b := range rules {
				together[[2]string{a, b}]++
			}
		}
	}
	pairs, none := 0, 0
	for i, a := range Rules() {
		for _, b := range Rules()[:i] {
			why := impossible(a.ID, b.ID)
			n := together[[2]string{a.ID, b.ID}]
			switch {
			case why == "" && n == 0:
				t.Errorf("no file breaks both %s and %s", a.ID, b.ID)
			case why != "" && n > 0:
				t.Errorf("%d files break both %s and %s, though %s", n, a.ID, b.ID, why)
			case why != "":
				none++
			}
			pairs++
		}
	}
	t.Logf("%d findings; of %d pairs of rules %d are in a file together, %d cannot be", total, pairs, pairs-none, none)
}
