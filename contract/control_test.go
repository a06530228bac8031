package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector"
)

// control drives the control API of a sandbox, and holds it against its description.
type control struct {
	t      *testing.T
	root   string
	doc    *openapi3.T
	router routers.Router
	seen   map[string]bool // operations with their statuses
	last   map[string]any  // the last response
}

func newControl(t *testing.T, root string) *control {
	t.Helper()
	source, err := closedSource("../kirimtest/inspector/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := &control{t: t, root: strings.TrimSuffix(root, "/"), seen: map[string]bool{}}
	if c.doc, err = openapi3.NewLoader().LoadFromData(source); err != nil {
		t.Fatal(err)
	}
	if err := c.doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater(), openapi3.EnableMultiError()); err != nil {
		t.Error(err)
	}
	c.doc.Servers = openapi3.Servers{{URL: c.root}}
	if c.router, err = gorillamux.NewRouter(c.doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// call makes a request, of which the path is that below /_kirim/. A request that the
// API accepts must be one that the description allows.
func (c *control) call(want int, method, path, body string) {
	c.t.Helper()
	newRequest := func() *http.Request {
		req, err := http.NewRequestWithContext(c.t.Context(), method, c.root+"/_kirim/"+path, strings.NewReader(body))
		if err != nil {
			c.t.Fatal(err)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		return req
	}
	described := newRequest()
	route, params, err := c.router.FindRoute(described)
	if err != nil {
		c.t.Errorf("%s %s: %v", method, path, err)
		return
	}
	input := &openapi3filter.RequestValidationInput{Request: described, PathParams: params, Route: route, Options: options}
	if want < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			c.t.Errorf("%s %s %s: the description refuses it: %v", method, path, body, err)
		}
	}
	res, err := http.DefaultClient.Do(newRequest())
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		c.t.Errorf("%s %s %s: %d, want %d: %.300s %v", method, path, body, res.StatusCode, want, got, err)
		return
	}
	if err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(got)), Options: options,
	}); err != nil {
		c.t.Errorf("%s %s: %.1000v\n%.500s", method, path, err, got)
	}
	c.seen[fmt.Sprintf("%s %s %d", route.Method, route.Path, res.StatusCode)] = true
	c.last = nil
	_ = json.Unmarshal(got, &c.last) // a file is none
}

// id returns the ID in the last response, or in the first of its list.
func (c *control) id(list string) string {
	c.t.Helper()
	found := c.last
	if items, _ := c.last[list].([]any); len(items) > 0 {
		found, _ = items[0].(map[string]any)
	}
	id, _ := found["id"].(string)
	if id == "" {
		c.t.Fatalf("no id in %v", c.last)
	}
	return id
}

