package kirimtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// createHook makes a subscription through the API.
func createHook(t *testing.T, s *Server, events ...string) (id, secret string) {
	t.Helper()
	r := do(t, s, "POST", "/v1/webhook_subscriptions", fmt.Sprintf(`{"url":%q,"events":["%s"]}`, hookURL, strings.Join(events, `","`)))
	wantStatus(t, r, 201, "")
	id, _ = r.data["id"].(string)
	secret, _ = r.data["initial_secret"].(string)
	return id, secret
}

func TestSubscriptionIsCreatedShownChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil)
	created := do(t, s, "POST", "/v1/webhook_subscriptions",
		`{"url":"https://hooks.example.com/kirim","events":["message.received","message.received","contact.created"],"description":"CRM"}`)
	wantStatus(t, created, 201, "")
	id, _ := created.data["id"].(string)
	secret, _ := created.data["initial_secret"].(string)
	if !strings.HasPrefix(id, "wbs_") || !strings.HasPrefix(secret, "whsec_") || created.data["status"] != "active" ||
		created.data["description"] != "CRM" || fmt.Sprint(created.data["events"]) != "[message.received contact.created]" {
		t.Errorf("created %s", created.body)
	}
	if list := dig(created.data, "secrets.id"); list == nil || dig(created.data, "secrets.secret") != nil {
		t.Errorf("secrets %v", created.data["secrets"])
	}
	path := "/v1/webhook_subscriptions/" + id
	for _, body := range []string{do(t, s, "GET", path, "").body, do(t, s, "GET", "/v1/webhook_subscriptions", "").body} {
		if !strings.Contains(body, id) || strings.Contains(body, secret) {
			t.Errorf("shown %s", body)
		}
	}
	changed := do(t, s, "PATCH", path, `{"url":"https://other.example.com","events":["contact.created"],"description":null,"status":"paused"}`)
	wantStatus(t, changed, 200, "")
	if changed.data["url"] != "https://other.example.com" || changed.data["description"] != nil || changed.data["status"] != "paused" {
		t.Errorf("changed %s", changed.body)
	}
	fire(s)
	s.Settle()
	if len(r.webhooks()) != 0 {
		t.Error("a paused subscription got an event")
	}
	wantStatus(t, do(t, s, "PATCH", path, `{"status":"active"}`), 200, "")
	s.Receive(Inbound{From: "+6281200000001", Text: "hello"})
	s.Settle()
	if got := r.webhooks(); len(got) != 1 || got[0].header.Get("X-Kirim-Event") != "contact.created" || len(signedBy(got[0], secret)) != 1 {
		t.Errorf("webhooks %+v", got)
	}
	wantStatus(t, do(t, s, "DELETE", path, ""), 200, "")
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		wantStatus(t, do(t, s, method, path, `{"status":"active"}`), 404, "resource_not_found")
	}
	s.Receive(Inbound{From: "+6281200000002", Text: "hello"})
	s.Settle()
	if n := len(r.webhooks()); n != 1 {
		t.Errorf("%d webhooks after the deletion", n)
	}
}

func TestSubscriptionRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s, _, _ := withReceiver(t, nil)
	id, _ := createHook(t, s, "message.received")
	const list = "/v1/webhook_subscriptions"
	tests := map[string]struct{ method, path, body, code, param string }{
		"http":                   {"POST", list, `{"url":"http://example.com","events":["message.received"]}`, "invalid_webhook_url", "url"},
		"http on loopback":       {"POST", list, `{"url":"http://127.0.0.1:1","events":["message.received"]}`, "invalid_webhook_url", "url"},
		"no host":                {"POST", list, `{"url":"https:///x","events":["message.received"]}`, "invalid_webhook_url", "url"},
		"no url":                 {"POST", list, `{"events":["message.received"]}`, "missing_required_field", "url"},
		"no events":              {"POST", list, `{"url":"https://example.com"}`, "missing_required_field", "events"},
		"an empty list":          {"POST", list, `{"url":"https://example.com","events":[]}`, "invalid_field_value", "events"},
		"an unknown event":       {"POST", list, `{"url":"https://example.com","events":["message.received","message.read"]}`, "invalid_event_type", "events[1]"},
		"a number as event":      {"POST", list, `{"url":"https://example.com","events":[1]}`, "invalid_event_type", "events[0]"},
		"no change":              {"PATCH", list + "/" + id, `{}`, "missing_required_field", "url"},
		"a status of null":       {"PATCH", list + "/" + id, `{"status":null}`, "missing_required_field", "status"},
		"an unknown status":      {"PATCH", list + "/" + id, `{"status":"disabled"}`, "invalid_field_value", "status"},
		"a change to http":       {"PATCH", list + "/" + id, `{"url":"http://example.com"}`, "invalid_webhook_url", "url"},
		"no hours":               {"POST", list + "/" + id + "/secrets", `{"expires_in_hours":0}`, "invalid_field_value", "expires_in_hours"},
		"half an hour":           {"POST", list + "/" + id + "/secrets", `{"expires_in_hours":0.5}`, "invalid_field_value", "expires_in_hours"},
		"hours without end":      {"POST", list + "/" + id + "/secrets", `{"expires_in_hours":9223372036854775807}`, "invalid_field_value", "expires_in_hours"},
		"a limit of nothing":     {"GET", list + "?limit=0", "", "invalid_limit", "limit"},
		"a time that is none":    {"GET", "/v1/webhook_deliveries?created_after=today", "", "invalid_field_value", "created_after"},
		"bulk without id":        {"POST", "/v1/webhook_deliveries/bulk_replay", `{}`, "missing_required_field", "subscription_id"},
		"bulk of the successful": {"POST", "/v1/webhook_deliveries/bulk_replay", `{"subscription_id":"` + id + `","status":"delivered"}`, "invalid_field_value", "status"},
		"bulk of no time":        {"POST", "/v1/webhook_deliveries/bulk_replay", `{"subscription_id":"` + id + `","created_before":"1"}`, "invalid_field_value", "created_before"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, do(t, s, tt.method, tt.path, tt.body), 400, tt.code, tt.param)
		})
	}
	for _, path := range []string{
		"GET /v1/webhook_subscriptions/wbs_0", "DELETE /v1/webhook_subscriptions/" + id + "/secrets/sec_0",
		"GET /v1/webhook_deliveries/wbd_0", "POST /v1/webhook_deliveries/wbd_0/replay",
	} {
		method, path, _ := strings.Cut(path, " ")
		wantStatus(t, do(t, s, method, path, ""), 404, "resource_not_found")
	}
	wantStatus(t, do(t, s, "POST", "/v1/webhook_deliveries/bulk_replay", `{"subscription_id":"wbs_0"}`), 404, "resource_not_found")
}

func TestLoopbackByHTTPIsAnOption(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithHTTPWebhooks())
	for url, status := range map[string]int{
		"http://127.0.0.1:80/x": 201, "http://localhost": 201, "http://app.localhost:8080": 201, "http://[::1]:1": 201,
		"http://example.com": 400, "http://127.0.0.1.example.com": 400, "ftp://localhost": 400,
	} {
		r := do(t, s, "POST", "/v1/webhook_subscriptions", `{"url":"`+url+`","events":["message.received"]}`)
		if r.status != status {
			t.Errorf("%s: %d", url, r.status)
		}
	}
}

func TestEveryActiveSecretSignsUntilItIsRevokedOrExpires(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil)
	id, first := createHook(t, s, "message.received")
	path := "/v1/webhook_subscriptions/" + id
	firstID, _ := dig(do(t, s, "GET", path, "").data, "secrets.id").(string)
	wantStatus(t, do(t, s, "DELETE", path+"/secrets/"+firstID, ""), 422, "cannot_revoke_last_secret")

	added := do(t, s, "POST", path+"/secrets", `{"expires_in_hours":2}`)
	wantStatus(t, added, 201, "")
	second, _ := added.data["secret"].(string)
	third, _ := do(t, s, "POST", path+"/secrets", "").data["secret"].(string)
	if added.data["expires_at"] != stamp(epoch.Add(2*time.Hour)) || !strings.HasPrefix(second, "whsec_") || third == second {
		t.Errorf("added %s", added.body)
	}
	signers := func(want ...int) {
		t.Helper()
		fire(s)
		s.Settle()
		got := r.webhooks()
		if by := signedBy(got[len(got)-1], first, second, third); !slices.Equal(by, want) {
			t.Errorf("signed by %v, want %v: %v", by, want, got[len(got)-1].header)
		}
	}
	signers(0, 1, 2)
	s.Advance(2*time.Hour - time.Second)
	signers(0, 1, 2)
	s.Advance(time.Second)
	signers(0, 2)
	wantStatus(t, do(t, s, "DELETE", path+"/secrets/"+firstID, ""), 200, "")
	signers(2)
	wantStatus(t, do(t, s, "DELETE", path+"/secrets/"+firstID, ""), 404, "resource_not_found")
	if list := s.Subscriptions(); len(list[0].Secrets) != 1 || list[0].Secrets[0] != third {
		t.Errorf("secrets %v", list[0].Secrets)
	}
}

