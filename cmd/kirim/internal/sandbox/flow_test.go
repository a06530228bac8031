package sandbox

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/flows"
)

// flowFiles are those of the documentation.
const flowFiles = "../../../../docs/flows"

// replies are what a service gets when flows are complete.
func (r running) replies(t *testing.T) <-chan *kirim.InboundMessage {
	t.Helper()
	verifier, err := kirim.NewWebhookVerifier(r.WebhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *kirim.InboundMessage, 10)
	hooks := kirim.NewWebhookHandler(verifier)
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		got <- m
		return nil
	})
	service := httptest.NewServer(hooks)
	t.Cleanup(service.Close)
	r.control(t, "POST", "subscriptions", `{"url":"`+service.URL+`","events":["message.received"]}`)
	return got
}

// get is what the control API returns at a path.
func (r running) get(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.InspectorURL+"_kirim/api/"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// reply waits for the reply of a flow.
func reply(t *testing.T, replies <-chan *kirim.InboundMessage) *kirim.FlowReply {
	t.Helper()
	select {
	case m := <-replies:
		return m.GetInteractive().GetFlow()
	case <-time.After(patience):
		t.Fatal("the service got no reply")
	}
	return nil
}

var tableFlow = kirim.Flow{
	Body: "Which day suits you?", Button: "Book a table", Name: "table", Token: "token-1", Screen: "TABLE", Data: json.RawMessage(`{"restaurant":"Kedai Kirim"}`),
}

// enter sets the value of a field that is not typed into, as a person's choice does.
func (b browser) enter(field, value string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`((e) => { e.value = %s; for (const kind of ["input", "change"]) e.dispatchEvent(new Event(kind, { bubbles: true })); return true; })(document.querySelector("[data-field=%s]"))`, quoted(value), field))
}

func TestAPersonFillsAFlowAndTheServiceGetsItsReply(t *testing.T) {
	r, messages := demo(t, "--flows", flowFiles)
	replies := r.replies(t)
	sendTo(t, messages, tableFlow)
	b := open(t, r.chat(ana))
	b.click("button", "Book a table")
	b.shows("#flow-parts h3", "Kedai Kirim")
	b.until(`document.activeElement.id === "flow-title" && document.getElementById("composer").inert`)
	b.click("button", "Continue")
	b.shows(".flow-error", "This field is required.")
	b.shows("#flow-alert", "4 fields need another value.")
	b.until(`document.activeElement.dataset.field === "name"`)
	b.picture("flow-errors")
	b.write("Ana")
	b.until(`!document.activeElement.hasAttribute("aria-invalid")`)
	b.enter("day", "2026-12-02")
	b.enter("guests", "4")
	b.click("radio", "In the garden Not when it rains + 5 minutes")
	b.shows("#flow-parts .flow-caption", "We move you inside")
	b.click("checkbox", "Birthday cake")
	b.until(`(document.getElementById("flow-form").scrollTop = 0) === 0`)
	b.picture("flow")
	b.click("button", "Continue")
	b.shows("#flow-parts h4", "Ana, a table on 2026-12-02")
	b.click("button", "Back to the screen before")
	b.until(`document.querySelector("[data-field=name]")?.value === "Ana" && document.querySelector("[data-field=wishes][value=cake]").checked`)
	b.click("button", "Continue")
	b.shows("#flow-title", "Is this right?")
	b.picture("flow-second")
	b.click("button", "Read more: Tell me about new dishes")
	b.shows("#flow-alert a", "https://shop.example/privacy")
	b.click("checkbox", "Tell me about new dishes (optional)")
	b.click("button", "Book the table")
	b.shows(".own .flow-result", "token-1")
	b.until(`document.getElementById("flow").hidden && document.activeElement.classList.contains("flow-open") && !document.getElementById("composer").inert`)
	b.picture("flow-reply")
	got := reply(t, replies)
	const want = `{"day":"2026-12-02","email":"","flow_token":"token-1","guests":"4","name":"Ana","news":true,"note":"","place":"garden","wishes":["cake"]}`
	if got.Name != "flow" || got.Body != "Sent" || got.Response != want {
		t.Errorf("the service got %+v", got)
	}
}

