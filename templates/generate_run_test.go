package templates_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
	"unicode"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// driver is a program that fills the templates of generated code, and prints the
// messages and what is wrong when a value is missing.
type driver struct {
	strings.Builder
	structs map[string]*ast.StructType
	calls   int
}

// result is a line that a driver prints.
type result struct {
	Template, Language string
	Missing            string // a field that was emptied; empty for none
	Message            *kirim.OutboundMessage
	Err                string
}

func driverOf(t *testing.T, code []byte, files []*templates.File) string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "tpl.go", code, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{structs: make(map[string]*ast.StructType)}
	constructors := make(map[string]*ast.FuncDecl)
	for _, decl := range parsed.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if name, ok := strings.CutPrefix(decl.Name.Name, "New"); ok && decl.Recv == nil {
				constructors[name] = decl
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					d.structs[spec.Name.Name], _ = spec.Type.(*ast.StructType)
				}
			}
		}
	}
	for _, f := range files {
		name := exported(f.Name)
		if constructors[name] == nil {
			t.Fatalf("no constructor for %s", f.Name)
		}
		d.template(f, name, constructors[name])
	}
	calls := "func main() {\n"
	for i := range d.calls {
		calls += fmt.Sprintf("t%d()\n", i)
	}
	return driverHead + d.String() + calls + "}\n"
}

const driverHead = `package main

import (
	"encoding/json"
	"os"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/templates/internal/generated/tpl"
)

var (
	soon = time.Now().Add(time.Hour)
	out  = json.NewEncoder(os.Stdout)
)

func emit(template, language, missing string, t interface {
	Template() (kirim.Template, error)
	To(string) kirim.OutboundMessage
}) {
	line := map[string]any{"Template": template, "Language": language, "Missing": missing}
	if _, err := t.Template(); err != nil {
		line["Err"] = err.Error()
	} else {
		line["Message"] = t.To("+6281100000001")
	}
	if err := out.Encode(line); err != nil {
		panic(err)
	}
}

`

// exported is the name of a type for a name of these tests.
func exported(name string) (words string) {
	for word := range strings.SplitSeq(name, "_") {
		words += string(unicode.ToUpper(rune(word[0]))) + word[1:]
	}
	return words
}

// template adds a function for a template: it is sent with what it requires, and with
// all else too, in each language; and then each value that is required is emptied.
func (d *driver) template(f *templates.File, name string, constructor *ast.FuncDecl) {
	arguments, required := []string{}, map[string]bool{}
	for _, group := range constructor.Type.Params.List {
		for _, argument := range group.Names {
			arguments = append(arguments, d.value(types.ExprString(group.Type), argument.Name))
			required[strings.ToLower(argument.Name)] = true
		}
	}
	fmt.Fprintf(d, "func t%d() {\nfull := tpl.New%s(%s)\n", d.calls, name, strings.Join(arguments, ", "))
	d.calls++
	in := func(code string) string {
		if len(f.Languages) == 1 {
			return ""
		}
		return ".In(tpl.Language" + strings.ToUpper(code) + ")"
	}
	emit := func(value, missing string) {
		for _, l := range f.Languages {
			fmt.Fprintf(d, "emit(%q, %q, %q, %s%s)\n", f.Name, l.Code, missing, value, in(l.Code))
		}
	}
	emit("full", "")
	d.WriteString("all := full\n")
	each := func(fields *ast.StructType, visit func(name, goType string)) {
		for _, field := range fields.Fields.List {
			if goType := types.ExprString(field.Type); goType != "Language" {
				visit(field.Names[0].Name, goType)
			}
		}
	}
	each(d.structs[name], func(field, goType string) {
		if !required[strings.ToLower(field)] {
			fmt.Fprintf(d, "all.%s = %s\n", field, d.value(goType, "optional"))
		}
	})
	emit("all", "")
	each(d.structs[name], func(field, goType string) {
		_, cards, isArray := strings.Cut(goType, "]")
		switch {
		case !required[strings.ToLower(field)] || goType == "kirim.PaymentRequest":
		case isArray && goType[1] != ']': // cards of which there is a fixed number
			each(d.structs[cards], func(inner, goType string) {
				if !strings.HasPrefix(inner, "Button") || strings.HasSuffix(inner, "Link") {
					fmt.Fprintf(d, "{\nv := full\nv.%s[1].%s = *new(%s)\n", field, inner, goType)
					emit("v", fmt.Sprintf("%s.%s[1].%s", name, field, inner))
					d.WriteString("}\n")
				}
			})
		default:
			if isArray && d.structs[cards] != nil {
				goType = "[]tpl." + cards
			}
			fmt.Fprintf(d, "{\nv := full\nv.%s = *new(%s)\n", field, goType)
			emit("v", name+"."+field)
			d.WriteString("}\n")
		}
	})
	d.WriteString("}\n\n")
}

