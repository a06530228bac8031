package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
)

func newVersion(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		GroupID: groupSetup,
		Args:    app.Arguments(),
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Commit  string `json:"commit,omitempty"`
				Go      string `json:"go"`
				System  string `json:"system"`
			}{Version: kirim.Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v.Commit = s.Value
					}
				}
			}
			if a.JSON {
				return a.PrintJSON(v)
			}
			s := a.Screen()
			s.Printf("kirim %s (%s, %s)\n", v.Version, v.Go, v.System)
			if v.Commit != "" {
				s.Printf("commit %s\n", v.Commit)
			}
			return nil
		},
	}
}
