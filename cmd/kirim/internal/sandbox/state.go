package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/kirimtest"
)

// state is the file in which a sandbox is kept over restarts; one without a name
// keeps nothing.
type state struct {
	file   string
	kept   *keptState // nil where there is no file yet
	locked *os.File   // nil without a file
}

// keptState is the content of the file.
type keptState struct {
	Sandbox *kirimtest.State `json:"sandbox"`
	Ahead   time.Duration    `json:"clock_ahead"` // of real time, in nanoseconds
}

// errLocked is that another process has the lock. Each of two sandboxes with one file
// would undo what the other has saved.
var errLocked = errors.New("another process has the lock")

// openState reads the file, if there is one.
func openState(file string) (*state, error) {
	s := &state{file: file}
	if file == "" {
		return s, nil
	}
	var err error
	if s.locked, err = lock(file + ".lock"); errors.Is(err, errLocked) {
		return nil, app.WithHint(app.Usagef("--state: another sandbox keeps its state in %s", file), "stop that one, or choose another file")
	} else if err != nil {
		return nil, app.Usagef("--state: %w", err)
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

// close lets another sandbox have the file.
func (s *state) close() {
	if s.locked != nil {
		_ = s.locked.Close() // it has no content
	}
}

func (s *state) restored() bool { return s.kept != nil }

// options begin a sandbox with what was kept.
func (s *state) options() []kirimtest.Option {
	if s.kept == nil {
		return nil
	}
	return []kirimtest.Option{kirimtest.WithState(s.kept.Sandbox), kirimtest.WithClock(kirimtest.NewRunningClock(s.kept.Ahead))}
}

// The pace of saving: what has happened is on disk this soon, or as soon as a large
// state allows without the sandbox spending more than a tenth of its time on it.
const (
	savePause = 100 * time.Millisecond
	saveShare = 10
)

// keep saves the state when it has changed, until ctx ends, and then once more. A save
// that fails is said, and tried again.
func (s *state) keep(ctx context.Context, sandbox *kirimtest.Server, note func(format string, args ...any)) error {
	if s.file == "" {
		<-ctx.Done()
		return nil
	}
	journal := sandbox.Journal()
	defer journal.Close()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return s.save(sandbox)
		case <-journal.Ready():
		}
		journal.Take()
		began := time.Now()
		switch err := s.save(sandbox); {
		case err != nil && !failing:
			note("%v; it is tried again with the next change", err)
			failing = true
		case err == nil && failing:
			note("--state: saved again")
			failing = false
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(savePause, saveShare*time.Since(began))):
		}
	}
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
	temporary := s.file + ".new" // of a sandbox that was killed, it is overwritten
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return app.Usagef("--state: %w", err)
	}
	if err := os.Rename(temporary, s.file); err != nil {
		return app.Usagef("--state: %w", err)
	}
	return nil
}
