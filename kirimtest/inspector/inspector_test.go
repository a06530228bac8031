package inspector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector"
)

const customer = "+628123456789"

func start(t *testing.T, opts ...kirimtest.Option) *kirimtest.Server {
	t.Helper()
	return kirimtest.Start(t, append([]kirimtest.Option{kirimtest.WithInspector(inspector.New)}, opts...)...)
}

// ask makes a request of the control API and returns the status and the JSON object.
func ask(t *testing.T, s *kirimtest.Server, method, path, body string, edits ...func(*http.Request)) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.InspectorURL+strings.TrimPrefix("_kirim/"+path, "_kirim//"), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range edits {
		edit(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if json.Unmarshal(data, &object) != nil {
		object = map[string]any{"text": string(data)}
	}
	return resp.StatusCode, object
}

// dig returns the value at a path such as "chats.0.name".
func dig(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

func send(t *testing.T, s *kirimtest.Server, content kirim.Content) *kirim.AcceptedMessage {
	t.Helper()
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	sent, err := client.PhoneNumber(s.PhoneNumberID).Messages.Send(t.Context(), kirim.OutboundMessage{To: customer, Content: content})
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

func TestACustomerWritesReadsAndTapsThroughTheControlAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, in := ask(t, s, "POST", "api/inbound", `{"from":"`+customer+`","name":"Ana","text":"*Hi*"}`)
	if status != 201 || in["direction"] != "inbound" || !strings.Contains(in["html"].(string), "<strong>Hi</strong>") {
		t.Fatalf("%d %v", status, in)
	}
	sent := send(t, s, kirim.ReplyButtons{Body: "When?", Buttons: []kirim.ReplyButton{{ID: "am", Title: "Morning"}, {ID: "pm", Title: "Afternoon"}}})
	status, out := ask(t, s, "GET", "api/messages/"+sent.ID, "")
	if status != 200 || dig(out, "choices.1.Text") != "Afternoon" || !strings.Contains(out["html"].(string), `data-choice="pm"`) {
		t.Errorf("%d %v", status, out)
	}
	status, reply := ask(t, s, "POST", "api/messages/"+sent.ID+"/tap", `{"choice":"Afternoon"}`)
	if status != 201 || reply["reply_to"] != out["wamid"] || reply["quote"] != "When?" {
		t.Errorf("%d %v", status, reply)
	}
	_, chats := ask(t, s, "GET", "api/chats", "")
	if dig(chats, "chats.0.name") != "Ana" || dig(chats, "chats.0.last") != "Afternoon" || dig(chats, "chats.0.unread") != 2.0 {
		t.Errorf("%v", chats)
	}
	_, list := ask(t, s, "GET", "api/messages?limit=2&chat="+s.PhoneNumberID+":%2B628123456789", "")
	if dig(list, "messages.0.id") != sent.ID || dig(list, "more") != true {
		t.Errorf("%v", list)
	}
	_, before := ask(t, s, "GET", "api/messages?before="+sent.ID, "")
	if dig(before, "messages.0.id") != in["id"] || dig(before, "more") != false {
		t.Errorf("%v", before)
	}
}

func TestEachMessageOfACustomerCanBeWritten(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, first := ask(t, s, "POST", "api/inbound", `{"from":"`+customer+`","text":"Hi"}`)
	wamid := first["wamid"].(string)
	for name, tt := range map[string]struct{ body, kind, html string }{
		"file":     {`"media":{"data":"JVBERg==","content_type":"application/pdf","filename":"a.pdf"},"caption":"See"`, "document", "a.pdf"},
		"location": {`"location":{"latitude":-6.2,"longitude":106.8,"name":"Home"}`, "location", "-6.2, 106.8"},
		"contact":  {`"contacts":[{"name":"Budi","phone":"+628111"}]`, "contacts", "Budi"},
		"reaction": {`"reaction":{"message_id":"` + wamid + `","emoji":"👍"}`, "reaction", "👍"},
		"button":   {`"button":{"payload":"YES","text":"Yes"}`, "button", "Yes"},
		"list":     {`"interactive":{"type":"list_reply","id":"1","title":"One"}`, "interactive", "One"},
		"flow":     {`"flow_reply":{"response":{"size": "M"}}`, "interactive", `<dt dir="auto">size</dt><dd dir="auto">M</dd>`},
		"any":      {`"type":"order","object":{"catalog_id":"1"}`, "order", "catalog_id"},
		"edit":     {`"edits":"` + wamid + `","text":"Hello"`, "edit", "Hello"},
	} {
		status, m := ask(t, s, "POST", "api/inbound", `{"from":"`+customer+`",`+tt.body+`}`)
		if status != 201 || m["type"] != tt.kind || !strings.Contains(m["html"].(string), tt.html) {
			t.Errorf("%s: %d %v", name, status, m)
		}
		if name == "file" {
			if status, file := ask(t, s, "GET", "api/messages/"+m["id"].(string)+"/file", ""); status != 200 || file["text"] != "%PDF" {
				t.Errorf("file: %d %v", status, file)
			}
		}
	}
	_, changed := ask(t, s, "GET", "api/messages/"+first["id"].(string), "")
	if changed["edited"] != true || !strings.Contains(changed["html"].(string), "Hello") || dig(changed, "reactions.customer") != "👍" {
		t.Errorf("%v", changed)
	}
}

func TestASentMessageIsShownAsItsCustomerSeesIt(t *testing.T) {
	t.Parallel()
	s := start(t, kirimtest.WithMetaMessages())
	s.AddTemplate(kirimtest.Template{Name: "ready", Language: "en", Components: json.RawMessage(
		`[{"type":"BODY","text":"Hi {{1}}, it is *ready*"},{"type":"FOOTER","text":"Bye"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Yes"},{"type":"URL","text":"Open","url":"https://shop.example/a"}]}]`)})
	s.Receive(kirimtest.Inbound{From: customer})
	row := []kirim.ListSection{{Title: "Today", Rows: []kirim.ListRow{{ID: "t1", Title: "16:00", Description: "Nearly full"}}}}
	for name, tt := range map[string]struct {
		content kirim.Content
		want    []string
	}{
		"text":     {kirim.Text{Body: "_a_ <b>"}, []string{"<em>a</em> &lt;b&gt;"}},
		"document": {kirim.Document{Link: "https://shop.example/i.pdf", Filename: "i.pdf"}, []string{`href="https://shop.example/i.pdf"`, "i.pdf"}},
		"image":    {kirim.Image{Link: "https://shop.example/i.png", Caption: "Look"}, []string{`data-link="https://shop.example/i.png"`, "Look"}},
		"template": {kirim.Template{Name: "ready", Language: "en", Components: []kirim.Component{kirim.FillBody("Ana")}},
			[]string{"Hi Ana, it is <strong>ready</strong>", "Bye", `data-choice="Yes"`, `href="https://shop.example/a"`}},
		"list":     {kirim.List{Body: "When?", Button: "Times", Sections: row}, []string{"<summary>Times</summary>", "Today", `data-choice="t1"`, "Nearly full"}},
		"link":     {kirim.CTAURL{Body: "Pay", DisplayText: "Pay now", URL: "https://shop.example/pay"}, []string{`href="https://shop.example/pay"`, "Pay now"}},
		"location": {kirim.Location{Latitude: -6.2, Longitude: 106.8, Name: "Shop"}, []string{"Shop", "-6.2, 106.8"}},
		"carousel": {kirim.Carousel{Body: "Two", Cards: []kirim.CarouselCard{
			{Header: kirim.Header{Image: "https://shop.example/a.png"}, Body: "One", QuickReplies: []kirim.ReplyButton{{ID: "c1", Title: "Take"}}},
			{Header: kirim.Header{Image: "https://shop.example/b.png"}, Body: "Two", QuickReplies: []kirim.ReplyButton{{ID: "c2", Title: "Take"}}},
		}}, []string{`data-choice="c1"`, `data-choice="c2"`}},
	} {
		sent := send(t, s, tt.content)
		_, m := ask(t, s, "GET", "api/messages/"+sent.ID, "")
		for _, want := range tt.want {
			if html, _ := m["html"].(string); !strings.Contains(html, want) {
				t.Errorf("%s: want %s in\n%s", name, want, html)
			}
		}
	}
}

func TestEveryTextIsEscaped(t *testing.T) {
	t.Parallel()
	const evil = `<script>alert(1)</script><img src=x onerror=alert(1)>`
	s := start(t, kirimtest.WithMetaMessages())
	quoted, _ := json.Marshal(evil)
	text := string(quoted)
	for _, body := range []string{
		`"text":` + text, `"media":{"data":"","content_type":` + text + `,"filename":` + text + `},"caption":` + text,
		`"location":{"latitude":1,"longitude":1,"name":` + text + `,"address":` + text + `}`, `"contacts":[{"name":` + text + `,"phone":` + text + `}]`,
		`"button":{"payload":` + text + `,"text":` + text + `}`, `"interactive":{"id":` + text + `,"title":` + text + `,"description":` + text + `}`,
		`"flow_reply":{"response":{"a":` + text + `}}`, `"type":` + text + `,"object":` + text, `"reaction":{"message_id":"x","emoji":` + text + `}`,
	} {
		if status, m := ask(t, s, "POST", "api/inbound", `{"from":"`+customer+`","name":`+text+`,`+body+`}`); status != 201 || strings.Contains(m["html"].(string), "<script") || strings.Contains(m["html"].(string), "<img") {
			t.Errorf("%s: %d %v", body, status, m["html"])
		}
	}
	for _, content := range []kirim.Content{
		kirim.Text{Body: evil}, kirim.Document{Link: "https://shop.example/a?x=%3Cscript%3E", Filename: evil, Caption: evil},
		kirim.List{Body: evil, Footer: "<script>", Button: "<script>", Sections: []kirim.ListSection{{Title: "<script>", Rows: []kirim.ListRow{{ID: evil, Title: "<script>", Description: evil}}}}},
		kirim.ReplyButtons{Body: evil, Buttons: []kirim.ReplyButton{{ID: evil, Title: "<script>"}}},
		kirim.Contacts{{Name: kirim.ContactName{FormattedName: evil, FirstName: evil}}},
	} {
		client, err := s.Client(kirim.WithoutValidation())
		if err != nil {
			t.Fatal(err)
		}
		sent, err := client.PhoneNumber(s.PhoneNumberID).Messages.Send(t.Context(), kirim.OutboundMessage{To: customer, Content: content})
		if err != nil {
			t.Errorf("%T: %v", content, err)
			continue
		}
		if _, m := ask(t, s, "GET", "api/messages/"+sent.ID, ""); strings.Contains(m["html"].(string), "<script") || strings.Contains(m["html"].(string), "<img") {
			t.Errorf("%T: %v", content, m["html"])
		}
	}
}

func TestAForeignHostOrOriginIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	own := strings.TrimSuffix(s.InspectorURL, "/")
	for name, tt := range map[string]struct {
		method, path string
		edit         func(*http.Request)
		want         int
	}{
		"the page itself":                    {"POST", "api/reset", header("Origin", own), 200},
		"a program":                          {"POST", "api/reset", func(*http.Request) {}, 200},
		"a page elsewhere":                   {"POST", "api/reset", header("Origin", "https://evil.example"), 403},
		"a page of another port":             {"POST", "api/reset", header("Origin", "http://127.0.0.1:1"), 403},
		"a sandboxed frame":                  {"POST", "api/reset", header("Origin", "null"), 403},
		"another site, by its fetch headers": {"DELETE", "api/faults", header("Sec-Fetch-Site", "cross-site"), 403},
		"a name that leads here":             {"GET", "api/state", host("evil.example"), 403},
		"a name that leads here, its page":   {"GET", "", host("evil.example:80"), 403},
		"a name that ends like ours":         {"GET", "api/state", host("localhost.evil.example"), 403},
		"an address of the network":          {"GET", "api/state", host("192.168.1.2"), 403},
		"localhost":                          {"GET", "api/state", host("localhost:4010"), 200},
		"IPv6":                               {"GET", "api/state", host("[::1]:4010"), 200},
	} {
		if got, body := ask(t, s, tt.method, tt.path, "", tt.edit); got != tt.want {
			t.Errorf("%s: %d %v, want %d", name, got, body, tt.want)
		}
	}
}

func TestATokenLetsOthersIn(t *testing.T) {
	t.Parallel()
	s := start(t, kirimtest.WithInspector(func(s *kirimtest.Server) http.Handler { return inspector.Config{Token: "let-me-in"}.New(s) }))
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Host = "sandbox.example"; r.Header.Set(name, value) }
	}
	for name, tt := range map[string]struct {
		edit func(*http.Request)
		want int
	}{
		"without":     {header("X", ""), 401},
		"wrong":       {header("Authorization", "Bearer let-me"), 401},
		"right":       {header("Authorization", "Bearer let-me-in"), 200},
		"in a cookie": {header("Cookie", "kirim_inspector=let-me-in"), 200},
		"wrong there": {header("Cookie", "kirim_inspector=let"), 401},
	} {
		if got, body := ask(t, s, "GET", "api/state", "", tt.edit); got != tt.want {
			t.Errorf("%s: %d %v, want %d", name, got, body, tt.want)
		}
	}
	if got, _ := ask(t, s, "GET", "health", "", header("X", "")); got != 200 {
		t.Errorf("a health check without the token: %d", got)
	}
	form := header("Content-Type", "application/x-www-form-urlencoded")
	if got, _ := ask(t, s, "POST", "login", "token=let", form); got != 401 {
		t.Errorf("a wrong token logs in: %d", got)
	}
	if got, _ := ask(t, s, "POST", "login", "token=let-me-in", form); got != 303 {
		t.Errorf("the token does not log in: %d", got)
	}
	if got, body := ask(t, s, "GET", "", "", header("X", "")); got != 401 || !strings.Contains(body["text"].(string), `name="token"`) {
		t.Errorf("the page: %d %v", got, body)
	}
}

func TestThePageRunsItsOwnScriptsAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	resp, err := http.Get(s.InspectorURL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, _ := io.ReadAll(resp.Body)
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'; script-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if resp.Request.URL.Path != "/_kirim/" || bytes.Contains(page, []byte("http://")) || bytes.Contains(page, []byte("https://")) ||
		regexp.MustCompile(`<script>|<style>| style=| on[a-z]+=`).Match(page) {
		t.Errorf("%s:\n%s", resp.Request.URL, page)
	}
	if bytes.Contains(page, []byte(s.APIKey)) {
		t.Error("the key is in the page")
	}
}

func TestTheWireTellsRequestsWithTheirResponses(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Receive(kirimtest.Inbound{From: customer})
	send(t, s, kirim.Text{Body: "It's $5"})
	_, list := ask(t, s, "GET", "api/requests", "")
	id, _ := dig(list, "requests.0.id").(string)
	_, r := ask(t, s, "GET", "api/requests/"+id, "")
	if dig(r, "rate.limit") != 60.0 || dig(r, "rate.bucket") != "write" || dig(r, "summary") != "text" || dig(r, "body.text.body") != "It's $5" || dig(r, "response_body.data.status") != "pending" {
		t.Errorf("%v", r)
	}
	curl, code := r["curl"].(string), r["go"].(string)
	for _, want := range []string{`curl -sS -X POST "$KIRIM_BASE_URL/` + s.PhoneNumberID + `/messages"`, `Bearer $KIRIM_API_KEY`, `It'\''s $5`, "Idempotency-Key: "} {
		if !strings.Contains(curl, want) {
			t.Errorf("curl lacks %s:\n%s", want, curl)
		}
	}
	if !strings.Contains(code, `client.Do(ctx, "POST", "/`+s.PhoneNumberID+`/messages", nil, body, &out, kirim.WithIdempotencyKey(`) {
		t.Errorf("Go:\n%s", code)
	}
	if strings.Contains(fmt.Sprint(r), s.APIKey) {
		t.Error("the key is on the wire")
	}
	if _, none := ask(t, s, "GET", "api/requests?q=nothing-like-it", ""); len(none["requests"].([]any)) != 0 {
		t.Errorf("%v", none)
	}
}

func TestTroubleIsMadeThroughTheControlAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Receive(kirimtest.Inbound{From: customer})
	for _, tt := range []struct{ method, path, body string }{
		{"POST", "api/faults", `{"method":"POST","path":"/v1/*/messages","status":503,"times":2,"after":"1h","for":60,"header":{"Retry-After":["1"]}}`},
		{"PUT", "api/statuses", `{"kind":"read","next":[131026]}`},
		{"PUT", "api/plan", `{"name":"pro"}`},
		{"PUT", "api/templates/order_update/status", `{"status":"paused"}`},
		{"POST", "api/templates", `{"name":"hello","language":"en","components":[{"type":"BODY","text":"Hello"}],"status":"pending"}`},
		{"PUT", "api/customers/+628123456789/window", `{"age":"23h"}`},
		{"PUT", "api/customers/+628123456780/blocked", `{"blocked":true}`},
		{"POST", "api/subscriptions", `{"url":"http://127.0.0.1:1/hook","events":["message.status"]}`},
	} {
		if status, body := ask(t, s, tt.method, tt.path, tt.body); status > 201 {
			t.Fatalf("%s %s: %d %v", tt.method, tt.path, status, body)
		}
	}
	_, state := ask(t, s, "GET", "api/state", "")
	for path, want := range map[string]any{
		"faults.0.after": nil, "faults.0.times": 2.0, "plan.name": "pro", "statuses.kind": "read", "statuses.next.0": 131026.0,
		"subscriptions.0.url": "http://127.0.0.1:1/hook", "subscriptions.0.status": "active",
	} {
		if got := dig(state, path); want != nil && got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	sent := send(t, s, kirim.Text{Body: "Hi"})
	if status, m := ask(t, s, "POST", "api/clock/advance", `{"by":"30m"}`); status != 200 || dig(m, "clock.ahead") == nil {
		t.Errorf("%d %v", status, m)
	}
	_, m := ask(t, s, "GET", "api/messages/"+sent.ID, "")
	if m["status"] != "failed" || dig(m, "failure.code") != 131026.0 {
		t.Errorf("the message is %v", m)
	}
	if _, chats := ask(t, s, "GET", "api/chats", ""); !slices.ContainsFunc(chats["chats"].([]any), func(c any) bool { return dig(c, "window_until") != nil }) {
		t.Errorf("%v", chats)
	}
	ask(t, s, "POST", "api/reset", "{}")
	if len(s.Messages()) != 0 || len(s.Faults()) != 0 {
		t.Error("a reset leaves messages or faults")
	}
}

func TestABlockedCustomerGetsNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Receive(kirimtest.Inbound{From: customer})
	ask(t, s, "PUT", "api/customers/"+customer+"/blocked", `{"blocked":true}`)
	sent := send(t, s, kirim.Text{Body: "Hi"})
	ask(t, s, "POST", "api/clock/advance", `{"by":"1s"}`)
	if _, m := ask(t, s, "GET", "api/messages/"+sent.ID, ""); dig(m, "failure.code") != 1013.0 {
		t.Errorf("%v", m)
	}
}

func TestADeliveryTellsItsAttemptsAndIsReplayed(t *testing.T) {
	t.Parallel()
	s := start(t, kirimtest.WithWebhookHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "thanks") })))
	s.Subscribe("https://shop.example/hooks", "message.received")
	ask(t, s, "GET", "api/deliveries", "")
	s.Receive(kirimtest.Inbound{From: customer, Text: "Hi"})
	s.Settle()
	_, list := ask(t, s, "GET", "api/deliveries", "")
	id, _ := dig(list, "deliveries.0.id").(string)
	_, d := ask(t, s, "GET", "api/deliveries/"+id, "")
	if dig(d, "status") != "delivered" || dig(d, "attempts.0.response") != "thanks" || dig(d, "attempts.0.headers.X-Kirim-Signature") == nil || dig(d, "body.object") != "whatsapp_business_account" {
		t.Errorf("%v", d)
	}
	if status, again := ask(t, s, "POST", "api/deliveries/"+id+"/replay", "{}"); status != 201 || again["id"] == id {
		t.Errorf("%d %v", status, again)
	}
	if status, _ := ask(t, s, "POST", "api/deliveries/wbd_1/replay", "{}"); status != 404 {
		t.Errorf("a delivery that does not exist: %d", status)
	}
}

func TestAnUnknownPathSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, body := ask(t, s, "GET", "/v2/messages", "")
	if text, _ := body["text"].(string); status != 404 || !strings.Contains(text, "/_kirim/openapi.yaml") || !strings.Contains(text, "POST /_kirim/api/inbound") {
		t.Errorf("%d %v", status, body)
	}
	if status, body := ask(t, s, "GET", "health", ""); status != 200 || body["status"] != "ok" {
		t.Errorf("%d %v", status, body)
	}
}

func TestAScenarioSetsASandboxUp(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, body := ask(t, s, "POST", "api/scenario", `{
		"plan": {"name": "pro"}, "statuses": {"kind": "read"},
		"templates": [{"name": "ready", "category": "UTILITY", "language": "en", "components": [{"type": "BODY", "text": "Ready"}], "status": "paused"}],
		"contacts": [{"phone": "+6281100000001", "name": "Budi"}, {"phone": "+6281100000002", "window_age": "23h", "blocked": true}],
		"conversations": [{"customer": "+6281100000003", "name": "Citra", "messages": [
			{"from": "customer", "text": "Hi", "age": "10m"}, {"from": "business", "text": "Hello"},
			{"from": "customer", "inbound": {"location": {"latitude": 1, "longitude": 2}}},
			{"from": "business", "message": {"type": "interactive", "interactive": {"type": "reply_buttons", "body": {"text": "When?"}, "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Now"}}]}}}}]}],
		"subscriptions": [{"url": "http://127.0.0.1:1/hook"}],
		"faults": [{"status": 503, "after": "1h", "for": "1m", "times": -1}]}`)
	if status != 200 {
		t.Fatalf("%d %v", status, body)
	}
	names := []string{}
	for _, c := range s.Contacts() {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, []string{"Budi", "", "Citra"}) || len(s.Messages()) != 2 || len(s.Faults()) != 1 || s.Plan() != kirimtest.Pro() || len(s.Subscriptions()) != 1 {
		t.Errorf("contacts %q, %d messages, %d faults", names, len(s.Messages()), len(s.Faults()))
	}
}

// TestTheDescriptionHasEveryOperation compares the description with what the sandbox
// says that there is.
func TestTheDescriptionHasEveryOperation(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, there := ask(t, s, "GET", "nothing", "")
	var served []string
	for _, found := range regexp.MustCompile(`(?m)^  ([A-Z]+) (/_kirim/\S+)$`).FindAllStringSubmatch(there["text"].(string), -1) {
		if found[2] != "/_kirim/" && found[2] != "/_kirim/assets/" {
			served = append(served, found[1]+" "+found[2])
		}
	}
	description, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	path := ""
	for line := range strings.Lines(string(description)) {
		if found := regexp.MustCompile(`^  (/\S+):$`).FindStringSubmatch(strings.TrimRight(line, "\n")); found != nil {
			path = found[1]
		}
		if found := regexp.MustCompile(`^    (get|post|put|delete):$`).FindStringSubmatch(strings.TrimRight(line, "\n")); found != nil {
			described = append(described, strings.ToUpper(found[1])+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served\n%q, described\n%q", served, described)
	}
}
