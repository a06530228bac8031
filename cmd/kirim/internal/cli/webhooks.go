package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/spf13/cobra"
)

func newWebhooks(a *app.App) *cobra.Command {
	w := &webhooks{app: a}
	group := newGroup(groupWebhooks, "webhooks", "Sign, verify and send webhook deliveries",
		w.sample(), w.signCommand(), w.verifyCommand(), w.sendCommand())
	group.Long = `Make and check webhook deliveries without an account. The secret is in
$KIRIM_WEBHOOK_SECRET, or with --system cloudapi in $META_APP_SECRET (several are
separated by commas), or in the file of --secret-file.`
	a.AddSystemFlag(group, "kirim, cloudapi")
	group.PersistentFlags().StringArrayVar(&w.secrets.files, "secret-file", nil, "read a signing secret from this `file`; may be given several times")
	return group
}

type webhooks struct {
	app     *app.App
	secrets secretsFlags
}

// signer returns what signs with the first secret.
func (w *webhooks) signer() (signer, []string, error) {
	conn, err := w.app.Settings()
	if err != nil {
		return signer{}, nil, err
	}
	if name := conn.System.Name; name != app.Kirim && name != app.CloudAPI {
		return signer{}, nil, app.Usagef("%s signs no deliveries", conn.System.Title)
	}
	secrets, err := w.secrets.read(w.app, conn.System.Name)
	if err != nil {
		return signer{}, nil, err
	}
	return signer{conn.System.Name, secrets[0]}, secrets, nil
}

func (w *webhooks) sample() *cobra.Command {
	return &cobra.Command{
		Use: "sample EVENT", Short: "Print the body of a delivery to try a receiver with: " + strings.Join(sampleEvents, " or "),
		Args: app.Arguments("EVENT"), ValidArgs: sampleEvents,
		Example: `  kirim webhooks sample message.received > body.json
  kirim webhooks sample message.received | kirim webhooks send --to http://127.0.0.1:8080/webhooks/kirim -`,
		RunE: func(_ *cobra.Command, args []string) error {
			body, err := sampleBody(args[0], w.app.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.app.Out, "%s\n", body)
			return err
		},
	}
}

func (w *webhooks) signCommand() *cobra.Command {
	at := time.Time{}
	all := false
	cmd := &cobra.Command{
		Use: "sign FILE", Short: "Print the signature header of a body", Args: app.Arguments("FILE"),
		Long: `Print the header that signs the body in a file, or in standard input for -, byte
for byte as it is.`,
		Example: `  kirim webhooks sign body.json
  curl -H "$(kirim webhooks sign body.json)" --data-binary @body.json http://127.0.0.1:8080/webhooks/kirim`,
		RunE: func(_ *cobra.Command, args []string) error {
			s, _, err := w.signer()
			if err != nil {
				return err
			}
			body, err := w.app.ReadInput(args[0], largestDelivery)
			if err != nil {
				return err
			}
			if at.IsZero() {
				at = w.app.Now()
			}
			header := http.Header{s.header(): {s.sign(body, at)}}
			if all {
				d, err := newDelivery(body)
				if err != nil {
					return err
				}
				header = d.headers(s, at)
			}
			if w.app.JSON {
				values := map[string]string{}
				for name := range header {
					values[name] = header.Get(name)
				}
				return w.app.PrintJSON(values)
			}
			return header.Write(lineFeeds{w.app.Out})
		},
	}
	addTime(w.app, cmd, &at, "at", "sign as of this time (default now)")
	cmd.Flags().BoolVar(&all, "all-headers", false, "print all headers of a delivery")
	return cmd
}

// lineFeeds writes lines that end as those of a terminal do.
type lineFeeds struct{ w io.Writer }

