package check

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// term is a word of our own.
type term struct {
	word   string // its name in words.txt
	form   *regexp.Regexp
	except *regexp.Regexp // what is right all the same
	use    string         // what to write in its place
}

// usage are words of our own for which the field has a term. They are looked
// for in Markdown, in package and exported documentation and in error texts.
var usage = []term{
	{"answer", regexp.MustCompile(`(?i)\banswer(?:s|ed|ing)?\b`), nil, "response, respond; reply, where a person writes back"},
	{"repeat", regexp.MustCompile(`(?i)\brepeat(?:s|ed|ing|able)?\b`), nil, "retry, retried, retryable; replay, for an earlier response or delivery"},
	{"told", regexp.MustCompile(`(?i)\btold\b`), nil, "detected, recognized, distinguished; informed"},
	{"be out", regexp.MustCompile(`(?i)\b(?:be|is|are|was|were|went|gone) out(?: (?:already|there|twice|after|all)|[.,;:)]|$)`), nil, "be sent, have been sent"},
	{"Meta's number", regexp.MustCompile(`(?i)\b(?:Meta's numbers?|numbers? of Meta's?)\b`), nil, "Meta error code"},
	{"mend", regexp.MustCompile(`(?i)\bmend(?:s|ed|ing)?\b`), nil, "fix, correct"},
	{"room", regexp.MustCompile(`(?i)\brooms?\b(?: for)?`), regexp.MustCompile(`room for`), "layer, package, section"},
	{"wing", regexp.MustCompile(`(?i)\bwings?\b`), nil, "area, group of files"},
	{"mishap", regexp.MustCompile(`(?i)\bmishaps?\b`), nil, "failure, fault"},
	{"wait out", regexp.MustCompile(`(?i)\bwait(?:s|ed|ing)?(?: it| them)? out\b`), nil, "wait for, wait until … ends"},
	{"anew", regexp.MustCompile(`(?i)\banew\b`), nil, "again"},
	{"complain", regexp.MustCompile(`(?i)\bcomplain(?:t|ts|s|ed)?\b`), nil, "validation error; report"},
	{"passing failure", regexp.MustCompile(`(?i)\bpassing (?:failure|fault|error|outage)s?\b`), nil, "temporary, transient"},
	{"is no", regexp.MustCompile(`\b(?:that|which|it|this|what|who) (?:is|are|was|were) no [a-z]+`), regexp.MustCompile(`no (?:longer|more|less)$`), "is not a …"},
	{"road", regexp.MustCompile(`(?i)\broads?\b`), nil, "network, connection"},
}

// passage is one line of prose.
type passage struct {
	file string
	line int
	text string
}

var (
	hidden     = regexp.MustCompile(`<!--.*?-->`)
	linkTarget = regexp.MustCompile(`\]\([^)]*\)`)
)

// passages returns the prose of a page.
func (p page) passages() (found []passage) {
	for i, line := range strings.Split(p.prose(), "\n") {
		line = linkTarget.ReplaceAllString(span.ReplaceAllString(hidden.ReplaceAllString(line, ""), "`"), "]")
		found = append(found, passage{p.path, i + 1, line})
	}
	return found
}

// passagesOf returns the package comment, the comments of exported
// declarations and the error texts of a Go file.
func passagesOf(t *testing.T, file, text string) (found []passage) {
	t.Helper()
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	doc := func(groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if g == nil {
				continue
			}
			for _, c := range g.List {
				text := strings.TrimPrefix(c.Text, "//")
				if !strings.HasPrefix(text, "\t") && !strings.HasPrefix(c.Text, "//go:") {
					found = append(found, passage{file, fset.Position(c.Pos()).Line, text})
				}
			}
		}
	}
	doc(parsed.Doc)
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch d := n.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() {
				doc(d.Doc)
			}
		case *ast.GenDecl:
			if d.Tok != token.IMPORT && slices.ContainsFunc(d.Specs, exported) {
				doc(d.Doc)
			}
		case *ast.ValueSpec:
			if exported(d) {
				doc(d.Doc, d.Comment)
			}
		case *ast.TypeSpec:
			if !exported(d) {
				return false
			}
			doc(d.Doc, d.Comment)
		case *ast.Field:
			if slices.ContainsFunc(d.Names, (*ast.Ident).IsExported) {
				doc(d.Doc, d.Comment)
			}
		case *ast.CallExpr:
			if s, ok := d.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "Errorf" || s.Sel.Name == "New") {
				for _, arg := range d.Args {
					if l, ok := arg.(*ast.BasicLit); ok && l.Kind == token.STRING {
						found = append(found, passage{file, fset.Position(l.Pos()).Line, l.Value})
					}
				}
			}
		}
		return true
	})
	return found
}

