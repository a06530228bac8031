package kirimtest

import (
	"strings"
	"testing"
	"time"
)

func TestLabelsAreMadeAndChanged(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t, WithPlan(Pro()))
	r := do(t, s, "POST", "/v1/labels", `{"name":"VIP"}`)
	wantStatus(t, r, 201, "")
	team := s.Teams()[0].ID
	if r.data["name"] != "VIP" || r.data["color"] != "gray" || r.data["team_id"] != team || r.data["object"] != "label" {
		t.Errorf("%v", r.data)
	}
	for _, color := range []string{"gray", "red", "orange", "amber", "yellow", "lime", "green", "emerald", "teal", "sky", "blue", "violet", "pink"} {
		create(t, s, "/v1/labels", `{"name":"`+color+`","color":"`+color+`"}`)
	}
	path := "/v1/labels/" + r.data["id"].(string)
	clock.Advance(time.Second)
	for _, body := range []string{`{"color":"sky"}`, `{"name":"VIP"}`, `{}`} {
		r := do(t, s, "PATCH", path, body)
		wantStatus(t, r, 200, "")
		if r.data["name"] != "VIP" || r.data["color"] != "sky" || r.data["updated_at"] != stamp(clock.Now()) {
			t.Errorf("%s: %v", body, r.data)
		}
	}
	long := strings.Repeat("é", 51)
	for _, method := range []string{"POST", "PATCH"} {
		refusals{
			{method + " of a long name", `{"name":"` + long + `"}`, 400, invalid, "name"},
			{method + " of an empty name", `{"name":""}`, 400, invalid, "name"},
			{method + " of a name the team has", `{"name":"red"}`, 400, invalid, "name"},
			{method + " of an unknown colour", `{"name":"x","color":"black"}`, 400, invalid, "color"},
		}.run(t, s, method, map[string]string{"POST": "/v1/labels", "PATCH": path}[method])
	}
	refusals{
		{"no name", `{}`, 400, missing, "name"},
		{"an unknown team", `{"name":"x","team_id":"team_x"}`, 400, invalid, "team_id"},
	}.run(t, s, "POST", "/v1/labels")
	wantRefusal(t, do(t, s, "PATCH", path, `{"name":null}`), 400, invalid, "name")
	create(t, s, "/v1/labels", `{"name":"`+long[2:]+`"}`)
	wantStatus(t, do(t, s, "DELETE", path, ""), 200, "")
	wantStatus(t, do(t, s, "PATCH", path, `{}`), 404, unknown)
	create(t, s, "/v1/labels", `{"name":"VIP"}`)
}

func TestLabelsBelongToATeam(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	first, second := s.Teams()[0], s.AddTeam(Team{Name: "Sales"})
	wantRefusal(t, do(t, s, "POST", "/v1/labels", `{"name":"VIP"}`), 400, missing, "team_id")
	create(t, s, "/v1/labels", `{"name":"VIP","team_id":"`+first.ID+`"}`)
	sales := create(t, s, "/v1/labels", `{"name":"VIP","team_id":"`+second.ID+`"}`)
	if got := list(t, s, "/v1/labels?team_id="+second.ID).column("id"); got != "["+sales+"]" {
		t.Errorf("%s", got)
	}
	me := do(t, s, "GET", "/v1/me", "").data["teams"].([]any)
	if len(me) != 2 || me[1].(map[string]any)["id"] != second.ID || me[1].(map[string]any)["name"] != "Sales" {
		t.Errorf("%v", me)
	}
}

