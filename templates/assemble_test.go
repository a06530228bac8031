package templates

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/kirim-go/kirim"
)

// approved is a template as an account returns it once it is approved.
func approved(params kirim.TemplateCreateParams) *Remote {
	return &Remote{MessageTemplate: *params.Definition(), TTLSeconds: params.TTLSeconds}
}

// metaDefinitions are Meta's examples.
func metaDefinitions(t *testing.T) (all []kirim.TemplateCreateParams) {
	t.Helper()
	paths, err := filepath.Glob("../testdata/templates/*.json")
	if err != nil || len(paths) != 11 {
		t.Fatal(len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var params kirim.TemplateCreateParams
		if err := json.Unmarshal(text, &params); err != nil {
			t.Fatal(path, err)
		}
		all = append(all, params)
	}
	return all
}

func TestMetasDefinitionsAreWrittenInTheTypedForm(t *testing.T) {
	t.Parallel()
	for _, params := range metaDefinitions(t) {
		t.Run(params.Name, func(t *testing.T) {
			t.Parallel()
			remote := approved(params)
			files := FromRemotes([]*Remote{remote})
			if len(files) != 1 || len(files[0].Languages) != 1 {
				t.Fatalf("%+v", files)
			}
			f, err := Parse("a.yaml", files[0].YAML())
			if err != nil {
				t.Fatal(err)
			}
			l := &f.Languages[0]
			if len(l.Components) > 0 || len(l.Unknown) > 0 {
				t.Errorf("components %s, unknown %v", l.Components, l.Unknown)
			}
			got, want := mustMarshal(normalized(f.Params(l).Components)), mustMarshal(normalized(params.Components))
			if string(got) != string(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
