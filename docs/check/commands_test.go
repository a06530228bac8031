package check

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A command that the manual shows is one of these. Each is run by CI, or is
// what a reader starts with.
var (
	target      = regexp.MustCompile(`(?m)^([a-z-]+):`)
	assignments = regexp.MustCompile(`^(?:[A-Z_]+=\S+ +)+`)
	inModule    = regexp.MustCompile(`^cd (\S+) && (.*)$`)
	commands    = []struct {
		form *regexp.Regexp
		is   func(dir string, args []string) error
	}{
		{regexp.MustCompile(`^go get ` + regexp.QuoteMeta(module) + `$`), nil},
		{regexp.MustCompile(`^git clone https://` + regexp.QuoteMeta(module) + `$|^cd ` + path.Base(module) + `$`), nil},
		{regexp.MustCompile(`^git checkout v\d+\.\d+\.\d+$|^sha256sum --check --ignore-missing SHA256SUMS$`), nil},
		{regexp.MustCompile(`^gh attestation verify kirim_v\S+_linux_amd64 --repo kirim-go/kirim (?:--signer-workflow kirim-go/kirim/(\S+)|--predicate-type https://cyclonedx\.org/bom)$`), exists},
		{regexp.MustCompile(`^openssl genrsa -out \S+\.pem 2048$`), nil},
		{regexp.MustCompile(`^go run \./(\S+)(?: -[-\w =]+)?$`), func(dir string, args []string) error {
			_, err := os.Stat(filepath.Join(dir, args[0], "main.go"))
			return err
		}},
		{regexp.MustCompile(`^go (?:run|build) -C (\S+) (?:-o \S+ )?\.(?: sandbox)?$`), func(dir string, args []string) error {
			_, err := os.Stat(filepath.Join(dir, args[0], "main.go"))
			return err
		}},
		{regexp.MustCompile(`^go (?:generate|doc|vet) (\.(?:/\S+)?)$`), exists},
		{regexp.MustCompile(`^go test(?: -race)?(?: -run [\w'^$/]+)?(?: -update)? \./(\S+)$`), exists},
		{regexp.MustCompile(`^(\.ci/run)(?: [a-z-]+)*$`), exists},
		{regexp.MustCompile(`^make((?: [a-z-]+| [A-Z]+=\S+)*)$`), func(dir string, args []string) error {
			makefile, err := os.ReadFile(filepath.Join(dir, "Makefile"))
			for word := range strings.FieldsSeq(args[0]) {
				if !strings.Contains(word, "=") && !strings.Contains(strings.Join(target.FindAllString(string(makefile), -1), ""), word+":") {
					return fmt.Errorf("no target %s", word)
				}
			}
			return err
		}},
	}
)

func exists(dir string, args []string) error {
	_, err := os.Stat(filepath.Join(dir, strings.TrimSuffix(args[0], "...")))
	return err
}

// checkCommand says why a command that the manual shows cannot be run.
func checkCommand(command string) error {
	command = assignments.ReplaceAllString(strings.TrimSpace(command), "")
	dir := root
	if m := inModule.FindStringSubmatch(command); m != nil {
		dir, command = filepath.Join(root, m[1]), m[2]
	}
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	for _, c := range commands {
		if m := c.form.FindStringSubmatch(command); m != nil {
			if c.is == nil {
				return nil
			}
			return c.is(dir, m[1:])
		}
	}
	return fmt.Errorf("no command of a form that is known to work")
}

var shown = regexp.MustCompile("^`((?:go (?:run|test|generate|get|vet) |make )[^`]*)`$")

func TestEveryCommandShownCanBeRun(t *testing.T) {
	t.Parallel()
	n := 0
	for _, p := range pages(t) {
		var lines []string
		for _, b := range p.blocks() {
			if b.language == "sh" {
				lines = append(lines, strings.Split(strings.TrimSpace(b.body), "\n")...)
			}
		}
		for _, s := range span.FindAllString(p.prose(), -1) {
			if m := shown.FindStringSubmatch(s); m != nil {
				lines = append(lines, m[1])
			}
		}
		for _, line := range lines {
			line, _, _ = strings.Cut(line, "  #")
			n++
			if err := checkCommand(line); err != nil {
				t.Errorf("%s: %s: %v", p.path, line, err)
			}
		}
	}
	t.Logf("%d commands", n)
}

func TestAWrongCommandIsNoticed(t *testing.T) {
	t.Parallel()
	for command, right := range map[string]bool{
		"go run ./examples/quickstart":                    true,
		"KIRIM_API_KEY=x go run ./examples/quickstart":    true,
		"go test ./...":                                   true,
		"cd contract && go test ./...":                    true,
		"make test lint":                                  true,
		"go run -C examples/nothing .":                    false,
		"CGO_ENABLED=0 go build -C cmd/kirim -o kirim .":  true,
		"go run ./examples/nothing":                       false,
		"go run ./gateway":                                false, // not a program
		"go test ./nowhere":                               false,
		"cd nowhere && go test ./...":                     false,
		"make nothing":                                    false,
		"curl https://example.com | sh":                   false,
		"go get github.com/kirim-go/other":                false,
		"go run github.com/somebody/something@latest x y": false,
	} {
		if err := checkCommand(command); (err == nil) != right {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestTheReadmeNamesEveryExample(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root + "/examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.Contains(string(readme), "(examples/"+e.Name()+")") {
			t.Errorf("README.md has no link to examples/%s", e.Name())
		}
	}
}

// installs is a command that needs a released version.
var installs = regexp.MustCompile(`\bgo (?:get|run|install) ` + regexp.QuoteMeta(module) + `[\w/]*@(?:latest|v)`)

func TestTheReadmeTellsWhetherAVersionIsReleased(t *testing.T) {
	t.Parallel()
	changelog := read(t, "CHANGELOG.md")
	released := regexp.MustCompile(`(?m)^## v?\d`).MatchString(changelog)
	readme := read(t, "README.md")
	if says := !strings.Contains(readme, "No version is released yet: until then, clone"); says != released {
		t.Errorf("README.md says released: %v; by CHANGELOG.md it is %v", says, released)
	}
	for _, p := range pages(t) {
		if m := installs.FindString(p.text); m != "" && !released {
			t.Errorf("%s shows %s, which needs a released version", p.path, m)
		}
	}
	if !installs.MatchString("`go run "+module+"/cmd/kirim@latest sandbox`") || installs.MatchString("go get "+module) {
		t.Error("what needs a version is told wrongly")
	}
}
