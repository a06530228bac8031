package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// generates returns a generator without network, which like the real one does
// not know the version of a module in a directory. It lists what the go.mod
// requires: the program of the fixture has all of it linked in.
func generates(change func(sbom map[string]any)) func(context.Context) (generator, error) {
	return func(context.Context) (generator, error) {
		return func(ctx context.Context, env []string, kind, dir, file string) error {
			out, err := command(ctx, dir, env, "go", "list", "-m", "-f", "{{.Path}}")
			if err != nil {
				return err
			}
			required, err := requirements(ctx, env, dir)
			if err != nil {
				return err
			}
			sbom := sbomOf(strings.TrimSpace(string(out)), "v0.0.0-20260102030405-0123456789ab", required)
			sbom["metadata"].(map[string]any)["tools"] = []any{map[string]any{"name": kind, "hashes": []any{file}}}
			if change != nil {
				change(sbom)
			}
			data, err := json.Marshal(sbom)
			if err != nil {
				return err
			}
			return os.WriteFile(file, data, 0o600)
		}, nil
	}
}

func sbomOf(path, version string, modules map[string]string) map[string]any {
	component := func(path, version string) map[string]any {
		return map[string]any{"name": path, "version": version, "purl": purl(path, version), "bom-ref": purl(path, version) + "?type=module"}
	}
	components, dependencies := []any{}, []any{map[string]any{"ref": purl(path, version) + "?type=module"}}
	for _, p := range slices.Sorted(maps.Keys(modules)) {
		components = append(components, component(p, modules[p]))
		dependencies = append(dependencies, map[string]any{"ref": purl(p, modules[p]) + "?type=module"})
	}
	return map[string]any{"bomFormat": "CycloneDX", "specVersion": sbomVersion, "components": components, "dependencies": dependencies,
		"metadata": map[string]any{"component": component(path, version)}}
}

// artifacts makes the artifacts of the repository in source.
func artifacts(t *testing.T, source, only string, change func(sbom map[string]any), platforms ...string) (files map[string]string, err error) {
	t.Helper()
	t.Setenv("GOPROXY", "off")
	r, err := newRelease(t.Context(), source, filepath.Join(t.TempDir(), "clone"), t.TempDir(), "v0.2.0", []string{"bench"})
	if err != nil {
		t.Fatal(err)
	}
	r.binaries, r.generator = []string{"cmd/tool"}, generates(change)
	dir := filepath.Join(t.TempDir(), "dist")
	if err := r.makeArtifacts(t.Context(), dir, only, platforms); err != nil {
		return nil, err
	}
	files = map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(content)
	}
	return files, nil
}

func TestArtifactsDoNotDependOnTheDirectoryOrTheTime(t *testing.T) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	source, another := commit(t, fixture()), filepath.Join(t.TempDir(), "another", "directory")
	if _, err := command(t.Context(), source, os.Environ(), "git", "clone", "--quiet", source, another); err != nil {
		t.Fatal(err)
	}
	first, err := artifacts(t, source, "", nil, platform)
	if err != nil {
		t.Fatal(err)
	}
	second, err := artifacts(t, another, "", nil, platform)
	if err != nil {
		t.Fatal(err)
	}
	tool := "tool_v0.2.0_" + runtime.GOOS + "_" + runtime.GOARCH
	if runtime.GOOS == "windows" {
		tool += ".exe"
	}
	names := slices.Sorted(maps.Keys(first))
	want := []string{checksums, "module-cmd-tool_v0.2.0.cdx.json", "module-root_v0.2.0.cdx.json", "module-store_v0.2.0.cdx.json", tool, tool + ".cdx.json"}
	if !slices.Equal(names, want) {
		t.Fatalf("the files are %q, not %q", names, want)
	}
	var sums strings.Builder
	for _, name := range names {
		if first[name] != second[name] {
			t.Errorf("%s differs", name)
		}
		if name != checksums {
			sum := sha256.Sum256([]byte(first[name]))
			fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
		}
		if strings.HasSuffix(name, sbomSuffix) && (strings.Contains(first[name], "v0.0.0-2026") || strings.Contains(first[name], "hashes")) {
			t.Errorf("%s has a version that the module does not have, or what depends on the machine:\n%s", name, first[name])
		}
	}
	if first[checksums] != sums.String() {
		t.Errorf("the checksums are\n%s, not\n%s", first[checksums], sums.String())
	}
}

func TestArtifactsOfOneModule(t *testing.T) {
	files, err := artifacts(t, commit(t, fixture()), "store", nil)
	if names := slices.Sorted(maps.Keys(files)); err != nil || !slices.Equal(names, []string{checksums, "module-store_v0.2.0.cdx.json"}) {
		t.Errorf("the files are %q, %v", names, err)
	}
}

