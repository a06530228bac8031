package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
)

// waitStates are what a wait can be for.
var waitStates = []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead, kirim.MessagePlayed}

// checkWait checks the flags of a wait before a message is sent.
func checkWait(stateFlag string, state kirim.MessageStatus, timeoutFlag string, timeout time.Duration) error {
	switch {
	case !slices.Contains(waitStates, state):
		return app.Usagef("%s is neither sent, delivered, read nor played", stateFlag)
	case timeout <= 0:
		return app.WithHint(app.Usagef("%s is not above 0", timeoutFlag), "such as %s 2m", timeoutFlag)
	}
	return nil
}

func newMessagesWait(a *app.App) *cobra.Command {
	status, patience := kirim.MessageDelivered, time.Minute
	cmd := &cobra.Command{
		Use: "wait ID", Short: "Wait until a message is delivered, or failed", Args: app.Arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkWait("--for", status, "--timeout", patience); err != nil {
				return err
			}
			n, err := number(a)
			if err != nil {
				return err
			}
			waiting, stop := context.WithTimeout(cmd.Context(), patience)
			defer stop()
			message, err := n.Messages.Wait(waiting, args[0], kirim.WithWaitStatus(status))
			if message != nil {
				if printed := printOne(a, message); printed != nil {
					return printed
				}
			}
			return waitFailure(err, args[0], false)
		},
	}
	addChoice(cmd, &status, "for", "wait for this `state`", waitStates...)
	cmd.Flags().DurationVar(&patience, "timeout", patience, "how long to wait at most")
	return cmd
}

// waitFailure says what is known of a message when the wait for it failed. It was
// accepted when the same command has sent it, or when its status was read.
func waitFailure(err error, id string, accepted bool) error {
	var failed *kirim.MessageError
	var ended *kirim.WaitError
	switch {
	case errors.As(err, &failed):
		return &app.Failure{Code: app.ExitNotSent, Err: err, Hint: "WhatsApp did not deliver the message, and will not"}
	case !errors.As(err, &ended):
		return err
	case errors.Is(err, context.Canceled) && !accepted && ended.Status == "":
		return ended.Err
	case !accepted && ended.Status == "":
		return &app.Failure{
			Code: app.ExitFailed, Err: errors.New("the message could not be read before the wait ended"),
			Hint: "check the network and the base URL (kirim doctor), or wait longer with --timeout",
		}
	}
	why := "the wait failed: " + strings.TrimPrefix(fmt.Sprint(ended.Err), "kirim: ")
	switch {
	case errors.Is(ended.Err, context.DeadlineExceeded):
		why = "the wait has ended"
	case errors.Is(ended.Err, context.Canceled):
		why = "the wait was interrupted"
	}
	text := why + ", and the status of the message is not known"
	if ended.Status != "" {
		text = fmt.Sprintf("%s, and the message is %s", why, ended.Status)
	}
	return &app.Failure{
		Code: app.ExitInDoubt, Err: errors.New(text), Accepted: true, Hint: "look again with kirim messages wait " + id,
	}
}
