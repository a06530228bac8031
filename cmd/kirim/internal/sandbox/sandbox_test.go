package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const scenarioYAML = `
plan: {name: pro}
templates:
  - name: order_ready
    language: en
    components: [{type: BODY, text: "Hi {{1}}, your order is *ready*."}]
conversations:
  - customer: "+6281100000002"
    name: Ana
    messages:
      - {from: customer, text: "Is it ready?", age: 5m}
      - {from: business, text: "Let me look."}
faults:
  - {method: GET, status: 503, after: 10m, for: 1m}
`

// safeBuffer is a buffer that a running command writes to.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// running is a sandbox that runs.
type running struct {
	announcement
	errors *safeBuffer
	end    func() error
}

// command is the program with the sandbox alone.
func command(out, errors io.Writer, environment map[string]string, args ...string) *cobra.Command {
	a := app.New()
	a.Out, a.Err, a.In, a.JSON = out, errors, strings.NewReader(""), slices.Contains(args, "--json")
	a.Getenv = func(name string) string { return environment[name] }
	root := &cobra.Command{Use: "kirim", SilenceErrors: true, SilenceUsage: true}
	a.AddGlobalFlags(root)
	root.AddGroup(&cobra.Group{ID: "group"})
	root.AddCommand(New(a, "group"))
	root.SetArgs(append([]string{"sandbox"}, args...))
	return root
}

// start runs a sandbox until the test ends, on a free port unless the environment
// has another address.
func start(t *testing.T, environment map[string]string, args ...string) running {
	t.Helper()
	settings := map[string]string{"KIRIM_SANDBOX_ADDR": "127.0.0.1:0", "XDG_CONFIG_HOME": t.TempDir()}
	maps.Copy(settings, environment)
	reader, writer := io.Pipe()
	r := running{errors: new(safeBuffer)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		err := command(writer, r.errors, settings, append(args, "--json")...).ExecuteContext(ctx) //nolint:contextcheck // ExecuteContext passes it
		writer.CloseWithError(fmt.Errorf("the sandbox ended: %w", err))
		ended <- err
	}()
	r.end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = r.end() })
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(line), &r.announcement); err != nil {
		t.Fatalf("the first line is %q: %v", line, err)
	}
	return r
}

func (r running) client(t *testing.T) *kirim.Client {
	t.Helper()
	client, err := kirim.NewClient(r.APIKey, kirim.WithBaseURL(r.BaseURL))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestASandboxSaysHowToReachItAndEndsCleanly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env")
	r := start(t, nil, "--env-file", file)
	if err := r.client(t).Health(t.Context()); err != nil {
		t.Error(err)
	}
	lines, err := os.ReadFile(file)
	want := fmt.Sprintf("KIRIM_BASE_URL=%s\nKIRIM_API_KEY=%s\nKIRIM_PHONE_NUMBER_ID=%s\nKIRIM_WEBHOOK_SECRET=%s\n", r.BaseURL, r.APIKey, r.PhoneNumberID, r.WebhookSecret)
	if err != nil || string(lines) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, lines, want)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := r.end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if _, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(r.InspectorURL, "http://"), "/")); err == nil {
		t.Error("it still listens")
	}
}

func TestPeopleGetLinesToPaste(t *testing.T) {
	t.Parallel()
	var out safeBuffer
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- command(&out, io.Discard, map[string]string{"XDG_CONFIG_HOME": t.TempDir()}, "--addr", "127.0.0.1:0").ExecuteContext(ctx) //nolint:contextcheck // ExecuteContext passes it
	}()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(out.String(), "Ctrl-C") && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"KIRIM_BASE_URL=http://127.0.0.1:", "KIRIM_API_KEY=kdv_", "KIRIM_PHONE_NUMBER_ID=1", "KIRIM_WEBHOOK_SECRET=whsec_"} {
		if !strings.Contains(out.String(), "\nexport "+name) {
			t.Errorf("%s is missing:\n%s", name, out.String())
		}
	}
}

func TestAPortThatIsTakenGivesWay(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := start(t, nil, "--addr", l.Addr().String())
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if strings.Contains(r.BaseURL, ":"+port) || !strings.Contains(r.errors.String(), "port "+port+" is taken: the sandbox is on 127.0.0.1:") {
		t.Errorf("%s\n%s", r.BaseURL, r.errors.String())
	}
}

