// Package cli is the tree of the commands. Each file has one group of them.
package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/sandbox"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Run runs the program and returns its exit code. The first interrupt ends the
// command in good order, a second one at once.
func Run(ctx context.Context, a *app.App, args []string) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := New(a) //nolint:contextcheck // cobra hands the context to the commands
	root.SetArgs(args)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// --json may stand behind the flag that is wrong.
		a.JSON = a.JSON || slices.Contains(args, "--json")
		return app.WithHint(app.Usagef("%w", err), "%s", flagHint(cmd, err))
	})
	cmd, err := root.ExecuteContextC(ctx)
	a.Sends = cmd.Annotations[sendsMessages] != ""
	return a.Report(err)
}

// flagHint says what to do about a flag that is wrong.
func flagHint(cmd *cobra.Command, err error) string {
	if unknown, is := errors.AsType[*pflag.NotExistError](err); is {
		switch unknown.GetSpecifiedName() {
		case "system":
			return "leave it out: this command is for Kirim alone"
		case "api-key", "key", "token", "access-token", "secret":
			return "others can read the command line: keys and secrets come from the environment, a file or the keychain (kirim --help)"
		}
	}
	return cmd.CommandPath() + " --help lists the flags"
}

// sendsMessages is the annotation of commands whose errors say whether a message
// may have been sent.
const sendsMessages = "sends messages"

// New returns the command kirim, with all others below it.
func New(a *app.App) *cobra.Command {
	root := &cobra.Command{
		Use:   "kirim",
		Short: "Send WhatsApp messages with Kirim, and look at what an account has",
		Long: `kirim sends and previews WhatsApp messages, lists what an account has, checks
templates, makes and checks webhook deliveries, and says what is wrong with a
setup.

API keys come from the environment ($KIRIM_API_KEY), a file (--api-key-file) or
the keychain (kirim key store), never from the command line. Flags win over the
environment, and the environment over the configuration file.

` + app.ExitCodes,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Version:           kirim.Version,
		Args:              cobra.ArbitraryArgs,
		RunE:              chooseCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return app.RefuseEmptyFlags(cmd) },
	}
	root.SetVersionTemplate("kirim {{.Version}}\n")
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	a.AddGlobalFlags(root)
	root.AddGroup(groups...)
	root.SetHelpCommandGroupID(groupSetup)
	root.SetCompletionCommandGroupID(groupSetup)
	root.AddCommand(
		newSend(a),
		newMessages(a),
		newConversations(a),
		newContacts(a),
		newLabels(a),
		newAccounts(a),
		newTemplates(a),
		newOutbox(a),
		newSubscriptions(a),
		newDeliveries(a),
		newWebhooks(a),
		newListen(a),
		sandbox.New(a, groupWebhooks),
		newDoctor(a),
		newKey(a),
		newVersion(a),
	)
	adoptCommands(root)
	return root
}

// adoptCommands adds the commands of cobra, which it else adds when the program runs.
// Of themselves they print a help in place of an error for what they do not know.
func adoptCommands(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			cmd.Args, cmd.RunE = cobra.ArbitraryArgs, chooseCommand
			for _, shell := range cmd.Commands() {
				shell.Args = app.Arguments()
			}
		case "help":
			cmd.Run, cmd.RunE = nil, func(_ *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				if err != nil || len(rest) > 0 {
					return chooseCommand(about, rest)
				}
				about.InitDefaultHelpFlag() // else it is not listed
				return about.Help()
			}
		}
	}
}

// The groups of commands in the help.
const (
	groupMessages = "messages"
	groupAccount  = "account"
	groupWebhooks = "webhooks"
	groupSetup    = "setup"
)

var groups = []*cobra.Group{
	{ID: groupMessages, Title: "Messages:"},
	{ID: groupAccount, Title: "What an account has:"},
	{ID: groupWebhooks, Title: "Webhooks and local development:"},
	{ID: groupSetup, Title: "Setup:"},
}

// chooseCommand runs a command that has only others below it.
func chooseCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	cmd.SuggestionsMinimumDistance = 2 // which cobra sets on its own way alone
	err := app.Usagef("%s has no command %q", cmd.CommandPath(), args[0])
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		return app.WithHint(err, "did you mean %s?", strings.Join(similar, " or "))
	}
	return app.WithHint(err, "%s --help lists the commands", cmd.CommandPath())
}

// newGroup returns a command that has only others below it.
func newGroup(group, use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, GroupID: group, Args: cobra.ArbitraryArgs, RunE: chooseCommand}
	cmd.AddCommand(commands...)
	return cmd
}