func exported(spec ast.Spec) bool {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		return slices.ContainsFunc(s.Names, (*ast.Ident).IsExported)
	case *ast.TypeSpec:
		return s.Name.IsExported()
	}
	return false
}

// finding is a word in a file, and where it stands.
type finding struct {
	file, word string
	lines      []int
}

func (f finding) key() string { return f.file + "\t" + f.word }

// findings returns the words of usage in the passages, by file and word.
func findings(all []passage) (found []finding) {
	index := make(map[string]int)
	for _, p := range all {
		for _, u := range usage {
			for _, match := range u.form.FindAllString(p.text, -1) {
				if u.except != nil && u.except.MatchString(match) {
					continue
				}
				f := finding{file: p.file, word: u.word}
				i, seen := index[f.key()]
				if !seen {
					i = len(found)
					index[f.key()] = i
					found = append(found, f)
				}
				found[i].lines = append(found[i].lines, p.line)
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.key(), b.key()) })
	return found
}

// compareWords returns a line for each file and word of which there are more
// or fewer than the baseline has.
func compareWords(baseline map[string]int, found []finding) (differences []string) {
	left := maps.Clone(baseline)
	for _, f := range found {
		allowed := left[f.key()]
		delete(left, f.key())
		switch n := len(f.lines); {
		case n > allowed:
			u := usage[slices.IndexFunc(usage, func(u term) bool { return u.word == f.word })]
			var places []string
			for _, line := range f.lines {
				places = append(places, fmt.Sprintf("%s:%d", f.file, line))
			}
			differences = append(differences, fmt.Sprintf("%q stands %d times where words.txt has %d; instead write %s:\n\t%s",
				f.word, n, allowed, u.use, strings.Join(places, "\n\t")))
		case n < allowed:
			left[f.key()] = allowed
		}
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		file, word, _ := strings.Cut(key, "\t")
		differences = append(differences, fmt.Sprintf("%s has fewer than %d of %q now: run make words", file, left[key], word))
	}
	return differences
}

// lowerWords returns the new baseline. It refuses to allow more of a word than
// before, in a file or in all. What moves to a new file, or comes with a new
// name of a file, is not more.
func lowerWords(baseline map[string]int, found []finding) (lowered map[string]int, err error) {
	lowered = make(map[string]int)
	total := make(map[string]int) // how many more than before, by word
	for key, n := range baseline {
		_, word, _ := strings.Cut(key, "\t")
		total[word] -= n
	}
	var refused []string
	for _, f := range found {
		n := len(f.lines)
		lowered[f.key()] = n
		total[f.word] += n
		if allowed, known := baseline[f.key()]; known && n > allowed {
			refused = append(refused, fmt.Sprintf("%s has %d of %q, and had %d", f.file, n, f.word, allowed))
		}
	}
	for word, more := range total {
		if more > 0 {
			refused = append(refused, fmt.Sprintf("there are %d more of %q in all files together", more, word))
		}
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		return nil, fmt.Errorf("words.txt may only shrink: %s", strings.Join(refused, "; "))
	}
	return lowered, nil
}

const baselineFile = "words.txt"

// readBaseline reads words.txt: on each line a file, a word and how many of it
// the file may have, with tabs between them.
func readBaseline(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(baselineFile)
	if err != nil {
		t.Fatal(err)
	}
	baseline := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		i := strings.LastIndex(line, "\t")
		n, err := strconv.Atoi(strings.TrimSpace(line[max(i, 0):]))
		if err != nil || i < 0 {
			t.Fatalf("%s: %q: %v", baselineFile, line, err)
		}
		baseline[line[:i]] = n
	}
	return baseline
}

