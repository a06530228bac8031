package templates_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/templates"
)

// goCommand runs the go command with sources that are in this module for that run only,
// by their paths in it.
func goCommand(t *testing.T, sources map[string]string, command string, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	overlay := map[string]map[string]string{"Replace": {}}
	for name, text := range sources {
		path, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		overlay["Replace"][path] = write(name, []byte(text))
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{command, "-overlay", write("overlay.json", text)}, args...)
	var failed strings.Builder
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		return failed.String(), err
	}
	return string(out), nil
}

func generate(t *testing.T, files ...*templates.File) []byte {
	t.Helper()
	code, err := templates.Generate(files, templates.GenerateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// every returns each nth file.
func every(n int, files []*templates.File) (some []*templates.File) {
	for i := 0; i < len(files); i += n {
		some = append(some, files[i])
	}
	return some
}

func TestTheCodeOfEachCombinationCompiles(t *testing.T) {
	t.Parallel()
	files := append(combinations(), oneTimeCodes()...)
	if raceDetector {
		files = every(13, files) // a number without a factor in common with the parts
	}
	code := generate(t, files...)
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "tpl.go", code, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	list, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "github.com/kirim-go/kirim").Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(list)) {
		path, export, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = export
	}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	compiled, err := config.Check("tpl", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	constructors := 0
	for _, name := range compiled.Scope().Names() {
		if _, ok := compiled.Scope().Lookup(name).(*types.Func); ok {
			constructors++
		}
	}
	if constructors != len(files) || len(files) < 300 {
		t.Errorf("%d constructors for %d templates", constructors, len(files))
	}
	t.Logf("%d templates, %d bytes", len(files), len(code))
}
