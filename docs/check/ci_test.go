package check

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// words returns the words of each first group of a pattern, sorted, each once.
func words(pattern, text string) []string {
	found := make(map[string]bool)
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		for word := range strings.FieldsSeq(m[1]) {
			found[word] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// withoutHelp returns the targets of a Makefile that `make help` does not list.
func withoutHelp(makefile string) (missing []string) {
	listed := words(`(?m)^([a-z-]+):[^=\n]*## \S`, makefile)
	for _, name := range words(`(?m)^\.PHONY:(.*)$`, makefile) {
		if !slices.Contains(listed, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

func TestMakeHelpListsEveryTarget(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	if missing := withoutHelp(makefile); len(missing) > 0 {
		t.Errorf("no ## comment says what these targets are for: %q", missing)
	}
	phony := words(`(?m)^\.PHONY:(.*)$`, makefile)
	for _, name := range words(`(?m)^([a-z-]+):`, makefile) {
		if !slices.Contains(phony, name) {
			t.Errorf("%s is not in .PHONY", name)
		}
	}
	if missing := withoutHelp(".PHONY: a b c\na: b ## does a\nb:\n\ttrue ## no help\nc: x = 1\n"); strings.Join(missing, " ") != "b c" {
		t.Errorf("a target without help is not noticed: %q", missing)
	}

	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	out, err := exec.CommandContext(t.Context(), "make", "-C", root, "--no-print-directory", "help").CombinedOutput()
	if listed := words(`(?m)^([a-z-]+) +\S`, string(out)); err != nil || !slices.Equal(listed, phony) {
		t.Errorf("make help lists %q, %v; the targets are %q", listed, err, phony)
	}
}

// The targets of CI are named in five places. .ci/run is what the others are
// compared with.
func TestCIRunsWhatTheDocumentsSay(t *testing.T) {
	t.Parallel()
	targets := words(`(?m)^targets=\((.*)\)$`, read(t, ".ci/run"))
	if len(targets) < 8 {
		t.Fatalf("only %d targets in .ci/run", len(targets))
	}
	claimed, _, found := strings.Cut(read(t, "CONTRIBUTING.md"), "make all ")
	if !found {
		t.Fatal("CONTRIBUTING.md does not speak of make all")
	}
	test := read(t, ".github/workflows/test.yml")
	for where, named := range map[string][]string{
		"make all": words(`(?m)^all: (.*?) *##`, read(t, "Makefile")),
		"what CONTRIBUTING.md lists above make all": words(`(?m)^make ([a-z -]+?) *(?:#.*)?$`, claimed),
		".github/workflows/test.yml":                words(`(?m)^ {10}- ([a-z -]+)$`, test),
	} {
		if !slices.Equal(named, targets) {
			t.Errorf("%s runs %q, .ci/run %q", where, named, targets)
		}
	}
	if !strings.Contains(test, "\n      - run: .ci/run ${{ matrix.targets }}\n") {
		t.Error("the workflow of each change does not run the targets of its matrix")
	}
	if !strings.Contains(read(t, ".github/workflows/release.yml"), "\n      - run: .ci/run\n") {
		t.Error("the workflow of a release does not run everything")
	}
}

// modules returns the directories with a go.mod, with "/" for the root.
func modules(t *testing.T) (dirs []string) {
	t.Helper()
	walk(t, ".mod", func(file, _ string) {
		if path.Base(file) == "go.mod" {
			dirs = append(dirs, path.Join("/", path.Dir(file)))
		}
	})
	slices.Sort(dirs)
	return dirs
}

func TestDependabotKnowsEveryModule(t *testing.T) {
	t.Parallel()
	config := read(t, ".github/dependabot.yml")
	if listed := words(`(?m)^ {6}- (/.*)$`, config); !slices.Equal(listed, modules(t)) {
		t.Errorf("lists %q, the modules are %q", listed, modules(t))
	}
	for _, ecosystem := range []string{"gomod", "github-actions"} {
		if !strings.Contains(config, "\n  - package-ecosystem: "+ecosystem+"\n") {
			t.Errorf("does not update %s", ecosystem)
		}
	}
}
