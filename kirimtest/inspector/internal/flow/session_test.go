package flow

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

func objectOf(t testing.TB, text string) map[string]any {
	t.Helper()
	object, err := decodeObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// opened is a session of a flow with one screen of these components.
func opened(t testing.TB, components, data string) *Session {
	t.Helper()
	s, err := NewSession(t.Context(), parsed(t, one(components)), nil, Open{Token: "t-1", Data: objectOf(t, data)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func set(t testing.TB, s *Session, values string) {
	t.Helper()
	if err := s.Set(entered(t, values)); err != nil {
		t.Fatal(err)
	}
}

func entered(t testing.TB, text string) (values map[string]json.RawMessage) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// html is a screen as HTML.
func html(s *Session) string {
	var w strings.Builder
	for _, p := range s.View().Parts {
		w.WriteString(p.HTML + "\n")
	}
	return w.String()
}

func TestAFlowGoesFromScreenToScreenUntilItIsComplete(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := NewSession(ctx, example(t, "table.json"), nil, Open{Token: "t-1", Screen: "TABLE", Data: map[string]any{"restaurant": "Kedai"}})
	if err != nil {
		t.Fatal(err)
	}
	if v := s.View(); v.Screen != "TABLE" || v.Title != "Book a table" || v.Back || !v.Live || len(v.Fields) != 6 || !strings.Contains(html(s), "Kedai</h3>") || len(v.Notes) > 0 {
		t.Errorf("%+v", v)
	}
	var wrong *InvalidError
	if err := s.Press(ctx, ""); !errors.As(err, &wrong) || !slices.Equal(slices.Sorted(maps.Keys(wrong.Fields)), []string{"day", "guests", "name", "place"}) {
		t.Errorf("nothing is filled: %v", err)
	}
	set(t, s, `{"name":"A","email":"ana@example.com","day":"2026-12-24","guests":"more","place":"garden","wishes":["quiet","cake"]}`)
	if !strings.Contains(html(s), "We move you inside") {
		t.Error("the condition does not follow what is entered")
	}
	if err := s.Press(ctx, "Continue"); !errors.As(err, &wrong) || wrong.Fields["day"] != "We are closed that day" || len(wrong.Fields) != 3 {
		t.Errorf("wrong values: %v", err)
	}
	set(t, s, `{"name":"Ana","day":"2026-12-02","guests":"4"}`)
	if err := s.Press(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if v := s.View(); v.Screen != "CONFIRM" || !v.Back || !strings.Contains(html(s), "Ana, a table on 2026-12-02</h4>") || !strings.Contains(html(s), "In the garden.") {
		t.Errorf("%+v", v)
	}
	if err := s.Back(ctx); err != nil || s.View().Fields[0].Value != "Ana" || s.Back(ctx) == nil {
		t.Errorf("back: %v, %+v", err, s.View())
	}
	if err := s.Press(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Press(ctx, "Tell me about new dishes"); err != nil || s.View().Link != "https://shop.example/privacy" || s.Result() != nil {
		t.Errorf("open_url: %v, %+v", err, s.View())
	}
	set(t, s, `{"news":true,"note":"By the window"}`)
	if err := s.Press(ctx, "Book the table"); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(s.Result())
	if want := `{"day":"2026-12-02","email":"ana@example.com","flow_token":"t-1","guests":"4","name":"Ana","news":true,"note":"By the window","place":"garden","wishes":["quiet","cake"]}`; string(got) != want {
		t.Errorf("result %s", got)
	}
	if v := s.View(); !v.Completed || len(v.Parts) > 0 {
		t.Errorf("%+v", v)
	}
	for name, err := range map[string]error{"press": s.Press(ctx, ""), "back": s.Back(ctx), "select": s.Select(ctx, "news", "", true), "retry": s.Retry(ctx)} {
		if err == nil {
			t.Errorf("%s is possible after the end", name)
		}
	}
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	if _, err := NewSession(ctx, example(t, "table.json"), nil, Open{Screen: "NOWHERE"}); err == nil || !strings.Contains(err.Error(), "TABLE, CONFIRM") {
		t.Errorf("a screen that does not exist: %v", err)
	}
	s := opened(t, `{"type":"TextInput","name":"a","label":"A"},{"type":"CheckboxGroup","name":"b","label":"B","data-source":[]},{"type":"OptIn","name":"c","label":"C"},
		{"type":"CalendarPicker","name":"d","label":"D"},{"type":"Footer","label":"Go","enabled":"${data.ready}","on-click-action":{"name":"dance"}},
		{"type":"EmbeddedLink","text":"Link","on-click-action":{"name":"open_url","url":"javascript:alert(1)"}}`, `{"ready":false}`)
	for values, where := range map[string]string{
		`{"x":"1"}`: "values.x", `{"a":1}`: "values.a", `{"a":["x"]}`: "values.a", `{"b":"x"}`: "values.b", `{"b":[1]}`: "values.b", `{"c":"yes"}`: "values.c",
		`{"d":{"from":"2026-01-01"}}`: "values.d", `{"d":{"start-date":1}}`: "values.d", `{"a":"` + strings.Repeat("x", 100_001) + `"}`: "values.a",
	} {
		var wrong *Fault
		if err := s.Set(entered(t, values)); !errors.As(err, &wrong) || wrong.Where != where {
			t.Errorf("%.40s: %v", values, err)
		}
	}
	if err := s.Press(ctx, ""); err == nil || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("a footer that is disabled: %v", err)
	}
	if err := s.Press(ctx, "Stop"); err == nil || !strings.Contains(err.Error(), `"Go"`) || !strings.Contains(err.Error(), `"Link"`) {
		t.Errorf("a button that is not there: %v", err)
	}
	if err := s.Select(ctx, "z", "", true); err == nil {
		t.Error("a field that is not there can be selected")
	}
	if err := s.Press(ctx, "Link"); err != nil || s.View().Link != "" || !strings.Contains(s.View().Failure, "not a web address") {
		t.Errorf("a link that runs a script: %v, %+v", err, s.View())
	}
	s.update(map[string]any{"ready": true})
	if err := s.Press(ctx, ""); err != nil || !strings.Contains(s.View().Failure, `the action "dance"`) {
		t.Errorf("an action that is not known: %v, %+v", err, s.View())
	}
	if s.Back(ctx) == nil {
		t.Error("there is a screen before the first")
	}
}

func TestFieldsBeginWithTheirInitialValues(t *testing.T) {
	t.Parallel()
	const footer = `,{"type":"Footer","label":"Go","on-click-action":{"name":"complete","payload":{"a":"${form.a}","b":"${form.b}","c":"${form.c}","d":"${form.d}","e":"${form.e}"}}}`
	const fields = `{"type":"TextInput","name":"a","label":"A"%s},{"type":"CheckboxGroup","name":"b","label":"B","data-source":[{"id":"1","title":"One"},{"id":"2","title":"Two"}]%s},
		{"type":"OptIn","name":"c","label":"C"%s},{"type":"RadioButtonsGroup","name":"d","label":"D","data-source":[{"id":"x","title":"X"}]%s},{"type":"DatePicker","name":"e","label":"E"%s}`
	replaced := func(values ...string) string {
		text := fields
		for _, v := range values {
			text = strings.Replace(text, "%s", v, 1)
		}
		return text + footer
	}
	own := replaced(`,"init-value":"${data.a}"`, `,"init-value":["2"]`, `,"init-value":true`, `,"init-value":"x"`, `,"init-value":"2026-12-02"`)
	form := `{"type":"Form","name":"form","init-values":"${data.all}","children":[` + replaced("", "", "", "", "") + `]}`
	for name, s := range map[string]*Session{
		"of the components": opened(t, own, `{"a":"Ana"}`),
		"of the form":       opened(t, form, `{"all":{"a":"Ana","b":["2"],"c":true,"d":"x","e":"2026-12-02"}}`),
	} {
		if text := html(s); !strings.Contains(text, `value="Ana"`) || !strings.Contains(text, `value="2" data-field="b" data-as="list" checked`) || strings.Count(text, " checked") != 3 {
			t.Errorf("%s: %s", name, text)
		}
		if err := s.Press(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(s.Result()); string(got) != `{"a":"Ana","b":["2"],"c":true,"d":"x","e":"2026-12-02","flow_token":"t-1"}` {
			t.Errorf("%s: %s", name, got)
		}
	}
	s := opened(t, own, `{"a":"Ana"}`)
	set(t, s, `{"a":"Budi"}`)
	s.update(map[string]any{"a": "Citra"})
	if v := s.View().Fields[0].Value; v != "Budi" {
		t.Errorf("what was entered became %v", v)
	}
}

func TestAChoiceChangesTheDataOfItsScreen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := opened(t, `{"type":"Dropdown","name":"country","label":"Country","data-source":[
		{"id":"id","title":"Indonesia","on-select-action":{"name":"update_data","payload":{"cities":[{"id":"bdo","title":"Bandung"}],"shown":true}},
		 "on-unselect-action":{"name":"update_data","payload":{"cities":[],"shown":false}}},{"id":"x","title":"Other"}]},
		{"type":"Dropdown","name":"city","label":"City","visible":"${data.shown}","data-source":"${data.cities}"},
		{"type":"OptIn","name":"ok","label":"OK","on-select-action":{"name":"update_data","payload":{"note":"Thanks"}}},{"type":"TextBody","text":"${data.note}","visible":"${data.note}"},
		{"type":"ChipsSelector","name":"chips","label":"Chips","data-source":[{"id":"1","title":"1"}],"on-select-action":{"name":"update_data","payload":{"note":"Chips"}}}`, `{"shown":false}`)
	if v := s.View(); len(v.Fields) != 3 || !v.Fields[0].Selects || v.Fields[1].Name != "ok" {
		t.Errorf("%+v", v.Fields)
	}
	for _, step := range []struct {
		field, option string
		chosen        bool
		fields        int
		text          string
	}{
		{"country", "id", true, 4, "Bandung"}, {"country", "id", false, 3, ""}, {"country", "x", true, 3, ""}, {"ok", "", false, 3, ""}, {"ok", "", true, 3, "Thanks"}, {"chips", "1", false, 3, "Chips"},
	} {
		if err := s.Select(ctx, step.field, step.option, step.chosen); err != nil {
			t.Fatal(err)
		}
		if v := s.View(); len(v.Fields) != step.fields || !strings.Contains(html(s), step.text) {
			t.Errorf("%+v: %+v", step, v.Fields)
		}
	}
}

func TestEachFieldIsChecked(t *testing.T) {
	t.Parallel()
	const options = `"data-source":[{"id":"a","title":"A"},{"id":"b","title":"B"},{"id":"c","title":"C"},{"id":"off","title":"Off","enabled":false}]`
	for _, test := range []struct{ field, good, bad string }{
		{`"type":"TextInput"`, `"" "x" "` + strings.Repeat("é", 80) + `"`, `"` + strings.Repeat("é", 81) + `"`},
		{`"type":"TextInput","required":true`, `"x"`, `"" "  "`},
		{`"type":"TextInput","min-chars":2,"max-chars":"3"`, `"" "ab" "abc"`, `"a" "abcd"`},
		{`"type":"TextInput","input-type":"number"`, `"1" "-1.5" "1,5"`, `"x" "1e3" "1.2.3"`},
		{`"type":"TextInput","input-type":"email"`, `"ana@example.com"`, `"ana" "ana@" "ana@local" "Ana <ana@example.com>"`},
		{`"type":"TextInput","input-type":"phone"`, `"+62 812-345" "0812345"`, `"x" "12"`},
		{`"type":"TextInput","input-type":"passcode"`, `"123"`, `"12a"`},
		{`"type":"TextInput","pattern":"a|bc","helper-text":"h"`, `"a" "bc"`, `"ab" "abc" "xa"`},
		{`"type":"TextInput","input-type":"passcode","pattern":"[0-3]+"`, `"123"`, `"124" "a"`},
		{`"type":"TextInput","pattern":"(?=x)"`, `"anything"`, ``}, // not checked, which is said
		{`"type":"TextArea"`, `"` + strings.Repeat("x", 600) + `"`, `"` + strings.Repeat("x", 601) + `"`},
		{`"type":"TextArea","max-length":3`, `"a\nb"`, `"abcd"`},
		{`"type":"Dropdown","required":"${data.yes}",` + options, `"a"`, `"" "x" "off"`},
		{`"type":"RadioButtonsGroup",` + options, `"" "a"`, `"x" "off"`},
		{`"type":"CheckboxGroup","min-selected-items":2,"max-selected-items":2,` + options, `[] ["a","b"]`, `["a"] ["a","b","c"] ["a","x"] ["a","off"] ["a","a"]`},
		{`"type":"CheckboxGroup","required":true,` + options, `["a"]`, `[]`},
		{`"type":"ChipsSelector","max-selected-items":1,` + options, `["a"]`, `["a","b"]`},
		{`"type":"OptIn","required":true`, `true`, `false`},
		{`"type":"OptIn"`, `true false`, ``},
		{`"type":"DatePicker","min-date":"2026-01-02","max-date":"2026-01-05","unavailable-dates":["2026-01-03"]`, `"" "2026-01-02" "2026-01-05"`, `"2026-01-01" "2026-01-06" "2026-01-03" "2.1.2026" "2026-13-01"`},
		{`"type":"DatePicker","min-date":"1767312000000"`, `"2026-01-02"`, `"2026-01-01"`},
		{`"type":"CalendarPicker","include-days":["Mon","Tue"]`, `"2026-01-05"`, `"2026-01-07"`},
		{`"type":"CalendarPicker","mode":"range","min-days":2,"max-days":3`, `{} {"start-date":"2026-01-05","end-date":"2026-01-07"}`,
			`{"start-date":"2026-01-05"} {"start-date":"2026-01-05","end-date":"2026-01-06"} {"start-date":"2026-01-05","end-date":"2026-01-09"} {"start-date":"2026-01-07","end-date":"2026-01-05"} {"start-date":"x","end-date":"2026-01-05"}`},
		{`"type":"CalendarPicker","mode":"range","required":{"start-date":true,"end-date":true}`, `{"start-date":"2026-01-05","end-date":"2026-01-05"}`, `{}`},
		{`"type":"TextInput","enabled":false,"required":true`, `""`, ``},
	} {
		for _, group := range []struct {
			values string
			good   bool
		}{{test.good, true}, {test.bad, false}} {
			decoder := json.NewDecoder(strings.NewReader(group.values))
			for decoder.More() {
				var value json.RawMessage
				if err := decoder.Decode(&value); err != nil {
					t.Fatal(err)
				}
				s := opened(t, `{"name":"f","label":"F",`+test.field+`},{"type":"Footer","label":"Go","on-click-action":{"name":"complete","payload":{}}}`, `{"yes":true}`)
				set(t, s, `{"f":`+string(value)+`}`)
				err := s.Press(t.Context(), "")
				if (err == nil) != group.good {
					t.Errorf("%s with %.60s: %v", test.field, value, err)
				}
				if !group.good && (s.View().Errors["f"] == "" || !strings.Contains(html(s), "flow-error")) {
					t.Errorf("%s with %.60s: the page does not say what is wrong", test.field, value)
				}
			}
		}
	}
}

func TestDatesBeforeVersion5AreMilliseconds(t *testing.T) {
	t.Parallel()
	def := parsed(t, strings.Replace(one(`{"type":"DatePicker","name":"d","label":"D"},{"type":"Footer","label":"Go","on-click-action":{"name":"complete","payload":{"d":"${form.d}"}}}`), "7.1", "4.0", 1))
	s, err := NewSession(t.Context(), def, nil, Open{})
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, `{"d":"2026-01-02"}`)
	if !strings.Contains(html(s), `value="2026-01-02"`) {
		t.Errorf("shown as %s", html(s))
	}
	if err := s.Press(t.Context(), ""); err != nil || s.Result()["d"] != "1767312000000" {
		t.Errorf("%v, %v", err, s.Result())
	}
}
