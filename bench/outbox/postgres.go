package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a server of the measurement's own, with the settings that initdb gives.
type postgres struct {
	dir, bin string
	as       *syscall.Credential // who runs it; nil for whoever runs this program
	cmd      *exec.Cmd
}

// startPostgres makes a cluster in a temporary directory and starts it with settings
// such as "autovacuum_naptime=10s".
func startPostgres(ctx context.Context, settings ...string) (*postgres, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, missing := exec.LookPath("initdb"); missing == nil {
		found = append(found, path)
	}
	if err != nil || len(found) == 0 {
		return nil, errors.New("a campaign needs a PostgreSQL of its own, and initdb is not installed")
	}
	slices.Sort(found)
	p := &postgres{bin: filepath.Dir(found[len(found)-1])}
	if p.dir, err = os.MkdirTemp("", "kirim-campaign"); err != nil {
		return nil, err
	}
	if err := p.start(ctx, settings); err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

func (p *postgres) start(ctx context.Context, settings []string) error {
	if os.Getuid() == 0 { // which PostgreSQL refuses to be run by
		if err := p.runAs("postgres"); err != nil {
			return err
		}
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(p.bin, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync") //nolint:gosec // as installed
	initdb.SysProcAttr, initdb.Dir = &syscall.SysProcAttr{Credential: p.as}, p.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	args := []string{"-D", data, "-k", p.dir, "-c", "listen_addresses="}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	p.cmd = exec.CommandContext(ctx, filepath.Join(p.bin, "postgres"), args...) //nolint:gosec // as installed
	p.cmd.SysProcAttr, p.cmd.Dir = &syscall.SysProcAttr{Credential: p.as, Setpgid: true}, p.dir
	if err := p.cmd.Start(); err != nil {
		return err
	}
	var err error
	for range 500 {
		conn, failed := pgx.Connect(ctx, p.url())
		if failed == nil {
			return conn.Close(ctx)
		}
		err = failed
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("PostgreSQL has not started within 10 seconds: %w", err)
}

func (p *postgres) runAs(name string) error {
	account, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return err
	}
	p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(p.dir, int(uid), int(gid))
}

func (p *postgres) url() string { return "postgres:///postgres?user=postgres&host=" + p.dir }

// poolURL is that for pools of as many connections as the other measurements have.
func (p *postgres) poolURL() string { return p.url() + "&pool_max_conns=16" }

// version returns its version in words.
func (p *postgres) version(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, p.url())
	if err != nil {
		return "", err
	}
	var version string
	err = conn.QueryRow(ctx, "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)").Scan(&version)
	return version, errors.Join(err, conn.Close(ctx))
}

// remove ends the server and removes its files.
func (p *postgres) remove() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		_ = p.cmd.Wait()
	}
	_ = os.RemoveAll(p.dir)
}

// cpuSeconds returns the time of the processors that the server's processes have used,
// those included that have ended, and 0 where there is no /proc.
func (p *postgres) cpuSeconds() float64 {
	parent := strconv.Itoa(p.cmd.Process.Pid)
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	total := 0.0
	for _, path := range stats {
		own, ended, ppid := cpuOf(path)
		switch {
		case filepath.Base(filepath.Dir(path)) == parent:
			total += own + ended
		case ppid == parent:
			total += own
		}
	}
	return total
}

// cpuOf reads the seconds that a process and its ended children have used, and its parent.
func cpuOf(path string) (own, ended float64, parent string) {
	const ticks = 100              // a second, in /proc
	data, err := os.ReadFile(path) //nolint:gosec // of /proc
	if err != nil {
		return 0, 0, ""
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 15 {
		return 0, 0, ""
	}
	var times [4]float64 // user, system, and both of the children
	for i := range times {
		times[i], _ = strconv.ParseFloat(fields[11+i], 64)
	}
	return (times[0] + times[1]) / ticks, (times[2] + times[3]) / ticks, fields[1]
}
