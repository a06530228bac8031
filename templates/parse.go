package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/kirim-go/kirim"
)

// MaxFileSize limits a file, in bytes.
const MaxFileSize = 1 << 20

// Parse reads a template from YAML or, if name ends in .json, from JSON. What is wrong
// with the form is a [*SyntaxError] with all faults; what is wrong with the template
// is for [Lint] to say.
func Parse(name string, text []byte) (*File, error) {
	f := &File{source: source{path: name, content: text, nodes: make(map[string]*yaml.Node)}}
	d := &decoder{file: f}
	f.root = d.tree(name, text)
	if f.root != nil {
		f.lines = linesOf(text)
		d.value(f.root, "", reflect.ValueOf(f).Elem())
		d.normalize()
	}
	if len(d.faults) > 0 {
		return nil, &SyntaxError{Path: name, Faults: d.faults}
	}
	return f, nil
}

// decoder fills a file from a tree, and collects what does not fit.
type decoder struct {
	file   *File
	faults []Fault
}

func (d *decoder) fault(n *yaml.Node, field, format string, args ...any) {
	d.faults = append(d.faults, Fault{Position{n.Line, n.Column}, field, fmt.Sprintf(format, args...)})
}

// tree parses the text; it returns nil after a fault.
func (d *decoder) tree(name string, text []byte) *yaml.Node {
	start := &yaml.Node{Line: 1, Column: 1}
	if len(text) > MaxFileSize {
		d.fault(start, "", "want at most %d bytes, got %d", MaxFileSize, len(text))
		return nil
	}
	if !utf8.Valid(text) {
		d.fault(start, "", "want UTF-8")
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var root *yaml.Node
	if isJSON(name) {
		var at Position
		var err error
		if root, at, err = parseJSON(text); err != nil {
			d.fault(&yaml.Node{Line: at.Line, Column: at.Column}, "", "%v", err)
			return nil
		}
	} else {
		documents := yaml.NewDecoder(bytes.NewReader(text))
		var document, next yaml.Node
		if err := documents.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
			at, message := yamlFault(err)
			d.fault(&yaml.Node{Line: at.Line, Column: at.Column}, "", "%s", message)
			return nil
		}
		if len(document.Content) > 0 {
			root = document.Content[0]
			if err := documents.Decode(&next); !errors.Is(err, io.EOF) {
				at := &next
				if err != nil {
					mark, _ := yamlFault(err)
					at = &yaml.Node{Line: mark.Line, Column: mark.Column}
				}
				d.fault(at, "", "want one template in a file, got another document")
			}
		}
		if deep := tooDeep(root, maxDepth); deep != nil {
			d.fault(deep, "", "%v", errDeep)
			return nil
		}
	}
	if root == nil || root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		d.fault(start, "", "the file is empty")
		return nil
	}
	return root
}

func isJSON(name string) bool { return strings.EqualFold(path.Ext(name), ".json") }

// tooDeep returns the first value that is more than so many levels deep, nil for none.
func tooDeep(n *yaml.Node, levels int) *yaml.Node {
	if n == nil || n.Kind == yaml.ScalarNode {
		return nil
	}
	if levels == 0 {
		return n
	}
	for _, child := range n.Content {
		if deep := tooDeep(child, levels-1); deep != nil {
			return deep
		}
	}
	return nil
}

// yamlFault returns where a text is not YAML, and why.
func yamlFault(err error) (Position, string) {
	at := Position{1, 1}
	message := err.Error()
	var fault *yaml.LoadError
	if errors.As(err, &fault) && fault.Mark.Line > 0 {
		at = Position{fault.Mark.Line, fault.Mark.Column}
		message = fault.Message
	}
	return at, "not YAML: " + strings.TrimPrefix(message, "yaml: ")
}

// value decodes a node into a value of the types of this package.
func (d *decoder) value(n *yaml.Node, field string, into reflect.Value) {
	d.file.nodes[field] = n
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fault(n, field, "want no anchors and aliases")
		return
	}
	switch target := into.Addr().Interface().(type) {
	case *Parameters:
		d.eachMember(n, field, func(key *yaml.Node, value *yaml.Node, at string) {
			p := Parameter{Name: key.Value}
			if value.Kind == yaml.ScalarNode { // the sample alone
				d.value(value, at, reflect.ValueOf(&p.Sample).Elem())
			} else {
				d.value(value, at, reflect.ValueOf(&p).Elem())
			}
			*target = append(*target, p)
		})
		return
	case *Languages:
		d.eachMember(n, field, func(key *yaml.Node, value *yaml.Node, at string) {
			l := Language{Code: key.Value}
			d.value(value, at, reflect.ValueOf(&l).Elem())
			*target = append(*target, l)
		})
		return
	case *Samples:
		d.eachMember(n, field, func(key *yaml.Node, value *yaml.Node, at string) {
			s := Sample{Parameter: key.Value}
			d.value(value, at, reflect.ValueOf(&s.Value).Elem())
			*target = append(*target, s)
		})
		return
	case *Components:
		if n.Kind != yaml.SequenceNode {
			d.fault(n, field, "want a list of components, got %s", kindOf(n))
			return
		}
		*target = Components(d.json(n, field))
		return
	case **Header:
		if n.Kind == yaml.ScalarNode { // the text alone
			*target = &Header{}
			d.value(n, field, reflect.ValueOf(&(*target).Text).Elem())
			return
		}
	case **Media:
		if n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "https://") { // the link alone
			*target = &Media{URL: n.Value}
			return
		}
		if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
			d.fault(n, field, "want a link that begins with https://, or one of file, handle and url, got %s", kindOf(n))
			return
		}
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, field, into.Elem())
	case reflect.Struct:
		d.object(n, field, into)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			d.fault(n, field, "want a list, got %s", kindOf(n))
			return
		}
		into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			d.value(item, itemPath(field, i), into.Index(i))
		}
	case reflect.String:
		if n.Kind != yaml.ScalarNode {
			d.fault(n, field, "want a text, got %s", kindOf(n))
			return
		}
		if n.Tag != "!!null" {
			into.SetString(n.Value)
		}
	case reflect.Int:
		number, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			d.fault(n, field, "want a whole number, got %s", kindOf(n))
			return
		}
		into.SetInt(int64(number))
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			d.fault(n, field, "want true or false, got %s", kindOf(n))
			return
		}
		into.SetBool(strings.EqualFold(n.Value, "true"))
	default: // no field has another kind
	}
}

