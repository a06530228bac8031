package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/templates"
	"github.com/spf13/cobra"
)

// templatesAccount returns what the templates in files are compared with.
func (f *templatesFlags) templatesAccount(a *app.App, options ...templates.CloudAPIOption) (templates.Account, error) {
	conn, err := a.Connect(app.Kirim, app.CloudAPI)
	if err != nil {
		return nil, err
	}
	if conn.System.Name != app.CloudAPI {
		number, err := conn.Number()
		if err != nil {
			return nil, err
		}
		return templates.Kirim(number), nil
	}
	account, err := f.accountID(a)
	if err != nil {
		return nil, err
	}
	client, err := conn.CloudAPI()
	if err != nil {
		return nil, err
	}
	return templates.CloudAPI(client, account, options...), nil
}

// formFault is an error of files of another form: a wrong file is wrong usage.
func formFault(err error) error {
	if _, ok := errors.AsType[*templates.SyntaxError](err); ok {
		return app.Usagef("%w", err)
	}
	return err
}

// compared are the files, and what the account has of their names, or all that it has.
func (t *templateFiles) compared(ctx context.Context, names []string, options ...templates.CloudAPIOption) (files []*templates.File, remotes []*templates.Remote, account templates.Account, err error) {
	if files, err = t.read(names); err != nil {
		return nil, nil, nil, err
	}
	if account, err = t.source.templatesAccount(t.app, options...); err != nil {
		return nil, nil, nil, err
	}
	if remotes, err = account.List(ctx); err != nil {
		return nil, nil, nil, err
	}
	if len(names) > 0 {
		remotes = slices.DeleteFunc(remotes, func(r *templates.Remote) bool { return !slices.Contains(names, r.Name) })
	}
	return files, remotes, account, nil
}

