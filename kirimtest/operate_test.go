package kirimtest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	buttonsBody = `{"messaging_product":"whatsapp","to":"+628123456789","type":"interactive","interactive":{"type":"reply_buttons","body":{"text":"When?"},
		"action":{"buttons":[{"type":"reply","reply":{"id":"am","title":"Morning"}},{"type":"reply","reply":{"id":"pm","title":"Afternoon"}}]}}}`
	listBody = `{"messaging_product":"whatsapp","to":"+628123456789","type":"interactive","interactive":{"type":"list","body":{"text":"Which?"},
		"action":{"button":"Choose","sections":[{"title":"A","rows":[{"id":"1","title":"One"}]},{"title":"B","rows":[{"id":"2","title":"Two","description":"More"}]}]}}}`
	quickTemplate = `[{"type":"BODY","text":"Hello"},{"type":"BUTTONS","buttons":[{"type":"URL","text":"Open","url":"https://shop.example"},{"type":"QUICK_REPLY","text":"Yes"},{"type":"QUICK_REPLY","text":"No"}]}]`
	cardTemplate  = `[{"type":"BODY","text":"Two"},{"type":"CAROUSEL","cards":[
		{"components":[{"type":"BODY","text":"a"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Take"}]}]},
		{"components":[{"type":"BODY","text":"b"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Take"}]}]}]}]`
)

