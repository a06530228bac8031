package templates

import (
	"testing"
)

func TestAPlaceInATextIsInTheFileWhateverEndsItsLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want Position
	}{
		"carriage returns":              {"name: a\r\rlanguages: {en: {body: 'a {{b}}'}}", Position{3, 27}},
		"both":                          {"name: a\r\n\r\nlanguages: {en: {body: 'a {{b}}'}}", Position{3, 27}},
		"a separator":                   {"name: a\u2028languages: {en: {body: 'a {{b}}'}}", Position{2, 27}},
		"a block indented by a number":  {"languages:\n  en:\n    body: |2\n          é\n        a {{b}}\n", Position{3, 11}},
		"a block indented by its lines": {"languages:\n  en:\n    body: |\n        é\n          a {{b}}\n", Position{5, 13}},
	} {
		f, err := Parse("a.yaml", []byte(test.text))
		if err != nil {
			t.Fatal(name, err)
		}
		body := f.Languages[0].Body
		if got := f.positionIn("languages.en.body", len(body)-len("{{b}}")); got != test.want {
			t.Errorf("%s: at %+v, not %+v of %q", name, got, test.want, body)
		}
	}
}
