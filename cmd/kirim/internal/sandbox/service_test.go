package sandbox

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheLinesThatAreShownConnectAServiceAndAPersonGetsItsReply pastes what the sandbox
// prints, as it stands, into a fresh shell that runs examples/orders, orders
// something, and taps the button of the confirmation as the customer.
func TestTheLinesThatAreShownConnectAServiceAndAPersonGetsItsReply(t *testing.T) {
	program := filepath.Join(t.TempDir(), "orders")
	build := exec.CommandContext(t.Context(), "go", "build", "-C", "../../../../examples/orders", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()

	var shown safeBuffer
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- command(&shown, io.Discard, map[string]string{"XDG_CONFIG_HOME": t.TempDir()}, //nolint:contextcheck // ExecuteContext passes it
			"--addr", "127.0.0.1:0", "--webhook", "http://"+address+"/webhooks/kirim").ExecuteContext(ctx)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	wait(t, func() bool { return strings.Contains(shown.String(), "Ctrl-C") })
	var lines []string
	page := ""
	for line := range strings.Lines(shown.String()) {
		if strings.HasPrefix(line, "export ") {
			lines = append(lines, line)
		}
		if _, after, found := strings.Cut(line, "are on "); found {
			page = strings.TrimSpace(after)
		}
	}

	shell := exec.CommandContext(t.Context(), "sh", "-c", strings.Join(lines, "")+"exec "+program)
	shell.Env = []string{"PATH=" + os.Getenv("PATH"), "ADDR=" + address}
	shell.Dir = t.TempDir()
	var output safeBuffer
	shell.Stdout, shell.Stderr = &output, &output
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shell.Process.Kill()
		_ = shell.Wait()
		if t.Failed() {
			t.Logf("the service says:\n%s", output.String())
		}
	})
	wait(t, func() bool { return strings.Contains(output.String(), "Ctrl-C") })

	b := open(t, strings.TrimSuffix(page, "/")+"/_kirim/#/phone")
	b.click("button", "New customer")
	b.until(`document.getElementById("dialog").open`)
	b.until(`(document.querySelector("#dialog [name=from]").value = "` + ana + `")`)
	b.click("button", "Write")
	b.shows(".theirs .content", "You have no order with us yet.")
	resp, err := http.Post("http://"+address+"/orders", "application/json", strings.NewReader(`{"phone":"`+ana+`","item":"a cake"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("the service responded with %d to an order", resp.StatusCode)
	}
	b.shows(".theirs .content", "Thank you!")
	b.click("button", "Where is it?")
	b.shows(".own .content", "Where is it?")
	b.shows(".theirs .content", "(a cake) is being packed.")
	b.until(`[...document.querySelectorAll(".theirs .quote")].at(-1).textContent === "Where is it?"`)
}

// wait waits until a condition holds.
func wait(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it took more than 30 seconds")
		}
	}
}
