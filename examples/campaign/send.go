package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

// send sends until nothing waits, a number is paused or ctx ends. It shows how
// far it is, and then what became of the messages. wrong is how many more there are on the
// list, to what is no number.
func send(ctx context.Context, box *outboxsqlite.Outbox, out io.Writer, terminal bool, wrong int) error {
	sending, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- box.Run(sending)
		stop()
	}()
	bar := progressBar{out: out, terminal: terminal}
	asking := context.WithoutCancel(ctx) // the last look is after an interruption
	var failed error
	for look := time.NewTicker(100 * time.Millisecond); failed == nil && sending.Err() == nil; {
		select {
		case <-sending.Done():
		case <-look.C:
		}
		p, err := box.Progress(asking, name)
		pauses, unread := box.Pauses(asking)
		failed = errors.Join(err, unread)
		bar.show(p.Total-p.Queued+wrong, p.Total+wrong)
		if p.Done() || len(pauses) > 0 {
			stop()
		}
	}
	stop()
	if err := errors.Join(failed, <-ended); err != nil { // Run has ended what it had begun
		return err
	}
	return report(asking, box, out, wrong)
}

// progressBar is a line that changes on a terminal, and elsewhere a line for each tenth.
type progressBar struct {
	out      io.Writer
	terminal bool
	tenths   int
}

func (b *progressBar) show(done, total int) {
	if b.terminal {
		fmt.Fprintf(b.out, "\r[%-40s] %d of %d", strings.Repeat("#", 40*done/max(total, 1)), done, total)
		return
	}
	for ; b.tenths < 10 && done*10 >= (b.tenths+1)*total; b.tenths++ {
		fmt.Fprintf(b.out, "%d of %d\n", (b.tenths+1)*total/10, total)
	}
}

// report prints what became of the messages. Its error says what to do when they
// are not all sent.
func report(ctx context.Context, box *outboxsqlite.Outbox, out io.Writer, wrong int) error {
	p, err := box.Progress(ctx, name)
	if err != nil {
		return err
	}
	counts := map[string]int{
		"sent":                                  p.Sent + p.Delivered + p.Read,
		"not sent yet":                          p.Queued,
		"perhaps sent, and not sent again":      p.Unknown,
		"not sent: they have stopped marketing": p.Suppressed,
		"not sent: not a phone number":          wrong,
	}
	for kind, n := range p.Discarded {
		counts["refused: "+string(kind)] = n
	}
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		if counts[outcome] > 0 {
			fmt.Fprintf(out, "\n%8d %s", counts[outcome], outcome)
		}
	}
	fmt.Fprintln(out)
	pauses, err := box.Pauses(ctx)
	if err != nil {
		return err
	}
	for _, pause := range pauses {
		return fmt.Errorf("number %s cannot send: %s\nFix that, and run the same command again: it continues with those that are not sent yet", pause.Number, pause.Reason)
	}
	if p.Queued > 0 {
		return errors.New("interrupted: run the same command again, and it continues")
	}
	return nil
}
