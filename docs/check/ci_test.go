package check

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
		t.Skip("make is not installed; .ci/run starts the tests with make, so that they are never skipped there")
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
	updates := make(map[string]string)
	for entry := range strings.SplitSeq(read(t, ".github/dependabot.yml"), "\n  - package-ecosystem: ") {
		name, rest, _ := strings.Cut(entry, "\n")
		updates[name] = rest
	}
	directories := func(ecosystem string) []string { return words(`(?m)^ {6}- (/\S*)$`, updates[ecosystem]) }
	if listed := directories("gomod"); !slices.Equal(listed, modules(t)) {
		t.Errorf("lists %q, the modules are %q", listed, modules(t))
	}
	for ecosystem, pattern := range map[string]string{"docker": `(^|/)Dockerfile$`, "docker-compose": `(^|/)compose\.yaml$`} {
		if listed, found := directories(ecosystem), directoriesOf(t, regexp.MustCompile(pattern)); !slices.Equal(listed, found) {
			t.Errorf("%s: lists %q, the files are in %q", ecosystem, listed, found)
		}
	}
	for _, ecosystem := range []string{"gomod", "github-actions", "docker", "docker-compose"} {
		if entry := updates[ecosystem]; !strings.Contains(entry, "interval: weekly\n") || !strings.Contains(entry, "\n    groups:\n") {
			t.Errorf("does not update %s each week and in groups", ecosystem)
		}
	}
}

// directoriesOf returns the directories with a file whose path matches.
func directoriesOf(t *testing.T, pattern *regexp.Regexp) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (d.Name() == ".git" || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return err
		}
		rel, err := filepath.Rel(root, file)
		if rel = filepath.ToSlash(rel); pattern.MatchString(rel) {
			dirs = append(dirs, path.Join("/", path.Dir(rel)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// misplaced returns what is wrong with the rows of the table of changes: a
// path that the tree does not have, and a count that is not that of the paths.
func misplaced(table string, exists func(pattern string) bool) (wrong []string) {
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z ]+) \| (\d+) \| (.*) \| (.*) \|$`).FindAllStringSubmatch(table, -1) {
		name, count, where, also := row[1], row[2], row[3], row[4]
		files := 0
		for i, column := range []string{where, also} {
			for _, s := range span.FindAllString(column, -1) {
				p := strings.Trim(s, "`")
				if !strings.ContainsAny(p, "./") || strings.Contains(p, " ") {
					continue // a name in code, or a command
				}
				if i == 0 {
					files++
				}
				if p != "go.mod" && !exists(strings.ReplaceAll(p, "NAME", "*")) {
					wrong = append(wrong, name+": there is no "+p)
				}
			}
		}
		if strconv.Itoa(files) != count {
			wrong = append(wrong, name+": "+count+" files, but "+strconv.Itoa(files)+" are named")
		}
	}
	return wrong
}

func TestTheTableOfChangesNamesWhatTheTreeHas(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(read(t, "CONTRIBUTING.md"), "\n## Where does it go\n")
	table, _, _ = strings.Cut(table, "\n## ")
	if rows := strings.Count(table, "\n| "); rows < 11 {
		t.Errorf("%d rows with the head, fewer than of the ten commonest changes", rows)
	}
	for _, line := range misplaced(table, func(pattern string) bool {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		return err == nil && len(found) > 0
	}) {
		t.Error(line)
	}

	wrong := "| a | 1 | `gone.go` | `here.go` |\n| b | 2 | `here.go` in `unreleased` | `go generate .` |\n| c | 1 | `here.go` | `gone_test.go` |\n"
	got := strings.Join(misplaced(wrong, func(pattern string) bool { return pattern == "here.go" }), "; ")
	if want := "a: there is no gone.go; b: 2 files, but 1 are named; c: there is no gone_test.go"; got != want {
		t.Errorf("noticed %q, not %q", got, want)
	}
}
