package check

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wing is a part of the root package. Its files may use each other and those of
// the wings before it, and no others.
type wing struct {
	name  string
	files []string // patterns
}

// wings are in the order in which they build on each other. A file that is new
// belongs to one of them by its name.
var wings = []wing{
	// One call, from its arguments to its error.
	{"engine", []string{
		"call*.go", "core.go", "retry*.go", "transport*.go", "dialer.go", "ratelimit.go", "pacer*.go", "redact.go", "idempotency.go",
		"errors*.go", "url.go", "options_request.go",
	}},
	// What is sent, and what can be asked for.
	{"sending", []string{
		"message*.go", "template*.go", "resource*.go", "pagination.go", "me.go", "accounts.go", "contacts.go", "conversations.go", "customers.go",
		"deliveries.go", "labels.go", "subscriptions.go",
	}},
	// A client has all services as its fields.
	{"client", []string{"client.go", "options.go", "doc.go"}},
	{"receiving", []string{"webhook*.go", "window.go"}},
	// Aliases of what any of them exports.
	{"deprecated", []string{"deprecated.go"}},
}

// maxKnot is how many files may need each other, directly or in a circle.
const maxKnot = 16

// wingOf returns the place of a file among the wings, -1 for none.
func wingOf(file string) int {
	return slices.IndexFunc(wings, func(w wing) bool {
		return slices.ContainsFunc(w.files, func(pattern string) bool {
			matched, err := path.Match(pattern, file)
			return matched && err == nil
		})
	})
}

// arrows are what the files of a package use of each other: arrows[a][b] names
// what a uses of b.
type arrows map[string]map[string][]string

// arrowsOf type-checks a package. A file uses another by the names that the
// other declares at the level of the package, and by its methods.
func arrowsOf(dir string, sources map[string][]byte) (arrows, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	imported := make(map[string]bool)
	found := make(arrows)
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		f, err := parser.ParseFile(fset, name, sources[name], parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, p := range importsOf(f) {
			imported[p] = true
		}
		files = append(files, f)
		found[name] = make(map[string][]string)
	}
	compiled, err := exports(dir, slices.Sorted(maps.Keys(imported)))
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(p string) (io.ReadCloser, error) { return os.Open(compiled[p]) })}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	pkg, err := config.Check("kirim", fset, files, info)
	if err != nil {
		return nil, err
	}
	fileOf := func(p token.Pos) string { return fset.Position(p).Filename }
	for name, object := range info.Uses {
		method := false
		if f, ok := object.(*types.Func); ok {
			method = f.Signature().Recv() != nil
		}
		if object.Pkg() != pkg || object.Parent() != pkg.Scope() && !method {
			continue
		}
		from, to := fileOf(name.Pos()), fileOf(object.Pos())
		if from != to && !slices.Contains(found[from][to], object.Name()) {
			found[from][to] = append(found[from][to], object.Name())
		}
	}
	return found, nil
}

// upward describes each use of a file by one of an earlier wing, and each file
// that is in no wing.
func (a arrows) upward() (faults []string) {
	for from, uses := range a {
		w := wingOf(from)
		if w < 0 {
			faults = append(faults, from+" is in no wing")
			continue
		}
		for to, names := range uses {
			if v := wingOf(to); v > w {
				slices.Sort(names)
				faults = append(faults, fmt.Sprintf("%s (%s) uses %s (%s): %s", from, wings[w].name, to, wings[v].name, strings.Join(names, ", ")))
			}
		}
	}
	slices.Sort(faults)
	return faults
}

// knot returns the largest set of files that all need each other.
func (a arrows) knot() (largest []string) {
	reach := make(map[string]map[string]bool)
	var visit func(from, at string)
	visit = func(from, at string) {
		for to := range a[at] {
			if !reach[from][to] {
				reach[from][to] = true
				visit(from, to)
			}
		}
	}
	for file := range a {
		reach[file] = make(map[string]bool)
		visit(file, file)
	}
	for file := range a {
		var together []string
		for other := range reach[file] {
			if reach[other][file] {
				together = append(together, other)
			}
		}
		if len(together) > len(largest) {
			largest = together
		}
	}
	slices.Sort(largest)
	return largest
}

