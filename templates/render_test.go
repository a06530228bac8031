package templates

import (
	"reflect"
	"testing"
)

func FuzzAFileIsReadBackAsItWasWritten(f *testing.F) {
	for _, seed := range []string{
		"name: a\ncategory: utility\nparameters:\n  x: Ana\n  y: {sample: '1', description: |-\n    two\n    lines\n  }\nlanguages:\n  en:\n    body: |\n      Hi {{x}},\n\n      # no comment\n    buttons: [{type: url, url: 'https://a/{{y}}'}]\n",
		"languages:\n  en:\n    header: {image: https://a.example/b.png}\n    unknown: [samples]\n    components: [{type: BODY, n: 1e5, big: 123456789012345678901234567890, x: null, y: [[a], {}], z: 1.50}]\n",
		"name: \"\\u0000\\u2028\\r\\n x\"\nparameters: {a: , b: {}}\nlanguages: {en: {header: {}, buttons: [], cards: [{}], unknown: ['']}, id: }\n",
		"{\"name\":\"a\",\"languages\":{\"en\":{\"components\":[{\"a\":1e999,\"b\":-0.0,\"c\":\"\\ud83d\\ude00\"}]}}}",
	} {
		f.Add("a.yaml", []byte(seed))
		f.Add("a.json", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		file, err := Parse(name, text)
		if err != nil {
			return
		}
		for form, written := range map[string][]byte{"again.yaml": file.YAML(), "again.json": file.JSON()} {
			if len(written) > MaxFileSize {
				continue
			}
			again, err := Parse(form, written)
			if err != nil {
				t.Fatalf("%s: %v\n%s", form, err, written)
			}
			want, got := *file, *again
			want.source, got.source = source{}, source{}
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("%s: got\n%+v\nwant\n%+v\n%s", form, got, want, written)
			}
		}
	})
}