// value returns a Go expression of a type. That of a text is its name.
func (d *driver) value(goType, name string) string {
	switch goType {
	case "string":
		return fmt.Sprintf("%q", name)
	case "kirim.Image", "kirim.Video", "kirim.Document":
		return goType + `{Link: "https://shop.example/file"}`
	case "kirim.TemplateLocation":
		return `kirim.TemplateLocation{Latitude: -6.2, Longitude: 106.8, Name: "Shop", Address: "Street 1"}`
	case "kirim.ProductItem":
		return `kirim.ProductItem{CatalogID: "1", RetailerID: "A-17"}`
	case "[]kirim.ProductSection":
		return `[]kirim.ProductSection{{Title: "New", Products: []kirim.ProductItem{{RetailerID: "A-17"}}}}`
	case "time.Time":
		return "soon"
	case "json.RawMessage":
		return "json.RawMessage(`{\"a\":1}`)"
	case "int":
		return "60"
	}
	list, card, _ := strings.Cut(goType, "]")
	fields := ""
	for _, field := range d.structs[card].Fields.List {
		fields += field.Names[0].Name + ": " + d.value(types.ExprString(field.Type), strings.ToLower(field.Names[0].Name)) + ", "
	}
	if list == "[" { // products: more than the template has
		return fmt.Sprintf("[]tpl.%[1]s{{%[2]s}, {%[2]s}, {%[2]s}}", card, fields)
	}
	n := strings.TrimPrefix(list, "[")
	return fmt.Sprintf("func() (cards [%s]tpl.%s) { for i := range cards { cards[i] = tpl.%[2]s{%s} }; return cards }()", n, card, fields)
}

func TestMessagesOfGeneratedCodeFitTheirTemplates(t *testing.T) {
	t.Parallel()
	files := append(every(41, combinations()), oneTimeCodes()...)
	code := generate(t, files...)
	out, err := goCommand(t, map[string]string{
		"internal/generated/tpl/tpl.go": string(code),
		"internal/generated/main.go":    driverOf(t, code, files),
	}, "run", "./internal/generated")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sandbox := kirimtest.Start(t, kirimtest.WithMetaMessages(), kirimtest.WithPlan(kirimtest.Enterprise(1_000_000, 100_000)))
	client, err := sandbox.Client()
	if err != nil {
		t.Fatal(err)
	}
	definitions := make(map[string]*kirim.MessageTemplate)
	bodies := make(map[string]string)
	for _, f := range files {
		for i := range f.Languages {
			l := &f.Languages[i]
			params := f.Params(l)
			components, err := json.Marshal(params.Components)
			if err != nil {
				t.Fatal(err)
			}
			sandbox.AddTemplate(kirimtest.Template{Name: f.Name, Language: l.Code, Category: string(f.Category), Components: components, ParameterFormat: string(params.ParameterFormat)})
			definitions[f.Name+l.Code], bodies[f.Name+l.Code] = params.Definition(), strings.NewReplacer("{{", "", "}}", "").Replace(l.Body)
		}
	}
	sent, refused := 0, 0
	for line := range strings.Lines(out) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		at := r.Template + " in " + r.Language
		if r.Missing != "" {
			if !strings.HasPrefix(r.Err, "kirim: invalid request: "+r.Missing+": want ") {
				t.Errorf("%s without %s: %q", at, r.Missing, r.Err)
			}
			refused++
			continue
		}
		if r.Err != "" {
			t.Errorf("%s: %s", at, r.Err)
			continue
		}
		template, _ := r.Message.Content.(kirim.Template)
		if template.Name != r.Template || template.Language != r.Language {
			t.Errorf("%s: it is %s in %s", at, template.Name, template.Language)
		}
		if err := r.Message.Validate(); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		definition := definitions[r.Template+r.Language]
		if err := template.Check(definition); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		preview, err := template.Preview(definition)
		if body := bodies[r.Template+r.Language]; err != nil || body != "" && preview.Body != body {
			t.Errorf("%s: the body is %q, want %q, %v", at, preview.Body, body, err)
		}
		if _, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), *r.Message); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		sent++
	}
	t.Logf("%d templates, %d messages sent, %d refused for a missing value", len(files), sent, refused)
	if sent < 2*len(files) || refused < len(files) {
		t.Error("too few")
	}
}
