// Package sandbox is the command that runs a sandbox: a Kirim on this machine, with
// a page that looks like a phone.
package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// defaultAddr is where a sandbox listens unless it is told otherwise.
const defaultAddr = "127.0.0.1:4010"

// options are the settings of a run; the flags win over the environment, and the
// environment over the configuration file.
type options struct {
	addr         string
	envFile      string
	seedFile     string
	stateFile    string
	templatesDir string
	flowsDir     string
	flowHosts    []string
	plan         string
	webhook      string
	metaWebhook  string
	tokenFile    string
	expose       bool
	anyMessage   bool
	lateRefusals bool

	review       string
	reviewAfter  time.Duration
	rejectReason string
}

// New returns the command, of a group of the help.
func New(a *app.App, group string) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "sandbox",
		GroupID: group,
		Short:   "Run a Kirim on this machine, with a page that looks like a phone",
		Long: `sandbox runs a Kirim on this machine: it behaves like the API, with its rate
limits, its 24-hour window, its templates, its signed webhooks and its errors, and
sends nothing to anybody. Meta's Cloud API is served on the same state. A page shows
what customers see, each request and each webhook, and lets you write as a customer,
arm faults and put the clock forward.

The sandbox prints lines that connect a program to it; paste them into the shell
that runs the program. With --json it prints one line:
{"base_url","api_key","phone_number_id","webhook_secret","inspector_url"}.

Every flag has an environment variable, such as $KIRIM_SANDBOX_ADDR for --addr, and
a member of "sandbox" in the configuration file, such as addr. An API key and a
webhook secret of your own come from $KIRIM_SANDBOX_API_KEY and
$KIRIM_SANDBOX_WEBHOOK_SECRET.

The page and the control API below /_kirim/ are for this machine. To be reached from
others, --expose and a token in $KIRIM_SANDBOX_TOKEN or --token-file are needed.`,
		Example: `  kirim sandbox
  kirim sandbox --webhook http://localhost:8080/webhooks --env-file .env
  kirim sandbox --seed scenario.yaml --templates templates/ --flows flows/ --state sandbox.json`,
		Args: app.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.complete(a, cmd); err != nil {
				return err
			}
			return o.run(cmd.Context(), a)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.addr, "addr", defaultAddr, "listen on this HOST:PORT; a free port is used if this one is taken")
	flags.StringVar(&o.envFile, "env-file", "", "write the settings of a program to this file, as NAME=VALUE lines")
	flags.StringVar(&o.seedFile, "seed", "", "begin with the templates, flows, contacts, conversations, webhooks and faults of this YAML or JSON file")
	flags.StringVar(&o.stateFile, "state", "", "keep the state in this file over restarts; --seed then applies to the first start alone")
	flags.StringVar(&o.templatesDir, "templates", "", "load the templates of the YAML and JSON files of this directory, and load them again when they change")
	flags.StringVar(&o.review, "template-review", "", "what becomes of templates that are created: approve (the default), reject, or none, which leaves them pending")
	flags.DurationVar(&o.reviewAfter, "template-review-after", defaultReview, "how long the review of a template takes")
	flags.StringVar(&o.rejectReason, "template-reject-reason", "", "reject templates for this reason, such as TAG_CONTENT_MISMATCH (default INVALID_FORMAT)")
	flags.StringVar(&o.flowsDir, "flows", "", "load the flows of the Flow JSON files of this directory, named by ID.json or NAME.json, and load them again when they change")
	flags.StringSliceVar(&o.flowHosts, "flow-hosts", nil, "ask data endpoints of flows on these hosts, too; by default those on this machine alone")
	flags.StringVar(&o.plan, "plan", "free", "rate limits: free (60 writes a minute), pro (600), or a number of writes a minute")
	flags.StringVar(&o.webhook, "webhook", "", "deliver all events to this URL")
	flags.StringVar(&o.metaWebhook, "meta-webhook", "", "deliver Meta's webhooks to this URL, which is asked for a challenge first")
	flags.StringVar(&o.tokenFile, "token-file", "", "read the token that others need from this file (default $KIRIM_SANDBOX_TOKEN)")
	flags.BoolVar(&o.expose, "expose", false, "allow an address that other machines can reach; needs a token")
	flags.BoolVar(&o.anyMessage, "any-message", false, "accept every message that Meta documents, in place of those that Kirim documents")
	flags.BoolVar(&o.lateRefusals, "late-refusals", false, "accept what Meta refuses, and let the message fail later")
	return cmd
}

