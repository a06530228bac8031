// Orders is a shop that confirms each order over WhatsApp, once, and replies
// to customers who ask for it. Orders and messages are in the file orders.db, and a
// sandbox in the program stands for Kirim; it prints what to try. Ctrl-C ends it:
//
//	go run -C examples/orders .
//
// With DATABASE_URL, both are in PostgreSQL, for any number of processes; ADDR
// is where each listens. With KIRIM_API_KEY it talks to Kirim, or, with
// KIRIM_BASE_URL as well, to another sandbox. It then needs
// KIRIM_PHONE_NUMBER_ID and KIRIM_WEBHOOK_SECRET.
//
// With -trace it prints the spans of OpenTelemetry, and with -metrics 127.0.0.1:9464
// Prometheus can scrape it there; docs/operations.md has a dashboard and alerts.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func main() {
	var s settings
	flag.BoolVar(&s.trace, "trace", false, "print the spans of OpenTelemetry")
	flag.StringVar(&s.metrics, "metrics", "", "where Prometheus can scrape, such as 127.0.0.1:9464")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	if err := run(ctx, os.Stdout, s); err != nil {
		log.Fatal(err)
	}
}

// settings are the flags.
type settings struct {
	trace   bool
	metrics string
}

// shop is the program: its database, and how it reaches WhatsApp.
type shop struct {
	db        *database
	whatsApp  *whatsApp
	telemetry *telemetry
}

func run(ctx context.Context, out io.Writer, settings settings) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		return fmt.Errorf("%w (ADDR=127.0.0.1:8081 chooses another address)", err)
	}
	defer func() { _ = listener.Close() }()
	url := "http://" + listener.Addr().String()
	s := &shop{}
	if s.telemetry, err = newTelemetry(ctx, settings, out); err != nil {
		return err
	}
	if s.whatsApp, err = connect(url+webhookPath, s.telemetry.ofClient()...); err != nil {
		return err
	}
	defer s.whatsApp.close()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	config := s.telemetry.ofOutbox(outbox.Config{ //nolint:contextcheck // what it makes outlives no call
		Migrate: true,
		OnEnd:   s.messageEnded,
		Logger:  logger,
	})
	s.db, err = open(ctx, os.Getenv("DATABASE_URL"), outbox.NewSender(s.whatsApp.client), config)
	if err != nil {
		return err
	}
	defer s.db.close()
	stopCounting, err := s.telemetry.ofBacklog(s.db)
	if err != nil {
		return err
	}
	defer stopCounting()
	verifier, err := kirim.NewWebhookVerifier(s.whatsApp.webhookSecret)
	if err != nil {
		return err
	}
	hooks := kirim.NewWebhookHandler(verifier, append(s.telemetry.ofHooks(), kirim.WithWebhookLogger(logger), kirim.WithDeduper(s.db.deduper))...)
	hooks.OnMessage(s.reply)
	s.db.Attach(hooks)

	fmt.Fprintf(out, "Orders are in %s, messages go to %s.\n%s%s", s.db.name, s.whatsApp.name, s.telemetry.usage(), s.usage(url))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.db.Run(ctx) }) // sends until ctx ends, and ends what it has begun
	group.Go(func() error { return serve(ctx, listener, s.routes(hooks)) })
	group.Go(func() error { return s.telemetry.serve(ctx) })
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Fprintln(out, "Stopped. What waits is sent at the next start.")
	return nil
}
