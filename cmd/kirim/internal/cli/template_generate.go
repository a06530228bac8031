package cli

import (
	"cmp"
	"errors"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/templates"
	"github.com/spf13/cobra"
)

func (t *templateFiles) generate() *cobra.Command {
	var options templates.GenerateOptions
	out, check := "", false
	cmd := &cobra.Command{
		Use: "generate --out FILE.go", Short: "Generate Go code from template files", Args: app.Arguments(),
		Long: `Generate Go code from template files: for each template a type, and a constructor
with one argument for each value. A file of Go whose callers would compile, and then
send values in each other's place, is not replaced without --allow-reorder.

--check writes nothing. Exit code 8 says that the code is not that of the files.`,
		Example: `  kirim templates generate --out tpl/templates.go
  //go:generate kirim templates generate --dir ../templates --out templates.go
  kirim templates generate --out tpl/templates.go --check`,
		RunE: func(*cobra.Command, []string) error {
			config, err := t.app.TemplatesConfig()
			if err != nil {
				return err
			}
			out, options.Package = cmp.Or(out, config.Out), cmp.Or(options.Package, config.Package)
			if out == "" {
				return app.WithHint(app.Usagef("--out is missing"), "such as --out tpl/templates.go")
			}
			files, err := t.read(nil)
			if err != nil {
				return err
			}
			changed := false
			if check {
				err = templates.CheckGenerated(out, files, options)
			} else {
				changed, err = templates.GenerateFile(out, files, options)
			}
			if err != nil {
				return generateFault(err)
			}
			return t.generated(out, check, changed)
		},
	}
	t.addDir(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the `file` with the code (default $KIRIM_TEMPLATES_OUT)")
	cmd.Flags().StringVar(&options.Package, "package", "", "the `name` of the package (default $KIRIM_TEMPLATES_PACKAGE, else the directory of the file)")
	cmd.Flags().BoolVar(&check, "check", false, "compare the file with the code, and write nothing")
	cmd.Flags().BoolVar(&options.AllowReorder, "allow-reorder", false, "replace the file even if arguments of the same type have changed places")
	return cmd
}

// generateFault gives an error of generated code its exit code.
func generateFault(err error) error {
	if stale, ok := errors.AsType[*templates.StaleError](err); ok {
		return &app.Failure{Code: app.ExitCheck, Err: stale, Hint: "run kirim templates generate, and look at what calls the code"}
	}
	return app.Usagef("%w", err) // the files, the name of the package, or where the code is to be
}

// generated says what became of the code.
func (t *templateFiles) generated(out string, check, changed bool) error {
	if t.app.JSON {
		return t.app.PrintJSON(struct {
			Path    string `json:"path"`
			Checked bool   `json:"checked"`
			Changed bool   `json:"changed"`
		}{out, check, changed})
	}
	result := " is up to date."
	if changed {
		result = " was written."
	}
	screen := t.app.Screen()
	screen.Printf("%s\n", screen.Styled(console.Good, console.Line(out)+result))
	return nil
}
