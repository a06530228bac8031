package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kirim-go/kirim"
)

const (
	serverVariable = "BENCH_SERVER"
	senders        = 64
)

// TestMain is also the server of the benchmarks over the network: in a process of its own,
// so that its garbage is not the clients'.
func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) == "" {
		os.Exit(m.Run())
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve prints its address, and ends with its input. GET /connections tells
// how many were opened.
func serve(in io.Reader, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var opened atomic.Int64
	mux := http.NewServeMux()
	mux.Handle("POST "+sendPath, accepted)
	serveWebhooks(mux)
	mux.HandleFunc("GET /connections", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, opened.Load()) })
	server := &http.Server{Handler: mux, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}}
	go server.Serve(listener)
	defer server.Close()
	fmt.Fprintln(out, "http://"+listener.Addr().String())
	_, err = io.Copy(io.Discard, in)
	return errors.Join(err, removeLeftovers())
}

// startServer returns the base URL of a server, and how many connections it
// saw before it was asked.
func startServer(tb testing.TB) (base string, opened func() int) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	base = strings.TrimSpace(line)
	return base, func() int {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Get(base + "/connections")
		if err != nil {
			tb.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		n, err := strconv.Atoi(string(body))
		if err != nil {
			tb.Fatal(err)
		}
		return n - 1 // this one
	}
}

var bulkClients = []struct {
	name string
	send func(tb testing.TB, base string) func(context.Context) error
}{
	{"nethttp-tuned", func(tb testing.TB, base string) func(context.Context) error {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 1024, 1024
		return bulkBare(tb, transport, base)
	}},
	{"nethttp-default", func(tb testing.TB, base string) func(context.Context) error {
		return bulkBare(tb, http.DefaultTransport.(*http.Transport).Clone(), base)
	}},
	{"kirim", func(tb testing.TB, base string) func(context.Context) error {
		c, err := kirim.NewClient(apiKey, kirim.WithBaseURL(base))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(c.CloseIdleConnections)
		messages := c.PhoneNumber(numberID).Messages
		return func(ctx context.Context) error { _, err := messages.Send(ctx, newMessage()); return err }
	}},
}

func bulkBare(tb testing.TB, transport *http.Transport, base string) func(context.Context) error {
	tb.Cleanup(transport.CloseIdleConnections)
	b := newBare(transport)
	b.base = base
	return func(ctx context.Context) error { _, err := b.send(ctx, newBareMessage()); return err }
}

// BenchmarkBulk shares b.N sends among 64 goroutines.
func BenchmarkBulk(b *testing.B) {
	for _, c := range bulkClients {
		b.Run("client="+c.name, func(b *testing.B) {
			base, opened := startServer(b)
			send := c.send(b, base)
			b.ResetTimer()
			if err := bulk(b.Context(), b.N, send); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			b.ReportMetric(float64(opened()), "connections")
		})
	}
}

// bulk sends n times, and returns an error of one that failed.
func bulk(ctx context.Context, n int, send func(context.Context) error) error {
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	failed := make(chan error, senders)
	for range senders {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := send(ctx); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}

func TestABulkKeepsItsConnections(t *testing.T) {
	for _, c := range bulkClients {
		base, opened := startServer(t)
		if err := bulk(t.Context(), 2000, c.send(t, base)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		n := opened()
		t.Logf("%s: %d connections for 2000 sends", c.name, n)
		// A dial that is overtaken by a connection that came free is not
		// given up by net/http, so that each goroutine may open two.
		if c.name == "kirim" && n > 2*senders {
			t.Errorf("%d connections for %d goroutines", n, senders)
		}
	}
}
