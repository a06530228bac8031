package inspector_test

import (
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t)
	received := s.Receive(kirimtest.Inbound{From: customer})
	sent := send(t, s, kirim.Text{Body: "Hi"})
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "api/inbound", ``, 400, "body: want a JSON object, got nothing"},
		{"POST", "api/inbound", `{"form":"+628"}`, 400, `body: unknown field "form"`},
		{"POST", "api/inbound", `{"from":1}`, 400, "from: want a string, got number"},
		{"POST", "api/inbound", `{"from":"+62"}`, 400, "from: want a phone number"},
		{"POST", "api/inbound", `{"from":"` + customer + `","phone_number_id":"1"}`, 400, "phone_number_id: want the ID"},
		{"POST", "api/inbound", `{"from":"` + customer + `"} {}`, 400, "body: want one JSON value"},
		{"POST", "api/messages/" + sent.ID + "/tap", `{"choice":"Yes"}`, 400, `choice: the message has no choice "Yes"`},
		{"POST", "api/messages/msg_1/tap", `{"choice":"Yes"}`, 404, "There is no such message."},
		{"POST", "api/messages/" + sent.ID + "/status", `{"status":"lost"}`, 400, "status: want sent, delivered"},
		{"POST", "api/messages/" + sent.ID + "/status", `{"status":"failed"}`, 400, "code: want Meta's error code"},
		{"POST", "api/clock/advance", `{"by":"-1h"}`, 400, "by: want a duration above 0"},
		{"POST", "api/clock/advance", `{"by":"soon"}`, 400, "want a duration such as"},
		{"POST", "api/clock/advance", `{"by":"90"}`, 400, `by: want a duration such as "90s" or "1h30m", or a number of seconds up to 1e9, got a text of 2 bytes`},
		{"POST", "api/clock/advance", `{"by":true}`, 400, "by: want a duration"},
		{"POST", "api/clock/advance", `[]`, 400, "body: want an object, got array"},
		{"POST", "api/inbound", `{"from":"` + customer + `","age":"-1h"}`, 400, "age: want no negative duration"},
		{"POST", "api/inbound", `{"from":"` + customer + `","interactive":{"type":"tap"}}`, 400, "interactive.type: want button_reply or list_reply"},
		{"POST", "api/faults", `{"path":"/messages","status":503}`, 400, "path: want a path from its beginning, such as /v1/*/messages"},
		{"POST", "api/faults", `{"method":"FETCH"}`, 400, "method: want GET, POST"},
		{"POST", "api/templates", `{"name":"a","language":"en","components":[1]}`, 400, "components: want an array of components"},
		{"POST", "api/templates", `{"name":"a","language":"en","components":[{"text":"A"}]}`, 400, "components[0].type: the type of the component is missing"},
		{"POST", "api/templates", `{"name":"a","language":"en","components":[{"type":"BODY","txt":"A"}]}`, 400, "components[0].text: the text of the body is missing"},
		{"POST", "api/deliveries/wbd_1/replay", ``, 404, "There is no such delivery."},
		{"POST", "api/messages/INBOUND/status", `{"status":"read"}`, 400, "id: want a message that the business sent"},
		{"POST", "api/subscriptions", `{"url":"http://127.0.0.1:1/","events":["message.gone"]}`, 400, "events[0]: want one of message.received, "},
		{"POST", "api/subscriptions", `{"url":"http://127.0.0.1:1/","events":["gone"],"meta":true}`, 400, "url: want the fields messages"},
		{"POST", "api/scenario", `{"plan":{"name":"gold"}}`, 400, "plan.name: want free or pro"},
		{"POST", "api/scenario", `{"statuses":{"kind":"lost"}}`, 400, "statuses.kind: want delivered"},
		{"POST", "api/scenario", `{"contacts":[{"phone":"` + customer + `","window_age":-1}]}`, 400, "contacts[0].window_age: want no negative duration"},
		{"POST", "api/scenario", `{"subscriptions":[{"url":"http://127.0.0.1:1/","events":["gone"]}]}`, 400, "subscriptions[0].events[0]: want one of"},
		{"POST", "api/scenario", `{"conversations":[{"customer":"+6281100000077","messages":[{"from":"business","text":"Hi"}]}]}`, 400, "conversations[0].messages[0].message: the sandbox refuses it: 422 outside_24h_window"},
		{"PUT", "api/state", `{}`, 405, "method: want GET, got PUT"},
		{"GET", "api/faults/1", ``, 404, ""},
		{"POST", "api/faults", `{"status":99}`, 400, "status: want 200 to 599"},
		{"POST", "api/faults", `{"delay":-1}`, 400, "delay: want no negative value"},
		{"PUT", "api/plan", `{"name":"gold"}`, 400, "name: want free or pro"},
		{"PUT", "api/statuses", `{}`, 400, "kind: want delivered"},
		{"PUT", "api/templates/none/status", `{"status":"paused"}`, 404, "There is no such template."},
		{"PUT", "api/templates/none/status", `{"status":"gone"}`, 400, "status: want approved"},
		{"PUT", "api/customers/1/window", `{"age":1}`, 400, "phone: want a phone number"},
		{"PUT", "api/customers/" + customer + "/window", `{}`, 400, "age: want either"},
		{"POST", "api/subscriptions", `{"url":"ftp://a"}`, 400, "url: want an http or https URL"},
		{"GET", "api/messages?limit=0", ``, 400, "limit: want a number from 1 to 1000"},
		{"POST", "api/scenario", `{"conversations":[{"customer":"` + customer + `","messages":[{"from":"nobody"}]}]}`, 400, "conversations[0].messages[0].from: want customer or business"},
	} {
		status, body := ask(t, s, tt.method, strings.Replace(tt.path, "INBOUND", received.ID, 1), tt.body)
		param, _ := dig(body, "error.param").(string)
		message, _ := dig(body, "error.message").(string)
		if got := strings.TrimPrefix(param+": "+message, ": "); status != tt.status || !strings.Contains(got, tt.want) {
			t.Errorf("%s %s %s: %d %q, want %d %q", tt.method, tt.path, tt.body, status, got, tt.status, tt.want)
		}
	}
}

func TestTheSameWebhookIsAddedOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, body := range []string{`{"url":"http://127.0.0.1:1/","events":["message.status"]}`, `{"url":"http://127.0.0.1:1/"}`} {
		_, first := ask(t, s, "POST", "api/subscriptions", body)
		if _, again := ask(t, s, "POST", "api/subscriptions", body); first["id"] == nil || again["id"] != first["id"] {
			t.Errorf("%s: %v, then %v", body, first, again)
		}
	}
	if n := len(s.Subscriptions()); n != 2 {
		t.Errorf("%d subscriptions: one for one event, one for all", n)
	}
}
