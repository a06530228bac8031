package templates

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// exampleDefinitions are Meta's example definitions in the form of the API, by file name.
func exampleDefinitions(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob("../testdata/templates/*.json")
	if err != nil || len(files) != 11 {
		t.Fatalf("%d definitions, %v", len(files), err)
	}
	definitions := make(map[string]map[string]any)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var definition map[string]any
		if err := json.Unmarshal(text, &definition); err != nil {
			t.Fatal(err)
		}
		definitions[strings.TrimSuffix(filepath.Base(file), ".json")] = definition
	}
	return definitions
}

// exampleAsComponents is a definition as a file with components.
func exampleAsComponents(t *testing.T, name string, definition map[string]any) *File {
	t.Helper()
	text, err := json.MarshalIndent(map[string]any{
		"name": definition["name"], "category": definition["category"],
		"languages": map[string]any{definition["language"].(string): map[string]any{"components": definition["components"]}},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(name+".json", text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// examplesAsTexts are the same, written as texts.
func examplesAsTexts(t *testing.T) map[string]*File {
	t.Helper()
	text, err := os.ReadFile("testdata/lint/meta/typed.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]*File)
	sections := sectionLine.FindAllSubmatchIndex(text, -1)
	for i, section := range sections {
		end := len(text)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		name := string(text[section[2]:section[3]])
		f, err := Parse(name, text[section[1]:end])
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(name, ".yaml")] = f
	}
	return files
}

func TestMetasExamplesHaveNoFindings(t *testing.T) {
	t.Parallel()
	typed := examplesAsTexts(t)
	var allRaw, allTyped []*File
	for name, definition := range exampleDefinitions(t) {
		raw := exampleAsComponents(t, name, definition)
		if typed[name] == nil {
			t.Fatalf("%s is not written as a file", name)
		}
		allRaw, allTyped = append(allRaw, raw), append(allTyped, typed[name])
		for form, f := range map[string]*File{"components": raw, "texts": typed[name]} {
			for _, finding := range Lint(f) {
				t.Errorf("%s as %s: %+v", name, form, finding)
			}
		}
	}
	// Three of them are about the same screening: Meta's review would reject two, as
	// it says itself.
	for form, files := range map[string][]*File{"components": allRaw, "texts": allTyped} {
		for _, finding := range Lint(files...) {
			if finding.Rule != "duplicate-content" || !strings.Contains(finding.Path, "create_flow_template") {
				t.Errorf("all as %s: %+v", form, finding)
			}
		}
		if n := len(Lint(files...)); n != 2 {
			t.Errorf("all as %s: %d findings", form, n)
		}
	}
}

func TestMetasExamplesAsFilesAreTheSameDefinitions(t *testing.T) {
	t.Parallel()
	definitions := exampleDefinitions(t)
	for name, f := range examplesAsTexts(t) {
		params := f.Params(&f.Languages[0])
		text, err := json.Marshal(params.Components)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		want := definitions[name]["components"].([]any)
		for _, component := range want { // of which some have types in lower case, or the older form of an app
			c := component.(map[string]any)
			c["type"] = strings.ToUpper(c["type"].(string))
			buttons, _ := c["buttons"].([]any)
			for _, button := range buttons {
				b := button.(map[string]any)
				if b["package_name"] != nil {
					b["supported_apps"] = []any{map[string]any{"package_name": b["package_name"], "signature_hash": b["signature_hash"]}}
					delete(b, "package_name")
					delete(b, "signature_hash")
				}
			}
		}
		if !reflect.DeepEqual(got, any(want)) || params.Name != definitions[name]["name"] || fmt.Sprint(params.Category) != definitions[name]["category"] {
			t.Errorf("%s is\n%v\nnot\n%v", name, got, want)
		}
	}
}
