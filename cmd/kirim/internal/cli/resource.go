package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/spf13/cobra"
)

// column is a column of the table of a resource.
type column[T any] struct {
	title string
	cut   bool // may be cut to fit the terminal
	below bool // stands below the row when the table does not fit
	value func(*T) string
	style func(string) console.Style
}

// largestPage is the most that the API has on a page.
const largestPage = 100

// paging are the flags of a list.
type paging struct {
	limit  int
	all    bool
	cursor string
}

func (p *paging) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&p.limit, "limit", 25, "list at most this many")
	cmd.Flags().BoolVar(&p.all, "all", false, "list all there are")
	cmd.Flags().StringVar(&p.cursor, "cursor", "", "go on from this `cursor` of an earlier list with the same filters")
}

// list is a list command of a resource, T, which a client, C, reads.
type list[C, T any] struct {
	short, long string
	columns     []column[T]
	flags       func(cmd *cobra.Command)
	connect     func(*app.App) (C, error)
	page        func(ctx context.Context, client C, limit int, cursor string) (*kirim.Page[T], error)
}

// command returns the command `list`.
func (l list[C, T]) command(a *app.App) *cobra.Command {
	var p paging
	cmd := &cobra.Command{
		Use: "list", Short: l.short, Long: l.long, Args: app.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case p.limit < 1:
				return app.Usagef("--limit is not at least 1")
			case p.all && cmd.Flags().Changed("limit"):
				return app.Usagef("--all and --limit contradict each other")
			}
			return l.run(cmd.Context(), a, p)
		},
	}
	if l.flags != nil {
		l.flags(cmd)
	}
	p.add(cmd)
	return cmd
}

// run prints page by page with --json, and one table without: its columns are
// as wide as the widest value. What was read before a failure is printed.
func (l list[C, T]) run(ctx context.Context, a *app.App, p paging) error {
	var items []*T
	use := func(page []*T) error {
		if !a.JSON {
			items = append(items, page...)
			return nil
		}
		for _, item := range page {
			if err := a.PrintJSON(item); err != nil {
				return err
			}
		}
		return nil
	}
	client, err := l.connect(a)
	if err != nil {
		return err
	}
	n, cursor, err := l.read(ctx, client, p, use)
	if !a.JSON && n > 0 {
		printTable(a.Screen(), l.columns, items)
	}
	switch {
	case err != nil && n > 0:
		return app.WithHint(err, "%d were read; go on with --cursor %s", n, cursor)
	case err != nil:
		return err
	case n == 0 && !a.JSON:
		a.Note("There are none.")
	case cursor != "" && !a.JSON:
		a.Note("There are more: list them with --all, or go on with --cursor %s", cursor)
	}
	return nil
}

// read returns how many items it has read, and the cursor of those after them.
func (l list[C, T]) read(ctx context.Context, client C, p paging, use func([]*T) error) (n int, cursor string, err error) {
	cursor = p.cursor
	for p.all || n < p.limit {
		size := largestPage
		if !p.all {
			size = min(size, p.limit-n)
		}
		page, err := l.page(ctx, client, size, cursor)
		if err != nil {
			return n, cursor, err
		}
		items := page.Items
		n += len(items)
		if err := use(items); err != nil {
			return n, cursor, err
		}
		cursor = page.NextCursor
		if !page.HasMore {
			return n, "", nil
		}
	}
	return n, cursor, nil
}

func printTable[T any](screen *console.Screen, columns []column[T], items []*T) {
	heads := make([]console.Column, len(columns))
	for i, c := range columns {
		heads[i] = console.Column{Title: c.title, Cut: c.cut, Below: c.below, Style: c.style}
	}
	rows := make([][]string, len(items))
	for i, item := range items {
		for _, c := range columns {
			rows[i] = append(rows[i], c.value(item))
		}
	}
	screen.Table(heads, rows)
}

// byID returns a command that does something with the thing of an ID, such as
// showing it.
func byID[C, T any](a *app.App, verb, short string, connect func(*app.App) (C, error), do func(ctx context.Context, client C, id string) (*T, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Args: app.Arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := connect(a)
			if err != nil {
				return err
			}
			item, err := do(cmd.Context(), client, args[0])
			if err != nil {
				return err
			}
			return printOne(a, item)
		},
	}
}

// printOne prints all fields of a value, in the order of its JSON.
func printOne(a *app.App, item any) error {
	if a.JSON {
		return a.PrintJSON(item)
	}
	text, err := json.Marshal(item)
	if err != nil {
		return err
	}
	var fields [][2]string
	if err := flatten(text, "", &fields); err != nil {
		return err
	}
	a.Screen().Fields(fields)
	return nil
}

// flatten appends the values in a JSON document with the paths to them.
func flatten(value json.RawMessage, path string, fields *[][2]string) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	start, err := d.Token()
	if err != nil {
		return err
	}
	delim, nested := start.(json.Delim)
	if !nested {
		if start != nil {
			*fields = append(*fields, [2]string{path, fmt.Sprint(start)})
		}
		return nil
	}
	for i := 0; d.More(); i++ {
		at := fmt.Sprintf("%s[%d]", path, i)
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			at = strings.TrimPrefix(fmt.Sprintf("%s.%s", path, name), ".")
		}
		var member json.RawMessage
		if err := d.Decode(&member); err != nil {
			return err
		}
		if err := flatten(member, at, fields); err != nil {
			return err
		}
	}
	return nil
}

// moment shows a time in the zone of the person who reads it, to the minute.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}

// timeFlag is a time, or how long ago it was.
type timeFlag struct {
	now func() time.Time
	t   *time.Time
}

func (f timeFlag) String() string { return "" }
func (f timeFlag) Type() string   { return "time" }

func (f timeFlag) Set(text string) error {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		*f.t = t
		return nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		*f.t = t
		return nil
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		text = days + "h"
		if d, err := time.ParseDuration(text); err == nil && d >= 0 {
			*f.t = f.now().Add(-24 * d)
			return nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		*f.t = f.now().Add(-d)
		return nil
	}
	return fmt.Errorf("neither a time such as 2026-01-02T15:04:05Z, a day such as 2026-01-02, nor how long ago, such as 90m or 7d")
}

func addTime(a *app.App, cmd *cobra.Command, t *time.Time, name, usage string) {
	cmd.Flags().Var(timeFlag{a.Now, t}, name, usage)
}

// choice is a flag of a named type of strings.
type choice[S ~string] struct{ value *S }

func (c choice[S]) String() string {
	if c.value == nil { // of the zero value, which the help asks
		return ""
	}
	return string(*c.value)
}
func (c choice[S]) Type() string { return "string" }

func (c choice[S]) Set(text string) error {
	*c.value = S(text)
	return nil
}

// addChoice adds a filter whose values the API documents. It is open to others.
func addChoice[S ~string](cmd *cobra.Command, value *S, name, usage string, known ...S) {
	var names []string
	for _, k := range known {
		names = append(names, string(k))
	}
	cmd.Flags().Var(choice[S]{value}, name, usage+": "+strings.Join(names, ", "))
	// The error is of a flag that does not exist, or of a second function.
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// stateStyle is the colour of a state.
func stateStyle(state string) console.Style {
	switch strings.ToLower(state) {
	case "delivered", "read", "played", "approved", "connected", "active", "open", "succeeded", "success":
		return console.Good
	case "failed", "dead", "rejected", "disabled", "disconnected":
		return console.Bad
	case "pending", "paused", "queued":
		return console.Warn
	}
	return console.Plain
}