// rootSources reads the package of the root without its tests.
func rootSources(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	sources := make(map[string][]byte)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if sources[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return sources
}

func TestTheFilesOfTheRootBuildOnEachOtherInOneDirection(t *testing.T) {
	t.Parallel()
	found, err := arrowsOf(root, rootSources(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range found.upward() {
		t.Error(fault)
	}
	knot := found.knot()
	t.Logf("the largest knot has %d files: %s", len(knot), strings.Join(knot, " "))
	if len(knot) > maxKnot {
		t.Errorf("%d files need each other, more than %d: %s", len(knot), maxKnot, strings.Join(knot, " "))
	}
	for to, names := range found["call_engine.go"] {
		t.Errorf("call_engine.go uses %s: %s; it is about go-retryablehttp alone", to, strings.Join(names, ", "))
	}
}

func TestOnlyTheEngineKnowsTheLibraryThatRepeats(t *testing.T) {
	t.Parallel()
	for name, text := range rootSources(t) {
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		imports := slices.ContainsFunc(importsOf(f), func(p string) bool { return strings.Contains(p, "go-retryablehttp") })
		if imports != (name == "call_engine.go") {
			t.Errorf("%s imports go-retryablehttp: %v", name, imports)
		}
	}
}

// The rules find what they forbid.
func TestArrowsThatLeadUpAndKnotsAreFound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sources map[string][]byte
		upward  []string
		knot    []string
	}{
		"sending leans on receiving": {
			map[string][]byte{"messages.go": []byte("package kirim; type s struct{ e event }"), "webhook_event.go": []byte("package kirim; type event struct{}")},
			[]string{"messages.go (sending) uses webhook_event.go (receiving): event"}, nil,
		},
		"the engine leans on a resource, by a method": {
			map[string][]byte{
				"call.go":      []byte("package kirim; type call struct{}; func (c call) run() { c.label() }"),
				"labels.go":    []byte("package kirim; func (c call) label() {}"),
				"redact.go":    []byte("package kirim; const redactedKey = 1"),
				"templates.go": []byte("package kirim; var _ = redactedKey"),
			},
			[]string{"call.go (engine) uses labels.go (sending): label"}, []string{"call.go", "labels.go"},
		},
		"receiving is entered from below": {
			map[string][]byte{"options.go": []byte("package kirim; var _ = window"), "window.go": []byte("package kirim; const window = 24")},
			[]string{"options.go (client) uses window.go (receiving): window"}, nil,
		},
		"a file of no wing": {map[string][]byte{"util.go": []byte("package kirim")}, []string{"util.go is in no wing"}, nil},
		"a circle of three": {
			map[string][]byte{"call.go": []byte("package kirim; type a *b"), "core.go": []byte("package kirim; type b *c"), "retry.go": []byte("package kirim; type c *a")},
			nil, []string{"call.go", "core.go", "retry.go"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := arrowsOf(root, tt.sources)
			if err != nil {
				t.Fatal(err)
			}
			if got := found.upward(); !slices.Equal(got, tt.upward) {
				t.Errorf("found %q, want %q", got, tt.upward)
			}
			if got := found.knot(); !slices.Equal(got, tt.knot) {
				t.Errorf("the knot is %q, want %q", got, tt.knot)
			}
		})
	}
}

const (
	maxLines = 600
	// minLines is not for a package doc on its own, nor for what only some systems
	// compile; what else is shorter belongs to another file.
	minLines = 20
)

func TestFilesAreNeitherLongNorFragments(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != root:
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		lines := bytes.Count(text, []byte("\n"))
		generated := bytes.Contains(text, []byte("\n// Code generated ")) || bytes.HasPrefix(text, []byte("// Code generated "))
		constrained := bytes.HasPrefix(text, []byte("//go:build "))
		if lines > maxLines || lines < minLines && !generated && !constrained && entry.Name() != "doc.go" {
			t.Errorf("%s has %d lines, not %d to %d", name, lines, minLines, maxLines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