// TestTheControlAPIIsAsItsDescriptionSays makes each request of the description with
// each of its responses.
func TestTheControlAPIIsAsItsDescriptionSays(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge")) // Meta's
	}))
	t.Cleanup(receiver.Close)
	s := kirimtest.Start(t, kirimtest.WithHTTPWebhooks(), kirimtest.WithMetaMessages(), kirimtest.WithInspector(inspector.New))
	c := newControl(t, s.InspectorURL)
	const customer = "+6281100000001"

	c.call(200, "GET", "health", "")
	c.call(200, "GET", "openapi.yaml", "")
	c.call(200, "GET", "api/state", "")
	c.call(201, "POST", "api/subscriptions", `{"url":"`+receiver.URL+`"}`)
	c.call(201, "POST", "api/subscriptions", `{"url":"`+receiver.URL+`/meta","meta":true,"events":["messages"]}`)
	c.call(400, "POST", "api/subscriptions", `{"url":"ftp://a"}`)

	c.call(201, "POST", "api/inbound", `{"from":"`+customer+`","name":"Ana","text":"Hi","age":60}`)
	c.call(201, "POST", "api/inbound", `{"from":"`+customer+`","media":{"data":"iVBORw0KGgo=","content_type":"image/png","filename":"a.png"},"caption":"A"}`)
	picture := c.id("")
	c.call(200, "GET", "api/messages/"+picture+"/file", "")
	c.call(404, "GET", "api/messages/msg_1/file", "")
	c.call(400, "POST", "api/inbound", `{}`)
	c.call(200, "POST", "api/scenario", `{
		"plan":{"name":"enterprise","write_per_minute":1000,"read_per_minute":1000}, "statuses":{"kind":"read"}, "review":{"after":2},
		"templates":[{"name":"ready","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"Ready"}],"status":"approved"}],
		"contacts":[{"phone":"+6281100000002","name":"Budi","window_age":"23h","blocked":true}],
		"conversations":[{"customer":"`+customer+`","name":"Ana","messages":[{"from":"customer","text":"When?","age":"5m"},
			{"from":"business","message":{"type":"interactive","interactive":{"type":"reply_buttons","body":{"text":"When?"},
				"action":{"buttons":[{"type":"reply","reply":{"id":"now","title":"Now"}}]}}}}]}],
		"subscriptions":[{"url":"http://127.0.0.1:1/","events":["message.status"]}],
		"faults":[{"path":"/v1/**","status":503,"after":"1h","for":"1m","times":-1,"header":{"Retry-After":["1"]}}]}`)
	c.call(400, "POST", "api/scenario", `{"plan":{"name":"gold"}}`)

	c.call(200, "GET", "api/chats", "")
	c.call(200, "GET", "api/messages?limit=2&q=when", "")
	c.call(400, "GET", "api/messages?limit=0", "")
	c.call(200, "GET", "api/messages?limit=1", "")
	sent := c.id("messages")
	c.call(200, "GET", "api/messages/"+sent, "")
	c.call(404, "GET", "api/messages/msg_1", "")
	c.call(201, "POST", "api/messages/"+sent+"/tap", `{"choice":"Now"}`)
	c.call(400, "POST", "api/messages/"+sent+"/tap", `{"choice":"Later"}`)
	c.call(404, "POST", "api/messages/msg_1/tap", `{"choice":"Now"}`)
	c.call(201, "POST", "api/inbound", `{"from":"`+customer+`","reaction":{"message_id":"`+sent+`","emoji":"👍"}}`)
	c.call(200, "POST", "api/messages/"+sent+"/status", `{"status":"failed","code":131026,"title":"Undeliverable","details":"No WhatsApp"}`)
	c.call(400, "POST", "api/messages/"+sent+"/status", `{"status":"gone"}`)
	c.call(404, "POST", "api/messages/msg_1/status", `{"status":"read"}`)

	s.Settle()
	c.call(200, "GET", "api/requests?limit=1", "")
	c.call(400, "GET", "api/requests?limit=x", "")
	request := c.lastRequest(s)
	c.call(200, "GET", "api/requests/"+request, "")
	c.call(404, "GET", "api/requests/req_1", "")
	c.call(400, "GET", "api/deliveries?limit=x", "")
	c.call(200, "GET", "api/deliveries", "")
	delivery := c.id("deliveries")
	c.call(200, "GET", "api/deliveries/"+delivery, "")
	c.call(404, "GET", "api/deliveries/wbd_1", "")
	c.call(201, "POST", "api/deliveries/"+delivery+"/replay", "")
	c.call(404, "POST", "api/deliveries/wbd_1/replay", "")

	c.call(200, "GET", "api/faults", "")
	c.call(201, "POST", "api/faults", `{"method":"GET","path":"/v1/*/messages","status":429,"code":"rate_limited","message":"Slow down","param":"x","header":{"Retry-After":["1"]},
		"skip":1,"times":2,"after":60,"for":"1m","delay":"1s","slow":"1s","trickle":"1s","processed":true,"twice":true,"hang":true,"drop":true,"unread":true,
		"empty":true,"cut":true,"length":3,"body":"{}"}`)
	c.call(400, "POST", "api/faults", `{"status":99}`)
	c.call(200, "DELETE", "api/faults", "")
	c.call(200, "PUT", "api/statuses", `{"kind":"failed","code":131026,"next":[131049]}`)
	c.call(400, "PUT", "api/statuses", `{}`)
	c.call(200, "PUT", "api/plan", `{"name":"pro"}`)
	c.call(400, "PUT", "api/plan", `{"name":"gold"}`)
	c.call(201, "POST", "api/templates", `{"name":"sale","language":"id","category":"MARKETING","components":[{"type":"BODY","text":"{{1}}"}],"variables":["1"],
		"parameter_format":"positional","messageSendTtlSeconds":60,"status":"paused"}`)
	c.call(400, "POST", "api/templates", `{"name":"sale"}`)
	c.call(200, "PUT", "api/templates/sale/status", `{"status":"disabled"}`)
	c.call(400, "PUT", "api/templates/sale/status", `{"status":"gone"}`)
	c.call(404, "PUT", "api/templates/none/status", `{"status":"paused"}`)
	c.call(200, "PUT", "api/review", `{"after":"1h","verdict":"rejected","reason":"TAG_CONTENT_MISMATCH"}`)
	c.call(400, "PUT", "api/review", `{"verdict":"maybe"}`)
	c.call(200, "PUT", "api/customers/"+customer+"/window", `{"age":"25h"}`)
	c.call(200, "PUT", "api/customers/"+customer+"/window", `{"closed":true}`)
	c.call(400, "PUT", "api/customers/"+customer+"/window", `{}`)
	c.call(200, "PUT", "api/customers/"+customer+"/blocked", `{"blocked":true}`)
	c.call(400, "PUT", "api/customers/"+customer+"/blocked", `{}`)
	c.flows(s, customer)
	c.call(200, "GET", "api/state", "")
	c.call(200, "POST", "api/clock/advance", `{"by":"1m"}`)
	c.call(400, "POST", "api/clock/advance", `{"by":"soon"}`)
	c.call(400, "POST", "api/deliveries/"+c.endedDelivery(s)+"/replay", "")
	c.call(200, "POST", "api/reset", "")

	var missing []string
	for path, item := range c.doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				if what := method + " " + path + " " + status; !c.seen[what] && path != "/_kirim/api/events" { // which does not end
					missing = append(missing, what)
				}
			}
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("described, and not seen: %q", missing)
	}
}

// lastRequest makes a request to the API and returns its ID.
func (c *control) lastRequest(s *kirimtest.Server) string {
	c.t.Helper()
	client, err := s.Client()
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := client.Me(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.call(200, "GET", "api/requests?limit=1", "")
	return c.id("requests")
}

// endedDelivery returns a delivery whose subscription was deleted.
func (c *control) endedDelivery(s *kirimtest.Server) string {
	c.t.Helper()
	client, err := s.Client()
	if err != nil {
		c.t.Fatal(err)
	}
	c.call(200, "GET", "api/deliveries", "")
	id := c.id("deliveries")
	c.call(200, "GET", "api/deliveries/"+id, "")
	subscription, _ := c.last["subscription_id"].(string)
	if err := client.WebhookSubscriptions.Delete(c.t.Context(), subscription); err != nil {
		c.t.Fatal(err)
	}
	return id
}
