package cli

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/outbox"
	"github.com/spf13/cobra"
)

// outboxMessage is a message as it is printed.
type outboxMessage struct {
	ID           int64      `json:"id"`
	State        string     `json:"state"`
	Status       string     `json:"status,omitempty"`
	Number       string     `json:"number"`
	Recipient    string     `json:"recipient,omitempty"`
	Class        string     `json:"class"`
	Campaign     string     `json:"campaign,omitempty"`
	Key          string     `json:"key,omitempty"`
	Attempts     int        `json:"attempts"`
	Error        string     `json:"error,omitempty"`
	ErrorKind    string     `json:"error_kind,omitempty"`
	MessageID    string     `json:"message_id,omitempty"`
	WAMID        string     `json:"wamid,omitempty"`
	UsedTemplate bool       `json:"used_template,omitempty"`
	CreatedAt    *time.Time `json:"created_at"`
	NotBefore    *time.Time `json:"not_before,omitempty"`
	Expires      *time.Time `json:"expires_at,omitempty"`
	FirstAttempt *time.Time `json:"first_attempt_at,omitempty"`
	StatusAt     *time.Time `json:"status_at,omitempty"`
	EndedAt      *time.Time `json:"ended_at,omitempty"`
	Content      any        `json:"content,omitempty"`
}

func outboxMessageOf(r *outbox.Record) *outboxMessage {
	m := &outboxMessage{
		ID: r.ID, State: string(r.State), Status: string(r.Status), Number: r.Number, Recipient: r.Recipient, Class: string(r.Class),
		Campaign: r.Campaign, Key: r.Key, Attempts: r.Attempts, MessageID: r.KirimID, WAMID: r.WAMID, UsedTemplate: r.UsedTemplate,
		CreatedAt: timeOrNil(r.CreatedAt), NotBefore: timeOrNil(r.NotBefore), Expires: timeOrNil(r.Expires),
		FirstAttempt: timeOrNil(r.FirstAttemptAt), StatusAt: timeOrNil(r.StatusAt), EndedAt: timeOrNil(r.EndedAt),
	}
	if r.Err != nil {
		m.Error, m.ErrorKind = r.Err.Text, string(r.Err.Kind)
	}
	return m
}

func (b *outboxCommands) list() *cobra.Command {
	var f outbox.Filter
	limit := 0
	cmd := &cobra.Command{
		Use: "list", Short: "List messages", Args: app.Arguments(),
		Example: `  kirim outbox list --file orders.db --state unknown
  kirim outbox list --campaign march-sale --state discarded --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case limit < 1:
				return app.Usagef("--limit is not at least 1")
			case f.State != "" && !slices.Contains(outboxStates, f.State):
				return app.Usagef("--state is none of %s", joined(outboxStates))
			case f.Status != "" && !slices.Contains(outboxStatuses, f.Status):
				return app.Usagef("--status is none of %s", joined(outboxStatuses))
			}
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error { return b.printList(cmd.Context(), box, f, limit) })
		},
	}
	flags := cmd.Flags()
	addChoice(cmd, &f.State, "state", "only those in this `state`", outboxStates...)
	addChoice(cmd, &f.Status, "status", "only those with this delivery `status`", outboxStatuses...)
	flags.StringVar(&f.Number, "from", "", "only those from this phone number `ID`")
	flags.StringVar(&f.Recipient, "to", "", "only those to this recipient")
	addChoice(cmd, &f.Class, "class", "only those of this `class`, such as", outboxClasses...)
	flags.StringVar(&f.Campaign, "campaign", "", "only those of this campaign")
	flags.StringVar((*string)(&f.Kind), "kind", "", "only those with an error of this kind")
	flags.Int64Var(&f.AfterID, "after", 0, "go on after this `ID`")
	flags.IntVar(&limit, "limit", 25, "list at most this many")
	return cmd
}

// The states and statuses that a message can have, and the classes that there are
// without configuration.
var (
	outboxStates = []outbox.State{
		outbox.StateQueued, outbox.StateSent, outbox.StateUnknown, outbox.StateDiscarded, outbox.StateExpired, outbox.StateCancelled, outbox.StateSuppressed,
	}
	outboxStatuses = []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead, kirim.MessagePlayed, kirim.MessageFailed}
	outboxClasses  = []outbox.Class{outbox.ClassCode, outbox.ClassMarketing, outbox.ClassTransactional}
)

var outboxColumns = []column[outboxMessage]{
	{title: "ID", value: func(m *outboxMessage) string { return strconv.FormatInt(m.ID, 10) }},
	{title: "State", value: func(m *outboxMessage) string { return m.State }},
	{title: "Status", value: func(m *outboxMessage) string { return m.Status }},
	{title: "To", value: func(m *outboxMessage) string { return m.Recipient }},
	{title: "Class", value: func(m *outboxMessage) string { return m.Class }},
	{title: "Created", value: func(m *outboxMessage) string { return moment(*m.CreatedAt) }},
	{title: "Error", cut: true, below: true, value: func(m *outboxMessage) string { return m.Error }},
}

func (b *outboxCommands) printList(ctx context.Context, box outboxBox, f outbox.Filter, limit int) error {
	var rows []*outboxMessage
	more := false
	for r, err := range box.List(ctx, f) {
		if err != nil {
			return err
		}
		if more = len(rows) == limit; more {
			break
		}
		rows = append(rows, outboxMessageOf(r))
	}
	if b.app.JSON {
		for _, m := range rows {
			if err := b.app.PrintJSON(m); err != nil {
				return err
			}
		}
		return nil
	}
	if len(rows) == 0 {
		b.app.Note("There are none.")
		return nil
	}
	printTable(b.app.Screen(), outboxColumns, rows)
	if more {
		b.app.Note("There are more: go on with --after %d", rows[len(rows)-1].ID)
	}
	return nil
}

func (b *outboxCommands) get() *cobra.Command {
	byKey := false
	cmd := &cobra.Command{
		Use: "get ID", Short: "Show a message with its content", Args: app.Arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error {
				r, err := find(cmd.Context(), box, args[0], byKey)
				if err != nil {
					return err
				}
				m := outboxMessageOf(r)
				if content, kept, err := r.Content(); kept && err == nil {
					m.Content = content
				}
				return printOne(b.app, m)
			})
		},
	}
	cmd.Flags().BoolVar(&byKey, "key", false, "the ID is the key that the message was enqueued with")
	return cmd
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
