package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// parseJSON returns JSON as the tree that YAML has, with positions. The parser of YAML
// does not know all escapes of JSON.
func parseJSON(text []byte) (*yaml.Node, Position, error) {
	p := &jsonParser{text: text, tokens: json.NewDecoder(bytes.NewReader(text))}
	p.tokens.UseNumber()
	root, err := p.value()
	if err == nil {
		if _, more := p.tokens.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("want one value")
		}
	}
	if err != nil {
		offset := p.tokens.InputOffset()
		var fault *json.SyntaxError
		if errors.As(err, &fault) && fault.Offset > offset { // after the byte that is wrong; else that of the token
			offset = fault.Offset - 1
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			offset, err = int64(len(text)), errors.New("it ends early")
		}
		if errors.Is(err, errDeep) {
			return nil, p.position(offset - 1), err
		}
		return nil, p.position(offset), fmt.Errorf("not JSON: %w", err)
	}
	return root, Position{}, nil
}

type jsonParser struct {
	text   []byte
	tokens *json.Decoder

	place Position // of the byte at seen
	seen  int
	depth int
}

// maxDepth limits how deep values are in each other. Components have about ten levels.
const maxDepth = 100

var errDeep = fmt.Errorf("want at most %d levels", maxDepth)

// position is that of an offset. It is quick where offsets do not go back.
func (p *jsonParser) position(offset int64) Position {
	end := min(int(offset), len(p.text))
	if p.place.Line == 0 || end < p.seen {
		p.place, p.seen = Position{1, 1}, 0
	}
	for ; p.seen < end; p.seen++ {
		switch {
		case p.text[p.seen] == '\n':
			p.place = Position{p.place.Line + 1, 1}
		case utf8.RuneStart(p.text[p.seen]):
			p.place.Column++
		}
	}
	return p.place
}

// node makes a node at the next token.
func (p *jsonParser) node(kind yaml.Kind) *yaml.Node {
	at := p.tokens.InputOffset()
	for at < int64(len(p.text)) && strings.IndexByte(" \t\r\n,:", p.text[at]) >= 0 {
		at++
	}
	place := p.position(at)
	return &yaml.Node{Kind: kind, Line: place.Line, Column: place.Column}
}

func (p *jsonParser) value() (*yaml.Node, error) {
	n := p.node(yaml.ScalarNode)
	token, err := p.tokens.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		n.Kind, n.Tag, n.Style = yaml.SequenceNode, "!!seq", yaml.FlowStyle
		if token == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		}
		if p.depth++; p.depth > maxDepth {
			return nil, errDeep
		}
		defer func() { p.depth-- }()
		for p.tokens.More() {
			item, err := p.value() // a name is a value, too
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, item)
		}
		_, err := p.tokens.Token()
		return n, err
	case string:
		n.Tag, n.Value, n.Style = "!!str", token, yaml.DoubleQuotedStyle
	case json.Number:
		n.Tag, n.Value = "!!int", token.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case bool:
		n.Tag, n.Value = "!!bool", fmt.Sprint(token)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, nil
}
