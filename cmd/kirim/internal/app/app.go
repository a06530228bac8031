// Package app is what the commands share: the streams, the settings, the API
// key, the clients, how results and errors are printed, and the exit codes.
package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// App is one run of the program. Tests put their own streams, environment,
// clock and keychain into it.
type App struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Now      func() time.Time
	Keychain Keychain
	// Columns is the width to print for, in cells, in place of that of the
	// terminal; 0 for none.
	Columns int

	// JSON is the flag --json: one JSON object per line in place of tables.
	JSON bool
	// Sends is set for a command that sends messages: its errors say whether the
	// message may have been sent.
	Sends   bool
	out     *console.Screen
	verbose bool

	settings settings
}

// New returns an App on the streams and the environment of the process.
func New() *App {
	return &App{
		In:       os.Stdin,
		Out:      os.Stdout,
		Err:      os.Stderr,
		Getenv:   os.Getenv,
		Now:      time.Now,
		Keychain: systemKeychain{},
	}
}

// AddGlobalFlags adds the flags of every command.
func (a *App) AddGlobalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.BoolVar(&a.JSON, "json", false, "print one JSON object per line in place of tables")
	flags.StringVar(&a.settings.configFile, "config", "", "read this configuration `file` (default $KIRIM_CONFIG, else kirim/config.yaml in the user's configuration directory)")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log each request to standard error")
}

// Screen returns the standard output as a place for people to read.
func (a *App) Screen() *console.Screen {
	if a.out == nil {
		a.out = a.screen(a.Out)
	}
	return a.out
}

func (a *App) screen(w io.Writer) *console.Screen {
	if a.Columns > 0 {
		return console.OnTerminal(w, a.Columns, a.Getenv)
	}
	return console.NewScreen(w, a.Getenv)
}

// Note prints a line for people to standard error.
func (a *App) Note(format string, args ...any) {
	fmt.Fprintln(a.Err, console.Clean(fmt.Sprintf(format, args...)))
}

// Interactive reports whether a person is at standard input, who can be asked.
func (a *App) Interactive() bool {
	f, isFile := a.In.(*os.File)
	return isFile && term.IsTerminal(int(f.Fd()))
}

// PrintJSON prints a value as one line of JSON. Fields keep the order of their
// type, and maps are sorted, so that equal values are equal lines.
func (a *App) PrintJSON(v any) error { return lost(writeJSON(a.Out, v)) }

// Printed returns why something of the screen was lost on its way to standard output.
func (a *App) Printed() error {
	if a.out == nil {
		return nil
	}
	return lost(a.out.Err())
}

func lost(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the result cannot be printed: %w", err)
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// ReadInput returns the content of a file, or of standard input for "-", up to
// a limit in bytes.
func (a *App) ReadInput(name string, limit int64) ([]byte, error) {
	r, shown := a.In, "standard input"
	if name != "-" {
		f, err := os.Open(name) //nolint:gosec // the person who runs the program names it
		if err != nil {
			return nil, Usagef("%w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		r, shown = f, name
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, Usagef("%s: %w", shown, err)
	case int64(len(b)) > limit:
		return nil, Usagef("%s is larger than the limit of %d bytes", shown, limit)
	case len(bytes.TrimSpace(b)) == 0:
		return nil, Usagef("%s is empty", shown)
	}
	return b, nil
}
