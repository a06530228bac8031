package kirimtest

import (
	"strings"
	"testing"
	"time"
)

func TestAConversationIsOpenedByEitherSide(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	path := numberPath(s) + "/conversations"
	post(t, s, tmplBody)
	sent := list(t, s, path)
	if len(sent.Data) != 1 || sent.Data[0]["last_message_at"] != stamp(epoch) || sent.Data[0]["last_inbound_at"] != nil || sent.Data[0]["unread_count"] != 0.0 {
		t.Fatalf("after a send %v", sent.Data)
	}
	clock.Advance(time.Minute)
	s.Receive(Inbound{From: customer, Name: "Ana"})
	s.Receive(Inbound{From: "+628000000000", Time: epoch.Add(time.Second)})
	p := list(t, s, path)
	if len(p.Data) != 2 {
		t.Fatalf("%v", p.Data)
	}
	got := p.Data[0]
	contact, account := got["contact"].(map[string]any), got["whatsapp_account"].(map[string]any)
	if got["id"] != sent.Data[0]["id"] || got["status"] != "open" || got["assignee"] != nil || got["unread_count"] != 1.0 ||
		got["last_inbound_at"] != stamp(clock.Now()) || contact["phone_number"] != customer || contact["name"] != "Ana" ||
		account["phone_number_id"] != s.PhoneNumberID || account["customer"] != nil {
		t.Errorf("%v", got)
	}
	r := do(t, s, "GET", path+"/"+p.Data[1]["id"].(string), "")
	wantStatus(t, r, 200, "")
	if r.data["last_message_at"] != stamp(epoch.Add(time.Second)) {
		t.Errorf("%v", r.data)
	}
}

func TestConversationsAreOrderedByTheirLastMessage(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	for _, from := range []string{"+628000000001", "+628000000002", "+628000000003"} {
		s.Receive(Inbound{From: from})
		clock.Advance(time.Second)
	}
	s.Receive(Inbound{From: "+628000000004", Type: "system"}) // no message of anyone
	s.Receive(Inbound{From: "+628000000001"})
	inOrder := func(query string) string {
		var phones []string
		for _, row := range list(t, s, numberPath(s)+"/conversations?"+query).Data {
			phone := row["contact"].(map[string]any)["phone_number"].(string)
			phones = append(phones, phone[len(phone)-1:])
		}
		return strings.Join(phones, "")
	}
	if got := inOrder(""); got != "1324" {
		t.Errorf("order %s", got)
	}
	p := list(t, s, numberPath(s)+"/conversations?limit=2")
	if got := inOrder("limit=2&cursor=" + *p.Next); got != "24" {
		t.Errorf("second page %s", got)
	}
	id := p.Data[0]["contact"].(map[string]any)["id"].(string)
	if got := inOrder("contact_id="+id) + inOrder("status=resolved") + inOrder("status=open&updated_since="+stamp(clock.Now())); got != "114" {
		t.Errorf("filters %s", got)
	}
}

func TestConversationsAreUpdated(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	s.Receive(Inbound{From: customer})
	ana := s.AddUser(User{Name: "Ana", Email: "ana@example.com"})
	path := numberPath(s) + "/conversations/" + list(t, s, numberPath(s)+"/conversations").Data[0]["id"].(string)
	r := do(t, s, "PATCH", path, `{"status":"resolved","assigned_to":"`+ana.ID+`"}`)
	wantStatus(t, r, 200, "")
	if a := r.data["assignee"].(map[string]any); r.data["status"] != "resolved" || a["id"] != ana.ID || a["name"] != "Ana" || a["email"] != "ana@example.com" {
		t.Errorf("%v", r.data)
	}
	r = do(t, s, "PATCH", path, `{"status":"pending"}`)
	if r.data["status"] != "pending" || r.data["assignee"] == nil {
		t.Errorf("what was not named has changed: %v", r.data)
	}
	r = do(t, s, "PATCH", path, `{"assigned_to":null}`)
	if r.data["status"] != "pending" || r.data["assignee"] != nil {
		t.Errorf("%v", r.data)
	}
	do(t, s, "PATCH", path, `{"assigned_to":"`+ana.ID+`"}`)
	if c := s.Contacts()[0]; c.Status != "pending" || c.AssignedTo != ana.ID || c.Unread != 1 || !strings.HasSuffix(path, c.ConversationID) || c.Phone != customer {
		t.Errorf("%+v", c)
	}
	refusals{
		{"nothing to change", `{}`, 400, missing, "status"},
		{"a null status", `{"status":null}`, 400, missing, "status"},
		{"an unknown status", `{"status":"closed"}`, 400, invalid, "status"},
		{"an unknown user", `{"assigned_to":"usr_nobody"}`, 400, invalid, "assigned_to"},
		{"an assignee that is no text", `{"assigned_to":1}`, 400, invalid, "assigned_to"},
		{"no object", `[]`, 400, invalid, "body"},
		{"no JSON", `{`, 400, invalid, "body"},
	}.run(t, s, "PATCH", path)
	wantStatus(t, do(t, s, "PATCH", numberPath(s)+"/conversations/cnv_x", `{}`), 404, unknown)
}

func TestAResolvedConversationReopensWhenTheCustomerWrites(t *testing.T) {
	t.Parallel()
	for _, reopens := range []bool{true, false} {
		s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.ReopenOnInbound, a.AssigneeMustExist = reopens, false }))
		s.Receive(Inbound{From: customer})
		path := numberPath(s) + "/conversations/" + list(t, s, numberPath(s)+"/conversations").Data[0]["id"].(string)
		wantStatus(t, do(t, s, "PATCH", path, `{"status":"resolved","assigned_to":"usr_nobody"}`), 200, "")
		s.Receive(Inbound{From: customer})
		want := map[bool]string{true: "open", false: "resolved"}[reopens]
		if got := do(t, s, "GET", path, "").data["status"]; got != want {
			t.Errorf("ReopenOnInbound %v: %v", reopens, got)
		}
	}
}
