package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheTemplatesOfADirectoryAreItsFilesAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, below := range []string{"below", "folder.yaml"} {
		if err := os.Mkdir(filepath.Join(dir, below), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, map[string]string{
		"z.yaml":         simpleFile("a", "en", "Hello."),
		"y.yml":          simpleFile("b", "en", "Hello."),
		"x.JSON":         `{"name": "c", "category": "utility", "languages": {"en": {"body": "Hello."}}}`,
		".schema.json":   `{"type": "object"}`,
		".#y.yml":        "an editor's",
		"README.md":      "# Templates",
		"z.yaml.orig":    "name: [",
		"below/d.yaml":   simpleFile("d", "en", "Hello."),
		"folder.yaml/e.": "nothing",
	})
	files, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Name+" "+filepath.Base(f.Path()))
	}
	if want := "a z.yaml, b y.yml, c x.JSON"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %s", got, want)
	}
}
