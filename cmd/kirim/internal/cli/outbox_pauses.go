package cli

import (
	"context"
	"errors"

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
