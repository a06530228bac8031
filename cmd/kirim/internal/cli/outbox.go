package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
	"github.com/spf13/cobra"
)

// outboxURLVar holds the URL of an outbox in PostgreSQL. It may have a
// password, so that it is no flag.
const outboxURLVar = "KIRIM_OUTBOX_URL"

func newOutbox(a *app.App) *cobra.Command {
	b := &outboxCommands{app: a}
	group := newGroup(groupMessages, "outbox", "Look at an outbox, and decide about its messages",
		b.migrate(), b.status(), b.list(), b.get(), b.progress(), b.resolve(), b.replay(), b.cancel(), b.pause(), b.resume())
	group.Long = `Look at the messages of an outbox (package github.com/kirim-go/kirim/outbox), and
decide about them. The database is a file of SQLite (--file), or PostgreSQL
($KIRIM_OUTBOX_URL, else $DATABASE_URL). Nothing is sent by these commands: the
processes of the service send.`
	group.PersistentFlags().StringVar(&b.file, "file", "", "use the outbox in this SQLite `file`")
	group.PersistentFlags().StringVar(&b.schema, "schema", "", "use the tables in this `schema` of PostgreSQL (default the first of the search path)")
	return group
}

// outboxBox is an outbox of either database.
type outboxBox interface {
	Get(ctx context.Context, id int64) (*outbox.Record, error)
	GetByKey(ctx context.Context, key string) (*outbox.Record, error)
	List(ctx context.Context, f outbox.Filter) iter.Seq2[*outbox.Record, error]
	Progress(ctx context.Context, campaign string) (outbox.Progress, error)
	Depths(ctx context.Context) ([]outbox.Depth, error)
	Pauses(ctx context.Context) ([]outbox.Pause, error)
	Pause(ctx context.Context, number string, class outbox.Class, reason string) error
	Resume(ctx context.Context, number string, class outbox.Class) (bool, error)
	Resolve(ctx context.Context, id int64, decision outbox.Decision) error
	Replay(ctx context.Context, ids ...int64) error
	Cancel(ctx context.Context, ids ...int64) ([]int64, error)
	CancelCampaign(ctx context.Context, campaign string) (int, error)
	CheckTables(ctx context.Context) error
	Close() error
}

type outboxCommands struct {
	app          *app.App
	file, schema string
}

// use opens the outbox for as long as do runs.
func (b *outboxCommands) use(ctx context.Context, config outbox.Config, do func(outboxBox) error) error {
	if b.file != "" {
		return b.useFile(ctx, config, do)
	}
	url, origin := b.app.Getenv(outboxURLVar), outboxURLVar
	if url == "" {
		url, origin = b.app.Getenv("DATABASE_URL"), "DATABASE_URL"
	}
	if url == "" {
		return app.WithHint(app.Usagef("it is not known where the outbox is"), "give --file, or set %s or DATABASE_URL", outboxURLVar)
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil { // the text of pgx hides the password
		return app.Usagef("%s: %w", origin, err)
	}
	defer pool.Close()
	config.Schema = b.schema
	box, err := outboxpg.New(ctx, pool, outbox.Disabled(), config)
	if err != nil {
		return err
	}
	return useOpen(ctx, box, do)
}

// useOpen closes the outbox after use.
func useOpen(ctx context.Context, box outboxBox, do func(outboxBox) error) error {
	err := box.CheckTables(ctx)
	if err != nil {
		err = app.WithHint(err, "kirim outbox migrate makes the tables")
	} else {
		err = explainOutbox(do(box))
	}
	if closed := box.Close(); err == nil {
		err = closed
	}
	return err
}

func (b *outboxCommands) useFile(ctx context.Context, config outbox.Config, do func(outboxBox) error) error {
	if b.schema != "" {
		return app.Usagef("--schema is for PostgreSQL, and --file is SQLite")
	}
	file := b.file
	if config.Migrate {
		file = filepath.Dir(file)
	}
	if _, err := os.Stat(file); err != nil { // it would be made, and be empty
		return app.Usagef("--file: %w", err)
	}
	box, err := outboxsqlite.Open(ctx, b.file, outbox.Disabled(), config)
	if err != nil {
		return err
	}
	return useOpen(ctx, box, do)
}

// explainOutbox gives an error of an outbox the exit code of its kind.
func explainOutbox(err error) error {
	var wrong *outbox.StateError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, outbox.ErrNotFound):
		return &app.Failure{Code: app.ExitNotFound, Err: err, Hint: "kirim outbox list shows the messages"}
	case errors.As(err, &wrong):
		return &app.Failure{Code: app.ExitFailed, Err: err, Hint: fmt.Sprintf("kirim outbox get %d shows the message", wrong.ID)}
	}
	return err
}

