package kirimtest

import (
	"testing"
	"time"
)

func TestContactsAreMadeByMessagesAndByTheAPI(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	path := numberPath(s) + "/contacts"
	s.Receive(Inbound{From: customer, Name: "Ana"})
	s.Receive(Inbound{From: customer, Name: "Anna"}) // has a name already
	post(t, s, tmplBody)
	id := create(t, s, path, `{"phone_number":"+628000000000","name":"Budi Santoso","email":"budi@Example.com","metadata":{"tier":"gold","n":1.50}}`)
	create(t, s, path, `{"phone_number":"+628000000001","name":null,"email":null,"metadata":null}`)
	p := list(t, s, path)
	if got := p.column("name"); got != "[<nil> Budi Santoso Ana]" {
		t.Fatal(got)
	}
	r := do(t, s, "GET", path+"/"+id, "")
	wantStatus(t, r, 200, "")
	if m := r.data["metadata"].(map[string]any); r.data["phone_number"] != "+628000000000" || m["tier"] != "gold" || m["n"] != 1.5 || r.data["object"] != "contact" {
		t.Errorf("%v", r.data)
	}
	for query, want := range map[string]string{
		"phone=%2B628000000000":          "[Budi Santoso]",
		"phone=628000000000":             "[]",
		"search=SANT":                    "[Budi Santoso]",
		"search=example":                 "[Budi Santoso]",
		"search=nobody":                  "[]",
		"search=a&phone=%2B628123456789": "[Ana]",
	} {
		if got := list(t, s, path+"?"+query).column("name"); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
}

func TestContactsAreCheckedWhenTheyAreMade(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.CheckEmail = true }))
	s.Receive(Inbound{From: customer})
	refusals{
		{"no phone number", `{"name":"Ana"}`, 400, missing, "phone_number"},
		{"digits only", `{"phone_number":"628000000000"}`, 400, "invalid_phone_number", "phone_number"},
		{"a number", `{"phone_number":628000000000}`, 400, "invalid_phone_number", "phone_number"},
		{"a phone number that is known", `{"phone_number":"+628123456789"}`, 400, invalid, "phone_number"},
		{"a name that is no text", `{"phone_number":"+628000000000","name":1}`, 400, invalid, "name"},
		{"an email that is none", `{"phone_number":"+628000000000","email":"Ana <ana@example.com>"}`, 400, invalid, "email"},
		{"metadata that is no object", `{"phone_number":"+628000000000","metadata":[]}`, 400, invalid, "metadata"},
	}.run(t, s, "POST", numberPath(s)+"/contacts")
	wantStatus(t, do(t, s, "POST", "/v1/999999/contacts", `{"phone_number":"+628000000000"}`), 404, unknown)
}

func TestContactsAreUpdatedFieldByField(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	id := create(t, s, numberPath(s)+"/contacts", `{"phone_number":"+628000000000","name":"Ana","email":"a@example.com","metadata":{"a":1}}`)
	path := numberPath(s) + "/contacts/" + id
	clock.Advance(time.Second)
	same := do(t, s, "PATCH", path, `{"name":"Ana"}`)
	if same.data["updated_at"] != stamp(epoch) {
		t.Errorf("nothing changed, yet %v", same.data)
	}
	r := do(t, s, "PATCH", path, `{"name":"Ana B.","metadata":{"b":2}}`)
	wantStatus(t, r, 200, "")
	if m := r.data["metadata"].(map[string]any); r.data["name"] != "Ana B." || r.data["email"] != "a@example.com" || len(m) != 1 || m["b"] != 2.0 ||
		r.data["updated_at"] != stamp(clock.Now()) || r.data["created_at"] != stamp(epoch) {
		t.Errorf("%v", r.data)
	}
	r = do(t, s, "PATCH", path, `{"email":null,"metadata":null}`)
	if r.data["name"] != "Ana B." || r.data["email"] != nil || r.data["metadata"] != nil {
		t.Errorf("%v", r.data)
	}
	refusals{
		{"nothing to change", `{"phone_number":"+628000000001"}`, 400, missing, "name"},
		{"a null name", `{"name":null}`, 400, invalid, "name"},
		{"an empty email", `{"email":""}`, 400, invalid, "email"},
		{"metadata that is no object", `{"metadata":"x"}`, 400, invalid, "metadata"},
	}.run(t, s, "PATCH", path)
}

func TestADeletedContactTakesItsConversationAndWindowAlong(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.Receive(Inbound{From: customer, Text: "hi"})
	id := list(t, s, numberPath(s)+"/contacts").Data[0]["id"].(string)
	r := do(t, s, "DELETE", numberPath(s)+"/contacts/"+id, "")
	wantStatus(t, r, 200, "")
	if r.data["id"] != id || r.data["deleted"] != true {
		t.Errorf("%v", r.data)
	}
	wantStatus(t, do(t, s, "DELETE", numberPath(s)+"/contacts/"+id, ""), 404, unknown)
	if got := list(t, s, numberPath(s)+"/conversations"); len(got.Data) != 0 {
		t.Errorf("%v", got)
	}
	wantStatus(t, post(t, s, textBody), 422, "outside_24h_window")
	wantStatus(t, post(t, s, tmplBody), 200, "")
	if again := list(t, s, numberPath(s)+"/contacts"); len(again.Data) != 1 || again.Data[0]["id"] == id {
		t.Errorf("%v", again)
	}
	quiet, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.DeleteStatusCode = 204 }))
	l := create(t, quiet, "/v1/labels", `{"name":"x"}`)
	if r := do(t, quiet, "DELETE", "/v1/labels/"+l, ""); r.status != 204 || r.body != "" {
		t.Errorf("%d %q", r.status, r.body)
	}
}
