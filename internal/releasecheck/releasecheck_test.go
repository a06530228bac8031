package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const origin = "github.com/kirim-go/fixture"

// fixture is a repository with a root module, a store that requires it, a
// command that requires both, and a proof that is not released.
func fixture() map[string]string {
	return map[string]string{
		"go.mod":     "module " + origin + "\n\ngo 1.25.0\n",
		"fixture.go": "package fixture\n\nconst Name = \"fixture\"\n",

		"store/go.mod":   "module " + origin + "/store\n\ngo 1.25.0\n\nrequire " + origin + " v0.0.0\n\nreplace " + origin + " => ../\n",
		"store/store.go": "package store\n\nimport \"" + origin + "\"\n\nconst Name = fixture.Name + \"/store\"\n",

		"cmd/tool/go.mod": "module " + origin + "/cmd/tool\n\ngo 1.25.0\n\nrequire (\n\t" + origin + " v0.0.0\n\t" + origin + "/store v0.0.0\n)\n\n" +
			"replace (\n\t" + origin + " => ../../\n\t" + origin + "/store => ../../store\n)\n",
		"cmd/tool/main.go": "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"os/signal\"\n\n\t\"" + origin + "\"\n\t\"" + origin + "/store\"\n)\n\n" +
			"func main() {\n\tif len(os.Args) == 2 && os.Args[1] == \"serve\" {\n\t\tended := make(chan os.Signal, 1)\n\t\tsignal.Notify(ended, os.Interrupt)\n" +
			"\t\tfmt.Println(\"it serves\")\n\t\t<-ended\n\t\treturn\n\t}\n" +
			"\tif len(os.Args) != 2 || os.Args[1] != \"version\" || fixture.Name == store.Name {\n\t\tos.Exit(1)\n\t}\n}\n",

		"bench/go.mod":   "module " + origin + "/bench\n\ngo 1.25.0\n\nrequire " + origin + " v0.0.0\n\nreplace " + origin + " => ../\n",
		"bench/bench.go": "package bench\n\nimport _ \"" + origin + "\"\n",

		"testdata/programs/main.go":               "package main\n\nimport _ \"" + origin + "\"\n\nfunc main() {}\n",
		"testdata/programs/store/main.go":         "package main\n\nimport _ \"" + origin + "/store\"\n\nfunc main() {}\n",
		"testdata/programs/cmd/tool/commands.txt": ". version\n. serve until it serves\n",
	}
}

// commit makes a repository of the files.
func commit(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "--all"},
		{"-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "--message", "All"},
	} {
		if _, err := command(t.Context(), dir, os.Environ(), "git", args...); err != nil {
			t.Skipf("git does not work: %v", err)
		}
	}
	return dir
}

// checkFixture runs the check. The fixture needs no module of others, so there
// is no network.
func checkFixture(t *testing.T, files map[string]string) (clone, output string, err error) {
	t.Helper()
	t.Setenv("GOPROXY", "off")
	work, clone := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	r, err := newRelease(t.Context(), commit(t, files), clone, work, "v0.2.0", []string{"bench"})
	if err != nil {
		return clone, "", err
	}
	var out strings.Builder
	r.out, r.binaries, r.generator = &out, []string{"cmd/tool"}, generates(nil)
	err = r.check(t.Context(), "testdata/programs")
	return clone, out.String(), err
}

func TestEachReleasedModuleIsUsedFromOutside(t *testing.T) {
	clone, output, err := checkFixture(t, fixture())
	if err != nil {
		t.Fatal(err)
	}
	if want := "in the order to push them:\n\tv0.2.0\n\tstore/v0.2.0\n\tcmd/tool/v0.2.0\n"; !strings.HasSuffix(output, want) {
		t.Errorf("the output does not end with %q:\n%s", want, output)
	}
	for _, want := range []string{
		"go get " + origin + "@v0.2.0\n", "go get " + origin + "/store@v0.2.0\n", "go run " + origin + "/cmd/tool@v0.2.0 version\n",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("the output lacks %q:\n%s", want, output)
		}
	}
	// What is pushed is what was used.
	for file, want := range map[string]string{
		"v0.2.0:go.mod":                   fixture()["go.mod"],
		"store/v0.2.0:store/go.mod":       "module " + origin + "/store\n\ngo 1.25.0\n\nrequire " + origin + " v0.2.0\n",
		"cmd/tool/v0.2.0:cmd/tool/go.mod": "module " + origin + "/cmd/tool\n\ngo 1.25.0\n\nrequire (\n\t" + origin + " v0.2.0\n\t" + origin + "/store v0.2.0\n)\n",
		"cmd/tool/v0.2.0:bench/go.mod":    fixture()["bench/go.mod"],
	} {
		got, err := command(t.Context(), clone, os.Environ(), "git", "show", file)
		if err != nil || string(got) != want {
			t.Errorf("%s is\n%s, not\n%s (%v)", file, got, want, err)
		}
	}
}

func TestAReleaseThatCannotBeUsedIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change map[string]string // "" removes a file
		want   string
	}{
		"a module without a program": {map[string]string{"testdata/programs/store/main.go": ""},
			origin + "/store is released, but no program uses it"},
		"a command that is not run": {map[string]string{"testdata/programs/cmd/tool/commands.txt": ""},
			"the command " + origin + "/cmd/tool is released, but not run"},
		"a command that fails": {map[string]string{"testdata/programs/cmd/tool/commands.txt": ". wrong\n"},
			"using " + origin + "/cmd/tool from outside: go run " + origin + "/cmd/tool@v0.2.0 wrong: exit status 1"},
		"a command that ends before it serves": {map[string]string{"testdata/programs/cmd/tool/commands.txt": ". version until it serves\n"},
			"go run " + origin + "/cmd/tool@v0.2.0 version did not print \"it serves\""},
		"a command that fails when it is interrupted": {map[string]string{"cmd/tool/main.go": strings.Replace(fixture()["cmd/tool/main.go"], "<-ended\n\t\treturn", "<-ended\n\t\tos.Exit(3)", 1)},
			"serve failed when it was interrupted"},
		"a program that does not build": {map[string]string{"testdata/programs/main.go": "package main\n\nimport \"" + origin + "\"\n\nvar _ = fixture.Missing\n\nfunc main() {}\n"},
			"undefined: fixture.Missing"},
		"a program that uses nothing": {map[string]string{"testdata/programs/main.go": "package main\n\nfunc main() {}\n"},
			"main.go does not import it"},
		"a package that imports a module which is not released": {map[string]string{"store/extra.go": "package store\n\nimport _ \"" + origin + "/bench\"\n",
			"store/go.mod": fixture()["store/go.mod"] + "\nrequire " + origin + "/bench v0.0.0\n\nreplace " + origin + "/bench => ../bench\n"},
			origin + "/store is released, but requires " + origin + "/bench, which is not"},
		"a package with a file outside its module": {map[string]string{"store/extra/extra.go": "package extra\n\nimport _ \"embed\"\n\n//go:embed own/x\nvar X string\n",
			"store/extra/own/x": "x", "store/extra/own/go.mod": "module " + origin + "/store/extra/own\n\ngo 1.25.0\n"},
			"own/x"},
		"an entry of the list that is no module": {map[string]string{"bench/go.mod": ""},
			"bench is listed as an unreleased module, but has no go.mod"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fixture()
			for file, text := range test.change {
				if text == "" {
					delete(files, file)
				} else {
					files[file] = text
				}
			}
			if _, _, err := checkFixture(t, files); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, and lacks %q", err, test.want)
			}
		})
	}
}

func TestAVersionThatIsNoTagIsRefused(t *testing.T) {
	t.Parallel()
	for version, right := range map[string]bool{
		"v0.1.0": true, "v1.20.3": true, "v0.0.0-check": true, "v0.1.0-rc.1": true,
		"": false, "0.1.0": false, "v0.1": false, "v2.0.0": false, "v0.01.0": false, "v0.1.0+meta": false, "v0.1.0 ": false,
	} {
		if versionForm.MatchString(version) != right {
			t.Errorf("%q: %v", version, !right)
		}
	}
}

// TestEveryReleasedModuleHasAProgram tells at once what make release-check
// would tell after a minute.
func TestEveryReleasedModuleHasAProgram(t *testing.T) {
	t.Parallel()
	const root = "../.."
	found, err := findModules(t.Context(), os.Environ(), root, unreleased)
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]bool{}
	for _, m := range found {
		dirs[m.dir] = true
		if err := m.hasPrograms(filepath.Join(root, programs)); err != nil {
			t.Error(err)
		}
	}
	err = filepath.WalkDir(filepath.Join(root, programs), func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if dir, err := filepath.Rel(filepath.Join(root, programs), filepath.Dir(file)); err != nil || !dirs[filepath.ToSlash(dir)] {
			t.Errorf("%s is for a module that is not released (%v): the released ones are %s", file, err,
				fmt.Sprint(slices.Sorted(maps.Keys(dirs))))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