func TestAFlowAsksTheEndpointOfTheService(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := flows.PublicKeyPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := flows.NewHandler([]*rsa.PrivateKey{key}, func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		begin := flows.Next("APPOINTMENT", map[string]any{
			"dates": []map[string]string{{"id": "2026-12-02", "title": "2 December"}, {"id": "2026-12-03", "title": "3 December"}}, "times": []any{}, "times_shown": false,
		})
		var in struct{ Step, Date, Time, Name string }
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		switch {
		case in.Step == "date" && in.Date == "2026-12-03":
			return begin.WithErrorMessage("No time is left on 3 December."), nil
		case in.Step == "date":
			return flows.Next("APPOINTMENT", map[string]any{"times": []map[string]string{{"id": "09:00", "title": "09:00"}, {"id": "10:00", "title": "10:00"}}, "times_shown": true}), nil
		case in.Step == "time":
			return flows.Next("DETAILS", map[string]any{"summary": in.Date + ", " + in.Time}), nil
		case in.Step == "book":
			return flows.Close(map[string]any{"name": in.Name, "at": in.Date + " " + in.Time}), nil
		}
		return begin, nil
	}, flows.WithAppSecrets("the-secret-of-the-app"))
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(handler)
	defer service.Close()
	definition, err := filepath.Abs(flowFiles + "/appointment.json")
	if err != nil {
		t.Fatal(err)
	}
	scenario := demoYAML + fmt.Sprintf("flows:\n  - {id: \"18\", file: %q, endpoint: %q, app_secret: the-secret-of-the-app, public_key: %q}\n", definition, service.URL, public)
	r := start(t, nil, "--any-message", "--seed", write(t, "scenario.yaml", scenario))
	replies := r.replies(t)
	messages := r.client(t).PhoneNumber(r.PhoneNumberID).Messages
	sendTo(t, messages, kirim.Flow{Body: "When may we come?", Button: "Choose a day", ID: "18", Token: "token-2", Action: kirim.FlowDataExchange})
	b := open(t, r.chat(ana))
	b.click("button", "Choose a day")
	b.shows("#flow-title", "Your appointment")
	b.enter("date", "2026-12-03")
	b.shows("#flow-alert", "No time is left")
	b.enter("date", "2026-12-02")
	b.shows(".flow-radio", "10:00")
	b.until(`document.getElementById("flow-alert").textContent === ""`)
	b.click("radio", "10:00")
	b.picture("flow-endpoint")
	b.click("button", "Continue")
	b.shows("#flow-parts h4", "2026-12-02, 10:00")
	b.click("textbox", "Name")
	b.write("Ana")
	b.press("\r") // as a person submits a form
	b.shows(".own .flow-result", "2026-12-02 10:00")
	if got := reply(t, replies); got.Response != `{"at":"2026-12-02 10:00","flow_token":"token-2","name":"Ana"}` {
		t.Errorf("the service got %+v", got)
	}
}

func TestAFlowWithoutADefinitionIsAFormOfValues(t *testing.T) {
	r, messages := demo(t)
	replies := r.replies(t)
	sendTo(t, messages, kirim.Flow{Body: "Book?", Button: "Book", ID: "99", Token: "token-3", Screen: "A", Data: json.RawMessage(`{"guests":4,"name":"Ana"}`)})
	b := open(t, r.chat(ana))
	b.click("button", "Book")
	b.shows("#flow-parts", "No definition of the flow 99 is loaded")
	b.click("button", "Add a value")
	b.until(`document.activeElement.name === "name"`)
	b.write("garden")
	b.until(`((rows) => { rows.at(-1).querySelector("[name=value]").value = "{"; rows.at(-1).querySelector("[name=kind]").value = "json"; return rows.length === 3; })([...document.querySelectorAll(".flow-row")])`)
	b.picture("flow-unknown")
	b.click("button", "Complete the flow")
	b.shows(".toast", "garden: this is not JSON")
	b.until(`[...document.querySelectorAll(".flow-row [name=value]")].at(-1).value = "true"`)
	b.click("button", "Complete the flow")
	b.shows(".own .flow-result", "garden")
	if got := reply(t, replies); got.Response != `{"flow_token":"token-3","garden":true,"guests":4,"name":"Ana"}` {
		t.Errorf("the service got %+v", got)
	}
}

