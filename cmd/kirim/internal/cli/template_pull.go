package cli

import (
	"strings"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/templates"
	"github.com/spf13/cobra"
)

// pulledFile is what a pull did to a file, as it is printed with --json.
type pulledFile struct {
	Path      string               `json:"path"`
	Name      string               `json:"name"`
	Change    templates.PullChange `json:"change"`
	Languages []pulledLanguage     `json:"languages"`
}

type pulledLanguage struct {
	Code    string               `json:"code"`
	Change  templates.PullChange `json:"change"`
	Unknown []templates.Unknown  `json:"unknown,omitempty"`
}

func (t *templateFiles) pull() *cobra.Command {
	var options templates.PullOptions
	format := "yaml"
	cmd := &cobra.Command{
		Use: "pull [NAME…]", Short: "Write the templates of the account into files", Args: cobra.ArbitraryArgs,
		Long: `Write the templates of the account into files, one for each name with all its
languages. Files that exist are brought up to date: comments and what did not change
stay. A template that only the files have is kept.

What the account does not say, such as samples, is marked as unknown in the file. A
file with such a mark is not pushed.`,
		Example: `  kirim templates pull
  kirim templates pull order_update --language id --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := t.directory()
			if err != nil {
				return err
			}
			if format != "yaml" && format != "json" {
				return app.Usagef("--file-format is neither yaml nor json")
			}
			account, err := t.source.templatesAccount(t.app)
			if err != nil {
				return err
			}
			options.Names, options.JSON = args, format == "json"
			result, err := templates.Pull(cmd.Context(), account, dir, options)
			if result != nil {
				if printed := t.printPulled(result, options.DryRun); printed != nil {
					return printed
				}
			}
			return formFault(err)
		},
	}
	t.addDir(cmd)
	cmd.Flags().StringSliceVar(&options.Languages, "language", nil, "only these `languages`, such as id,en_US")
	cmd.Flags().StringVar(&format, "file-format", format, "write new files as `yaml` or json")
	cmd.Flags().BoolVar(&options.DryRun, "dry-run", false, "say what would be written, and write nothing")
	return cmd
}

func (t *templateFiles) printPulled(result *templates.PullResult, dryRun bool) error {
	var rows [][]string
	changes := map[templates.PullChange]int{}
	for _, f := range result.Files {
		shown := pulledFile{Path: f.Path, Name: f.Name, Change: f.Change, Languages: []pulledLanguage{}}
		var languages, unknown []string
		for _, l := range f.Languages {
			shown.Languages = append(shown.Languages, pulledLanguage{l.Code, l.Change, l.Unknown})
			text := l.Code
			if l.Change != f.Change {
				text += " " + string(l.Change)
			}
			languages = append(languages, text)
			for _, u := range l.Unknown {
				unknown = append(unknown, l.Code+" "+string(u))
			}
		}
		if t.app.JSON {
			if err := t.app.PrintJSON(shown); err != nil {
				return err
			}
			continue
		}
		changes[f.Change]++
		rows = append(rows, []string{string(f.Change), f.Path, strings.Join(languages, ", "), strings.Join(unknown, ", ")})
	}
	if t.app.JSON {
		return nil
	}
	screen := t.app.Screen()
	if len(rows) > 0 {
		screen.Table([]console.Column{{Title: "change", Style: pullStyle}, {Title: "file"}, {Title: "languages"}, {Title: "unknown", Style: func(string) console.Style { return console.Warn }}}, rows)
	}
	var counts []string
	for _, change := range []templates.PullChange{templates.PullCreated, templates.PullChanged, templates.PullUnchanged, templates.PullKept} {
		if n := changes[change]; n > 0 {
			counts = append(counts, count(n, "file", "files")+" "+string(change))
		}
	}
	if len(counts) == 0 {
		counts = []string{"the account has no such templates"}
	}
	end := "."
	if dryRun {
		end = ". Dry run: nothing was written."
	}
	screen.Printf("%s%s\n", strings.Join(counts, ", "), end)
	return nil
}

func pullStyle(change string) console.Style {
	switch templates.PullChange(change) {
	case templates.PullCreated:
		return console.Good
	case templates.PullChanged:
		return console.Warn
	default:
		return console.Plain
	}
}