func TestArtifactsThatWouldNotBeThoseOfTheReleaseAreRefused(t *testing.T) {
	tagged := commit(t, fixture())
	// The branch still has the replace directives, so nobody can use this tag.
	if _, err := command(t.Context(), tagged, os.Environ(), "git", "tag", "store/v0.2.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := artifacts(t, tagged, "", nil); err == nil || !strings.Contains(err.Error(), "the tag store/v0.2.0 is on commit ") {
		t.Errorf("a tag on another commit: %v", err)
	}
	for name, test := range map[string]struct {
		only      string
		platforms []string
		change    func(sbom map[string]any)
		want      string
	}{
		"a module that is not released": {only: "bench", want: `"bench" is not the directory of a released module`},
		"a platform without a processor": {only: "cmd/tool", platforms: []string{"linux"},
			want: `"linux" is not a platform such as linux/amd64`},
		"an SBOM without a module": {only: "store", change: func(sbom map[string]any) { sbom["components"] = []any{} },
			want: "module-store_v0.2.0.cdx.json: " + origin + " v0.2.0 is missing"},
		"an SBOM about nothing": {only: "store", change: func(sbom map[string]any) { delete(sbom, "metadata") },
			want: "it does not say which version it is about"},
	} {
		if _, err := artifacts(t, commit(t, fixture()), test.only, test.change, test.platforms...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, and lacks %q", name, err, test.want)
		}
	}
}

func TestFilesOfAnEarlierReleaseAreNotMixedIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kirim"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := new(release).makeArtifacts(t.Context(), dir, "", nil); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("the error is %v", err)
	}
}

// The program of this test is no binary of a release.
func TestABinaryThatIsNotBuiltFromTheTagIsRefused(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	source := commit(t, fixture())
	r := &release{clone: source, version: "v0.2.0", env: os.Environ()}
	if _, err := r.inspect(t.Context(), module{path: origin}, program, runtime.GOOS, runtime.GOARCH); err == nil || !strings.Contains(err.Error(), "was built with ") {
		t.Errorf("the error is %v", err)
	}
	if _, err := r.inspect(t.Context(), module{path: origin}, filepath.Join(source, "go.mod"), runtime.GOOS, runtime.GOARCH); err == nil {
		t.Error("a file that is no binary is accepted")
	}
	file := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(file, []byte("\x00/home/build/clone/main.go\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := namesNoDirectory(file, "/home/build/work", "/home/build/clone"); err == nil || !strings.Contains(err.Error(), "it holds /home/build/clone") {
		t.Errorf("the error for a directory in a binary is %v", err)
	}
}

func TestAnSBOMThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	want := contents{"example.com/m", "v0.1.0", map[string]string{"example.com/a": "v1.0.0", "example.com/b": "v1.1.0"}}
	component := func(sbom map[string]any, i int) map[string]any {
		return sbom["components"].([]any)[i].(map[string]any)
	}
	for name, test := range map[string]struct {
		change func(sbom map[string]any)
		want   string
	}{
		"right": {func(map[string]any) {}, ""},
		"another format": {func(sbom map[string]any) { sbom["bomFormat"] = "SPDX" },
			`it is "SPDX" "1.6", not CycloneDX 1.6`},
		"another version of the format": {func(sbom map[string]any) { sbom["specVersion"] = "1.4" },
			`it is "CycloneDX" "1.4", not CycloneDX 1.6`},
		"a serial number": {func(sbom map[string]any) { sbom["serialNumber"] = "urn:uuid:1" }, "it cannot be made again"},
		"a time": {func(sbom map[string]any) { sbom["metadata"].(map[string]any)["timestamp"] = "2026-01-02T03:04:05Z" },
			"it cannot be made again"},
		"another module": {func(sbom map[string]any) {
			sbom["metadata"].(map[string]any)["component"].(map[string]any)["version"] = "v0.2.0"
		}, "it is about example.com/m v0.2.0, not about example.com/m v0.1.0"},
		"a module too few": {func(sbom map[string]any) { sbom["components"] = sbom["components"].([]any)[1:] },
			"example.com/a v1.0.0 is missing"},
		"a module too many": {func(sbom map[string]any) { component(sbom, 1)["name"] = "example.com/c" },
			"example.com/c v1.1.0 is listed, but is no part of it; example.com/b v1.1.0 is missing"},
		"a module twice": {func(sbom map[string]any) {
			sbom["components"] = append(sbom["components"].([]any), component(sbom, 0))
		}, "example.com/a is listed twice"},
		"another version": {func(sbom map[string]any) { component(sbom, 0)["version"] = "v1.0.1" },
			"example.com/a is listed with version \"v1.0.1\", not v1.0.0"},
		"another package URL": {func(sbom map[string]any) { component(sbom, 0)["purl"] = purl("example.com/a", "v1.0.01") },
			`the package URL of example.com/a v1.0.0 is "pkg:golang/example.com/a@v1.0.01"`},
		"no requirements": {func(sbom map[string]any) { sbom["dependencies"] = []any{} },
			"what example.com/b requires is missing"},
	} {
		sbom := sbomOf(want.path, want.version, want.modules)
		test.change(sbom)
		data, err := json.Marshal(sbom)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkSBOM(data, want); test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: the error is %v, and lacks %q", name, err, test.want)
		}
	}
	if err := checkSBOM([]byte(`{"bomFormat": "CycloneDX"`), want); err == nil {
		t.Error("half a file is accepted")
	}
}