func TestAScenarioAndAStateSurviveRestarts(t *testing.T) {
	t.Parallel()
	scenario, file := write(t, "scenario.yaml", scenarioYAML), filepath.Join(t.TempDir(), "state.json")
	first := start(t, nil, "--seed", scenario, "--state", file)
	messages := first.client(t).PhoneNumber(first.PhoneNumberID).Messages
	sent, err := messages.Send(t.Context(), kirim.OutboundMessage{
		To: "+6281100000002", Content: kirim.Template{Name: "order_ready", Language: "en", Components: []kirim.Component{kirim.FillBody("Ana")}},
	}, kirim.WithIdempotencyKey("order-17"))
	if err != nil {
		t.Fatal(err)
	}
	if err := first.end(); err != nil {
		t.Fatal(err)
	}
	again := start(t, nil, "--seed", scenario, "--state", file)
	if again.APIKey != first.APIKey || again.WebhookSecret != first.WebhookSecret {
		t.Error("the credentials are others")
	}
	list, err := again.client(t).PhoneNumber(again.PhoneNumberID).Messages.List(t.Context(), kirim.MessageListParams{})
	if err != nil || len(list.Items) != 3 || list.Items[0].ID != sent.ID {
		t.Errorf("%v, %+v", err, list)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestTemplatesAreLoadedAgainWhenTheirFileChanges(t *testing.T) {
	t.Parallel()
	file := write(t, "promo.json", `{"name":"promo","category":"MARKETING","language":"en","components":[{"type":"BODY","text":"Old"}]}`)
	r := start(t, nil, "--templates", filepath.Dir(file))
	templates := r.client(t).PhoneNumber(r.PhoneNumberID).Templates
	content := func() string {
		found, err := templates.Get(t.Context(), "promo", "en")
		if err != nil {
			t.Fatal(err)
		}
		return found.Content
	}
	if got := content(); got != "Old" {
		t.Errorf("the template says %q", got)
	}
	for _, step := range []struct{ text, want string }{
		{`{"name":`, "the templates of the file stay as they were"},
		{"", "promo.json is empty\nthe templates of the file stay as they were"},
		{`[{"name":"promo","category":"MARKETING","language":"en","components":[{"type":"BODY","text":"New one"}]}]`, "loaded promo.json"},
	} {
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(30 * time.Second); !strings.Contains(r.errors.String(), step.want) && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
		if !strings.Contains(r.errors.String(), step.want) {
			t.Fatalf("want %q in %q", step.want, r.errors.String())
		}
	}
	if got := content(); got != "New one" {
		t.Errorf("the template says %q", got)
	}
}

func TestTemplatesInYAMLAreLoadedAgainInAllTheirLanguages(t *testing.T) {
	t.Parallel()
	const old = "\n\nname: promo\ncategory: marketing\nparameters: {who: Ana}\nlanguages:\n  en: {body: 'Old, {{who}}.'}\n  id: {body: 'Lama, {{who}}.'}\n"
	file := write(t, "promo.yaml", old)
	dir := filepath.Dir(file)
	for name, text := range map[string]string{".schema.json": "{}", "notes.md": "none", "code.json": `{"name":"code","category":"authentication","languages":{"en":{"buttons":[{"type":"otp"}]}}}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, nil, "--templates", dir)
	templates := r.client(t).PhoneNumber(r.PhoneNumberID).Templates
	content := func(name, language string) string {
		found, err := templates.Get(t.Context(), name, language)
		if err != nil {
			t.Fatal(err)
		}
		return found.Content
	}
	if got := content("promo", "en") + content("promo", "id"); got != "Old, {{1}}.Lama, {{1}}." {
		t.Errorf("the template says %q", got)
	}
	content("code", "en")
	for _, step := range []struct{ text, want string }{
		{strings.Replace(old, "body", "bodi", 1), "promo.yaml:7:8: languages.en.bodi: there is no such member; "},
		{strings.Replace(old, "{body: 'Old, {{who}}.'}", "", 1), "promo.yaml:7:6: languages.en: want a body\nthe templates of the file stay as they were"},
		{strings.Replace(old, "Lama", "Baru", 1), "loaded promo.yaml"},
	} {
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(patience); !strings.Contains(r.errors.String(), step.want); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("want %q in %q", step.want, r.errors.String())
			}
		}
	}
	if got := content("promo", "en") + content("promo", "id"); got != "Old, {{1}}.Baru, {{1}}." {
		t.Errorf("the template says %q", got)
	}
}

func TestFlagsWinOverTheEnvironmentAndThatOverTheFile(t *testing.T) {
	t.Parallel()
	config := write(t, "config.yaml", "sandbox: {plan: 7, any_message: true}\n")
	plan := func(environment map[string]string, args ...string) int {
		r := start(t, environment, append(args, "--config", config)...)
		me, err := r.client(t).Me(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return me.RateLimits.WritePerMinute
	}
	if got := plan(nil); got != 7 {
		t.Errorf("the file gives %d", got)
	}
	if got := plan(map[string]string{"KIRIM_SANDBOX_PLAN": "8"}); got != 8 {
		t.Errorf("the environment gives %d", got)
	}
	if got := plan(map[string]string{"KIRIM_SANDBOX_PLAN": "8"}, "--plan", "pro"); got != 600 {
		t.Errorf("the flag gives %d", got)
	}
}

// TestEachFlagHasAVariableAndAMemberOfTheFile sets each flag in all three places.
func TestEachFlagHasAVariableAndAMemberOfTheFile(t *testing.T) {
	t.Parallel()
	values := func(kind string) []string { // of the flag, the variable and the file; any three that differ
		switch kind {
		case "bool":
			return []string{"true", "false", "true"}
		case "duration":
			return []string{"1s", "2s", "3s"}
		}
		return []string{"of-flag", "of-variable", "of-file"}
	}
	resolved := func(name, kind string, places int) string {
		v := values(kind)
		a := app.New()
		environment := map[string]string{"KIRIM_CONFIG": write(t, "config.yaml", "sandbox: {"+strings.ReplaceAll(name, "-", "_")+": "+v[2]+"}\n")}
		if places > 1 {
			environment[variableOf(name)] = v[1]
		}
		a.Getenv = func(name string) string { return environment[name] }
		cmd := New(a, "")
		if places > 2 {
			if err := cmd.Flags().Set(name, v[0]); err != nil {
				t.Fatal(err)
			}
		}
		if err := new(options).complete(a, cmd); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return strings.Trim(cmd.Flags().Lookup(name).Value.String(), "[]") // around a list
	}
	n := 0
	New(app.New(), "").LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		n++
		for places := 1; places <= 3; places++ {
			if got, want := resolved(f.Name, f.Value.Type(), places), values(f.Value.Type())[3-places]; got != want {
				t.Errorf("--%s in %d places is %q, want %q", f.Name, places, got, want)
			}
		}
	})
	if n < 12 {
		t.Errorf("only %d flags", n)
	}
}

func TestAStateThatCannotBeSavedForAWhileIsSavedLater(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "state.json")
	r := start(t, nil, "--state", file)
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	numbers := 0
	change := func() {
		numbers++
		body := fmt.Sprintf(`{"from":"+62811000000%02d","text":"Hi"}`, numbers)
		resp, err := http.Post(r.InspectorURL+"_kirim/api/inbound", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	change()
	wait(t, func() bool { return strings.Contains(r.errors.String(), "it is tried again with the next change") })
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	change()
	wait(t, func() bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "+6281100000002")
	})
	if strings.Count(r.errors.String(), "it is tried again") != 1 {
		t.Error(r.errors.String())
	}
}

func TestASandboxThatOthersReachNeedsAToken(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"KIRIM_SANDBOX_TOKEN": "a-token-of-16-letters"}, "--addr", "0.0.0.0:0", "--expose")
	for token, want := range map[string]int{"": 401, "a-token": 401, "a-token-of-16-letters": 200} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.InspectorURL+"_kirim/api/state", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%q: %d, want %d", token, resp.StatusCode, want)
		}
	}
}

func TestWrongUsageIsRefusedBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	for want, tt := range map[string]struct {
		environment map[string]string
		args        []string
	}{
		"can be reached from other machines":     {nil, []string{"--addr", "0.0.0.0:0"}},
		"--expose needs a token":                 {nil, []string{"--addr", ":0", "--expose"}},
		"the token has 5 characters":             {map[string]string{"KIRIM_SANDBOX_TOKEN": "short"}, []string{"--addr", ":0", "--expose"}},
		"--addr: want HOST:PORT":                 {nil, []string{"--addr", "4010"}},
		"--plan: want free, pro":                 {nil, []string{"--plan", "gold"}},
		"$KIRIM_SANDBOX_EXPOSE: want a value":    {map[string]string{"KIRIM_SANDBOX_EXPOSE": "maybe"}, nil},
		"there is no member \"port\"":            {nil, []string{"--config", write(t, "c.yaml", "sandbox: {port: 1}\n")}},
		"line 1: ":                               {nil, []string{"--seed", write(t, "s.yaml", "a: [\n")}},
		`unknown field "template"`:               {nil, []string{"--seed", write(t, "s.json", `{"template":[]}`)}},
		"contacts[0].phone: want a phone number": {nil, []string{"--seed", write(t, "s.yaml", "contacts: [{phone: '1'}]")}},
		"is not the state of a sandbox":          {nil, []string{"--state", write(t, "st.json", "{}")}},
		"--templates: open":                      {nil, []string{"--templates", "/nowhere"}},
		"t.json: templates[0].name: the name":    {nil, []string{"--templates", filepath.Dir(write(t, "t.json", `{"language":"en"}`))}},
		"--webhook: want an http or https URL":   {nil, []string{"--webhook", "localhost:8080"}},
		"--meta-webhook: ":                       {nil, []string{"--meta-webhook", "http://127.0.0.1:1/"}},
		"unknown flag: --port":                   {nil, []string{"--port", "1"}},
		"unexpected argument \"now\"":            {nil, []string{"now"}},
		"--token-file: ":                         {nil, []string{"--token-file", "/nowhere"}},
		"--state: open":                          {nil, []string{"--state", "/nowhere/state.json"}},
		"got another character at byte 6 of 9":   {map[string]string{"KIRIM_SANDBOX_WEBHOOK_SECRET": "whsec$HOM"}, nil},
		"--env-file: open":                       {nil, []string{"--env-file", "/nowhere/.env"}},
		"no such file or directory":              {nil, []string{"--seed", "/nowhere.yaml"}},
	} {
		environment := map[string]string{"KIRIM_SANDBOX_ADDR": "127.0.0.1:0", "XDG_CONFIG_HOME": t.TempDir()}
		maps.Copy(environment, tt.environment)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		err := command(io.Discard, io.Discard, environment, tt.args...).ExecuteContext(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
