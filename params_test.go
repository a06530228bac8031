package kirim_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// paramTypes are the params that the methods take.
func paramTypes() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, owner := range []reflect.Type{reflect.TypeFor[kirim.Client](), reflect.TypeFor[kirim.PhoneNumber]()} {
		for i := range owner.NumField() {
			if !owner.Field(i).IsExported() {
				continue
			}
			service := owner.Field(i).Type
			for j := range service.NumMethod() {
				method := service.Method(j).Type
				for k := range method.NumIn() {
					if in := method.In(k); strings.HasSuffix(strings.TrimLeft(in.String(), "*"), "Params") {
						types[strings.TrimPrefix(in.String(), "kirim.")] = in
					}
				}
			}
		}
	}
	own := reflect.TypeFor[*kirim.Client]()
	for i := range own.NumMethod() {
		method := own.Method(i).Type
		for k := range method.NumIn() {
			if in := method.In(k); strings.HasSuffix(in.String(), "Params") {
				types[strings.TrimPrefix(in.String(), "kirim.")] = in
			}
		}
	}
	return types
}

func TestAllParamsAreTakenByValueBySomeMethod(t *testing.T) {
	t.Parallel()
	types := paramTypes()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && strings.HasSuffix(spec.Name.Name, "Params") {
				declared++
				if types[spec.Name.Name] == nil {
					t.Errorf("no method takes %s", spec.Name.Name)
				}
			}
			return true
		})
	}
	for name, typ := range types {
		if typ.Kind() != reflect.Struct {
			t.Errorf("%s is not taken by value", name)
		}
	}
	if declared < 10 || declared != len(types) {
		t.Errorf("%d are declared, %d are taken", declared, len(types))
	}
}

func TestEveryFieldOfAQueryIsEncodedAsItIsMeant(t *testing.T) {
	t.Parallel()
	queries := 0
	for name, typ := range paramTypes() {
		isQuery := false
		for i := range typ.NumField() {
			_, tagged := typ.Field(i).Tag.Lookup("url")
			isQuery = isQuery || tagged
		}
		if strings.HasSuffix(name, "ListParams") != isQuery {
			t.Errorf("%s: is it a query or not?", name)
		}
		if !isQuery {
			continue
		}
		queries++
		for i := range typ.NumField() {
			if problem := queryProblem(typ.Field(i)); problem != "" {
				t.Errorf("%s.%s %s", name, typ.Field(i).Name, problem)
			}
		}
	}
	if queries < 10 {
		t.Errorf("only %d queries were found", queries)
	}
}

var queryTag = regexp.MustCompile(`^[a-z_]+,omitempty$`)

// queryProblem says what go-querystring would make of a field that nobody
// means.
func queryProblem(f reflect.StructField) string {
	tag := f.Tag.Get("url")
	switch {
	case f.Anonymous:
		return "is embedded"
	case !f.IsExported():
		return "would be left out"
	case !queryTag.MatchString(tag):
		return fmt.Sprintf("has the tag %q, which is not a name and omitempty", tag)
	}
	if f.Type == reflect.TypeFor[time.Time]() {
		if f.Tag.Get("layout") != "2006-01-02T15:04:05.999999999Z07:00" {
			return "is a time that would lose its fraction"
		}
		return ""
	}
	if kind := f.Type.Kind(); kind == reflect.String || kind == reflect.Int {
		return ""
	}
	return "is a " + f.Type.String() + ", for which there is no rule yet"
}

func TestTheCheckOfQueriesFindsWhatItIsFor(t *testing.T) {
	t.Parallel()
	type inner struct{ A string }
	bad := reflect.TypeOf(struct {
		inner
		hidden   string `url:"hidden,omitempty"`
		Untagged string
		Always   string               `url:"always"`
		Comma    []string             `url:"comma,omitempty,comma"`
		List     []string             `url:"list,omitempty"`
		Map      map[string]string    `url:"map,omitempty"`
		Func     func()               `url:"func,omitempty"`
		Pointer  *string              `url:"pointer,omitempty"`
		Time     time.Time            `url:"time,omitempty"`
		Nested   struct{ A string }   `url:"nested,omitempty"`
		Change   kirim.Change[string] `url:"change,omitempty"`
	}{})
	for i := range bad.NumField() {
		if queryProblem(bad.Field(i)) == "" {
			t.Errorf("%s passes", bad.Field(i).Name)
		}
	}
}
