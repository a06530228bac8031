package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is one that runs this program.
type process struct {
	name     string
	webhooks string // host and port of its handler
	cmd      *exec.Cmd
	stdin    io.Closer
	stderr   *logBuffer
	gone     chan struct{} // closed when it has ended

	mu        sync.Mutex
	killedAt  time.Time
	stoppedAt time.Time
}

// logBuffer keeps what a process writes.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (l *logBuffer) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(data)
}

// String returns all of it.
func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start starts a process with a plan.
func (r *rig) start(p plan, env ...string) *process {
	r.t.Helper()
	proc := &process{name: fmt.Sprintf("fire%d", len(r.processes)), stderr: &logBuffer{}, gone: make(chan struct{})}
	p.Name = proc.name
	line, err := json.Marshal(p)
	if err != nil {
		r.t.Fatal(err)
	}
	proc.cmd = exec.Command(worker)
	proc.cmd.Env = append(os.Environ(), env...)
	proc.cmd.Stderr = proc.stderr
	stdin, err := proc.cmd.StdinPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	proc.stdin = stdin
	out, err := proc.cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := proc.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	if _, err := stdin.Write(append(line, '\n')); err != nil {
		r.t.Fatal(err)
	}
	ready, err := bufio.NewReader(out).ReadString('\n')
	go func() {
		_ = proc.cmd.Wait()
		proc.mu.Lock()
		if proc.killedAt.IsZero() {
			proc.killedAt = time.Now()
		}
		proc.mu.Unlock()
		close(proc.gone)
	}()
	if err != nil {
		<-proc.gone
		r.t.Fatalf("%s did not start: %v\n%s", proc.name, err, proc.stderr)
	}
	proc.webhooks = strings.TrimPrefix(strings.TrimSpace(ready), "http://")
	r.processes = append(r.processes, proc)
	return proc
}

// startWorker starts one that sends.
func (r *rig) startWorker(env ...string) *process {
	r.t.Helper()
	p := r.start(r.plan, env...)
	var list []*process
	if before := r.receiving.Load(); before != nil {
		list = append(list, *before...)
	}
	list = append(list, p)
	r.receiving.Store(&list)
	return p
}

// startEnqueuer starts one that enqueues.
func (r *rig) startEnqueuer(e enqueuePlan) *process {
	r.t.Helper()
	r.enqueuers++
	e.Prefix = fmt.Sprintf("%s%d", cmp.Or(e.Prefix, "e"), r.enqueuers)
	e.Number, e.Table, e.Recipients = r.plan.Number, r.table, rigRecipients
	p := r.plan
	p.System, p.Enqueue = "none", &e
	return r.start(p)
}

func (p *process) isDead() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// kill kills it as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	p.mu.Lock()
	if p.killedAt.IsZero() {
		p.killedAt = time.Now()
	}
	p.mu.Unlock()
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// lostAt is when others could no longer count on it; zero for never.
func (p *process) lostAt() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stoppedAt.IsZero() {
		return p.stoppedAt
	}
	return p.killedAt
}

// diesWithin reports whether it ends by itself in that time.
func (p *process) diesWithin(d time.Duration) bool {
	select {
	case <-p.gone:
		return true
	case <-time.After(d):
		return false
	}
}

// end lets it end by itself, which must work, unless it was killed.
func (p *process) end(t *testing.T) {
	t.Helper()
	if p.isDead() {
		if state := p.cmd.ProcessState; state.Exited() && !state.Success() {
			t.Errorf("%s has ended by itself: %v\n%s", p.name, state, p.stderr)
		}
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if !p.diesWithin(30 * time.Second) {
		t.Errorf("%s does not end", p.name)
		p.kill()
	} else if !p.cmd.ProcessState.Success() {
		t.Errorf("%s: %v\n%s", p.name, p.cmd.ProcessState, p.stderr)
	}
	_ = p.stdin.Close()
}

// killAll kills what is left at the end of a test.
func (r *rig) killAll() {
	for _, p := range r.processes {
		p.kill()
		_ = p.stdin.Close()
	}
}
