package templates

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestWhatIsWrongWithTheFormOfAFileIsSaidWithItsPlace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ file, text, want string }{
		"nothing":                              {"a.yaml", "", "a.yaml:1:1: the file is empty"},
		"a comment alone":                      {"a.yaml", "# a\n", "a.yaml:1:1: the file is empty"},
		"null":                                 {"a.yaml", "null", "a.yaml:1:1: the file is empty"},
		"a list":                               {"a.yaml", "- a\n", "a.yaml:1:1: want members, got a list of 1"},
		"a member that there is not":           {"a.yaml", "name: a\nlanguages:\n  en:\n    bodi: x\n", "a.yaml:4:5: languages.en.bodi: there is no such member; want one of body, "},
		"a member twice":                       {"a.yaml", "name: a\nname: b\n", "a.yaml:2:1: name: it is there twice"},
		"a member twice in JSON":               {"a.json", "{\n \"name\": \"a\",\n \"name\": \"b\"\n}", "a.json:3:2: name: it is there twice"},
		"a name that is a list":                {"a.yaml", "? [a]\n: b\n", "a.yaml:1:3: want names that are texts"},
		"a name with an anchor":                {"a.yaml", "languages:\n  &x en: {}\n", "a.yaml:2:3: languages: want names that are texts"},
		"an anchor in components":              {"a.yaml", "languages: {en: {components: [&a {type: BODY}]}}", "a.yaml:1:31: languages.en.components[0]: want no anchors and aliases"},
		"an alias in components":               {"a.yaml", "languages: {en: {components: [{type: &a BODY, text: *a}]}}", "a.yaml:1:38: languages.en.components[0].type: want no anchors and aliases\na.yaml:1:53: languages.en.components[0].text: want no anchors and aliases"},
		"a merge of members":                   {"a.yaml", "<<: {name: a}\n", "a.yaml:1:1: want names that are texts"},
		"a text for a list":                    {"a.yaml", "languages: {en: {buttons: yes please}}", "a.yaml:1:27: languages.en.buttons: want a list, got a text of 10 characters"},
		"a list for a text":                    {"a.yaml", "name: [a, b]", "a.yaml:1:7: name: want a text, got a list of 2"},
		"a number that is not whole":           {"a.yaml", "ttl_seconds: 1.5", "a.yaml:1:14: ttl_seconds: want a whole number, got a number"},
		"a number in a text":                   {"a.json", `{"ttl_seconds": "1 min"}`, "a.json:1:17: ttl_seconds: want a whole number, got a text of 5 characters"},
		"components that are no list":          {"a.yaml", "languages: {en: {components: {type: BODY}}}", "a.yaml:1:30: languages.en.components: want a list of components, got members"},
		"a yes that is none":                   {"a.yaml", "languages: {en: {header: {location: maybe}}}", "a.yaml:1:37: languages.en.header.location: want true or false, got a text of 5 characters"},
		"a tab":                                {"a.yaml", "name: a\nlanguages:\n\ten: {}\n", "a.yaml:3:1: not YAML: "},
		"a character that is none":             {"a.yaml", "name: \x01", "a.yaml:1:1: not YAML: "},
		"bytes that are no UTF-8":              {"a.yaml", "name: \xff", "a.yaml:1:1: want UTF-8"},
		"too many bytes":                       {"a.yaml", strings.Repeat("#", MaxFileSize+1), "a.yaml:1:1: want at most 1048576 bytes, got 1048577"},
		"a second template":                    {"a.yaml", "name: a\n---\nname: b\n", "a.yaml:2:1: want one template in a file, got another document"},
		"a second document that is no YAML":    {"a.yaml", "name: a\n---\n{", "want one template in a file, got another document"},
		"a second value":                       {"a.json", "{} {}", "a.json:1:5: not JSON: want one value"},
		"JSON that ends early":                 {"a.json", "{\"name\":\n", "a.json:2:1: not JSON: it ends early"},
		"a comment in JSON":                    {"a.json", "{} // b", "a.json:1:4: not JSON: "},
		"more levels than components have":     {"a.yaml", nested(101), "a.yaml:1:134: want at most 100 levels"},
		"more levels, in JSON":                 {"a.json", nested(101), "a.json:1:134: want at most 100 levels"},
		"so many levels that memory would end": {"a.json", strings.Repeat("[", MaxFileSize), "a.json:1:101: want at most 100 levels"},
		"as many in YAML":                      {"a.yaml", strings.Repeat("[", MaxFileSize), "not YAML: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(tt.file, []byte(tt.text))
			var wrong *SyntaxError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// Editors find the schema of JSON by a member. It is no part of the template.
func TestAFileMayNameItsSchema(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a.json": `{"$schema": "./schema.json", "name": "a", "languages": {"en": {"body": "Hello."}}}`,
		"a.yaml": "$schema: ./schema.json\nname: a\nlanguages: {en: {body: Hello.}}\n",
	} {
		f, err := Parse(name, []byte(text))
		if err != nil || f.Name != "a" || f.Languages[0].Body != "Hello." {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse("a.json", []byte(`{"languages": {"en": {"$schema": "x"}}}`)); err == nil {
		t.Error("a language names a schema, and that is no error")
	}
}

// nested is a file with components that are so many levels deep.
func nested(levels int) string {
	return `{"languages": {"en": {"components": ` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + "}}}"
}

func TestTheSameFileMayBeWrittenInManyWays(t *testing.T) {
	t.Parallel()
	const want = "name: a\ncategory: utility\nparameters:\n  x: Ana\nlanguages:\n  en:\n    header: Hi\n    body: |\n      one\n      {{x}}\n    buttons:\n      - type: quick_reply\n        text: \"Yes\"\n"
	for name, tt := range map[string]struct{ file, text string }{
		"as it is":                        {"a.yaml", want},
		"with a byte order mark":          {"a.yaml", "\ufeff" + want},
		"with returns":                    {"a.yaml", strings.ReplaceAll(want, "\n", "\r\n")},
		"with marks of a document":        {"a.yaml", "---\n" + want + "...\n"},
		"in upper case":                   {"a.yaml", strings.NewReplacer("utility", "Utility", "quick_reply", "QUICK_REPLY").Replace(want)},
		"in full":                         {"a.yml", "name: 'a'\nformat:\ncategory: utility\nparameters: {x: {sample: Ana}}\nlanguages: {en: {header: {text: Hi}, body: \"one\\n{{x}}\\n\", buttons: [{type: quick_reply, text: \"Yes\"}]}}"},
		"in JSON":                         {"a.json", `{"name":"a","category":"UTILITY","parameters":{"x":"Ana"},"languages":{"en":{"header":"Hi","body":"one\n{{x}}","buttons":[{"type":"quick_reply","text":"Yes"}]}}}`},
		"in JSON with a byte order mark":  {"A.JSON", "\ufeff" + `{"name":"a","category":"UTILITY","parameters":{"x":"Ana"},"languages":{"en":{"header":"Hi","body":"one\n{{x}}","buttons":[{"type":"quick_reply","text":"Yes"}]}}}`},
		"in JSON with escapes":            {"a.json", `{"name":"\u0061","category":"utility","parameters":{"x":"An\u0061"},"languages":{"en":{"header":"H\u0069","body":"one\n{{x}}","buttons":[{"type":"quick_reply","text":"Yes"}]}}}`},
		"with members that have no value": {"a.yaml", want + "    footer:\n    samples:\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := Parse(tt.file, []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(f.YAML()); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestPositionsAreThoseOfTheText(t *testing.T) {
	t.Parallel()
	yamlFile := "name: é\nlanguages:\n  en: {header: {text: \"Grüße\"}, buttons: [{type: url}, {type: url, url: x}]}\n"
	jsonFile := "{\"name\": \"é\",\n \"languages\": {\"en\": {\"header\": {\"text\": \"Grüße\"},\n  \"buttons\": [{\"type\": \"url\"}, {\"type\": \"url\", \"url\": \"x\"}]}}}"
	for _, tt := range []struct {
		path       string
		yaml, json Position
	}{
		{"", Position{1, 1}, Position{1, 1}},
		{"name", Position{1, 7}, Position{1, 10}},
		{"languages.en.header.text", Position{3, 23}, Position{2, 42}},
		{"languages.en.buttons[1].url", Position{3, 73}, Position{3, 55}},
		{"languages.en.buttons[0].text", Position{3, 43}, Position{3, 15}},
		{"languages.id.body", Position{3, 3}, Position{2, 15}}, // what is around it
	} {
		for name, want := range map[string]Position{"a.yaml": tt.yaml, "a.json": tt.json} {
			text := yamlFile
			if name == "a.json" {
				text = jsonFile
			}
			f, err := Parse(name, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Position(tt.path); got != want {
				t.Errorf("%s in %s: %v, want %v", tt.path, name, got, want)
			}
		}
	}
	if got := (&File{}).Position("name"); got != (Position{}) {
		t.Errorf("%v in a file without a text", got)
	}
}

func TestALineOfAMegabyteIsReadInTime(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"name": "a", "parameters": {`)
	for i := 0; b.Len() < MaxFileSize-100; i++ {
		fmt.Fprintf(&b, `"é%d": "x", `, i)
	}
	b.WriteString(`"last": "x"}}`)
	for _, name := range []string{"a.json", "a.yaml"} {
		start := time.Now()
		f, err := Parse(name, []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		newLayout(f.content, f.root)
		if took := time.Since(start); took > 20*time.Second { // counting each column anew takes minutes
			t.Errorf("%s took %v", name, took)
		} else {
			t.Logf("%s took %v", name, took)
		}
	}
}
