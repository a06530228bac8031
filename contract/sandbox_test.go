package contract

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

const sandboxURL = "https://kirim.test/v1"

// world is a sandbox with the judge listening.
type world struct {
	t       *testing.T
	judge   *judge
	sandbox *kirimtest.Server
	lax     bool                    // requests may be wrong
	ids     map[string]string       // the last of each prefix that was seen
	answers map[string]map[int]bool // statuses, by operation
}

func newWorld(t *testing.T, opts ...kirimtest.Option) *world {
	t.Helper()
	opts = append([]kirimtest.Option{kirimtest.WithoutListener(), kirimtest.WithPlan(kirimtest.Enterprise(1e6, 1e6))}, opts...)
	return &world{
		t: t, judge: newJudge(t, sandboxURL), sandbox: kirimtest.Start(t, opts...),
		ids: map[string]string{}, answers: map[string]map[int]bool{},
	}
}

func (w *world) transport() http.RoundTripper {
	return &listener{t: w.t, judge: w.judge, next: w.sandbox.Transport(), lax: w.lax, heard: w.hear}
}

func (w *world) client() *kirim.Client {
	w.t.Helper()
	c, err := w.sandbox.Client(kirim.WithBaseURL(sandboxURL), kirim.WithHTTPClient(&http.Client{Transport: w.transport()}))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

var anyID = regexp.MustCompile(`"([a-z]+)_[0-9A-HJKMNP-TV-Z]{26}"`)

func (w *world) hear(op operation, x *exchange) {
	if w.answers[op.id] == nil {
		w.answers[op.id] = map[int]bool{}
	}
	w.answers[op.id][x.status] = true
	for _, found := range anyID.FindAllStringSubmatch(string(x.answer), -1) {
		w.ids[found[1]] = strings.Trim(found[0], `"`)
	}
}

// call makes a request and returns the exchange, or nil when the sandbox does
// not do the operation or what the path needs was never seen.
func (w *world) call(id, query string, body any, header ...string) *exchange {
	w.t.Helper()
	op := w.judge.operation(w.t, id)
	path := op.path
	for _, ref := range op.Parameters {
		if p := ref.Value; p.In == "path" {
			value := w.sandbox.PhoneNumberID
			if p.Name != "phone_number_id" {
				value = new(examples).value(p.Name, p.Schema.Value).(string)
				prefix, _, isID := strings.Cut(value, "_")
				if isID {
					value = w.ids[prefix]
				}
				if p.Name == "name" {
					value = "order_update"
				}
			}
			if value == "" {
				return nil
			}
			path = strings.Replace(path, "{"+p.Name+"}", value, 1)
		}
	}
	if query != "" {
		path += "?" + query
	}
	return w.raw(op.method, path, body, header...)
}

// raw makes a request that may be wrong. A body that is no []byte is encoded.
// Of two headers of one name the last holds; an empty one is left out.
func (w *world) raw(method, path string, body any, header ...string) *exchange {
	w.t.Helper()
	encoded, isRaw := body.([]byte)
	if body != nil && !isRaw {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			w.t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, sandboxURL+path, strings.NewReader(string(encoded)))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+w.sandbox.APIKey)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	resp, err := w.transport().RoundTrip(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	x := &exchange{method: method, url: req.URL.String(), body: encoded, status: resp.StatusCode, answerHeader: resp.Header}
	x.answer, _ = io.ReadAll(resp.Body)
	return x
}

// works is call, and fails when the answer is an error.
func (w *world) works(id, query string, body any, header ...string) *exchange {
	w.t.Helper()
	x := w.call(id, query, body, header...)
	if x != nil && x.status >= 400 {
		w.t.Errorf("%s?%s: %d %s", id, query, x.status, x.answer)
	}
	return x
}

// lists asks for a list with each of the operation's filters, and for two
// pages of it.
func (w *world) lists(id string) {
	w.t.Helper()
	w.works(id, "", nil)
	op := w.judge.operation(w.t, id)
	for _, ref := range op.Parameters {
		p, schema := ref.Value, ref.Value.Schema.Value
		if p.In != "query" || p.Name == "cursor" {
			continue
		}
		values := schema.Enum
		if len(values) == 0 {
			value := new(examples).value(p.Name, schema).(string)
			if prefix, _, isID := strings.Cut(value, "_"); isID && w.ids[prefix] != "" {
				value = w.ids[prefix]
			}
			values = []any{value}
		}
		for _, value := range values {
			w.works(id, url.Values{p.Name: {fmt.Sprint(value)}}.Encode(), nil)
		}
	}
	if op.Parameters.GetByInAndName("query", "limit") == nil {
		return
	}
	x := w.works(id, "limit=1", nil)
	if x == nil {
		return
	}
	var page struct {
		NextCursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(x.answer, &page); err != nil {
		w.t.Fatal(err)
	}
	if page.NextCursor != "" {
		w.works(id, url.Values{"limit": {"1"}, "cursor": {page.NextCursor}}.Encode(), nil)
	}
}

// aside does what must not be the last that was seen of a kind.
func (w *world) aside(do func()) {
	seen := maps.Clone(w.ids)
	do()
	maps.Copy(w.ids, seen)
}

type object = map[string]any

// live uses everything that the sandbox can do, in an order in which each
// request finds what it needs.
func (w *world) live() {
	t := w.t
	t.Helper()
	s := w.sandbox
	s.AddTemplate(kirimtest.Template{Name: "order_ready", Language: "id", Components: []byte(`[
		{"type":"HEADER","format":"DOCUMENT"},{"type":"BODY","text":"Hello {{1}}, order {{2}} is ready."},
		{"type":"BUTTONS","buttons":[{"type":"URL","url":"https://shop.example/{{1}}"},{"type":"QUICK_REPLY"},{"type":"COPY_CODE"}]}]`)})
	s.AddTemplate(kirimtest.Template{Name: "sale", Language: "en_US", Category: "MARKETING", Components: []byte(`[
		{"type":"BODY","text":"Sale!"},{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"has_expiration":true}},
		{"type":"CAROUSEL","cards":[
			{"components":[{"type":"HEADER","format":"IMAGE"},{"type":"BODY","text":"Take {{1}}"}]},
			{"components":[{"type":"HEADER","format":"VIDEO"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY"}]}]}]}]`)})

	w.works("getHealth", "", nil)
	w.works("getOpenAPI", "", nil)
	w.works("getMe", "", nil)
	w.works("listAccounts", "", nil)
	w.works("listAccounts", "status=all", nil)

	w.works("createWebhookSubscription", "", object{
		"url": "https://hooks.example.com/kirim", "events": []string{"message.received", "message.status"}, "description": "orders",
	})

	inbound := s.Receive(kirimtest.Inbound{From: recipient, Text: "Hello"})
	for _, m := range []kirimtest.Inbound{
		{Media: &kirimtest.Media{Data: []byte("a"), ContentType: "audio/ogg"}},
		{Media: &kirimtest.Media{Data: []byte("a"), ContentType: "application/pdf", Filename: "a.pdf"}, Caption: "a"},
		{Location: &kirimtest.Location{Latitude: -6.2, Longitude: 106.8, Name: "Monas", Address: "Jakarta"}},
		{Location: &kirimtest.Location{}},
		{Contacts: []kirimtest.ContactCard{{Name: "Ana", Phone: "+6281100000009", WAID: "6281100000009"}, {Name: "Budi"}}},
		{Reaction: &kirimtest.Reaction{MessageID: inbound.WAMID, Emoji: "👍"}},
		{Reaction: &kirimtest.Reaction{MessageID: inbound.WAMID}},
		{Button: &kirimtest.ButtonReply{Payload: "stop", Text: "Stop"}},
		{Interactive: &kirimtest.InteractiveReply{ID: "y", Title: "Yes"}},
		{Interactive: &kirimtest.InteractiveReply{Type: "list_reply", ID: "1", Title: "Rice", Description: "white"}},
		{Text: "Hello!", Edits: inbound.WAMID},
		{Type: "unsupported"},
		{Type: "order", Object: []byte(`{"catalog_id":"1"}`)},
	} {
		m.From, m.Name = recipient, "Budi"
		w.ids["msg"] = s.Receive(m).ID
		w.works("getMessage", "", nil)
	}
	photo := s.Receive(kirimtest.Inbound{
		From: recipient, Caption: "This one", Media: &kirimtest.Media{Data: []byte("a"), ContentType: "image/png", Filename: "a.png"},
	})
	client := w.client()
	for _, content := range contents {
		m := kirim.OutboundMessage{To: recipient, Content: content, ReplyTo: inbound.WAMID}
		if _, err := client.PhoneNumber(s.PhoneNumberID).Messages.Send(t.Context(), m); err != nil {
			t.Errorf("%T: %v", content, err)
		}
	}
	w.works("sendMessage", "", object{
		"messaging_product": "whatsapp", "recipient_type": "individual", "to": recipient, "type": "template",
		"template": object{"name": "hello_world", "language": object{"code": "en_US", "policy": "deterministic"}},
	})
	w.lists("listMessages")
	w.works("getMessage", "", nil)
	w.works("sendMessage", "", object{"messaging_product": "whatsapp", "status": "read", "message_id": inbound.WAMID})
	w.works("sendMessage", "", object{
		"messaging_product": "whatsapp", "status": "read", "message_id": inbound.WAMID, "typing_indicator": object{"type": "text"},
	})
	w.ids["msg"] = photo.ID
	w.works("getMessage", "", nil)
	w.works("getMessageMedia", "", nil)

	w.lists("listTemplates")
	w.works("getTemplate", "", nil)
	w.works("getTemplate", "language=id", nil)
	w.works("createTemplate", "", object{
		"name": "order_shipped", "category": "UTILITY", "language": "id",
		"components": []object{{"type": "BODY", "text": "Order {{1}}", "example": object{"body_text": [][]string{{"4711"}}}}},
	})
	w.works("syncTemplates", "", nil)

	w.works("createLabel", "", object{"name": "VIP", "color": "red"})
	w.lists("listLabels")
	w.works("updateLabel", "", object{"name": "Newer", "color": "sky"})

	w.lists("listConversations")
	w.works("getConversation", "", nil)
	w.works("updateConversation", "", object{"status": "resolved", "assigned_to": nil})
	w.works("updateConversation", "", object{"status": "open"})
	w.works("attachConversationLabel", "", object{"label_id": w.ids["lbl"]})
	w.works("detachConversationLabel", "", nil)

	w.works("createContact", "", object{"phone_number": "+6281100000002"})
	w.works("createContact", "", object{
		"phone_number": "+6281100000003", "name": "Ana", "email": "ana@example.com", "metadata": object{"vip": true},
	})
	w.lists("listContacts")
	w.works("getContact", "", nil)
	w.works("updateContact", "", object{"name": "Ana B.", "email": nil, "metadata": nil})
	w.works("attachContactLabel", "", object{"label_id": w.ids["lbl"]})
	w.works("detachContactLabel", "", nil)
	for _, operation := range []string{"attach", "detach"} {
		w.works("bulkLabelContacts", "", object{
			"contact_ids": []string{w.ids["ctc"], "ctc_01HXYZABCDEFGHJKMNPQRSTVWX"}, "label_id": w.ids["lbl"], "operation": operation,
		})
	}
	w.aside(func() {
		w.works("createContact", "", object{"phone_number": "+6281100000004"})
		w.works("deleteContact", "", nil)
		w.works("createLabel", "", object{"name": "New"})
		w.works("deleteLabel", "", nil)
	})

	w.works("createCustomer", "", object{"name": "Toko Budi", "email": "budi@example.com", "metadata": object{"plan": "gold"}})
	w.lists("listCustomers")
	w.works("getCustomer", "", nil)
	w.works("updateCustomer", "", object{"name": "Toko Citra", "email": nil, "metadata": nil})
	w.works("createSetupLink", "", nil)
	w.works("createSetupLink", "", object{
		"expires_in_hours": 24, "success_redirect_url": "https://example.com/done", "failure_redirect_url": "https://example.com/failed",
	})
	w.lists("listSetupLinks")
	w.works("updateSetupLink", "", object{"success_redirect_url": nil})
	w.aside(func() {
		w.works("createCustomer", "", object{"name": "Toko Ana"})
		w.works("createSetupLink", "", nil)
		w.works("revokeSetupLink", "", nil)
		w.works("archiveCustomer", "", nil)
	})

	w.lists("listWebhookSubscriptions")
	w.works("getWebhookSubscription", "", nil)
	w.works("updateWebhookSubscription", "", object{"description": nil, "events": []string{"message.received", "contact.created"}})
	w.works("addSigningSecret", "", nil)
	w.aside(func() {
		w.works("addSigningSecret", "", object{"expires_in_hours": 24})
		w.works("revokeSigningSecret", "", nil)
	})
	w.lists("listWebhookDeliveries")
	w.works("getWebhookDelivery", "", nil)
	w.works("replayWebhookDelivery", "", nil)
	w.works("bulkReplayWebhookDeliveries", "", object{"subscription_id": w.ids["wbs"]})
	w.aside(func() {
		w.works("createWebhookSubscription", "", object{"url": "https://hooks.example.com/second", "events": []string{"message.received"}})
		w.works("deleteWebhookSubscription", "", nil)
	})
}

func TestTheSandboxAnswersEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, kirimtest.WithAssumptions(func(a *kirimtest.Assumptions) {
		a.UnknownPathCode, a.WrongMethodCode = "not_simulated", "not_simulated"
	}))
	for _, op := range w.judge.operations {
		x := exampleOf(t, w.judge, op, false)
		req, err := http.NewRequest(x.method, x.url, strings.NewReader(string(x.body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+w.sandbox.APIKey)
		resp, err := w.sandbox.Transport().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		if strings.Contains(string(answer), "not_simulated") {
			t.Errorf("%s is not simulated; answer: %s", op.id, answer)
		}
	}
}

func TestAnswersOfTheSandboxKeepTheContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live()
	simulated := 0
	for _, op := range w.judge.operations {
		simulated++
		succeeded := slices.ContainsFunc(slices.Collect(maps.Keys(w.answers[op.id])), func(status int) bool { return status < 400 })
		if !succeeded {
			t.Errorf("%s: no call of it succeeded", op.id)
		}
	}
	fmt.Printf("operations of the sandbox with valid answers: %d of %d\n", simulated, len(w.judge.operations))
}

func TestRefusalsOfTheSandboxKeepTheContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.live()
	w.lax = true
	refused := func(what string, x *exchange, status int) {
		t.Helper()
		if x != nil && x.status != status {
			t.Errorf("%s: %s %s: %d %s, want %d", what, x.method, x.url, x.status, x.answer, status)
		}
	}
	revoked := w.sandbox.AddKey(kirimtest.Key{})
	w.sandbox.RevokeKey(revoked)
	expired := w.sandbox.AddKey(kirimtest.Key{ExpiresAt: time.Now().Add(-time.Hour)})
	for _, op := range w.judge.operations {
		x := exampleOf(t, w.judge, op, true)
		path := strings.TrimPrefix(strings.Split(x.url, "?")[0], sandboxURL)
		path = strings.Replace(path, "/"+number+"/", "/"+w.sandbox.PhoneNumberID+"/", 1)
		var body any
		if len(x.body) > 0 {
			body = x.body
		}
		if op.Security == nil {
			refused("no key", w.raw(op.method, path, body, "Authorization", ""), 401)
			for what, key := range map[string]string{"an unknown key": "kdv_live_x", "a revoked key": revoked, "an expired key": expired} {
				refused(what, w.raw(op.method, path, body, "Authorization", "Bearer "+key), 401)
			}
			refused("another scheme", w.raw(op.method, path, body, "Authorization", "Basic a2V5"), 401)
		}
		if strings.HasPrefix(op.path, "/{phone_number_id}") {
			refused("an unknown number", w.raw(op.method, strings.Replace(path, w.sandbox.PhoneNumberID, "999999999", 1), body), 404)
		}
		if strings.Contains(op.path, "{id}") {
			refused("an unknown id", w.raw(op.method, path, body), 404)
		}
		if op.Parameters.GetByInAndName("query", "limit") != nil {
			for _, limit := range []string{"0", "101", "many", "-1"} {
				refused("limit="+limit, w.call(op.id, "limit="+limit, nil), 400)
			}
			refused("a cursor of our own", w.call(op.id, "cursor=bm9uZQ", nil), 400)
		}
		if op.RequestBody == nil {
			continue
		}
		refused("no JSON", w.call(op.id, "", []byte(`{"a"`)), 400)
		schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
		for _, changed := range mutations(t, x.body, schema) {
			// The judge listens; whether this is refused is the sandbox's own affair.
			w.call(op.id, "", changed)
		}
	}
}

func TestARescueByTemplateKeepsTheContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accepted, err := w.client().PhoneNumber(w.sandbox.PhoneNumberID).Messages.SendOrTemplate(t.Context(),
		kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: "Your order is ready."}},
		kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}})
	if err != nil || !accepted.UsedTemplate {
		t.Errorf("%+v, %v; want the template sent", accepted, err)
	}
	if answers := w.answers["sendMessage"]; !answers[200] || !answers[422] {
		t.Errorf("the answers were %v, want 422 and 200", answers)
	}
}

func TestRefusalsOfASendKeepTheContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lax = true
	text := object{"messaging_product": "whatsapp", "to": recipient, "type": "text", "text": object{"body": "a"}}
	template := func(name string) object {
		return object{"messaging_product": "whatsapp", "to": recipient, "type": "template", "template": object{"name": name, "language": "id"}}
	}
	expect := func(what string, x *exchange, status int, code string) {
		t.Helper()
		if x.status != status || !strings.Contains(string(x.answer), `"`+code+`"`) {
			t.Errorf("%s: %d %s, want %d %s", what, x.status, x.answer, status, code)
		}
	}
	expect("outside the window", w.call("sendMessage", "", text), 422, "outside_24h_window")
	inbound := w.sandbox.Receive(kirimtest.Inbound{From: recipient, Text: "Hello"})
	expect("a bad number", w.call("sendMessage", "", object{"messaging_product": "whatsapp", "to": "me", "type": "text", "text": object{"body": "a"}}), 400, "invalid_phone_number")
	expect("no body", w.call("sendMessage", "", object{}), 400, "missing_required_field")
	expect("an unknown template", w.call("sendMessage", "", template("nobody_knows")), 400, "invalid_template_name")
	expect("a paused template", w.call("sendMessage", "", template("promo_paused")), 422, "template_paused")
	expect("a disabled template", w.call("sendMessage", "", template("legacy_disabled")), 422, "template_disabled")
	expect("an unknown wamid", w.call("sendMessage", "", object{"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}), 404, "resource_not_found")

	expect("a long key", w.call("sendMessage", "", text, "Idempotency-Key", strings.Repeat("k", 256)), 400, "invalid_field_value")
	first := w.call("sendMessage", "", text, "Idempotency-Key", "order-1")
	again := w.call("sendMessage", "", text, "Idempotency-Key", "order-1")
	if first.status != again.status || again.answerHeader.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a replay: %d %v after %d", again.status, again.answerHeader, first.status)
	}
	expect("a key used for something else", w.call("sendMessage", "", template("order_update"), "Idempotency-Key", "order-1"), 422, "idempotency_key_reuse")

	typing := object{"messaging_product": "whatsapp", "status": "read", "message_id": inbound.WAMID, "typing_indicator": object{"type": "text"}}
	w.call("sendMessage", "", typing)
	expect("typing too often", w.call("sendMessage", "", typing), 429, "rate_limit_exceeded")

	w.sandbox.AddPhoneNumber(kirimtest.PhoneNumber{ID: "106540352242999", Status: "disconnected"})
	expect("a number that is not connected", w.raw("POST", "/106540352242999/messages", text), 422, "whatsapp_number_not_verified")

	op := w.judge.operation(t, "sendMessage")
	for status := range op.Responses.Map() {
		var n int
		if fmt.Sscan(status, &n); n >= 400 {
			w.sandbox.AddFault(kirimtest.Fault{Status: n, Param: "to", Header: http.Header{"Retry-After": {"1"}}})
			if x := w.call("sendMessage", "", text); x.status != n {
				t.Errorf("a fault of %d answers %d", n, x.status)
			}
		}
	}

	w.sandbox.SetPlan(kirimtest.Enterprise(1, 1))
	w.call("sendMessage", "", text)
	expect("too many writes", w.call("sendMessage", "", text), 429, "rate_limit_exceeded")
	w.call("getMe", "", nil)
	expect("too many reads", w.call("getMe", "", nil), 429, "rate_limit_exceeded")
}

func TestAKeyInFlightKeepsTheContract(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		text := object{
			"messaging_product": "whatsapp", "to": recipient, "type": "template", "template": object{"name": "hello_world", "language": "en_US"},
		}
		w.sandbox.AddFault(kirimtest.Fault{Method: "POST", Slow: 2 * time.Minute})
		done := make(chan struct{})
		go func() {
			defer close(done)
			slow := *w
			slow.ids, slow.answers = map[string]string{}, map[string]map[int]bool{}
			slow.works("sendMessage", "", text, "Idempotency-Key", "order-1")
		}()
		synctest.Wait()
		x := w.call("sendMessage", "", text, "Idempotency-Key", "order-1")
		if x.status != 409 || !strings.Contains(string(x.answer), "idempotency_in_progress") {
			t.Errorf("%d %s, want 409 idempotency_in_progress", x.status, x.answer)
		}
		<-done
	})
}

