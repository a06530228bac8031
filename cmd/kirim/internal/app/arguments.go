package app

import (
	"net"
	"net/url"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Arguments requires positional arguments, which are named in the usage.
func Arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return WithHint(Usagef("%s is missing", names[len(args)]), "%s", cmd.UseLine())
		case len(args) > len(names):
			return WithHint(Usagef("unexpected argument %q", args[len(names)]), "%s", cmd.UseLine())
		}
		return nil
	}
}

// emptyFlags have a meaning when they are empty: a reaction that is taken back, and a
// text, which the check of the message refuses.
var emptyFlags = map[string]bool{"reaction": true, "text": true}

// RefuseEmptyFlags refuses flags such as --base-url "$SANDBOX" of a variable that is
// not set. They would be ignored, and the command would do something else.
func RefuseEmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && f.Value.Type() == "string" && f.Value.String() == "" && !emptyFlags[f.Name] {
			err = WithHint(Usagef("--%s is empty", f.Name), "give it a value, or leave it out; is the variable set that it comes from?")
		}
	})
	return err
}

// IsPlainToOthers reports whether what goes to a URL can be read on the way to
// another host.
func IsPlainToOthers(u *url.URL) bool {
	return u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()
}
