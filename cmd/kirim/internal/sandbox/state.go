package sandbox

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/kirimtest"
)

// state is the file in which a sandbox is kept over restarts; one without a name
// keeps nothing.
type state struct {
	file string
	kept *keptState // nil where there is no file yet
}

// keptState is the content of the file.
type keptState struct {
	Sandbox *kirimtest.State `json:"sandbox"`
	Ahead   time.Duration    `json:"clock_ahead"` // of real time, in nanoseconds
}

// openState reads the file, if there is one.
func openState(file string) (*state, error) {
	s := &state{file: file}
	if file == "" {
		return s, nil
	}
	data, err := os.ReadFile(file) //nolint:gosec // the person who runs the program names it
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, app.Usagef("--state: %w", err)
	}
	if err := json.Unmarshal(data, &s.kept); err != nil || s.kept == nil || s.kept.Sandbox == nil {
		if err == nil {
			err = errors.New("it has no sandbox")
		}
		return nil, app.WithHint(app.Usagef("--state: %s is not the state of a sandbox of this version: %w", file, err), "move it away to begin anew")
	}
	return s, nil
}

func (s *state) restored() bool { return s.kept != nil }

// options begin a sandbox with what was kept.
func (s *state) options() []kirimtest.Option {
	if s.kept == nil {
		return nil
	}
	return []kirimtest.Option{kirimtest.WithState(s.kept.Sandbox), kirimtest.WithClock(kirimtest.NewRunningClock(s.kept.Ahead))}
}

// save writes the file. A failure in the middle leaves the old one.
func (s *state) save(sandbox *kirimtest.Server) error {
	if s.file == "" {
		return nil
	}
	data, err := json.Marshal(keptState{sandbox.State(), max(time.Until(sandbox.Now()), 0)})
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(s.file), ".kirim-sandbox-*") // of mode 0600
	if err != nil {
		return app.Usagef("--state: %w", err)
	}
	_, err = temporary.Write(data)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return errors.Join(app.Usagef("--state: %w", err), os.Remove(temporary.Name()))
	}
	if err := os.Rename(temporary.Name(), s.file); err != nil {
		return app.Usagef("--state: %w", err)
	}
	return nil
}