// complete fills in what no flag says.
func (o *options) complete(a *app.App, cmd *cobra.Command) error {
	file, config, err := a.SandboxConfig()
	if err != nil {
		return err
	}
	for name := range config {
		if f := cmd.LocalNonPersistentFlags().Lookup(name); f == nil || name == "help" {
			return app.Usagef("configuration %s: sandbox: there is no member %q", file, name)
		}
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if err != nil || f.Changed || f.Name == "help" {
			return
		}
		variable := variableOf(f.Name)
		origin, value := "$"+variable, a.Getenv(variable)
		if value == "" {
			origin, value = "configuration "+file+": sandbox: "+f.Name, config[f.Name]
		}
		if value != "" && f.Value.Set(value) != nil {
			err = app.Usagef("%s: want a value as --%s takes it", origin, f.Name)
		}
	})
	return err
}

// variableOf is the environment variable that stands for a flag.
func variableOf(flag string) string {
	return "KIRIM_SANDBOX_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// ratePlan reads the flag --plan.
func (o *options) ratePlan() (kirimtest.Plan, error) {
	switch o.plan {
	case "free":
		return kirimtest.Free(), nil
	case "pro":
		return kirimtest.Pro(), nil
	}
	writes, err := strconv.Atoi(o.plan)
	if err != nil || writes < 1 {
		return kirimtest.Plan{}, app.Usagef("--plan: want free, pro or a number of writes a minute, got %q", o.plan)
	}
	return kirimtest.Enterprise(writes, 10*writes), nil
}

// defaultReview is how long a review takes unless something else is said.
const defaultReview = 2 * time.Second

// templateReview reads the flags of the review; without any, it is left to the scenario.
func (o *options) templateReview() (review kirimtest.TemplateReview, given bool, err error) {
	verdict := o.review
	if verdict == "" && o.rejectReason != "" {
		verdict = "reject"
	}
	switch {
	case verdict != "" && verdict != "approve" && verdict != "reject" && verdict != "none":
		return review, false, app.Usagef("--template-review: want approve, reject or none, got %q", verdict)
	case o.reviewAfter < 0:
		return review, false, app.WithHint(app.Usagef("--template-review-after is negative"), "--template-review none leaves templates pending")
	case o.rejectReason != "" && verdict != "reject":
		return review, false, app.Usagef("--template-reject-reason is for --template-review reject")
	}
	review = kirimtest.TemplateReview{After: o.reviewAfter, Verdict: kirimtest.TemplateApproved}
	switch verdict {
	case "reject":
		review.Verdict, review.Reason = kirimtest.TemplateRejected, o.rejectReason
	case "none":
		review.After = -1
	}
	return review, verdict != "" || o.reviewAfter != defaultReview, nil
}

// token is what others need to reach the sandbox; empty for one for this machine.
func (o *options) token(a *app.App) (string, error) {
	token := a.Getenv("KIRIM_SANDBOX_TOKEN")
	if o.tokenFile != "" {
		secret, err := app.ReadSecretFile(o.tokenFile)
		if err != nil {
			return "", app.Usagef("--token-file: %w", err)
		}
		token = secret
	}
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return "", app.Usagef("--addr: want HOST:PORT such as %s, got %q", defaultAddr, o.addr)
	}
	if host == "localhost" || net.ParseIP(host).IsLoopback() {
		return token, nil
	}
	const hint = "other machines could read messages and change the sandbox: give --expose, and a token in $KIRIM_SANDBOX_TOKEN or --token-file"
	switch {
	case !o.expose:
		return "", app.WithHint(app.Usagef("--addr %s can be reached from other machines", o.addr), hint)
	case token == "":
		return "", app.WithHint(app.Usagef("--expose needs a token"), "KIRIM_SANDBOX_TOKEN=%s kirim sandbox --expose --addr %s", rand.Text(), o.addr)
	case len(token) < 16:
		return "", app.Usagef("the token has %d characters, want at least 16", len(token))
	}
	return token, nil
}

