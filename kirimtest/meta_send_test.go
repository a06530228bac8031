package kirimtest

import (
	"strings"
	"testing"
	"time"
)

func TestASendToMetaIsAnsweredAsMetaDoes(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.Receive(Inbound{From: customer, UserID: "ID.70000000000000001"})
	for name, tt := range map[string]struct{ body, contact, message string }{
		"a text": {
			`"to":"+62 (812) 345-6789",` + metaText,
			`"input":"+62 (812) 345-6789","wa_id":"628123456789"`, "",
		},
		"digits": {`"to":"628123456789",` + metaText, `"input":"628123456789","wa_id":"628123456789","user_id":"ID.70000000000000001"`, ""},
		"a template": {
			`"to":"+628123456789",` + metaFilled("order_update", "A-17"), `"input":"+628123456789"`, `"message_status":"accepted"`,
		},
		"a reply to what is gone": {`"to":"628123456789","context":{"message_id":"wamid.EXAMPLE"},` + metaText, `"input":"628123456789"`, ""},
		"a user id":               {`"recipient":"ID.70000000000000001",` + metaText, `"input":"ID.70000000000000001","user_id":"ID.70000000000000001"`, ""},
		"a group": {
			`"recipient_type":"group","to":"GROUP-EXAMPLE-1",` + metaText, `"input":"GROUP-EXAMPLE-1"`, `"group_id":"GROUP-EXAMPLE-1"`,
		},
	} {
		r := meta(t, s, "POST", "/"+s.PhoneNumberID+"/messages", `{"messaging_product":"whatsapp",`+tt.body+`}`)
		sent := s.Messages()
		if wantMeta(t, r, 200, 0, 0); !strings.Contains(r.body, tt.contact) || !strings.Contains(r.body, tt.message) {
			t.Errorf("%s: %s", name, r.body)
		}
		doc := decoded(t, []byte(r.body))
		if id := dig(doc, "messages.id"); id != sent[len(sent)-1].WAMID || doc["messaging_product"] != "whatsapp" {
			t.Errorf("%s: the id %v, want %s", name, id, sent[len(sent)-1].WAMID)
		}
	}
}

func TestEveryPostToMetaIsAMessageOfItsOwn(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	first := metaSend(t, s, metaFilled("order_update", "A-17"), withKey("order-17"))
	second := metaSend(t, s, metaFilled("order_update", "A-17"), withKey("order-17"))
	if s.MessageCount() != 2 || first.body == second.body || second.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("%d messages, %s, then %s", s.MessageCount(), first.body, second.body)
	}
	if s.Processed("order-17") != 0 {
		t.Error("the key of a client counts for something")
	}
}

func TestWhatMetaRefusesAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.Receive(Inbound{From: customer})
	s.AddTemplate(Template{Name: "promo_sale", Language: "id", Category: "MARKETING"})
	s.AddPhoneNumber(PhoneNumber{ID: "200000000000009", Status: "disconnected"})
	interactive := func(kind string) string {
		return `"type":"interactive","interactive":{"type":"` + kind + `","body":{"text":"Is it fine?"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}}]}}`
	}
	for name, tt := range map[string]struct {
		path, body   string
		status, code int
	}{
		"not JSON":                          {"messages", `{"messaging_product`, 400, 100},
		"no product":                        {"messages", `{"to":"+628123456789",` + metaText + `}`, 400, 131008},
		"no recipient":                      {"messages", `{"messaging_product":"whatsapp",` + metaText + `}`, 400, 131008},
		"a recipient that is none":          {"messages", `{"messaging_product":"whatsapp","to":"12",` + metaText + `}`, 400, 131009},
		"a type that Meta lacks":            {"messages", metaBodyOf(`"type":"fax","fax":{}`), 400, 100},
		"a text that is too long":           {"messages", metaBodyOf(`"type":"text","text":{"body":"` + strings.Repeat("x", 4097) + `"}`), 400, 100},
		"a footer that is too long":         {"messages", metaBodyOf(strings.Replace(interactive("button"), `"action"`, `"footer":{"text":"`+strings.Repeat("x", 61)+`"},"action"`, 1)), 400, 131009},
		"a word of Kirim's":                 {"messages", metaBodyOf(interactive("reply_buttons")), 400, 131009},
		"the same in Meta's word":           {"messages", metaBodyOf(interactive("button")), 200, 0},
		"a language that is a text":         {"messages", metaBodyOf(`"type":"template","template":{"name":"hello_world","language":"en_US"}`), 400, 131008},
		"a template that does not exist":    {"messages", metaBodyOf(metaFilled("nothing")), 404, 132001},
		"one value too few":                 {"messages", metaBodyOf(metaFilled("order_update")), 400, 132000},
		"one value too many":                {"messages", metaBodyOf(metaFilled("order_update", "a", "b")), 400, 132000},
		"a value with a name":               {"messages", metaBodyOf(strings.Replace(metaFilled("order_update", "a"), `"text":"a"`, `"text":"a","parameter_name":"order"`, 1)), 400, 132012},
		"a template that is paused":         {"messages", metaBodyOf(metaFilled("promo_paused")), 400, 132015},
		"a template that is disabled":       {"messages", metaBodyOf(metaFilled("legacy_disabled")), 400, 132016},
		"a file that does not exist":        {"messages", metaBodyOf(`"type":"image","image":{"id":"500000000000404"}`), 400, 131009},
		"a text as marketing":               {"marketing_messages", metaBodyOf(metaText), 400, 131055},
		"another category as marketing":     {"marketing_messages", metaBodyOf(metaFilled("order_update", "a")), 400, 134100},
		"a marketing template":              {"marketing_messages", metaBodyOf(metaFilled("promo_sale")), 200, 0},
		"a receipt for what does not exist": {"messages", `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.EXAMPLE"}`, 400, 131009},
	} {
		t.Log(name)
		before := s.MessageCount()
		r := meta(t, s, "POST", "/"+s.PhoneNumberID+"/"+tt.path, tt.body)
		if wantMeta(t, r, tt.status, tt.code, 0); tt.code != 0 && s.MessageCount() != before {
			t.Errorf("%s: it went out", name)
		}
		if details, _ := dig(r.fail, "error_data.details").(string); tt.code != 0 && (details == "" || dig(r.fail, "error_data.messaging_product") != "whatsapp") {
			t.Errorf("%s: without details: %s", name, r.body)
		}
	}
	wantMeta(t, meta(t, s, "POST", "/200000000000009/messages", metaBodyOf(metaText)), 400, 133010, 0)
}

