package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// TestMain lets the test's own binary be a sandbox, in a process whose CPU time can
// be measured. It ends when its input does.
func TestMain(m *testing.M) {
	var err error
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	end := func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}
	switch os.Getenv("BE_A_SANDBOX") {
	case "":
		os.Exit(m.Run())
	case "with a page":
		go end()
		args := []string{"--json", "--addr", "127.0.0.1:0", "--plan", "100000", "--config", os.DevNull}
		if service := os.Getenv("SERVICE"); service != "" {
			args = append(args, "--webhook", service)
		}
		err = command(os.Stdout, os.Stderr, nil, args...).ExecuteContext(ctx)
	case "without an inspector":
		s := kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Enterprise(100_000, 1_000_000)), kirimtest.WithHTTPWebhooks())
		defer s.Close()
		if service := os.Getenv("SERVICE"); service != "" {
			s.Subscribe(service)
		}
		err = json.NewEncoder(os.Stdout).Encode(announcement{BaseURL: s.URL, APIKey: s.APIKey, PhoneNumberID: s.PhoneNumberID})
		end()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measured is a sandbox in a process of its own.
type measured struct {
	announcement
	messages *kirim.MessagesService
	pid      int
	took     []time.Duration // by each send
	began    time.Duration   // the CPU time of the process when the measurement began
}

func startMeasured(t *testing.T, kind, service string) *measured {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0]) // it ends with its input
	cmd.Env, cmd.Stderr = append(os.Environ(), "BE_A_SANDBOX="+kind, "SERVICE="+service), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("a sandbox %s: %v", kind, err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	m := &measured{pid: cmd.Process.Pid}
	if err := json.Unmarshal([]byte(line), &m.announcement); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	m.messages = m.running().client(t).PhoneNumber(m.PhoneNumberID).Messages
	return m
}

func (m *measured) running() running { return running{announcement: m.announcement} }

func (m *measured) send(t *testing.T, i int) {
	t.Helper()
	began := time.Now()
	sendTo(t, m.messages, kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody(fmt.Sprintf("number %d.", i))}})
	m.took = append(m.took, time.Since(began))
}

func (m *measured) median() time.Duration {
	slices.Sort(m.took)
	return m.took[len(m.took)/2]
}

// cpu returns the time that the threads of the process have run for, as Linux counts it.
func (m *measured) cpu(t *testing.T) (sum time.Duration) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", m.pid))
	if err != nil || len(threads) == 0 {
		t.Skip("the CPU time of a process is read from /proc, as Linux has it; run this on Linux")
	}
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		var ran int64
		if _, err := fmt.Fscan(strings.NewReader(string(text)), &ran); err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(ran)
	}
	return sum
}

// compared are two sandboxes that get the same messages.
type compared struct {
	name          string
	with, without *measured
	page          browser
}

// TestAPageThatShowsFiftyMessagesASecondStaysLive sends 50 messages a second to each of
// four sandboxes, in turn, and compares the CPU time of their processes: with an open
// page and without an inspector, both without webhooks and with a service that gets
// them. The time of Chromium, which shares the machine, and of the program that sends is
// in no figure.
func TestAPageThatShowsFiftyMessagesASecondStaysLive(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(service.Close)
	var pairs []compared
	var all []*measured
	for _, p := range []compared{{name: "without webhooks"}, {name: "with webhooks"}} {
		url := ""
		if p.name == "with webhooks" {
			url = service.URL
		}
		p.with, p.without = startMeasured(t, "with a page", url), startMeasured(t, "without an inspector", url)
		pairs, all = append(pairs, p), append(all, p.with, p.without)
	}
	for i := range 50 { // connections, templates and the heap get warm
		for _, m := range all {
			m.send(t, -i)
		}
	}
	pairs[0].page = open(t, pairs[0].with.running().chat(ana))
	pairs[1].page = pairs[0].page.tab(pairs[1].with.running().chat(ana))
	for _, p := range pairs {
		p.page.shows(".theirs .content", "number")
		p.page.until(`(window.gap = 0, window.ticked = performance.now(), setInterval(() => {
			const now = performance.now(); window.gap = Math.max(window.gap, now - window.ticked); window.ticked = now; }, 20))`)
	}
	for _, m := range all {
		m.took, m.began = nil, m.cpu(t)
	}
	const messages = 250
	pace := time.NewTicker(time.Second / 50)
	defer pace.Stop()
	for i := range messages {
		<-pace.C
		all = append(all[1:], all[0]) // who is not the first finds the machine awake
		for _, m := range all {
			m.send(t, i)
		}
	}
	ended := time.Now()
	for _, p := range pairs {
		p.page.shows(".theirs .content", fmt.Sprintf("number %d.", messages-1))
		behind := time.Since(ended)
		spent, base := p.with.cpu(t)-p.with.began, p.without.cpu(t)-p.without.began
		ratio := float64(spent) / float64(base)
		t.Logf("%s: a message costs the sandbox %s of CPU time with the page open, %s without an inspector: %.2f times as much", p.name, spent/messages, base/messages, ratio)
		t.Logf("%s: a send takes %s and %s (medians); the page shows the last message after %s, and was busy for %.0f ms at most", p.name,
			p.with.median(), p.without.median(), behind.Round(time.Millisecond), value[float64](p.page, `window.gap`))
		if ratio > costLimit {
			t.Errorf("%s: the page makes the sandbox %.2f times as expensive, want at most %.1f", p.name, ratio, costLimit)
		}
		if behind > 5*time.Second { // far above what an idle machine takes
			t.Errorf("%s: the page is %s behind", p.name, behind)
		}
	}
}