func TestACustomerTapsWhatAMessageOffers(t *testing.T) {
	t.Parallel()
	yes := `{"type":"button","sub_type":"quick_reply","index":1,"parameters":[{"type":"payload","payload":"YES-1"}]}`
	for name, tt := range map[string]struct {
		body, tap string
		choices   []Choice
		want      Inbound
	}{
		"a reply button": {buttonsBody, "Afternoon",
			[]Choice{{ID: "am", Text: "Morning", Type: "button_reply"}, {ID: "pm", Text: "Afternoon", Type: "button_reply", Index: 1}},
			Inbound{Type: "interactive", Interactive: &InteractiveReply{Type: "button_reply", ID: "pm", Title: "Afternoon"}}},
		"a row of a list": {listBody, "2",
			[]Choice{{ID: "1", Text: "One", Type: "list_reply"}, {ID: "2", Text: "Two", Description: "More", Type: "list_reply", Index: 1}},
			Inbound{Type: "interactive", Interactive: &InteractiveReply{Type: "list_reply", ID: "2", Title: "Two", Description: "More"}}},
		"a quick reply with a payload": {filled("quick", yes), "Yes",
			[]Choice{{ID: "YES-1", Text: "Yes", Type: "button", Index: 1}, {ID: "No", Text: "No", Type: "button", Index: 2}},
			Inbound{Type: "button", Button: &ButtonReply{Payload: "YES-1", Text: "Yes"}}},
		"a quick reply on a card": {filled("cards", `{"type":"carousel","cards":[{"card_index":0,"components":[]},{"card_index":1,"components":[{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"B"}]}]}]}`), "B",
			[]Choice{{ID: "Take", Text: "Take", Type: "button", Card: 1}, {ID: "B", Text: "Take", Type: "button", Card: 2}},
			Inbound{Type: "button", Button: &ButtonReply{Payload: "B", Text: "Take"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := inMemory(t, WithMetaMessages())
			s.AddTemplate(Template{Name: "quick", Language: "id", Components: json.RawMessage(quickTemplate)})
			s.AddTemplate(Template{Name: "cards", Language: "id", Components: json.RawMessage(cardTemplate)})
			s.Receive(Inbound{From: customer})
			wantStatus(t, post(t, s, tt.body), 200, "")
			m := s.Messages()[0]
			if got := s.Choices(m.WAMID); !reflect.DeepEqual(got, tt.choices) {
				t.Errorf("choices %+v", got)
			}
			got, err := s.Tap(m.ID, tt.tap)
			if err != nil || got.Type != tt.want.Type || got.ReplyTo != m.WAMID || got.From != customer ||
				!reflect.DeepEqual(got.Interactive, tt.want.Interactive) || !reflect.DeepEqual(got.Button, tt.want.Button) {
				t.Errorf("%v, %+v", err, got)
			}
			if last := s.Received(); len(last) != 2 || last[1].ID != got.ID {
				t.Errorf("received %+v", last)
			}
		})
	}
}

// filled is the body of a send of a template with components.
func filled(name, components string) string {
	return strings.Replace(strings.Replace(tmplBody, orderNumber, `,"components":[`+components+`]`, 1), "order_update", name, 1)
}

func TestWhatCannotBeTappedIsAnError(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.Receive(Inbound{From: customer})
	post(t, s, buttonsBody)
	post(t, s, textBody)
	list := s.Messages()
	for want, tap := range map[string][2]string{
		"no message has the ID":       {"msg_1", "Morning"},
		`it has: "Morning", "Aftern`:  {list[0].ID, "Evening"},
		`no choice "Morning"; it has`: {list[1].ID, "Morning"},
	} {
		if _, err := s.Tap(tap[0], tap[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if n := len(s.Received()); n != 1 {
		t.Errorf("%d messages were received", n)
	}
}

func TestAReportIsAStatusByHand(t *testing.T) {
	t.Parallel()
	hooks := new(receiver)
	s, _ := inMemory(t, WithWebhookHandler(hooks), WithStatusPlan(Read()))
	s.Subscribe("https://shop.example/hooks", "message.status")
	post(t, s, tmplBody)
	post(t, s, tmplBody)
	list := s.Messages()
	s.Advance(150 * time.Millisecond)
	if !s.Report(list[0].ID, Status{Name: "failed", Code: 131026, After: time.Hour}) || s.Report("msg_1", Status{Name: "read"}) {
		t.Error("want a report of the first message alone")
	}
	s.Report(list[1].WAMID, Status{Name: "played"})
	s.Advance(time.Hour)
	if list := s.Messages(); list[0].Status != "failed" || list[1].Status != "played" {
		t.Errorf("the messages are %s and %s", list[0].Status, list[1].Status)
	}
	var names []string
	for _, status := range statusesOf(t, hooks) {
		name, _, _ := strings.Cut(status, " ")
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"delivered", "failed", "played", "read", "sent", "sent"}; !slices.Equal(names, want) {
		t.Errorf("webhooks %q, want %q", names, want)
	}
}

func TestAWindowIsAsOldAsItIsSet(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	for _, tt := range []struct {
		at   time.Time
		want string
	}{{clock.Now().Add(-23 * time.Hour), ""}, {clock.Now().Add(-24 * time.Hour), "outside_24h_window"}, {clock.Now(), ""}, {time.Time{}, "outside_24h_window"}} {
		s.SetLastInbound(customer, tt.at)
		if got := post(t, s, textBody).code(); got != tt.want {
			t.Errorf("%s: %q", tt.at, got)
		}
		if c := s.Contacts(); len(c) != 1 || !c[0].LastInbound.Equal(tt.at) {
			t.Errorf("contacts %+v", c)
		}
	}
}

func TestADeliveryIsReplayedByHand(t *testing.T) {
	t.Parallel()
	hooks := new(receiver)
	s, _ := inMemory(t, WithWebhookHandler(hooks))
	sub := s.Subscribe("https://shop.example/hooks", "message.received")
	s.Receive(Inbound{From: customer})
	s.Settle()
	first := s.Deliveries()[0]
	id, err := s.Replay(first.ID)
	s.Settle()
	list := s.Deliveries()
	if err != nil || len(list) != 2 || list[1].ID != id || list[1].ReplayedFrom != first.ID || list[1].Status != DeliverySucceeded || list[1].URL != "https://shop.example/hooks" {
		t.Errorf("%v, %+v", err, list)
	}
	if _, err := s.Replay("wbd_1"); err == nil {
		t.Error("a delivery that does not exist is replayed")
	}
	do(t, s, http.MethodDelete, "/v1/webhook_subscriptions/"+sub.ID, "")
	if _, err := s.Replay(first.ID); err == nil {
		t.Error("a delivery of a deleted subscription is replayed")
	}
}

func TestTheSandboxTellsHowItIsSet(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	s.AddFault(Fault{Path: "/v1/*/messages", Status: 429, Times: 3, Header: http.Header{"Retry-After": {"1"}}})
	s.AddPhoneNumber(PhoneNumber{ID: "1065403522429", Number: "+6281100000009"})
	post(t, s, textBody)
	if faults := s.Faults(); len(faults) != 1 || faults[0].Times != 2 || faults[0].Header.Get("Retry-After") != "1" {
		t.Errorf("faults %+v", faults)
	}
	if n := s.PhoneNumbers(); len(n) != 2 || n[0].ID != s.PhoneNumberID || n[1].Number != "+6281100000009" || s.Plan() != Pro() {
		t.Errorf("numbers %+v, plan %+v", n, s.Plan())
	}
	templates := s.Templates()
	i := slices.IndexFunc(templates, func(t Template) bool { return t.Name == "promo_paused" })
	if i < 0 || templates[i].Status != TemplatePaused || !s.Now().Equal(epoch) {
		t.Errorf("templates %+v", templates)
	}
	in := s.Receive(Inbound{From: customer, Media: &Media{Data: []byte("%PDF"), ContentType: "application/pdf", Filename: "a.pdf"}})
	if file := s.File(in.ID); file == nil || string(file.Data) != "%PDF" || s.File("msg_1") != nil {
		t.Errorf("file %+v", file)
	}
}