func TestReadReceiptsAndTypingAtMeta(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	in := s.Receive(Inbound{From: customer, Text: "hello"})
	for range 2 { // repeating it does no harm
		r := meta(t, s, "POST", "/"+s.PhoneNumberID+"/messages",
			`{"messaging_product":"whatsapp","status":"read","message_id":"`+in.WAMID+`","typing_indicator":{"type":"text"}}`)
		if wantMeta(t, r, 200, 0, 0); r.body != `{"success":true}` || !s.WasRead(in.WAMID) {
			t.Error(r.body)
		}
	}
}

func TestTheWindowAtMetaIsReportedLateOrRefusedAtOnce(t *testing.T) {
	t.Parallel()
	early, _ := inMemory(t, WithEarlyRefusals())
	wantMeta(t, metaSend(t, early, metaText), 400, 131047, 0)
	if early.MessageCount() != 0 {
		t.Error("it went out")
	}

	late, h := withHook(t, always(200))
	wantMeta(t, metaSend(t, late, metaText+`,"biz_opaque_callback_data":"order-17"`), 200, 0, 0)
	late.Advance(time.Second)
	got := h.statuses(t)
	if len(got) != 1 || got[0]["status"] != "failed" || got[0]["biz_opaque_callback_data"] != "order-17" || dig(got[0], "errors.code") != 131047.0 {
		t.Errorf("got %v", got)
	}
	if body := string(h.webhooks()[0].body); strings.Contains(body, `"contacts"`) || strings.Contains(body, `"pricing"`) {
		t.Errorf("a failure has neither a contact nor a price: %s", body)
	}
	if late.Messages()[0].Status != "failed" {
		t.Errorf("the message is %q", late.Messages()[0].Status)
	}
	if r := post(t, late, textBody); r.code() != "outside_24h_window" {
		t.Errorf("Kirim's side: %d %s", r.status, r.body)
	}
}

func TestAChangedIdentityFailsLater(t *testing.T) {
	t.Parallel()
	s, h := withHook(t, always(200))
	s.Receive(Inbound{From: customer, IdentityKeyHash: "hash-2"})
	for hash, want := range map[string]string{"hash-1": "failed", "hash-2": "delivered"} {
		wantMeta(t, metaSend(t, s, metaText+`,"recipient_identity_key_hash":"`+hash+`"`), 200, 0, 0)
		s.Advance(time.Second)
		got := h.statuses(t)
		last := got[len(got)-1]
		if last["status"] != want || want == "failed" && dig(last, "errors.code") != 137000.0 {
			t.Errorf("%s: got %v", hash, last)
		}
	}
	if !strings.Contains(string(h.webhooks()[0].body), `"identity_key_hash":"hash-2"`) {
		t.Errorf("the message came without the hash: %s", h.webhooks()[0].body)
	}
}
