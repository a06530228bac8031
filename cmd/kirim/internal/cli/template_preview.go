package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/templates"
	"github.com/spf13/cobra"
)

// previewShown is a preview as it is printed with --json.
type previewShown struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Text     string `json:"text"`
}

func (t *templateFiles) preview() *cobra.Command {
	var fill fillFlags
	page := ""
	cmd := &cobra.Command{
		Use: "preview [NAME…]", Short: "Show a template, or template files, as the recipient sees them", Args: cobra.ArbitraryArgs,
		Long: `Show a template as the recipient sees it. Nothing is sent.

NAME --language CODE shows one of the account. Variables without a value stay as
they are: {{1}}.

With --dir or --html, the template files are shown in all their languages, or in
that of --language, with their samples and with the values of --named-param. That
needs no account. --html writes a page that shows the languages side by side.`,
		Example: `  kirim templates preview order_update --language id --param A-17
  kirim templates preview --dir templates
  kirim templates preview order_update --dir templates --named-param customer=Siti
  kirim templates preview --html preview.html`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if t.dir == "" && page == "" {
				if err := app.Arguments("NAME")(cmd, args); err != nil {
					return err
				}
				return previewOfAccount(cmd, t.app, t.source, &fill, args[0])
			}
			for _, flag := range []string{"param", "header", "button", "components", "definition"} {
				if cmd.Flags().Changed(flag) {
					return app.WithHint(app.Usagef("--%s is not for template files", flag), "give values with --named-param NAME=VALUE")
				}
			}
			files, err := t.read(args)
			if err != nil {
				return err
			}
			if page != "" {
				return t.writePage(page, files, &fill)
			}
			return t.printPreviews(files, &fill)
		},
	}
	fill.add(cmd)
	t.addDir(cmd)
	cmd.Flags().StringVar(&page, "html", "", "write a page with the template files of the directory to this `file`; - is standard output")
	return cmd
}

func previewOfAccount(cmd *cobra.Command, a *app.App, source *templatesFlags, fill *fillFlags, name string) error {
	filled, definition, err := definitionOf(cmd.Context(), a, source, fill, name)
	if err != nil {
		return err
	}
	p, err := filled.Preview(definition)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(previewShown{filled.Name, filled.Language, p.Text()})
	}
	a.Screen().Indent("  │ ", p.Text())
	return nil
}

// printPreviews prints each language of the files, or one of them. A value is for the
// templates that have a parameter of its name.
func (t *templateFiles) printPreviews(files []*templates.File, fill *fillFlags) error {
	values, err := namedValues(fill.named)
	if err != nil {
		return err
	}
	if err := checkNames(files, values); err != nil {
		return err
	}
	n, wrong := 0, 0
	for _, f := range files {
		own := maps.Clone(values)
		maps.DeleteFunc(own, func(name, _ string) bool { return !slices.Contains(f.ParameterNames(), name) })
		for _, l := range f.Languages {
			if fill.language != "" && l.Code != fill.language {
				continue
			}
			p, err := f.Preview(l.Code, own)
			if err != nil {
				wrong++
				t.app.Note("%s", strings.TrimPrefix(err.Error(), "templates: "))
				continue
			}
			if err := t.printPreview(previewShown{f.Name, l.Code, p.Text()}, n); err != nil {
				return err
			}
			n++
		}
	}
	switch {
	case wrong > 0:
		return app.Usagef("%s cannot be shown", count(wrong, "language", "languages"))
	case n == 0:
		return &app.Failure{Code: app.ExitNotFound, Err: fmt.Errorf("no template has the language %q", fill.language)}
	}
	return nil
}

// checkNames refuses a value that no template takes.
func checkNames(files []*templates.File, values map[string]string) error {
	var known []string
	for _, f := range files {
		known = append(known, f.ParameterNames()...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			return app.WithHint(app.Usagef("no template has the parameter %q", name), "the parameters are %s", cmp.Or(strings.Join(known, ", "), "none"))
		}
	}
	return nil
}

func (t *templateFiles) printPreview(p previewShown, before int) error {
	if t.app.JSON {
		return t.app.PrintJSON(p)
	}
	screen := t.app.Screen()
	if before > 0 {
		screen.Printf("\n")
	}
	screen.Printf("%s\n", screen.Styled(console.Strong, console.Line(p.Name+" ("+p.Language+")")))
	screen.Indent("  │ ", p.Text)
	return nil
}

// namedValues are the values of --named-param.
func namedValues(pairs []string) (map[string]string, error) {
	values := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, app.Usagef("--named-param is not NAME=VALUE")
		}
		values[name] = value
	}
	return values, nil
}

// writePage writes the page of the files.
func (t *templateFiles) writePage(page string, files []*templates.File, fill *fillFlags) error {
	if len(fill.named) > 0 || fill.language != "" {
		return app.Usagef("--html shows all languages with their samples: leave out --language and --named-param")
	}
	var b bytes.Buffer
	if err := templates.PreviewHTML(&b, files); err != nil {
		return err
	}
	if page == "-" {
		_, err := t.app.Out.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil { //nolint:gosec // it is no secret
		return app.Usagef("--html: %w", err)
	}
	if t.app.JSON {
		return t.app.PrintJSON(struct {
			Path      string `json:"path"`
			Templates int    `json:"templates"`
		}{page, len(files)})
	}
	t.app.Screen().Printf("Wrote %s: %s.\n", console.Line(page), count(len(files), "template", "templates"))
	return nil
}
