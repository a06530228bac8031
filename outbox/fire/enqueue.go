package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// enqueuePlan is what a process enqueues.
type enqueuePlan struct {
	Number     string `json:"number"` // that sends
	Prefix     string `json:"prefix"` // of the keys
	Table      string `json:"table"`  // of the application, which gets a row for each message
	Recipients int    `json:"recipients"`
	PerSecond  int    `json:"per_second"` // transactions
	// Messages is how many there are; 0 means that they do not end.
	Messages int `json:"messages"`
	// DieAt is where the process kills itself, after some transactions: "" for
	// nowhere, "enqueued" before the commit or "committed" after it.
	DieAt string `json:"die_at"`
}

// fate is what becomes of a message after the server accepted it.
type fate string

const (
	fateFine          fate = "fine"
	fateThrottled     fate = "throttled"     // fails late for a rate limit: is sent again
	fateOutside       fate = "outside"       // fails late for the window: the template goes out
	fateUndeliverable fate = "undeliverable" // fails late for good
)

// smooth begins the keys of messages none of which fails late.
const smooth = "smooth"

// fateOf returns the fate of a message, which its key decides.
func fateOf(key string) fate {
	if strings.HasPrefix(key, smooth) {
		return fateFine
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	switch h.Sum32() % 40 {
	case 0:
		return fateThrottled
	case 1:
		return fateOutside
	case 2:
		return fateUndeliverable
	}
	return fateFine
}

const templateName = "order_update"

// messageOf returns the message with a key, which is also what it says.
func messageOf(number, recipient, key string) outbox.Message {
	m := outbox.Message{From: number, Key: key, Message: kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: key}}}
	if fateOf(key) == fateOutside {
		m.Template = &kirim.Template{Name: templateName, Language: "en", Components: []kirim.Component{kirim.FillBody(key)}}
	}
	return m
}

// recipientOf returns the phone number of a recipient.
func recipientOf(i int) string { return fmt.Sprintf("+62811%07d", i) }

// enqueueAll enqueues messages in transactions that also write to a table of the
// application, until ctx ends or there are no more. That table says what was
// committed, and in which order, without asking the outbox.
func enqueueAll(ctx context.Context, b *box, p enqueuePlan) error {
	const writers = 3
	var running sync.WaitGroup
	turns := make(chan int)
	for range writers {
		running.Go(func() {
			for turn := range turns {
				w := writer{b, p, turn}
				if err := w.commitSurely(ctx); err != nil && ctx.Err() == nil {
					slog.Error("fire: enqueue", "error", err)
					os.Exit(2)
				}
			}
		})
	}
	pace := time.NewTicker(time.Second / time.Duration(p.PerSecond))
	defer pace.Stop()
	for turn, messages := 0, 0; p.Messages == 0 || messages < p.Messages; turn++ {
		select {
		case <-ctx.Done():
		case <-pace.C:
			turns <- turn
			messages += sizeOf(turn)
			continue
		}
		break
	}
	close(turns)
	running.Wait()
	return nil
}

// sizeOf is how many messages a transaction has.
func sizeOf(turn int) int { return 1 + turn%4 }

// writer enqueues the messages of one transaction.
type writer struct {
	*box
	enqueuePlan
	turn int
}

// commitSurely tries until the transaction is committed: when the database fails,
// it may be.
func (w writer) commitSurely(ctx context.Context) error {
	for {
		err := w.commit(ctx)
		if err == nil || ctx.Err() != nil || isRefusal(err) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// isRefusal reports whether an error will not pass.
func isRefusal(err error) bool {
	var invalid *kirim.ValidationError
	var reused *outbox.KeyReusedError
	return errors.As(err, &invalid) || errors.As(err, &reused)
}

func (w writer) commit(ctx context.Context) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	random := rand.New(rand.NewPCG(uint64(w.turn), 1)) //nolint:gosec // the same each time
	messages := make([]outbox.Message, sizeOf(w.turn))
	for i := range messages {
		messages[i] = messageOf(w.Number, recipientOf(random.IntN(w.Recipients)), fmt.Sprintf("%s-%d-%d", w.Prefix, w.turn, i))
	}
	if err := writeOrders(ctx, w.box, tx, w.Table, messages); err != nil {
		return err
	}
	if w.turn%20 == 7 {
		return nil // the application changes its mind: none of it is sent
	}
	if w.DieAt == "enqueued" && w.turn > 10 {
		die()
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if w.DieAt == "committed" && w.turn > 10 {
		die()
	}
	return nil
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// writeOrders enqueues messages and writes a row for each of them. The row of the
// counter is locked until the commit, so that the places of a recipient's messages
// are in the order of the commits.
func writeOrders(ctx context.Context, b *box, tx *sql.Tx, table string, messages []outbox.Message) error {
	if _, err := b.enqueue(ctx, tx, messages...); err != nil {
		return err
	}
	sorted := slices.Clone(messages)
	slices.SortStableFunc(sorted, func(a, b outbox.Message) int { return cmp.Compare(a.Message.To, b.Message.To) })
	for _, m := range sorted {
		var place int
		err := tx.QueryRowContext(ctx, "INSERT INTO "+table+"_counter AS c (recipient, place) VALUES ($1, 1) ON CONFLICT (recipient) DO UPDATE SET place = c.place + 1 RETURNING place", m.Message.To).Scan(&place)
		if err != nil {
			return err
		}
		// That the key is there already means that an earlier try was committed.
		//nolint:gosec // the name of the table is a constant of the tests
		if _, err := tx.ExecContext(ctx, "INSERT INTO "+table+" (key, recipient, place) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING", m.Key, m.Message.To, place); err != nil {
			return err
		}
	}
	return nil
}
