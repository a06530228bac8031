package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

const source = "../../file.go"

func TestTheSchemaIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := generate(source)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("schema.json is stale: run go generate . in templates")
	}
}

func TestEachMemberOfAFileIsInTheSchema(t *testing.T) {
	t.Parallel()
	text, err := generate(source)
	if err != nil {
		t.Fatal(err)
	}
	type properties struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var root struct {
		properties
		Defs map[string]properties `json:"$defs"`
	}
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	if len(root.Defs) != len(objects)-1 {
		t.Errorf("%d definitions for %d types", len(root.Defs), len(objects)-1)
	}
	for i, typ := range objects {
		schema := root.properties
		if i > 0 {
			schema = root.Defs[defName(typ)]
		}
		members := 0
		for field := range typ.Fields() {
			name := memberName(field)
			if name == "" {
				continue
			}
			members++
			if schema.Properties[name] == nil {
				t.Errorf("%s: there is no %s", typ.Name(), name)
			}
		}
		if members != len(schema.Properties) {
			t.Errorf("%s: %d members, but %d properties", typ.Name(), members, len(schema.Properties))
		}
	}
}

// A limit of a field that was renamed would be lost in silence.
func TestEachLimitIsThatOfAMember(t *testing.T) {
	t.Parallel()
	known := make(map[string]bool)
	for _, typ := range objects {
		known[typ.Name()] = true
		for field := range typ.Fields() {
			if memberName(field) != "" {
				known[typ.Name()+"."+field.Name] = true
			}
		}
	}
	for name := range limits {
		if !known[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestADescriptionSpeaksOfTheMembersOfTheFile(t *testing.T) {
	t.Parallel()
	g := &generator{names: map[string]string{"PhoneNumber": "phone_number", "Sample": "sample", "FlowID": "flow_id", "FlowName": "flow_name"}}
	for comment, want := range map[string]string{
		"":                               "",
		"PhoneNumber is the one called.": "The one called.",
		"Sample is a value.\nLike [Parameter.Sample].": "A value. Like sample.",
		"of an upload":                        "Of an upload.",
		"FlowID or FlowName is the flow.":     "flow_id or flow_name is the flow.",
		"Sample is for a [*File] and [Lint].": "For a File and Lint.",
	} {
		name := "PhoneNumber"
		for field := range g.names {
			if len(comment) >= len(field) && comment[:len(field)] == field {
				name = field
			}
		}
		if got := g.describe(name, comment); got != want {
			t.Errorf("%q is %q, want %q", comment, got, want)
		}
	}
}

func TestASourceThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "schema.json")
	if err := write("absent.go", out); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
	if err := write(source, out); err != nil {
		t.Error(err)
	}
}

func defName(t reflect.Type) string { return (&generator{}).ref(t).Ref[len("#/$defs/"):] }
