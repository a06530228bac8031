package kirimtest

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestCustomersAreMadeChangedAndArchived(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	r := do(t, s, "POST", "/v1/customers", `{"name":"  Toko \n\t Ana ","email":"any text","metadata":{"plan":"gold"}}`)
	wantStatus(t, r, 201, "")
	if r.data["name"] != "Toko Ana" || r.data["status"] != "pending" || r.data["email"] != "any text" || r.data["archived_at"] != nil ||
		r.data["team_id"] != s.Teams()[0].ID || !strings.HasPrefix(r.data["id"].(string), "cus_") {
		t.Errorf("%v", r.data)
	}
	path := "/v1/customers/" + r.data["id"].(string)
	clock.Advance(time.Second)
	r = do(t, s, "PATCH", path, `{"name":"Toko\nBudi","email":null,"metadata":null}`)
	wantStatus(t, r, 200, "")
	if r.data["name"] != "Toko Budi" || r.data["email"] != nil || r.data["metadata"] != nil || r.data["updated_at"] != stamp(clock.Now()) {
		t.Errorf("%v", r.data)
	}
	r = do(t, s, "GET", path, "")
	if accounts := r.data["whatsapp_accounts"].([]any); len(accounts) != 0 {
		t.Errorf("%v", r.data)
	}
	for range 2 {
		r = do(t, s, "DELETE", path, "")
		wantStatus(t, r, 200, "")
		if r.data["status"] != "archived" || r.data["archived_at"] != stamp(epoch.Add(time.Second)) {
			t.Errorf("%v", r.data)
		}
		clock.Advance(time.Second)
	}
	wantStatus(t, do(t, s, "GET", path, ""), 200, "")
	wantRefusal(t, do(t, s, "PATCH", path, `{"status":"active"}`), 400, invalid, "status")
	wantStatus(t, do(t, s, "POST", path+"/setup_links", ""), 409, "setup_link_not_active")
	wantStatus(t, do(t, s, "GET", "/v1/customers/cus_x", ""), 404, unknown)
	create(t, s, "/v1/customers", `{"name":"Warung"}`)
	for query, want := range map[string]string{
		"": "[Warung Toko Budi]", "?status=archived": "[Toko Budi]", "?search=ARUNG": "[Warung]",
		"?team_id=" + s.Teams()[0].ID: "[Warung Toko Budi]", "?team_id=x": "[]",
	} {
		if got := list(t, s, "/v1/customers"+query).column("name"); got != want {
			t.Errorf("%q: %s", query, got)
		}
	}
}

func TestCustomersAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	path := "/v1/customers/" + create(t, s, "/v1/customers", `{"name":"Ana"}`)
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"k%d":1,`, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	for method, path := range map[string]string{"POST": "/v1/customers", "PATCH": path} {
		refusals{
			{method + " of a long name", `{"name":"` + strings.Repeat("é", 201) + `"}`, 400, invalid, "name"},
			{method + " of an empty name", `{"name":""}`, 400, invalid, "name"},
			{method + " of a blank name", `{"name":" \n "}`, 400, invalid, "name"},
			{method + " of a name that is no text", `{"name":1}`, 400, invalid, "name"},
			{method + " of an empty email", `{"name":"a","email":""}`, 400, invalid, "email"},
			{method + " of 65 keys", `{"name":"a","metadata":{` + keys(65) + `}}`, 400, invalid, "metadata"},
			{method + " of more than 16 KB", `{"name":"a","metadata":{"k":"` + strings.Repeat("x", 16<<10-7) + `"}}`, 400, invalid, "metadata"},
			{method + " of metadata that is no object", `{"name":"a","metadata":1}`, 400, invalid, "metadata"},
		}.run(t, s, method, path)
	}
	wantStatus(t, do(t, s, "PATCH", path, `{"name":"`+strings.Repeat("é ", 100)+`","metadata":{`+keys(64)+`}}`), 200, "")
	wantStatus(t, do(t, s, "PATCH", path, `{"metadata":{"k":"`+strings.Repeat("x", 16<<10-8)+`"}}`), 200, "")
	wantRefusal(t, do(t, s, "POST", "/v1/customers", `{}`), 400, missing, "name")
	refusals{
		{"nothing to change", `{"team_id":"x"}`, 400, missing, "name"},
		{"a null name", `{"name":null}`, 400, invalid, "name"},
		{"an unknown status", `{"status":"gone"}`, 400, invalid, "status"},
		{"active before a number was connected", `{"status":"active"}`, 400, invalid, "status"},
		{"archived by hand", `{"status":"archived"}`, 400, invalid, "status"},
	}.run(t, s, "PATCH", path)
	s.AddTeam(Team{})
	wantRefusal(t, do(t, s, "POST", "/v1/customers", `{"name":"a"}`), 400, missing, "team_id")
}

// newLink makes a customer and a setup link, and returns both paths and the URL.
func newLink(t *testing.T, s *Server, body string) (customerPath, linkPath, setupURL string) {
	t.Helper()
	customerPath = "/v1/customers/" + create(t, s, "/v1/customers", `{"name":"Ana"}`)
	r := do(t, s, "POST", customerPath+"/setup_links", body)
	wantStatus(t, r, 201, "")
	return customerPath, customerPath + "/setup_links/" + r.data["id"].(string), r.data["setup_url"].(string)
}

func TestSetupLinksShowTheirURLOnce(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	customerPath, _, setupURL := newLink(t, s, "")
	if !regexp.MustCompile(`^https://app\.kirimdev\.com/onboard/csl_[A-Za-z0-9_-]{24}$`).MatchString(setupURL) {
		t.Errorf("%q", setupURL)
	}
	got := list(t, s, customerPath+"/setup_links").Data[0]
	if _, has := got["setup_url"]; has || got["token_last4"] != setupURL[len(setupURL)-4:] || got["status"] != "active" || got["consumed_at"] != nil ||
		got["expires_at"] != stamp(epoch.Add(168*time.Hour)) || strings.HasPrefix(got["customer_id"].(string), "cus_") {
		t.Errorf("%v", got)
	}
	first := do(t, s, "POST", customerPath+"/setup_links", `{"expires_in_hours":720}`, withKey("k"))
	again := do(t, s, "POST", customerPath+"/setup_links", `{"expires_in_hours":720}`, withKey("k"))
	if first.data["setup_url"] != again.data["setup_url"] || first.data["expires_at"] != stamp(epoch.Add(720*time.Hour)) {
		t.Errorf("%v, then %v", first.data, again.data)
	}
}

func TestSetupLinksAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	customerPath, linkPath, _ := newLink(t, s, "{}")
	refusals{
		{"no hours", `{"expires_in_hours":0}`, 400, invalid, "expires_in_hours"},
		{"more than 30 days", `{"expires_in_hours":721}`, 400, invalid, "expires_in_hours"},
		{"half an hour", `{"expires_in_hours":1.5}`, 400, invalid, "expires_in_hours"},
		{"hours in words", `{"expires_in_hours":"24"}`, 400, invalid, "expires_in_hours"},
		{"no JSON", `{`, 400, invalid, "body"},
	}.run(t, s, "POST", customerPath+"/setup_links")
	redirects := map[string]int{
		"https://example.com/done?a=b": 200, "http://localhost:3000/x": 200, "http://127.0.0.1/": 200, "http://shop.localhost/x": 200,
		"http://example.com": 400, "https://example.com/#done": 400, "https://example.com/#": 400, "/done": 400, "//example.com": 400,
		"ftp://example.com": 400, "https://": 400, "": 400, "http://localhost.example.com": 400,
	}
	for target, want := range redirects {
		for _, key := range []string{"success_redirect_url", "failure_redirect_url"} {
			r := do(t, s, "PATCH", linkPath, `{"`+key+`":"`+target+`"}`)
			if r.status != want || want == 200 && r.data[key] != target || want == 400 && r.param() != key {
				t.Errorf("%s %q: %s", key, target, r.body)
			}
		}
	}
}

func TestSetupLinksLeaveActiveOnce(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t, WithPlan(Pro()))
	over := func(customerPath, linkPath, status string) {
		t.Helper()
		if got := list(t, s, customerPath+"/setup_links?status="+status); len(got.Data) != 1 || got.Data[0]["status"] != status {
			t.Errorf("%v, want it %s", got.Data, status)
		}
		r := do(t, s, "PATCH", linkPath, `{"success_redirect_url":null}`)
		wantStatus(t, r, 409, "setup_link_not_active")
		if r.typ() != "conflict" {
			t.Errorf("type %q", r.typ())
		}
		wantStatus(t, do(t, s, "DELETE", linkPath, ""), 409, "setup_link_not_active")
	}
	customerPath, linkPath, setupURL := newLink(t, s, `{"success_redirect_url":"https://example.com/a","failure_redirect_url":"https://example.com/b"}`)
	r := do(t, s, "PATCH", linkPath, `{"success_redirect_url":null}`)
	if r.data["success_redirect_url"] != nil || r.data["failure_redirect_url"] != "https://example.com/b" {
		t.Errorf("%v", r.data)
	}
	r = do(t, s, "DELETE", linkPath, "")
	wantStatus(t, r, 200, "")
	if r.data["status"] != "revoked" {
		t.Errorf("%v", r.data)
	}
	over(customerPath, linkPath, "revoked")
	if _, err := s.CompleteSetup(setupURL, PhoneNumber{ID: "333333333"}); err == nil {
		t.Error("a revoked link was used")
	}

	customerPath, linkPath, setupURL = newLink(t, s, `{"expires_in_hours":1}`)
	clock.Advance(time.Hour - 1)
	wantStatus(t, do(t, s, "PATCH", linkPath, `{}`), 200, "")
	clock.Advance(1)
	over(customerPath, linkPath, "expired")
	if _, err := s.CompleteSetup(setupURL, PhoneNumber{ID: "333333333"}); err == nil {
		t.Error("an expired link was used")
	}

	customerPath, linkPath, setupURL = newLink(t, s, "")
	if to, err := s.CompleteSetup(setupURL, PhoneNumber{ID: "333333333"}); err != nil || to != "" {
		t.Errorf("%q %v", to, err)
	}
	over(customerPath, linkPath, "consumed")
	wantStatus(t, do(t, s, "DELETE", strings.Replace(linkPath, "csl_", "csl_x", 1), ""), 404, unknown)
	otherPath, _, _ := newLink(t, s, "")
	wantStatus(t, do(t, s, "DELETE", strings.Replace(linkPath, customerPath, otherPath, 1), ""), 404, unknown)
}