func (l lineFeeds) Write(b []byte) (int, error) {
	if _, err := l.w.Write(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (w *webhooks) verifyCommand() *cobra.Command {
	var headers []string
	at := time.Time{}
	cmd := &cobra.Command{
		Use: "verify FILE", Short: "Check the signature of a delivery", Args: app.Arguments("FILE"),
		Long: `Check the signature of a delivery in a file, or in standard input for -. The
file has the body, with the header given by --header, or the whole HTTP request,
which begins with POST. Exit code 8 says that the signature is not right.`,
		Example: `  kirim webhooks verify body.json --header "X-Kirim-Signature: t=1716480000,v1=9eda…"
  kirim webhooks verify request.http --at 2024-05-23T16:00:00Z`,
		RunE: func(_ *cobra.Command, args []string) error {
			s, secrets, err := w.signer()
			if err != nil {
				return err
			}
			text, err := w.app.ReadInput(args[0], 2*largestDelivery)
			if err != nil {
				return err
			}
			header, body, err := splitRequest(text)
			if err != nil {
				return app.Usagef("%s: %w", inputName(args[0]), err)
			}
			for _, line := range headers {
				name, value, found := strings.Cut(line, ":")
				if !found {
					return app.Usagef("--header is not NAME: VALUE")
				}
				header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
			}
			return w.verify(s, secrets, header, body, at)
		},
	}
	cmd.Flags().StringArrayVar(&headers, "header", nil, "a header of the delivery, as `NAME: VALUE`; may be given several times")
	addTime(w.app, cmd, &at, "at", "check as of this time (default now); signatures are good for 5 minutes")
	return cmd
}

func (w *webhooks) verify(s signer, secrets []string, header http.Header, body []byte, at time.Time) error {
	if at.IsZero() {
		at = w.app.Now()
	}
	var err error
	if s.system == app.CloudAPI {
		var v *cloudapi.WebhookVerifier
		if v, err = cloudapi.NewWebhookVerifier("not-used", secrets...); err != nil {
			return &app.Failure{Code: app.ExitUsage, Err: err}
		}
		err = v.Verify(header, body)
	} else {
		var v *kirim.WebhookVerifier
		if v, err = kirim.NewWebhookVerifier(secrets...); err != nil {
			return &app.Failure{Code: app.ExitUsage, Err: err}
		}
		err = v.WithClock(func() time.Time { return at }).Verify(header, body)
	}
	if err != nil {
		if errors.Is(err, kirim.ErrWebhookTooOld) || errors.Is(err, kirim.ErrWebhookTooNew) {
			return &app.Failure{Code: app.ExitCheck, Err: err, Hint: "signatures are good for 5 minutes: check the clocks, or give the time of the delivery with --at"}
		}
		return &app.Failure{Code: app.ExitCheck, Err: err, Hint: "check that secret and body are those of the delivery, the body byte for byte"}
	}
	out := struct {
		Valid   bool   `json:"valid"`
		Event   string `json:"event,omitempty"`
		EventID string `json:"event_id,omitempty"`
	}{Valid: true}
	event, err := kirim.DecodeEvent(header, body)
	if err == nil {
		out.Event, out.EventID = string(event.Type), event.ID
	}
	if w.app.JSON {
		return w.app.PrintJSON(out)
	}
	screen := w.app.Screen()
	screen.Printf("%s\n", screen.Styled(console.Good, "The signature is right."))
	screen.Fields([][2]string{{"Event", out.Event}, {"Event ID", out.EventID}})
	return nil
}

// splitRequest returns the headers and the body of a file, which may have both
// or a body alone.
func splitRequest(text []byte) (http.Header, []byte, error) {
	if !bytes.HasPrefix(text, []byte("POST ")) {
		return http.Header{}, text, nil
	}
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		return nil, nil, fmt.Errorf("not an HTTP request: %w", err)
	}
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	if err != nil || req.ContentLength >= 0 && req.Header.Get("Content-Length") != "" {
		return req.Header, body, err
	}
	// Without a length, a request of net/http has no body: what follows the
	// empty line is it.
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if _, after, found := bytes.Cut(text, []byte(end)); found {
			return req.Header, after, nil
		}
	}
	return req.Header, body, nil
}

func (w *webhooks) sendCommand() *cobra.Command {
	var to, event string
	cmd := &cobra.Command{
		Use: "send FILE --to URL", Short: "Post a signed delivery to a receiver", Args: app.Arguments("FILE"),
		Long: `Post the body in a file, or in standard input for -, to a receiver, with all
headers of a delivery. It is posted once. Exit code 8 says that the receiver did
not accept it.`,
		Example: `  kirim webhooks send body.json --to http://127.0.0.1:8080/webhooks/kirim`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTarget("--to", to); err != nil {
				return err
			}
			s, _, err := w.signer()
			if err != nil {
				return err
			}
			body, err := w.app.ReadInput(args[0], largestDelivery)
			if err != nil {
				return err
			}
			d, err := newDelivery(body)
			if err != nil {
				return err
			}
			if event != "" {
				d.event = event
			}
			res, err := d.post(cmd.Context(), to, s, w.app.Now())
			switch {
			case cmd.Context().Err() != nil:
				return cmd.Context().Err()
			case err != nil:
				return &app.Failure{Code: app.ExitCheck, Err: fmt.Errorf("the receiver gave no response: %w", err), Hint: "check that it listens at the address of --to"}
			}
			return w.printResponse(d, res)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the `URL` of the receiver")
	cmd.Flags().StringVar(&event, "event", "", "the `event` type in X-Kirim-Event, in place of that of the body")
	return cmd
}

func (w *webhooks) printResponse(d *delivery, res *response) error {
	out := struct {
		Event      string `json:"event"`
		EventID    string `json:"event_id"`
		DeliveryID string `json:"delivery_id"`
		Status     int    `json:"status"`
		Verdict    string `json:"verdict"`
		Body       string `json:"body,omitempty"`
		Took       int64  `json:"took_ms"`
	}{d.event, d.eventID, d.id, res.status, res.verdict(), strings.ToValidUTF8(res.body, "\uFFFD"), res.took.Milliseconds()}
	if w.app.JSON {
		if err := w.app.PrintJSON(out); err != nil {
			return err
		}
	} else {
		screen := w.app.Screen()
		screen.Fields([][2]string{
			{"Event", out.Event}, {"Event ID", out.EventID}, {"Delivery", out.DeliveryID},
			{"Response", fmt.Sprintf("%d %s: %s", res.status, http.StatusText(res.status), out.Verdict)},
		})
		if text := strings.TrimSpace(out.Body); text != "" {
			screen.Indent("  │ ", text)
		}
	}
	if res.status < 200 || res.status > 299 {
		return &app.Failure{Code: app.ExitCheck, Err: fmt.Errorf("the receiver responded with %d", res.status), Hint: out.Verdict}
	}
	return nil
}
