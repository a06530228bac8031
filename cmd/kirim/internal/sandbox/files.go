package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
)

// largestFile limits scenarios and templates, in bytes.
const largestFile = 16 << 20

// readScenario returns a scenario as JSON.
func readScenario(a *app.App, name string) ([]byte, error) {
	text, err := a.ReadInput(name, largestFile)
	if err != nil {
		return nil, app.Usagef("--seed: %w", err)
	}
	if strings.HasSuffix(name, ".json") || bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return text, nil
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, app.Usagef("%s: %s", name, app.YAMLFault(err))
	}
	data, err := json.Marshal(tree)
	if err != nil {
		return nil, app.Usagef("%s: want keys that are texts, as in JSON", name)
	}
	return data, nil
}

// templateFolder loads the templates of a directory and notices when they change.
type templateFolder struct {
	dir  string
	seed func(scenarioJSON []byte) error
	note func(format string, args ...any)

	seen map[string]fileStamp
}

type fileStamp struct {
	modified time.Time
	size     int64
}

// load loads all files; the first one that is wrong is an error.
func (f *templateFolder) load() error {
	if f.dir == "" {
		return nil
	}
	f.seen = make(map[string]fileStamp)
	names, err := f.changed()
	if err != nil {
		return app.Usagef("--templates: %w", err)
	}
	for _, name := range names {
		if err := f.loadFile(name); err != nil {
			return app.Usagef("--templates: %w", err)
		}
	}
	return nil
}

// reload loads the files that have changed. What is wrong is said, and the template
// stays as it was.
func (f *templateFolder) reload() {
	names, err := f.changed()
	if err != nil {
		return // the directory is away for a moment, as when a branch is switched
	}
	for _, name := range names {
		if err := f.loadFile(name); err != nil {
			f.note("%v; the templates stay as they were", err)
			continue
		}
		f.note("loaded %s", name)
	}
}

// changed returns the files that are new or were changed since the last call.
func (f *templateFolder) changed() (names []string, err error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || entry.IsDir() || filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		stamp := fileStamp{info.ModTime(), info.Size()}
		if f.seen[entry.Name()] != stamp {
			f.seen[entry.Name()] = stamp
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// loadFile adds the templates of a file: an object in the shape of
// kirim.TemplateCreateParams, or an array of them.
func (f *templateFolder) loadFile(name string) error {
	text, err := os.ReadFile(filepath.Join(f.dir, name)) //nolint:gosec // the person who runs the program names the directory
	if err != nil {
		return err
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return fmt.Errorf("%s is empty", name)
	}
	if !bytes.HasPrefix(text, []byte("[")) {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	var list []kirim.TemplateCreateParams
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("%s: not a template in JSON: %w", name, err)
	}
	if err := f.seed(slices.Concat([]byte(`{"templates":`), text, []byte("}"))); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