func TestACompletedSetupConnectsANumber(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	team := s.AddTeam(Team{})
	r := do(t, s, "POST", "/v1/customers", `{"name":"Ana","team_id":"`+team.ID+`"}`)
	id := r.data["id"].(string)
	r = do(t, s, "POST", "/v1/customers/"+id+"/setup_links", `{"success_redirect_url":"https://example.com/done?a=b"}`)
	setupURL := r.data["setup_url"].(string)
	if _, err := s.CompleteSetup(setupURL, PhoneNumber{}); err == nil {
		t.Error("a number without ID was connected")
	}
	to, err := s.CompleteSetup(setupURL, PhoneNumber{ID: "333333333", Number: "+628111", Name: "Toko"})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	if q := u.Query(); q.Get("a") != "b" || q.Get("customer_id") != id || q.Get("account_id") == "" || u.Host != "example.com" {
		t.Errorf("%q", to)
	}
	for range 2 {
		if _, err := s.CompleteSetup(setupURL, PhoneNumber{ID: "444444444"}); err == nil {
			t.Error("a link was used twice")
		}
	}
	if _, err := s.CompleteSetup("csl_x", PhoneNumber{ID: "444444444"}); err == nil {
		t.Error("an unknown link was used")
	}
	r = do(t, s, "GET", "/v1/customers/"+id, "")
	account := r.data["whatsapp_accounts"].([]any)[0].(map[string]any)
	if r.data["status"] != "active" || account["phone_number_id"] != "333333333" || account["status"] != "connected" || account["onboarded_at"] != stamp(clock.Now()) {
		t.Errorf("%v", r.data)
	}
	wantStatus(t, do(t, s, "POST", "/v1/333333333/messages", tmplBody), 200, "")
	ref := list(t, s, "/v1/333333333/contacts").Data[0]["whatsapp_account"].(map[string]any)
	if owner, _ := ref["customer"].(map[string]any); owner["id"] != id || owner["name"] != "Ana" {
		t.Errorf("%v", ref)
	}
	label := create(t, s, "/v1/labels", `{"name":"VIP","team_id":"`+team.ID+`"}`)
	contact := list(t, s, "/v1/333333333/contacts").Data[0]["id"].(string)
	wantStatus(t, do(t, s, "POST", "/v1/333333333/contacts/"+contact+"/labels", `{"label_id":"`+label+`"}`), 200, "")

	path := "/v1/customers/" + id
	for _, status := range []string{"suspended", "active", "suspended"} {
		wantStatus(t, do(t, s, "PATCH", path, `{"status":"`+status+`"}`), 200, "")
	}
	wantStatus(t, do(t, s, "POST", "/v1/333333333/messages", tmplBody), 200, "") // only the dashboard is blocked
	again := do(t, s, "POST", path+"/setup_links", "").data["setup_url"].(string)
	do(t, s, "DELETE", path, "")
	if _, err := s.CompleteSetup(again, PhoneNumber{ID: "444444444"}); err == nil {
		t.Error("an archived customer connected a number")
	}
	wantStatus(t, do(t, s, "POST", "/v1/333333333/messages", tmplBody), 200, "")
}

func TestTheNewestFiftySetupLinksAreListed(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	customerPath, linkPath, _ := newLink(t, s, "")
	for range 50 {
		wantStatus(t, do(t, s, "POST", customerPath+"/setup_links", ""), 201, "")
	}
	p := list(t, s, customerPath+"/setup_links?limit=2")
	if len(p.Data) != 50 || *p.HasMore || strings.Contains(p.column("id"), linkPath[strings.LastIndex(linkPath, "/")+1:]) {
		t.Errorf("%d links", len(p.Data))
	}
	wantRefusal(t, do(t, s, "GET", customerPath+"/setup_links?status=gone", ""), 400, invalid, "status")
}
