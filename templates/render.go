package templates

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kirim-go/kirim"
)

// YAML returns the file in its canonical form: the same members in the same order, and
// one way to write each. [Parse] makes the same file of it. The comments of the text
// that the file was parsed from are not in it; a mark in unknown has one that says what
// to do.
func (f *File) YAML() []byte {
	n := f.tree()
	if len(n.Content) == 0 {
		return []byte("{}\n")
	}
	return appendBlock(nil, n, 0)
}

// JSON returns the file as YAML does, in JSON with an indentation of two spaces.
func (f *File) JSON() []byte { return append(indented(f.tree(), ""), '\n') }

// tags of nodes that have a shorter form, or a form of their own.
const (
	tagParameter = "!parameter" // a sample alone is a text
	tagHeader    = "!header"    // a text alone is one
	tagMedia     = "!media"     // a link alone is a text
	tagBody      = "!body"      // a text whose last line ends
	tagFlow      = "!flow"      // a list on one line
)

// markComment stands beside a mark.
const markComment = "# The account did not say this. Add it, then delete this line."

// tree returns the file as a tree in which each value is written in full.
func (f *File) tree() *yaml.Node { return nodeOf(reflect.ValueOf(*f)) }

// nodeOf returns a value of the types of this package as a tree; nil for what is empty.
func nodeOf(v reflect.Value) *yaml.Node {
	switch value := v.Interface().(type) {
	case Parameters:
		return ordered(value, func(p Parameter) (string, *yaml.Node) {
			n := nodeOf(reflect.ValueOf(p))
			n.Tag = tagParameter
			return p.Name, n
		})
	case Languages:
		return ordered(value, func(l Language) (string, *yaml.Node) { return l.Code, nodeOf(reflect.ValueOf(l)) })
	case Samples:
		return ordered(value, func(s Sample) (string, *yaml.Node) { return s.Parameter, scalar("!!str", s.Value) })
	case Components:
		if value == nil {
			return nil
		}
		n, _, _ := parseJSON(value) // what is not JSON cannot come from Parse or an account
		return distinct(n)
	case kirim.TemplateCategory:
		v = reflect.ValueOf(strings.ToLower(string(value)))
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return nodeOf(v.Elem())
	case reflect.Struct:
		return structNode(v)
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			item := nodeOf(v.Index(i))
			if item == nil {
				item = scalar("!!str", "")
			}
			n.Content = append(n.Content, item)
		}
		if _, isMarks := reflect.TypeAssert[[]Unknown](v); isMarks {
			n.Tag, n.LineComment = tagFlow, markComment
		}
		return n
	case reflect.String:
		if v.String() != "" {
			return scalar("!!str", v.String())
		}
	case reflect.Int:
		if v.Int() != 0 {
			return scalar("!!int", strconv.FormatInt(v.Int(), 10))
		}
	case reflect.Bool:
		if v.Bool() {
			return scalar("!!bool", "true")
		}
	default: // no field has another kind
	}
	return nil
}

func structNode(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	switch v.Interface().(type) {
	case Header:
		n.Tag = tagHeader
	case Media:
		n.Tag = tagMedia
	}
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("yaml")
		if name == "" || name == "-" {
			continue
		}
		if member := nodeOf(v.Field(i)); member != nil {
			if name == "body" {
				member.Tag = tagBody
			}
			n.Content = append(n.Content, scalar("!!str", name), member)
		}
	}
	return n
}

// ordered returns a list with names as members in its order.
func ordered[T any](list []T, member func(T) (string, *yaml.Node)) *yaml.Node {
	if list == nil {
		return nil
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, item := range list {
		name, value := member(item)
		n.Content = append(n.Content, scalar("!!str", name), value)
	}
	return n
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// distinct removes all but the last of the members of one name, which is what JSON
// means by them.
func distinct(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nil
	}
	n.Style = 0
	for _, child := range n.Content {
		distinct(child)
	}
	if n.Kind != yaml.MappingNode {
		return n
	}
	var kept []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		at := slices.IndexFunc(kept, func(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Value == n.Content[i].Value })
		if at >= 0 && at%2 == 0 {
			kept[at+1] = n.Content[i+1]
			continue
		}
		kept = append(kept, n.Content[i], n.Content[i+1])
	}
	n.Content = kept
	return n
}

// short returns the short form of a node, or the node.
func short(n *yaml.Node) *yaml.Node {
	only := ""
	switch n.Tag {
	case tagParameter:
		if len(n.Content) == 0 {
			return scalar("!!str", "")
		}
		only = "sample"
	case tagHeader:
		only = "text"
	case tagMedia:
		only = "url"
	}
	if only == "" || len(n.Content) != 2 || n.Content[0].Value != only || n.Tag == tagMedia && !strings.HasPrefix(n.Content[1].Value, "https://") {
		return n
	}
	return n.Content[1]
}

// indented returns a tree as JSON, whose lines after the first begin with prefix.
func indented(n *yaml.Node, prefix string) []byte {
	var b bytes.Buffer
	_ = json.Indent(&b, appendJSON(nil, n), prefix, "  ") // it is JSON
	return b.Bytes()
}

func appendJSON(b []byte, n *yaml.Node) []byte {
	n = short(n)
	switch n.Kind {
	case yaml.MappingNode:
		b = append(b, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, mustMarshal(n.Content[i].Value)...), ':')
			b = appendJSON(b, n.Content[i+1])
		}
		return append(b, '}')
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, item := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	default: // a text or a number
	}
	switch n.Tag {
	case "!!null", "!!bool", "!!int", "!!float":
		return append(b, n.Value...)
	}
	return append(b, mustMarshal(n.Value)...)
}
