package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/cli"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write the output of the transcripts into the manual")

// manual is the page of the command line.
const manual = "../../docs/cli.md"

// transcripts are the pages with transcripts, and how many commands they have at least.
var transcripts = map[string]int{manual: 30, "../../docs/templates.md": 10}

// reader is a person who types the commands of the manual one after the other.
type reader struct {
	t        *testing.T
	world    *world
	dir      string
	env      map[string]string
	keychain fileKeychain
	now      time.Time

	shown  map[string]string // what is in the manual for an ID, a port or a key
	actual map[string]string // the other way round
	next   map[string]int    // by the prefix of an ID
}

func newReader(t *testing.T) *reader {
	t.Helper()
	now := time.Date(2026, time.March, 1, 9, 0, 0, 0, time.UTC)
	clock := kirimtest.NewManualClock(now.Add(-time.Hour))
	w := &world{receiver: newReceiver()}
	t.Cleanup(w.receiver.server.Close)
	w.sandbox = kirimtest.Start(t, kirimtest.WithHTTPWebhooks(), kirimtest.WithClock(clock), kirimtest.WithWebhookSecret("whsec_example"))
	w.sandbox.Subscribe(w.receiver.server.URL+"/webhooks/kirim", "message.received", "message.status", "conversation.closed")
	w.sandbox.Receive(kirimtest.Inbound{From: "+6281100000002", Name: "山田太郎", Text: "こんにちは"})
	w.sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Name: "Siti", Text: "Is my order ready?"})
	w.sandbox.Settle()
	clock.Advance(time.Hour)
	client, err := w.sandbox.Client()
	if err != nil {
		t.Fatal(err)
	}
	team := w.sandbox.Teams()[0].ID
	if err := client.Do(t.Context(), "POST", "/labels", nil, map[string]string{"name": "Wholesale", "color": "blue", "team_id": team}, nil); err != nil {
		t.Fatal(err)
	}
	r := &reader{
		t: t, world: w, dir: t.TempDir(), env: w.variables(), now: now,
		shown: map[string]string{}, actual: map[string]string{}, next: map[string]int{},
	}
	r.keychain = fileKeychain(filepath.Join(r.dir, "keychain"))
	r.env["XDG_CONFIG_HOME"] = "/home/me/.config"
	r.stands(strings.TrimPrefix(w.receiver.server.URL, "http://"), "127.0.0.1:8080")
	r.stands(strings.TrimSuffix(strings.TrimPrefix(w.sandbox.URL, "http://"), "/v1"), "127.0.0.1:8787")
	r.write("key.txt", w.sandbox.APIKey)
	r.write("invoice.pdf", "%PDF-1.4\n")
	return r
}

// stands notes what the manual shows for something that each run has anew.
func (r *reader) stands(actual, shown string) { r.shown[actual], r.actual[shown] = shown, actual }

func (r *reader) write(name, text string) {
	file := filepath.Join(r.dir, name)
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

var (
	ids       = regexp.MustCompile(`\b([a-z]{3,4}_)([0-9A-Z]{26})\b`)
	wamids    = regexp.MustCompile(`wamid\.[\w=+/-]{32}`)
	variable  = regexp.MustCompile(`((?:in|within) )\d+( ms)|("took_ms":)\d+`)
	cursors   = regexp.MustCompile(`(--cursor )\S+`)
	newKeys   = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)
	versions  = regexp.MustCompile(`go1\.\d+(\.\d+)?(, \w+/\w+)`)
	mediaIDs  = regexp.MustCompile(`\b29\d{14}\b`)
	signature = regexp.MustCompile(`(t=1772356\d{3},v1=)[0-9a-f]{64}`)
)

// show replaces what differs in each run.
func (r *reader) show(text string) string {
	for actual, shown := range r.shown {
		text = strings.ReplaceAll(text, actual, shown)
	}
	text = ids.ReplaceAllStringFunc(text, func(id string) string {
		prefix, _, _ := strings.Cut(id, "_")
		if _, shown := r.actual[id]; shown {
			return id
		}
		if shown, known := r.shown[id]; known { // twice in this text
			return shown
		}
		r.next[prefix]++
		shown := fmt.Sprintf("%s_01HXYZABCDEFGHJKMNPQRST%03d", prefix, r.next[prefix])
		r.stands(id, shown)
		return shown
	})
	text = wamids.ReplaceAllString(text, "wamid.EXAMPLE")
	text = variable.ReplaceAllString(text, "${1}${3}2${2}")
	text = cursors.ReplaceAllString(text, "${1}CURSOR")
	text = newKeys.ReplaceAllString(text, "KEYOFTWENTYSIXLETTERSINALL")
	text = versions.ReplaceAllString(text, "go1.26.0${2}")
	text = mediaIDs.ReplaceAllString(text, "2900000000000001")
	return signature.ReplaceAllString(text, "${1}…")
}

// pause is between two commands.
const pause = 10 * time.Second