func TestExpiryOfANewSecretCanEndTheOldOnes(t *testing.T) {
	t.Parallel()
	s, _, _ := withReceiver(t, nil, WithAssumptions(func(as *Assumptions) { as.RotationEndsOldSecrets = true }))
	id, _ := createHook(t, s, "message.received")
	next, _ := do(t, s, "POST", "/v1/webhook_subscriptions/"+id+"/secrets", `{"expires_in_hours":1}`).data["secret"].(string)
	s.Advance(time.Hour)
	if list := s.Subscriptions(); len(list[0].Secrets) != 1 || list[0].Secrets[0] != next {
		t.Errorf("secrets %v, want %s", list[0].Secrets, next)
	}
}

func TestFailuresInARowDisableASubscriptionUntilItIsEnabled(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, always(400))
	id, _ := createHook(t, s, "message.received")
	path := "/v1/webhook_subscriptions/" + id
	failing := func(n int) {
		for range n {
			fire(s)
			s.Settle()
		}
	}
	failing(23)
	r.then(answerWith{status: 200})
	failing(1)
	if sub := s.Subscriptions()[0]; sub.Failures != 0 || sub.Status != SubscriptionActive {
		t.Fatalf("a success must reset the count: %+v", sub)
	}
	r.then(answerWith{status: 503})
	fire(s) // will wait for its second attempt
	s.Settle()
	waiting := lastDelivery(t, s)
	r.then(answerWith{status: 400})
	failing(23)
	if sub := s.Subscriptions()[0]; sub.Failures != 23 || sub.Status != SubscriptionActive {
		t.Fatalf("%+v", sub)
	}
	failing(1)
	if sub := s.Subscriptions()[0]; sub.Failures != 24 || sub.Status != SubscriptionDisabled {
		t.Fatalf("%+v", sub)
	}
	before := len(s.Deliveries())
	failing(1)
	s.Advance(time.Minute)
	if n := len(s.Deliveries()); n != before {
		t.Error("a disabled subscription got an event")
	}
	r1 := do(t, s, "GET", "/v1/webhook_deliveries/"+waiting.ID, "")
	if r1.data["status"] != "dead" || r1.data["attempts"] != 1.0 || r1.data["next_attempt_at"] != nil {
		t.Errorf("a delivery of a disabled subscription: %s", r1.body)
	}
	secretID, _ := dig(do(t, s, "GET", path, "").data, "secrets.id").(string)
	for _, refused := range [][3]string{
		{"PATCH", path, `{"description":"x"}`},
		{"PATCH", path, `{"status":"paused"}`},
		{"POST", path + "/secrets", ""},
		{"DELETE", path + "/secrets/" + secretID, ""},
		{"POST", "/v1/webhook_deliveries/" + waiting.ID + "/replay", ""},
		{"POST", "/v1/webhook_deliveries/bulk_replay", `{"subscription_id":"` + id + `"}`},
	} {
		wantStatus(t, do(t, s, refused[0], refused[1], refused[2]), 409, "webhook_subscription_disabled")
	}
	enabled := do(t, s, "PATCH", path, `{"status":"active"}`)
	wantStatus(t, enabled, 200, "")
	if enabled.data["status"] != "active" || enabled.data["consecutive_failures"] != 0.0 {
		t.Errorf("enabled: %s", enabled.body)
	}
	r.then(answerWith{status: 200})
	wantStatus(t, do(t, s, "POST", "/v1/webhook_deliveries/"+waiting.ID+"/replay", ""), 202, "")
	failing(1)
	for _, d := range s.Deliveries()[before:] {
		if d.Status != DeliverySucceeded {
			t.Errorf("after it was enabled: %+v", d)
		}
	}
}

