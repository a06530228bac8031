package templates

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// normalized returns components in the one form in which those of a file and of an
// account can be compared: types in upper case, in the order of the API, without empty
// members, and with what Meta writes itself as what asks for it. The argument is not
// changed.
func normalized(components []kirim.ComponentDefinition) []kirim.ComponentDefinition {
	components = bare(reflect.ValueOf(components)).Interface().([]kirim.ComponentDefinition)
	for i := range components {
		normalizeComponent(&components[i])
	}
	if isOneTimeCode(components) {
		normalizeOneTimeCode(components)
	}
	slices.SortStableFunc(components, func(a, b kirim.ComponentDefinition) int { return cmp.Compare(componentPlace(a), componentPlace(b)) })
	return components
}

var componentOrder = []string{"HEADER", "LIMITED_TIME_OFFER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL"}

// componentPlace is where a component stands among those of a template.
func componentPlace(c kirim.ComponentDefinition) int {
	if i := slices.Index(componentOrder, c.Type); i >= 0 {
		return i
	}
	return len(componentOrder)
}

func normalizeComponent(c *kirim.ComponentDefinition) {
	c.Type, c.Format = strings.ToUpper(c.Type), strings.ToUpper(c.Format)
	if c.Type == "HEADER" && c.Format == "" && c.Text != "" {
		c.Format = "TEXT"
	}
	if e := c.Example; e != nil {
		e.BodyText = slices.DeleteFunc(e.BodyText, func(row []string) bool { return len(row) == 0 })
		if len(e.BodyText) == 0 {
			e.BodyText = nil
		}
		byName := func(a, b kirim.NamedSample) int { return cmp.Compare(a.Name, b.Name) }
		slices.SortFunc(e.HeaderNamed, byName)
		slices.SortFunc(e.BodyNamed, byName)
		if reflect.ValueOf(*e).IsZero() {
			c.Example = nil
		}
	}
	for i := range c.Buttons {
		normalizeButton(&c.Buttons[i])
	}
	for i := range c.Cards {
		card := &c.Cards[i]
		for j := range card.Components {
			normalizeComponent(&card.Components[j])
		}
		slices.SortStableFunc(card.Components, func(a, b kirim.ComponentDefinition) int { return cmp.Compare(componentPlace(a), componentPlace(b)) })
	}
}

func normalizeButton(b *kirim.ButtonDefinition) {
	b.Type, b.OTPType = strings.ToUpper(b.Type), strings.ToUpper(b.OTPType)
	if b.PackageName != "" && len(b.SupportedApps) == 0 { // the older form of the same
		b.SupportedApps = []kirim.TemplateApp{{PackageName: b.PackageName, SignatureHash: b.SignatureHash}}
		b.PackageName, b.SignatureHash = "", ""
	}
	// Meta's pages show a single sample as a text, too, and ids as numbers.
	var sample string
	if json.Unmarshal(b.Extra["example"], &sample) == nil && sample != "" {
		b.Example = []string{sample}
		delete(b.Extra, "example")
	}
	var id json.Number
	if json.Unmarshal(b.Extra["flow_id"], &id) == nil && id != "" {
		b.FlowID = id.String()
		delete(b.Extra, "flow_id")
	}
	if len(b.Extra) == 0 {
		b.Extra = nil
	}
	// The sample of the end of a URL may be the whole URL.
	if prefix, rest, found := strings.Cut(b.URL, "{{"); found && len(b.Example) == 1 && strings.HasSuffix(rest, "}}") {
		b.Example[0] = strings.TrimPrefix(b.Example[0], prefix)
	}
}

// bare copies a value without what it does not show: unexported fields, in which the
// SDK keeps members that were null, and the difference of empty and none.
func bare(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(bare(v.Field(i)))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(bare(v.Elem()))
		}
	case reflect.Slice:
		if raw, isRaw := reflect.TypeAssert[json.RawMessage](v); isRaw {
			out.SetBytes(sorted(raw))
			return out
		}
		for i := range v.Len() {
			out.Set(reflect.Append(out, bare(v.Index(i))))
		}
	case reflect.Map:
		if v.Len() > 0 {
			out.Set(reflect.MakeMap(v.Type()))
			for key, value := range v.Seq2() {
				out.SetMapIndex(key, bare(value))
			}
		}
	default:
		out.Set(v)
	}
	return out
}

// sorted returns JSON without spaces, with the members of objects in the order of
// their names.
func sorted(raw json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return raw
	}
	return mustMarshal(value)
}
