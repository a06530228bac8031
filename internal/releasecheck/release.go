package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// newRelease clones the repository at source, as it was committed.
func newRelease(ctx context.Context, source, clone, work, version string, unreleased []string) (*release, error) {
	if !versionForm.MatchString(version) {
		return nil, fmt.Errorf("version %q is not of the form v0.1.0 or v0.1.0-rc.1", version)
	}
	source, err := filepath.Abs(source)
	if err != nil {
		return nil, err
	}
	r := &release{version: version, source: source, clone: clone, work: work, out: io.Discard}
	r.binaries, r.generator = binaries, r.cyclonedx
	// Nothing of the user's environment may help the release along, apart from
	// where modules and toolchains come from. What the module cache already
	// holds of others is not downloaded again.
	configured, err := command(ctx, source, os.Environ(), "go", "env", "-json", "GOPROXY", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	var goEnv struct {
		Proxy    string `json:"GOPROXY"`
		ModCache string `json:"GOMODCACHE"`
	}
	if err := json.Unmarshal(configured, &goEnv); err != nil {
		return nil, err
	}
	r.env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "KIRIM_")
	})
	r.env = append(r.env,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+filepath.Join(work, "gitconfig"), "GIT_TERMINAL_PROMPT=0",
		"GOWORK=off", "GOFLAGS=-modcacherw -trimpath", "CGO_ENABLED=0", "GOPATH="+filepath.Join(work, "gopath"), "GOPRIVATE=", "GONOPROXY=",
		"GOMODCACHE="+filepath.Join(work, "modcache"),
		"GOPROXY="+strings.Join([]string{fileURL(work, "proxy"), fileURL(goEnv.ModCache, "cache", "download"), goEnv.Proxy}, ","))
	gitconfig := "[user]\n\tname = releasecheck\n\temail = releasecheck@localhost\n[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n"
	if err := os.WriteFile(filepath.Join(work, "gitconfig"), []byte(gitconfig), 0o600); err != nil {
		return nil, err
	}
	if _, err := command(ctx, work, r.env, "git", "clone", "--quiet", source, clone); err != nil {
		return nil, err
	}
	if _, err := command(ctx, clone, r.env, "git", "checkout", "--quiet", "--detach"); err != nil {
		return nil, err
	}
	// The commits of the release are the same whenever and by whomever they are made.
	date, err := command(ctx, clone, r.env, "git", "show", "--no-patch", "--format=%cI", "HEAD")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"} {
		r.env = append(r.env, name+"="+strings.TrimSpace(string(date)))
	}
	if r.modules, err = findModules(ctx, r.env, clone, unreleased); err != nil {
		return nil, err
	}
	if len(r.modules) == 0 || r.modules[0].dir != "." {
		return nil, fmt.Errorf("%s has no module at its root, or one that requires another of its modules", source)
	}
	r.origin = r.modules[0].path
	// The go command takes our modules, and only ours, from the clone. They are
	// in no checksum database.
	r.env = append(r.env, "GONOSUMDB="+r.origin)
	gitconfig += fmt.Sprintf("[url %q]\n\tinsteadOf = https://%s\n", fileURL(clone), r.origin)
	return r, os.WriteFile(filepath.Join(work, "gitconfig"), []byte(gitconfig), 0o600)
}

// publish commits and tags the module as outside users get it, and puts what
// the go command makes of the tag into the module proxy.
func (r *release) publish(ctx context.Context, m module) error {
	dir := filepath.Join(r.clone, filepath.FromSlash(m.dir))
	if len(m.requires)+len(m.replaces) > 0 {
		edit := []string{"mod", "edit"}
		for _, old := range m.replaces {
			edit = append(edit, "-dropreplace="+old)
		}
		for _, p := range m.requires {
			edit = append(edit, "-require="+p+"@"+r.version)
		}
		for _, args := range [][]string{
			append([]string{"go"}, edit...),
			{"go", "mod", "tidy"},
			{"git", "add", "--all", "."}, // go.sum may be new
			{"git", "commit", "--quiet", "--all", "--allow-empty", "--message", "Require the released modules in " + m.dir},
		} {
			if _, err := command(ctx, dir, r.env, args[0], args[1:]...); err != nil {
				return err
			}
		}
	}
	if _, err := command(ctx, dir, r.env, "git", "tag", "--force", m.tag(r.version)); err != nil {
		return err
	}
	direct := append(slices.Clip(r.env), "GOPRIVATE="+r.origin, "GONOPROXY="+r.origin, "GOMODCACHE="+filepath.Join(r.work, "direct"))
	out, err := command(ctx, r.work, direct, "go", "mod", "download", "-json", m.path+"@"+r.version)
	if err != nil {
		return err
	}
	var made struct {
		Info  string `json:"Info"`
		GoMod string `json:"GoMod"`
		Zip   string `json:"Zip"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return err
	}
	versions := filepath.Join(r.work, "proxy", filepath.FromSlash(m.path), "@v")
	if err := os.MkdirAll(versions, 0o700); err != nil {
		return err
	}
	for _, file := range []string{made.Info, made.GoMod, made.Zip} {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(versions, filepath.Base(file)), content, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(versions, "list"), []byte(r.version+"\n"), 0o600)
}

// fileURL returns the URL of a file or directory.
func fileURL(elements ...string) string {
	slashed := filepath.ToSlash(filepath.Join(elements...))
	return "file:///" + strings.TrimPrefix(slashed, "/")
}

// command runs a program and returns its standard output. An error has
// everything that the program printed.
func command(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = dir, env
	var out, problems strings.Builder
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(c.Args, " "), err, &problems, &out)
	}
	return []byte(out.String()), nil
}
