package check

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// load reads the documentation of a package from its sources.
func load(t *testing.T, importPath string, sources map[string]string) *doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for file, text := range sources {
		f, err := parser.ParseFile(fset, file, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, importPath)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// undocumented returns the exported names of a package without a doc comment,
// and its exported fields without a comment.
func undocumented(p *doc.Package) (names, fields []string) {
	importPath := p.ImportPath
	if p.Doc == "" {
		names = append(names, importPath)
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, spec := range v.Decl.Specs {
				s := spec.(*ast.ValueSpec)
				if v.Doc == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
					names = append(names, importPath+"."+s.Names[0].Name)
				}
			}
		}
	}
	funcs := func(prefix string, list []*doc.Func) {
		for _, f := range list {
			if f.Doc == "" {
				names = append(names, importPath+"."+prefix+f.Name)
			}
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs("", p.Funcs)
	for _, ty := range p.Types {
		if ty.Doc == "" {
			names = append(names, importPath+"."+ty.Name)
		}
		values(ty.Consts)
		values(ty.Vars)
		funcs("", ty.Funcs)
		funcs(ty.Name+".", ty.Methods)
		for _, spec := range ty.Decl.Specs {
			var members *ast.FieldList
			switch s := spec.(*ast.TypeSpec).Type.(type) {
			case *ast.StructType:
				members = s.Fields
			case *ast.InterfaceType:
				members = s.Methods
			default:
				continue
			}
			for _, f := range members.List {
				for _, n := range f.Names {
					if n.IsExported() && f.Doc.Text() == "" && f.Comment.Text() == "" {
						fields = append(fields, importPath+"."+ty.Name+"."+n.Name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names, fields
}

// packages returns the sources of the root module's public packages, by
// directory.
func packages(t *testing.T) map[string]map[string]string {
	t.Helper()
	packages := make(map[string]map[string]string)
	walk(t, ".go", func(file, text string) {
		dir := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || moduleOf(file) != moduleOf("doc.go") || strings.Contains(dir, "internal") ||
			strings.Contains("\n"+text, "\npackage main\n") {
			return
		}
		if packages[dir] == nil {
			packages[dir] = make(map[string]string)
		}
		packages[dir][file] = text
	})
	if len(packages) < 7 {
		t.Fatalf("only %d packages", len(packages))
	}
	return packages
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for dir, sources := range packages(t) {
		names, fields := undocumented(load(t, path.Join(module, dir), sources))
		for _, name := range names {
			t.Errorf("%s has no documentation", name)
		}
		t.Logf("%s: %d fields and interface methods that their names and types have to explain", dir, len(fields))
	}
}

func TestANameWithoutDocumentationIsNoticed(t *testing.T) {
	t.Parallel()
	const text = `// Package p is documented.
package p

// A is documented.
type A struct{ B int }

func (A) C() {}

// hidden is not exported.
func hidden() {}

type D int

// Constants have a comment together.
const (
	E D = 1
	F D = 2
)

const G = 3

var H, I int // documented

var J int

func K() A { return A{} }
`
	names, fields := undocumented(load(t, "p", map[string]string{"p.go": text}))
	if got, want := strings.Join(names, " "), "p.A.C p.D p.G p.J p.K"; got != want {
		t.Errorf("found %s, not %s", got, want)
	}
	if got, want := strings.Join(fields, " "), "p.A.B"; got != want {
		t.Errorf("found %s, not %s", got, want)
	}
}

var meantAsLink = regexp.MustCompile(`\[\*?(?:[a-z]+\.)?[A-Z]\w*(?:\.\w+)?\]`)

// deadLinks returns what is written like a link in the documentation, but
// names nothing.
func deadLinks(p *doc.Package) (dead []string) {
	in := func(where, text string) {
		text = regexp.MustCompile("(?m)^\t.*$").ReplaceAllString(text, "") // code
		parsed := p.Parser().Parse(text)
		// What was understood as a link is printed without its brackets.
		for _, m := range meantAsLink.FindAllString(string(p.Printer().Text(parsed)), -1) {
			dead = append(dead, where+": "+m)
		}
	}
	in("the package", p.Doc)
	values := func(list []*doc.Value) {
		for _, v := range list {
			in(v.Names[0], v.Doc)
		}
	}
	funcs := func(list []*doc.Func) {
		for _, f := range list {
			in(f.Recv+" "+f.Name, f.Doc)
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs(p.Funcs)
	for _, ty := range p.Types {
		in(ty.Name, ty.Doc)
		values(ty.Consts)
		values(ty.Vars)
		funcs(ty.Funcs)
		funcs(ty.Methods)
	}
	return dead
}

func TestNoLinkInTheDocumentationOfNamesIsDead(t *testing.T) {
	t.Parallel()
	for dir, sources := range packages(t) {
		for _, link := range deadLinks(load(t, path.Join(module, dir), sources)) {
			t.Errorf("%s: %s names nothing", dir, link)
		}
	}
}

func TestADeadLinkInTheDocumentationIsNoticed(t *testing.T) {
	t.Parallel()
	const text = `// Package p has [A], [A.B] and [*A]; not [C] and [A.D].
package p

import "net/http"

// A is for [http.Client] and not for [B].
//
//	x[A] is code, and so is [Z]
type A struct{}

// B is a method.
func (A) B(http.Client) {}
`
	if got, want := strings.Join(deadLinks(load(t, "p", map[string]string{"p.go": text})), "; "), "the package: [C]; the package: [A.D]; A: [B]"; got != want {
		t.Errorf("found %s, not %s", got, want)
	}
}