func TestNothingOfAFlowsTextRuns(t *testing.T) {
	const evil = `<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">`
	text := quoted(evil)
	var parts []string
	for _, part := range []string{
		`"TextHeading","text":%[1]s`, `"TextBody","text":%[1]s`, `"RichText","text":[%[1]s]`, `"TextInput","name":"a","label":%[1]s,"helper-text":%[1]s,"init-value":%[1]s,"required":true,"max-chars":1,"error-message":%[1]s`,
		`"Dropdown","name":"b","label":%[1]s,"data-source":[{"id":%[1]s,"title":%[1]s}]`, `"CheckboxGroup","name":"c","label":%[1]s,"data-source":[{"id":%[1]s,"title":%[1]s,"description":%[1]s}]`,
		`"OptIn","name":"d","label":%[1]s,"on-click-action":{"name":"open_url","url":"javascript:window.hacked = 1"}`, `"EmbeddedLink","text":%[1]s,"on-click-action":{"name":%[1]s}`,
		`"Image","src":%[1]s,"alt-text":%[1]s`, `%[1]s`, `"Footer","label":%[1]s,"left-caption":%[1]s,"on-click-action":{"name":"complete","payload":{"x":%[1]s}}`,
	} {
		parts = append(parts, `{"type":`+fmt.Sprintf(part, text)+`}`)
	}
	dir := t.TempDir()
	flow := fmt.Sprintf(`{"version":"7.1","screens":[{"id":"A","title":%[1]s,"terminal":true,"data":{%[1]s:{}},"layout":{"type":"SingleColumnLayout","children":[%[2]s]}}]}`, text, strings.Join(parts, ","))
	if err := os.WriteFile(filepath.Join(dir, "evil.json"), []byte(flow), 0o600); err != nil {
		t.Fatal(err)
	}
	r, messages := demo(t, "--flows", dir)
	sendTo(t, messages, kirim.Flow{Body: "?", Button: "<b>Go</b>", ID: "evil", Token: evil, Data: json.RawMessage(`{"error_message":` + text + `}`), Screen: "A"})
	sendTo(t, messages, kirim.Flow{Body: "?", Button: "Unknown", ID: evil, Screen: evil, Data: json.RawMessage(`{` + text + `:` + text + `}`)})
	b := open(t, r.chat(ana))
	b.click("button", "<b>Go</b>")
	b.shows("#flow-parts h3", "<script>window.hacked")
	b.click("button", evil) // the footer, with what is wrong with the fields
	b.shows(".flow-error", "<script>window.hacked")
	b.until(`document.querySelector("#flow-parts .flow-optin button").click() === undefined`)
	b.shows("#flow-alert", "not a web address")
	b.until(`document.querySelector("#flow-parts .flow-link:not(.flow-optin *)").click() === undefined`)
	b.shows("#flow-alert", "does not know the action")
	hacked := `window.hacked !== undefined || document.querySelector("#flow script, #flow img[src=x], #log script, #log img[src=x], a[href^=javascript]") !== null`
	if value[bool](b, hacked) {
		t.Error("a text of a flow ran")
	}
	b.press(kb.Escape)
	b.until(`document.getElementById("flow").hidden`)
	b.click("button", "Unknown")
	b.shows("#flow-parts", "<script>window.hacked")
	b.click("button", "Complete the flow")
	b.shows(".own .flow-result", "<script>window.hacked")
	if value[bool](b, hacked) {
		t.Error("a text of a flow that is not known ran")
	}
}

