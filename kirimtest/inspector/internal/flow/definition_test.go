package flow

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// example reads a Flow JSON of the documentation.
func example(t testing.TB, name string) *Definition {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/flows/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(text))
}

func parsed(t testing.TB, text string) *Definition {
	t.Helper()
	def, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// one is the Flow JSON of a flow with one screen, MAIN, of these components.
func one(components string) string {
	return `{"version":"7.1","screens":[{"id":"MAIN","title":"Main","layout":{"type":"SingleColumnLayout","children":[` + components + `]}}]}`
}

func TestAFaultInADefinitionIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	const layout = `"layout":{"type":"SingleColumnLayout","children":[]}`
	for name, test := range map[string]struct{ text, where string }{
		"nothing":                     {"", "definition"},
		"no JSON":                     {"{", "definition"},
		"null":                        {"null", "definition"},
		"an array":                    {"[]", "definition"},
		"JSON and more":               {one("") + "{}", "definition"},
		"too large":                   {strings.Repeat(" ", mostBytes+1), "definition"},
		"without a version":           {`{"screens":[{"id":"A",` + layout + `}]}`, "version"},
		"a version that is a number":  {`{"version":7,"screens":[{"id":"A",` + layout + `}]}`, "version"},
		"without screens":             {`{"version":"7.1"}`, "screens"},
		"no screen":                   {`{"version":"7.1","screens":[]}`, "screens"},
		"a screen that is a text":     {`{"version":"7.1","screens":["A"]}`, "screens[0].id"},
		"a screen without an ID":      {`{"version":"7.1","screens":[{` + layout + `}]}`, "screens[0].id"},
		"SUCCESS as a screen":         {`{"version":"7.1","screens":[{"id":"SUCCESS",` + layout + `}]}`, "screens[0].id"},
		"an ID twice":                 {`{"version":"7.1","screens":[{"id":"A",` + layout + `},{"id":"A",` + layout + `}]}`, "screens[1].id"},
		"without a layout":            {`{"version":"7.1","screens":[{"id":"A"}]}`, "screens[0].layout"},
		"another layout":              {`{"version":"7.1","screens":[{"id":"A","layout":{"type":"Grid"}}]}`, "screens[0].layout.type"},
		"without children":            {`{"version":"7.1","screens":[{"id":"A","layout":{"type":"SingleColumnLayout"}}]}`, "screens[0].layout.children"},
		"a component that is a text":  {one(`"TextBody"`), "screens[0].layout.children[0]"},
		"a component without a type":  {one(`{"text":"A"}`), "screens[0].layout.children[0]"},
		"an input without a name":     {one(`{"type":"Form","children":[{"type":"TextInput"}]}`), "screens[0].layout.children[0].children[0].name"},
		"an If without then":          {one(`{"type":"If"}`), "screens[0].layout.children[0].then"},
		"a case that is not an array": {one(`{"type":"Switch","cases":{"a":{}}}`), "screens[0].layout.children[0].cases.a"},
		"too deep":                    {one(strings.Repeat(`{"type":"If","then":[`, 30) + strings.Repeat(`]}`, 30)), "screens[0].layout.children[0]" + strings.Repeat(".then[0]", 20) + ".then"},
		"too many components":         {one(strings.Repeat(`{"type":"X"},`, mostParts) + `{"type":"X"}`), "screens[0].layout.children"},
		"a screen that is nowhere":    {one(`{"type":"Footer","label":"Go","on-click-action":{"name":"navigate","next":{"type":"screen","name":"B"}}}`), "screens[0]"},
	} {
		_, err := Parse([]byte(test.text))
		var wrong *Fault
		if !errors.As(err, &wrong) || wrong.Where != test.where || wrong.Message == "" {
			t.Errorf("%s: %v, want a fault at %s", name, err, test.where)
		}
	}
}

