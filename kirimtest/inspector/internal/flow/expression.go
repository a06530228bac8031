package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// scope is what expressions are evaluated in: the data and the form of the screen.
type scope struct {
	*Session
	screen *screen
	notes  *[]string
}

// note records something that WhatsApp would refuse, or that the sandbox cannot do.
func (sc scope) note(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	if !slices.Contains(*sc.notes, note) {
		*sc.notes = append(*sc.notes, note)
	}
}

// lookup returns the value of a path such as data.name, form.name or
// screen.FIRST.form.name; nil where there is none.
func (sc scope) lookup(path string) any {
	names := strings.Split(strings.TrimSpace(path), ".")
	at, root := sc.screen, names[0]
	if root == "screen" && len(names) > 2 {
		at, root, names = sc.def.byID[names[1]], names[2], names[2:]
	}
	if at == nil {
		sc.note("${%s}: there is no such screen", path)
		return nil
	}
	var v any
	switch {
	case root == "data":
		v = sc.data[at.id]
	case root == "form", slices.Contains(at.forms, root):
		v = sc.formOf(at)
	default:
		sc.note("${%s}: want data, form or screen at its beginning", path)
		return nil
	}
	for _, name := range names[1:] {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}

// value resolves a property: bindings and expressions in it, at any depth.
func (sc scope) value(v any) any {
	switch v := v.(type) {
	case string:
		return sc.resolve(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = sc.value(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, item := range v {
			object[name] = sc.value(item)
		}
		return object
	}
	return v
}

func (sc scope) resolve(text string) any {
	trimmed := strings.TrimSpace(text)
	if len(trimmed) > 1 && trimmed[0] == '`' && trimmed[len(trimmed)-1] == '`' {
		v, err := sc.evaluate(trimmed[1 : len(trimmed)-1])
		if err != nil {
			sc.note("%.80s: %s", trimmed, err)
			return ""
		}
		return v
	}
	if strings.HasPrefix(trimmed, "${") && strings.IndexByte(trimmed, '}') == len(trimmed)-1 {
		return sc.lookup(trimmed[2 : len(trimmed)-1])
	}
	if strings.Contains(text, "${") {
		sc.note("%.80q mixes text and ${…}, which WhatsApp refuses: write it as `'text ' ${…}`", text)
	}
	return text
}

// condition evaluates the condition of an If, which needs no backticks.
func (sc scope) condition(text string) bool {
	trimmed := strings.TrimSpace(text)
	if len(trimmed) > 1 && trimmed[0] == '`' && trimmed[len(trimmed)-1] == '`' {
		trimmed = trimmed[1 : len(trimmed)-1]
	}
	v, err := sc.evaluate(trimmed)
	if err != nil {
		sc.note("condition %.80q: %s", text, err)
		return false
	}
	return truth(v)
}

// evaluate evaluates an expression: comparisons, &&, ||, !, + - * / %, parentheses,
// and values beside each other, which are joined as texts.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowjson#nested-expressions
func (sc scope) evaluate(text string) (any, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, lookup: sc.lookup}
	v, err := p.joined()
	if err == nil && p.at < len(p.tokens) {
		err = fmt.Errorf("%q is not expected", p.tokens[p.at].text)
	}
	return v, err
}

type token struct {
	kind rune // 'n' number, 's' string, 'v' variable, 'w' word, 'o' operator
	text string
}

func tokenize(text string) (tokens []token, err error) {
	if len(text) > 10_000 {
		return nil, errors.New("want at most 10000 bytes")
	}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		var t token
		n := 0
		switch c := text[0]; {
		case strings.HasPrefix(text, "${"):
			end := strings.IndexByte(text, '}')
			if end < 0 {
				return nil, errors.New("a ${ without }")
			}
			t, n = token{'v', text[2:end]}, end+1
		case c == '\'':
			t.kind = 's'
			var b strings.Builder
			for n = 1; n < len(text) && text[n] != '\''; n++ {
				if text[n] == '\\' && n+1 < len(text) {
					n++
				}
				b.WriteByte(text[n])
			}
			if n >= len(text) {
				return nil, errors.New("a ' without its end")
			}
			t.text = b.String()
			n++
		case c >= '0' && c <= '9':
			for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] == '.') {
				n++
			}
			t = token{'n', text[:n]}
		case unicode.IsLetter(rune(c)):
			for n < len(text) && (unicode.IsLetter(rune(text[n])) || text[n] == '_') {
				n++
			}
			t = token{'w', text[:n]}
		default:
			n = 1
			if len(text) > 1 && strings.Contains("== != <= >= && ||", text[:2]) && text[1] != ' ' {
				n = 2
			}
			t = token{'o', text[:n]}
			if !strings.Contains(" == != <= >= && || < > ! + - * / % ( ) ", " "+t.text+" ") {
				return nil, fmt.Errorf("%q is not expected", t.text)
			}
		}
		tokens = append(tokens, t)
		text = text[n:]
	}
	if len(tokens) == 0 {
		return nil, errors.New("it is empty")
	}
	return tokens, nil
}

