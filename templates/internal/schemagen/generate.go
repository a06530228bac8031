package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/templates"
)

// schema is a JSON Schema. The order of the fields is that of the output.
type schema struct {
	Schema      string    `json:"$schema,omitzero"`
	ID          string    `json:"$id,omitzero"`
	Title       string    `json:"title,omitzero"`
	Ref         string    `json:"$ref,omitzero"`
	Description string    `json:"description,omitzero"`
	Type        any       `json:"type,omitzero"` // a name or several
	AnyOf       []*schema `json:"anyOf,omitzero"`
	Enum        []string  `json:"enum,omitzero"`
	Pattern     string    `json:"pattern,omitzero"`
	MinLength   int       `json:"minLength,omitzero"`
	MaxLength   int       `json:"maxLength,omitzero"`
	Minimum     *int      `json:"minimum,omitzero"`
	Maximum     *int      `json:"maximum,omitzero"`
	MinItems    int       `json:"minItems,omitzero"`
	MaxItems    int       `json:"maxItems,omitzero"`
	Items       *schema   `json:"items,omitzero"`

	Required             []string `json:"required,omitzero"`
	MinProperties        int      `json:"minProperties,omitzero"`
	MaxProperties        int      `json:"maxProperties,omitzero"`
	PropertyNames        *schema  `json:"propertyNames,omitzero"`
	Properties           members  `json:"properties,omitzero"`
	AdditionalProperties any      `json:"additionalProperties,omitzero"` // a schema, or false
	Defs                 members  `json:"$defs,omitzero"`
}

// members are named schemas in an order.
type members []member

type member struct {
	name   string
	schema *schema
}

// MarshalJSON returns an object.
func (m members) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, member := range m {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(member.name)
		if err != nil {
			return nil, err
		}
		var value bytes.Buffer
		encoder := json.NewEncoder(&value)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(member.schema); err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value.Bytes()...)
	}
	return append(b, '}'), nil
}

// generator makes the schemas of types.
type generator struct {
	docs    map[string]string // of types and, as Type.Field, of fields
	names   map[string]string // of members, by those of the fields
	buttons []string          // types of buttons
	defs    members
}

// generate returns the schema as JSON. The source is the Go file with the types, whose
// documentation becomes the descriptions.
func generate(source string) ([]byte, error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	g := &generator{docs: make(map[string]string), names: make(map[string]string)}
	g.read(file)
	for _, t := range objects {
		for field := range t.Fields() {
			if name := memberName(field); name != "" {
				g.names[field.Name] = name
			}
		}
	}
	root := g.object(objects[0])
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.ID = templates.SchemaURL
	root.Title = "WhatsApp message template"
	root.Defs = g.defs
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(root)
	return b.Bytes(), err
}

// objects are the structs of a file, with the whole file first.
var objects = []reflect.Type{
	reflect.TypeFor[templates.File](), reflect.TypeFor[templates.Parameter](), reflect.TypeFor[templates.Language](),
	reflect.TypeFor[templates.Header](), reflect.TypeFor[templates.Media](), reflect.TypeFor[templates.Offer](),
	reflect.TypeFor[templates.Card](), reflect.TypeFor[templates.Button](), reflect.TypeFor[templates.App](),
}

// memberName is the name of a field in a file; empty for one that no file has.
func memberName(field reflect.StructField) string {
	if name := field.Tag.Get("yaml"); name != "-" {
		return name
	}
	return ""
}

