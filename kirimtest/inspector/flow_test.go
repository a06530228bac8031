package inspector_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/flows"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector"
)

// definition is a Flow JSON of the documentation.
func definition(t *testing.T, name string) json.RawMessage {
	t.Helper()
	text, err := os.ReadFile("../../docs/flows/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func putFlow(t *testing.T, s *kirimtest.Server, id string, fields map[string]any) {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if status, v := ask(t, s, "PUT", "api/flows/"+id, string(body)); status != 200 || v["id"] != id {
		t.Fatalf("%d %v", status, v)
	}
}

// anyMessage accepts flows, which Kirim does not document.
func anyMessage() kirimtest.Option { return kirimtest.WithMetaMessages() }

func TestAFlowIsFilledThroughTheControlAPI(t *testing.T) {
	t.Parallel()
	s := start(t, anyMessage())
	putFlow(t, s, "17", map[string]any{"name": "table", "definition": definition(t, "table.json")})
	s.Receive(kirimtest.Inbound{From: customer, Text: "Hi"})
	sent := send(t, s, kirim.Flow{Body: "A table?", Button: "Book", Name: "table", Token: "token-1", Screen: "TABLE", Data: json.RawMessage(`{"restaurant":"Kedai"}`)})
	flow := "api/messages/" + sent.ID + "/flow"
	if status, v := ask(t, s, "GET", flow, ""); status != 409 {
		t.Errorf("before it is open: %d %v", status, v)
	}
	if status, v := ask(t, s, "POST", flow, ""); status != 201 || v["screen"] != "TABLE" || v["flow"] != "table" || v["known"] != true || v["message"] != sent.ID {
		t.Errorf("open: %d %v", status, v)
	}
	status, v := ask(t, s, "POST", flow+"/press", `{"values":{"name":"A"}}`)
	if status != 422 || dig(v, "error.param") != "values.day" || dig(v, "flow.errors.name") != "Enter at least 2 characters." {
		t.Errorf("not filled: %d %v", status, v)
	}
	if status, v := ask(t, s, "POST", flow+"/press", `{"show_errors":true}`); status != 200 || dig(v, "errors.guests") != "This field is required." {
		t.Errorf("errors shown: %d %v", status, v)
	}
	if status, v := ask(t, s, "PUT", flow+"/values", `{"values":{"place":"garden"}}`); status != 200 || !strings.Contains(string(mustMarshal(t, v)), "We move you inside") {
		t.Errorf("values: %d %v", status, v)
	}
	for body, param := range map[string]string{`{"values":{"nothing":"x"}}`: "values.nothing", `{"values":{"wishes":"x"}}`: "values.wishes", `{"press":"Stop"}`: "press", `{"x":1}`: "body"} {
		if status, v := ask(t, s, "POST", flow+"/press", body); status != 400 || dig(v, "error.param") != param {
			t.Errorf("%s: %d %v", body, status, v)
		}
	}
	if status, v := ask(t, s, "POST", flow+"/press", `{"screen":"CONFIRM"}`); status != 409 || dig(v, "flow.screen") != "TABLE" {
		t.Errorf("another screen: %d %v", status, v)
	}
	status, v = ask(t, s, "POST", flow+"/press", `{"screen":"TABLE","values":{"name":"Ana","day":"2026-12-02","guests":"4","wishes":["cake"]}}`)
	if status != 200 || v["screen"] != "CONFIRM" || v["back"] != true {
		t.Fatalf("the second screen: %d %v", status, v)
	}
	if status, v := ask(t, s, "POST", flow+"/back", `{}`); status != 200 || v["screen"] != "TABLE" {
		t.Errorf("back: %d %v", status, v)
	}
	ask(t, s, "POST", flow+"/press", `{}`)
	status, v = ask(t, s, "POST", flow+"/press", `{"press":"Book the table","values":{"note":"","news":true}}`)
	const response = `{"day":"2026-12-02","email":"","flow_token":"token-1","guests":"4","name":"Ana","news":true,"note":"","place":"garden","wishes":["cake"]}`
	if status != 200 || v["completed"] != true || string(mustMarshal(t, v["response"])) != response || dig(v, "reply.type") != "interactive" || dig(v, "reply.text") != "Reply to a flow" {
		t.Errorf("complete: %d %v", status, v)
	}
	if status, _ := ask(t, s, "POST", flow+"/press", `{}`); status != 422 {
		t.Errorf("once more: %d", status)
	}
	received := s.Received()
	last := received[len(received)-1]
	var reply struct {
		Reply struct {
			Name, Body string
			Response   string `json:"response_json"`
		} `json:"nfm_reply"`
	}
	if err := json.Unmarshal(last.Object, &reply); err != nil || reply.Reply.Name != "flow" || reply.Reply.Body != "Sent" || reply.Reply.Response != response ||
		last.From != customer || last.ReplyTo != dig(v, "reply.reply_to") || len(received) != 2 {
		t.Errorf("%v, %+v", err, last)
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAFlowWithoutADefinitionIsCompletedWithAnyValues(t *testing.T) {
	t.Parallel()
	s := start(t, anyMessage())
	s.Receive(kirimtest.Inbound{From: customer, Text: "Hi"})
	sent := send(t, s, kirim.Flow{Body: "A table?", Button: "Book", ID: "99", Screen: "A", Data: json.RawMessage(`{"guests":4,"name":"<script>"}`)})
	flow := "api/messages/" + sent.ID + "/flow"
	status, v := ask(t, s, "POST", flow, "")
	html, _ := dig(v, "parts.0.html").(string)
	if status != 201 || v["known"] != false || !strings.Contains(html, "No definition of the flow <strong dir=\"auto\">99</strong>") || !strings.Contains(html, "--flows") ||
		!strings.Contains(html, `value="guests"`) || !strings.Contains(html, `value="4"`) || !strings.Contains(html, "&lt;script&gt;") || strings.Contains(html, "<script>") {
		t.Errorf("%d %v", status, v)
	}
	for path, body := range map[string]string{"/press": `{}`, "/back": `{}`, "/select": `{"field":"x"}`, "/values": `{}`, "/retry": `{}`} {
		method := "POST"
		if path == "/values" {
			method = "PUT"
		}
		if status, v := ask(t, s, method, flow+path, body); status != 422 || !strings.Contains(string(mustMarshal(t, v)), "does not know the definition") {
			t.Errorf("%s: %d %v", path, status, v)
		}
	}
	for _, body := range []string{`{}`, `{"response":"x"}`, `{"response":[1]}`, `{"response":null}`} {
		if status, v := ask(t, s, "POST", flow+"/complete", body); status != 400 || dig(v, "error.param") != "response" {
			t.Errorf("%s: %d %v", body, status, v)
		}
	}
	status, v = ask(t, s, "POST", flow+"/complete", `{"response":{"guests":4}}`)
	if html, _ := dig(v, "reply.html").(string); status != 200 || !strings.Contains(html, `<dt dir="auto">flow_token</dt><dd dir="auto">unused</dd>`) {
		t.Errorf("complete: %d %v", status, v)
	}
	if status, _ := ask(t, s, "POST", flow+"/complete", `{"response":{}}`); status != 422 {
		t.Errorf("twice: %d", status)
	}
	if status, _ := ask(t, s, "DELETE", flow, ""); status != 200 {
		t.Errorf("close: %d", status)
	}
	if status, _ := ask(t, s, "GET", flow, ""); status != 409 {
		t.Errorf("after it was closed: %d", status)
	}
	if status, _ := ask(t, s, "POST", "api/messages/nothing/flow", ""); status != 404 {
		t.Errorf("no message: %d", status)
	}
	text := send(t, s, kirim.Text{Body: "No flow"})
	if status, _ := ask(t, s, "POST", "api/messages/"+text.ID+"/flow", ""); status != 422 {
		t.Errorf("a message without a flow: %d", status)
	}
}

func TestFlowsAreListedPutAndDeleted(t *testing.T) {
	t.Parallel()
	s := start(t)
	table := string(definition(t, "table.json"))
	for body, param := range map[string]string{
		`{}`: "definition", `{"definition":{"screens":[]}}`: "version", `{"definition":{"version":"7.1","screens":[{"id":"A"}]}}`: "screens[0].layout",
		`{"definition":` + table + `,"endpoint":"https://example.com/flows"}`: "endpoint", `{"definition":` + table + `,"endpoint":"x"}`: "endpoint",
		`{"definition":` + table + `,"public_key":"x"}`: "public_key", `{"definition":` + table + `,"id":"2"}`: "id", `{"definition":` + table + `,"name":"` + strings.Repeat("x", 201) + `"}`: "name",
	} {
		if status, v := ask(t, s, "PUT", "api/flows/1", body); status != 400 || dig(v, "error.param") != param {
			t.Errorf("%.60s: %d %v, want %s", body, status, v["error"], param)
		}
	}
	if status, v := ask(t, s, "POST", "api/scenario", `{"flows":[{"name":"table","definition":`+table+`},{"id":"2","definition":{}}]}`); status != 400 || dig(v, "error.param") != "flows[1].version" || len(s.Flows()) != 0 {
		t.Errorf("a scenario with a fault: %d %v", status, v)
	}
	if status, v := ask(t, s, "POST", "api/scenario", `{"flows":[{"name":"table","definition":`+table+`}]}`); status != 200 || dig(v, "flows.0.id") != "table" || dig(v, "flows.0.screens.1") != "CONFIRM" {
		t.Errorf("a scenario: %d %v", status, v["flows"])
	}
	s.PutFlow(kirimtest.Flow{ID: "broken", JSON: json.RawMessage(`{"version":1}`)})
	if status, v := ask(t, s, "GET", "api/flows", ""); status != 200 || dig(v, "flows.0.version") != "7.1" || dig(v, "flows.1.problem") == nil {
		t.Errorf("%d %v", status, v)
	}
	if status, _ := ask(t, s, "POST", "api/flows/table/ping", ""); status != 400 {
		t.Errorf("a ping without an endpoint: %d", status)
	}
	if status, v := ask(t, s, "DELETE", "api/flows/table", ""); status != 200 || dig(v, "flows.0.id") != "broken" {
		t.Errorf("%d %v", status, v)
	}
	for _, path := range []string{"api/flows/table", "api/flows/table/ping"} {
		method := "DELETE"
		if strings.HasSuffix(path, "ping") {
			method = "POST"
		}
		if status, _ := ask(t, s, method, path, ""); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// A service registers its key, gets requests that its handler can read, and ends the
// flow. After 427 the button is disabled.
func TestAServiceExchangesDataWithAFlow(t *testing.T) {
	t.Parallel()
	s := start(t, anyMessage())
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	warned, used := false, false
	handler, err := flows.NewHandler([]*rsa.PrivateKey{key}, func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		if used {
			return nil, flows.TokenInvalid("You have an appointment already.")
		}
		if r.Action == flows.ActionDataExchange {
			if !warned {
				warned = true
				return flows.Next("APPOINTMENT", nil).WithErrorMessage("Not that day."), nil
			}
			used = true
			return flows.Close(map[string]any{"date": "2026-12-02"}), nil
		}
		return flows.Next("APPOINTMENT", map[string]any{"dates": []map[string]string{{"id": "2026-12-02", "title": "2 December"}}, "times": []any{}, "times_shown": false}), nil
	}, flows.WithAppSecrets(s.AppSecret))
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(handler)
	defer service.Close()
	putFlow(t, s, "18", map[string]any{"definition": definition(t, "appointment.json"), "endpoint": service.URL})
	s.Receive(kirimtest.Inbound{From: customer, Text: "Hi"})
	sent := send(t, s, kirim.Flow{Body: "When?", Button: "Choose", ID: "18", Token: "t-9", Action: kirim.FlowDataExchange})
	flow := "api/messages/" + sent.ID + "/flow"
	if status, v := ask(t, s, "POST", flow, ""); status != 201 || v["retry"] != true || !strings.Contains(v["failure"].(string), "there is no public key") {
		t.Errorf("without a key: %d %v", status, v)
	}
	if status, _ := ask(t, s, "POST", "api/flows/18/ping", ""); status != 422 {
		t.Errorf("a ping without a key: %d", status)
	}

	public, err := flows.PublicKeyPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	meta, err := cloudapi.NewClient(s.AccessToken, s.MetaOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	keys := meta.PhoneNumber(s.PhoneNumberID).PublicKey()
	if err := keys.Set(t.Context(), public); err != nil {
		t.Fatal(err)
	}
	if info, err := keys.Get(t.Context()); err != nil || info.Key != public || info.Status != "VALID" {
		t.Errorf("%+v, %v", info, err)
	}
	if status, v := ask(t, s, "POST", "api/flows/18/ping", ""); status != 200 || v["status"] != "active" {
		t.Errorf("ping: %d %v", status, v)
	}
	if status, v := ask(t, s, "POST", flow+"/retry", `{}`); status != 200 || v["screen"] != "APPOINTMENT" {
		t.Errorf("%d %v", status, v)
	}
	if status, v := ask(t, s, "POST", flow+"/select", `{"field":"date","option":"2026-12-02","values":{"date":"2026-12-02"}}`); status != 200 || v["error_message"] != "Not that day." || v["message"] != sent.ID {
		t.Errorf("%d %v", status, v)
	}
	if status, v := ask(t, s, "POST", flow+"/select", `{"field":"date","option":"2026-12-02","values":{"date":"2026-12-02"}}`); status != 200 || v["completed"] != true ||
		string(mustMarshal(t, v["response"])) != `{"date":"2026-12-02","flow_token":"t-9"}` || v["reply"] == nil {
		t.Errorf("%d %v", status, v)
	}
	if status, v := ask(t, s, "POST", flow, ""); status != 201 || v["disabled"] != true || v["failure"] != "You have an appointment already." {
		t.Errorf("after 427: %d %v", status, v)
	}
	if status, _ := ask(t, s, "POST", flow, ""); status != 422 {
		t.Errorf("opened after 427: %d", status)
	}
	if _, v := ask(t, s, "GET", "api/messages/"+sent.ID, ""); !strings.Contains(v["html"].(string), " disabled") {
		t.Errorf("the button is not disabled: %v", v["html"])
	}
}

func TestATemplateOpensAFlow(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.AddTemplate(kirimtest.Template{Name: "book", Language: "en", Components: json.RawMessage(`[{"type":"BODY","text":"A table?"},
		{"type":"BUTTONS","buttons":[{"type":"FLOW","text":"Book <b>","flow_id":"17","flow_action":"navigate","navigate_screen":"TABLE"}]}]`)})
	putFlow(t, s, "17", map[string]any{"definition": definition(t, "table.json")})
	sent := send(t, s, kirim.Template{Name: "book", Language: "en", Components: []kirim.Component{kirim.ButtonFlow(0, "token-2", json.RawMessage(`{"restaurant":"Kedai"}`))}})
	_, v := ask(t, s, "GET", "api/messages/"+sent.ID, "")
	if html := v["html"].(string); !strings.Contains(html, `flow-open" data-message="`+sent.ID+`"`) || !strings.Contains(html, "Book &lt;b&gt;") {
		t.Errorf("%s", html)
	}
	if status, v := ask(t, s, "POST", "api/messages/"+sent.ID+"/flow", ""); status != 201 || v["screen"] != "TABLE" || !strings.Contains(string(mustMarshal(t, v["parts"])), "Kedai") {
		t.Errorf("%d %v", status, v)
	}
	if status, v := ask(t, s, "POST", "api/messages/"+sent.ID+"/flow/complete", `{"response":{}}`); status != 200 || dig(v, "reply.reply_to") == nil {
		t.Errorf("%d %v", status, v)
	}
}

// Whoever presses twice at once sends one reply.
func TestAFlowIsCompletedOnce(t *testing.T) {
	t.Parallel()
	s := start(t, anyMessage())
	putFlow(t, s, "1", map[string]any{"definition": json.RawMessage(`{"version":"7.1","screens":[{"id":"A","terminal":true,"layout":{"type":"SingleColumnLayout","children":[
		{"type":"Footer","label":"Go","on-click-action":{"name":"complete","payload":{}}}]}}]}`)})
	s.Receive(kirimtest.Inbound{From: customer, Text: "Hi"})
	sent := send(t, s, kirim.Flow{Body: "?", Button: "Go", ID: "1"})
	flow := "api/messages/" + sent.ID + "/flow"
	ask(t, s, "POST", flow, "")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() { ask(t, s, "POST", flow+"/press", `{}`) })
	}
	wait.Wait()
	if n := len(s.Received()); n != 2 {
		t.Errorf("%d messages", n)
	}
	// Flows that nobody closes are forgotten in time, and all with a reset.
	if status, _ := ask(t, s, "POST", "api/reset", "{}"); status != 200 {
		t.Errorf("reset: %d", status)
	}
	if status, _ := ask(t, s, "GET", flow, ""); status != 404 {
		t.Errorf("after a reset: %d", status)
	}
}

func TestAnEndpointElsewhereNeedsToBeAllowed(t *testing.T) {
	t.Parallel()
	s := kirimtest.Start(t, kirimtest.WithInspector(func(s *kirimtest.Server) http.Handler { return inspector.Config{FlowHosts: []string{"service"}}.New(s) }))
	table := definition(t, "table.json")
	putFlow(t, s, "1", map[string]any{"definition": table, "endpoint": "http://service:8080/flows"})
	if status, _ := ask(t, s, "PUT", "api/flows/1", string(mustMarshal(t, map[string]any{"definition": table, "endpoint": "http://other:8080/flows"}))); status != 400 {
		t.Errorf("a host that is not allowed: %d", status)
	}
}