// parser evaluates while it reads.
type parser struct {
	tokens []token
	at     int
	depth  int
	lookup func(string) any
}

// operator takes one of the operators, if it comes next.
func (p *parser) operator(of ...string) string {
	if p.at < len(p.tokens) && p.tokens[p.at].kind == 'o' {
		for _, o := range of {
			if p.tokens[p.at].text == o {
				p.at++
				return o
			}
		}
	}
	return ""
}

// joined reads one or more values beside each other.
func (p *parser) joined() (any, error) {
	v, err := p.binary(0)
	for err == nil && p.at < len(p.tokens) && (p.tokens[p.at].kind != 'o' || p.tokens[p.at].text == "(") {
		var next any
		if next, err = p.binary(0); err == nil {
			v = textOf(v) + textOf(next)
		}
	}
	return v, err
}

// levels are the operators, from those that bind least.
var levels = [][]string{{"||"}, {"&&"}, {"==", "!="}, {"<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "%"}}

func (p *parser) binary(level int) (any, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		o := p.operator(levels[level]...)
		if o == "" {
			return left, nil
		}
		var right any
		if right, err = p.binary(level + 1); err == nil {
			left = apply(o, left, right)
		}
		if number, isNumber := left.(float64); isNumber && (math.IsInf(number, 0) || math.IsNaN(number)) {
			err = errors.New("the number is too large")
		}
	}
	return nil, err
}

func apply(o string, left, right any) any {
	switch o {
	case "||":
		return truth(left) || truth(right)
	case "&&":
		return truth(left) && truth(right)
	case "==":
		return same(left, right)
	case "!=":
		return !same(left, right)
	}
	a, _ := numberOf(left)
	b, _ := numberOf(right)
	switch o {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	}
	if b == 0 { // as documented, also of %
		return 0.0
	}
	if o == "/" {
		return a / b
	}
	return math.Mod(a, b)
}

func (p *parser) unary() (any, error) {
	if p.depth++; p.depth > 100 {
		return nil, errors.New("it is nested too deeply")
	}
	defer func() { p.depth-- }()
	switch p.operator("!", "-", "(") {
	case "!":
		v, err := p.unary()
		return !truth(v), err
	case "-":
		v, err := p.unary()
		number, _ := numberOf(v)
		return -number, err
	case "(":
		v, err := p.joined()
		if err == nil && p.operator(")") == "" {
			err = errors.New("a ( without )")
		}
		return v, err
	}
	if p.at >= len(p.tokens) {
		return nil, errors.New("something is missing at its end")
	}
	t := p.tokens[p.at]
	p.at++
	switch t.kind {
	case 'v':
		return p.lookup(t.text), nil
	case 's':
		return t.text, nil
	case 'n':
		number, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", t.text)
		}
		return number, nil
	case 'w':
		if t.text == "true" || t.text == "false" {
			return t.text == "true", nil
		}
	}
	return nil, fmt.Errorf("%q is not expected", t.text)
}

// truth is a value as a boolean. An empty text, zero and nothing are false.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != "" && v != "false"
	case []any:
		return len(v) > 0
	}
	if number, isNumber := numberOf(v); isNumber {
		return number != 0
	}
	return true
}

// same compares two values: as numbers where both are, else as texts. Nothing is the
// same as an empty text.
func same(a, b any) bool {
	x, isNumber := numberOf(a)
	y, bothNumbers := numberOf(b)
	if isNumber && bothNumbers {
		return x == y
	}
	return textOf(a) == textOf(b)
}

// numberOf is a value as a number; that of a number field is a text.
func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case json.Number:
		number, err := v.Float64()
		return number, err == nil
	case string:
		number, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return number, err == nil && !math.IsNaN(number) && !math.IsInf(number, 0)
	}
	return 0, false
}

// textOf is a value as it is shown.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	}
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}