// read takes the comments of the types of a file and of their fields, and the constants
// of the types of buttons. A field may have its comment above or behind.
func (g *generator) read(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			for _, spec := range n.Specs {
				if named, ok := spec.(*ast.TypeSpec); ok {
					g.docs[named.Name.Name] = n.Doc.Text()
				}
			}
		case *ast.TypeSpec:
			fields, ok := n.Type.(*ast.StructType)
			if !ok {
				return false
			}
			for _, field := range fields.Fields.List {
				for _, name := range field.Names {
					g.docs[n.Name.Name+"."+name.Name] = field.Doc.Text() + field.Comment.Text()
				}
			}
		case *ast.ValueSpec:
			if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "ButtonType" {
				g.buttons = append(g.buttons, strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`))
			}
		}
		return true
	})
}

// link is a link to a name in a Go comment.
var link = regexp.MustCompile(`\[\*?(?:\w+\.)?(\w+)\]`)

// word is one that may be the name of a field.
var word = regexp.MustCompile(`\b[A-Z]\w*`)

// describe turns the comment on a name into the description of a schema: a sentence
// about the members of a file, in place of the fields of Go.
func (g *generator) describe(name, comment string) string {
	text := link.ReplaceAllString(strings.Join(strings.Fields(comment), " "), "$1")
	for _, verb := range []string{" is ", " are "} {
		if rest, found := strings.CutPrefix(text, name+verb); found {
			text = strings.ToUpper(rest[:1]) + rest[1:]
			break
		}
	}
	first := true
	text = word.ReplaceAllStringFunc(text, func(w string) string {
		inside := !first || strings.HasPrefix(text, name)
		first = false
		if named, found := g.names[w]; found && inside {
			return named
		}
		return w
	})
	if text != "" && !strings.HasSuffix(text, ".") {
		text = strings.ToUpper(text[:1]) + text[1:] + "."
	}
	return text
}

// object is the schema of a struct: its members and no others.
func (g *generator) object(t reflect.Type) *schema {
	s := &schema{Description: g.describe(t.Name(), firstSentence(g.docs[t.Name()])), Type: "object", AdditionalProperties: false}
	for field := range t.Fields() {
		name := memberName(field)
		if name == "" {
			continue
		}
		path := t.Name() + "." + field.Name
		value := g.value(field.Type)
		value.Description = g.describe(field.Name, g.docs[path])
		if limit := limits[path]; limit != nil {
			limit(value)
		}
		s.Properties = append(s.Properties, member{name, value})
	}
	if limit := limits[t.Name()]; limit != nil {
		limit(s)
	}
	return s
}

// firstSentence leaves out what a comment says to Go programmers.
func firstSentence(comment string) string {
	comment = strings.Join(strings.Fields(comment), " ")
	if i := strings.Index(comment, ". "); i >= 0 {
		return comment[:i+1]
	}
	return comment
}

// ref refers to the schema of a struct, which it adds to the definitions.
func (g *generator) ref(t reflect.Type) *schema {
	name := strings.ToLower(t.Name())
	for _, def := range g.defs {
		if def.name == name {
			return &schema{Ref: "#/$defs/" + name}
		}
	}
	def := member{name, &schema{}} // before its members, which may have it
	g.defs = append(g.defs, def)
	*def.schema = *g.object(t)
	return &schema{Ref: "#/$defs/" + name}
}

// scalar is a text that may look like another value: 17 needs no quotes.
func scalar() *schema { return &schema{Type: []string{"string", "number", "boolean"}} }

// value is the schema of a value of a type, in all the forms that a file may have.
func (g *generator) value(t reflect.Type) *schema {
	switch t {
	case reflect.TypeFor[templates.Parameters]():
		short := &schema{Description: "The sample alone.", Type: []string{"string", "number", "boolean", "null"}}
		return &schema{
			Type: "object", PropertyNames: &schema{Pattern: "^[a-z0-9_]+$"},
			AdditionalProperties: &schema{AnyOf: []*schema{short, g.ref(reflect.TypeFor[templates.Parameter]())}},
		}
	case reflect.TypeFor[templates.Languages]():
		return &schema{
			Type: "object", PropertyNames: &schema{Pattern: "^[a-z]{2,3}(_[A-Za-z0-9]{2,4})?$"}, MinProperties: 1,
			AdditionalProperties: g.ref(reflect.TypeFor[templates.Language]()),
		}
	case reflect.TypeFor[templates.Samples]():
		return &schema{Type: "object", AdditionalProperties: scalar()}
	case reflect.TypeFor[templates.Components]():
		return &schema{Type: "array", Items: &schema{Type: "object", Required: []string{"type"}}}
	case reflect.TypeFor[*templates.Header]():
		short := &schema{Description: "The text alone.", Type: "string"}
		return &schema{AnyOf: []*schema{short, g.ref(t.Elem())}}
	case reflect.TypeFor[*templates.Media]():
		short := &schema{Description: "The link alone.", Type: "string", Pattern: "^https://"}
		return &schema{AnyOf: []*schema{short, g.ref(t.Elem()), {Description: "No sample.", Type: "null"}}}
	case reflect.TypeFor[kirim.TemplateCategory]():
		return anyCase(string(kirim.TemplateMarketing), string(kirim.TemplateUtility), string(kirim.TemplateAuthentication))
	case reflect.TypeFor[kirim.TemplateParameterFormat]():
		return anyCase(string(kirim.TemplatePositional), string(kirim.TemplateNamed))
	case reflect.TypeFor[templates.ButtonType]():
		return anyCase(g.buttons...)
	case reflect.TypeFor[templates.Unknown]():
		return &schema{Enum: []string{string(templates.UnknownCategory), string(templates.UnknownContent), string(templates.UnknownSamples)}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.value(t.Elem())
	case reflect.Struct:
		return g.ref(t)
	case reflect.Slice:
		return &schema{Type: "array", Items: g.value(t.Elem())}
	case reflect.Int:
		return &schema{Type: "integer"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.String:
		return &schema{Type: "string"}
	default:
		panic(fmt.Sprintf("schemagen: no schema for %s", t))
	}
}
