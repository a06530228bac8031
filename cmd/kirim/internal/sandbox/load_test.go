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
		err = command(os.Stdout, os.Stderr, nil, "--json", "--addr", "127.0.0.1:0", "--plan", "100000", "--config", os.DevNull, "--webhook", os.Getenv("SERVICE")).ExecuteContext(ctx)
	case "without":
		s := kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Enterprise(100_000, 1_000_000)), kirimtest.WithHTTPWebhooks())
		defer s.Close()
		s.Subscribe(os.Getenv("SERVICE"))
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
	m.messages = running{announcement: m.announcement}.client(t).PhoneNumber(m.PhoneNumberID).Messages
	return m
}

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

// TestAPageThatShowsFiftyMessagesASecondStaysLive sends 50 messages a second to a sandbox
// with an open page and, in turn, to one without an inspector, and compares what they cost.
// Both deliver webhooks, as beside a service.
func TestAPageThatShowsFiftyMessagesASecondStaysLive(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(service.Close)
	with, without := startMeasured(t, "with a page", service.URL), startMeasured(t, "without", service.URL)
	both := []*measured{with, without}
	for i := range 50 { // connections, templates and the heap get warm
		for _, m := range both {
			m.send(t, -i)
		}
	}
	with.took, without.took = nil, nil
	b := open(t, running{announcement: with.announcement}.chat(ana))
	b.shows(".theirs .content", "number")
	b.until(`(window.gap = 0, window.ticked = performance.now(), setInterval(() => {
		const now = performance.now(); window.gap = Math.max(window.gap, now - window.ticked); window.ticked = now; }, 20))`)
	began := []time.Duration{with.cpu(t), without.cpu(t)}
	const messages = 250
	pace := time.NewTicker(time.Second / 50)
	defer pace.Stop()
	for i := range messages {
		<-pace.C
		both[0], both[1] = both[1], both[0] // the second finds the machine awake
		for _, m := range both {
			m.send(t, i)
		}
	}
	ended := time.Now()
	b.shows(".theirs .content", fmt.Sprintf("number %d.", messages-1))
	behind := time.Since(ended)
	gap := time.Duration(value[float64](b, `window.gap`)) * time.Millisecond
	spent, base := with.cpu(t)-began[0], without.cpu(t)-began[1]
	ratio := float64(spent) / float64(base)
	t.Logf("a message costs the sandbox %s of CPU time with the page open, %s without an inspector: %.2f times as much", spent/messages, base/messages, ratio)
	t.Logf("a send takes %s and %s (medians); the page shows the last message after %s, and was busy for %s at most",
		with.median(), without.median(), behind.Round(time.Millisecond), gap)
	if ratio > costLimit {
		t.Errorf("the page makes the sandbox %.2f times as expensive, want at most %.1f", ratio, costLimit)
	}
	if behind > 5*time.Second { // far above what an idle machine takes
		t.Errorf("the page is %s behind", behind)
	}
}