// object decodes the members of a mapping into the fields of a struct.
func (d *decoder) object(n *yaml.Node, field string, into reflect.Value) {
	names := membersOf(into.Type())
	d.eachMember(n, field, func(key *yaml.Node, value *yaml.Node, at string) {
		i, known := names[key.Value]
		if !known {
			d.fault(key, at, "there is no such member; want one of %s", strings.Join(sortedKeys(names), ", "))
			return
		}
		d.value(value, at, into.Field(i))
	})
}

// membersOf returns the fields of a struct by their names in a file.
func membersOf(t reflect.Type) map[string]int {
	names := make(map[string]int)
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			names[name] = i
		}
	}
	return names
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (d *decoder) eachMember(n *yaml.Node, field string, visit func(key, value *yaml.Node, at string)) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" { // a key without a value
		return
	}
	if n.Kind != yaml.MappingNode {
		d.fault(n, field, "want members, got %s", kindOf(n))
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := childPath(field, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || key.Anchor != "":
			d.fault(key, field, "want names that are texts")
		case seen[key.Value]:
			d.fault(key, at, "it is there twice")
		default:
			seen[key.Value] = true
			visit(key, value, at)
		}
	}
}

// json returns a node as JSON.
func (d *decoder) json(n *yaml.Node, field string) json.RawMessage {
	d.file.nodes[field] = n
	if n.Anchor != "" {
		d.fault(n, field, "want no anchors and aliases")
		return json.RawMessage("null")
	}
	switch n.Kind {
	case yaml.SequenceNode:
		items := make([]json.RawMessage, len(n.Content))
		for i, item := range n.Content {
			items[i] = d.json(item, itemPath(field, i))
		}
		return mustMarshal(items)
	case yaml.MappingNode:
		text := []byte("{")
		d.eachMember(n, field, func(key, value *yaml.Node, at string) {
			if len(text) > 1 {
				text = append(text, ',')
			}
			text = append(append(append(text, mustMarshal(key.Value)...), ':'), d.json(value, at)...)
		})
		return append(text, '}')
	case yaml.ScalarNode:
		switch {
		case n.Tag == "!!null":
			return json.RawMessage("null")
		case (n.Tag == "!!bool" || n.Tag == "!!int" || n.Tag == "!!float") && json.Valid([]byte(strings.ToLower(n.Value))):
			return json.RawMessage(strings.ToLower(n.Value))
		}
		return mustMarshal(n.Value)
	default: // an alias
	}
	d.fault(n, field, "want no anchors and aliases")
	return json.RawMessage("null")
}

// mustMarshal marshals what always has a form in JSON.
func mustMarshal(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// kindOf says what a node is, without its text.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "members"
	case n.Kind == yaml.SequenceNode:
		return fmt.Sprintf("a list of %d", len(n.Content))
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!int", n.Tag == "!!float":
		return "a number"
	case n.Tag == "!!bool":
		return "true or false"
	}
	return fmt.Sprintf("a text of %d characters", utf8.RuneCountInString(n.Value))
}

// normalize brings values that may be written in several ways into one form, and
// refuses what no account could take.
func (d *decoder) normalize() {
	f := d.file
	upper := func(c *kirim.TemplateCategory) { *c = kirim.TemplateCategory(strings.ToUpper(string(*c))) }
	lower := func(t *kirim.TemplateParameterFormat) {
		*t = kirim.TemplateParameterFormat(strings.ToLower(string(*t)))
	}
	upper(&f.Category)
	lower(&f.Format)
	for i := range f.Languages {
		l := &f.Languages[i]
		upper(&l.Category)
		lower(&l.Format)
		l.Body = strings.TrimRight(l.Body, "\n") // of a block
		for j := range l.Cards {
			l.Cards[j].Body = strings.TrimRight(l.Cards[j].Body, "\n")
			lowerTypes(l.Cards[j].Buttons)
		}
		lowerTypes(l.Buttons)
	}
}

func lowerTypes(buttons []Button) {
	for i := range buttons {
		b := &buttons[i]
		b.Type = ButtonType(strings.ToLower(string(b.Type)))
		b.OTPType = strings.ToLower(b.OTPType)
	}
}
