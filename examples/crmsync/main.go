// Crmsync copies contacts, and the conversations that have changed, as JSON
// lines. Stopped by Ctrl-C or an error, it goes on from the same page the next
// time. A line may come again: let it replace the one with the same id.
//
//	go run ./examples/crmsync                            # a sandbox
//	go run ./examples/crmsync crmsync.state >>crm.jsonl  # KIRIM_API_KEY and KIRIM_PHONE_NUMBER_ID are set
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// state is what a round needs to know of those before it.
type state struct {
	Began         time.Time `json:"began"`
	Since         time.Time `json:"since"`         // what changed earlier is copied already
	Contacts      string    `json:"contacts"`      // the cursor of the page to go on from
	Conversations string    `json:"conversations"` // likewise
	HaveContacts  bool      `json:"have_contacts"`
}

// round copies what is left of a round. The API has no filter for contacts.
func (s *state) round(ctx context.Context, out io.Writer, number *kirim.PhoneNumber, limit int) error {
	s.Began = cmp.Or(s.Began, time.Now().Add(-5*time.Minute)) // clocks differ
	if !s.HaveContacts {
		list := number.Contacts.All(ctx, kirim.ContactListParams{Cursor: s.Contacts, Limit: limit})
		if err := write(out, list, &s.Contacts); err != nil {
			return err
		}
		s.HaveContacts = true
	}
	changed := kirim.ConversationListParams{UpdatedSince: s.Since, Cursor: s.Conversations, Limit: limit}
	if err := write(out, number.Conversations.All(ctx, changed), &s.Conversations); err != nil {
		return err
	}
	*s = state{Since: s.Began}
	return nil
}

// write writes a list, and notes where it was stopped.
func write[T any](out io.Writer, list iter.Seq2[*T, error], cursor *string) error {
	for item, err := range list {
		if stopped := (*kirim.ListError)(nil); errors.As(err, &stopped) {
			*cursor = stopped.Cursor
		}
		if errors.Is(err, kirim.CodeInvalidCursor) {
			*cursor = "" // it is of no use any more; the next run begins anew
		}
		if err == nil {
			err = json.NewEncoder(out).Encode(item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, log.New(os.Stderr, "", 0), os.Args[1:]...); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, notes *log.Logger, files ...string) error {
	var s state
	if len(files) > 0 {
		client, err := kirim.NewClientFromEnv()
		if err != nil {
			return err
		}
		saved, err := os.ReadFile(files[0]) //nolint:gosec // the user names the file
		if err == nil {
			err = json.Unmarshal(saved, &s)
		}
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		err = s.round(ctx, out, client.PhoneNumber(os.Getenv("KIRIM_PHONE_NUMBER_ID")), 100)
		saved, _ = json.Marshal(s)
		if unsaved := os.WriteFile(files[0]+".new", saved, 0o600); unsaved != nil { //nolint:gosec // the user names the file
			return errors.Join(err, unsaved)
		}
		return errors.Join(err, os.Rename(files[0]+".new", files[0])) //nolint:gosec // the user names the file
	}
	clock := kirimtest.NewManualClock(time.Now().Add(-time.Hour))
	sandbox := kirimtest.NewServer(kirimtest.WithClock(clock))
	defer sandbox.Close()
	client, err := sandbox.Client()
	if err != nil {
		return err
	}
	for i := range 4 {
		sandbox.Receive(kirimtest.Inbound{From: fmt.Sprintf("+628110000000%d", i), Name: "Ana", Text: "Halo"})
	}
	clock.Advance(time.Hour)
	sandbox.AddFault(kirimtest.Fault{Path: "/v1/*/contacts", Skip: 1, Status: 401, Code: "expired_api_key"})
	for _, name := range []string{"a round that is stopped", "the rest of it", "a round in which one conversation has changed"} {
		err := s.round(ctx, out, client.PhoneNumber(sandbox.PhoneNumberID), 2)
		notes.Printf("%s: %v", name, cmp.Or(err, errors.New("done")))
		sandbox.Receive(kirimtest.Inbound{From: "+6281100000000", Text: "Is it ready?"})
	}
	return nil
}