// run runs a command line and returns what a terminal shows.
func (r *reader) run(line string) string {
	for shown, actual := range r.actual {
		line = strings.ReplaceAll(line, shown, actual)
	}
	words := split(line)
	if words[0] == "cat" {
		text, err := os.ReadFile(filepath.Join(r.dir, words[1]))
		if err != nil {
			r.t.Fatal(err)
		}
		return string(text)
	}
	if words[0] != "kirim" {
		r.t.Fatalf("%s: only kirim and cat are known", line)
	}
	var screen, file bytes.Buffer
	a := &app.App{
		In: strings.NewReader(""), Out: &screen, Err: &screen, Columns: 80,
		Getenv: func(name string) string { return r.env[name] },
		Now:    func() time.Time { return r.now }, Keychain: r.keychain,
	}
	r.env["NO_COLOR"] = "1"
	args := words[1:]
	for len(args) > 2 {
		operator, name := args[len(args)-2], args[len(args)-1]
		if operator != ">" && operator != "<" {
			break
		}
		args = args[:len(args)-2]
		if operator == ">" {
			a.Out, a.Columns = &file, 0
			defer func() { r.write(name, file.String()) }()
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			r.t.Fatal(err)
		}
		a.In = bytes.NewReader(text)
	}
	if code := cli.Run(context.Background(), a, args); code != 0 && file.Len() > 0 {
		r.t.Errorf("%s: exit code %d", line, code)
	}
	r.world.sandbox.Advance(pause)
	r.now = r.now.Add(pause)
	r.world.sandbox.Settle()
	return r.show(screen.String())
}

// split splits a line into words, of which some are in double quotes.
func split(line string) (words []string) {
	quoted, begun := false, false
	var word strings.Builder
	for _, c := range line + " " {
		switch {
		case c == '"':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	return words
}

// Not parallel: the commands of the manual name files of the working directory.
func TestTheTranscriptsOfTheManualAreTrue(t *testing.T) {
	t.Setenv("TZ", "UTC")
	time.Local = time.UTC //nolint:gosmopolitan // the manual has one zone
	for page, least := range transcripts {
		t.Run(filepath.Base(page), func(t *testing.T) { checkTranscripts(t, page, least) })
	}
}

func checkTranscripts(t *testing.T, page string, least int) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	path, err := filepath.Abs(page)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(r.dir)
	var out strings.Builder
	inside, n, rest := false, 0, string(text)
	for line := range strings.Lines(string(text)) {
		rest = rest[len(line):]
		switch {
		case line == "```console\n":
			inside = true
			out.WriteString(line)
		case line == "```\n":
			inside = false
			out.WriteString(line)
		case !inside:
			out.WriteString(line)
		case strings.HasPrefix(line, "$ "):
			n++
			out.WriteString(line)
			if file, found := strings.CutPrefix(line, "$ cat "); found {
				r.takeFile(rest, strings.TrimSpace(file))
			}
			out.WriteString(r.run(strings.TrimSpace(line[2:])))
		}
	}
	if n < least {
		t.Errorf("only %d commands", n)
	}
	if out.String() == string(text) {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, is := strings.Split(string(text), "\n"), strings.Split(out.String(), "\n")
	for i := range is {
		if i >= len(was) || was[i] != is[i] {
			t.Fatalf("%s:%d: the output is now\n\t%s\nRun go test -run Transcripts -update . in cmd/kirim", page, i+1, is[i])
		}
	}
	t.Fatalf("%s has lines that are no output any more", page)
}

// Not parallel, as above. Each command of the workflow runs against a sandbox, whose
// templates are approved while the next command is typed.
func TestTheWorkflowOfTheManualRuns(t *testing.T) {
	text, err := os.ReadFile("../../docs/templates-workflow.yml")
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	t.Chdir(r.dir)
	r.write("templates/order_shipped.yaml", "name: order_shipped\ncategory: utility\nlanguages: {en: {body: Your order is on its way.}}\n")
	r.write("tpl/README.md", "Generated code.\n")
	r.run("kirim templates generate --out tpl/templates.go")
	commands := regexp.MustCompile(`(?m)^ +(?:- )?run: (kirim .*)$`).FindAllStringSubmatch(string(text), -1)
	for _, command := range commands {
		if out := r.run(command[1]); strings.Contains(out, "Error:") {
			t.Errorf("%s: %s", command[1], out)
		}
	}
	if len(commands) != 6 {
		t.Errorf("%d commands", len(commands))
	}
	for file, want := range map[string]string{"lint.sarif": `"version": "2.1.0"`, "preview.html": "order_shipped"} {
		if got, err := os.ReadFile(file); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %v, %.100s", file, err, got)
		}
	}
}

func TestTheConfigurationOfTheManualIsAccepted(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, found := strings.Cut(example, "```\n")
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil || !found {
		t.Fatal(err, found)
	}
	var screen bytes.Buffer
	a := &app.App{
		In: strings.NewReader(""), Out: &screen, Err: &screen, Now: time.Now,
		Getenv: func(string) string { return "" }, Keychain: fileKeychain(file + ".keychain"),
	}
	code := cli.Run(t.Context(), a, []string{"doctor", "--config", file})
	for _, want := range []string{"https://api.kirimdev.com/v1 (" + file + ")", "the API key cannot be read (" + file + ")"} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("exit code %d, and no %q in\n%s", code, want, screen.String())
		}
	}
}

func TestTheTemplateFilesOfTheManualAreRight(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	var files []*templates.File
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
		f, err := templates.Parse("templates.md", []byte(block[1]))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) < 2 {
		t.Errorf("%d files", len(files))
	}
	for _, finding := range templates.Lint(files...) {
		t.Errorf("%+v", finding)
	}
}

// takeFile writes the file that the manual shows with cat: what stands between
// the command and the next one.
func (r *reader) takeFile(after, name string) {
	body, _, found := strings.Cut(after, "\n$ ")
	if !found {
		r.t.Fatalf("no command follows on cat %s", name)
	}
	r.write(name, body+"\n")
}

func TestTheManualShowsEveryCommand(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
		if !cmd.HasSubCommands() && !cmd.Hidden && cmd.Name() != "powershell" && cmd.Name() != "help" && !strings.Contains(text.String(), cmd.CommandPath()) {
			t.Errorf("no page of docs/ shows %q", cmd.CommandPath())
		}
	}
	walk(cli.New(&app.App{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now}))
}
