package kirimotel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/system"
)

// root has the declarations of package kirim.
type root struct {
	constants map[string][]string // values, by the name of their type
	elements  map[string]bool     // types of elements; true for those that have a Time
}

func parseRoot(t *testing.T) root {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	r := root{constants: make(map[string][]string), elements: make(map[string]bool)}
	timed := make(map[string]bool)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			switch decl := decl.(type) {
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					r.read(spec, timed)
				}
			case *ast.FuncDecl:
				if decl.Name.Name == "dedupeKey" {
					r.elements[decl.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name] = false
				}
			}
		}
	}
	delete(r.elements, "MetaChange")
	for name := range r.elements {
		r.elements[name] = timed[name]
	}
	return r
}

func (r root) read(spec ast.Spec, timed map[string]bool) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		if typ, ok := spec.Type.(*ast.Ident); ok && len(spec.Values) == 1 {
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				text, _ := strconv.Unquote(value.Value)
				r.constants[typ.Name] = append(r.constants[typ.Name], text)
			}
		}
	case *ast.TypeSpec:
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				if typ, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 && typ.Name == "MetaChange" {
					r.elements[spec.Name.Name], timed[spec.Name.Name] = true, true
				}
				if len(field.Names) == 1 && field.Names[0].Name == "Time" {
					timed[spec.Name.Name] = true
				}
			}
		}
	}
}

func TestKnownWordsAreThoseOfTheRoot(t *testing.T) {
	t.Parallel()
	r := parseRoot(t)
	for name, list := range map[string][]string{
		"Kind": knownOrOther(kinds), "ErrorCode": knownOrOther(errorCodes), "WebhookEventType": knownOrOther(eventTypes),
		"AttemptOutcome": append(slices.Clone(attemptOutcomes), other), "ElementOutcome": append(slices.Clone(elementOutcomes), other),
		"RateClass": append(slices.Clone(rateClasses), other),
	} {
		want := append(slices.Clone(r.constants[name]), other)
		slices.Sort(want)
		slices.Sort(list)
		if len(want) < 3 || !slices.Equal(list, want) {
			t.Errorf("%s: %q\nwant %q", name, list, want)
		}
	}
}

func TestKnownCodesAreThoseOfTheOtherSystems(t *testing.T) {
	t.Parallel()
	want := make(map[string]bool)
	var numbers []int
	for s := range system.All() {
		for _, code := range s.Codes {
			if n, err := strconv.Atoi(code.Code); err == nil {
				if n >= longestMetaCode {
					numbers = append(numbers, n)
				}
			} else {
				want[code.Code] = true
			}
		}
	}
	for code := range want {
		if !isCode[kirim.ErrorCode(code)] {
			t.Errorf("the code %s is not known", code)
		}
	}
	if len(isCode) != len(want) || len(want) < 50 {
		t.Errorf("%d codes are known, not %d", len(isCode), len(want))
	}
	slices.Sort(numbers)
	if !slices.Equal(numbers, longMetaCodes) {
		t.Errorf("%v\nwant %v", longMetaCodes, numbers)
	}
}

func TestEveryElementHasAType(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("deliveries.go")
	if err != nil {
		t.Fatal(err)
	}
	_, types, _ := strings.Cut(string(source), "func elementType(")
	types, times, _ := strings.Cut(types, "func timeOf(")
	elements := parseRoot(t).elements
	if len(elements) < 20 {
		t.Fatalf("only %d types of elements were found", len(elements))
	}
	for name, timed := range elements {
		if !strings.Contains(types, "*kirim."+name) && name != "UnknownData" {
			t.Errorf("elementType has no %s", name)
		}
		if timed != strings.Contains(times, "*kirim."+name+":") {
			t.Errorf("timeOf has no %s, or one that has no time", name)
		}
	}
}
