package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sharedPostgres is for the scenarios that leave the server alone: one that is
// started for the run, as they need some hundred connections, or that of
// KIRIM_TEST_POSTGRES where none is installed.
var sharedPostgres sharedServer

type sharedServer struct {
	once   sync.Once
	server *postgres
	err    error
}

// url returns the URL of the server, or skips the test.
func (s *sharedServer) url(t *testing.T) string {
	t.Helper()
	s.once.Do(func() {
		if s.server, s.err = newPostgres(); s.err == nil {
			s.err = s.server.start()
		}
	})
	if url := os.Getenv("KIRIM_TEST_POSTGRES"); url != "" && errors.Is(s.err, errNoPostgres) {
		return url
	}
	skipWithoutPostgres(t, s.err)
	return s.server.url()
}

func (s *sharedServer) stop() {
	if s.server != nil {
		s.server.remove()
	}
}

// errNoPostgres says that the machine has none to start.
var errNoPostgres = errors.New("neither initdb and postgres are installed, nor is KIRIM_TEST_POSTGRES the URL of a server")

func skipWithoutPostgres(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, errNoPostgres) && os.Getenv("KIRIM_REQUIRE_POSTGRES") == "" {
		t.Skipf("skipped, as %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// postgres is a server of the tests' own, which can be killed.
type postgres struct {
	dir, bin string
	as       *syscall.Credential // who runs it; nil for whoever runs the test
	cmd      *exec.Cmd
	log      *logBuffer
}

// newPostgres makes a cluster in a temporary directory.
func newPostgres() (*postgres, error) {
	p := &postgres{log: &logBuffer{}}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, missing := exec.LookPath("initdb"); missing == nil {
		found = append(found, path)
	}
	if err != nil || len(found) == 0 {
		return nil, errNoPostgres
	}
	slices.Sort(found)
	p.bin = filepath.Dir(found[len(found)-1])
	if p.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 { // which PostgreSQL refuses to be run by
		if err := p.runAs("postgres"); err != nil {
			return nil, fmt.Errorf("%w (it does not run as root: %w)", errNoPostgres, err)
		}
	}
	initdb := exec.Command(filepath.Join(p.bin, "initdb"), "-D", filepath.Join(p.dir, "data"), "-A", "trust", "-U", "postgres", "--no-sync")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	initdb.Dir = p.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return p, nil
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

// start starts it, and waits until it answers. After a kill it does not start before
// the processes of the one before are gone.
func (p *postgres) start() error {
	db, err := sql.Open("pgx", p.url())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		p.cmd = exec.Command(filepath.Join(p.bin, "postgres"), "-D", filepath.Join(p.dir, "data"), "-k", p.dir, "-c", "listen_addresses=", "-c", "max_connections=500")
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
		p.cmd.Dir, p.cmd.Stderr = p.dir, p.log
		if err := p.cmd.Start(); err != nil {
			return err
		}
		ended := make(chan struct{})
		go func() {
			_ = p.cmd.Wait()
			close(ended)
		}()
		for isEnded := false; !isEnded && time.Now().Before(deadline); {
			if db.PingContext(context.Background()) == nil {
				return nil
			}
			select {
			case <-ended:
				isEnded = true
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return fmt.Errorf("PostgreSQL does not start:\n%s", p.log)
}

// kill kills the server as kill -9 does. Its processes notice that.
func (p *postgres) kill() { _ = p.cmd.Process.Kill() }

// remove ends it and removes its files.
func (p *postgres) remove() {
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		for range 500 {
			if pid, err := os.ReadFile(filepath.Join(p.dir, "data", "postmaster.pid")); err != nil || len(bytes.TrimSpace(pid)) == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	_ = os.RemoveAll(p.dir)
}

// startPostgres starts a server for one test.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	p, err := newPostgres()
	skipWithoutPostgres(t, err)
	t.Cleanup(p.remove)
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	return p
}
