//go:build unix

package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// serve runs a program that runs until it is interrupted: it waits for a line with the
// text until, interrupts the program as Ctrl-C does, and wants it to end without an error.
func serve(ctx context.Context, dir string, env []string, until, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // it is compiled first
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	var problems strings.Builder
	c.Dir, c.Env, c.Stderr = dir, env, &problems
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go run has a child
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	ready := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !ready && strings.Contains(lines.Text(), until) {
			ready = true
			if err := syscall.Kill(-c.Process.Pid, syscall.SIGINT); err != nil {
				return err
			}
		}
	}
	// Interrupted, go run exits with 1 whatever the program did, and tells if that failed.
	err = c.Wait()
	if !ready {
		return fmt.Errorf("%s did not print %q: %w\n%s", strings.Join(c.Args, " "), until, cmp.Or(err, errors.New("it ended")), &problems)
	}
	if err != nil && strings.Contains(problems.String(), "exit status") {
		return fmt.Errorf("%s failed when it was interrupted: %w\n%s", strings.Join(c.Args, " "), err, &problems)
	}
	return nil
}
