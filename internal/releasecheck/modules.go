package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// module is a module of this repository.
type module struct {
	dir      string // relative to the root, with slashes; "." is the root
	path     string
	requires []string // the paths of the other modules of this repository that it requires
	replaces []string // what its replace directives replace, as PATH or PATH@VERSION
	packages []string // the paths of its packages that can be imported
	commands []string // its main packages, relative to dir; those in internal, examples and docs aside
}

// tag returns the name of the tag that makes the go command find the version.
func (m module) tag(version string) string { return path.Join(m.dir, version) }

// commandsOf reads the commands.txt of a module: on each line a package,
// relative to the module, and its arguments. The word until and a text follow those of
// a program that serves: it is interrupted when it prints that text.
func (m module) commandsOf(programs string) (commands [][]string, err error) {
	text, err := os.ReadFile(filepath.Join(programs, filepath.FromSlash(m.dir), "commands.txt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			commands = append(commands, fields)
		}
	}
	return commands, nil
}

// hasPrograms returns an error for a module that would be released without
// anything being built against it.
func (m module) hasPrograms(programs string) error {
	dir := filepath.Join(programs, filepath.FromSlash(m.dir))
	if len(m.packages) > 0 {
		if _, err := os.Stat(filepath.Join(dir, "main.go")); err != nil {
			return fmt.Errorf("%s is released, but no program uses it (or is it one of the unreleased modules?): %w", m.path, err)
		}
	}
	listed, err := m.commandsOf(programs)
	if err != nil {
		return err
	}
	for _, command := range m.commands {
		if !slices.ContainsFunc(listed, func(fields []string) bool { return path.Clean(fields[0]) == command }) {
			return fmt.Errorf("the command %s is released, but not run: %s lacks a line such as %q",
				path.Join(m.path, command), filepath.Join(dir, "commands.txt"), command+" -h")
		}
	}
	return nil
}

// findModules returns the released modules below root, each after those that
// it requires.
func findModules(ctx context.Context, env []string, root string, unreleased []string) ([]module, error) {
	var found []module
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != root && (d.Name() == "testdata" || d.Name() == "vendor" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || d.Name() != "go.mod":
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		m, err := readModule(ctx, env, root, filepath.ToSlash(dir))
		found = append(found, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, dir := range unreleased {
		if !slices.ContainsFunc(found, func(m module) bool { return m.dir == dir }) {
			return nil, fmt.Errorf("%s is listed as an unreleased module, but has no go.mod", dir)
		}
	}
	return order(found, unreleased)
}

// readModule reads a go.mod and lists the packages of its module.
func readModule(ctx context.Context, env []string, root, dir string) (module, error) {
	m := module{dir: dir}
	at := filepath.Join(root, filepath.FromSlash(dir))
	out, err := command(ctx, at, env, "go", "mod", "edit", "-json")
	if err != nil {
		return m, err
	}
	type version struct {
		Path    string `json:"Path"`
		Version string `json:"Version"`
	}
	var file struct {
		Module  version   `json:"Module"`
		Require []version `json:"Require"`
		Replace []struct {
			Old version `json:"Old"`
		} `json:"Replace"`
	}
	if err := json.Unmarshal(out, &file); err != nil {
		return m, err
	}
	m.path = file.Module.Path
	for _, r := range file.Require {
		m.requires = append(m.requires, r.Path)
	}
	for _, r := range file.Replace {
		old := r.Old.Path
		if r.Old.Version != "" {
			old += "@" + r.Old.Version
		}
		m.replaces = append(m.replaces, old)
	}
	// -find does not look at imports, which may need modules not yet served.
	out, err = command(ctx, at, env, "go", "list", "-find", "-f", "{{.Name}} {{.ImportPath}}", "./...")
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(out)) {
		name, importPath, _ := strings.Cut(strings.TrimSpace(line), " ")
		relative := strings.TrimPrefix(strings.TrimPrefix(importPath, m.path), "/")
		first, _, _ := strings.Cut(relative, "/")
		switch {
		case slices.Contains(strings.Split(importPath, "/"), "internal"), first == "examples", first == "docs":
		case name == "main":
			m.commands = append(m.commands, path.Clean(relative))
		case name != "":
			m.packages = append(m.packages, importPath)
		}
	}
	return m, nil
}

// order returns the released modules, each after those that it requires, and
// leaves only modules of this repository in what a module requires.
func order(all []module, unreleased []string) ([]module, error) {
	byPath := make(map[string]module)
	for _, m := range all {
		byPath[m.path] = m
	}
	const visiting, done = 1, 2
	state := make(map[string]int)
	var ordered []module
	var visit func(m module) error
	visit = func(m module) error {
		switch state[m.path] {
		case done:
			return nil
		case visiting:
			return fmt.Errorf("%s requires itself through other modules", m.path)
		}
		state[m.path] = visiting
		m.requires = slices.DeleteFunc(m.requires, func(p string) bool { return byPath[p].path == "" })
		for _, p := range m.requires {
			if slices.Contains(unreleased, byPath[p].dir) {
				return fmt.Errorf("%s is released, but requires %s, which is not", m.path, p)
			}
			if err := visit(byPath[p]); err != nil {
				return err
			}
		}
		state[m.path] = done
		ordered = append(ordered, m)
		return nil
	}
	for _, m := range all {
		if slices.Contains(unreleased, m.dir) {
			continue
		}
		if err := visit(m); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}
