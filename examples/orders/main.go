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
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	if err := run(ctx, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// shop is the program: its database, and how it reaches WhatsApp.
type shop struct {
	db       *database
	whatsApp *whatsApp
}

func run(ctx context.Context, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		return fmt.Errorf("%w (ADDR=127.0.0.1:8081 chooses another address)", err)
	}
	defer func() { _ = listener.Close() }()
	url := "http://" + listener.Addr().String()
	s := &shop{}
	if s.whatsApp, err = connect(url + webhookPath); err != nil {
		return err
	}
	defer s.whatsApp.close()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	s.db, err = open(ctx, os.Getenv("DATABASE_URL"), outbox.NewSender(s.whatsApp.client), outbox.Config{
		Migrate: true,
		OnEnd:   s.messageEnded,
		Logger:  logger,
	})
	if err != nil {
		return err
	}
	defer s.db.close()
	verifier, err := kirim.NewWebhookVerifier(s.whatsApp.webhookSecret)
	if err != nil {
		return err
	}
	hooks := kirim.NewWebhookHandler(verifier, kirim.WithWebhookLogger(logger), kirim.WithDeduper(s.db.deduper))
	hooks.OnMessage(s.reply)
	s.db.Attach(hooks)
	server := &http.Server{Handler: s.routes(hooks), ReadHeaderTimeout: 10 * time.Second}

	fmt.Fprintf(out, "Orders are in %s, messages go to %s.\n%s", s.db.name, s.whatsApp.name, s.usage(url))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.db.Run(ctx) }) // sends until ctx ends, and ends what it has begun
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(ending)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	fmt.Fprintln(out, "Stopped. What waits is sent at the next start.")
	return nil
}
