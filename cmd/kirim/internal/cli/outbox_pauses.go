package cli

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/outbox"
	"github.com/spf13/cobra"
)

// scope is what is paused or resumed.
type scope struct {
	number string
	class  outbox.Class
	all    bool
}

func (s *scope) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.number, "from", "", "only what is sent from this phone number `ID`")
	addChoice(cmd, &s.class, "class", "only what is of this `class`, such as", outboxClasses...)
	cmd.Flags().BoolVar(&s.all, "everything", false, "all numbers and classes")
}

func (s *scope) check() error {
	if s.all == (s.number != "" || s.class != "") {
		return app.Usagef("want --from, --class or both, or --everything")
	}
	return nil
}

// String names what is paused or resumed, as a person can check it.
func (s *scope) String() string {
	switch {
	case s.all:
		return "everything"
	case s.class == "":
		return "number " + s.number
	case s.number == "":
		return "class " + string(s.class)
	}
	return "class " + string(s.class) + " of number " + s.number
}

func (b *outboxCommands) pause() *cobra.Command {
	var s scope
	reason := ""
	cmd := &cobra.Command{
		Use: "pause", Short: "Send nothing of a number or a class until it is resumed", Args: app.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return b.change(cmd.Context(), "Paused "+s.String()+", in all processes within a second.", func(ctx context.Context, box outboxBox) error {
				return box.Pause(ctx, s.number, s.class, reason)
			})
		},
	}
	s.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "paused from the command line", "why, for whoever looks")
	return cmd
}

func (b *outboxCommands) resume() *cobra.Command {
	var s scope
	cmd := &cobra.Command{
		Use: "resume", Short: "End a pause, also one that the outbox made itself", Args: app.Arguments(),
		Long: `End a pause. Name exactly what is paused; kirim outbox status lists it. The outbox
pauses a number itself when the server refuses its key, its account or its plan:
repair that first.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return b.change(cmd.Context(), "Resumed "+s.String()+".", func(ctx context.Context, box outboxBox) error {
				ended, err := box.Resume(ctx, s.number, s.class)
				if err == nil && !ended {
					err = &app.Failure{Code: app.ExitNotFound, Err: errors.New("there is no such pause"), Hint: "kirim outbox status lists what is paused"}
				}
				return err
			})
		},
	}
	s.add(cmd)
	return cmd
}

func (b *outboxCommands) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what waits in each class, and what is paused", Args: app.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error { return b.printStatus(cmd.Context(), box) })
		},
	}
}

// outboxLine is a line of the status: what waits in a class, or a pause.
type outboxLine struct {
	Type   string     `json:"type"` // queue or pause
	Class  string     `json:"class,omitempty"`
	Number string     `json:"number,omitempty"`
	Queued *int       `json:"queued,omitempty"`
	Oldest float64    `json:"oldest_seconds,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
}

func (b *outboxCommands) printStatus(ctx context.Context, box outboxBox) error {
	depths, err := box.Depths(ctx)
	if err != nil {
		return err
	}
	pauses, err := box.Pauses(ctx)
	if err != nil {
		return err
	}
	if b.app.JSON {
		for _, d := range depths {
			if err := b.app.PrintJSON(outboxLine{Type: "queue", Class: string(d.Class), Queued: &d.Queued, Oldest: d.Oldest.Seconds()}); err != nil {
				return err
			}
		}
		for _, p := range pauses {
			line := outboxLine{Type: "pause", Class: string(p.Class), Number: p.Number, Reason: p.Reason, Since: timeOrNil(p.Since), Until: timeOrNil(p.Until)}
			if err := b.app.PrintJSON(line); err != nil {
				return err
			}
		}
		return nil
	}
	screen := b.app.Screen()
	printTable(screen, []column[outbox.Depth]{
		{title: "Class", value: func(d *outbox.Depth) string { return string(d.Class) }},
		{title: "Queued", value: func(d *outbox.Depth) string { return strconv.Itoa(d.Queued) }},
		{title: "Oldest", value: func(d *outbox.Depth) string { return ageOf(d) }},
	}, pointers(depths))
	if len(pauses) == 0 {
		return nil
	}
	screen.Printf("\n")
	printTable(screen, []column[outbox.Pause]{
		{title: "Paused number", value: func(p *outbox.Pause) string { return cmp.Or(p.Number, "all") }},
		{title: "Class", value: func(p *outbox.Pause) string { return cmp.Or(string(p.Class), "all") }},
		{title: "Since", value: func(p *outbox.Pause) string { return moment(p.Since) }},
		{title: "Until", value: func(p *outbox.Pause) string { return moment(p.Until) }},
		{title: "Reason", cut: true, below: true, value: func(p *outbox.Pause) string { return p.Reason }},
	}, pointers(pauses))
	return nil
}

func pointers[T any](values []T) []*T {
	list := make([]*T, len(values))
	for i := range values {
		list[i] = &values[i]
	}
	return list
}

func ageOf(d *outbox.Depth) string {
	if d.Oldest == 0 {
		return ""
	}
	return d.Oldest.Truncate(time.Second).String()
}
