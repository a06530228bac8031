package check

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheTestsInTheManualPass runs those that need nothing else, as a reader
// would: in a module outside the repository.
func TestTheTestsInTheManualPass(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(root + "/go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write("go.mod", strings.Replace(string(gomod), "module "+module, "module example.com/reader", 1)+
		fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %[1]s => %q\n", module, absolute))
	write("go.sum", string(sums))

	n := 0
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			if b.language != "go" || b.prelude != "" || !strings.Contains(b.body, "(t *testing.T) {") {
				continue
			}
			fset := token.NewFileSet()
			s, err := parse(fset, b)
			if err != nil {
				t.Fatal(err)
			}
			names := ast.NewIdent("reader")
			s.files[0].Name = names
			var text bytes.Buffer
			if err := format.Node(&text, token.NewFileSet(), s.files[0]); err != nil {
				t.Fatal(err)
			}
			n++
			write(fmt.Sprintf("manual%d_test.go", n), text.String())
		}
	}
	command := exec.Command("go", "test", "-mod=mod", "-count=1", "-v", ".")
	command.Dir = dir
	out, err := command.CombinedOutput()
	if passed := strings.Count(string(out), "\n--- PASS"); err != nil || passed < 3 {
		t.Errorf("%d tests passed, %v:\n%s", passed, err, out)
	}
}