func TestAFlowBeginsWithTheScreenToWhichNoOtherLeads(t *testing.T) {
	t.Parallel()
	const layout = `"layout":{"type":"SingleColumnLayout","children":[]}`
	to := func(id string) string {
		return `"layout":{"type":"SingleColumnLayout","children":[{"type":"If","condition":"true","then":[{"type":"EmbeddedLink","text":"x","on-click-action":{"name":"navigate","next":{"name":"` + id + `"}}}]}]}`
	}
	for text, want := range map[string]string{
		`{"version":"7.1","screens":[{"id":"B",` + layout + `},{"id":"A",` + to("B") + `}]}`:                                   "A",
		`{"version":"7.1","routing_model":{"A":["B"],"B":[]},"screens":[{"id":"B",` + layout + `},{"id":"A",` + layout + `}]}`: "A",
		`{"version":"7.1","screens":[{"id":"A",` + to("B") + `},{"id":"B",` + to("A") + `}]}`:                                  "A", // a circle
	} {
		if def := parsed(t, text); def.entry != want || len(def.Screens()) != 2 {
			t.Errorf("%s: begins with %s", text, def.entry)
		}
	}
	if def := example(t, "appointment.json"); def.entry != "APPOINTMENT" || !slices.Equal(def.Screens(), []string{"APPOINTMENT", "DETAILS"}) || def.DataAPI != "3.0" {
		t.Errorf("begins with %s", def.entry)
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	def := parsed(t, `{"version":"7.1","screens":[
		{"id":"FIRST","layout":{"type":"SingleColumnLayout","children":[{"type":"TextInput","name":"city","label":"City"}]}},
		{"id":"MAIN","layout":{"type":"SingleColumnLayout","children":[{"type":"Form","name":"details","children":[
			{"type":"TextInput","name":"age","label":"Age"},{"type":"OptIn","name":"ok","label":"OK"},{"type":"CheckboxGroup","name":"list","label":"List"}]}]}}]}`)
	s, err := NewSession(t.Context(), def, nil, Open{Screen: "MAIN", Data: objectOf(t, `{"n":7,"zero":0,"name":"Ana","list":[{"id":"x"}],"yes":true,"deep":{"a-b":"c"},"large":9007199254740993}`)})
	if err != nil {
		t.Fatal(err)
	}
	s.form["MAIN"] = map[string]any{"age": "42"}
	s.form["FIRST"] = map[string]any{"city": "Bandung"}
	for property, want := range map[string]any{
		"plain": "plain", "": "", "${data.name}": "Ana", " ${data.name} ": "Ana", "${data.nothing}": nil, "${data.list.0.id}": "x", "${data.list.1.id}": nil,
		"${data.deep.a-b}": "c", "${data.name.x}": nil, "${form.age}": "42", "${details.age}": "42", "${form.ok}": false, "${screen.FIRST.form.city}": "Bandung",
		"${screen.NOWHERE.form.city}": nil, "${other.x}": nil, "${data.large}": "9007199254740993",
		"`'Hello ' ${data.name}`": "Hello Ana", "`${data.name} ' is ' ${form.age} '.'`": "Ana is 42.", "`'born in ' (2024 - ${form.age})`": "born in 1982",
		"`'each: ' ${data.n} / 2`": "each: 3.5", "`${data.n} / ${data.zero}`": 0.0, "`${data.n} % 4`": 3.0, "`-${data.n} * 2 + 1`": -13.0, "`1 - 2 - 3`": -4.0,
		"`${form.age} > 18`": true, "`(${form.age} >= 43) && true`": false, "`${data.name} == 'Ana'`": true, "`${data.name} != ${form.age}`": true,
		"`${form.ok} || ${data.yes}`": true, "`!${form.ok}`": true, "`!(${data.n} < 5)`": true, "`${data.n} == 7`": true, "`${data.nothing} == ''`": true,
		"`true && false || true`": true, "`${form.list} || false`": false, "`'Ana\\`s \\'house\\''`": "Ana`s 'house'",
		"`1 +`": "", "`(1`": "", "`'open`": "", "`${open`": "", "`a b`": "", "`1 ? 2`": "", "`1.2.3`": "", "``": "", "`1e9`": "",
		"`" + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500) + "`": "", "`" + strings.Repeat("9", 308) + " * " + strings.Repeat("9", 308) + "`": "",
		"Dear ${data.name}": "Dear ${data.name}",
	} {
		sc := s.scope()
		got := sc.value(property)
		if number, isNumber := got.(interface{ String() string }); isNumber {
			got = number.String()
		}
		if got != want {
			t.Errorf("%.60s: %#v, want %#v", property, got, want)
		}
		wrong := want == "" && property != "" || strings.HasPrefix(property, "Dear") || strings.Contains(property, "NOWHERE") || strings.Contains(property, "other")
		if (len(*sc.notes) > 0) != wrong {
			t.Errorf("%.60s: notes %q", property, *sc.notes)
		}
	}
	for condition, want := range map[string]bool{
		"${data.n} == 7": true, "`${data.n} == 8`": false, "${data.yes}": true, "${form.ok}": false, "${data.n} > 'a'": true, "nonsense": false, "": false,
	} {
		if got := s.scope().condition(condition); got != want {
			t.Errorf("condition %q: %t", condition, got)
		}
	}
}