// listen takes the address, or a free port of its host if somebody else has it.
func (o *options) listen(ctx context.Context, a *app.App) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", o.addr)
	if err == nil {
		return l, nil
	}
	host, port, _ := net.SplitHostPort(o.addr) // token has read it
	if !errors.Is(err, syscall.EADDRINUSE) || port == "0" {
		return nil, app.Usagef("--addr: %w", err)
	}
	if l, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, "0")); err != nil {
		return nil, app.Usagef("--addr: %w", err)
	}
	a.Note("port %s is taken: the sandbox is on %s", port, l.Addr())
	return l, nil
}

// run serves until ctx ends.
func (o *options) run(ctx context.Context, a *app.App) error {
	plan, err := o.ratePlan()
	if err != nil {
		return err
	}
	review, reviewed, err := o.templateReview()
	if err != nil {
		return err
	}
	token, err := o.token(a)
	if err != nil {
		return err
	}
	var scenario []byte
	if o.seedFile != "" {
		if scenario, err = readScenario(a, o.seedFile); err != nil {
			return err
		}
	}
	kept, err := openState(o.stateFile)
	if err != nil {
		return err
	}
	defer kept.close()
	credentials, err := credentials(a)
	if err != nil {
		return err
	}
	l, err := o.listen(ctx, a)
	if err != nil {
		return err
	}
	var page *inspector.Inspector
	start := []kirimtest.Option{
		kirimtest.WithListener(l),
		kirimtest.WithHTTPWebhooks(),
		kirimtest.WithInspector(func(s *kirimtest.Server) http.Handler {
			page = inspector.Config{Token: token, FlowHosts: o.flowHosts}.New(s)
			return page
		}),
	}
	if o.anyMessage {
		start = append(start, kirimtest.WithMetaMessages())
	}
	if o.lateRefusals {
		start = append(start, kirimtest.WithLateRefusals())
	}
	s := kirimtest.NewServer(slices.Concat(start, credentials, kept.options())...)
	defer s.Close()
	// What is set by a flag or the configuration wins over the state that was kept.
	if !kept.restored() || o.plan != "free" {
		s.SetPlan(plan)
	}
	if scenario != nil && !kept.restored() {
		if err := page.Seed(scenario); err != nil {
			return app.Usagef("%s: %w", o.seedFile, err)
		}
	}
	if reviewed {
		s.ReviewTemplates(review)
	}
	folders := []*folder{
		{flag: "--templates", what: "templates", dir: o.templatesDir, ends: []string{".yaml", ".yml", ".json"}, take: takeTemplates(s, page.Seed), note: a.Note},
		{flag: "--flows", what: "flows", dir: o.flowsDir, ends: []string{".json"}, take: takeFlow(page.Seed), note: a.Note},
	}
	for _, f := range folders {
		if err := f.load(); err != nil {
			return err
		}
	}
	if err := o.subscribe(s); err != nil { //nolint:contextcheck // SubscribeMeta limits its own time
		return err
	}
	if err := kept.save(s); err != nil { // the credentials, and whether the file can be written
		return err
	}
	if err := o.announce(a, s); err != nil {
		return err
	}
	return watch(ctx, s, folders, kept, a.Note)
}

// credentials are those that the environment has, in place of random ones.
func credentials(a *app.App) (options []kirimtest.Option, err error) {
	for name, option := range map[string]func(string) kirimtest.Option{
		"KIRIM_SANDBOX_API_KEY": kirimtest.WithAPIKey, "KIRIM_SANDBOX_WEBHOOK_SECRET": kirimtest.WithWebhookSecret, "KIRIM_SANDBOX_ACCESS_TOKEN": kirimtest.WithAccessToken,
	} {
		value := a.Getenv(name)
		// They are printed for a shell and written into a file of variables, as they stand.
		if i := strings.IndexFunc(value, func(r rune) bool { return !strings.ContainsRune(credentialCharacters, r) }); i >= 0 {
			return nil, app.Usagef("$%s: want letters, digits and %s, got another character at byte %d of %d", name, credentialCharacters[62:], i+1, len(value))
		}
		if value != "" {
			options = append(options, option(value))
		}
	}
	return options, nil
}

const credentialCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.=+/:"

// subscribe adds the webhooks of the flags, unless the state that was kept has them.
func (o *options) subscribe(s *kirimtest.Server) error {
	if o.webhook != "" {
		if u, err := url.Parse(o.webhook); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return app.WithHint(app.Usagef("--webhook: want an http or https URL, got %d characters", len(o.webhook)), "such as http://127.0.0.1:8080/webhooks/kirim")
		}
		known := false
		for _, sub := range s.Subscriptions() {
			known = known || sub.URL == o.webhook && sub.Status == kirimtest.SubscriptionActive
		}
		if !known {
			s.Subscribe(o.webhook)
		}
	}
	if o.metaWebhook != "" {
		if err := s.SubscribeMeta(o.metaWebhook); err != nil {
			return app.WithHint(app.Usagef("--meta-webhook: %w", err), "start the receiver first, with the verify token %s", s.VerifyToken)
		}
	}
	return nil
}

// announcement is the line of --json.
type announcement struct {
	BaseURL       string `json:"base_url"`
	APIKey        string `json:"api_key"`
	PhoneNumberID string `json:"phone_number_id"`
	WebhookSecret string `json:"webhook_secret"`
	InspectorURL  string `json:"inspector_url"`
}

// environment are the settings of a program for the sandbox.
func environment(s *kirimtest.Server) [][2]string {
	return [][2]string{
		{"KIRIM_BASE_URL", s.URL}, {"KIRIM_API_KEY", s.APIKey}, {"KIRIM_PHONE_NUMBER_ID", s.PhoneNumberID}, {"KIRIM_WEBHOOK_SECRET", s.WebhookSecret},
	}
}

// announce says how to reach the sandbox.
func (o *options) announce(a *app.App, s *kirimtest.Server) error {
	settings := environment(s)
	if o.envFile != "" {
		var lines strings.Builder
		for _, setting := range settings {
			fmt.Fprintf(&lines, "%s=%s\n", setting[0], setting[1])
		}
		if err := os.WriteFile(o.envFile, []byte(lines.String()), 0o600); err != nil {
			return app.Usagef("--env-file: %w", err)
		}
	}
	if a.JSON {
		return a.PrintJSON(announcement{s.URL, s.APIKey, s.PhoneNumberID, s.WebhookSecret, s.InspectorURL})
	}
	screen := a.Screen()
	screen.Printf("%s\n\n", screen.Styled(console.Strong, "The sandbox is running. Paste these lines into the shell of your program:"))
	for _, setting := range settings {
		screen.Printf("export %s=%s\n", setting[0], setting[1])
	}
	screen.Printf("\nThe phone, the requests and the webhooks are on %s\n", screen.Styled(console.Strong, s.InspectorURL))
	screen.Printf("%s\n", screen.Styled(console.Faint, "Meta's Cloud API: "+s.MetaURL+", with the access token "+s.AccessToken+" and the business account "+s.WABAID))
	screen.Printf("%s\n", screen.Styled(console.Faint, "Ctrl-C ends it."))
	return nil
}

// pollInterval is how often the files of templates and flows are looked at.
const pollInterval = 500 * time.Millisecond

// watch loads templates and flows again when their files change and saves the state when it has
// changed, until ctx ends.
func watch(ctx context.Context, s *kirimtest.Server, folders []*folder, kept *state, note func(format string, args ...any)) error {
	saved := make(chan error, 1)
	go func() { saved <- kept.keep(ctx, s, note) }()
	var poll <-chan time.Time // nil without a directory
	if slices.ContainsFunc(folders, func(f *folder) bool { return f.dir != "" }) {
		ticker := time.NewTicker(pollInterval)
		defer ticker.Stop()
		poll = ticker.C
	}
	for {
		select {
		case err := <-saved: // at the latest when ctx has ended
			return err
		case <-poll:
			for _, f := range folders {
				f.reload()
			}
		}
	}
}
