package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/templates"
	"github.com/spf13/cobra"
)

// templateFiles are the commands for templates in files. They share the flag of the
// directory.
type templateFiles struct {
	app    *app.App
	source *templatesFlags
	dir    string
}

func (t *templateFiles) addDir(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.dir, "dir", "", "the `directory` of the files (default $KIRIM_TEMPLATES_DIR, else templates)")
}

// directory is that of the flag, the environment or the configuration.
func (t *templateFiles) directory() (string, error) {
	c, err := t.app.TemplatesConfig()
	return cmp.Or(t.dir, c.Dir), err
}

// read returns the templates of the names in the directory; without a name, all of them.
func (t *templateFiles) read(names []string) ([]*templates.File, error) {
	dir, err := t.directory()
	if err != nil {
		return nil, err
	}
	files, err := templates.Read(dir)
	switch {
	case err != nil:
		return nil, unreadable(err, dir)
	case len(files) == 0:
		return nil, noFiles(dir)
	}
	for _, name := range names {
		if !slices.ContainsFunc(files, func(f *templates.File) bool { return f.Name == name }) {
			return nil, &app.Failure{Code: app.ExitNotFound, Err: fmt.Errorf("no file of %s has the template %q", dir, name), Hint: "there are " + templateNames(files)}
		}
	}
	if len(names) > 0 {
		files = slices.DeleteFunc(files, func(f *templates.File) bool { return !slices.Contains(names, f.Name) })
	}
	return files, nil
}

func templateNames(files []*templates.File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// unreadable is the error of a path that cannot be read, or of a file in it.
func unreadable(err error, path string) error {
	if _, stat := os.Stat(path); errors.Is(stat, fs.ErrNotExist) && filepath.Ext(path) == "" {
		return app.WithHint(app.Usagef("there is no directory %s", path), "give another with --dir, or fill this one with kirim templates pull")
	}
	return app.Usagef("%w", err)
}

func noFiles(dir string) error {
	return app.WithHint(app.Usagef("%s has no files *.yaml, *.yml or *.json", dir), "give another with --dir, or fill this one with kirim templates pull")
}

func (t *templateFiles) lint() *cobra.Command {
	format := "text"
	cmd := &cobra.Command{
		Use: "lint [FILE…]", Short: "Check template files against the documented rules, without an account", Args: cobra.ArbitraryArgs,
		Long: `Check template files against the rules that Meta and Kirim document: lengths,
variables, samples, buttons, categories, and languages that differ. No account and
no network is needed. Each finding has the file, the line and the column.

Exit code 8 says that there are errors. Warnings alone are exit code 0: they are
about advice, and about rules that no page states exactly.`,
		Example: `  kirim templates lint
  kirim templates lint templates/order_update.yaml
  kirim templates lint --format sarif > lint.sarif`,
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := t.directory()
			if err != nil {
				return err
			}
			if t.app.JSON && format == "text" {
				format = "json"
			}
			if len(args) == 0 {
				args = []string{dir}
			} else if t.dir != "" {
				return app.Usagef("--dir and files contradict each other")
			}
			return t.runLint(args, format)
		},
	}
	t.addDir(cmd)
	cmd.Flags().StringVar(&format, "format", format, "print the findings as `text`, json or sarif (2.1.0)")
	return cmd
}

func (t *templateFiles) runLint(paths []string, format string) error {
	if !slices.Contains([]string{"text", "json", "sarif"}, format) {
		return app.Usagef("--format is neither text, json nor sarif")
	}
	files, findings, err := templates.LintPaths(paths...)
	switch {
	case err != nil:
		return unreadable(err, paths[0])
	case len(files)+len(findings) == 0:
		return noFiles(paths[0])
	}
	wrong := templates.CountErrors(findings)
	result := count(wrong, "error", "errors") + " and " + count(len(findings)-wrong, "warning", "warnings")
	switch format {
	case "json":
		err = templates.WriteJSON(t.app.Out, findings)
	case "sarif":
		err = templates.WriteSARIF(t.app.Out, findings, kirim.Version)
	default:
		t.printFindings(findings)
		if wrong == 0 {
			screen := t.app.Screen()
			screen.Printf("%s\n", screen.Styled(console.Good, result+" in "+count(len(files), "template", "templates")+"."))
		}
	}
	if err == nil && wrong > 0 {
		err = &app.Failure{Code: app.ExitCheck, Err: errors.New(result)}
	}
	return err
}

// printFindings prints a line for each, which editors and people can follow.
func (t *templateFiles) printFindings(findings []templates.Finding) {
	screen := t.app.Screen()
	for _, f := range findings {
		var line strings.Builder
		_ = templates.WriteText(&line, []templates.Finding{f}) // a builder takes everything
		style := console.Warn
		if f.Severity == templates.SeverityError {
			style = console.Bad
		}
		text := console.Line(line.String())
		screen.Printf("%s\n", strings.Replace(text, ": "+string(f.Severity)+": ", ": "+screen.Styled(style, string(f.Severity))+": ", 1))
	}
}

func (t *templateFiles) schema() *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of template files, for editors", Args: app.Arguments(),
		Long: `Print the JSON Schema of template files. An editor with a YAML language server
completes and checks a file that begins with

  # yaml-language-server: $schema=.schema.json

where .schema.json is what this command has written beside it. Files whose names
begin with a dot are not taken for templates.`,
		Example: `  kirim templates schema --out templates/.schema.json`,
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				_, err := t.app.Out.Write(templates.Schema())
				return err
			}
			if err := os.WriteFile(out, templates.Schema(), 0o644); err != nil { //nolint:gosec // it is no secret
				return app.Usagef("--out: %w", err)
			}
			t.app.Note("wrote %s", out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write it to this `file`")
	return cmd
}
