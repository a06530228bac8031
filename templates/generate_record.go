package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// record is what generated code keeps of a template, to tell later changes that the
// compiler does not notice. It is JSON in a line before the code of the template.
type record struct {
	Template  string           `json:"template"`
	Languages []string         `json:"languages"` // the default first
	Arguments []argumentRecord `json:"arguments,omitempty"`
	// Buttons are the labels of buttons with an optional value, in the default language.
	Buttons []buttonRecord `json:"buttons,omitempty"`
}

type argumentRecord struct {
	Name string `json:"name"` // of the parameter
	Type string `json:"type"`
}

type buttonRecord struct {
	Field string `json:"field"`
	Label string `json:"label"`
}

const recordPrefix = "//kirim:template "

func (m *model) record() record {
	r := record{Template: m.file.Name}
	for _, l := range m.languages {
		r.Languages = append(r.Languages, l.Code)
	}
	for _, f := range m.required() {
		r.Arguments = append(r.Arguments, argumentRecord{strings.TrimPrefix(f.key, "#"), f.kind.goType})
	}
	add := func(prefix string, d design, fields []field) {
		for _, f := range fields {
			if i := f.button - 1; i >= 0 && i < len(d.buttons) {
				r.Buttons = append(r.Buttons, buttonRecord{prefix + f.name, d.buttons[i].text})
			}
		}
	}
	d := m.languages[0].design
	add("", d, m.fields)
	if len(d.cards) > 0 {
		add("Cards.", d.cards[0], m.cardFields)
	}
	return r
}

// line is the record as a comment. What Go does not take there, labels have escaped.
func (r record) line() string {
	var line strings.Builder
	for _, char := range recordPrefix + string(mustMarshal(r)) {
		if notInComments(char) {
			fmt.Fprintf(&line, `\u%04x`, char)
		} else {
			line.WriteRune(char)
		}
	}
	return line.String()
}

// recordsIn returns the records in generated code, and the code from each to the next.
func recordsIn(code []byte) (records []record, parts []string) {
	for i, part := range bytes.Split(code, []byte("\n"+recordPrefix)) {
		line, rest, _ := bytes.Cut(part, []byte("\n"))
		var r record
		if i > 0 && json.Unmarshal(line, &r) == nil && len(r.Languages) > 0 {
			records, parts = append(records, r), append(parts, string(rest))
		}
	}
	return records, parts
}

// silentDifferences returns what changes for callers that compile all the same.
func silentDifferences(previous []record, models []*model) (found []Drift) {
	for _, m := range models {
		now := m.record()
		i := slices.IndexFunc(previous, func(r record) bool { return r.Template == now.Template })
		if i < 0 {
			continue
		}
		was := previous[i]
		messages := append(swappedArguments(was.Arguments, now.Arguments), swappedButtons(was.Buttons, now.Buttons)...)
		if from, to := was.Languages[0], now.Languages[0]; from != to && slices.Contains(now.Languages, from) {
			messages = append(messages, fmt.Sprintf("the first language was %s and is %s: callers that choose none compile, but would send the other", from, to))
		}
		for _, message := range messages {
			found = append(found, Drift{now.Template, message, true})
		}
	}
	return found
}

// swappedArguments tells of arguments that stand where others of their type stood.
func swappedArguments(was, now []argumentRecord) (messages []string) {
	places := func(a, b string) string { return "the arguments " + a + " and " + b + " changed places" }
	if !slices.EqualFunc(was, now, func(a, b argumentRecord) bool { return a.Type == b.Type }) {
		for i, b := range was {
			for _, a := range was[:i] {
				p, q := slices.Index(now, a), slices.Index(now, b)
				if q >= 0 && q < p && a.Type == b.Type {
					messages = append(messages, places(a.Name, b.Name)+": callers that change nothing else would send each in place of the other")
				}
			}
		}
		return messages
	}
	var others []int
	for i := range was {
		if was[i].Name != now[i].Name {
			others = append(others, i)
		}
	}
	switch {
	case len(others) == 0:
		return nil
	case len(others) == 1:
		i := others[0]
		return []string{fmt.Sprintf("the argument %s is now %s: callers compile, but would send what they have for the one as the other", was[i].Name, now[i].Name)}
	case len(others) == 2 && was[others[0]] == now[others[1]] && was[others[1]] == now[others[0]]:
		return []string{places(was[others[0]].Name, was[others[1]].Name) + ": callers compile, but would send each in place of the other"}
	}
	return []string{fmt.Sprintf("the arguments were (%s) and are (%s): callers compile, but would send some in place of others", names(was), names(now))}
}

// swappedButtons tells of buttons whose payloads would come back for another.
func swappedButtons(was, now []buttonRecord) (messages []string) {
	for i, b := range now {
		kept := slices.Contains(was, b)
		from := slices.IndexFunc(was, func(o buttonRecord) bool { return o.Label == b.Label && o.Field != b.Field })
		exists := slices.ContainsFunc(was, func(o buttonRecord) bool { return o.Field == b.Field })
		again := slices.ContainsFunc(now[:i], func(o buttonRecord) bool { return o.Label == b.Label })
		if !kept && from >= 0 && exists && !again {
			messages = append(messages, fmt.Sprintf("the button %q was that of %s and is that of %s: callers compile, but would set the value of another button", b.Label, was[from].Field, b.Field))
		}
	}
	return messages
}

// names lists arguments.
func names(arguments []argumentRecord) string {
	list := make([]string, len(arguments))
	for i, a := range arguments {
		list[i] = a.Name
	}
	return strings.Join(list, ", ")
}

// differences tells how code differs from what the templates generate now.
func differences(previous, code []byte, models []*model) []Drift {
	if len(previous) == 0 {
		return []Drift{{Message: "it does not exist"}}
	}
	was, wasParts := recordsIn(previous)
	now, nowParts := recordsIn(code)
	find := func(in []record, r record) int {
		return slices.IndexFunc(in, func(o record) bool { return o.Template == r.Template })
	}
	found := silentDifferences(was, models)
	silent := func(r record) bool {
		return slices.ContainsFunc(found, func(d Drift) bool { return d.Template == r.Template })
	}
	add := func(r record, format string, args ...any) {
		found = append(found, Drift{Template: r.Template, Message: fmt.Sprintf(format, args...)})
	}
	for i, r := range now {
		j := find(was, r)
		switch {
		case j < 0:
			add(r, "it has no code")
		case !slices.Equal(was[j].Arguments, r.Arguments):
			if !silent(r) {
				add(r, "its arguments are (%s), and those of the code (%s)", names(r.Arguments), names(was[j].Arguments))
			}
		case !slices.Equal(was[j].Languages, r.Languages):
			add(r, "its languages are %s, and those of the code %s", strings.Join(r.Languages, ", "), strings.Join(was[j].Languages, ", "))
		case wasParts[j] != nowParts[i] && !silent(r):
			add(r, "its texts, or what is optional, changed")
		}
	}
	for _, r := range was {
		if find(now, r) < 0 {
			add(r, "the code has it, and the templates do not")
		}
	}
	if len(found) == 0 {
		return []Drift{{Message: "it was changed, or generated by another version"}}
	}
	return found
}
