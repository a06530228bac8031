package kirimtest

import (
	"strings"
	"testing"
	"time"
)

func TestUserIDsAndGroupsAreRecipientsOnlyOfWhatMetaTakes(t *testing.T) {
	t.Parallel()
	const text = `,"type":"text","text":{"body":"hi"}}`
	for name, tt := range map[string]struct {
		body                string
		code, param         string // with what Kirim documents
		metaCode, metaParam string // with what Meta takes
	}{
		"a user id":                     {`"recipient":"ID.70000000000000001"`, "missing_required_field", "to", "", ""},
		"a user id, outside its window": {`"recipient":"ID.70000000000000002"`, "missing_required_field", "to", "outside_24h_window", "recipient"},
		"an empty user id":              {`"recipient":""`, "missing_required_field", "to", "invalid_field_value", "recipient"},
		"a group":                       {`"recipient_type":"group","to":"GROUP-EXAMPLE-1"`, "invalid_phone_number", "to", "", ""},
		"a group without its id":        {`"recipient_type":"group"`, "missing_required_field", "to", "missing_required_field", "to"},
		"a number that is none":         {`"to":"GROUP-EXAMPLE-1"`, "invalid_phone_number", "to", "invalid_phone_number", "to"},
		"nobody":                        {`"recipient_type":"individual"`, "missing_required_field", "to", "missing_required_field", "to"},
		"an unknown kind of group":      {`"recipient_type":"crowd","to":"+628123456789"`, "invalid_field_value", "recipient_type", "invalid_field_value", "recipient_type"},
		"a closed window":               {`"to":"+628123456789"`, "outside_24h_window", "to", "outside_24h_window", "to"},
		"a number beside a user id, outside its window": {
			`"to":"+628123456789","recipient":"ID.70000000000000001"`, "outside_24h_window", "to", "outside_24h_window", "to",
		},
	} {
		strict, _ := inMemory(t)
		if r := post(t, strict, `{"messaging_product":"whatsapp",`+tt.body+text); r.code() != tt.code || r.param() != tt.param {
			t.Errorf("%s: %s %s, want %s %s", name, r.code(), r.param(), tt.code, tt.param)
		}
		open, _ := inMemory(t, WithMetaMessages())
		open.Receive(Inbound{UserID: "ID.70000000000000001"})
		if r := post(t, open, `{"messaging_product":"whatsapp",`+tt.body+text); r.code() != tt.metaCode || r.param() != tt.metaParam {
			t.Errorf("%s, as Meta takes it: %s %s, want %s %s", name, r.code(), r.param(), tt.metaCode, tt.metaParam)
		}
	}
}

func TestStatusesOfUserIDsAndGroupsNameThemAsMetaDoes(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		`"to":"GROUP-EXAMPLE-1","recipient_type":"group"`: `"recipient_id":"GROUP-EXAMPLE-1","recipient_type":"group"`,
		`"recipient":"ID.70000000000000001"`:              `"recipient_user_id":"ID.70000000000000001"`,
	} {
		s, r, _ := withReceiver(t, always(200), WithMetaMessages())
		s.Receive(Inbound{UserID: "ID.70000000000000001"})
		s.Subscribe(hookURL, "message.status", "message.sent")
		sent := post(t, s, `{"messaging_product":"whatsapp",`+to+`,"type":"text","text":{"body":"hi"}}`)
		wantStatus(t, sent, 200, "")
		s.Advance(time.Minute)
		found := 0
		for _, w := range r.webhooks() {
			body := string(w.body)
			if strings.Contains(body, want) || strings.Contains(body, `"message.sent"`) && strings.Contains(body, `"to":"`+strings.Split(to, `"`)[3]) {
				found++
			}
		}
		if found != 3 {
			t.Errorf("%d of %d events name %s", found, len(r.webhooks()), want)
		}
		if list := s.Contacts(); list[len(list)-1].Phone != strings.Split(to, `"`)[3] {
			t.Errorf("the contacts are %+v", list)
		}
	}
}

func TestCallbackDataComesBackInTheStatusesOfWhatMetaTakes(t *testing.T) {
	t.Parallel()
	body := strings.Replace(tmplBody, `"type"`, `"biz_opaque_callback_data":"order-77","type"`, 1)
	for want, opts := range map[bool][]Option{false: nil, true: {WithMetaMessages()}} {
		s, r, _ := withReceiver(t, always(200), opts...)
		s.Subscribe(hookURL, "message.status")
		wantStatus(t, post(t, s, body), 200, "")
		s.Advance(time.Minute)
		for _, w := range r.webhooks() {
			if got := strings.Contains(string(w.body), `"biz_opaque_callback_data":"order-77"`); got != want {
				t.Errorf("as Meta takes it: %v, but %s", want, w.body)
			}
		}
		if len(r.webhooks()) == 0 {
			t.Error("no status")
		}
	}
}

