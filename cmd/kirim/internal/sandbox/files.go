package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
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
		return withFlowFiles(name, text)
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, app.Usagef("%s: %s", name, app.YAMLFault(err))
	}
	data, err := json.Marshal(tree)
	if err != nil {
		return nil, app.Usagef("%s: want keys that are texts, as in JSON", name)
	}
	return withFlowFiles(name, data)
}

// withFlowFiles puts the files that the flows of a scenario name into their place. The
// names are relative to the scenario.
func withFlowFiles(name string, scenario []byte) ([]byte, error) {
	var sc map[string]json.RawMessage
	var flows []map[string]json.RawMessage
	if json.Unmarshal(scenario, &sc) != nil || json.Unmarshal(sc["flows"], &flows) != nil {
		return scenario, nil //nolint:nilerr // without flows, or wrong in another way, which is said later
	}
	for i, flow := range flows {
		var file string
		if json.Unmarshal(flow["file"], &file) != nil || file == "" {
			continue
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(name), file)
		}
		text, err := readFlow(file)
		if err != nil {
			return nil, app.Usagef("%s: flows[%d].file: %w", name, i, err)
		}
		delete(flow, "file")
		flow["definition"] = text
		if flow["id"] == nil && flow["name"] == nil {
			flow["id"], _ = json.Marshal(strings.TrimSuffix(filepath.Base(file), ".json")) // a string always marshals
		}
	}
	var err error
	if sc["flows"], err = json.Marshal(flows); err != nil {
		return nil, app.Usagef("%s: flows: %w", name, err)
	}
	return json.Marshal(sc)
}

// readFlow reads a file with Flow JSON.
func readFlow(file string) (json.RawMessage, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > largestFile {
		err = fmt.Errorf("want at most %d bytes, got %d", largestFile, info.Size())
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file) //nolint:gosec // the person who runs the program names it
	if err == nil && !json.Valid(text) {
		err = errors.New("not JSON")
	}
	return text, err
}

// folder loads the files of a directory and notices when they change.
type folder struct {
	flag string // that names it
	what string // is in it
	dir  string
	ends []string // of the names of files that are loaded
	take func(name string, text []byte) error
	note func(format string, args ...any)

	seen map[string]fileStamp
}

type fileStamp struct {
	modified time.Time
	size     int64
}

// load loads all files; the first one that is wrong is an error.
func (f *folder) load() error {
	if f.dir == "" {
		return nil
	}
	f.seen = make(map[string]fileStamp)
	names, err := f.changed()
	if err != nil {
		return app.Usagef("%s: %w", f.flag, err)
	}
	for _, name := range names {
		if err := f.loadFile(name); err != nil {
			return app.Usagef("%s: %w", f.flag, err)
		}
	}
	return nil
}

// reload loads the files that have changed. What is wrong is said, and what the file had
// stays as it was.
func (f *folder) reload() {
	if f.dir == "" {
		return
	}
	names, err := f.changed()
	if err != nil {
		return // the directory is away for a moment, as when a branch is switched
	}
	for _, name := range names {
		if err := f.loadFile(name); err != nil {
			f.note("%v\nthe %s of the file stay as they were", err, f.what)
			continue
		}
		f.note("loaded %s", name)
	}
}

// changed returns the files that are new or were changed since the last call.
func (f *folder) changed() (names []string, err error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") || !slices.Contains(f.ends, filepath.Ext(entry.Name())) {
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

func (f *folder) loadFile(name string) error {
	file := filepath.Join(f.dir, name)
	text, err := os.ReadFile(file) //nolint:gosec // the person who runs the program names the directory
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return fmt.Errorf("%s is empty", file)
	}
	err = f.take(file, text)
	var fault *templates.SyntaxError
	if err == nil || errors.As(err, &fault) { // which names the file, and the line
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// takeTemplates loads the templates of a file: one as package templates reads it, or, in
// JSON, an object in the shape of kirim.TemplateCreateParams or an array of them.
func takeTemplates(s *kirimtest.Server, seed func(scenarioJSON []byte) error) func(string, []byte) error {
	return func(name string, text []byte) error {
		if filepath.Ext(name) != ".json" || hasMember(text, "languages") {
			file, err := templates.Parse(name, text)
			if err != nil {
				return err
			}
			return templates.LoadFiles(s, file)
		}
		if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
			text = slices.Concat([]byte("["), text, []byte("]"))
		}
		var list []kirim.TemplateCreateParams
		if err := json.Unmarshal(text, &list); err != nil {
			return fmt.Errorf("not a template in JSON: %w", err)
		}
		return seed(slices.Concat([]byte(`{"templates":`), text, []byte("}")))
	}
}

// hasMember reports whether a text is a JSON object with that member.
func hasMember(text []byte, name string) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(text, &object) == nil && object[name] != nil
}

// takeFlow seeds the flow of a file: Flow JSON, or an object with it as its definition,
// as the control API takes it. Unless that says otherwise, the name of the file without
// .json is the ID of the flow.
func takeFlow(seed func(scenarioJSON []byte) error) func(string, []byte) error {
	return func(name string, text []byte) error {
		var flow map[string]json.RawMessage
		if err := json.Unmarshal(text, &flow); err != nil {
			return fmt.Errorf("not a flow in JSON: %w", err)
		}
		if flow["screens"] != nil || flow["definition"] == nil {
			flow = map[string]json.RawMessage{"definition": text}
		}
		if flow["id"] == nil {
			flow["id"], _ = json.Marshal(strings.TrimSuffix(filepath.Base(name), ".json")) // a string always marshals
		}
		scenario, err := json.Marshal(map[string]any{"flows": []any{flow}})
		if err != nil {
			return err
		}
		return seed(scenario)
	}
}