func (b *outboxCommands) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Make the tables, or bring them up to date", Args: arguments(),
		Long: `Make the tables of the outbox and of River, or bring them up to date. It can run
while services of the version before send, and several times at once.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.use(cmd.Context(), outbox.Config{Migrate: true}, func(outboxBox) error {
				b.app.Note("The tables are up to date.")
				return nil
			})
		},
	}
}

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
		Use: "list", Short: "List messages", Args: arguments(),
		Example: `  kirim outbox list --file orders.db --state unknown
  kirim outbox list --campaign march-sale --state discarded --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return app.Usagef("--limit is not at least 1")
			}
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error { return b.printList(cmd.Context(), box, f, limit) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar((*string)(&f.State), "state", "", "only those in this state: queued, sent, unknown, discarded, expired, cancelled or suppressed")
	flags.StringVar((*string)(&f.Status), "status", "", "only those with this delivery status: sent, delivered, read, played or failed")
	flags.StringVar(&f.Number, "from", "", "only those from this phone number `ID`")
	flags.StringVar(&f.Recipient, "to", "", "only those to this recipient")
	flags.StringVar((*string)(&f.Class), "class", "", "only those of this class")
	flags.StringVar(&f.Campaign, "campaign", "", "only those of this campaign")
	flags.StringVar((*string)(&f.Kind), "kind", "", "only those with an error of this kind")
	flags.Int64Var(&f.AfterID, "after", 0, "go on after this `ID`")
	flags.IntVar(&limit, "limit", 25, "list at most this many")
	return cmd
}

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
		Use: "get ID", Short: "Show a message with its content", Args: arguments("ID"),
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

func find(ctx context.Context, box outboxBox, id string, byKey bool) (*outbox.Record, error) {
	if byKey {
		return box.GetByKey(ctx, id)
	}
	ids, err := messageIDs(id)
	if err != nil {
		return nil, err
	}
	return box.Get(ctx, ids[0])
}

// messageIDs reads IDs of messages.
func messageIDs(args ...string) (ids []int64, err error) {
	for _, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id < 1 {
			return nil, app.Usagef("%.40q is not the ID of a message: want a number", arg)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (b *outboxCommands) resolve() *cobra.Command {
	decisions := map[string]outbox.Decision{"sent": outbox.DecideSent, "not-sent": outbox.DecideNotSent, "send-again": outbox.DecideSendAgain}
	return &cobra.Command{
		Use: "resolve ID sent|not-sent|send-again", Short: "Decide about a message of which it is unknown whether it was sent", Args: arguments("ID", "DECISION"),
		Long: `Decide about a message in the state unknown: it may have been sent. Look first
whether it arrived.

  sent        it arrived: the outbox counts it as sent
  not-sent    it did not, and is not to be sent: it is discarded
  send-again  send it again, under another idempotency key: if it arrived after
              all, the recipient gets it twice`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := messageIDs(args[0])
			if err != nil {
				return err
			}
			decision, known := decisions[args[1]]
			if !known {
				return app.Usagef("%.40q is no decision: want sent, not-sent or send-again", args[1])
			}
			return b.change(cmd.Context(), "Decided.", func(ctx context.Context, box outboxBox) error { return box.Resolve(ctx, ids[0], decision) })
		},
	}
}

// change does something that prints nothing of its own, and notes that it was done.
func (b *outboxCommands) change(ctx context.Context, done string, do func(context.Context, outboxBox) error) error {
	return b.use(ctx, outbox.Config{}, func(box outboxBox) error {
		if err := do(ctx, box); err != nil {
			return err
		}
		b.app.Note("%s", done)
		return nil
	})
}

func (b *outboxCommands) replay() *cobra.Command {
	return &cobra.Command{
		Use: "replay ID...", Short: "Send discarded messages again", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := messageIDs(args...)
			if err != nil {
				return err
			}
			return b.change(cmd.Context(), "They are queued.", func(ctx context.Context, box outboxBox) error { return box.Replay(ctx, ids...) })
		},
	}
}

func (b *outboxCommands) cancel() *cobra.Command {
	campaign := ""
	cmd := &cobra.Command{
		Use: "cancel [ID...]", Short: "Cancel messages that were not sent yet, or a whole campaign",
		Example: `  kirim outbox cancel 17 18
  kirim outbox cancel --campaign march-sale`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := messageIDs(args...)
			switch {
			case err != nil:
				return err
			case (len(ids) == 0) == (campaign == ""):
				return app.Usagef("want IDs, or --campaign")
			}
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error {
				n, err := cancel(cmd.Context(), box, campaign, ids)
				b.app.Note("%d cancelled; what was sent, or may have been, is not.", n)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&campaign, "campaign", "", "cancel what is queued of this campaign")
	return cmd
}

func cancel(ctx context.Context, box outboxBox, campaign string, ids []int64) (n int, err error) {
	if campaign != "" {
		return box.CancelCampaign(ctx, campaign)
	}
	cancelled, err := box.Cancel(ctx, ids...)
	return len(cancelled), err
}

// scope is what is paused or resumed.
type scope struct {
	number string
	class  string
	all    bool
}

func (s *scope) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.number, "from", "", "only what is sent from this phone number `ID`")
	cmd.Flags().StringVar(&s.class, "class", "", "only what is of this class")
	cmd.Flags().BoolVar(&s.all, "everything", false, "all numbers and classes")
}

