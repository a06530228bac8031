package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// binaries are the modules whose main package is released as binaries too, by
// directory. The name of the binary is that of the directory.
var binaries = []string{"cmd/kirim"}

// checksums is the name of the file with the SHA-256 of each other file.
const checksums = "SHA256SUMS"

// makeArtifacts makes the commits and tags of the release and writes what it
// offers for download into dir, which must be empty or new: an SBOM of each
// module, the binaries with an SBOM of each, and their checksums. They depend
// on the commit, the version and the version of Go alone. With only, the
// directory of a module, dir gets the files of that module.
func (r *release) makeArtifacts(ctx context.Context, dir, only string, platforms []string) error {
	if only != "" && !slices.ContainsFunc(r.modules, func(m module) bool { return m.dir == only }) {
		return fmt.Errorf("%q is not the directory of a released module", only)
	}
	if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(err, fmt.Errorf("%s is not empty", dir))
	}
	for _, m := range r.modules {
		if err := r.publish(ctx, m); err != nil {
			return fmt.Errorf("releasing %s: %w", m.path, err)
		}
		if err := r.pushedAs(ctx, m); err != nil {
			return err
		}
	}
	return r.writeArtifacts(ctx, dir, only, platforms)
}

// writeArtifacts writes the files of the published modules, or of only one, into dir.
func (r *release) writeArtifacts(ctx context.Context, dir, only string, platforms []string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	generator, err := r.generator(ctx)
	if err != nil {
		return err
	}
	for _, m := range r.modules {
		if only != "" && m.dir != only {
			continue
		}
		if err := r.artifactsOf(ctx, m, dir, generator, platforms); err != nil {
			return fmt.Errorf("artifacts of %s: %w", m.path, err)
		}
	}
	return writeChecksums(dir)
}

// pushedAs returns an error when the repository has the tag of the module on
// another commit than the one that was made here: what was pushed is then not
// what the files would be made from.
func (r *release) pushedAs(ctx context.Context, m module) error {
	tag := "refs/tags/" + m.tag(r.version) + "^{commit}"
	pushed, err := command(ctx, r.source, r.env, "git", "rev-parse", "--verify", "--quiet", tag)
	if err != nil {
		return nil //nolint:nilerr // the tag is not pushed yet
	}
	made, err := command(ctx, r.clone, r.env, "git", "rev-parse", "--verify", tag)
	if err != nil {
		return err
	}
	if string(pushed) != string(made) {
		return fmt.Errorf("the tag %s is on commit %s, but the release of this commit makes %s: check out the commit of the tag %s",
			m.tag(r.version), strings.TrimSpace(string(pushed)), strings.TrimSpace(string(made)), r.version)
	}
	return nil
}

// artifactsOf writes the files of one module, from the commit of its tag.
func (r *release) artifactsOf(ctx context.Context, m module, dir string, generate generator, platforms []string) error {
	if _, err := command(ctx, r.clone, r.env, "git", "checkout", "--quiet", "--detach", m.tag(r.version)); err != nil {
		return err
	}
	at := filepath.Join(r.clone, filepath.FromSlash(m.dir))
	required, err := requirements(ctx, r.env, at)
	if err != nil {
		return err
	}
	name := "module-" + cmp.Or(strings.ReplaceAll(strings.Trim(m.dir, "."), "/", "-"), "root") + "_" + r.version
	err = r.writeSBOM(ctx, filepath.Join(dir, name+sbomSuffix), r.buildEnv("linux", "amd64"), generate, "mod", at, contents{m.path, r.version, required})
	if err != nil {
		return err
	}
	if !slices.Contains(r.binaries, m.dir) {
		return nil
	}
	for _, platform := range platforms {
		system, arch, found := strings.Cut(platform, "/")
		if !found {
			return fmt.Errorf("%q is not a platform such as linux/amd64", platform)
		}
		file := filepath.Join(dir, strings.Join([]string{path.Base(m.path), r.version, system, arch}, "_"))
		if system == "windows" {
			file += ".exe"
		}
		env := r.buildEnv(system, arch)
		fmt.Fprintf(r.out, "go build %s for %s\n", m.path, platform)
		if _, err := command(ctx, at, env, "go", "build", "-buildvcs=true", "-ldflags=-s -w", "-o", file, "."); err != nil {
			return err
		}
		linked, err := r.inspect(ctx, m, file, system, arch)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		if err := r.writeSBOM(ctx, file+sbomSuffix, env, generate, "app", at, linked); err != nil {
			return err
		}
	}
	return nil
}

// buildEnv returns the environment of a build, in which nothing of the
// machine, apart from the version of Go, has an effect on the result.
func (r *release) buildEnv(system, arch string) []string {
	return append(slices.Clip(r.env), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0",
		"GOEXPERIMENT=", "GOFIPS140=off", "GODEBUG=", "GOENV=off")
}

// inspect returns what a binary is made of, as it says itself, or an error for
// one that is not built from the tag of the module, or that depends on the machine.
func (r *release) inspect(ctx context.Context, m module, file, system, arch string) (contents, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return contents{}, err
	}
	commit, err := command(ctx, r.clone, r.env, "git", "rev-parse", "HEAD")
	if err != nil {
		return contents{}, err
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{
		"GOOS": system, "GOARCH": arch, "CGO_ENABLED": "0", "-trimpath": "true",
		"vcs.revision": strings.TrimSpace(string(commit)), "vcs.modified": "false",
	} {
		if settings[key] != want {
			return contents{}, fmt.Errorf("was built with %s=%q, not %q", key, settings[key], want)
		}
	}
	if info.Path != m.path || info.Main.Path != m.path || info.Main.Version != r.version {
		return contents{}, fmt.Errorf("is %s of %s %s, not of %s %s", info.Path, info.Main.Path, info.Main.Version, m.path, r.version)
	}
	linked := contents{path: m.path, version: r.version, modules: map[string]string{}}
	for _, d := range info.Deps {
		if d.Replace != nil {
			return contents{}, fmt.Errorf("has %s replaced by %s", d.Path, d.Replace.Path)
		}
		linked.modules[d.Path] = d.Version
	}
	return linked, namesNoDirectory(file, r.clone, r.work)
}

// namesNoDirectory returns an error when a file holds one of the paths.
func namesNoDirectory(file string, dirs ...string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if strings.Contains(string(content), dir) {
			return fmt.Errorf("depends on the directory of the build: it holds %s", dir)
		}
	}
	return nil
}

// writeChecksums writes the SHA-256 of each file in dir in the form that
// sha256sum and shasum check.
func writeChecksums(dir string) error {
	entries, err := os.ReadDir(dir) // by name
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, entry := range entries {
		f, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		hash := sha256.New()
		_, err = io.Copy(hash, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", hash.Sum(nil), entry.Name())
	}
	return os.WriteFile(filepath.Join(dir, checksums), []byte(sums.String()), 0o600)
}
