package kirimtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestMessagesTellWhatWasAccepted(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	s.Receive(Inbound{From: customer})
	post(t, s, textBody)
	clock.Advance(time.Second)
	r := post(t, s, tmplBody, withKey("order-1"))
	post(t, s, `{}`)
	post(t, s, tmplBody, withKey("order-1"))
	list := s.Messages()
	if len(list) != 2 || s.MessageCount() != 2 {
		t.Fatalf("%d messages", len(list))
	}
	if list[0].Type != "text" || list[0].IdempotencyKey != "" || string(list[0].Body) != textBody {
		t.Errorf("first %+v", list[0])
	}
	m := list[1]
	if m.ID != r.data["id"] || !strings.HasPrefix(m.WAMID, "wamid.") || m.PhoneNumberID != s.PhoneNumberID || m.To != customer ||
		m.Type != "template" || m.TemplateName != "order_update" || m.IdempotencyKey != "order-1" || !m.Time.Equal(clock.Now()) {
		t.Errorf("second %+v", m)
	}
	m.Body[0] = 'x'
	if string(s.Messages()[1].Body) != tmplBody {
		t.Error("the caller can change what the sandbox holds")
	}
}

func TestRequestsTellWhatArrivedButNotTheKey(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	post(t, s, tmplBody, withKey("k"), func(r *http.Request) {
		r.URL.RawQuery = "a=b"
		r.Header.Set("User-Agent", "shop/1")
		r.Header.Set("Cookie", "secret")
	})
	post(t, s, tmplBody, withKey("k"))
	list := s.Requests()
	if len(list) != 2 {
		t.Fatalf("%d requests", len(list))
	}
	r := list[0]
	if r.Method != "POST" || r.Path != messagesPath(s) || r.Query != "a=b" || r.Status != 200 || r.IdempotencyKey != "k" ||
		!strings.HasPrefix(r.RequestID, "req_") || string(r.Body) != tmplBody || r.Replayed || !r.Time.Equal(clock.Now()) ||
		r.Header.Get("User-Agent") != "shop/1" {
		t.Errorf("request %+v", r)
	}
	if !list[1].Replayed {
		t.Error("the second request was a replay")
	}
	if all := fmt.Sprintf("%+v", list); strings.Contains(all, s.APIKey) || strings.Contains(all, "secret") {
		t.Errorf("a credential is in %s", all)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithLimits(Limits{Messages: 3, Requests: 2, RequestBody: 10}))
	first := s.Receive(Inbound{From: customer, Text: "1"})
	for i := range 7 {
		post(t, s, tmplBody, withKey(fmt.Sprint(i)))
		s.Receive(Inbound{From: customer, Text: "more"})
	}
	var kept []string
	for _, m := range s.Messages() {
		kept = append(kept, m.IdempotencyKey)
	}
	if strings.Join(kept, "") != "456" || s.MessageCount() != 7 || string(s.Messages()[0].Body) != tmplBody {
		t.Errorf("kept %v of %d", kept, s.MessageCount())
	}
	requests := s.Requests()
	if len(requests) != 2 || requests[0].IdempotencyKey != "5" || string(requests[1].Body) != tmplBody[:10] {
		t.Errorf("requests %+v", requests)
	}
	wantStatus(t, post(t, s, receipt(first.WAMID, "")), 404, "resource_not_found")
	if n := len(s.state.wamids); n != 6 {
		t.Errorf("%d wamids", n)
	}
	s.Forget()
	if len(s.Messages()) != 0 || len(s.Requests()) != 0 || s.MessageCount() != 0 || len(s.state.wamids) != 3 {
		t.Error("Forget must empty the lists")
	}
	wantStatus(t, post(t, s, textBody), 200, "") // the window is still open
	if len(s.Messages()) != 1 {
		t.Error("the lists must fill again")
	}
}

func TestLimitsHaveDefaultsAndALeast(t *testing.T) {
	t.Parallel()
	want := Limits{1, 7, 64 << 10, 100_000, 100_000, 10_000, 64 << 20, 10_000, 64}
	if got := (Limits{Messages: -5, Requests: 7}).withDefaults(); got != want {
		t.Errorf("%+v", got)
	}
}

func TestRememberedKeysAreForgottenAfterADay(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t, WithPlan(Enterprise(1_000_000, 1)))
	for i := range 3000 {
		post(t, s, tmplBody, withKey(fmt.Sprint(i)))
	}
	clock.Advance(24 * time.Hour)
	post(t, s, tmplBody, withKey("last"))
	if len(s.state.keyed) != 1 || len(s.state.keyAge.items)-s.state.keyAge.head != 1 || len(s.state.keyAge.items) > 2048 {
		t.Errorf("%d keys, queue of %d from %d", len(s.state.keyed), len(s.state.keyAge.items), s.state.keyAge.head)
	}
}
