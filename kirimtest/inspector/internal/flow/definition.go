// Package flow opens a WhatsApp Flow as a phone does: it reads Flow JSON, fills its
// screens, checks what a person enters, moves from screen to screen and asks the data
// endpoint. It draws a screen as HTML in which every text is escaped.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowjson,
// https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/components
package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of a definition. That of the size is Meta's; the others keep the work for
// one screen small.
const (
	mostBytes   = 10 << 20
	mostScreens = 200
	mostDepth   = 20
	mostParts   = 1000
)

// success ends a flow in the response of an endpoint; no screen may have this ID.
const success = "SUCCESS"

// Definition is a Flow JSON. It is not changed once it is parsed.
type Definition struct {
	Version string
	// DataAPI is data_api_version; empty for a flow without an endpoint.
	DataAPI string

	screens []*screen
	byID    map[string]*screen
	entry   string
}

type screen struct {
	id, title     string
	terminal      bool
	refreshOnBack bool
	declared      []string // the names in data, in their order
	children      []node
	fields        map[string]field // every input by its name, whether it is shown or not
	forms         []string         // names of Form components, which bindings may use
	live          bool             // it shows what depends on what is entered
}

// field is an input, and the Form that it is in, if it is in one.
type field struct{ node, form node }

// node is a component, an action or another object of Flow JSON.
type node map[string]any

func (n node) text(name string) string { text, _ := n[name].(string); return text }

func (n node) object(name string) node { object, _ := n[name].(map[string]any); return object }

func (n node) kind() string { return n.text("type") }

// components are the objects in an array.
func (n node) components(name string) []node { return nodes(n[name]) }

func nodes(v any) (list []node) {
	array, _ := v.([]any)
	for _, item := range array {
		object, _ := item.(map[string]any)
		list = append(list, object)
	}
	return list
}

// Fault is what is wrong with a definition, and where.
type Fault struct{ Where, Message string }

func (f *Fault) Error() string { return f.Where + ": " + f.Message }

func fault(where, format string, args ...any) error {
	return &Fault{where, fmt.Sprintf(format, args...)}
}

// Parse reads Flow JSON. The error is a [*Fault] with the place of what is wrong. What
// Parse does not know, such as a component of a later version, is no fault.
func Parse(data []byte) (*Definition, error) {
	if len(data) > mostBytes {
		return nil, fault("definition", "want at most %d bytes, got %d", mostBytes, len(data))
	}
	root, err := decodeObject(data)
	if err != nil {
		return nil, fault("definition", "want a JSON object, Flow JSON: %s", err)
	}
	d := &Definition{Version: root.text("version"), DataAPI: root.text("data_api_version"), byID: make(map[string]*screen)}
	list, _ := root["screens"].([]any)
	switch {
	case d.Version == "":
		return nil, fault("version", "want the version of Flow JSON as a string, such as \"7.1\"")
	case len(list) == 0 || len(list) > mostScreens:
		return nil, fault("screens", "want an array of 1 to %d screens, got %d", mostScreens, len(list))
	}
	for i := range list {
		if err := d.addScreen(root.components("screens")[i], fmt.Sprintf("screens[%d]", i)); err != nil {
			return nil, err
		}
	}
	if err := d.checkTargets(); err != nil {
		return nil, err
	}
	d.findEntry(root.object("routing_model"))
	return d, nil
}

// decodeObject reads one JSON object, with its numbers as they are written.
func decodeObject(data []byte) (node, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("it is not valid JSON at byte %d", syntax.Offset)
		}
		return nil, errors.New("it is something else")
	}
	if object == nil {
		return nil, errors.New("it is null")
	}
	if decoder.More() {
		return nil, errors.New("more follows after it")
	}
	return object, nil
}

func (d *Definition) addScreen(n node, where string) error {
	s := &screen{id: n.text("id"), title: n.text("title"), fields: make(map[string]field)}
	s.terminal, _ = n["terminal"].(bool)
	s.refreshOnBack, _ = n["refresh_on_back"].(bool)
	layout := n.object("layout")
	switch {
	case s.id == "":
		return fault(where+".id", "want the ID of the screen")
	case s.id == success:
		return fault(where+".id", "%s ends a flow, and cannot be the ID of a screen", success)
	case d.byID[s.id] != nil:
		return fault(where+".id", "another screen has the same ID")
	case layout == nil:
		return fault(where+".layout", "want an object with type and children")
	case layout.kind() != "SingleColumnLayout":
		return fault(where+".layout.type", "want SingleColumnLayout")
	}
	for name := range n.object("data") {
		s.declared = append(s.declared, name)
	}
	slices.Sort(s.declared)
	parts := 0
	if err := s.check(layout["children"], nil, where+".layout.children", 0, &parts); err != nil {
		return err
	}
	s.children = layout.components("children")
	s.live = s.dependsOnForm(s.children)
	d.screens = append(d.screens, s)
	d.byID[s.id] = s
	return nil
}