func TestReplayIsANewDeliveryOfTheSameEvent(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, always(404), WithAssumptions(func(as *Assumptions) { as.KirimObject = false }))
	s.Subscribe(hookURL, "message.received")
	in := fire(s)
	s.Settle()
	r.then(answerWith{status: 500}, answerWith{status: 200})
	old := lastDelivery(t, s)
	replay := do(t, s, "POST", "/v1/webhook_deliveries/"+old.ID+"/replay", "", withKey("again"))
	wantStatus(t, replay, 202, "")
	if do(t, s, "POST", "/v1/webhook_deliveries/"+old.ID+"/replay", "", withKey("again")).data["id"] != replay.data["id"] {
		t.Error("the key must make it one replay")
	}
	if replay.data["replayed_from"] != old.ID || replay.data["status"] != "pending" || replay.data["id"] == old.ID || replay.data["object"] != "webhook_delivery" {
		t.Errorf("%s", replay.body)
	}
	s.Advance(10 * time.Second)
	list := s.Deliveries()
	if len(list) != 2 || list[0].Status != DeliveryFailed || list[1].Status != DeliverySucceeded || list[1].ReplayedFrom != old.ID || len(list[1].Attempts) != 2 {
		t.Fatalf("%+v", list)
	}
	got := r.webhooks()
	if len(got) != 3 || string(got[1].body) != string(got[0].body) || got[1].header.Get("X-Kirim-Event-Id") != in.WAMID ||
		got[1].header.Get("X-Kirim-Attempt") != "1" || got[2].header.Get("X-Kirim-Attempt") != "2" {
		t.Errorf("%+v", got)
	}
	// A later attempt's id of its own names the delivery too.
	byAttempt := do(t, s, "GET", "/v1/webhook_deliveries/"+got[2].header.Get("X-Kirim-Delivery-Id"), "")
	if byAttempt.data["id"] != replay.data["id"] || byAttempt.data["response_status"] != 200.0 || byAttempt.data["last_error"] != nil {
		t.Errorf("%s", byAttempt.body)
	}
	wantStatus(t, do(t, s, "DELETE", "/v1/webhook_subscriptions/"+list[0].SubscriptionID, ""), 200, "")
	wantStatus(t, do(t, s, "POST", "/v1/webhook_deliveries/"+old.ID+"/replay", ""), 404, "resource_not_found")
}

func TestBulkReplayTakesAThousandAtMost(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, always(400), WithAssumptions(func(as *Assumptions) { as.AutoDisableAfter = 0 }))
	id, _ := createHook(t, s, "message.received", "contact.created")
	for range 1001 {
		fire(s)
	}
	s.Advance(time.Hour)
	fire(s)
	s.Settle()
	r.then(answerWith{status: 200})
	bulk := func(more string, enqueued int, capped bool) {
		t.Helper()
		r := do(t, s, "POST", "/v1/webhook_deliveries/bulk_replay", `{"subscription_id":"`+id+`"`+more+`}`)
		wantStatus(t, r, 202, "")
		if r.data["enqueued"] != float64(enqueued) || r.data["capped"] != capped {
			t.Errorf("%s: %s", more, r.body)
		}
	}
	late := epoch.Add(time.Minute).Format(time.RFC3339)
	bulk("", 0, false) // none is dead
	bulk(`,"status":"failed"`, 1000, true)
	bulk(`,"status":"failed","created_after":"`+late+`"`, 1, false)
	bulk(`,"status":"failed","event_type":"contact.created"`, 1, false)
	bulk(`,"status":"failed","event_type":"message.received","created_before":"`+late+`"`, 1000, true)
	s.Settle()
	succeeded := 0
	for _, d := range s.Deliveries() {
		if d.Status == DeliverySucceeded && d.ReplayedFrom != "" {
			succeeded++
		}
	}
	if succeeded != 2002 {
		t.Errorf("%d replays", succeeded)
	}
}

func TestDeliveriesAreListedByPagesAndFilters(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, always(400))
	id, _ := createHook(t, s, "message.received", "contact.created")
	other, _ := createHook(t, s, "message.received")
	fire(s)
	s.Settle()
	r.then(answerWith{status: 200})
	s.Advance(time.Hour)
	fire(s)
	s.Settle()
	late := epoch.Add(time.Minute).Format(time.RFC3339)
	for query, want := range map[string]int{
		"limit=100": 5, "subscription_id=" + id: 3, "subscription_id=" + other: 2, "status=failed": 3, "status=delivered": 2, "status=dead": 0,
		"event_type=contact.created": 1, "created_after=" + late: 2, "created_before=" + late: 3, "created_before=" + late + "&event_type=message.received": 2,
	} {
		if n := len(list(t, s, "/v1/webhook_deliveries?"+query).Data); n != want {
			t.Errorf("%q: %d deliveries, want %d", query, n, want)
		}
	}
	first := list(t, s, "/v1/webhook_deliveries?limit=3")
	if first.column("status") != "[delivered delivered failed]" {
		t.Errorf("first page %v", first.Data)
	}
	if rest := list(t, s, "/v1/webhook_deliveries?limit=3&cursor="+*first.Next); len(rest.Data) != 2 || *rest.HasMore {
		t.Errorf("second page %v", rest.Data)
	}
	wantStatus(t, do(t, s, "GET", "/v1/webhook_deliveries?status=failed&cursor="+*first.Next, ""), 400, "invalid_cursor")
}