func (t *templateFiles) diff() *cobra.Command {
	prune := false
	cmd := &cobra.Command{
		Use: "diff [NAME…]", Short: "Show what differs between template files and the account", Args: cobra.ArbitraryArgs,
		Long: `Show what differs between template files and the account, for each language: what
the account has with -, and what the file has with +. What the account does not say
is not compared, and named.

Exit code 8 says that there are differences. Templates that only the account has are
counted; with --prune they are listed, and are differences, too.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, remotes, _, err := t.compared(cmd.Context(), args)
			if err != nil {
				return err
			}
			return t.printDiff(templates.Diff(files, remotes), prune)
		},
	}
	t.addDir(cmd)
	cmd.Flags().BoolVar(&prune, "prune", false, "list what only the account has, too, as a difference")
	return cmd
}

// printDiff prints what differs, and fails if something does.
func (t *templateFiles) printDiff(differences []templates.Difference, prune bool) error {
	different, unsaid, extra := 0, 0, 0
	shown := slices.DeleteFunc(differences, func(d templates.Difference) bool {
		switch d.State {
		case templates.DiffChanged, templates.DiffNew:
			different++
		case templates.DiffIncomparable:
			unsaid++
		case templates.DiffRemote:
			extra++
			return !prune
		case templates.DiffSame:
			return true
		}
		return false
	})
	if prune {
		different += extra
	}
	if t.app.JSON {
		for _, d := range shown {
			if err := t.app.PrintJSON(d); err != nil {
				return err
			}
		}
	} else {
		var text strings.Builder
		if err := templates.WriteDiff(&text, shown); err != nil {
			return err
		}
		t.printColoured(text.String())
	}
	if different > 0 {
		return &app.Failure{Code: app.ExitCheck, Err: errors.New(count(different, "template differs", "templates differ")), Hint: "kirim templates plan says what a push would do"}
	}
	if t.app.JSON {
		return nil
	}
	screen := t.app.Screen()
	switch {
	case unsaid > 0:
		screen.Printf("%s\n", screen.Styled(console.Warn, "No difference is known. Of "+count(unsaid, "template", "templates")+" the account does not say all."))
	default:
		screen.Printf("%s\n", screen.Styled(console.Good, "The account has what the files say."))
	}
	if extra > 0 && !prune {
		screen.Printf("%s\n", screen.Styled(console.Faint, onlyThere(extra)))
	}
	return nil
}

func onlyThere(n int) string {
	return count(n, "more template is", "more templates are") + " only in the account."
}

// printColoured prints lines of which those that begin with + and - have colours.
func (t *templateFiles) printColoured(text string) {
	screen := t.app.Screen()
	for line := range strings.Lines(console.Clean(text)) {
		line = strings.TrimSuffix(line, "\n")
		style := console.Plain
		switch begin := strings.TrimLeft(line, " "); {
		case strings.HasPrefix(begin, "+ "):
			style = console.Good
		case strings.HasPrefix(begin, "- "):
			style = console.Bad
		}
		screen.Printf("%s\n", screen.Styled(style, line))
	}
}

// pushFlags are those of a plan and of a push.
type pushFlags struct {
	options templates.PlanOptions
	appID   string
	links   bool
}

func (f *pushFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.options.Prune, "prune", false, "delete what only the account has, in a system that can")
	cmd.Flags().BoolVar(&f.options.Incomparable, "incomparable", false, "edit also what may be the same, where the account does not say enough to tell")
	cmd.Flags().StringVar(&f.appID, "app", "", "upload files that are samples of media with this `ID` of an app, with --system cloudapi (default $META_APP_ID)")
	cmd.Flags().BoolVar(&f.links, "fetch-links", false, "fetch links that are samples of media and upload them, with --system cloudapi and --app")
}

// account are the choices for the account.
func (f *pushFlags) account(a *app.App) (options []templates.CloudAPIOption, err error) {
	id := cmp.Or(f.appID, a.Getenv("META_APP_ID"))
	if id != "" {
		options = append(options, templates.WithUploads(id))
	}
	if f.links {
		if id == "" {
			return nil, app.WithHint(app.Usagef("--fetch-links needs the ID of an app"), "give --app or set META_APP_ID")
		}
		options = append(options, templates.WithFetchedLinks(nil))
	}
	return options, nil
}

func (t *templateFiles) plan() *cobra.Command {
	var flags pushFlags
	cmd := &cobra.Command{
		Use: "plan [NAME…]", Short: "Show what a push would do, and what it costs in reviews", Args: cobra.ArbitraryArgs,
		Long: `Show what a push would do for each template in each language, why, and what the
system cannot do. Nothing is changed.`,
		RunE: func(cmd *cobra.Command, args []string) error { return t.runPlan(cmd.Context(), args, &flags) },
	}
	t.addDir(cmd)
	flags.add(cmd)
	return cmd
}

func (t *templateFiles) runPlan(ctx context.Context, names []string, flags *pushFlags) error {
	if err := flags.check(names); err != nil {
		return err
	}
	options, err := flags.account(t.app)
	if err != nil {
		return err
	}
	files, remotes, account, err := t.compared(ctx, names, options...)
	if err != nil {
		return err
	}
	plan := templates.NewPlan(files, remotes, account.Abilities(), flags.options)
	if err := t.printPlan(plan); err != nil {
		return err
	}
	return t.refuseErrors(files)
}

func (f *pushFlags) check(names []string) error {
	if f.options.Prune && len(names) > 0 {
		return app.Usagef("--prune is about all templates of the account: leave out the names")
	}
	return nil
}

// page is a page that the reason for a step cites.
var page = regexp.MustCompile(` \(https://[^)]*\)`)

// printPlan prints what there is to do, and counts the rest.
func (t *templateFiles) printPlan(plan *templates.Plan) error {
	if t.app.JSON {
		return t.app.PrintJSON(plan)
	}
	var rows [][]string
	same, extra := 0, 0
	for _, s := range plan.Steps {
		why := s.Why
		switch {
		case s.Action == templates.ActionNone && s.Path == "":
			extra++
			continue
		case s.Action == templates.ActionNone:
			same++
			continue
		case s.Line > 0 && (s.Action == templates.ActionBlocked || s.Action == templates.ActionImpossible):
			why = fmt.Sprintf("%s:%d:%d: %s", s.Path, s.Line, s.Column, why)
		}
		rows = append(rows, []string{string(s.Action), s.Name + " (" + s.Language + ")", why})
	}
	screen := t.app.Screen()
	var pages []string
	for _, row := range rows {
		why := page.ReplaceAllStringFunc(row[2], func(cited string) string {
			if cited = strings.Trim(cited, " ()"); !slices.Contains(pages, cited) {
				pages = append(pages, cited)
			}
			return ""
		})
		screen.Hanging(actionStyle(row[0]), row[0], fmt.Sprintf("%-10s  ", row[0]), row[1]+": "+why)
	}
	for _, note := range plan.Notes {
		screen.Indent("", note)
	}
	for _, cited := range pages {
		screen.Printf("%s\n", screen.Styled(console.Faint, "See "+cited))
	}
	if same > 0 || len(rows) == 0 {
		screen.Printf("%s\n", screen.Styled(console.Good, count(same, "template is", "templates are")+" as in the files."))
	}
	if extra > 0 {
		screen.Printf("%s\n", screen.Styled(console.Faint, onlyThere(extra)))
	}
	return nil
}

// actionStyle is the colour of a step.
func actionStyle(action string) console.Style {
	switch templates.Action(action) {
	case templates.ActionCreate:
		return console.Good
	case templates.ActionEdit, templates.ActionBlocked:
		return console.Warn
	case templates.ActionDelete, templates.ActionImpossible:
		return console.Bad
	default:
		return console.Plain
	}
}

// refuseErrors prints the errors of the files that keep them from being pushed.
func (t *templateFiles) refuseErrors(files []*templates.File) error {
	findings := slices.DeleteFunc(templates.Lint(files...), func(f templates.Finding) bool { return f.Severity != templates.SeverityError })
	if len(findings) == 0 {
		return nil
	}
	if !t.app.JSON {
		t.printFindings(findings)
	}
	return &app.Failure{
		Code: app.ExitCheck, Err: errors.New("a push is refused: the files have " + count(len(findings), "error", "errors")), Hint: "kirim templates lint lists them, and the warnings",
	}
}

func (t *templateFiles) push() *cobra.Command {
	var flags pushFlags
	yes, dryRun, noLint := false, false, false
	cmd := &cobra.Command{
		Use: "push [NAME…]", Short: "Make the account have what the template files say", Args: cobra.ArbitraryArgs,
		Long: `Make the account have what the template files say. What is new is created, and what
differs is edited where the system can; each goes through a review. Nothing is
deleted without --prune.

The plan is shown first, and carried out after you have confirmed it, or with --yes.
Files with errors (kirim templates lint) are not pushed. The push stops at the first
refusal, and says at which line of the file it is.`,
		Example: `  kirim templates push
  kirim templates push order_update --yes
  kirim templates push --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dryRun {
				return t.runPlan(cmd.Context(), args, &flags)
			}
			return t.runPush(cmd.Context(), args, &flags, yes, noLint)
		},
	}
	t.addDir(cmd)
	flags.add(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "carry the plan out without a question")
	cmd.Flags().BoolVar(&noLint, "no-lint", false, "push also files with errors, and let the account refuse them")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the plan, as kirim templates plan does, and change nothing")
	return cmd
}

func (t *templateFiles) watch() *cobra.Command {
	languages, patience := []string(nil), 24*time.Hour
	cmd := &cobra.Command{
		Use: "watch [NAME…]", Short: "Wait until the templates of the files are approved, rejected or paused", Args: cobra.ArbitraryArgs,
		Long: `Wait until there is a verdict on each template of the files, and print each change.
Exit code 0 says that all are approved, 8 that one is rejected, paused or disabled,
and 1 that the time was over before.`,
		Example: `  kirim templates watch --timeout 1h
  kirim templates watch order_update --language id`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if patience <= 0 {
				return app.WithHint(app.Usagef("--timeout is not above 0"), "such as --timeout 1h")
			}
			files, err := t.read(args)
			if err != nil {
				return err
			}
			var wanted []templates.Wanted
			for _, f := range files {
				for _, l := range f.Languages {
					if len(languages) == 0 || slices.Contains(languages, l.Code) {
						wanted = append(wanted, templates.Wanted{Name: f.Name, Language: l.Code})
					}
				}
			}
			if len(wanted) == 0 {
				return &app.Failure{Code: app.ExitNotFound, Err: errors.New("no template has such a language")}
			}
			account, err := t.source.templatesAccount(t.app)
			if err != nil {
				return err
			}
			return t.runWatch(cmd.Context(), account, wanted, patience)
		},
	}
	t.addDir(cmd)
	cmd.Flags().StringSliceVar(&languages, "language", nil, "only these `languages`, such as id,en_US")
	cmd.Flags().DurationVar(&patience, "timeout", patience, "how long to wait at most")
	return cmd
}
