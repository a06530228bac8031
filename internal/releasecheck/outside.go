package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// use builds the packages of a released module that can be imported, and runs
// its program and its commands, from directories outside the repository.
func (r *release) use(ctx context.Context, m module, programs string) error {
	dir, err := os.MkdirTemp(r.work, "outside")
	if err != nil {
		return err
	}
	if len(m.packages) > 0 {
		if err := r.require(ctx, m, dir, filepath.Join(programs, filepath.FromSlash(m.dir), "main.go")); err != nil {
			return err
		}
	}
	commands, err := m.commandsOf(programs)
	if err != nil {
		return err
	}
	for _, fields := range commands {
		target := path.Join(m.path, fields[0]) + "@" + r.version
		args, until := fields[1:], ""
		if i := slices.Index(args, "until"); i >= 0 {
			args, until = args[:i], strings.Join(args[i+1:], " ")
		}
		fmt.Fprintf(r.out, "go run %s %s\n", target, strings.Join(args, " "))
		args = append([]string{"run", target}, args...)
		// Outside of any module, as somebody would who only wants the command.
		if until == "" {
			_, err = command(ctx, r.work, r.env, "go", args...)
		} else {
			err = serve(ctx, r.work, r.env, until, "go", args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// require makes a module with the program in it, which requires the released
// module, and runs it.
func (r *release) require(ctx context.Context, m module, dir, program string) error {
	source, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), source, 0o600); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "go get %s@%s\n", m.path, r.version)
	for _, args := range [][]string{
		{"mod", "init", "example.com/outside"},
		{"get", m.path + "@" + r.version},
		{"mod", "tidy"},
	} {
		if _, err := command(ctx, dir, r.env, "go", args...); err != nil {
			return err
		}
	}
	out, err := command(ctx, dir, r.env, "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	if err != nil {
		return err
	}
	var used bool
	for line := range strings.Lines(string(out)) {
		p, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		if p != r.origin && !strings.HasPrefix(p, r.origin+"/") {
			continue
		}
		if version != r.version {
			return fmt.Errorf("%s is used at %s", p, version)
		}
		used = used || p == m.path
	}
	if !used {
		return fmt.Errorf("%s does not import it", program)
	}
	if _, err := command(ctx, dir, r.env, "go", "run", "."); err != nil {
		return err
	}
	_, err = command(ctx, dir, r.env, "go", append([]string{"build", "-mod=mod"}, m.packages...)...)
	return err
}
