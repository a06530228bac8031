package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	sbomSuffix  = ".cdx.json"
	sbomVersion = "1.6"
	sbomTool    = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"
)

// contents is what an SBOM must list.
type contents struct {
	path, version string            // of the module that it is about
	modules       map[string]string // the versions of the other modules, by path
}

// generator writes an SBOM in CycloneDX's JSON into a file. The kind is mod, for
// all that the module in dir requires, or app, for what is linked into its program.
type generator func(ctx context.Context, env []string, kind, dir, file string) error

// cyclonedx installs the generator of the CycloneDX project into the work directory.
func (r *release) cyclonedx(ctx context.Context) (generator, error) {
	bin := filepath.Join(r.work, "bin")
	if _, err := command(ctx, r.work, append(os.Environ(), "GOBIN="+bin, "GOFLAGS="), "go", "install", sbomTool); err != nil {
		return nil, err
	}
	return func(ctx context.Context, env []string, kind, dir, file string) error {
		args := []string{kind, "-json", "-output-version", sbomVersion, "-noserial", "-notimestamp", "-short-purls", "-output", file}
		if kind == "mod" {
			args = append(args, "-test") // go.mod has what the tests need
		}
		_, err := command(ctx, dir, env, filepath.Join(bin, "cyclonedx-gomod"), append(args, ".")...)
		return err
	}, nil
}

// writeSBOM generates an SBOM and writes it as it is released: what the
// generator cannot know is put right, and what depends on the machine left
// out. It is an error when it does not list what it must.
func (r *release) writeSBOM(ctx context.Context, file string, env []string, generate generator, kind, dir string, want contents) error {
	fmt.Fprintf(r.out, "SBOM %s\n", filepath.Base(file))
	generated := filepath.Join(r.work, "generated"+sbomSuffix)
	if err := generate(ctx, env, kind, dir, generated); err != nil {
		return err
	}
	raw, err := os.ReadFile(generated)
	if err != nil {
		return err
	}
	sbom, err := normalizeSBOM(raw, want)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	if err := checkSBOM(sbom, want); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	return os.WriteFile(file, sbom, 0o600)
}

// normalizeSBOM gives the module the version of its tag: the generator takes
// a tag such as cmd/kirim/v0.1.0 for none, and makes a version of the commit.
// It drops the hashes of the generator's own binary, which are others on each machine.
func normalizeSBOM(raw []byte, want contents) ([]byte, error) {
	var sbom map[string]any
	if err := json.Unmarshal(raw, &sbom); err != nil {
		return nil, err
	}
	metadata, _ := sbom["metadata"].(map[string]any)
	component, _ := metadata["component"].(map[string]any)
	version, _ := component["version"].(string)
	if version == "" {
		return nil, errors.New("it does not say which version it is about")
	}
	component["version"] = want.version
	tools, _ := metadata["tools"].([]any)
	for _, tool := range tools {
		if tool, ok := tool.(map[string]any); ok {
			delete(tool, "hashes")
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(renamed(sbom, purl(want.path, version), purl(want.path, want.version)))
	return out.Bytes(), err
}

// purl returns the beginning of the package URL of a module.
func purl(path, version string) string { return "pkg:golang/" + path + "@" + version }

// renamed returns the value with each string that is the package URL before,
// whatever its qualifiers are, as that of after.
func renamed(value any, before, after string) any {
	switch value := value.(type) {
	case string:
		if rest, found := strings.CutPrefix(value, before); found && (rest == "" || rest[0] == '?') {
			return after + rest
		}
		return value
	case []any:
		for i := range value {
			value[i] = renamed(value[i], before, after)
		}
	case map[string]any:
		for key := range value {
			value[key] = renamed(value[key], before, after)
		}
	}
	return value
}

// checkSBOM returns an error for an SBOM that is not CycloneDX, that two runs
// would make differently, or that does not list exactly the modules.
func checkSBOM(data []byte, want contents) error {
	type component struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
		Ref     string `json:"bom-ref"`
	}
	var sbom struct {
		Format   string `json:"bomFormat"`
		Spec     string `json:"specVersion"`
		Serial   string `json:"serialNumber"`
		Metadata struct {
			Timestamp string    `json:"timestamp"`
			Component component `json:"component"`
		} `json:"metadata"`
		Components   []component `json:"components"`
		Dependencies []struct {
			Ref string `json:"ref"`
		} `json:"dependencies"`
	}
	if err := json.Unmarshal(data, &sbom); err != nil {
		return err
	}
	if sbom.Format != "CycloneDX" || sbom.Spec != sbomVersion {
		return fmt.Errorf("it is %q %q, not CycloneDX %s", sbom.Format, sbom.Spec, sbomVersion)
	}
	if sbom.Serial != "" || sbom.Metadata.Timestamp != "" {
		return fmt.Errorf("it has a serial number %q and a time %q: it cannot be made again", sbom.Serial, sbom.Metadata.Timestamp)
	}
	var wrong []string
	about := sbom.Metadata.Component
	if about.Name != want.path || about.Version != want.version {
		wrong = append(wrong, fmt.Sprintf("it is about %s %s, not about %s %s", about.Name, about.Version, want.path, want.version))
	}
	described := map[string]bool{}
	for _, d := range sbom.Dependencies {
		described[d.Ref] = true
	}
	listed := map[string]string{}
	for _, c := range append([]component{about}, sbom.Components...) {
		if p := purl(c.Name, c.Version); c.PURL != p && !strings.HasPrefix(c.PURL, p+"?") {
			wrong = append(wrong, fmt.Sprintf("the package URL of %s %s is %q", c.Name, c.Version, c.PURL))
		}
		if !described[c.Ref] {
			wrong = append(wrong, fmt.Sprintf("what %s requires is missing", c.Name))
		}
	}
	for _, c := range sbom.Components {
		if _, twice := listed[c.Name]; twice {
			wrong = append(wrong, c.Name+" is listed twice")
		}
		listed[c.Name] = c.Version
		if version, known := want.modules[c.Name]; !known {
			wrong = append(wrong, fmt.Sprintf("%s %s is listed, but is no part of it", c.Name, c.Version))
		} else if c.Version != version {
			wrong = append(wrong, fmt.Sprintf("%s is listed with version %q, not %s", c.Name, c.Version, version))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want.modules)) {
		if _, found := listed[path]; !found {
			wrong = append(wrong, fmt.Sprintf("%s %s is missing", path, want.modules[path]))
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// requirements returns the versions of all modules that the go.mod in dir
// requires, by path.
func requirements(ctx context.Context, env []string, dir string) (map[string]string, error) {
	out, err := command(ctx, dir, env, "go", "mod", "edit", "-json")
	if err != nil {
		return nil, err
	}
	var file struct {
		Require []struct {
			Path    string `json:"Path"`
			Version string `json:"Version"`
		} `json:"Require"`
		Replace []any `json:"Replace"`
	}
	if err := json.Unmarshal(out, &file); err != nil {
		return nil, err
	}
	if len(file.Replace) > 0 {
		return nil, errors.New("its go.mod replaces a module")
	}
	required := make(map[string]string)
	for _, m := range file.Require {
		required[m.Path] = m.Version
	}
	return required, nil
}