func (s *scope) check() error {
	if s.all == (s.number != "" || s.class != "") {
		return app.Usagef("want --from, --class or both, or --everything")
	}
	return nil
}

func (b *outboxCommands) pause() *cobra.Command {
	var s scope
	reason := ""
	cmd := &cobra.Command{
		Use: "pause", Short: "Send nothing of a number or a class until it is resumed", Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return b.change(cmd.Context(), "Paused, in all processes within a second.", func(ctx context.Context, box outboxBox) error {
				return box.Pause(ctx, s.number, outbox.Class(s.class), reason)
			})
		},
	}
	s.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "paused from the command line", "why, for whoever looks")
	return cmd
}

func (b *outboxCommands) resume() *cobra.Command {
	var s scope
	cmd := &cobra.Command{
		Use: "resume", Short: "End a pause, also one that the outbox made itself", Args: arguments(),
		Long: `End a pause. Name exactly what is paused; kirim outbox status lists it. The outbox
pauses a number itself when the server refuses its key, its account or its plan:
repair that first.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return b.change(cmd.Context(), "Resumed.", func(ctx context.Context, box outboxBox) error {
				ended, err := box.Resume(ctx, s.number, outbox.Class(s.class))
				if err == nil && !ended {
					err = &app.Failure{Code: app.ExitNotFound, Err: errors.New("there is no such pause"), Hint: "kirim outbox status lists what is paused"}
				}
				return err
			})
		},
	}
	s.add(cmd)
	return cmd
}

func (b *outboxCommands) progress() *cobra.Command {
	return &cobra.Command{
		Use: "progress CAMPAIGN", Short: "Count the messages of a campaign by what became of them", Args: arguments("CAMPAIGN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error {
				p, err := box.Progress(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if p.Total == 0 {
					return &app.Failure{Code: app.ExitNotFound, Err: errors.New("there is no message of this campaign")}
				}
				return printOne(b.app, outboxProgress{
					p.Total, p.Queued, p.Sent, p.Delivered, p.Read, p.Failed, p.Discarded, p.Unknown, p.Expired, p.Cancelled, p.Suppressed,
				})
			})
		},
	}
}

// outboxProgress is a [outbox.Progress] as it is printed.
type outboxProgress struct {
	Total      int                `json:"total"`
	Queued     int                `json:"queued"`
	Sent       int                `json:"sent"`
	Delivered  int                `json:"delivered"`
	Read       int                `json:"read"`
	Failed     map[kirim.Kind]int `json:"failed"`
	Discarded  map[kirim.Kind]int `json:"discarded"`
	Unknown    int                `json:"unknown"`
	Expired    int                `json:"expired"`
	Cancelled  int                `json:"cancelled"`
	Suppressed int                `json:"suppressed"`
}

func (b *outboxCommands) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what waits in each class, and what is paused", Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.use(cmd.Context(), outbox.Config{}, func(box outboxBox) error { return b.printStatus(cmd.Context(), box) })
		},
	}
}

// outboxLine is a line of the status: what waits in a class, or a pause.
type outboxLine struct {
	Type   string     `json:"type"` // queue or pause
	Class  string     `json:"class,omitempty"`
	Number string     `json:"number,omitempty"`
	Queued *int       `json:"queued,omitempty"`
	Oldest float64    `json:"oldest_seconds,omitempty"`
	Reason string     `json:"reason,omitempty"`
	Since  *time.Time `json:"since,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
}

func (b *outboxCommands) printStatus(ctx context.Context, box outboxBox) error {
	depths, err := box.Depths(ctx)
	if err != nil {
		return err
	}
	pauses, err := box.Pauses(ctx)
	if err != nil {
		return err
	}
	if b.app.JSON {
		for _, d := range depths {
			if err := b.app.PrintJSON(outboxLine{Type: "queue", Class: string(d.Class), Queued: &d.Queued, Oldest: d.Oldest.Seconds()}); err != nil {
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
	printTable(screen, []column[outbox.Depth]{
		{title: "Class", value: func(d *outbox.Depth) string { return string(d.Class) }},
		{title: "Queued", value: func(d *outbox.Depth) string { return strconv.Itoa(d.Queued) }},
		{title: "Oldest", value: func(d *outbox.Depth) string { return ageOf(d) }},
	}, pointers(depths))
	if len(pauses) == 0 {
		return nil
	}
	screen.Printf("\n")
	printTable(screen, []column[outbox.Pause]{
		{title: "Paused number", value: func(p *outbox.Pause) string { return orAll(p.Number) }},
		{title: "Class", value: func(p *outbox.Pause) string { return orAll(string(p.Class)) }},
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

func orAll(text string) string {
	if text == "" {
		return "all"
	}
	return text
}

func ageOf(d *outbox.Depth) string {
	if d.Oldest == 0 {
		return ""
	}
	return d.Oldest.Truncate(time.Second).String()
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
