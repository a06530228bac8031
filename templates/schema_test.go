package templates_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/kirim-go/kirim/templates"
)

// compiledSchema is the schema as a validator reads it.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(templates.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(templates.SchemaURL, text); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(templates.SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// tree is a file as an editor reads it.
func tree(t *testing.T, name string, text []byte) any {
	t.Helper()
	if filepath.Ext(name) == ".json" {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTheSchemaTakesEachFileThatLintFindsNothingIn(t *testing.T) {
	t.Parallel()
	compiled, n := compiledSchema(t), 0
	err := filepath.WalkDir("testdata", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := templates.Parse(path, text)
		if err != nil {
			return nil //nolint:nilerr // a file of a test of errors
		}
		if templates.CountErrors(templates.Lint(f)) > 0 {
			return nil
		}
		n++
		if err := compiled.Validate(tree(t, path, text)); err != nil {
			t.Errorf("%s (%s): %v", path, f.Name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 4 {
		t.Errorf("only %d files", n)
	}
}

// schemaFile is a file in which the language is a text of YAML.
func schemaFile(language string) string {
	return "name: a\ncategory: utility\nparameters: {x: 1}\nlanguages:\n  en: " + language + "\n"
}

func TestTheSchemaTakesEachShortForm(t *testing.T) {
	t.Parallel()
	compiled := compiledSchema(t)
	for name, text := range map[string]string{
		"a header as its text":           schemaFile("{header: Hello, body: b}"),
		"a header with its text":         schemaFile("{header: {text: Hello}, body: b}"),
		"media as its link":              schemaFile("{header: {image: 'https://a.example/b.png'}, body: b}"),
		"media with its link":            schemaFile("{header: {video: {url: 'https://a.example/b.mp4'}}, body: b}"),
		"media without a sample":         schemaFile("{header: {document: }, body: b}"),
		"a sample that is a number":      schemaFile("{body: 'x {{x}} y', samples: {x: 17}}"),
		"a parameter as its sample":      "name: a\nparameters: {x: Ana, y: 17, z: true}\nlanguages: {en: {body: b}}",
		"a parameter without a sample":   "name: a\nparameters: {x: }\nlanguages: {en: {body: b}}",
		"a parameter with its members":   "name: a\nparameters: {x: {sample: Ana, description: Who.}}\nlanguages: {en: {body: b}}",
		"a category in upper case":       "name: a\ncategory: UTILITY\nlanguages: {en: {body: b}}",
		"a category in mixed case":       "name: a\ncategory: Marketing\nlanguages: {pt_BR: {body: b}}",
		"a button in upper case":         schemaFile("{body: b, buttons: [{type: QUICK_REPLY, text: Yes}]}"),
		"a phone number without quotes":  schemaFile("{body: b, buttons: [{type: phone_number, text: Call, phone_number: +6281100000000}]}"),
		"components as the API has them": schemaFile("{components: [{type: BODY, text: b, new_member: 1}]}"),
		"a time to live of 30 days":      "name: a\nttl_seconds: -1\nlanguages: {en: {body: b}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := compiled.Validate(tree(t, "a.yaml", []byte(text))); err != nil {
				t.Error(err)
			}
			if _, err := templates.Parse("a.yaml", []byte(text)); err != nil {
				t.Errorf("the schema takes what Parse refuses: %v", err)
			}
		})
	}
}

func TestTheSchemaRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	compiled := compiledSchema(t)
	for name, tt := range map[string]struct{ text, at string }{
		"no name":                        {"languages: {en: {body: b}}", ""},
		"no languages":                   {"name: a", ""},
		"an empty list of languages":     {"name: a\nlanguages: {}", "/languages"},
		"a member that is none":          {"name: a\nlanguage: {en: {body: b}}\nlanguages: {en: {body: b}}", ""},
		"a name in upper case":           {"name: Order\nlanguages: {en: {body: b}}", "/name"},
		"a name that is too long":        {"name: " + strings.Repeat("a", 513) + "\nlanguages: {en: {body: b}}", "/name"},
		"a category that is none":        {"name: a\ncategory: service\nlanguages: {en: {body: b}}", "/category"},
		"a format that is none":          {"name: a\nformat: numbered\nlanguages: {en: {body: b}}", "/format"},
		"a language that is none":        {"name: a\nlanguages: {English: {body: b}}", ""},
		"a body that is a list":          {schemaFile("{body: [b]}"), "/languages/en/body"},
		"a header with two kinds":        {schemaFile("{header: {text: a, location: true}, body: b}"), "/languages/en/header"},
		"media by a link without TLS":    {schemaFile("{header: {image: 'http://a.example/b.png'}, body: b}"), "/languages/en/header"},
		"media with two samples":         {schemaFile("{header: {image: {url: 'https://a.example', handle: h}}, body: b}"), "/languages/en/header"},
		"a footer that is too long":      {schemaFile("{body: b, footer: " + strings.Repeat("a", 61) + "}"), "/languages/en/footer"},
		"11 buttons":                     {schemaFile("{body: b, buttons: [" + strings.Repeat("{type: quick_reply, text: a},", 11) + "]}"), "/languages/en/buttons"},
		"a button without a type":        {schemaFile("{body: b, buttons: [{text: a}]}"), "/languages/en/buttons/0"},
		"a button of another type":       {schemaFile("{body: b, buttons: [{type: link, text: a}]}"), "/languages/en/buttons/0/type"},
		"the text of a button too long":  {schemaFile("{body: b, buttons: [{type: url, text: " + strings.Repeat("a", 26) + "}]}"), "/languages/en/buttons/0/text"},
		"one card":                       {schemaFile("{body: b, cards: [{body: a}]}"), "/languages/en/cards"},
		"a code that is valid for hours": {schemaFile("{code_expiration_minutes: 120}"), "/languages/en/code_expiration_minutes"},
		"a code without a number":        {schemaFile("{code_expiration_minutes: ten}"), "/languages/en/code_expiration_minutes"},
		"an offer that is too long":      {schemaFile("{body: b, offer: {text: a very long offer}}"), "/languages/en/offer/text"},
		"a component without a type":     {schemaFile("{components: [{text: b}]}"), "/languages/en/components/0"},
		"another mark of what is hidden": {schemaFile("{body: b, unknown: [buttons]}"), "/languages/en/unknown/0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := compiled.Validate(tree(t, "a.yaml", []byte(tt.text)))
			if err == nil {
				t.Fatal("it is taken")
			}
			if want := "at '" + tt.at; !strings.Contains(err.Error(), want) {
				t.Errorf("want an error %s', got %v", want, err)
			}
		})
	}
}

func TestTheSchemaIsACopy(t *testing.T) {
	t.Parallel()
	templates.Schema()[0] = 'x'
	if templates.Schema()[0] != '{' {
		t.Error("a caller has changed the schema of the others")
	}
}
