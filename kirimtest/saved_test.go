package kirimtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// restarted is another sandbox that begins with the state of s, by way of JSON.
func restarted(t *testing.T, s *Server, opts ...Option) *Server {
	t.Helper()
	data, err := json.Marshal(s.State())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	var state State
	if err := json.Unmarshal(data, &state); err != nil {
		t.Fatal(err)
	}
	return Start(t, append([]Option{WithoutListener(), WithState(&state)}, opts...)...)
}

func TestASandboxGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	status := 500
	hooks := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	s, clock := inMemory(t, WithWebhookHandler(hooks), WithoutWebhookJitter(), WithStatusPlan(Read()))
	s.Subscribe("https://shop.example/hooks", "message.received")
	s.AddTemplate(Template{Name: "hello", Language: "en", Status: TemplatePaused})
	s.AddPhoneNumber(PhoneNumber{ID: "1065403522429", Number: "+6281100000009"})
	in := s.Receive(Inbound{From: customer, Name: "Ana", Text: "Hi", Media: &Media{Data: []byte("%PDF"), ContentType: "application/pdf"}})
	first := post(t, s, textBody, withKey("order-1"))
	refused := post(t, s, `{}`, withKey("order-2"))
	do(t, s, "POST", "/v1/labels", `{"name":"VIP"}`)
	s.Advance(time.Second)

	again := restarted(t, s, WithClock(clock), WithWebhookHandler(hooks), WithoutWebhookJitter())
	if again.APIKey != s.APIKey || again.WebhookSecret != s.WebhookSecret || again.PhoneNumberID != s.PhoneNumberID || again.AccessToken != s.AccessToken {
		t.Error("the credentials are others")
	}
	if replay := post(t, again, textBody, withKey("order-1")); replay.data["id"] != first.data["id"] || replay.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same key again: %d %s", replay.status, replay.body)
	}
	if replay := post(t, again, `{}`, withKey("order-2")); replay.code() != refused.code() || replay.param() != refused.param() {
		t.Errorf("a refused key again: %d %s", replay.status, replay.body)
	}
	wantStatus(t, post(t, again, textBody), 200, "")
	list := again.Messages()
	if len(list) != 2 || list[0].ID != first.data["id"] || list[0].Status != "read" || again.MessageCount() != 2 {
		t.Errorf("messages %+v", list)
	}
	if c := again.Contacts(); len(c) != 1 || c[0].Name != "Ana" || c[0].Unread != 1 || !c[0].LastInbound.Equal(in.Time) {
		t.Errorf("contacts %+v", c)
	}
	if file := again.File(in.ID); file == nil || string(file.Data) != "%PDF" {
		t.Errorf("file %+v", file)
	}
	if n := again.PhoneNumbers(); len(n) != 2 || n[1].ID != "1065403522429" {
		t.Errorf("numbers %+v", n)
	}
	wantStatus(t, post(t, again, strings.Replace(plainTemplate("hello"), `"id"`, `"en"`, 1)), 422, "template_paused")
	if labels := do(t, again, "GET", "/v1/labels", ""); !strings.Contains(labels.body, "VIP") {
		t.Errorf("labels %s", labels.body)
	}
	status = 200
	again.Advance(time.Minute)
	d := again.Deliveries()
	if len(d) != 1 || d[0].Status != DeliverySucceeded || len(d[0].Attempts) != 2 || d[0].Attempts[0].StatusCode != 500 {
		t.Errorf("deliveries %+v", d)
	}
	if third := restarted(t, again, WithClock(clock), WithAPIKey("kdv_test_mine")); third.APIKey != "kdv_test_mine" || len(third.Messages()) != 2 {
		t.Errorf("key %q, %d messages", third.APIKey, len(third.Messages()))
	}
}

func TestWhatIsNoStateIsAnError(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{}`:             "want version 1, got 0",
		`{"Version":2}`:  "want version 1, got 2",
		`{"Version":1}`:  "missing",
		`{"Version":""}`: "State: json",
		`[]`:             "State: json",
	} {
		var s State
		if err := json.Unmarshal([]byte(data), &s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", data, err)
		}
	}
}
