package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/spf13/cobra"
)

func newDoctor(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Check the setup: key, base URL, clock, reachability, rate limits, subscriptions",
		GroupID: groupSetup,
		Args:    app.Arguments(),
		Long: `Check the setup with reads alone. Each line says what is right, or what to do.
Exit code 8 says that something is wrong; warnings do not count.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{app: a}
			d.run(cmd.Context())
			if err := cmd.Context().Err(); err != nil { // what failed then says nothing of the setup
				return err
			}
			return d.print()
		},
	}
	a.AddConnectionFlags(cmd)
	a.AddSystemFlag(cmd, "kirim, cloudapi")
	a.AddFromFlag(cmd)
	return cmd
}

// finding is the outcome of one check.
type finding struct {
	Check  string `json:"check"`
	Result string `json:"result"` // ok, warning, wrong or skipped
	Text   string `json:"text"`
	ToDo   string `json:"to_do,omitempty"`
}

const (
	resultOK      = "ok"
	resultWarning = "warning"
	resultWrong   = "wrong"
	resultSkipped = "skipped"
)

type doctor struct {
	app      *app.App
	conn     *app.Connection
	findings []finding
}

func (d *doctor) add(check, result, todo, format string, args ...any) {
	d.findings = append(d.findings, finding{check, result, console.Line(fmt.Sprintf(format, args...)), todo})
}

func (d *doctor) ok(check, format string, args ...any) { d.add(check, resultOK, "", format, args...) }

// failed adds what is wrong by an error of the API.
func (d *doctor) failed(check string, err error) {
	text, todo := app.Explain(err)
	var transport *kirim.TransportError
	switch {
	case kirim.IsAuthentication(err):
		todo = "put a key of this account there: " + d.conn.KeyOrigin
	case errors.As(err, &transport):
		todo = "check the network, the base URL, and that a server listens there"
	}
	d.add(check, resultWrong, todo, "%s", text)
}

// checkTimeout is how long one check may take.
const checkTimeout = 15 * time.Second

func (d *doctor) run(ctx context.Context) {
	if !d.settings() || !d.key() {
		return
	}
	if d.conn.System.Name == app.CloudAPI {
		d.cloudAPI(ctx)
		return
	}
	client, err := d.conn.Kirim()
	if err != nil {
		d.failed("base url", err)
		return
	}
	var response kirim.Response
	if !d.reach(ctx, client, &response) {
		return
	}
	d.clock(response.Header)
	if !d.account(ctx, client) {
		return
	}
	d.numbers(ctx, client)
	d.subscriptions(ctx, client)
	d.deliveries(ctx, client)
}

func (d *doctor) settings() bool {
	conn, err := d.app.Settings()
	if err != nil {
		d.failed("configuration", err)
		return false
	}
	d.conn = conn
	if _, err := os.Stat(conn.Config); err == nil {
		d.ok("configuration", "%s", conn.Config)
	} else {
		d.ok("configuration", "no file at %s; none is needed", conn.Config)
	}
	if name := conn.System.Name; name != app.Kirim && name != app.CloudAPI {
		d.add("system", resultWrong, "run kirim doctor for kirim or cloudapi", "%s has nothing that can be read to check the setup", conn.System.Title)
		return false
	}
	d.ok("base url", "%s (%s)", conn.BaseURL.Text, conn.BaseURL.Origin)
	return true
}

func (d *doctor) key() bool {
	if err := d.conn.FindKey(); err != nil {
		d.failed("api key", err)
		return false
	}
	origin := d.conn.KeyOrigin
	info, err := os.Stat(origin)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		d.add("api key", resultWarning, "run chmod 600 "+origin, "from %s, which other users of this machine may read", origin)
		return true
	}
	d.ok("api key", "from %s", origin)
	return true
}

func (d *doctor) reach(ctx context.Context, client *kirim.Client, response *kirim.Response) bool {
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	began := time.Now()
	if err := client.Health(ctx, kirim.WithResponse(response), kirim.WithoutRetry()); err != nil {
		d.failed("reachability", err)
		return false
	}
	d.ok("reachability", "the server is up and responds within %d ms", time.Since(began).Milliseconds())
	return true
}

// largestSkew is how far the clocks may differ: signatures of deliveries are
// good for 5 minutes.
const largestSkew = time.Minute

// clock compares the clock of this machine with that of the server. Its header
// has whole seconds.
func (d *doctor) clock(header http.Header) {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		d.add("clock", resultSkipped, "", "the server does not tell its time")
		return
	}
	skew := d.app.Now().Sub(at).Round(time.Second)
	if skew.Abs() > largestSkew {
		d.add("clock", resultWrong, "set the clock: deliveries are refused when it is 5 minutes off", "%s away from the server's", skew.Abs())
		return
	}
	d.ok("clock", "within %s of the server's", max(time.Second, skew.Abs()))
}

func (d *doctor) account(ctx context.Context, client *kirim.Client) bool {
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	var response kirim.Response
	me, err := client.Me(ctx, kirim.WithResponse(&response))
	if err != nil {
		d.failed("account", err)
		return false
	}
	d.ok("account", "%s (%s), key %q", me.Organization.Name, me.Organization.ID, me.APIKey.Label)
	limits := me.RateLimits
	text := fmt.Sprintf("plan %s: %d writes and %d reads a minute", limits.Tier, limits.WritePerMinute, limits.ReadPerMinute)
	left := response.RateLimit
	switch {
	case left.Known() && left.Remaining*10 < left.Limit:
		d.add("rate limits", resultWarning, "wait a minute, or spread the calls", "%s; only %d of %d reads are left now", text, left.Remaining, left.Limit)
	case left.Known():
		d.ok("rate limits", "%s; %d of %d reads are left now", text, left.Remaining, left.Limit)
	default:
		d.ok("rate limits", "%s", text)
	}
	return true
}

func (d *doctor) numbers(ctx context.Context, client *kirim.Client) {
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	page, err := client.Accounts.List(ctx, kirim.AccountListParams{Status: kirim.AccountStatusAll})
	if err != nil {
		d.failed("business number", err)
		return
	}
	from := d.conn.From.Text
	var connected []string
	for _, account := range page.Items {
		if account.Status == kirim.AccountConnected {
			connected = append(connected, account.PhoneNumberID)
		}
		if account.PhoneNumberID != from || from == "" {
			continue
		}
		if account.Status != kirim.AccountConnected {
			d.add("business number", resultWrong, "connect it in the vendor's dashboard", "%s is %s", from, account.Status)
			return
		}
		d.ok("business number", "%s (%s), connected, from %s", account.PhoneNumber, from, d.conn.From.Origin)
		return
	}
	switch {
	case len(connected) == 0:
		d.add("business number", resultWrong, "connect a number in the vendor's dashboard", "the account has no connected number")
	case from != "":
		d.add("business number", resultWrong, "choose one of "+strings.Join(connected, ", "), "%s (%s) is none of this account", from, d.conn.From.Origin)
	default:
		d.add("business number", resultWarning, "set KIRIM_PHONE_NUMBER_ID="+connected[0], "none is chosen")
	}
}

func (d *doctor) subscriptions(ctx context.Context, client *kirim.Client) {
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	n := 0
	for s, err := range client.WebhookSubscriptions.All(ctx, kirim.WebhookSubscriptionListParams{Limit: largestPage}) {
		if err != nil {
			d.failed("subscriptions", err)
			return
		}
		n++
		switch {
		case s.Status == kirim.SubscriptionDisabled:
			d.add("subscription", resultWrong, "fix the receiver, then set the subscription to active", "%s is disabled after too many failures", s.ID)
		case s.Status != kirim.SubscriptionActive:
			d.add("subscription", resultWarning, "set it to active to get events again", "%s is %s", s.ID, s.Status)
		case s.ConsecutiveFailures > 0:
			d.add("subscription", resultWarning, "kirim deliveries list --subscription "+s.ID+" shows why", "%s is active, but its last %s failed", s.ID, count(s.ConsecutiveFailures, "attempt", "attempts"))
		default:
			d.ok("subscription", "%s is active, for %s", s.ID, count(len(s.Events), "event type", "event types"))
		}
	}
	if n == 0 {
		d.add("subscriptions", resultWarning, "create one to hear of replies and of messages that fail late", "there is none")
	}
}

func (d *doctor) deliveries(ctx context.Context, client *kirim.Client) {
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	since := d.app.Now().Add(-24 * time.Hour)
	n, more := 0, ""
	for _, status := range []kirim.WebhookDeliveryStatus{kirim.DeliveryFailed, kirim.DeliveryDead} {
		page, err := client.WebhookDeliveries.List(ctx, kirim.WebhookDeliveryListParams{Status: status, CreatedAfter: since, Limit: largestPage})
		if err != nil {
			d.failed("deliveries", err)
			return
		}
		n += len(page.Items)
		if page.HasMore {
			more = " or more"
		}
	}
	if n == 0 {
		d.ok("deliveries", "none has failed for good within 24 hours")
		return
	}
	d.add("deliveries", resultWarning, "kirim deliveries list --status failed (or dead) shows them, kirim deliveries replay makes one again",
		"%d%s failed for good within 24 hours", n, more)
}

func (d *doctor) cloudAPI(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	client, err := d.conn.CloudAPI()
	if err != nil {
		d.failed("base url", err)
		return
	}
	if d.conn.From.Text == "" {
		d.add("business number", resultWrong, "set "+d.conn.System.FromVar, "none is chosen, and there is nothing else to read")
		return
	}
	var response kirim.Response
	began := time.Now()
	info, err := client.PhoneNumber(d.conn.From.Text).Get(ctx, cloudapi.PhoneNumberGetParams{}, kirim.WithResponse(&response), kirim.WithoutRetry())
	if err != nil {
		d.failed("business number", err)
		return
	}
	d.ok("reachability", "the server responds within %d ms", time.Since(began).Milliseconds())
	d.clock(response.Header)
	d.ok("business number", "%s (%s), quality %s", info.DisplayPhoneNumber, info.VerifiedName, info.QualityRating)
	if left := response.RateLimit; left.Known() && left.Percent {
		d.ok("rate limits", "%d %% are left", left.Remaining)
	}
}

func (d *doctor) print() error {
	wrong := 0
	screen := d.app.Screen()
	width := 0
	for _, f := range d.findings {
		width = max(width, len(f.Check))
	}
	for _, f := range d.findings {
		if f.Result == resultWrong {
			wrong++
		}
		if d.app.JSON {
			if err := d.app.PrintJSON(f); err != nil {
				return err
			}
			continue
		}
		mark, style := "ok", console.Good
		switch f.Result {
		case resultWrong:
			mark, style = "wrong", console.Bad
		case resultWarning:
			mark, style = "warn", console.Warn
		case resultSkipped:
			mark, style = "-", console.Faint
		}
		lead := fmt.Sprintf("%-5s  %-*s  ", mark, width, f.Check)
		screen.Hanging(style, mark, lead, f.Text)
		if f.ToDo != "" {
			screen.Hanging(console.Plain, "", strings.Repeat(" ", len(lead)), "→ "+f.ToDo)
		}
	}
	if wrong > 0 {
		return &app.Failure{Code: app.ExitCheck, Err: fmt.Errorf("%s found something wrong", count(wrong, "check", "checks"))}
	}
	return nil
}
