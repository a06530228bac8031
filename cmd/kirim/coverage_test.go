package main

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/cli"
	"github.com/kirim-go/kirim/internal/system"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// tree is the command kirim, to look at and not to run.
func tree() *cobra.Command {
	return cli.New(&app.App{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now})
}

// leaves are the commands below cmd that do something.
func leaves(cmd *cobra.Command) (found []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		found = append(found, leaves(sub)...)
	}
	if !cmd.HasSubCommands() && !cmd.Hidden {
		found = append(found, cmd)
	}
	return found
}

// scriptLine is a line of a script that runs kirim: whether it must fail, and the rest.
var scriptLine = regexp.MustCompile(`(?m)^(exec|! exec|exits \d+) (?:sh -c '\(?)?kirim (.*)$`)

// run is a command of a script.
type run struct {
	fails bool
	args  string // with a space at both ends
}

// runs are the commands of all scripts, by the path of the command. A flag of a group,
// such as the one in "kirim messages --from 1 list", is not expected.
func runs(t *testing.T) map[string][]run {
	t.Helper()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]run{}
	root := tree()
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range scriptLine.FindAllStringSubmatch(string(text), -1) {
			cmd, _, err := root.Find(strings.Fields(line[2]))
			if err != nil {
				t.Fatalf("%s: %s: %v", script, line[0], err)
			}
			path := cmd.CommandPath()
			found[path] = append(found[path], run{line[1] != "exec" && line[1] != "exits 0", " " + line[2] + " "})
		}
	}
	return found
}

// TestEveryCommandHasAScript walks the tree of commands: each has a script in which it
// does what it is for, one in which it fails, and one for each of its flags.
func TestEveryCommandHasAScript(t *testing.T) {
	t.Parallel()
	scripts := runs(t)
	of := func(path string, holds func(run) bool) bool { return slices.ContainsFunc(scripts[path], holds) }
	flags, somewhere := map[string]*pflag.Flag{}, map[string]bool{} // those of several commands: one script will do
	for _, cmd := range leaves(tree()) {
		path := cmd.CommandPath()
		if !of(path, func(r run) bool { return !r.fails && !strings.Contains(r.args, " --help ") }) {
			t.Errorf("no script has a %q that does something", path)
		}
		if !of(path, func(r run) bool { return r.fails }) {
			t.Errorf("no script has a %q that fails", path)
		}
		if printsJSON(cmd) && !of(path, func(r run) bool { return !r.fails && strings.Contains(r.args, " --json ") }) {
			t.Errorf("no script has a %q with --json", path)
		}
		given := func(f *pflag.Flag) bool {
			return of(path, func(r run) bool {
				return strings.Contains(r.args, " --"+f.Name+" ") || strings.Contains(r.args, " --"+f.Name+"=")
			})
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !given(f) {
				t.Errorf("no script has %q with --%s", path, f.Name)
			}
		})
		cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
			flags[f.Name] = f
			somewhere[f.Name] = somewhere[f.Name] || given(f)
		})
	}
	for name := range flags {
		if !somewhere[name] {
			t.Errorf("no script has --%s", name)
		}
	}
}

// printsJSON reports whether a command has a result that is printed in a table or, with
// --json, as JSON.
func printsJSON(cmd *cobra.Command) bool {
	switch cmd.CommandPath() {
	case "kirim help", "kirim key remove", "kirim key store", "kirim outbox migrate",
		"kirim outbox cancel", "kirim outbox pause", "kirim outbox replay", "kirim outbox resolve", "kirim outbox resume",
		"kirim templates schema", "kirim webhooks sample": // JSON in any case
		return false
	}
	return cmd.Parent().Name() != "completion"
}

// TestEveryCommandExplainsItself asks each command for its help, and runs it with
// arguments and flags that it does not have.
func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	groups := slices.DeleteFunc(descendants(tree()), func(cmd *cobra.Command) bool { return cmd.Hidden })
	for _, cmd := range groups {
		words := strings.Fields(cmd.CommandPath())[1:]
		for _, tt := range []struct {
			args []string
			code int
			want string
		}{
			{[]string{"--help"}, app.ExitOK, "Usage:\n  " + cmd.CommandPath()},
			{[]string{"--nonsense"}, app.ExitUsage, "unknown flag: --nonsense"},
			{[]string{"a", "b", "c", "--nonsense"}, app.ExitUsage, "unknown flag: --nonsense"},
		} {
			var out strings.Builder
			a := &app.App{
				In: strings.NewReader(""), Out: &out, Err: &out, Getenv: func(string) string { return "" }, Now: time.Now,
				Keychain: fileKeychain(filepath.Join(t.TempDir(), "keychain")),
			}
			if code := cli.Run(t.Context(), a, append(slices.Clone(words), tt.args...)); code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("%s %s: exit code %d\n%s", cmd.CommandPath(), strings.Join(tt.args, " "), code, out.String())
			}
		}
	}
}

func descendants(cmd *cobra.Command) (found []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		found = append(append(found, sub), descendants(sub)...)
	}
	return found
}

// TestEveryFlagIsExplained checks what a person reads about flags.
func TestEveryFlagIsExplained(t *testing.T) {
	t.Parallel()
	for _, cmd := range leaves(tree()) {
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: %q is not a short description", cmd.CommandPath(), cmd.Short)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" || f.Usage[0] >= 'A' && f.Usage[0] <= 'Z' || strings.HasSuffix(f.Usage, ".") {
				t.Errorf("%s --%s: %q is not a description", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
	}
}

// TestEachKindOfMessageHasADryRun runs the dry runs of the script again and compares the
// kinds of their messages with those that there are.
func TestEachKindOfMessageHasADryRun(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/script/send_dry_run.txtar")
	if err != nil {
		t.Fatal(err)
	}
	commands, files, dir := strings.Split(string(text), "\n-- "), map[string]string{}, t.TempDir()
	for _, file := range commands[1:] {
		name, content, _ := strings.Cut(file, " --\n")
		files[name] = filepath.Join(dir, name)
		if err := os.WriteFile(files[name], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen, quoted := map[string]bool{}, regexp.MustCompile(`'[^']*'`)
	for _, line := range regexp.MustCompile(`(?m)^exec kirim (send --dry-run .*)$`).FindAllStringSubmatch(commands[0], -1) {
		args := strings.Fields(quoted.ReplaceAllStringFunc(line[1], func(value string) string {
			return strings.ReplaceAll(strings.Trim(value, "'"), " ", "_")
		}))
		for i, arg := range args {
			if file, is := files[arg]; is {
				args[i] = file
			}
		}
		var out strings.Builder
		a := &app.App{
			In: strings.NewReader(""), Out: &out, Err: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now,
			Keychain: fileKeychain(filepath.Join(dir, "keychain")),
		}
		cli.Run(t.Context(), a, append(args, "--json"))
		var result struct {
			Type string `json:"type"`
		}
		if json.Unmarshal([]byte(out.String()), &result) == nil {
			seen[result.Type] = true
		}
	}
	for _, kind := range system.Contents {
		if !seen[kind.Key] && kind.Key != system.Raw && kind.Key != system.Voice && kind.Key != system.ByID {
			t.Errorf("no script has a dry run of %s; there are %v", kind.Key, slices.Sorted(maps.Keys(seen)))
		}
	}
}