func TestContentsThatKirimDoesNotDocumentNeedTheirObject(t *testing.T) {
	t.Parallel()
	const to = `{"messaging_product":"whatsapp","to":"+628123456789",`
	for name, tt := range map[string]struct {
		rest        string
		code, param string // with what Kirim documents
		metaParam   string // with what Meta takes; empty when it is accepted
	}{
		"a sticker":                      {`"type":"sticker","sticker":{"id":"1"}}`, "invalid_field_value", "type", ""},
		"a place":                        {`"type":"location","location":{"latitude":"-6.2","longitude":"106.8"}}`, "invalid_field_value", "type", ""},
		"a content of the future":        {`"type":"hologram","hologram":{"depth":3}}`, "invalid_field_value", "type", ""},
		"a content without its object":   {`"type":"hologram"}`, "invalid_field_value", "type", "hologram"},
		"a content that is null":         {`"type":"hologram","hologram":null}`, "invalid_field_value", "type", "hologram"},
		"no name of a content":           {`"type":"to","text":{}}`, "invalid_field_value", "type", "to"},
		"a type that is no text":         {`"type":7}`, "invalid_field_value", "type", "type"},
		"a text without its type":        {`"text":{"body":"hi"}}`, "missing_required_field", "type", ""},
		"a text that is too long":        {`"text":{"body":"` + long(4097) + `"}}`, "missing_required_field", "type", "text.body"},
		"a voice message":                {`"type":"audio","audio":{"id":"1","voice":true}}`, "invalid_field_value", "audio.voice", ""},
		"audio that is no voice message": {`"type":"audio","audio":{"id":"1","voice":false}}`, "", "", ""},
		"a request for the place": {
			`"type":"interactive","interactive":{"type":"location_request_message","body":{"text":"b"},"action":{"name":"send_location"}}}`,
			"invalid_field_value", "interactive.type", "",
		},
		"products in a carousel": {
			`"type":"interactive","interactive":{"type":"carousel","body":{"text":"b"},"action":{"cards":[` +
				`{"card_index":0,"type":"product","action":{"product_retailer_id":"a","catalog_id":"1"}},` +
				`{"card_index":1,"type":"product","action":{"product_retailer_id":"b","catalog_id":"1"}}]}}}`,
			"missing_required_field", "interactive.action.cards[0].header", "",
		},
		"a documented kind, as strictly as ever": {
			`"type":"interactive","interactive":{"type":"list","body":{"text":"b"},"action":{"button":"b","sections":[]}}}`,
			"invalid_field_value", "interactive.action.sections", "interactive.action.sections",
		},
	} {
		strict, _ := inMemory(t)
		strict.Receive(Inbound{From: customer})
		if r := post(t, strict, to+tt.rest); tt.code != "" && r.status != 400 || r.code() != tt.code || r.param() != tt.param {
			t.Errorf("%s: %d %s %s, want %s %s", name, r.status, r.code(), r.param(), tt.code, tt.param)
		}
		open, _ := inMemory(t, WithMetaMessages())
		open.Receive(Inbound{From: customer})
		if r := post(t, open, to+tt.rest); (r.status == 200) != (tt.metaParam == "") || r.param() != tt.metaParam {
			t.Errorf("%s, as Meta takes it: %d %s %s, want %s", name, r.status, r.code(), r.param(), tt.metaParam)
		}
	}
}

func TestCustomerMayBeKnownByUserID(t *testing.T) {
	t.Parallel()
	const id = "ID.70000000000000001"
	for name, tt := range map[string]struct {
		in     Inbound
		event  string // a part of it
		to     string // then sent to
		code   string // of the response
		people int    // contacts, in the end
	}{
		"alone": {
			Inbound{UserID: id, Name: "Sari"},
			`"contacts":[{"profile":{"name":"Sari"},"user_id":"` + id + `"}],"messages":[{"from_user_id":"` + id + `","id":`, `"recipient":"` + id + `"`, "", 1,
		},
		"beside the number, and reached by it": {
			Inbound{From: customer, UserID: id}, `"from":"628123456789","from_user_id":"` + id + `"`, `"to":"` + customer + `"`, "", 1,
		},
		"beside the number": {
			Inbound{From: customer, UserID: id}, `"user_id":"` + id + `","wa_id":"628123456789"`, `"recipient":"` + id + `"`, "", 1,
		},
		"by quoting": {
			Inbound{UserID: id, ReplyTo: "wamid.EXAMPLE-OUT-0001"}, `"context":{"from":"6281100000000","id":"wamid.EXAMPLE-OUT-0001"}`, `"recipient":"` + id + `"`, "", 1,
		},
		"in a group, where no window opens": {
			Inbound{From: customer, GroupID: "GROUP-EXAMPLE-1"}, `"group_id":"GROUP-EXAMPLE-1"`, `"to":"` + customer + `"`, "outside_24h_window", 1,
		},
		"and not another": {
			Inbound{UserID: id}, id, `"recipient":"ID.70000000000000002"`, "outside_24h_window", 1,
		},
	} {
		s, r, _ := withReceiver(t, always(200), WithMetaMessages())
		s.Subscribe(hookURL, "message.received")
		s.Receive(tt.in)
		s.Settle()
		if events := r.webhooks(); len(events) != 1 || !strings.Contains(string(events[0].body), tt.event) {
			t.Errorf("%s: %d events, the last %s", name, len(events), events[len(events)-1].body)
		}
		sent := post(t, s, `{"messaging_product":"whatsapp",`+tt.to+`,"type":"text","text":{"body":"hi"}}`)
		if sent.code() != tt.code || len(s.Contacts()) != tt.people {
			t.Errorf("%s: %q and %d contacts, want %q and %d", name, sent.code(), len(s.Contacts()), tt.code, tt.people)
		}
	}
	s, r, _ := withReceiver(t, always(200))
	first := s.Receive(Inbound{UserID: id})
	s.Subscribe(hookURL, "message.received")
	s.Receive(Inbound{UserID: id, ReplyTo: first.WAMID})
	s.Settle()
	if body := string(r.webhooks()[0].body); first.From != "" || !strings.Contains(body, `"context":{"from_user_id":"`+id+`","id":"`+first.WAMID+`"}`) {
		t.Errorf("a customer's own message is quoted as %s", body)
	}
}
