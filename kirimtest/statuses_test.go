package kirimtest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// statusesOf lists the statuses that arrived as "name after", in order.
func statusesOf(t *testing.T, r *receiver) []string {
	t.Helper()
	var list []string
	for _, w := range r.webhooks() {
		if w.header.Get("X-Kirim-Event") == "message.status" {
			status, _ := dig(decoded(t, w.body), "entry.changes.value.statuses").([]any)
			o, _ := status[0].(map[string]any)
			list = append(list, fmt.Sprint(o["status"], " ", o["timestamp"]))
		}
	}
	return list
}

func TestPlanDecidesWhichStatusesComeAndWhen(t *testing.T) {
	t.Parallel()
	at := func(name string, after time.Duration) Status { return Status{Name: name, After: after} }
	moment := func(name string, after time.Duration) string { return fmt.Sprint(name, " ", epoch.Add(after).Unix()) }
	const s = time.Second
	tests := map[string]struct {
		plan StatusPlan
		want []string
		last string // status of the message then
	}{
		"none given":   {nil, []string{moment("sent", 0), moment("delivered", 0)}, "delivered"},
		"read":         {Read(), []string{moment("sent", 0), moment("delivered", 0), moment("read", s)}, "read"},
		"no plan":      {func(Message) []Status { return nil }, nil, "pending"},
		"nothing":      {Unreported(), nil, "pending"},
		"failed":       {Failed(131026), []string{moment("failed", 0)}, "failed"},
		"out of order": {planned(at("sent", 3*s), at("delivered", 2*s), at("read", s)), []string{moment("read", s), moment("delivered", 2*s), moment("sent", 3*s)}, "read"},
		"twice":        {planned(at("sent", s), at("sent", 2*s)), []string{moment("sent", s), moment("sent", 2*s)}, "sent"},
		"some missing": {planned(at("read", s)), []string{moment("read", s)}, "read"},
		"sent, failed": {planned(at("sent", s), at("failed", 2*s)), []string{moment("sent", s), moment("failed", 2*s)}, "failed"},
		"before zero":  {planned(at("sent", -s)), []string{moment("sent", 0)}, "sent"},
		"an hour on":   {planned(at("sent", time.Hour)), []string{moment("sent", time.Hour)}, "sent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opts []Option
			if tt.plan != nil {
				opts = append(opts, WithStatusPlan(tt.plan))
			}
			s, r, _ := withReceiver(t, nil, opts...)
			s.Subscribe(hookURL, "message.status")
			id := post(t, s, tmplBody).data["id"]
			s.Advance(2 * time.Hour)
			if got := statusesOf(t, r); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if got := s.Messages()[0].Status; got != tt.last {
				t.Errorf("status %q, want %q", got, tt.last)
			}
			shown := do(t, s, "GET", messagesPath(s)+"/"+fmt.Sprint(id), "")
			if shown.data["status"] != tt.last {
				t.Errorf("shown as %s", shown.body)
			}
		})
	}
}

func TestPlanDecidesForEachRecipient(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil, WithLimits(Limits{WebhookAttempts: 1}))
	s.Subscribe(hookURL, "message.status")
	s.SetStatusPlan(func(m Message) []Status {
		if len(s.Messages()) == 0 { // a plan may use the server
			t.Error("the message is not there yet")
		}
		if m.To == customer {
			return []Status{{Name: "failed", Code: 131049, Title: "Not delivered", Details: "To keep engagement healthy."}}
		}
		return Delivered()(m)
	})
	post(t, s, tmplBody)
	s.Settle()
	got := dig(decoded(t, r.webhooks()[0].body), "entry.changes.value.statuses.errors")
	want := []any{map[string]any{
		"code": 131049.0, "title": "Not delivered", "message": "Not delivered",
		"error_data": map[string]any{"details": "To keep engagement healthy."},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	post(t, s, strings.Replace(tmplBody, "+628123456789", "+6281200000001", 1))
	s.Advance(time.Minute)
	if n := len(statusesOf(t, r)); n != 3 {
		t.Errorf("%d statuses", n)
	}
}

func TestSentEventJoinsTheIDsBeforeTheFirstStatus(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil, WithLimits(Limits{WebhookAttempts: 1}), WithStatusPlan(Read()))
	s.Subscribe(hookURL, "message.sent", "message.status")
	fire(s)
	post(t, s, textBody)
	s.Advance(time.Minute)
	got := r.webhooks()
	if len(got) != 4 || got[0].header.Get("X-Kirim-Event") != "message.sent" {
		t.Fatalf("%d webhooks", len(got))
	}
	m, data := s.Messages()[0], decoded(t, got[0].body)["data"]
	want := map[string]any{
		"session": s.PhoneNumberID, "contact": map[string]any{"phone_number": customer}, "meta": map[string]any{"phone_number_id": s.PhoneNumberID},
		"message": map[string]any{"id": m.ID, "provider_id": m.WAMID, "type": "text", "body": "hi", "to": customer, "source": "api"},
	}
	if !reflect.DeepEqual(data, want) {
		t.Errorf("%v, want %v", data, want)
	}
	for _, w := range got[1:] {
		if w.header.Get("X-Kirim-Event-Id") != m.WAMID {
			t.Errorf("event id %s", w.header.Get("X-Kirim-Event-Id"))
		}
	}
}

func TestEarlyFailureNamesTheMessageByItsOwnID(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil, WithStatusPlan(planned(Status{Name: "failed", Code: 131000, Early: true})))
	s.Subscribe(hookURL, "message.sent", "message.status")
	post(t, s, tmplBody)
	s.Settle()
	got := r.webhooks()
	if len(got) != 1 || got[0].header.Get("X-Kirim-Event-Id") != s.Messages()[0].ID {
		t.Errorf("%d webhooks: %+v", len(got), got)
	}
}

func TestEventIDOfAStatusCanBeItsOwn(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil, WithAssumptions(func(as *Assumptions) { as.StatusInEventID = true }))
	s.Subscribe(hookURL, "message.status")
	post(t, s, tmplBody)
	s.Advance(100 * time.Millisecond)
	if got := r.webhooks()[0].header.Get("X-Kirim-Event-Id"); got != s.Messages()[0].WAMID+":sent" {
		t.Errorf("event id %s", got)
	}
}

func TestReplayedSendHasItsStatusesOnce(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil)
	s.Subscribe(hookURL, "message.status")
	post(t, s, tmplBody, withKey("k"))
	post(t, s, tmplBody, withKey("k"))
	s.Advance(time.Minute)
	if n := len(r.webhooks()); n != 2 {
		t.Errorf("%d statuses", n)
	}
}

func TestForgottenMessagesReportNothingMore(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil, WithLimits(Limits{Messages: 2}))
	s.Subscribe(hookURL, "message.status")
	for range 5 {
		post(t, s, tmplBody)
	}
	if len(s.state.progress) != 2 || len(s.state.agenda.queue) != 2 {
		t.Errorf("%d in progress, %d jobs", len(s.state.progress), len(s.state.agenda.queue))
	}
	s.Advance(100 * time.Millisecond)
	s.Forget()
	s.Advance(time.Minute)
	if n := len(r.webhooks()); n != 2 || len(s.state.progress) != 0 || len(s.state.agenda.queue) != 0 {
		t.Errorf("%d statuses, %d in progress", n, len(s.state.progress))
	}
}
