package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/spf13/cobra"
)

func newSend(a *app.App) *cobra.Command {
	s := &send{app: a}
	cmd := &cobra.Command{
		Use:     "send --to NUMBER --text TEXT",
		Short:   "Send a message, or check and preview it",
		GroupID: groupMessages,

		Annotations: map[string]string{sendsMessages: "yes"},
		Args:        app.Arguments(),
		Long: `Send one message. It is checked against the documented limits first, and what
breaks one is not sent.

Each send carries an idempotency key, one of its own or that of
--idempotency-key. When the outcome is in doubt (exit code 4), run the same
command again with the key that the error names: the message is sent once.
Only Kirim honours keys; other systems get none, and a send to them that may
have arrived is not repeated.

With --dry-run nothing is sent: the message is checked, and shown as the
recipient sees it and as the request that would be made. For a template its
definition is read from the account, or from the file of --definition.`,
		Example: `  kirim send --to +6281100000001 --text "Your order has left the warehouse."
  kirim send --to +6281100000001 --template order_update --language id --param A-17
  kirim send --to +6281100000001 --image https://files.example.com/77.jpg --caption "Order 77"
  kirim send --message message.json --idempotency-key order-1042:shipped
  kirim send --dry-run --to +6281100000001 --message buttons.json
  kirim send --system cloudapi --to +6281100000001 --document invoice.pdf`,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	cmd.Flags().SortFlags = false
	s.flags.add(cmd)
	cmd.Flags().StringVar(&s.key, "idempotency-key", "", "send under this `key`: with the same key the message is sent once within 24 hours")
	cmd.Flags().BoolVar(&s.dry, "dry-run", false, "check and preview the message, and send nothing")
	cmd.Flags().StringVar(&s.wait, "wait", "", "wait until the message is in this `state`: sent, delivered or read; or has failed")
	cmd.Flags().DurationVar(&s.patience, "wait-timeout", time.Minute, "how long --wait waits at most")
	a.AddFromFlag(cmd)
	a.AddSystemFlag(cmd, app.SystemNames())
	a.AddConnectionFlags(cmd)
	return cmd
}

type send struct {
	app      *app.App
	flags    messageFlags
	key      string
	dry      bool
	wait     string
	patience time.Duration
}

func (s *send) run(cmd *cobra.Command) error {
	if s.dry {
		return s.dryRun(cmd)
	}
	conn, err := s.app.Connect()
	if err != nil {
		return err
	}
	if err := s.check(cmd, conn.System); err != nil {
		return err
	}
	message, pending, err := s.flags.message(s.app, cmd, conn.System)
	if err != nil {
		return err
	}
	sender, err := conn.Messages()
	if err != nil {
		return err
	}
	if pending != nil {
		// A message that is not valid is found before its file is uploaded.
		if _, err := dryRun(cmd.Context(), conn, message); err != nil {
			return err
		}
		id, err := s.upload(cmd.Context(), conn, pending)
		if err != nil {
			return err
		}
		message.Content = pending.use(id)
	}
	return s.send(cmd.Context(), conn, sender, message)
}

// check refuses what the system cannot do.
func (s *send) check(cmd *cobra.Command, system app.System) error {
	switch {
	case s.key != "" && !system.HonoursKeys:
		return app.WithHint(app.Usagef("%s has no idempotency keys: --idempotency-key would protect nothing", system.Title), "leave the flag out")
	case s.wait != "" && system.Name != app.Kirim:
		return app.WithHint(app.Usagef("--wait needs the list of messages, which only Kirim has"), "leave the flag out")
	case s.wait == "" && cmd.Flags().Changed("wait-timeout"):
		return app.WithHint(app.Usagef("--wait-timeout is only for --wait"), "add --wait delivered, or leave it out")
	case s.wait != "":
		return checkWait("--wait", kirim.MessageStatus(s.wait), "--wait-timeout", s.patience)
	}
	return nil
}

func (s *send) upload(ctx context.Context, conn *app.Connection, pending *upload) (string, error) {
	client, err := conn.CloudAPI()
	if err != nil {
		return "", err
	}
	f, err := os.Open(pending.path)
	if err != nil {
		return "", app.Usagef("%w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	media, err := client.PhoneNumber(conn.From.Text).Media().Upload(ctx,
		cloudapi.UploadParams{MIMEType: pending.mimeType, Filename: filepath.Base(pending.path)}, f)
	if err != nil {
		return "", &app.Failure{Code: app.ExitNotSent, Err: fmt.Errorf("uploading %s: %w", pending.path, err), Hint: "the message was not sent; run the command again"}
	}
	return media.ID, nil
}

// sent is what is printed of an accepted message.
type sent struct {
	ID             string `json:"id"`
	Status         string `json:"status"`
	WAMID          string `json:"message_id,omitempty"`
	To             string `json:"to"`
	Type           string `json:"type"`
	System         string `json:"system"`
	RequestID      string `json:"request_id,omitempty"`
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	Attempts       int    `json:"attempts"`
	Replayed       bool   `json:"replayed"`
}

func (s *send) send(ctx context.Context, conn *app.Connection, sender app.MessageSender, message kirim.OutboundMessage) error {
	var response kirim.Response
	opts := []kirim.RequestOption{kirim.WithResponse(&response)}
	if s.key != "" {
		opts = append(opts, kirim.WithIdempotencyKey(s.key))
	}
	// The ID of what is sent must not get lost with a reader that has left.
	signal.Ignore(syscall.SIGPIPE)
	accepted, err := sender.Send(ctx, message, opts...)
	if kirim.IsOutside24hWindow(err) {
		return withWindowHint(ctx, conn, message.To, err)
	}
	if err != nil {
		return err
	}
	out := sent{
		ID: accepted.ID, Status: accepted.Status, WAMID: accepted.WAMID, To: message.To, Type: message.ContentKind(), System: conn.System.Name,
		RequestID: response.RequestID, IdempotencyKey: response.IdempotencyKey, Attempts: response.Attempts, Replayed: response.Replayed,
	}
	if s.wait != "" {
		return s.waitFor(ctx, conn, out)
	}
	return s.print(out)
}

func (s *send) waitFor(ctx context.Context, conn *app.Connection, out sent) error {
	number, err := conn.Number()
	if err != nil {
		return err
	}
	waiting, stop := context.WithTimeout(ctx, s.patience)
	defer stop()
	message, err := number.Messages.Wait(waiting, out.ID, kirim.WithWaitStatus(kirim.MessageStatus(s.wait)))
	if message != nil {
		out.Status, out.WAMID = string(message.Status), message.WAMID
	}
	if printed := s.print(out); printed != nil {
		return printed
	}
	return waitFailure(err, out.ID, true)
}

// print prints what was accepted. If that cannot be printed, the error names the message.
func (s *send) print(out sent) error {
	if err := s.printSent(out); err != nil {
		return &app.Failure{Code: app.ExitInDoubt, Err: err, Accepted: true, Hint: "the message is " + out.ID}
	}
	return nil
}

func (s *send) printSent(out sent) error {
	if s.app.JSON {
		return s.app.PrintJSON(out)
	}
	screen := s.app.Screen()
	what := "Accepted"
	if out.Replayed {
		what = "Accepted before (the server replayed its response; nothing was sent again)"
	}
	screen.Printf("%s\n", screen.Styled(console.Good, what))
	screen.Fields([][2]string{
		{"Message", out.ID},
		{"WhatsApp ID", out.WAMID},
		{"Status", out.Status},
		{"To", out.To},
		{"Type", out.Type},
		{"Request", out.RequestID},
		{"Key", out.IdempotencyKey},
		{"Attempts", fmt.Sprint(out.Attempts)},
	})
	return s.app.Printed()
}

// checked is what is printed of a dry run.
type checked struct {
	DryRun         bool     `json:"dry_run"` // always true: nothing was sent
	Valid          bool     `json:"valid"`
	System         string   `json:"system"`
	From           string   `json:"from,omitempty"`
	To             string   `json:"to"`
	Type           string   `json:"type"`
	IdempotencyKey string   `json:"idempotency_key,omitempty"`
	Preview        string   `json:"preview"`
	Template       string   `json:"template_check,omitempty"` // checked, or why not
	Request        *request `json:"request"`
}

func (s *send) dryRun(cmd *cobra.Command) error {
	conn, err := s.app.Settings()
	if err != nil {
		return err
	}
	if err := s.check(cmd, conn.System); err != nil {
		return err
	}
	message, _, err := s.flags.message(s.app, cmd, conn.System)
	if err != nil {
		return err
	}
	template, isTemplate := message.Content.(kirim.Template)
	hasKey := conn.FindKey() == nil
	var definition *kirim.MessageTemplate
	note := ""
	if isTemplate {
		if definition, note, err = s.definition(cmd.Context(), conn, template, hasKey); err != nil {
			return err
		}
	}
	from := conn.From.Text
	conn.Pretend()
	made, err := dryRun(cmd.Context(), conn, message)
	if err != nil {
		return err
	}
	if definition != nil {
		if err := template.Check(definition); err != nil {
			return err
		}
	}
	text, err := preview(message.Content, definition)
	if err != nil {
		return err
	}
	return s.printCheck(checked{
		DryRun: true, Valid: true, System: conn.System.Name, From: from, To: message.To, Type: message.ContentKind(),
		IdempotencyKey: s.key, Preview: text, Template: note, Request: made,
	})
}

// definition returns that of a template, and how the template was checked.
func (s *send) definition(ctx context.Context, conn *app.Connection, t kirim.Template, hasKey bool) (*kirim.MessageTemplate, string, error) {
	if file := s.flags.fill.definition; file != "" {
		definition, err := readDefinition(s.app, file)
		return definition, "against " + inputName(file), err
	}
	switch {
	case !hasKey:
		return nil, "not against its definition: there is no API key to read it", nil
	case conn.System.Name != app.Kirim:
		return nil, "not against its definition: give it with --definition", nil
	case conn.From.Text == "":
		return nil, "not against its definition: --from is missing", nil
	}
	number, err := conn.Number()
	if err != nil {
		return nil, "", err
	}
	definition, err := findTemplate(ctx, kirimTemplates{number.Templates}, t.Name, t.Language)
	return definition, "against the definition of the account", err
}

func (s *send) printCheck(c checked) error {
	if s.app.JSON {
		return s.app.PrintJSON(c)
	}
	screen := s.app.Screen()
	screen.Printf("%s\n", screen.Styled(console.Good, "Valid. Dry run: nothing was sent."))
	screen.Fields([][2]string{
		{"From", c.From},
		{"To", c.To},
		{"Type", c.Type},
		{"System", c.System},
		{"Key", c.IdempotencyKey},
		{"Template", strings.TrimSpace("checked " + c.Template)},
	}[:5+min(1, len(c.Template))])
	screen.Printf("\n")
	screen.Indent("  │ ", c.Preview)
	screen.Printf("\n%s %s\n", c.Request.Method, c.Request.Path)
	screen.Printf("%s\n", console.Clean(indented(c.Request.Body)))
	return nil
}
