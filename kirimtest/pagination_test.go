package kirimtest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestListsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	for i := range 27 {
		create(t, s, "/v1/customers", fmt.Sprintf(`{"name":"%02d"}`, i))
	}
	first := list(t, s, "/v1/customers")
	if len(first.Data) != 25 || !*first.HasMore || first.Data[0]["name"] != "26" {
		t.Fatalf("%d rows, the first %v", len(first.Data), first.Data[0])
	}
	create(t, s, "/v1/customers", `{"name":"new"}`) // moves nothing on the pages to come
	second := list(t, s, "/v1/customers?limit=100&cursor="+*first.Next)
	if second.column("name") != "[01 00]" || *second.HasMore || second.Next != nil {
		t.Errorf("second page %v", second)
	}
	if all := list(t, s, "/v1/customers?limit=28&cursor="); len(all.Data) != 28 || *all.HasMore {
		t.Errorf("%d rows", len(all.Data))
	}
	if one := list(t, s, "/v1/customers?limit=001"); one.column("name") != "[new]" {
		t.Errorf("%v", one)
	}
}

func TestALimitIsFrom1To100(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.SetPlan(Pro())
	for _, path := range []string{
		"/v1/labels", "/v1/customers", numberPath(s) + "/messages", numberPath(s) + "/templates",
		numberPath(s) + "/conversations", numberPath(s) + "/contacts",
	} {
		for _, limit := range []string{"0", "101", "-1", "%2B5", "many", "1.0", "", "99999999999999999999"} {
			wantRefusal(t, do(t, s, "GET", path+"?limit="+limit, ""), 400, "invalid_limit", "limit")
		}
		list(t, s, path+"?limit=100")
	}
}

func TestACursorBelongsToItsListAndFilters(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	for i := range 3 {
		create(t, s, "/v1/customers", fmt.Sprintf(`{"name":"shop %d"}`, i))
		create(t, s, "/v1/labels", fmt.Sprintf(`{"name":"shop %d"}`, i))
	}
	next := *list(t, s, "/v1/customers?limit=1&status=pending").Next
	if got := list(t, s, "/v1/customers?status=pending&limit=2&unknown=x&cursor="+next); len(got.Data) != 2 {
		t.Errorf("%v", got)
	}
	flipped := "A" + next[1:]
	if next[0] == 'A' {
		flipped = "B" + next[1:]
	}
	other := s.AddOrganization()
	tests := []struct {
		name, path string
		edits      []edit
	}{
		{"without the filter", "/v1/customers?cursor=" + next, nil},
		{"with another value of the filter", "/v1/customers?status=active&cursor=" + next, nil},
		{"with a further filter", "/v1/customers?status=pending&search=a&cursor=" + next, nil},
		{"on another list", "/v1/labels?status=pending&cursor=" + next, nil},
		{"in another organisation", "/v1/customers?status=pending&cursor=" + next, []edit{bearer(other.APIKey)}},
		{"when it was changed", "/v1/customers?status=pending&cursor=" + flipped, nil},
		{"when it was cut", "/v1/customers?status=pending&cursor=" + next[:len(next)-1], nil},
		{"when it was extended", "/v1/customers?status=pending&cursor=" + next + "AAAA", nil},
		{"when it is not base64url", "/v1/customers?cursor=%21", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantRefusal(t, do(t, s, "GET", tt.path, "", tt.edits...), 400, "invalid_cursor", "cursor")
		})
	}
}

func TestFiltersOfListsAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	n := numberPath(s)
	for path, param := range map[string]string{
		"/v1/accounts?status=Connected":                                     "status",
		"/v1/customers?status=gone":                                         "status",
		"/v1/customers?status=":                                             "status",
		"/v1/labels?team_id=":                                               "team_id",
		n + "/messages?direction=up":                                        "direction",
		n + "/messages?created_after=today":                                 "created_after",
		n + "/messages?created_before=2026-01-02":                           "created_before",
		n + "/templates?status=APPROVED":                                    "status",
		n + "/templates?status=paused":                                      "status",
		n + "/conversations?status=closed":                                  "status",
		n + "/conversations?updated_since=yesterday":                        "updated_since",
		n + "/contacts?search=":                                             "search",
		n + "/contacts?search=" + url.QueryEscape(strings.Repeat("é", 201)): "search",
	} {
		wantRefusal(t, do(t, s, "GET", path, ""), 400, invalid, param)
	}
}

func TestTablesKeepTheNewestRows(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()), WithLimits(Limits{Objects: 3, Contacts: 2}))
	first := create(t, s, "/v1/customers", `{"name":"0"}`)
	create(t, s, "/v1/customers/"+first+"/setup_links", "")
	for i := range 5 {
		create(t, s, "/v1/customers", fmt.Sprintf(`{"name":"%d"}`, i+1))
		create(t, s, "/v1/labels", fmt.Sprintf(`{"name":"%d"}`, i+1))
		s.AddTemplate(Template{Name: fmt.Sprint("t", i), Language: "id"})
		s.Receive(Inbound{From: fmt.Sprint("+62800000000", i)})
	}
	for path, want := range map[string]string{
		"/v1/customers":              "[5 4 3]",
		"/v1/labels":                 "[5 4 3]",
		numberPath(s) + "/templates": "[t4 t3 t2]",
	} {
		if got := list(t, s, path).column("name"); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := list(t, s, numberPath(s)+"/contacts").column("phone_number"); got != "[+628000000004 +628000000003]" {
		t.Errorf("contacts %s", got)
	}
	if got := list(t, s, numberPath(s)+"/conversations"); len(got.Data) != 2 {
		t.Errorf("conversations %v", got)
	}
	st := &s.state
	if len(st.chats) != 2 || len(st.conversations) != 2 || len(st.named) != 3 || len(st.links.order) != 0 {
		t.Errorf("%d chats, %d conversations, %d templates, %d links", len(st.chats), len(st.conversations), len(st.named), len(st.links.order))
	}
	wantStatus(t, post(t, s, strings.Replace(textBody, customer, "+628000000000", 1)), 422, "outside_24h_window")
}