var update = flag.Bool("update", false, "lower the counts in "+baselineFile)

func TestTheWordsAreThoseOfTheField(t *testing.T) {
	t.Parallel()
	var all []passage
	for _, p := range pages(t) {
		all = append(all, p.passages()...)
	}
	walk(t, ".go", func(file, text string) {
		if !strings.HasSuffix(file, "_test.go") {
			all = append(all, passagesOf(t, file, text)...)
		}
	})
	found, baseline := findings(all), readBaseline(t)
	if *update {
		lowered, err := lowerWords(baseline, found)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, key := range slices.Sorted(maps.Keys(lowered)) {
			fmt.Fprintf(&text, "%s\t%d\n", key, lowered[key])
		}
		if err := os.WriteFile(baselineFile, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, difference := range compareWords(baseline, found) {
		t.Error(difference)
	}
	n := 0
	for _, f := range found {
		n += len(f.lines)
	}
	t.Logf("%d findings in %d lines of prose", n, len(all))
}

func TestAWordOfOurOwnIsNoticed(t *testing.T) {
	t.Parallel()
	const source = `// Package p has an answer.
package p

import "errors"

// A repeats.
type A struct {
	B int // was told
	c int // answer
	// D may be out.
	D int
}

// hidden has an answer.
func hidden() error { return errors.New("the answer is no number") }

// E is no longer in a room, has room for it, and:
//
//	answer := 1
var E = "answer"

const (
	// F is mended.
	F = 1
	g = 2 // answer
)
`
	page := page{"x.md", "An `answer` is an Answer, see [answers](answer.md).\n\n```go\nanswer()\n```\n"}
	var got []string
	for _, f := range findings(append(passagesOf(t, "p.go", source), page.passages()...)) {
		got = append(got, fmt.Sprintf("%s %s %v", f.file, f.word, f.lines))
	}
	want := []string{"p.go answer [1 15]", "p.go be out [10]", "p.go mend [23]", "p.go repeat [6]", "p.go room [17]", "p.go told [8]", "x.md answer [1 1]"}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%q, not\n%q", got, want)
	}
}

func TestTheBaselineOfTheWordsOnlyShrinks(t *testing.T) {
	t.Parallel()
	baseline := map[string]int{"a.md\tanswer": 2, "b.md\tanswer": 1}
	file := func(name string, lines ...int) finding { return finding{name, "answer", lines} }
	for name, test := range map[string]struct {
		found             []finding
		different, refuse string
	}{
		"the same":           {[]finding{file("a.md", 3, 9), file("b.md", 1)}, "", ""},
		"more in a file":     {[]finding{file("a.md", 3, 9, 12)}, "\"answer\" stands 3 times where words.txt has 2; instead write response", "a.md has 3 of \"answer\", and had 2"},
		"in a new file":      {[]finding{file("a.md", 3, 9), file("b.md", 1), file("c.md", 7)}, "c.md:7", "there are 1 more of \"answer\""},
		"fewer":              {[]finding{file("a.md", 3), file("b.md", 1)}, "a.md has fewer than 2 of \"answer\" now: run make words", ""},
		"none left":          {[]finding{file("a.md", 3, 9)}, "b.md has fewer than 1", ""},
		"a file is renamed":  {[]finding{file("a.md", 3, 9), file("c.md", 1)}, "c.md:1", ""},
		"moved between them": {[]finding{file("a.md", 3), file("b.md", 1, 2)}, "b.md:2", "b.md has 2"},
	} {
		differences := strings.Join(compareWords(baseline, test.found), "; ")
		if (differences == "") != (test.different == "") || !strings.Contains(differences, test.different) {
			t.Errorf("%s: the differences are %q, not %q", name, differences, test.different)
		}
		if _, err := lowerWords(baseline, test.found); (err == nil) != (test.refuse == "") || err != nil && !strings.Contains(err.Error(), test.refuse) {
			t.Errorf("%s: lowering says %v, not %q", name, err, test.refuse)
		}
	}
}
