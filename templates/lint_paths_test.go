package templates_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kirim-go/kirim/templates"
)

func TestAFileThatCannotBeParsedIsAFindingBesideThoseOfTheOthers(t *testing.T) {
	t.Parallel()
	dir := directory(t, map[string]string{
		"a.yaml": "name: a\ncategory: utility\nlanguages:\n  en: {body: 'Hello.', footer: '{{x}}'}\nparameters: {x: Ana}\n",
		"b.yaml": "name: b\nlanguage: {}\n",
		"c.json": `{"name":"c","category":"utility","languages":{"en":{"body":"Hello, you."}}}`,
		"d.txt":  "not a template",
	})
	files, findings, err := templates.LintPaths(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, filepath.Base(f.Path)+" "+f.Rule)
	}
	if want := []string{"a.yaml footer-variable", "a.yaml unused-parameter", "b.yaml syntax"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(files) != 2 {
		t.Errorf("%d files", len(files))
	}
	files, findings, err = templates.LintPaths(filepath.Join(dir, "c.json"), filepath.Join(dir, "b.yaml"))
	if err != nil || len(files) != 1 || len(findings) != 1 || findings[0].Line != 2 {
		t.Errorf("of single files: %d files, %+v, %v", len(files), findings, err)
	}
	if files, findings, err := templates.LintPaths(dir, filepath.Join(dir, "absent.yaml")); !errors.Is(err, os.ErrNotExist) || files != nil || findings != nil {
		t.Errorf("of a file that is not there: %v, %v, %v", files, findings, err)
	}
}