// check checks an array of components and those in them, and finds the inputs.
func (s *screen) check(v any, form node, where string, depth int, parts *int) error {
	array, isArray := v.([]any)
	if !isArray {
		return fault(where, "want an array of components")
	}
	if depth > mostDepth {
		return fault(where, "want components within each other to a depth of %d at most", mostDepth)
	}
	for i, item := range array {
		at := fmt.Sprintf("%s[%d]", where, i)
		object, isObject := item.(map[string]any)
		n := node(object)
		if *parts++; *parts > mostParts {
			return fault(where, "want at most %d components on a screen", mostParts)
		}
		if !isObject || n.kind() == "" {
			return fault(at, "want a component: an object with a type")
		}
		if isInput(n.kind()) {
			if n.text("name") == "" {
				return fault(at+".name", "want the name of the field")
			}
			if _, known := s.fields[n.text("name")]; !known {
				s.fields[n.text("name")] = field{n, form}
			}
		}
		within := form
		if n.kind() == "Form" {
			within = n
		}
		for _, inner := range branches(n) {
			if err := s.check(inner.children, within, at+"."+inner.name, depth+1, parts); err != nil {
				return err
			}
		}
		if n.kind() == "Form" && n.text("name") != "" {
			s.forms = append(s.forms, n.text("name"))
		}
	}
	return nil
}

type branch struct {
	name     string
	children any
}

// branches are the arrays of components in a component, shown or not.
func branches(n node) (list []branch) {
	switch n.kind() {
	case "Form":
		return []branch{{"children", n["children"]}}
	case "If":
		list = append(list, branch{"then", n["then"]})
		if n["else"] != nil {
			list = append(list, branch{"else", n["else"]})
		}
	case "Switch":
		cases := n.object("cases")
		names := make([]string, 0, len(cases))
		for name := range cases {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			list = append(list, branch{"cases." + name, cases[name]})
		}
	}
	return list
}

var inputs = []string{
	"TextInput", "TextArea", "Dropdown", "RadioButtonsGroup", "CheckboxGroup", "ChipsSelector", "DatePicker", "CalendarPicker", "OptIn",
}

func isInput(kind string) bool { return slices.Contains(inputs, kind) }

// dependsOnForm reports whether something shown depends on what is entered. Actions do
// not count: they are evaluated when they run.
func (s *screen) dependsOnForm(v any) bool {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "${") {
			return false
		}
		for _, name := range append([]string{"form", "screen." + s.id + ".form"}, s.forms...) {
			if strings.Contains(v, "${"+name+".") {
				return true
			}
		}
	case []node:
		return slices.ContainsFunc(v, func(n node) bool { return s.dependsOnForm(map[string]any(n)) })
	case []any:
		return slices.ContainsFunc(v, s.dependsOnForm)
	case map[string]any:
		for name, inner := range v {
			if !strings.HasSuffix(name, "-action") && s.dependsOnForm(inner) {
				return true
			}
		}
	}
	return false
}

// checkTargets checks that each navigate action leads to a screen.
func (d *Definition) checkTargets() error {
	for i, s := range d.screens {
		var err error
		walkActions(s.children, func(action node) {
			if err == nil && action.text("name") == "navigate" && d.byID[action.object("next").text("name")] == nil {
				err = fault(fmt.Sprintf("screens[%d]", i), "a navigate action leads to the screen %.80q, which does not exist", action.object("next").text("name"))
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// walkActions calls visit with every action in components, shown or not.
func walkActions(v any, visit func(node)) {
	switch v := v.(type) {
	case []node:
		for _, n := range v {
			walkActions(map[string]any(n), visit)
		}
	case []any:
		for _, item := range v {
			walkActions(item, visit)
		}
	case map[string]any:
		for name, inner := range v {
			if action, isObject := inner.(map[string]any); isObject && strings.HasSuffix(name, "-action") {
				visit(action)
				continue
			}
			walkActions(inner, visit)
		}
	}
}

// findEntry finds the screen that a flow begins with when nobody names one: the first
// to which no other leads.
func (d *Definition) findEntry(routes node) {
	reached := make(map[string]bool)
	for from, to := range routes {
		list, _ := to.([]any)
		for _, id := range list {
			if id, isText := id.(string); isText && id != from {
				reached[id] = true
			}
		}
	}
	for _, s := range d.screens {
		walkActions(s.children, func(action node) {
			if next := action.object("next").text("name"); action.text("name") == "navigate" && next != s.id {
				reached[next] = true
			}
		})
	}
	d.entry = d.screens[0].id
	for _, s := range d.screens {
		if !reached[s.id] {
			d.entry = s.id
			return
		}
	}
}

// Screens are the IDs of the screens, in their order.
func (d *Definition) Screens() []string {
	ids := make([]string, len(d.screens))
	for i, s := range d.screens {
		ids[i] = s.id
	}
	return ids
}

// atLeast reports whether the version is at least so many.
func (d *Definition) atLeast(major int) bool {
	var got int
	_, err := fmt.Sscanf(d.Version, "%d", &got)
	return err == nil && got >= major
}
