package kirimtest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestOrganisationsSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	other := s.AddOrganization()
	in := s.Receive(Inbound{From: customer, Media: &Media{Data: []byte("x")}})
	contact := list(t, s, numberPath(s)+"/contacts").Data[0]["id"].(string)
	conversation := list(t, s, numberPath(s)+"/conversations").Data[0]["id"].(string)
	customerPath, linkPath, _ := newLink(t, s, "")
	label := create(t, s, "/v1/labels", `{"name":"VIP"}`)
	theirs := bearer(other.APIKey)
	for _, path := range []string{
		customerPath, customerPath + "/setup_links", numberPath(s) + "/messages", numberPath(s) + "/templates",
		numberPath(s) + "/contacts/" + contact, numberPath(other) + "/contacts/" + contact,
		numberPath(other) + "/conversations/" + conversation, numberPath(other) + "/messages/" + in.ID,
	} {
		wantStatus(t, do(t, s, "GET", path, "", theirs), 404, unknown)
	}
	wantStatus(t, do(t, s, "DELETE", linkPath, "", theirs), 404, unknown)
	wantStatus(t, do(t, s, "PATCH", "/v1/labels/"+label, "{}", theirs), 404, unknown)
	wantStatus(t, do(t, s, "POST", messagesPath(s), tmplBody, theirs), 404, unknown)
	wantStatus(t, do(t, s, "POST", messagesPath(other), receipt(in.WAMID, ""), theirs), 404, unknown)
	wantStatus(t, do(t, s, "POST", messagesPath(other), textBody, theirs), 422, "outside_24h_window")
	if got := list(t, s, "/v1/labels", theirs); len(got.Data) != 0 {
		t.Errorf("%v", got)
	}
	create(t, s, "/v1/labels", `{"name":"VIP"}`, theirs)
}

func TestAnAddedOrganisationIsAServerOfItsOwn(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	other := s.AddOrganization()
	third := other.AddOrganization()
	if other.PhoneNumberID == s.PhoneNumberID || third.PhoneNumberID == other.PhoneNumberID || other.URL != s.URL {
		t.Errorf("%q %q", other.PhoneNumberID, third.PhoneNumberID)
	}
	one := post(t, s, tmplBody, withKey("same"))
	two := post(t, other, tmplBody, withKey("same"))
	if two.header.Get("Idempotent-Replayed") != "false" || one.data["id"] == two.data["id"] {
		t.Error("idempotency keys are shared")
	}
	if one.num(t, "X-RateLimit-Remaining") != 59 || two.num(t, "X-RateLimit-Remaining") != 59 {
		t.Error("buckets are shared")
	}
	if len(s.Messages()) != 1 || len(other.Messages()) != 1 || len(third.Messages()) != 0 {
		t.Error("messages are shared")
	}
	file := other.Receive(Inbound{From: customer, Media: &Media{Data: []byte("theirs")}})
	r := unfollowed(t, other, messagesPath(other)+"/"+file.ID+"/media")
	if got := do(t, s, "GET", pathOf(t, r), ""); got.body != "theirs" {
		t.Errorf("%q", got.body)
	}
	other.AddFault(Fault{Status: 503})
	wantStatus(t, do(t, s, "GET", "/v1/me", ""), 503, "service_unavailable")
	s.AddFault(Fault{Status: 503})
	other.ClearFaults()
	wantStatus(t, do(t, third, "GET", "/v1/me", ""), 200, "")
	if n := len(other.Requests()); n != len(s.Requests()) || n == 0 {
		t.Errorf("%d requests", n)
	}
	client, err := other.Client()
	if err != nil || client == nil {
		t.Fatal(err)
	}
	key := other.AddKey(Key{ExpiresAt: clock.Now()})
	wantStatus(t, do(t, s, "GET", "/v1/me", "", bearer(key)), 401, "expired_api_key")
	other.Close()
	wantStatus(t, do(t, s, "GET", "/v1/me", ""), 200, "")
}

func TestOrganisationsThatMayNotUseTheAPIAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.SetSuspended(true)
	r := post(t, s, tmplBody, withKey("k"))
	wantStatus(t, r, 403, "organization_suspended")
	if r.typ() != "permission_error" || r.num(t, "X-RateLimit-Remaining") != 60 {
		t.Errorf("%s %v", r.body, r.header)
	}
	wantStatus(t, do(t, s, "GET", "/v1/nothing", ""), 403, "organization_suspended")
	wantStatus(t, do(t, s, "GET", "/v1/me", ""), 200, "")
	wantStatus(t, do(t, s, "GET", "/v1/me", "", bearer("x")), 401, "invalid_api_key")
	s.SetSuspended(false)
	wantStatus(t, post(t, s, tmplBody, withKey("k")), 200, "") // a 403 is not remembered

	s.SetPlan(Plan{Name: "trial", WritePerMinute: 60, ReadPerMinute: 60, WithoutAPI: true})
	wantStatus(t, post(t, s, tmplBody), 403, "feature_not_available")
	s.SetPlan(Free())
	wantStatus(t, post(t, s, tmplBody), 200, "")
}

func TestAccountsAreListedWithoutPages(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.AddPhoneNumber(PhoneNumber{ID: "222222222222222", Status: "degraded"})
	s.AddPhoneNumber(PhoneNumber{Name: "Soon"})
	for range 30 {
		s.AddPhoneNumber(PhoneNumber{})
	}
	if got := list(t, s, "/v1/accounts?cursor=x&limit=0"); got.column("phone_number_id") != "["+s.PhoneNumberID+"]" || got.Data[0]["customer"] != nil {
		t.Errorf("%v", got.Data)
	}
	all := list(t, s, "/v1/accounts?status=all")
	if len(all.Data) != 33 || *all.HasMore {
		t.Fatalf("%d accounts", len(all.Data))
	}
	if a := all.Data[2]; a["status"] != "onboarding" || a["phone_number_id"] != nil || a["phone_number"] != nil || a["name"] != "Soon" {
		t.Errorf("%v", a)
	}
	for key := range s.state.numbers {
		if strings.HasPrefix(key, "wba_") {
			wantStatus(t, do(t, s, "GET", "/v1/"+key+"/messages", ""), 404, unknown)
			wantStatus(t, do(t, s, "POST", "/v1/"+key+"/messages", tmplBody), 404, unknown)
			break
		}
	}
}

func TestTheDocumentDescribesThePathsOfTheSandbox(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	r := do(t, s, "GET", "/v1/openapi.json", "", bearer("nobody"))
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Required bool
			}
			Responses map[string]any
			Security  *[]any
		}
	}
	if err := json.Unmarshal([]byte(r.body), &document); err != nil || r.status != 200 || r.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", r.status, err)
	}
	label := document.Paths["/{phone_number_id}/contacts/{id}/labels/{label_id}"]["delete"]
	if !strings.HasPrefix(document.OpenAPI, "3.1.") || len(label.Parameters) != 3 || label.Parameters[2].Name != "label_id" || len(label.Responses) == 0 || label.Security != nil {
		t.Errorf("%+v", label)
	}
	if health := document.Paths["/health"]["get"]; health.Security == nil || len(*health.Security) != 0 {
		t.Errorf("%+v", health)
	}
	for path := range document.Paths {
		if strings.HasPrefix(path, "/media") {
			t.Errorf("%s is no part of the API", path)
		}
	}
}
