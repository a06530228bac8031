package templates

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lintCase is a set of files that are linted together.
type lintCase struct {
	rule  string // that it is about
	fails bool
	names []string
	texts []string
}

var (
	sectionLine = regexp.MustCompile(`(?m)^-- (\S+) --\n`)
	repeated    = regexp.MustCompile(`<(é?)(\d+)>`)
	wantComment = regexp.MustCompile(`# want ([a-z -]+)$`)
)

// lintCases reads the cases of testdata/lint.
func lintCases(t testing.TB) map[string]*lintCase {
	t.Helper()
	archives, err := filepath.Glob("testdata/lint/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	cases := make(map[string]*lintCase)
	for _, archive := range archives {
		text, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		sections := sectionLine.FindAllSubmatchIndex(text, -1)
		for i, section := range sections {
			end := len(text)
			if i+1 < len(sections) {
				end = sections[i+1][0]
			}
			name := string(text[section[2]:section[3]])
			rule, rest, _ := strings.Cut(name, "/")
			key := strings.TrimSuffix(name, ".yaml")
			if path.Dir(rest) != "." { // one of several files
				key = path.Dir(name)
			}
			c := cases[key]
			if c == nil {
				c = &lintCase{rule: rule, fails: strings.HasPrefix(rest, "fail")}
				cases[key] = c
			}
			c.names = append(c.names, name)
			c.texts = append(c.texts, fill(string(text[section[1]:end])))
		}
	}
	return cases
}

// fill replaces <N> by N letters of one byte each, and <éN> by N of two.
func fill(text string) string {
	return repeated.ReplaceAllStringFunc(text, func(match string) string {
		parts := repeated.FindStringSubmatch(match)
		n, _ := strconv.Atoi(parts[2])
		return strings.Repeat(cmp.Or(parts[1], "a"), n)
	})
}

// wanted returns what the comments of a file want to be found, as "file:line rule".
func wanted(name, text string) (wanted []string) {
	for i, line := range strings.Split(text, "\n") {
		if match := wantComment.FindStringSubmatch(line); match != nil {
			for rule := range strings.FieldsSeq(match[1]) {
				wanted = append(wanted, fmt.Sprintf("%s:%d %s", name, i+1, rule))
			}
		}
	}
	return wanted
}

// lintTexts parses and lints files, and returns what was found in the same form.
func lintTexts(t *testing.T, names, texts []string) (found []string, findings []Finding) {
	t.Helper()
	var files []*File
	for i, name := range names {
		f, err := Parse(name, []byte(texts[i]))
		if syntax, is := errors.AsType[*SyntaxError](err); is {
			findings = append(findings, syntax.Findings()...)
			continue
		}
		files = append(files, f)
	}
	findings = append(findings, Lint(files...)...)
	for _, f := range findings {
		found = append(found, fmt.Sprintf("%s:%d %s", f.Path, f.Line, f.Rule))
	}
	return found, findings
}

// sameFindings reports what is missing and what is false.
func sameFindings(t *testing.T, want, got []string, findings []Finding) {
	t.Helper()
	slices.Sort(want)
	slices.Sort(got)
	if slices.Equal(want, got) {
		return
	}
	var b strings.Builder
	_ = WriteText(&b, findings)
	t.Errorf("found\n\t%s\nwant\n\t%s\n%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), b.String())
}

func TestEachRuleFindsWhatItIsAboutAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, c := range lintCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for i, text := range c.texts {
				want = append(want, wanted(c.names[i], text)...)
			}
			about := slices.ContainsFunc(want, func(w string) bool { return strings.HasSuffix(w, " "+c.rule) })
			if about != c.fails || !c.fails && len(want) > 0 {
				t.Errorf("a case that fails=%v wants %q", c.fails, want)
			}
			got, findings := lintTexts(t, c.names, c.texts)
			sameFindings(t, want, got, findings)
		})
	}
}

func TestEachRuleHasAFailingAndAPassingFile(t *testing.T) {
	t.Parallel()
	type both struct{ fail, pass bool }
	has := make(map[string]both)
	for _, c := range lintCases(t) {
		b := has[c.rule]
		b.fail, b.pass = b.fail || c.fails, b.pass || !c.fails
		has[c.rule] = b
	}
	seen := make(map[string]bool)
	for _, r := range Rules() {
		if has[r.ID] != (both{true, true}) {
			t.Errorf("%s: %+v", r.ID, has[r.ID])
		}
		if seen[r.ID] {
			t.Errorf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		if r.Severity == SeverityError && (r.Docs == "" || r.Assumed) || r.Severity != SeverityError && r.Severity != SeverityWarning {
			t.Errorf("%s is an %s, with the source %q, assumed %v", r.ID, r.Severity, r.Docs, r.Assumed)
		}
		if r.Summary == "" || r.Docs != "" && !strings.HasPrefix(r.Docs, "https://") {
			t.Errorf("%s: %q, %q", r.ID, r.Summary, r.Docs)
		}
	}
	for id := range has {
		if !seen[id] {
			t.Errorf("there is no rule %s", id)
		}
	}
}
