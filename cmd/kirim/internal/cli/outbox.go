package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
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
	Backlog(ctx context.Context) (outbox.Backlog, error)
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
	if _, unreachable := errors.AsType[*pgconn.ConnectError](err); unreachable {
		err = app.WithHint(err, "check that PostgreSQL runs there, and the URL of the database")
	} else if err != nil {
		err = app.WithHint(err, "check that this is the database of the outbox; kirim outbox migrate makes the tables")
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
		Use: "migrate", Short: "Make the tables, or bring them up to date", Args: app.Arguments(),
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
		Use: "resolve ID sent|not-sent|send-again", Short: "Decide about a message of which it is unknown whether it was sent", Args: app.Arguments("ID", "DECISION"),
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
		Use: "replay ID...", Short: "Send discarded messages again",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return app.Arguments("ID")(cmd, args)
			}
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
				if err == nil && n == 0 {
					err = &app.Failure{Code: app.ExitNotFound, Err: errors.New("none of them is queued"), Hint: "kirim outbox list --state queued shows what can be cancelled"}
				}
				if n > 0 {
					b.app.Note("%d cancelled; what was sent, or may have been, is not.", n)
				}
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

func (b *outboxCommands) progress() *cobra.Command {
	return &cobra.Command{
		Use: "progress CAMPAIGN", Short: "Count the messages of a campaign by what became of them", Args: app.Arguments("CAMPAIGN"),
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
