// Campaign sends a template to 10,000 customers, once to each, at the pace that
// the server allows. An outbox keeps what was sent, in a file beside the list. When
// the program was killed or interrupted, the same command continues. It is a module of its own:
//
//	go run -C examples/campaign .                    # against a sandbox
//	go run -C examples/campaign . /path/to/sale.txt  # to numbers in a file, with KIRIM_API_KEY and KIRIM_PHONE_NUMBER_ID set
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/examples/campaign/tpl"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

const name = "march-sale" // of the campaign: part of every key, so another one needs another name

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	info, err := os.Stdout.Stat()
	if err := run(ctx, os.Stdout, err == nil && info.Mode()&os.ModeCharDevice != 0, 10_000, os.Args[1:]...); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, terminal bool, customers int, files ...string) error {
	var path string // of the outbox
	connect, id, numbers := kirim.NewClientFromEnv, os.Getenv("KIRIM_PHONE_NUMBER_ID"), []string{"0811"}
	if len(files) > 0 {
		list, err := os.ReadFile(files[0]) //nolint:gosec // the user names the file
		if err != nil {
			return err
		}
		numbers, path = strings.Fields(string(list)), files[0]+".outbox"
	} else {
		dir, err := os.MkdirTemp("", "campaign")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		sandbox := kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Enterprise(9_600, 600)))
		defer sandbox.Close()
		if err := load(sandbox); err != nil {
			return err
		}
		sandbox.AddFault(kirimtest.Fault{Method: "POST", Skip: 100, Times: 2, Status: 500, Message: "(#131050) The customer has opted out."})
		connect, id, path = sandbox.Client, sandbox.PhoneNumberID, filepath.Join(dir, "sale.outbox")
		for i := range customers - 1 {
			numbers = append(numbers, fmt.Sprintf("+62811%07d", i))
		}
	}
	client, err := connect(kirim.WithLimiter(kirim.NewPacer())) // which sets the pace
	if err != nil {
		return err
	}
	box, err := outboxsqlite.Open(ctx, path, outbox.NewSender(client), outbox.Config{
		Migrate:      true,
		Classes:      map[outbox.Class]outbox.ClassConfig{outbox.ClassMarketing: {Workers: 32}},
		KeepMessages: -1, // as long as there is the file, nobody gets a second message
	})
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	wrong, err := enqueue(ctx, box, id, numbers)
	if err != nil {
		return err
	}
	if _, err := box.Resume(ctx, id, ""); err != nil { // whoever starts it again has fixed what paused it
		return err
	}
	return send(ctx, box, out, terminal, wrong)
}

// enqueue adds the messages that are not there yet. It returns how many of the
// numbers are none.
func enqueue(ctx context.Context, box *outboxsqlite.Outbox, id string, numbers []string) (wrong int, err error) {
	for page := range slices.Chunk(numbers, 1000) {
		var messages []outbox.Message
		for _, to := range page {
			m := tpl.NewMarchSale("20%").To(to)
			if kirim.IsInvalidRecipient(m.Validate()) {
				wrong++
				continue
			}
			messages = append(messages, outbox.Message{From: id, Message: m, Key: name + ":" + to, Class: outbox.ClassMarketing, Campaign: name})
		}
		if _, err := box.Enqueue(ctx, messages...); err != nil {
			return wrong, err
		}
	}
	return wrong, nil
}
