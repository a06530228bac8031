package check

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// undocumented returns the exported names of a package without a doc comment,
// and its exported fields without a comment.
func undocumented(t *testing.T, importPath string, sources map[string]string) (names, fields []string) {
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

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	packages := make(map[string]map[string]string)
	walk(t, ".go", func(file, text string) {
		dir := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || moduleOf(file) != root && moduleOf(file) != root+"/." || strings.Contains(dir, "internal") ||
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
	for dir, sources := range packages {
		names, fields := undocumented(t, path.Join(module, dir), sources)
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
	names, fields := undocumented(t, "p", map[string]string{"p.go": text})
	if got, want := strings.Join(names, " "), "p.A.C p.D p.G p.J p.K"; got != want {
		t.Errorf("found %s, not %s", got, want)
	}
	if got, want := strings.Join(fields, " "), "p.A.B"; got != want {
		t.Errorf("found %s, not %s", got, want)
	}
}
