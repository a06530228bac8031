package cli

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/outbox"
)

func (b *outboxCommands) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what waits in each class, and what is paused", Args: app.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error { return b.printStatus(cmd.Context(), box) })
		},
	}
}

// outboxLine is a line of the status: what waits in a class, deliveries in the inbox, or a
// pause.
type outboxLine struct {
	Type      string     `json:"type"` // queue, inbox or pause
	Class     string     `json:"class,omitempty"`
	Number    string     `json:"number,omitempty"`
	Queued    *int       `json:"queued,omitempty"`
	Oldest    float64    `json:"oldest_seconds,omitempty"`
	Scheduled int        `json:"scheduled,omitempty"` // of those that are queued
	Paused    int        `json:"paused,omitempty"`    // likewise
	InDoubt   int        `json:"in_doubt,omitempty"`  // likewise
	Unknown   int        `json:"unknown,omitempty"`   // beside those that are queued
	Reason    string     `json:"reason,omitempty"`
	Since     *time.Time `json:"since,omitempty"`
	Until     *time.Time `json:"until,omitempty"`
}

// queueLines are those of the classes.
func queueLines(b outbox.Backlog) (lines []outboxLine) {
	for _, w := range b.Messages {
		if len(lines) == 0 || lines[len(lines)-1].Class != string(w.Class) {
			lines = append(lines, outboxLine{Type: "queue", Class: string(w.Class), Queued: new(int)})
		}
		line := &lines[len(lines)-1]
		if w.State == outbox.WaitUnknown {
			line.Unknown = w.Count
			continue
		}
		*line.Queued += w.Count
		line.Oldest = max(line.Oldest, w.Oldest.Seconds())
		switch w.State {
		case outbox.WaitScheduled:
			line.Scheduled = w.Count
		case outbox.WaitPaused:
			line.Paused = w.Count
		case outbox.WaitInDoubt:
			line.InDoubt = w.Count
		default: // it is due
		}
	}
	return lines
}

func (b *outboxCommands) printStatus(ctx context.Context, box outboxBox) error {
	backlog, err := box.Backlog(ctx)
	if err != nil {
		return err
	}
	queues := queueLines(backlog)
	pauses, err := box.Pauses(ctx)
	if err != nil {
		return err
	}
	if b.app.JSON {
		lines := queues
		if backlog.Deliveries > 0 {
			lines = append(lines, outboxLine{Type: "inbox", Queued: &backlog.Deliveries, Oldest: backlog.OldestDelivery.Seconds()})
		}
		for _, line := range lines {
			if err := b.app.PrintJSON(line); err != nil {
				return err
			}
		}
		for _, p := range pauses {
			line := outboxLine{Type: "pause", Class: string(p.Class), Number: p.Number, Reason: p.Reason, Since: timeOrNil(p.Since), Until: timeOrNil(p.Until)}
			if err := b.app.PrintJSON(line); err != nil {
				return err
			}
		}
		return nil
	}
	screen := b.app.Screen()
	printTable(screen, []column[outboxLine]{
		{title: "Class", value: func(l *outboxLine) string { return l.Class }},
		{title: "Queued", value: func(l *outboxLine) string { return strconv.Itoa(*l.Queued) }},
		{title: "Oldest", value: func(l *outboxLine) string { return ageOf(l.Oldest) }},
		{title: "Scheduled", value: func(l *outboxLine) string { return countOf(l.Scheduled) }},
		{title: "Paused", value: func(l *outboxLine) string { return countOf(l.Paused) }},
		{title: "In doubt", value: func(l *outboxLine) string { return countOf(l.InDoubt) }},
		{title: "Unknown", value: func(l *outboxLine) string { return countOf(l.Unknown) }},
	}, pointers(queues))
	if backlog.Deliveries > 0 {
		screen.Printf("\nWebhook deliveries not handled yet: %d, the oldest for %s\n", backlog.Deliveries, ageOf(backlog.OldestDelivery.Seconds()))
	}
	if len(pauses) == 0 {
		return nil
	}
	screen.Printf("\n")
	printTable(screen, []column[outbox.Pause]{
		{title: "Paused number", value: func(p *outbox.Pause) string { return cmp.Or(p.Number, "all") }},
		{title: "Class", value: func(p *outbox.Pause) string { return cmp.Or(string(p.Class), "all") }},
		{title: "Since", value: func(p *outbox.Pause) string { return moment(p.Since) }},
		{title: "Until", value: func(p *outbox.Pause) string { return moment(p.Until) }},
		{title: "Reason", cut: true, below: true, value: func(p *outbox.Pause) string { return p.Reason }},
	}, pointers(pauses))
	return nil
}

func pointers[T any](values []T) []*T {
	list := make([]*T, len(values))
	for i := range values {
		list[i] = &values[i]
	}
	return list
}

// ageOf shows whole seconds, and nothing for 0.
func ageOf(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return (time.Duration(seconds) * time.Second).String()
}

// countOf shows nothing for 0.
func countOf(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