func TestLabelsAreAttachedOnceAndDetachedQuietly(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.Receive(Inbound{From: customer})
	other := s.AddTeam(Team{})
	label := create(t, s, "/v1/labels", `{"name":"VIP","team_id":"`+s.Teams()[0].ID+`"}`)
	foreign := create(t, s, "/v1/labels", `{"name":"VIP","team_id":"`+other.ID+`"}`)
	for kind, key := range map[string]string{"contacts": "contact_id", "conversations": "conversation_id"} {
		id := list(t, s, numberPath(s)+"/"+kind).Data[0]["id"].(string)
		path := numberPath(s) + "/" + kind + "/" + id + "/labels"
		for range 2 {
			r := do(t, s, "POST", path, `{"label_id":"`+label+`"}`)
			wantStatus(t, r, 200, "")
			if r.data[key] != id || r.data["label_id"] != label || r.data["attached"] != true {
				t.Errorf("%v", r.data)
			}
		}
		for range 2 {
			r := do(t, s, "DELETE", path+"/"+label, "")
			wantStatus(t, r, 200, "")
			if r.data[key] != id || r.data["attached"] != false {
				t.Errorf("%v", r.data)
			}
		}
		wantRefusal(t, do(t, s, "POST", path, `{}`), 400, missing, "label_id")
		wantRefusal(t, do(t, s, "POST", path, `{"label_id":"`+foreign+`"}`), 400, invalid, "label_id")
		wantRefusal(t, do(t, s, "POST", path, `{"label_id":"lbl_x"}`), 404, unknown, "label_id")
		wantStatus(t, do(t, s, "DELETE", path+"/lbl_x", ""), 404, unknown)
		wantStatus(t, do(t, s, "POST", strings.Replace(path, id, "x", 1), `{"label_id":"`+label+`"}`), 404, unknown)
	}
}

func TestBulkLabelSkipsWhatItCannotLabel(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	other := s.AddTeam(Team{})
	s.AddPhoneNumber(PhoneNumber{ID: "222222222222222", TeamID: other.ID})
	stranger := s.AddOrganization()
	contact := func(path string, edits ...edit) string {
		return create(t, s, path+"/contacts", `{"phone_number":"+628123456789"}`, edits...)
	}
	ours, teams := contact(numberPath(s)), contact("/v1/222222222222222")
	theirs := contact(numberPath(stranger), bearer(stranger.APIKey))
	label := create(t, s, "/v1/labels", `{"name":"VIP","team_id":"`+s.Teams()[0].ID+`"}`)
	path := numberPath(s) + "/contacts/bulk_label"
	body := func(operation string, ids ...string) string {
		return `{"contact_ids":["` + strings.Join(ids, `","`) + `"],"label_id":"` + label + `","operation":"` + operation + `"}`
	}
	for _, operation := range []string{"attach", "attach", "detach"} {
		r := do(t, s, "POST", path, body(operation, ours, teams, theirs, "ctc_x"))
		wantStatus(t, r, 200, "")
		if r.data["applied"] != 1.0 || r.data["skipped_cross_org"] != 2.0 || r.data["skipped_team_mismatch"] != 1.0 {
			t.Errorf("%s: %v", operation, r.data)
		}
		ct, _ := s.state.contacts.get(ours)
		if attached := ct.labels[label]; attached != (operation == "attach") {
			t.Errorf("%s: attached %v", operation, attached)
		}
	}
	do(t, s, "POST", path, body("attach", ours))
	if got := s.Contacts(); len(got) != 2 || got[0].ID != ours || strings.Join(got[0].Labels, "") != "VIP" || len(got[1].Labels) != 0 {
		t.Errorf("%+v", got)
	}
	do(t, s, "DELETE", "/v1/labels/"+label, "")
	if ct, _ := s.state.contacts.get(ours); len(ct.labels) != 0 {
		t.Error("a deleted label is still attached")
	}
	label = create(t, s, "/v1/labels", `{"name":"VIP","team_id":"`+s.Teams()[0].ID+`"}`)
	thousand := strings.Split(strings.Repeat("ctc_x ", 1000), " ")[:1000]
	wantStatus(t, do(t, s, "POST", path, body("attach", thousand...)), 200, "")
	refusals{
		{"more than 1000", body("attach", append(thousand, "ctc_x")...), 400, invalid, "contact_ids"},
		{"none", `{"contact_ids":[],"label_id":"` + label + `","operation":"attach"}`, 400, invalid, "contact_ids"},
		{"no list", `{"label_id":"` + label + `","operation":"attach"}`, 400, missing, "contact_ids"},
		{"a number among the ids", `{"contact_ids":[1],"label_id":"` + label + `","operation":"attach"}`, 400, invalid, "contact_ids[0]"},
		{"another operation", body("toggle", ours), 400, invalid, "operation"},
		{"no operation", `{"contact_ids":["` + ours + `"],"label_id":"` + label + `"}`, 400, missing, "operation"},
		{"an unknown label", strings.Replace(body("attach", ours), label, "lbl_x", 1), 404, unknown, "label_id"},
	}.run(t, s, "POST", path)
}