// The listener must be able to fail too, not only the judge.
func TestTheListenerHearsAWrongAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for what, fault := range map[string]kirimtest.Fault{
		"HTML":                    {Status: 502, Body: "<html>Bad Gateway</html>"},
		"JSON of another shape":   {Status: 500, Body: `{"code":"undeliverable"}`},
		"a status nobody knows":   {Status: 418},
		"an empty success":        {Status: 200, Empty: true},
		"a success without data":  {Status: 200, Body: `{"request_id":"req_1"}`},
		"a header that is no int": {Header: http.Header{"X-Ratelimit-Limit": {"many"}}},
	} {
		complaints := &recorder{TB: t}
		w.sandbox.AddFault(fault)
		l := &listener{t: complaints, judge: w.judge, next: w.sandbox.Transport(), heard: w.hear}
		req, _ := http.NewRequest("GET", sandboxURL+"/me", http.NoBody)
		req.Header.Set("Authorization", "Bearer "+w.sandbox.APIKey)
		if _, err := l.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if complaints.n == 0 {
			t.Errorf("%s: no complaint", what)
		}
	}
	complaints := &recorder{TB: t}
	l := &listener{t: complaints, judge: w.judge, next: w.sandbox.Transport(), heard: w.hear}
	req, _ := http.NewRequest("GET", sandboxURL+"/me?fields=all", http.NoBody)
	req.Header.Set("Authorization", "Bearer "+w.sandbox.APIKey)
	if _, err := l.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if complaints.n == 0 {
		t.Error("a wrong request: no complaint")
	}
}

// recorder counts what would fail a test.
type recorder struct {
	testing.TB
	n int
}

func (r *recorder) Errorf(string, ...any) { r.n++ }