func TestAFlowFitsNarrowAndWideAndIsAccessible(t *testing.T) {
	r, messages := demo(t, "--flows", flowFiles)
	sendTo(t, messages, tableFlow)
	sendTo(t, messages, kirim.Flow{Body: "Another", Button: "Unknown flow", ID: "99", Screen: "A", Data: json.RawMessage(`{"guests":4}`)})
	axe := axeScript(t)
	b := open(t, r.view("phone"))
	check := func(at string, width int64) {
		t.Helper()
		if got := value[int64](b, `Math.max(document.documentElement.scrollWidth, document.getElementById("flow-form").scrollWidth)`); got > width {
			t.Errorf("%s: %d px wide", at, got)
		}
		if list := b.nameless(); len(list) > 0 {
			t.Errorf("%s: without a name: %q", at, list)
		}
		if list := b.faint(); len(list) > 0 {
			t.Errorf("%s: too little contrast: %q", at, list)
		}
		for _, violation := range b.axe(axe) {
			t.Errorf("%s: %s", at, violation)
		}
	}
	for width, scheme := range map[int64]string{360: "dark", 1280: "light"} {
		b.scheme(scheme)
		b.size(width, 760)
		b.do(chromedp.Navigate(r.chat(ana)), chromedp.Reload())
		b.until(`document.readyState === "complete" && document.getElementById("live").textContent === "live" && document.querySelectorAll(".flow-open").length === 2`)
		time.Sleep(100 * time.Millisecond) // for the layout
		b.click("button", "Book a table")
		b.shows("#flow-parts h3", "Kedai Kirim")
		at := fmt.Sprintf("%d px, %s", width, scheme)
		b.picture(fmt.Sprintf("flow-%s-%d", scheme, width))
		b.click("button", "Continue")
		b.shows("#flow-alert", "4 fields")
		check(at+", with errors", width)
		b.press(kb.Escape)
		b.until(`document.getElementById("flow").hidden`)
		b.click("button", "Unknown flow")
		b.shows("#flow-parts", "No definition")
		b.picture(fmt.Sprintf("flow-unknown-%s-%d", scheme, width))
		check(at+", not known", width)
		b.press(kb.Escape)
	}
}

// axeScript is axe-core, and empty where KIRIM_AXE does not name it; see
// TestAxeFindsNothingSeriousOnAnyView.
func axeScript(t *testing.T) string {
	t.Helper()
	file := os.Getenv("KIRIM_AXE")
	if file == "" {
		if os.Getenv("KIRIM_REQUIRE_AXE") == "1" {
			t.Fatal("KIRIM_AXE is not set")
		}
		return ""
	}
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// axe returns what axe-core finds serious or critical.
func (b browser) axe(script string) []string {
	b.t.Helper()
	if script == "" {
		return nil
	}
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](script+";null")); err != nil {
		b.t.Fatal(err)
	}
	return value[[]string](b, `axe.run({ resultTypes: ["violations"] }).then((r) => r.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")))`)
}

func TestFlowFilesAreLoadedAgainWhenTheyChange(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "survey.json")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const flow = `{"version":"7.1","screens":[{"id":"%s","layout":{"type":"SingleColumnLayout","children":[]}}]}`
	put(fmt.Sprintf(flow, "FIRST"))
	r := start(t, nil, "--flows", dir)
	until := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(patience); !strings.Contains(r.get(t, "flows")+r.errors.String(), want); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s did not come: %s %s", want, r.get(t, "flows"), r.errors)
			}
		}
	}
	until(`"id":"survey","name":"survey","version":"7.1","screens":["FIRST"]`)
	put(`{"name":"Survey 2","endpoint":"http://127.0.0.1:1/flows","definition":` + fmt.Sprintf(flow, "SECOND") + `}`)
	until(`"id":"survey","name":"Survey 2","version":"7.1","screens":["SECOND"],"endpoint":"http://127.0.0.1:1/flows"`)
	put(`{"version":"7.1","screens":[]}`)
	until("survey.json: flows[0].screens: want an array of 1 to 200 screens, got 0\nthe flows of the file stay as they were")
	until(`"screens":["SECOND"]`)
}

func TestAFlowThatIsWrongIsNamedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte(`{"version":"7.1","screens":[{}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a file":             {[]string{"--flows", dir}, "a.json: flows[0].screens[0].id"},
		"no directory":       {[]string{"--flows", filepath.Join(dir, "none")}, "--flows: "},
		"a file of a seed":   {[]string{"--seed", write(t, "s.yaml", "flows: [{id: \"1\", file: missing.json}]")}, "flows[0].file: "},
		"an endpoint":        {[]string{"--seed", write(t, "s.json", `{"flows":[{"id":"1","endpoint":"https://example.com","definition":{"version":"7.1","screens":[{"id":"A","layout":{"type":"SingleColumnLayout","children":[]}}]}}]}`)}, "flows[0].endpoint: "},
		"a definition alone": {[]string{"--seed", write(t, "s.json", `{"flows":[{"definition":{}}]}`)}, "flows[0].id: "},
	} {
		err := command(new(safeBuffer), new(safeBuffer), map[string]string{"XDG_CONFIG_HOME": t.TempDir(), "KIRIM_SANDBOX_ADDR": "127.0.0.1:0"}, test.args...).ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
