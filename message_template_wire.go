package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// wireTemplate is the object of a template: L is its language, and P are the
// parameters of a component. They are read and written as different types, as
// what is read can have more forms, and what is written must not cost more than
// its JSON.
type wireTemplate[L, P any] struct {
	Name       string             `json:"name"`
	Language   L                  `json:"language"`
	Components []wireComponent[P] `json:"components,omitzero"`
}

type wireComponent[P any] struct {
	Type       string                `json:"type"`
	SubType    string                `json:"sub_type,omitempty"`
	Index      *wireIndex            `json:"index,omitempty"`
	Parameters P                     `json:"parameters,omitzero"`
	Cards      []wireTemplateCard[P] `json:"cards,omitzero"`
}

type wireTemplateCard[P any] struct {
	CardIndex  int                `json:"card_index"`
	Components []wireComponent[P] `json:"components,omitzero"`
}

func (t Template) kind() string { return "template" }

func (t Template) object(d dialect) (any, error) {
	w := &wireTemplate[any, any]{Name: t.Name, Language: &t.Language, Components: wireComponents(t.Components)}
	if d == dialectMeta {
		w.Language = wireLanguage{t.Language, languagePolicy}
	}
	return w, nil
}

func wireComponents(components []Component) []wireComponent[any] {
	return mapSlice(components, func(i int, c Component) wireComponent[any] {
		w := wireComponent[any]{Type: c.Type, SubType: c.SubType}
		if c.isButton() && !c.withoutIndex {
			w.Index = (*wireIndex)(&components[i].Index)
		}
		switch {
		case c.Parameters == nil:
		case slices.ContainsFunc(c.Parameters, func(p Parameter) bool { return p.bare }):
			w.Parameters = mapSlice(c.Parameters, func(_ int, p Parameter) wireParameter {
				return wireParameter{p, wireParameterText{p.Text, p.bare}}
			})
		default:
			w.Parameters = &components[i].Parameters
		}
		w.Cards = mapSlice(c.Cards, func(i int, card TemplateCard) wireTemplateCard[any] {
			return wireTemplateCard[any]{CardIndex: i, Components: wireComponents(card.Components)}
		})
		return w
	})
}

// decodeTemplate takes a Template only if it goes out again as it came in. The
// components are defined by Meta, so an unexpected value there is not an error.
func decodeTemplate(object []byte) (Content, error) {
	var w, again wireTemplate[wireLanguage, []wireParameter]
	err := decodeStrict(object, &w)
	var shape *shapeError
	if errors.As(err, &shape) && strings.HasPrefix(shape.path, "components.") {
		return nil, errNotTyped
	}
	if err != nil {
		return nil, err
	}
	c := Template{Name: w.Name, Language: w.Language.code, Components: typedComponents(w.Components)}
	value, _ := c.object(dialectMeta)
	encoded, err := json.Marshal(value)
	if err != nil || decodeStrict(encoded, &again) != nil || !reflect.DeepEqual(again, w) {
		return nil, errNotTyped
	}
	return c, nil
}

func typedComponents(components []wireComponent[[]wireParameter]) []Component {
	return mapSlice(components, func(_ int, w wireComponent[[]wireParameter]) Component {
		return Component{
			Type: w.Type, SubType: w.SubType, Index: int(valueOf(w.Index)),
			Parameters: mapSlice(w.Parameters, func(_ int, w wireParameter) Parameter {
				w.Parameter.Text, w.bare = w.Text.text, w.Text.bare
				return w.Parameter
			}),
			Cards: mapSlice(w.Cards, func(_ int, card wireTemplateCard[[]wireParameter]) TemplateCard {
				return TemplateCard{Components: typedComponents(card.Components)}
			}),
			withoutIndex: w.Index == nil && folded(w.Type) == "button",
		}
	})
}

// wireParameter has a text that may stand without quotes.
type wireParameter struct {
	Parameter
	Text wireParameterText `json:"text,omitzero"`
}

type wireParameterText struct {
	text string
	bare bool
}

func (t wireParameterText) MarshalJSON() ([]byte, error) {
	if t.bare && (t.text == "true" || t.text == "false") {
		return []byte(t.text), nil
	}
	return json.Marshal(t.text)
}

func (t *wireParameterText) UnmarshalJSON(data []byte) error {
	if text := string(data); text == "true" || text == "false" {
		*t = wireParameterText{text, true}
		return nil
	}
	if data[0] != '"' {
		return errNotTyped
	}
	return json.Unmarshal(data, &t.text)
}

// wireLanguage is a code, which Kirim prefers as a bare string, and Meta takes as
// an object with a policy. Both are read.
type wireLanguage struct {
	code   string
	policy string
}

type wireLanguageObject struct {
	Code   *string `json:"code"`
	Policy string  `json:"policy"`
}

// Meta knows one policy, which is what a bare string means.
const languagePolicy = "deterministic"

func (l wireLanguage) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireLanguageObject{&l.code, l.policy})
}

func (l *wireLanguage) UnmarshalJSON(data []byte) error {
	l.policy = languagePolicy
	if json.Unmarshal(data, &l.code) == nil && data[0] == '"' {
		return nil
	}
	var object wireLanguageObject
	if err := decodeStrict(data, &object); err != nil && errors.Is(err, errNotTyped) {
		return errNotTyped
	} else if err != nil || object.Code == nil {
		return &shapeError{path: "language", want: "a string or an object with a code"}
	}
	if object.Policy != "" && object.Policy != languagePolicy {
		return errNotTyped
	}
	l.code = *object.Code
	return nil
}

// wireIndex is a number that Meta's own examples also write as a string.
type wireIndex int

func (i *wireIndex) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(string(bytes.Trim(data, `"`)))
	if err != nil {
		return errNotTyped
	}
	*i = wireIndex(n)
	return nil
}
