package check

import (
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("^`((?:Test|Fuzz|Benchmark|Example)[A-Z]\\w+)`$")
	namedName = regexp.MustCompile("^`\\*?(kirim|kirimtest)\\.([A-Z]\\w*)(?:\\.([A-Z]\\w*))?(?:\\(.*\\))?`$")
	declared  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w+)\(`)
)

// unknownNames returns the tests and the names of packages that the prose
// speaks of and that do not exist.
func (p page) unknownNames(tests map[string]bool, packages map[string]*types.Package) (unknown []string) {
	for _, s := range span.FindAllString(p.prose(), -1) {
		if m := namedTest.FindStringSubmatch(s); m != nil && !tests[m[1]] {
			unknown = append(unknown, s)
		}
		if m := namedName.FindStringSubmatch(s); m != nil {
			object := packages[m[1]].Scope().Lookup(m[2])
			if object != nil && m[3] != "" {
				object, _, _ = types.LookupFieldOrMethod(object.Type(), true, packages[m[1]], m[3])
			}
			if object == nil {
				unknown = append(unknown, s)
			}
		}
	}
	return unknown
}

func TestEveryNameInTheProseExists(t *testing.T) {
	t.Parallel()
	files, err := exports(root, []string{module + "/kirimtest"})
	if err != nil {
		t.Fatal(err)
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) { return os.Open(files[p]) })
	packages := make(map[string]*types.Package)
	for _, p := range []string{module, module + "/kirimtest"} {
		loaded, err := imports.Import(p)
		if err != nil {
			t.Fatal(err)
		}
		packages[loaded.Name()] = loaded
	}
	tests := make(map[string]bool)
	walk(t, ".go", func(_, text string) {
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			tests[m[1]] = true
		}
	})
	for _, p := range pages(t) {
		for _, name := range p.unknownNames(tests, packages) {
			t.Errorf("%s speaks of %s, which does not exist", p.path, name)
		}
	}

	wrong := page{"x.md", "`TestNobodyWrote` `kirim.Nothing` `kirim.Error.Nothing` and right: `TestEveryNameInTheProseExists` " +
		"`kirim.Error.RetryAfter` `*kirim.Error` `kirim.MaybeSent(err)` `kirimtest.Server.Advance`"}
	if got, want := strings.Join(wrong.unknownNames(tests, packages), " "), "`TestNobodyWrote` `kirim.Nothing` `kirim.Error.Nothing`"; got != want {
		t.Errorf("noticed %s, not %s", got, want)
	}
}
