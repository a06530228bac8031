package templates

import (
	"testing"
)

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
