// Command fire is one process of an application with an outbox. Its tests start
// several of it, kill and stop them, take the database away, and compare what was
// enqueued with what the server processed: nothing is processed twice, nothing is
// lost, messages to one recipient go out in the order of their commits, and what was
// not sent says why.
//
// The tests build it with the tag outboxfailpoints. It reads its plan as a line of JSON
// from its standard input, writes the URL of its webhook handler to its standard
// output, and ends when its standard input does.
//
// make outbox-fire runs everything, and make nested a tenth of it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kirim-go/kirim"
)

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fire:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	lines := bufio.NewReader(in)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	var p plan
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		os.Exit(3) // whoever started it is gone
	}()
	box, err := openBox(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = box.close() }()
	if p.Enqueue != nil {
		_, _ = fmt.Fprintln(out, "enqueues")
		return enqueueAll(ctx, box, *p.Enqueue)
	}
	url, err := serveWebhooks(ctx, box, p.WebhookSecret)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, url)
	return box.run(ctx)
}

// serveWebhooks serves the handler that the outbox listens to, until ctx ends.
func serveWebhooks(ctx context.Context, box *box, secret string) (url string, err error) {
	verifier, err := kirim.NewWebhookVerifier(secret)
	if err != nil {
		return "", err
	}
	handler := kirim.NewWebhookHandler(verifier)
	box.attach(handler)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return "http://" + listener.Addr().String(), nil
}
